// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

/// Exit statuses of weir's own commands.
inline constexpr int exit_ok = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;

/// The name in front of complaints.
void set_program_name(std::string name);
[[nodiscard]] const std::string& program_name();

/// To standard output, whole.
void print(std::string_view text);
/// To standard error, with the program's name in front and a newline behind.
void complain(std::string_view text);
/// Complains and gives exit_refused.
int refuse(const Error& error);
/// Complains, points to --help, and gives exit_usage.
int misuse(std::string_view command, const Error& error);
inline int misuse(std::string_view command, const Failure& failure)
{
    return misuse(command, failure.value());
}

/// What a person has to know besides the errno: who may do it, and so on. Otherwise the error's own words.
[[nodiscard]] std::string explain(const Error& error);

/// Flushes standard output; exit_refused where that fails and `status` is exit_ok, else `status`.
[[nodiscard]] int close_output(int status);

} // namespace weir
