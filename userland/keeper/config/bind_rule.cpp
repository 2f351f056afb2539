// SPDX-License-Identifier: GPL-2.0
#include <netdb.h>

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <net/if.h>

#include "base/number.h"
#include "keeper/config/bind_route.h"

namespace weir::keeper {
namespace {

/// "10-20" or "10"
template <typename T>
std::optional<std::pair<T, T>> parse_range(const std::string& text, T max)
{
    std::size_t dash = text.find('-');
    auto low = parse_number(std::string_view(text).substr(0, dash), 0, max);
    auto high =
        dash == std::string::npos ? low : parse_number(std::string_view(text).substr(dash + 1), 0, max);
    if (!low || !high || *low > *high)
        return std::nullopt;
    return std::pair(static_cast<T>(*low), static_cast<T>(*high));
}

std::optional<std::uint8_t> parse_ip_protocol(const std::string& text)
{
    if (auto number = parse_number(text, 0, 255))
        return static_cast<std::uint8_t>(*number);
    const protoent* known = getprotobyname(text.c_str());
    return known ? std::optional(static_cast<std::uint8_t>(known->p_proto)) : std::nullopt;
}

class RuleLine {
  public:
    RuleLine(const Values& values, RuleConfig& rule) : words_(values), rule_(rule) {}

    bool read()
    {
        for (; !words_.done(); words_.next()) {
            if (!take_selector(words_.word()) && !take_action(words_.word()))
                fail(fmt::format("'{}' is not known in a rule", words_.word()));
        }
        settle();
        return !failed_;
    }

  private:
    bool take_selector(const std::string& word)
    {
        if (word == "from")
            prefix(rule_.from, words_.value());
        else if (word == "to")
            prefix(rule_.to, words_.value());
        else if (word == "not")
            rule_.invert = true;
        else if (word == "iif" || word == "dev")
            device(rule_.in, words_.value());
        else if (word == "oif")
            device(rule_.out, words_.value());
        else if (word == "fwmark")
            mark(words_.value());
        else if (word == "tos" || word == "dsfield")
            put_byte(rule_.tos);
        else if (word == "tun_id")
            put(rule_.tunnel, [](const std::string& text) -> std::optional<std::uint64_t> {
                auto number = parse_number_any_base(text, 0, UINT64_MAX);
                return number ? std::optional(*number) : std::nullopt;
            });
        else if (word == "uidrange")
            put(rule_.users,
                [](const std::string& text) { return parse_range<std::uint32_t>(text, UINT32_MAX); });
        else if (word == "ipproto" || word == "ip_proto")
            put(rule_.ip_protocol, parse_ip_protocol);
        else if (word == "sport")
            put(rule_.source_ports,
                [](const std::string& text) { return parse_range<std::uint16_t>(text, 65535); });
        else if (word == "dport")
            put(rule_.destination_ports,
                [](const std::string& text) { return parse_range<std::uint16_t>(text, 65535); });
        else if (word == "inet" || word == "inet6")
            family_ = word == "inet6" ? AF_INET6 : AF_INET;
        else
            return false;
        return true;
    }

    bool take_action(const std::string& word)
    {
        if (word == "table" || word == "lookup")
            put(rule_.table, [](const std::string& text) { return parse_table(text); });
        else if (word == "priority" || word == "preference" || word == "pref" || word == "order")
            put(rule_.priority, parse_u32);
        else if (word == "protocol")
            put(rule_.protocol, parse_protocol);
        else if (word == "goto")
            put(rule_.jump, parse_u32);
        else if (word == "suppress_prefixlength" || word == "sup_pl")
            put(rule_.suppress_length, parse_u32);
        else if (word == "suppress_ifgroup" || word == "sup_group")
            put(rule_.suppress_group, parse_u32);
        else if (word == "realms")
            put(rule_.realms, parse_realms);
        else if (word == "l3mdev")
            rule_.l3mdev = true;
        else if (word == "nop")
            rule_.action = FR_ACT_NOP;
        else if (word == "blackhole")
            rule_.action = FR_ACT_BLACKHOLE;
        else if (word == "unreachable")
            rule_.action = FR_ACT_UNREACHABLE;
        else if (word == "prohibit")
            rule_.action = FR_ACT_PROHIBIT;
        else if (word == "no_track")
            rule_.no_track = true;
        else if (word == "track_group")
            rule_.track_group = words_.value();
        else
            return false;
        return true;
    }

    void settle()
    {
        int from = rule_.from.address.family(), to = rule_.to.address.family();
        if (from && to && from != to)
            fail("'from' and 'to' of a rule are of one family");
        rule_.family = from ? from : to ? to : family_ ? family_ : AF_INET;
        int actions = (rule_.table || rule_.l3mdev) + rule_.jump.has_value() + (rule_.action != 0);
        if (actions != 1 && !failed_)
            fail("a rule has one action: table, l3mdev, goto, nop, blackhole, unreachable or prohibit");
        if (rule_.table && rule_.l3mdev)
            fail("l3mdev finds the table, another one is not given");
        if (rule_.jump && rule_.priority && *rule_.jump <= *rule_.priority)
            fail("goto leads to a later rule");
        if (rule_.jump)
            rule_.action = FR_ACT_GOTO;
        else if (rule_.action == 0)
            rule_.action = FR_ACT_TO_TBL;
    }

    template <typename Target, typename Parse>
    void put(Target& target, Parse parse)
    {
        std::string text = words_.value();
        auto parsed = parse(text);
        if (parsed)
            target = *parsed;
        else
            fail(fmt::format("'{}' cannot be read", text));
    }
    void put_byte(std::uint8_t& target)
    {
        put(target, [](const std::string& text) { return parse_number_any_base(text, 0, 255); });
    }
    void prefix(Prefix& target, const std::string& text)
    {
        if (text == "all" || text == "any" || text == "default")
            return;
        auto parsed = Prefix::parse(text);
        if (!parsed)
            return fail(parsed.error().message);
        target = {parsed->address.masked(parsed->length), parsed->length};
    }
    void device(std::string& target, const std::string& name)
    {
        if (name.size() >= IFNAMSIZ)
            fail(fmt::format("'{}' is too long for an interface", name));
        target = name;
    }
    void mark(const std::string& text)
    {
        std::size_t slash = text.find('/');
        auto value = parse_u32(std::string_view(text).substr(0, slash));
        auto mask = slash == std::string::npos ? std::optional<std::uint32_t>(UINT32_MAX)
                                               : parse_u32(std::string_view(text).substr(slash + 1));
        if (!value || !mask)
            return fail(fmt::format("'{}' is not a mark, or a mark and a mask", text));
        rule_.mark = value;
        rule_.mask = mask;
    }
    void fail(const std::string& text)
    {
        failed_ = true;
        words_.complain(text);
    }

    Words words_;
    RuleConfig& rule_;
    int family_ = AF_UNSPEC;
    bool failed_ = false;
};

} // namespace

std::vector<RuleConfig> bind_rules(const Statement& block, Diagnostics& diagnostics)
{
    std::vector<RuleConfig> rules;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        RuleConfig rule;
        if (RuleLine(values, rule).read())
            rules.push_back(std::move(rule));
    }
    return rules;
}

} // namespace weir::keeper
