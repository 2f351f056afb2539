// SPDX-License-Identifier: GPL-2.0
#include "weiradm/output.h"

#include <cstdio>
#include <system_error>

#include <fmt/format.h>

namespace weir {
namespace {

std::string program = "weiradm";

} // namespace

void set_program_name(std::string name)
{
    program = std::move(name);
}

const std::string& program_name()
{
    return program;
}

void print(std::string_view text)
{
    (void)std::fwrite(text.data(), 1, text.size(), stdout); // close_output() looks at the stream's error
}

void complain(std::string_view text)
{
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", program, text);
}

std::string explain(const Error& error)
{
    if (error.code == EPERM && error.message == std::generic_category().message(EPERM))
        return "permission denied: this needs CAP_NET_ADMIN in the network namespace";
    return error.to_string();
}

int refuse(const Error& error)
{
    complain(explain(error));
    return exit_refused;
}

int misuse(std::string_view command, const Error& error)
{
    complain(error.to_string());
    fmt::print(stderr, "Try '{} {} --help' for more information.\n", program, command);
    return exit_usage;
}

int close_output(int status)
{
    if (std::fflush(stdout) == 0 && !std::ferror(stdout))
        return status;
    if (status != exit_ok)
        return status;
    fmt::print(stderr, "{}: standard output cannot be written\n", program);
    return exit_refused;
}

} // namespace weir
