// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/dns_message.h"

#include <algorithm>
#include <array>

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <resolv.h>
#include <strings.h>

namespace weir::keeper {
namespace {

struct Name {
    std::string_view name;
    int value;
};

constexpr Name types[] = {{"A", ns_t_a},   {"NS", ns_t_ns},   {"CNAME", ns_t_cname}, {"SOA", ns_t_soa},
                          {"MX", ns_t_mx}, {"TXT", ns_t_txt}, {"AAAA", ns_t_aaaa}};

constexpr std::string_view codes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

constexpr std::size_t header_size = 12;

/// The question, without what a server may change in it: the case of letters.
bool same_question(ns_msg& asked, ns_msg& answered)
{
    ns_rr a, b;
    return ns_msg_count(answered, ns_s_qd) == 1 && ns_parserr(&asked, ns_s_qd, 0, &a) == 0 &&
           ns_parserr(&answered, ns_s_qd, 0, &b) == 0 && ns_rr_type(a) == ns_rr_type(b) &&
           ns_rr_class(a) == ns_rr_class(b) && ::strcasecmp(ns_rr_name(a), ns_rr_name(b)) == 0;
}

} // namespace

Result<std::vector<std::uint8_t>> dns_query(const DnsCheck& check, std::uint16_t id)
{
    auto type = std::ranges::find_if(types, [&](const Name& known) {
        return check.type.size() == known.name.size() &&
               ::strncasecmp(check.type.data(), known.name.data(), known.name.size()) == 0;
    });
    if (type == std::end(types))
        return fail(EINVAL, fmt::format("'{}' is none of A NS CNAME SOA MX TXT AAAA", check.type), "type");
    std::array<std::uint8_t, 512> buffer{};
    int size = ::res_mkquery(ns_o_query, check.name.c_str(), ns_c_in, type->value, nullptr, 0, nullptr,
                             buffer.data(), static_cast<int>(buffer.size()));
    if (size < static_cast<int>(header_size))
        return fail(EINVAL, fmt::format("'{}' is no domain name", check.name), "name");
    buffer[0] = static_cast<std::uint8_t>(id >> 8);
    buffer[1] = static_cast<std::uint8_t>(id);
    return std::vector<std::uint8_t>(buffer.begin(), buffer.begin() + size);
}

int dns_response_code(std::span<const std::uint8_t> query, std::span<const std::uint8_t> answer)
{
    ns_msg asked, answered;
    if (ns_initparse(query.data(), static_cast<int>(query.size()), &asked) < 0 || answer.size() < header_size)
        return -1;
    if (!std::equal(query.begin(), query.begin() + 2, answer.begin()) || !(answer[2] & 0x80))
        return -1;
    int code = answer[3] & 0xf;
    // an error may come without the question
    bool bare = std::ranges::all_of(answer.subspan(4, 8), [](std::uint8_t byte) { return byte == 0; });
    if (code && bare)
        return code;
    // an answer that was cut to fit (TC) may end anywhere behind its question
    bool cut = answer[2] & 0x02;
    if (ns_initparse(answer.data(), static_cast<int>(answer.size()), &answered) < 0)
        return cut ? code : -1;
    return same_question(asked, answered) ? code : -1;
}

std::string dns_code_name(int code)
{
    auto index = static_cast<std::size_t>(code);
    return index < std::size(codes) ? std::string(codes[index]) : fmt::format("response code {}", code);
}

} // namespace weir::keeper
