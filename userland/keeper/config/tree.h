// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "keeper/config/reader.h"

namespace weir::keeper {

struct Word {
    std::string text;
    Position at;
};

/// One line of configuration, and the lines in its braces.
struct Statement {
    std::vector<Word> words;
    /// The line as it stands, for what is read like a shell reads it.
    Text line;
    bool block = false;
    std::vector<Statement> children;

    [[nodiscard]] const std::string& name() const { return words.front().text; }
    [[nodiscard]] Position at() const { return words.front().at; }
};

/// All statements of a file and its includes. Knows braces, but no keyword.
[[nodiscard]] std::vector<Statement> read_tree(ConfigReader& reader, Diagnostics& diagnostics);

/// Blank-separated words; "double quotes" hold one word together and do not glue to their neighbours.
[[nodiscard]] std::vector<Word> split_words(const Text& line);

/// Words as a shell would read them: both quotes glue, backslash escapes \a \b \E \f \n \r \t \v \nnn \xHH
/// \cC.
[[nodiscard]] Result<std::vector<std::string>> split_command(std::string_view text);

} // namespace weir::keeper
