// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keeper/config/definitions.h"
#include "keeper/config/files.h"
#include "keeper/config/text.h"

namespace weir::keeper {

/// Reads keepalived.conf line by line the way keepalived does: comments, includes, "@id" conditions,
/// "$NAME" definitions and "~SEQ" sequences are resolved here; what comes out are pieces of one line that
/// either are a brace or hold none outside double quotes.
///
/// A piece is taken from the newest of a stack of sources: the rest of a line after a brace, the rounds of a
/// sequence, the lines of a multi-line definition, files. So each nests in each.
class ConfigReader {
  public:
    ConfigReader(const ConfigFiles& files, const ConfigHost& host, Diagnostics& diagnostics);
    ~ConfigReader();

    /// The file that everything starts from; a shell pattern, or a directory, as for keepalived -f.
    void open(const std::string& path);
    /// Null at the end.
    [[nodiscard]] std::optional<Text> next();

    /// keepalived's MAXBUF, less the terminating zero
    static constexpr std::size_t max_line = 1023;

  private:
    struct Source;
    struct File;
    struct Rest;
    struct Lines;
    struct Rounds;

    /// The next line of the newest source that has one.
    [[nodiscard]] std::optional<Text> next_raw();
    /// Conditions, definitions, sequences, includes; null where nothing is left of the line.
    [[nodiscard]] std::optional<Text> resolve(Text line);
    [[nodiscard]] bool condition_holds(Text& line) const;
    [[nodiscard]] bool add_to_definition(Text& line);
    void start_sequence(Text line);
    [[nodiscard]] bool include(const Text& line);
    void push_files(const std::string& pattern, bool must_match, Position at);
    [[nodiscard]] Text cut_at_brace(Text line);
    void uncomment(Text& line);
    [[nodiscard]] std::string directory() const;

    const ConfigFiles& files_;
    const ConfigHost& host_;
    Diagnostics& diagnostics_;
    Definitions definitions_;
    Definitions::Value* open_definition_ = nullptr;
    std::vector<std::unique_ptr<Source>> sources_;
    std::size_t lines_ = 0;
};

} // namespace weir::keeper
