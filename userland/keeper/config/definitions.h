// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keeper/config/text.h"

namespace weir::keeper {

/// What a configuration may ask of the machine that reads it. Everything can be set by a test.
struct ConfigHost {
    /// What "@id" lines are compared with (-i; by default the host's name up to the first dot).
    std::string config_id;
    /// $_INSTANCE
    std::string instance;
    /// $_ENV NAME; null where the variable is not set
    std::function<const char*(const char* name)> environment;
    /// $_RANDOM: a number in [min, max]
    std::function<std::uint32_t(std::uint32_t min, std::uint32_t max)> random;
    /// Sequences within sequences multiply: reading ends with an error after so many lines.
    std::size_t max_lines = 4'000'000;

    /// Of this process.
    [[nodiscard]] static ConfigHost local();
};

/// $NAME=value lines and their use. A value of several lines is used only where the name ends its line.
class Definitions {
  public:
    struct Value {
        std::vector<Text> lines;
        bool multiline = false;
    };

    explicit Definitions(const ConfigHost& host) : host_(host) {}

    /// Takes "$NAME=value"; null where the line is not one. Lines that follow a trailing backslash are for
    /// the caller to add.
    [[nodiscard]] Value* define(const Text& line);
    void set(const std::string& name, Text value);
    /// Replaces each $NAME, ${NAME}. Returns whether there was one; the lines after the first of a
    /// multi-line value go to `following`.
    [[nodiscard]] bool expand(Text& line, std::vector<Text>& following, const std::string& directory) const;

  private:
    struct Use {
        std::size_t length = 0; ///< of all that is replaced, the dollar included
        std::string name;
        std::vector<std::string> arguments;
        bool ends_line = false;
    };
    [[nodiscard]] static std::optional<Use> parse_use(std::string_view text);
    [[nodiscard]] std::optional<Value> value_of(const Use& use, const std::string& directory) const;
    [[nodiscard]] std::optional<std::string> builtin(const Use& use, const std::string& directory) const;

    const ConfigHost& host_;
    std::map<std::string, Value, std::less<>> values_;
};

} // namespace weir::keeper
