// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/diagnostic.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

std::string_view name(Severity severity)
{
    switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::refused: return "refused";
    case Severity::error: break;
    }
    return "error";
}

/// Edits (insert, delete, replace, swap of neighbours) between two words; stops counting at `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit)
{
    if (a.size() > b.size() + limit || b.size() > a.size() + limit)
        return limit;
    std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), 0);
    for (std::size_t i = 1; i <= a.size(); i++) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); j++) {
            std::size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        std::swap(last, row);
    }
    return std::min(last[b.size()], limit);
}

} // namespace

std::uint32_t Diagnostics::add_file(std::string file)
{
    auto known = std::ranges::find(files_, file);
    if (known == files_.end())
        known = files_.insert(files_.end(), std::move(file));
    return static_cast<std::uint32_t>(known - files_.begin());
}

const std::string& Diagnostics::file_name(std::uint32_t file) const
{
    static const std::string none = "configuration";
    return file < files_.size() ? files_[file] : none;
}

void Diagnostics::add(Severity severity, Position at, std::string text)
{
    // one bad line in a sequence of a thousand is one mistake
    if (seen_.emplace(at, severity, text).second)
        list_.push_back({severity, at, std::move(text)});
}

std::size_t Diagnostics::count(Severity severity) const
{
    return static_cast<std::size_t>(std::ranges::count(list_, severity, &Diagnostic::severity));
}

bool Diagnostics::usable() const
{
    return count(Severity::error) == 0 && count(Severity::refused) == 0;
}

std::string Diagnostics::format(const Diagnostic& diagnostic) const
{
    std::string place = file_name(diagnostic.at.file);
    if (diagnostic.at.line)
        place += fmt::format(":{}", diagnostic.at.line);
    if (diagnostic.at.column)
        place += fmt::format(":{}", diagnostic.at.column);
    return fmt::format("{}: {}: {}", place, name(diagnostic.severity), diagnostic.text);
}

void Diagnostics::sort()
{
    std::ranges::stable_sort(list_, {}, &Diagnostic::at);
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known)
{
    std::size_t limit = std::max<std::size_t>(2, word.size() / 3) + 1;
    std::string_view best;
    for (auto candidate : known) {
        std::size_t edits = distance(word, candidate, limit);
        if (edits < limit && edits < candidate.size()) {
            limit = edits;
            best = candidate;
        }
    }
    return best;
}

} // namespace weir::keeper
