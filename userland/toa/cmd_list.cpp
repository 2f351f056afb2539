// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "toa/command.h"
#include "toa/directors.h"

namespace weir::toa {
namespace {

int run(const Arguments& arguments)
{
    bool json = false;
    Options options;
    options.flag("json,j", json);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("list", parsed.error());
    auto list = attachments();
    if (!list)
        return refuse(list.error());
    auto array = nlohmann::ordered_json::array();
    for (const Attachment& attachment : *list) {
        if (!json) {
            print(fmt::format("{}{}\n  directors {}\n", attachment.path, attachment.alive ? "" : "  (gone)",
                              to_string(attachment.directors)));
            continue;
        }
        auto directors = nlohmann::ordered_json::array();
        for (const Prefix& prefix : attachment.directors)
            directors.push_back(prefix.to_string());
        array.push_back({{"cgroup", attachment.path},
                         {"id", attachment.id},
                         {"gone", !attachment.alive},
                         {"directors", std::move(directors)}});
    }
    if (json)
        print(array.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return exit_ok;
}

} // namespace

const Command cmd_list = {
    .name = "list",
    .summary = "what is attached, and which directors are believed",
    .help = R"(Usage: weir-toa list [-j]

  -j, --json   as JSON

"gone" is what was attached to a cgroup that is not there any more: a systemd
unit gets a new one at each start.

Example:
  weir-toa list
)",
    .run = run,
};

} // namespace weir::toa
