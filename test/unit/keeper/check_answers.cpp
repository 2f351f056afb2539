// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "catch.h"
#include "keeper/check/dns_message.h"
#include "keeper/check/http_answer.h"
#include "keeper/check/icmp_echo.h"
#include "keeper/check/mysql_answer.h"
#include "keeper/check/smtp_reply.h"
#include "keeper/check/udp_reply.h"

using namespace weir;
using namespace weir::keeper;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Fed whole and byte by byte: the same fault, or none.
std::optional<std::string> fault_of(const UrlCheck& url, const std::string& text)
{
    std::optional<Regex> regex;
    if (!url.regex.empty())
        regex = Regex::compile(url).value();
    std::optional<std::string> faults[2];
    for (std::size_t step : {text.size(), std::size_t{1}}) {
        HttpAnswer answer(url, regex ? &*regex : nullptr);
        bool done = false;
        for (std::size_t at = 0; at < text.size() && !done; at += step)
            done = answer.feed(text.substr(at, step));
        if (!done)
            answer.end();
        faults[step == 1] = answer.fault();
    }
    CHECK(faults[0].has_value() == faults[1].has_value()); // the words may differ
    return faults[0];
}

std::string with_body(const std::string& body, int status = 200)
{
    return fmt::format("HTTP/1.1 {} Some Words\r\nServer: x\r\nContent-Length: {}\r\n\r\n{}", status,
                       body.size(), body);
}

UrlCheck with_regex(const std::string& regex)
{
    UrlCheck url;
    url.regex = regex;
    return url;
}

Bytes bytes(std::string_view text)
{
    return {text.begin(), text.end()};
}

} // namespace

TEST_CASE("http: the request is keepalived's", "[check]")
{
    HttpCheck check;
    UrlCheck url;
    url.path = "/a";
    Endpoint v4{Address::parse("192.0.2.1").value(), 8080}, v6{Address::parse("2001:db8::1").value(), 80};
    CHECK(http_request(check, url, v4) ==
          "GET /a HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.1:8080\r\n\r\n");
    check.version = HttpCheck::Version::http10_close;
    CHECK(http_request(check, url, v6) == "GET /a HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\n"
                                          "Connection: close\r\nHost: [2001:db8::1]:80\r\n\r\n");
    check.version = HttpCheck::Version::http11;
    check.virtualhost = "www.example.com";
    CHECK(http_request(check, url, v4) == "GET /a HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\n"
                                          "Connection: close\r\nHost: www.example.com\r\n\r\n");
    url.virtualhost = "api.example.com";
    CHECK(http_request(check, url, v4).find("Host: api.example.com\r\n") != std::string::npos);
}

TEST_CASE("http: status codes and ranges", "[check]")
{
    UrlCheck url;
    CHECK_FALSE(fault_of(url, with_body("hello")));
    CHECK(fault_of(url, with_body("", 302)) == "status 302");
    CHECK(fault_of(url, with_body("gone", 503)) == "status 503");
    url.status = {};
    CHECK(add_status_codes("404", url.status));
    CHECK(add_status_codes("500-502", url.status));
    CHECK_FALSE(fault_of(url, with_body("", 404)));
    CHECK_FALSE(fault_of(url, with_body("", 502)));
    CHECK(fault_of(url, with_body("", 503)));
    CHECK(fault_of(url, with_body("", 200)));
    for (const char* bad : {"", "99", "600", "300-200", "200-", "-200", "20x", "200-600"})
        CHECK_FALSE(add_status_codes(bad, url.status));
}

TEST_CASE("http: the digest is of the body alone, chunked or not", "[check]")
{
    UrlCheck url;
    url.digest = parse_digest("5d41402abc4b2a76b9719d911017c592").value(); // hello
    CHECK_FALSE(fault_of(url, with_body("hello")));
    CHECK_FALSE(fault_of(url, "HTTP/1.0 200 OK\r\n\r\nhello"));
    CHECK_FALSE(fault_of(url, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"));
    CHECK(fault_of(url, with_body("hullo")));
    CHECK_FALSE(parse_digest("5d41402abc4b2a76b9719d911017c59"));
    CHECK_FALSE(parse_digest("5d41402abc4b2a76b9719d911017c5921"));
    CHECK_FALSE(parse_digest("5d41402abc4b2a76b9719d911017c59g"));
    CHECK_FALSE(parse_digest("5d41402abc4b2a76b9719d911017 c59"));
}

TEST_CASE("http: a regular expression is searched in the body, within its offsets", "[check]")
{
    CHECK_FALSE(fault_of(with_regex("w.rld"), with_body("hello world")));
    CHECK(fault_of(with_regex("Server"), with_body("hello")) == "the body does not match regex");
    auto url = with_regex("WORLD");
    CHECK(fault_of(url, with_body("hello world")));
    url.regex_options = {"caseless"};
    CHECK_FALSE(fault_of(url, with_body("hello world")));
    url.regex_no_match = true;
    CHECK(fault_of(url, with_body("hello world")) == "the body matches regex, and must not");
    CHECK_FALSE(fault_of(url, with_body("hello moon")));

    url = with_regex("o");
    url.regex_min_offset = 8;
    CHECK(fault_of(url, with_body("hello world")));
    url.regex_min_offset = 7;
    CHECK_FALSE(fault_of(url, with_body("hello world")));
    url.regex_min_offset = 5;
    url.regex_max_offset = 7;
    CHECK(fault_of(url, with_body("hello world")));
    url.regex_max_offset = 8;
    CHECK_FALSE(fault_of(url, with_body("hello world")));
    url.regex_min_offset = 100;
    url.regex_max_offset = 0;
    CHECK(fault_of(url, with_body("short")));
}

TEST_CASE("http: a regular expression that never ends is given up", "[check]")
{
    auto url = with_regex("(a+)+$");
    auto regex = Regex::compile(url).value();
    auto begin = std::chrono::steady_clock::now();
    auto result = regex.search(std::string(60, 'a') + "b");
    CHECK_FALSE(result);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    CHECK_FALSE(Regex::compile(with_regex("a(b")));
    url.regex_options = {"casless"};
    CHECK_FALSE(Regex::compile(url));
}

TEST_CASE("http: a search that begins anew at each of many places is given up", "[check]")
{
    const std::string word(1 << 19, 'x'), blank(1 << 20, ' ');
    auto regex = Regex::compile(with_regex(R"(\w+ ok)")).value();
    for (const auto& body : {word + " k", blank + word + " k"}) {
        auto begin = std::chrono::steady_clock::now();
        auto found = regex.search(body);
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
        REQUIRE_FALSE(found);
        CHECK(found.error().message.starts_with("regular expression given up: it takes more than "));
    }
    CHECK(Regex::compile(with_regex(R"([a-w]+ ok|, ok)")).value().search(blank + word + ", ok").value());
}

TEST_CASE("http: what is no answer is said to be none", "[check]")
{
    UrlCheck url;
    CHECK(fault_of(url, "") == "no answer, the connection was closed");
    CHECK(fault_of(url, "HTTP/1.1 200 OK\r\nServer: x\r\n") == "the answer ended within its header");
    CHECK(fault_of(url, "SSH-2.0-OpenSSH_9.2\r\n").value_or("").starts_with("the answer is no HTTP"));
    CHECK(fault_of(url, std::string(100'000, 'x')).value_or("").starts_with("the answer is no HTTP"));
    // as in keepalived: what came is judged
    CHECK_FALSE(fault_of(url, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"));
    CHECK_FALSE(fault_of(url, "HTTP/1.1 100 Continue\r\n\r\n").value_or("").empty());
}

TEST_CASE("smtp: replies of one line and of several", "[check]")
{
    SmtpReply one, several, halves, foreign, changing, endless;
    CHECK(one.feed("220 mail.example.com ESMTP\r\n"));
    CHECK(one.code() == 220);
    CHECK(one.text() == "220 mail.example.com ESMTP");
    CHECK_FALSE(several.feed("250-mail\r\n250-SIZE 100\r\n"));
    CHECK(several.feed("250 HELP\r\n"));
    CHECK(several.code() == 250);
    CHECK_FALSE(halves.feed("22"));
    CHECK_FALSE(halves.feed("0"));
    CHECK(halves.feed("\n"));
    CHECK(halves.code() == 220);
    CHECK(foreign.feed("SSH-2.0-\x01\r\n"));
    CHECK(foreign.code() == 0);
    CHECK(foreign.text() == "SSH-2.0-?");
    CHECK(changing.feed("250-a\r\n251 b\r\n"));
    CHECK(changing.code() == 0);
    bool done = false;
    for (int i = 0; i < 100 && !done; i++)
        done = endless.feed(std::string(1000, '2'));
    CHECK(done);
    CHECK(endless.code() == 0);
}

TEST_CASE("dns: query and answer", "[check]")
{
    auto query = dns_query({"SOA", "."}, 0x1234).value();
    CHECK(query == Bytes{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1});
    auto named = dns_query({"aaaa", "www.example.com"}, 1).value();
    CHECK(named.size() == 12 + 17 + 4);
    CHECK(named[named.size() - 3] == 28);
    CHECK_FALSE(dns_query({"ANY", "."}, 1));
    CHECK_FALSE(dns_query({"A", "a..b"}, 1));
    CHECK_FALSE(dns_query({"A", std::string(64, 'x') + ".com"}, 1));

    CHECK(dns_response_code(query, query) == -1); // a query is no answer
    auto answer = query;
    answer[2] |= 0x80;
    CHECK(dns_response_code(query, answer) == 0);
    answer[3] = 2;
    CHECK(dns_response_code(query, answer) == 2);
    CHECK(dns_code_name(2) == "SERVFAIL");
    CHECK(dns_code_name(9) == "response code 9");
    auto other = answer;
    other[0]++;
    CHECK(dns_response_code(query, other) == -1);
    other = answer;
    other[14] = 1; // another type
    CHECK(dns_response_code(query, other) == -1);
    for (std::size_t size = 0; size < answer.size(); size++)
        CHECK(dns_response_code(query, std::span(answer).first(size)) == -1);
    Bytes refused{0x12, 0x34, 0x81, 5, 0, 0, 0, 0, 0, 0, 0, 0};
    CHECK(dns_response_code(query, refused) == 5);
}

TEST_CASE("udp: keepalived's hexadecimal strings", "[check]")
{
    auto pattern = HexPattern::parse("Ab12f 3 456 546443123", false).value();
    CHECK(pattern.bytes == Bytes{0xab, 0x12, 0x0f, 0x03, 0x45, 0x06, 0x54, 0x64, 0x43, 0x12, 0x03});
    auto wild = HexPattern::parse("1X X2 xx", true).value();
    CHECK(wild.bytes == Bytes{0x10, 0x02, 0});
    CHECK(wild.mask == Bytes{0xf0, 0x0f, 0});
    for (const char* bad : {"", "  ", "0x12", "1g", "1X"})
        CHECK_FALSE(HexPattern::parse(bad, false));
}

TEST_CASE("udp: an answer is compared as far as both reach, and by its length", "[check]")
{
    UdpCheck check;
    check.reply = HexPattern::parse("12X4", true).value();
    CHECK_FALSE(udp_reply_fault(check, Bytes{0x12, 0xf4, 0xff}));
    CHECK_FALSE(udp_reply_fault(check, Bytes{0x12}));
    CHECK(udp_reply_fault(check, Bytes{0x12, 0xf5}) == "byte 1 of the answer is f5");
    CHECK(udp_reply_fault(check, Bytes(256)) == "the answer has more than 255 bytes");
    check.min_reply_length = 2;
    CHECK(udp_reply_fault(check, Bytes{0x12}));
}

TEST_CASE("icmp: a reply is known by its data", "[check]")
{
    for (int family : {AF_INET, AF_INET6}) {
        IcmpEcho echo(family, 0xabcd, {1, 2, 3});
        auto request = echo.request();
        CHECK_FALSE(echo.answered_by(request, false));
        auto reply = request;
        reply[0] = family == AF_INET ? 0 : 129;
        reply[4] = reply[5] = 0; // the kernel's identifier
        CHECK(echo.answered_by(reply, false));
        for (std::size_t size = 0; size < reply.size(); size++)
            CHECK_FALSE(echo.answered_by(std::span(reply).first(size), false));
        auto other = reply;
        other[9]++;
        CHECK_FALSE(echo.answered_by(other, false));
        if (family == AF_INET) {
            Bytes raw(20);
            raw[0] = 0x45;
            raw.insert(raw.end(), reply.begin(), reply.end());
            CHECK(echo.answered_by(raw, true));
            raw[0] = 0x4f;
            CHECK_FALSE(echo.answered_by(raw, true));
            CHECK_FALSE(echo.answered_by({}, true));
        }
    }
    // RFC 1071 over the whole message is zero
    auto request = IcmpEcho(AF_INET, 0x1234, {0xff, 0xee}).request();
    unsigned sum = 0;
    for (std::size_t i = 0; i < request.size(); i += 2)
        sum += static_cast<unsigned>(request[i] << 8 | request[i + 1]);
    CHECK((sum & 0xffff) + (sum >> 16) == 0xffff);
}

TEST_CASE("mysql: greeting, refusal, and what is neither", "[check]")
{
    using Kind = MysqlGreeting::Kind;
    auto greeting = bytes(std::string_view("\x0e\0\0\0\x0a"
                                           "10.11.6\0abcde",
                                           18));
    CHECK(mysql_greeting(greeting).kind == Kind::greeting);
    CHECK(mysql_greeting(greeting).text == "10.11.6");
    for (std::size_t size = 0; size < greeting.size(); size++)
        CHECK(mysql_greeting(std::span(greeting).first(size)).kind == Kind::partial);
    auto refusal = bytes(std::string_view("\x13\0\0\0\xff\x69\x04Host is blocked!", 23));
    CHECK(mysql_greeting(refusal).kind == Kind::refusal);
    CHECK(mysql_greeting(refusal).text == "Host is blocked!");
    CHECK(mysql_greeting(bytes("SSH-2.0-x")).kind == Kind::foreign);
    CHECK(mysql_greeting(bytes(std::string_view("\x01\0\0\0\xff", 5))).kind == Kind::foreign);
    CHECK(mysql_greeting(bytes(std::string_view("\x04\0\0\0\x09"
                                                "abc",
                                                8)))
              .kind == Kind::foreign);
}

TEST_CASE("mysql: replication is good when both threads of every source run, and not too late", "[check]")
{
    using std::chrono::seconds;
    MysqlRow good{{"Slave_IO_Running", "Yes"}, {"Slave_SQL_Running", "Yes"}, {"Seconds_Behind_Master", "7"}};
    CHECK(replication_fault({}, {}));
    CHECK_FALSE(replication_fault({good}, {}));
    CHECK_FALSE(replication_fault({good}, seconds(7)));
    CHECK(replication_fault({good}, seconds(6)) == "replication is 7 s behind");
    MysqlRow renamed{
        {"Replica_IO_Running", "Yes"}, {"Replica_SQL_Running", "Yes"}, {"Seconds_Behind_Source", "0"}};
    CHECK_FALSE(replication_fault({good, renamed}, seconds(10)));
    auto connecting = good;
    connecting["Slave_IO_Running"] = "Connecting";
    CHECK(replication_fault({good, connecting}, {}));
    auto unknown = good;
    unknown["Seconds_Behind_Master"] = std::nullopt;
    CHECK_FALSE(replication_fault({unknown}, {}));
    CHECK(replication_fault({unknown}, seconds(100)));
}
