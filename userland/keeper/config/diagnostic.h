// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace weir::keeper {

/// Where a word stands. Lines and columns count from 1; 0 means "the whole file" or "the whole line".
struct Position {
    /// Index into Diagnostics::files.
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    auto operator<=>(const Position&) const = default;
};

enum class Severity {
    note,    ///< understood, and without effect on who is master or where traffic goes
    warning, ///< used, though perhaps not as the author meant it
    refused, ///< keepalived has it, this program does not: it would not do what the file says
    error,   ///< means nothing, or contradicts itself
};

struct Diagnostic {
    Severity severity = Severity::error;
    Position at;
    std::string text;
};

/// What was found in a configuration, in the order of finding.
class Diagnostics {
  public:
    [[nodiscard]] std::uint32_t add_file(std::string name);
    [[nodiscard]] const std::string& file_name(std::uint32_t file) const;

    void add(Severity severity, Position at, std::string text);
    void note(Position at, std::string text) { add(Severity::note, at, std::move(text)); }
    void warning(Position at, std::string text) { add(Severity::warning, at, std::move(text)); }
    void refuse(Position at, std::string text) { add(Severity::refused, at, std::move(text)); }
    void error(Position at, std::string text) { add(Severity::error, at, std::move(text)); }

    [[nodiscard]] const std::vector<Diagnostic>& all() const { return list_; }
    [[nodiscard]] std::size_t count(Severity severity) const;
    /// Nothing that forbids using the configuration.
    [[nodiscard]] bool usable() const;
    /// "file:line:column: error: text"
    [[nodiscard]] std::string format(const Diagnostic& diagnostic) const;
    /// By place, the order a reader expects; notes of one place stay in the order of finding.
    void sort();

    /// A file that could not be read: keepalived's exit status 4.
    bool file_missing = false;
    /// A script that others than root can change: keepalived's exit status 6.
    bool insecure_script = false;

  private:
    std::vector<std::string> files_;
    std::vector<Diagnostic> list_;
    std::set<std::tuple<Position, Severity, std::string>> seen_;
};

/// The word of `known` that `word` was probably meant to be, or "" where none is near.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

} // namespace weir::keeper
