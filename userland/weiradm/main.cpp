// SPDX-License-Identifier: GPL-2.0
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "weiradm/command.h"
#include "weiradm/ipvs_run.h"
#include "weiradm/output.h"

namespace {

int dispatch(const std::vector<std::string>& words)
{
    std::string name = words[0].substr(words[0].rfind('/') + 1);
    weir::set_program_name(name);
    bool as_ipvsadm = name == "ipvsadm";
    // ipvsadm's options start with a dash, weir's own commands do not
    if (as_ipvsadm || words.size() < 2 || words[1].starts_with('-'))
        return weir::ipvs::run(words, as_ipvsadm);
    const weir::CommandEntry* command = weir::find_command(words[1]);
    if (!command) {
        weir::complain(fmt::format("there is no command '{}'; '{} help' lists them", words[1], name));
        return weir::exit_usage;
    }
    return weir::run_command(*command, {words.begin() + 2, words.end()});
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 1)
        return weir::exit_usage;
    std::signal(SIGPIPE, SIG_IGN); // a reader that has enough shows as a failed write
    try {
        return weir::close_output(dispatch({argv, argv + argc}));
    } catch (const std::exception& error) { // out of memory, most likely
        fmt::print(stderr, "{}: {}\n", argv[0], error.what());
        return weir::exit_refused;
    }
}
