// SPDX-License-Identifier: GPL-2.0
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "toa/command.h"

namespace weir::toa {
namespace {

constexpr std::array<const char*, WEIR_TOA_CNT_MAX> names = {
    "connections", "found", "shown", "missing", "malformed", "family", "refused", "no-memory",
};

int run(const Arguments& arguments)
{
    bool json = false;
    std::vector<std::string> words;
    Options options;
    options.flag("json,j", json);
    options.words("CGROUP", 0, 1, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("status", parsed.error());
    auto list = attachments();
    if (!list)
        return refuse(list.error());
    if (!words.empty()) {
        auto chosen = choose(*list, words[0]);
        if (!chosen)
            return refuse(chosen.error());
        list = std::move(chosen);
    }
    auto array = nlohmann::ordered_json::array();
    for (const Attachment& attachment : *list) {
        nlohmann::ordered_json counters;
        if (!json)
            print(fmt::format("{}{}\n", attachment.path, attachment.alive ? "" : "  (gone)"));
        for (std::size_t i = 0; i < names.size(); i++) {
            counters[names[i]] = attachment.counters[i];
            if (!json)
                print(fmt::format("  {:<11}  {}\n", names[i], attachment.counters[i]));
        }
        array.push_back(
            {{"cgroup", attachment.path}, {"gone", !attachment.alive}, {"counters", std::move(counters)}});
    }
    if (json)
        print(array.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return exit_ok;
}

} // namespace

const Command cmd_status = {
    .name = "status",
    .summary = "what came, what was shown, what was refused",
    .help = R"(Usage: weir-toa status [-j] [CGROUP]

Counts since it was attached:

  connections  accepted from directors
  found        of these, how many named a client that the socket can show
  shown        answers of accept() and getpeername() that showed one
  missing      of connections: data came, and no option
  malformed    packets of directors with such an option that cannot be
  family       of connections: IPv6 clients on AF_INET sockets
  refused      connections with an option, from others than directors
  no-memory    of connections: there was none for the address

  -j, --json   as JSON

Example:
  weir-toa status nginx.service
)",
    .run = run,
};

} // namespace weir::toa
