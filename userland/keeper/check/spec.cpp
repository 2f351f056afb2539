// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/spec.h"

#include <fmt/format.h>

#include "keeper/check/dns_message.h"
#include "keeper/check/regex.h"

namespace weir::keeper {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

bool connects(const CheckDetail& detail)
{
    return !std::holds_alternative<MiscCheck>(detail) && !std::holds_alternative<FileCheck>(detail) &&
           !std::holds_alternative<BfdCheck>(detail);
}

/// A line break in what is sent as a line would say something else to the server.
bool one_line(std::string_view text)
{
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Result<void> validate_url(const UrlCheck& url)
{
    if (url.path.empty() || !one_line(url.path) || url.path.find(' ') != std::string::npos)
        return fail(EINVAL, fmt::format("'{}' is no path of a URL", url.path), "path");
    if (!one_line(url.virtualhost))
        return fail(EINVAL, "a virtual host is one line", "virtualhost");
    if (url.regex.empty() && (url.regex_no_match || !url.regex_options.empty() || url.regex_min_offset ||
                              url.regex_max_offset || url.regex_stack_max))
        return fail(EINVAL, "there is no regex that this could be for", "regex");
    if (url.regex_max_offset && url.regex_min_offset >= url.regex_max_offset)
        return fail(EINVAL,
                    fmt::format("must be above regex_min_offset {}, is {}", url.regex_min_offset,
                                url.regex_max_offset),
                    "regex_max_offset");
    if (url.regex_stack_start > url.regex_stack_max)
        return fail(EINVAL, "the start is above the maximum", "regex_stack");
    if (url.regex.empty())
        return {};
    auto regex = Regex::compile(url);
    if (!regex)
        return fail(EINVAL, regex.error().message, "regex");
    return {};
}

Result<void> validate_http(const HttpCheck& check)
{
    if (check.urls.empty())
        return fail(EINVAL, "no URL to ask for", "url");
    if (!one_line(check.virtualhost))
        return fail(EINVAL, "a virtual host is one line", "virtualhost");
    for (const auto& url : check.urls) {
        auto good = validate_url(url);
        if (!good)
            return good;
    }
    return {};
}

Result<void> validate_udp(const UdpCheck& check)
{
    if (check.min_reply_length > check.max_reply_length)
        return fail(EINVAL,
                    fmt::format("{} is above max_reply_length {}: no answer could be right",
                                check.min_reply_length, check.max_reply_length),
                    "min_reply_length");
    return {};
}

Result<void> validate_mysql(const MysqlCheck& check, const ConnectOptions& connect)
{
    if (check.user.empty() && (check.require_writable || check.require_replication || check.max_lag ||
                               !check.password.empty() || !check.database.empty()))
        return fail(EINVAL, "needs a user to log in as", "user");
    if (connect.fwmark)
        return fail(EINVAL, "MYSQL_CHECK has no fwmark", "fwmark");
    if (connect.bind_port)
        return fail(EINVAL, "MYSQL_CHECK has no bind_port", "bind_port");
    if (!connect.bind_interface.empty())
        return fail(EINVAL, "MYSQL_CHECK has no bind_if", "bind_if");
    return {};
}

Result<void> validate_connect(const ConnectOptions& connect, const Endpoint& destination, bool needs_port)
{
    if (destination.address.empty())
        return fail(EINVAL, "no address to connect to", "connect_ip");
    if (needs_port && !destination.port)
        return fail(EINVAL, "the real server has no port: connect_port says which", "connect_port");
    if (!connect.bind_address.empty() && connect.bind_address.family() != destination.address.family())
        return fail(EINVAL,
                    fmt::format("{} and {} are of two families", connect.bind_address.to_string(),
                                destination.address.to_string()),
                    "bindto");
    bool link_local = destination.address.is_link_local() || connect.bind_address.is_link_local();
    if (link_local && destination.address.is_v6() && connect.bind_interface.empty())
        return fail(EINVAL, "a link-local address needs it", "bind_if");
    return {};
}

} // namespace

unsigned default_retry(const CheckDetail& detail)
{
    if (std::holds_alternative<DnsCheck>(detail))
        return 3;
    bool told = std::holds_alternative<FileCheck>(detail) || std::holds_alternative<BfdCheck>(detail);
    return told || std::holds_alternative<MiscCheck>(detail) ? 0 : 1;
}

Duration default_delay_before_retry(const CheckDetail& detail, Duration delay_loop)
{
    if (std::holds_alternative<HttpCheck>(detail))
        return std::chrono::seconds(3);
    return std::holds_alternative<DnsCheck>(detail) ? delay_loop : std::chrono::seconds(1);
}

std::string_view keyword_of(const CheckDetail& detail)
{
    if (const auto* http = std::get_if<HttpCheck>(&detail))
        return http->tls ? "SSL_GET" : "HTTP_GET";
    static constexpr std::string_view words[] = {"TCP_CHECK",   "",           "SMTP_CHECK", "DNS_CHECK",
                                                 "UDP_CHECK",   "PING_CHECK", "MISC_CHECK", "FILE_CHECK",
                                                 "MYSQL_CHECK", "BFD_CHECK"};
    return words[detail.index()];
}

Endpoint destination_of(const CheckSpec& spec, const Endpoint& server)
{
    if (!connects(spec.detail))
        return {};
    Endpoint destination = server;
    if (!spec.connect.address.empty())
        destination.address = spec.connect.address;
    if (spec.connect.port)
        destination.port = spec.connect.port;
    if (std::holds_alternative<PingCheck>(spec.detail))
        destination.port = 0;
    return destination;
}

std::string describe(const CheckSpec& spec, const Endpoint& server)
{
    auto text = std::string(keyword_of(spec.detail));
    if (connects(spec.detail)) {
        auto destination = destination_of(spec, server);
        text += ' ' + (destination.port ? destination.to_string() : destination.address.to_string());
    }
    auto rest = Overloaded{
        [](const auto&) { return std::string(); },
        [](const HttpCheck& check) {
            std::string paths;
            for (const auto& url : check.urls)
                paths += ' ' + url.virtualhost + url.path;
            return paths;
        },
        [](const DnsCheck& check) { return ' ' + check.type + ' ' + check.name; },
        [](const MiscCheck& check) { return fmt::format(" {}", fmt::join(check.command.words, " ")); },
        [](const FileCheck& check) { return ' ' + check.path; },
        [](const BfdCheck& check) { return ' ' + check.session; },
    };
    return text + std::visit(rest, spec.detail);
}

Result<void> validate(const CheckSpec& spec, const Endpoint& server)
{
    if (spec.timing.delay_loop.count() <= 0)
        return fail(EINVAL, "must be above 0", "delay_loop");
    if (connects(spec.detail)) {
        bool needs_port = !std::holds_alternative<PingCheck>(spec.detail);
        auto good = validate_connect(spec.connect, destination_of(spec, server), needs_port);
        if (!good)
            return good;
        if (spec.connect.timeout.count() <= 0)
            return fail(EINVAL, "must be above 0", "connect_timeout");
    }
    auto of_kind = Overloaded{
        [](const auto&) { return Result<void>(); },
        [](const HttpCheck& check) { return validate_http(check); },
        [](const SmtpCheck& check) -> Result<void> {
            if (check.helo_name.empty() || !one_line(check.helo_name))
                return fail(EINVAL, "is one word", "helo_name");
            return {};
        },
        [](const DnsCheck& check) -> Result<void> {
            auto query = dns_query(check, 0);
            if (!query)
                return pass_on(query);
            return {};
        },
        [](const UdpCheck& check) { return validate_udp(check); },
        [](const MiscCheck& check) -> Result<void> {
            if (check.command.empty())
                return fail(EINVAL, "no program to run", "misc_path");
            return {};
        },
        [](const FileCheck& check) -> Result<void> {
            if (check.path.empty())
                return fail(EINVAL, "no file to watch", "track_file");
            return {};
        },
        [](const BfdCheck& check) -> Result<void> {
            if (check.session.empty())
                return fail(EINVAL, "no bfd_instance to follow", "name");
            return {};
        },
        [&](const MysqlCheck& check) { return validate_mysql(check, spec.connect); },
    };
    return std::visit(of_kind, spec.detail);
}

} // namespace weir::keeper
