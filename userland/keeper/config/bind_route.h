// SPDX-License-Identifier: GPL-2.0
// Inside of the configuration: what routes and rules have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keeper/config/bind.h"
#include "keeper/config/route.h"

namespace weir::keeper {

/// "global", "link" ... or a number.
[[nodiscard]] std::optional<std::uint8_t> parse_scope(std::string_view text);
/// "main", a name of /etc/iproute2/rt_tables, or a number.
[[nodiscard]] std::optional<std::uint32_t> parse_table(std::string_view text);
/// A group of interfaces: "default", a name of /etc/iproute2/group, or a number.
[[nodiscard]] std::optional<std::uint32_t> parse_link_group(std::string_view text);
/// "static", "bird" ... or a number.
[[nodiscard]] std::optional<std::uint8_t> parse_protocol(std::string_view text);
/// "10", "0x10": as iproute2 takes numbers.
[[nodiscard]] std::optional<std::uint32_t> parse_u32(std::string_view text);
/// "30/20", "20": source and destination realm.
[[nodiscard]] std::optional<std::uint32_t> parse_realms(std::string_view text);

/// Walks the words of one line: a keyword, then its value, with one way to complain.
class Words {
  public:
    explicit Words(const Values& values) : values_(values) {}

    [[nodiscard]] bool done() const { return at_ >= values_.size(); }
    [[nodiscard]] std::string word() const { return values_.text(at_); }
    void next() { at_++; }
    /// The word behind the present one, "" if there is none.
    [[nodiscard]] std::string ahead() const { return values_.text(at_ + 1); }
    /// The word behind the present one, which becomes the present one. Complains if there is none.
    [[nodiscard]] std::string value()
    {
        std::string keyword = word();
        if (++at_ >= values_.size())
            complain(keyword + " needs a value");
        return word();
    }
    /// `parsed` into `target`, or a complaint that the present word is not `what`.
    template <typename Target, typename Parsed>
    void put(Target& target, const Parsed& parsed, std::string_view what)
    {
        if (parsed)
            target = *parsed;
        else if (!done())
            complain(std::string("'") + word() + "' is not " + std::string(what));
    }
    void note(const std::string& text) { values_.diagnostics().note(values_.at(at_), text); }
    void complain(const std::string& text) { values_.diagnostics().error(values_.at(at_), text); }
    void refuse(const std::string& text) { values_.diagnostics().refuse(values_.at(at_), text); }

  private:
    const Values& values_;
    std::size_t at_ = 0;
};

} // namespace weir::keeper
