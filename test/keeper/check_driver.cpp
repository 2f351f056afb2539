// SPDX-License-Identifier: GPL-2.0
// usage: check-driver KEYWORD ADDRESS PORT [NAME=VALUE...]
//
// One attempt of a health check: "good: why" or "bad: why", exit status 0 or 1; 2 if it cannot be made. For
// test/keeper/checks, which has it ask real servers. "path" begins another URL.
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/number.h"
#include "keeper/check/check.h"
#include "keeper/daemon/runner.h"

using namespace weir;
using namespace weir::keeper;

namespace {

[[noreturn]] void end(int status, const std::string& text)
{
    fmt::print("{}\n", text);
    std::exit(status);
}

template <typename T>
T need(Result<T> result)
{
    if (!result)
        end(2, result.error().to_string());
    return std::move(*result);
}

Duration milliseconds(const std::string& text)
{
    return std::chrono::milliseconds(need(parse_number(text, 0, 1'000'000)));
}

CheckDetail detail_of(const std::string& keyword)
{
    HttpCheck http;
    http.tls = keyword == "SSL_GET";
    const std::map<std::string, CheckDetail> details{
        {"TCP_CHECK", TcpCheck{}},     {"HTTP_GET", http},          {"SSL_GET", http},
        {"SMTP_CHECK", SmtpCheck{}},   {"DNS_CHECK", DnsCheck{}},   {"UDP_CHECK", UdpCheck{}},
        {"PING_CHECK", PingCheck{}},   {"MISC_CHECK", MiscCheck{}}, {"FILE_CHECK", FileCheck{}},
        {"MYSQL_CHECK", MysqlCheck{}},
    };
    auto found = details.find(keyword);
    if (found == details.end())
        end(2, "unknown keyword " + keyword);
    return found->second;
}

bool set_http(HttpCheck& check, const std::string& name, const std::string& value)
{
    using Version = HttpCheck::Version;
    if (name == "path")
        check.urls.emplace_back().path = value;
    else if (name == "status" && (check.urls.back().status = {}, true))
        need(add_status_codes(value, check.urls.back().status).map([] { return 0; }));
    else if (name == "digest")
        check.urls.back().digest = need(parse_digest(value));
    else if (name == "regex")
        check.urls.back().regex = value;
    else if (name == "regex_no_match")
        check.urls.back().regex_no_match = true;
    else if (name == "virtualhost")
        check.virtualhost = value;
    else if (name == "http_protocol")
        check.version = value == "1.1" ? Version::http11 : Version::http10;
    else if (name == "sni_name")
        check.sni_name = value;
    else if (name == "ca")
        check.files.ca = value;
    else if (name == "certificate")
        check.files.certificate = value;
    else if (name == "key")
        check.files.key = value;
    else if (name == "verify")
        check.verify = true;
    else
        return false;
    return true;
}

bool set_mysql(MysqlCheck& check, const std::string& name, const std::string& value)
{
    if (name == "user")
        check.user = value;
    else if (name == "password")
        check.password = value;
    else if (name == "writable")
        check.require_writable = true;
    else if (name == "replicating")
        check.require_replication = true;
    else if (name == "max_lag")
        check.max_lag = milliseconds(value);
    else
        return false;
    return true;
}

bool set_detail(CheckDetail& detail, const std::string& name, const std::string& value)
{
    if (auto* http = std::get_if<HttpCheck>(&detail))
        return set_http(*http, name, value);
    if (auto* mysql = std::get_if<MysqlCheck>(&detail))
        return set_mysql(*mysql, name, value);
    if (auto* dns = std::get_if<DnsCheck>(&detail)) {
        (name == "type" ? dns->type : dns->name) = value;
    } else if (auto* udp = std::get_if<UdpCheck>(&detail)) {
        if (name == "payload")
            udp->payload = need(HexPattern::parse(value, false)).bytes;
        udp->require_reply = true;
        if (name == "reply")
            udp->reply = need(HexPattern::parse(value, true));
    } else if (auto* misc = std::get_if<MiscCheck>(&detail)) {
        if (name == "timeout_of_script")
            misc->timeout = milliseconds(value);
        else if (name == "dynamic")
            misc->dynamic = true;
        else
            misc->command.words.push_back(value);
    } else {
        return false;
    }
    return true;
}

void set(CheckSpec& spec, const std::string& name, const std::string& value)
{
    if (name == "timeout")
        spec.connect.timeout = milliseconds(value);
    else if (name == "bindto")
        spec.connect.bind_address = need(Address::parse(value));
    else if (name == "bind_port")
        spec.connect.bind_port = static_cast<std::uint16_t>(need(parse_number(value, 1, 65535)));
    else if (name == "bind_if")
        spec.connect.bind_interface = value;
    else if (name == "fwmark")
        spec.connect.fwmark = static_cast<std::uint32_t>(need(parse_number(value, 0, UINT32_MAX)));
    else if (!set_detail(spec.detail, name, value))
        end(2, "unknown option " + name);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 4)
        end(2, "usage: check-driver KEYWORD ADDRESS PORT [NAME=VALUE...]");
    CheckSpec spec;
    spec.detail = detail_of(argv[1]);
    Endpoint server{need(Address::parse(argv[2])),
                    static_cast<std::uint16_t>(need(parse_number(argv[3], 0, 65535)))};
    for (int i = 4; i < argc; i++) {
        std::string word = argv[i];
        auto equals = word.find('=');
        set(spec, word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1));
    }
    boost::asio::io_context io;
    Log log(true);
    Runner runner(io, log);
    CheckContext context{io, [&](const Command& command, Duration limit, CheckContext::Done done) {
                             return runner.run(command, "root", "", limit, std::move(done));
                         }};
    std::optional<CheckReport> report;
    auto check = need(
        make_check(std::make_shared<const CheckSpec>(spec), server, context, [&](const CheckReport& news) {
            report = news;
            io.stop();
        }));
    check->start(Duration(0));
    io.run();
    const CheckResult& result = report->result;
    std::string weight = result.weight ? fmt::format(" (weight {})", *result.weight) : "";
    fmt::print("{}: {}{}\n", result.good ? "good" : "bad", result.reason, weight);
    return result.good ? 0 : 1;
}
