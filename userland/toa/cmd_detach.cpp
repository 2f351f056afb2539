// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "toa/command.h"

namespace weir::toa {
namespace {

int run(const Arguments& arguments)
{
    bool all = false;
    bool gone = false;
    std::vector<std::string> words;
    Options options;
    options.flag("all,a", all);
    options.flag("gone,g", gone);
    options.words("CGROUP", 0, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("detach", parsed.error());
    if (words.size() + all + gone != 1)
        return misuse("detach", fail(EINVAL, "either a CGROUP, --all or --gone is expected"));
    auto list = attachments();
    if (!list)
        return refuse(list.error());
    if (!words.empty()) {
        auto chosen = choose(*list, words[0]);
        if (!chosen)
            return refuse(chosen.error());
        list = std::move(chosen);
    }
    for (const Attachment& attachment : *list) {
        if (gone && attachment.alive)
            continue;
        if (auto detached = detach(attachment); !detached)
            return refuse(detached.error());
        print(fmt::format("{}: detached\n", attachment.path));
    }
    return exit_ok;
}

} // namespace

const Command cmd_detach = {
    .name = "detach",
    .summary = "show the directors' addresses again",
    .help = R"(Usage: weir-toa detach CGROUP
       weir-toa detach --all|--gone

Connections show the address they come from again, those that are open too.

  -a, --all    all that is attached
  -g, --gone   what was attached to cgroups that are gone

Example:
  weir-toa detach nginx.service
)",
    .run = run,
};

} // namespace weir::toa
