// SPDX-License-Identifier: GPL-2.0
// Any bytes as a server's answer to a health check, whole and in pieces: one verdict, the same for both.
#include <algorithm>
#include <cstdlib>

#include "keeper/check/dns_message.h"
#include "keeper/check/http_answer.h"
#include "keeper/check/icmp_echo.h"
#include "keeper/check/mysql_answer.h"
#include "keeper/check/smtp_reply.h"
#include "keeper/check/udp_reply.h"

using namespace weir;
using namespace weir::keeper;

namespace {

void require(bool good)
{
    if (!good)
        std::abort();
}

void http(std::string_view text, std::size_t piece)
{
    static const UrlCheck url = [] {
        UrlCheck made;
        made.digest = Digest{};
        made.regex = "a(b|c)*d";
        made.regex_max_offset = 1000;
        return made;
    }();
    static const Regex regex = Regex::compile(url).value();
    unsigned status[2];
    for (std::size_t step : {std::max<std::size_t>(text.size(), 1), piece}) {
        HttpAnswer answer(url, &regex);
        bool done = false;
        for (std::size_t at = 0; at < text.size() && !done; at += step)
            done = answer.feed(text.substr(at, step));
        if (!done)
            answer.end();
        require(answer.fault().has_value() || answer.status() / 100 == 2);
        status[step == piece] = answer.status();
    }
    // what is wrong behind the header may be seen before or after it was taken
    require(!status[0] || !status[1] || status[0] == status[1]);
}

void smtp(std::string_view text, std::size_t piece)
{
    SmtpReply whole, pieces;
    bool done = whole.feed(text), done_too = false;
    for (std::size_t at = 0; at < text.size() && !done_too; at += piece)
        done_too = pieces.feed(text.substr(at, piece));
    if (text.size() < 60'000)
        require(done == done_too && whole.code() == pieces.code() && whole.text() == pieces.text());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    unsigned kind = data[0];
    std::size_t piece = data[1] % 32u + 1u;
    std::span bytes(data + 2, size - 2);
    std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    switch (kind % 7) {
    case 0: http(text, piece); break;
    case 1: smtp(text, piece); break;
    case 2: {
        static const auto query = dns_query({"A", "www.example.com"}, 0x4142).value();
        require(dns_response_code(query, bytes) < 16);
        break;
    }
    case 3: {
        static const UdpCheck check{{}, true, HexPattern::parse("4142XX", true).value(), 2, 100};
        (void)udp_reply_fault(check, bytes);
        break;
    }
    case 4: (void)IcmpEcho(piece % 2 ? AF_INET : AF_INET6, 1, {'A'}).answered_by(bytes, kind & 8); break;
    case 5: {
        auto greeting = mysql_greeting(bytes);
        require(greeting.text.size() <= 200);
        break;
    }
    default: {
        auto pattern = HexPattern::parse(text, kind & 8);
        require(!pattern || pattern->bytes.size() == pattern->mask.size());
        StatusCodes codes;
        (void)add_status_codes(text, codes);
        UrlCheck url;
        url.regex = text.substr(0, 200);
        if (auto regex = Regex::compile(url))
            (void)regex->search("a body to search");
    }
    }
    return 0;
}
