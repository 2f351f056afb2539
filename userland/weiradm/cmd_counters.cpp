// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/counter.h"
#include "weiradm/command.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"

namespace weir {
namespace {

int run(const Arguments& arguments)
{
    bool json = false;
    bool all = false;
    Options options;
    options.flag("json,j", json);
    options.flag("all,a", all);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("counters", parsed.error());

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    auto counters = counters_list(*socket);
    if (!counters)
        return refuse(counters.error());
    if (json) {
        Json object = Json::object();
        for (const Counter& counter : *counters)
            object[counter.name] = counter.value;
        print(to_text(object));
        return exit_ok;
    }
    std::size_t width = 0;
    for (const Counter& counter : *counters)
        width = std::max(width, counter.name.size());
    for (const Counter& counter : *counters)
        if (all || counter.value)
            print(fmt::format("{:<{}}  {}\n", counter.name, width, counter.value));
    return exit_ok;
}

} // namespace

const CommandEntry cmd_counters = {
    .name = "counters",
    .summary = "what was dropped and why, and other events",
    .help = R"(Usage: weiradm counters [-a] [-j]

Counts of packets and events of this network namespace since the module was
loaded.

  -a, --all    those that are 0 too
  -j, --json   all, as JSON

Example:
  weiradm counters --all
)",
    .run = run,
};

} // namespace weir
