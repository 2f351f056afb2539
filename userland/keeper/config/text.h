// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "keeper/config/diagnostic.h"

namespace weir::keeper {

/// Part of a line, each character with the column that it came from, so that a word is found again in the
/// file after comments are cut, definitions replaced and sequences unrolled.
class Text {
  public:
    Text() = default;
    Text(std::string_view line, std::uint32_t file, std::uint32_t number)
        : file_(file),
          line_(number),
          text_(line)
    {
    }

    [[nodiscard]] std::string_view view() const { return text_; }
    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }
    [[nodiscard]] std::size_t size() const { return text_.size(); }
    [[nodiscard]] char operator[](std::size_t i) const { return text_[i]; }
    [[nodiscard]] Position at(std::size_t i = 0) const
    {
        if (text_.empty())
            return {file_, line_, 0};
        std::size_t last = std::min(i, text_.size() - 1);
        return {file_, line_, columns_.empty() ? first_ + static_cast<std::uint32_t>(last) : columns_[last]};
    }

    void erase(std::size_t from, std::size_t count = std::string::npos)
    {
        count = std::min(count, text_.size() - from);
        if (from != 0 && from + count != text_.size())
            number_columns();
        if (!columns_.empty()) {
            auto first = columns_.begin() + static_cast<std::ptrdiff_t>(from);
            columns_.erase(first, first + static_cast<std::ptrdiff_t>(count));
        } else if (from == 0) {
            first_ += static_cast<std::uint32_t>(count);
        }
        text_.erase(from, count);
    }
    /// The new characters all have the column of the first that they replace.
    void replace(std::size_t from, std::size_t count, std::string_view with)
    {
        std::uint32_t column = at(from).column;
        number_columns();
        text_.replace(from, count, with);
        auto first = columns_.begin() + static_cast<std::ptrdiff_t>(from);
        first = columns_.erase(first, first + static_cast<std::ptrdiff_t>(count));
        columns_.insert(first, with.size(), column);
    }
    [[nodiscard]] Text part(std::size_t from, std::size_t count = std::string::npos) const
    {
        Text result = *this;
        if (count != std::string::npos && from + count < size())
            result.erase(from + count);
        result.erase(0, from);
        return result;
    }
    void trim()
    {
        std::size_t end = text_.find_last_not_of(" \t");
        erase(end == std::string::npos ? 0 : end + 1);
        erase(0, std::min(text_.find_first_not_of(" \t"), text_.size()));
    }

  private:
    void number_columns()
    {
        if (!columns_.empty())
            return;
        columns_.resize(text_.size());
        std::iota(columns_.begin(), columns_.end(), first_);
    }

    std::uint32_t file_ = 0;
    std::uint32_t line_ = 0;
    std::uint32_t first_ = 1; ///< column of the first character
    std::string text_;
    std::vector<std::uint32_t> columns_; ///< empty: they follow each other, as in most lines
};

} // namespace weir::keeper
