// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/keyword.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/address.h"
#include "base/number.h"

namespace weir::keeper {
namespace {

using Table = std::map<std::string_view, std::map<std::string_view, const Keyword*>>;

const Table& table()
{
    static const Table result = [] {
        Table all;
        for (auto part : {global_keywords(), vrrp_keywords(), service_keywords()}) {
            for (const auto& keyword : part)
                all[keyword.scope][keyword.name] = &keyword;
        }
        return all;
    }();
    return result;
}

/// "1-255" or "-253-253"
template <typename T>
std::pair<T, T> parse_range(std::string_view text)
{
    std::size_t dash = text.find('-', 1);
    T low{}, high{};
    std::from_chars(text.data(), text.data() + dash, low);
    std::from_chars(text.data() + dash + 1, text.data() + text.size(), high);
    return {low, high};
}

/// What is wrong with one value, or nothing.
std::optional<std::string> wrong_value(std::string_view kind, const std::string& value)
{
    auto verdict = [](const auto& result) -> std::optional<std::string> {
        return result ? std::nullopt : std::optional(result.error().message);
    };
    if (kind.starts_with("n:")) {
        auto [low, high] = parse_range<std::int64_t>(kind.substr(2));
        return verdict(parse_integer(value, low, high));
    }
    if (kind.starts_with("t:")) {
        auto [low, high] = parse_range<double>(kind.substr(2));
        return verdict(parse_seconds(value, low, high));
    }
    if (kind == "b")
        return verdict(parse_bool(value));
    if (kind == "a")
        return verdict(Address::parse(value));
    if (kind.starts_with("c:")) {
        std::vector<std::string_view> choices;
        for (auto rest = kind.substr(2); !rest.empty();) {
            std::size_t bar = std::min(rest.find('|'), rest.size());
            choices.push_back(rest.substr(0, bar));
            rest.remove_prefix(std::min(bar + 1, rest.size()));
        }
        if (std::ranges::find(choices, value) != choices.end())
            return std::nullopt;
        auto meant = nearest(value, choices);
        return meant.empty() ? fmt::format("'{}' is not one of {}", value, fmt::join(choices, ", "))
                             : fmt::format("'{}' is not known here; did you mean '{}'?", value, meant);
    }
    return std::nullopt;
}

void check_values(const Statement& statement, const Keyword& keyword, Diagnostics& diagnostics)
{
    std::size_t next = 1;
    for (auto rest = keyword.values; !rest.empty();) {
        std::size_t blank = std::min(rest.find(' '), rest.size());
        auto kind = rest.substr(0, blank);
        rest.remove_prefix(std::min(blank + 1, rest.size()));
        if (kind == "...")
            return;
        bool optional = kind.ends_with('?');
        if (optional)
            kind.remove_suffix(1);
        if (next == statement.words.size()) {
            if (!optional)
                diagnostics.error(statement.at(), fmt::format("'{}' needs a value", statement.name()));
            return;
        }
        const Word& word = statement.words[next++];
        if (kind == "cmd") {
            std::string_view line = statement.line.view();
            auto command = split_command(line.substr(std::min(line.find_first_of(" \t"), line.size())));
            if (!command)
                diagnostics.error(word.at, command.error().message);
            return;
        }
        if (auto wrong = wrong_value(kind, word.text))
            diagnostics.error(word.at, fmt::format("{}: {}", statement.name(), *wrong));
    }
    if (next < statement.words.size()) {
        diagnostics.warning(statement.words[next].at,
                            fmt::format("'{}' is one word too many after '{}' and is ignored",
                                        statement.words[next].text, statement.name()));
    }
}

/// Whether a scope can be entered without passing a refused block.
bool in_force(std::string_view scope)
{
    if (scope == "root")
        return true;
    for (const auto& [outer, words] : table()) {
        for (const auto& [name, keyword] : words) {
            if (keyword->block == scope && keyword->support == Support::full && outer != scope &&
                in_force(outer))
                return true;
        }
    }
    return false;
}

void report_unknown(const Statement& statement, std::string_view scope, Diagnostics& diagnostics)
{
    auto meant = nearest(statement.name(), keyword_names(scope));
    std::string where = scope == "root" ? "" : fmt::format(" in {}", scope);
    if (!meant.empty()) {
        diagnostics.error(statement.at(), fmt::format("unknown keyword '{}'{}; did you mean '{}'?",
                                                      statement.name(), where, meant));
        return;
    }
    for (const auto& [other, words] : table()) {
        if (words.contains(statement.name())) {
            diagnostics.error(statement.at(),
                              fmt::format("'{}' has no place{}, it belongs in {}", statement.name(),
                                          scope == "root" ? " outside blocks" : where,
                                          other == "root" ? "no block" : other));
            return;
        }
    }
    diagnostics.error(statement.at(), fmt::format("unknown keyword '{}'{}", statement.name(), where));
}

void check_scope(const std::vector<Statement>& statements, std::string_view scope, Diagnostics& diagnostics)
{
    for (const auto& statement : statements) {
        if (statement.name().empty())
            continue; // a block without a name
        const Keyword* keyword = find_keyword(scope, statement.name());
        if (!keyword) {
            report_unknown(statement, scope, diagnostics);
            continue;
        }
        std::string note(keyword->note);
        if (keyword->support == Support::refused)
            diagnostics.refuse(statement.at(),
                               fmt::format("'{}' is not supported: {}", statement.name(), note));
        else if (keyword->support == Support::no_effect)
            diagnostics.note(statement.at(), fmt::format("'{}' has no effect: {}", statement.name(), note));
        check_values(statement, *keyword, diagnostics);

        auto block = keyword->block;
        bool optional = block.ends_with('?');
        if (optional)
            block.remove_suffix(1);
        if (block.empty() && statement.block)
            diagnostics.error(statement.at(), fmt::format("'{}' has no block", statement.name()));
        else if (!block.empty() && !optional && !statement.block)
            diagnostics.error(statement.at(), fmt::format("'{}' needs a block in braces", statement.name()));
        else if (statement.block && block != "-" && !block.starts_with("list:"))
            check_scope(statement.children, block, diagnostics);
    }
}

} // namespace

const Keyword* find_keyword(std::string_view scope, std::string_view name)
{
    auto words = table().find(scope);
    if (words == table().end())
        return nullptr;
    auto word = words->second.find(name);
    return word == words->second.end() ? nullptr : word->second;
}

std::vector<std::string_view> keyword_names(std::string_view scope)
{
    std::vector<std::string_view> names;
    if (auto words = table().find(scope); words != table().end()) {
        for (const auto& [name, keyword] : words->second)
            names.push_back(name);
    }
    return names;
}

std::string keyword_document()
{
    std::string text;
    std::string_view scope;
    bool reachable = true;
    for (auto part : {global_keywords(), vrrp_keywords(), service_keywords()}) {
        for (const auto& keyword : part) {
            if (keyword.scope != scope) {
                scope = keyword.scope;
                reachable = in_force(scope);
                text += fmt::format(
                    "\n## {}\n\n{}| keyword | values | here | remarks |\n|---|---|---|---|\n",
                    scope == "root" ? "outside blocks" : scope,
                    reachable ? "" : "This block is refused; mistakes inside are found all the same.\n\n");
            }
            std::string values;
            for (char c : keyword.values) {
                if (c == '|')
                    values.push_back('\\'); // a table's own sign
                values.push_back(c);
            }
            std::string_view support = keyword.support == Support::full
                                           ? (reachable ? "as in keepalived" : "known")
                                       : keyword.support == Support::no_effect ? "no effect"
                                                                               : "**refused**";
            text += fmt::format("| `{}` | {} | {} | {} |\n", keyword.name,
                                values.empty() ? values : fmt::format("`{}`", values), support, keyword.note);
        }
    }
    return text;
}

void check_keywords(const std::vector<Statement>& tree, Diagnostics& diagnostics)
{
    check_scope(tree, "root", diagnostics);
}

Result<std::int64_t> parse_seconds(std::string_view text, double min, double max)
{
    std::size_t point = text.find('.');
    std::string_view whole = text.substr(0, point);
    std::string_view part = point == std::string_view::npos ? "" : text.substr(point + 1);
    auto digits = [](std::string_view s) {
        return s.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (text.empty() || text == "." || !digits(whole) || !digits(part))
        return fail(EINVAL, fmt::format("'{}' is not a time in seconds", text));
    std::string micros(part.substr(0, 6));
    micros.resize(6, '0');
    std::int64_t value = 0;
    if (whole.size() <= 9)
        value =
            static_cast<std::int64_t>(parse_number(whole.empty() ? "0" : whole, 0, 999'999'999).value_or(0)) *
                1'000'000 +
            static_cast<std::int64_t>(parse_number(micros, 0, 999'999).value_or(0));
    if (whole.size() > 9 || value < std::llround(min * 1e6) || value > std::llround(max * 1e6))
        return fail(ERANGE, fmt::format("{} is out of range, {} to {} seconds are allowed", text, min, max));
    return value;
}

Result<bool> parse_bool(std::string_view text)
{
    if (text == "true" || text == "on" || text == "yes")
        return true;
    if (text == "false" || text == "off" || text == "no")
        return false;
    return fail(EINVAL, fmt::format("'{}' is not one of true, on, yes, false, off, no", text));
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max)
{
    std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
        return fail(EINVAL, fmt::format("'{}' is not a number", text));
    if (error == std::errc::result_out_of_range || value < min || value > max)
        return fail(ERANGE, fmt::format("{} is out of range, {} to {} is allowed", text, min, max));
    return value;
}

} // namespace weir::keeper
