// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>

#include <fmt/format.h>

#include "toa/command.h"

namespace weir::toa {
namespace {

constexpr std::array commands = {&cmd_attach, &cmd_detach, &cmd_list, &cmd_status, &cmd_diagnose};

const Command* find_command(const std::string& name)
{
    auto found =
        std::ranges::find_if(commands, [&](const Command* command) { return name == command->name; });
    return found == commands.end() ? nullptr : *found;
}

void print_help()
{
    print("weir-toa shows clients' addresses to programs on a real server behind FULLNAT.\n\n");
    for (const Command* command : commands)
        print(fmt::format("  {:<10} {}\n", command->name, command->summary));
    print("\n'weir-toa COMMAND --help' says more, weir-toa(8) all.\n");
}

int dispatch(const std::vector<std::string>& words)
{
    set_program_name("weir-toa");
    if (words.size() < 2) {
        complain("a command is missing; 'weir-toa help' lists them");
        return exit_usage;
    }
    if (words[1] == "--version") {
        print(fmt::format("weir-toa {}\n", WEIR_VERSION));
        return exit_ok;
    }
    if (words[1] == "help" || words[1] == "--help" || words[1] == "-h") {
        const Command* command = words.size() > 2 ? find_command(words[2]) : nullptr;
        if (command)
            print(command->help);
        else
            print_help();
        return exit_ok;
    }
    const Command* command = find_command(words[1]);
    if (!command) {
        complain(fmt::format("there is no command '{}'; 'weir-toa help' lists them", words[1]));
        return exit_usage;
    }
    if (std::ranges::any_of(words, [](const auto& word) { return word == "--help" || word == "-h"; })) {
        print(command->help);
        return exit_ok;
    }
    return command->run({words.begin() + 2, words.end()});
}

} // namespace

Result<std::vector<Attachment>> choose(const std::vector<Attachment>& list, const std::string& word)
{
    std::string path = word;
    if (auto root = cgroup_hierarchy(); root && word.starts_with(*root + "/"))
        path = word.substr(root->size());
    std::vector<Attachment> chosen;
    std::ranges::copy_if(list, std::back_inserter(chosen), [&](const Attachment& attachment) {
        return attachment.path == path || std::filesystem::path(attachment.path).filename() == path;
    });
    if (chosen.empty())
        return fail(ENOENT, fmt::format("nothing is attached to '{}'", word));
    return chosen;
}

} // namespace weir::toa

int main(int argc, char** argv)
{
    if (argc < 1)
        return weir::exit_usage;
    std::signal(SIGPIPE, SIG_IGN); // a reader that has enough shows as a failed write
    try {
        return weir::close_output(weir::toa::dispatch({argv, argv + argc}));
    } catch (const std::exception& error) { // out of memory, most likely
        fmt::print(stderr, "weir-toa: {}\n", error.what());
        return weir::exit_refused;
    }
}
