// SPDX-License-Identifier: GPL-2.0
#include "keeper/config/tree.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace weir::keeper {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::string_view blanks = " \t";

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The character that an escape stands for; `i` is behind the backslash and moves behind the escape.
char unescape(std::string_view text, std::size_t& i)
{
    char c = text[i++];
    if (c == 'x' && i < text.size() && hex_digit(text[i]) >= 0) {
        int value = 0;
        for (; i < text.size() && hex_digit(text[i]) >= 0; i++)
            value = (value << 4 | hex_digit(text[i])) & 0xff;
        return static_cast<char>(value);
    }
    if (c == 'c' && i < text.size())
        return static_cast<char>(text[i++] & 0x1f);
    if (c >= '0' && c <= '7') {
        int value = c - '0';
        for (int digits = 1; digits < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; digits++)
            value = value << 3 | (text[i++] - '0');
        return static_cast<char>(value);
    }
    constexpr std::string_view names = "abEfnrtv", values = "\a\b\033\f\n\r\t\v";
    std::size_t known = names.find(c);
    return known == std::string_view::npos ? c : values[known];
}

} // namespace

std::vector<Word> split_words(const Text& line)
{
    std::vector<Word> words;
    std::string_view text = line.view();
    for (std::size_t i = 0; (i = text.find_first_not_of(blanks, i)) != std::string_view::npos;) {
        std::size_t start = i, end = 0;
        if (text[i] == '"') {
            end = text.find('"', ++i);
            if (end == std::string_view::npos)
                end = text.size(); // the reader has complained
            words.push_back({std::string(text.substr(i, end - i)), line.at(start)});
            i = std::min(end + 1, text.size());
        } else {
            end = std::min(text.find_first_of(" \t\"", i), text.size());
            words.push_back({std::string(text.substr(i, end - i)), line.at(start)});
            i = end;
        }
    }
    return words;
}

Result<std::vector<std::string>> split_command(std::string_view text)
{
    std::vector<std::string> words;
    for (std::size_t i = 0; (i = text.find_first_not_of(blanks, i)) != std::string_view::npos;) {
        std::string word;
        char quote = 0;
        while (i < text.size()) {
            char c = text[i++];
            if (c == '\\') {
                if (i == text.size())
                    return fail(EINVAL, "a backslash ends the command");
                word += unescape(text, i);
            } else if (quote) {
                if (c == quote)
                    quote = 0;
                else
                    word += c;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (blanks.find(c) != std::string_view::npos) {
                break;
            } else {
                word += c;
            }
        }
        if (quote)
            return fail(EINVAL, fmt::format("the command's closing {} is missing", quote));
        words.push_back(std::move(word));
    }
    return words;
}

std::vector<Statement> read_tree(ConfigReader& reader, Diagnostics& diagnostics)
{
    Statement root;
    std::vector<Statement*> open{&root};
    bool may_open = false; // the line before this one was a statement without a block
    bool too_deep = false;

    while (auto line = reader.next()) {
        auto& level = open.back()->children;
        if (line->view() == "{") {
            if (!may_open)
                diagnostics.error(line->at(), "this brace opens a block that nothing names");
            if (!may_open || open.size() > max_depth) {
                if (open.size() > max_depth && !std::exchange(too_deep, true))
                    diagnostics.error(line->at(), "blocks are nested too deep");
                if (too_deep)
                    break;
                level.push_back({{{"", line->at()}}, *line, true, {}}); // swallows the lines up to its end
            }
            level.back().block = true;
            open.push_back(&level.back());
            may_open = false;
        } else if (line->view() == "}") {
            if (open.size() == 1)
                diagnostics.error(line->at(), "this brace closes a block that was never opened");
            else
                open.pop_back();
            may_open = false;
        } else {
            auto words = split_words(*line);
            if (words.empty())
                continue;
            level.push_back({std::move(words), std::move(*line), false, {}});
            may_open = true;
        }
    }
    for (std::size_t i = 1; i < open.size() && !too_deep; i++)
        diagnostics.error(open[i]->at(), fmt::format("the block of '{}' is not closed", open[i]->name()));
    return std::move(root.children);
}

} // namespace weir::keeper
