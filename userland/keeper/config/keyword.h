// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keeper/config/tree.h"

namespace weir::keeper {

enum class Support {
    full,      ///< does what keepalived does
    no_effect, ///< taken and left aside: mail, SNMP, DBus, tuning of keepalived's own processes
    refused,   ///< would change who is master or where traffic goes, and is not there
};

/// A word of keepalived.conf. `values` says what may follow it, blank-separated, each optional with a '?':
///   n:1-255 a whole number    t:0-60 seconds, to the microsecond   b true/on/yes/false/off/no
///   c:A|B one of these        a an IPv4 or IPv6 address            w a word
///   cmd a command as a shell would read it, to the end of the line ... anything to the end of the line
/// `block` is the scope of the braces that follow; "-" and "list:KIND" are braces with one value a line; "?"
/// at its end makes the braces optional.
struct Keyword {
    std::string_view scope;
    std::string_view name;
    Support support = Support::full;
    std::string_view values;
    std::string_view block;
    /// Why it is refused, has no effect, or differs; or the word to use instead.
    std::string_view note;
};

/// All of them; words of one scope stand together.
[[nodiscard]] std::span<const Keyword> global_keywords();
[[nodiscard]] std::span<const Keyword> vrrp_keywords();
[[nodiscard]] std::span<const Keyword> service_keywords();

[[nodiscard]] const Keyword* find_keyword(std::string_view scope, std::string_view name);
[[nodiscard]] std::vector<std::string_view> keyword_names(std::string_view scope);

/// The table as Markdown, for docs/keepalived-keywords.md.
[[nodiscard]] std::string keyword_document();

/// Every statement against the table: unknown words with the nearest known one, wrong values, missing and
/// needless braces, words that are refused or have no effect. Meaning is not looked at.
void check_keywords(const std::vector<Statement>& tree, Diagnostics& diagnostics);

/// Seconds with up to six decimals, in microseconds.
[[nodiscard]] Result<std::int64_t> parse_seconds(std::string_view text, double min, double max);
/// true, on, yes / false, off, no
[[nodiscard]] Result<bool> parse_bool(std::string_view text);
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max);

} // namespace weir::keeper
