// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "libweir/service.h"
#include "weiradm/ipvs_command.h"

namespace weir::ipvs {

/// A line of -R's input that holds a command.
struct Line {
    std::size_t number;             ///< from 1
    std::vector<std::string> words; ///< the program's name first
};

/// Words are parted by blanks, nothing quotes. The words "ipvsadm" and "weiradm" are passed over, as is
/// everything from a word that starts with "#".
[[nodiscard]] std::vector<Line> split_lines(std::string_view text, const std::string& program);

struct NumberedCommand {
    std::size_t line;
    Command command;
};

/// All lines, or the first refusal with the number of its line in front.
[[nodiscard]] tl::expected<std::vector<NumberedCommand>, Refusal> parse_lines(const std::vector<Line>& lines);

/// What -R makes of lines that only add: one transaction.
struct RestorePlan {
    struct Entry {
        std::size_t line; ///< the first that is about it
        Service service;  ///< with its servers: those of the lines after those that it has
    };
    std::vector<Entry> services;
    /// The one owner that they have; without it they cannot be one transaction.
    std::optional<std::string> owner;
};

/// Whether nothing but -A and -a is among the lines.
[[nodiscard]] bool only_adds(const std::vector<NumberedCommand>& commands);

/// The plan, or why ipvsadm would refuse one of the lines; the error's index is the line. `present`: what
/// there is, with servers.
[[nodiscard]] Result<RestorePlan> plan_restore(const std::vector<NumberedCommand>& commands,
                                               const std::vector<Service>& present);

} // namespace weir::ipvs
