// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir {

using Arguments = std::vector<std::string>;

/// The command line of one of weir's own commands. Options may be abbreviated and may stand anywhere; each is
/// allowed once.
class Options {
  public:
    Options();
    ~Options();
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;

    /// "json,j": long name, and the letter where there is one. What is pointed to lives until parse() is
    /// over.
    void flag(const char* name, bool& given);
    void value(const char* name, std::optional<std::string>& value);
    void number(const char* name, std::uint32_t min, std::uint32_t max, std::optional<std::uint32_t>& value);
    /// The same, and it may be given again and again.
    void values(const char* name, std::vector<std::string>& values);
    /// Words without a dash: at least `min` and at most `max` of them; `what` is for the complaint.
    void words(const char* what, std::size_t min, std::size_t max, std::vector<std::string>& words);

    /// Says in what way the arguments are wrong: the field of the error is the option's name.
    [[nodiscard]] Result<void> parse(const Arguments& arguments);

  private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

} // namespace weir
