// SPDX-License-Identifier: GPL-2.0
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/event.h"
#include "weiradm/command.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/table.h"

namespace weir {
namespace {

std::string clock_text()
{
    std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string event_text(const Event& event)
{
    std::string text = fmt::format("{} {}", clock_text(), event_word(event.what));
    if (event.service)
        text += " " + service_word(event.service->key);
    if (event.server) {
        const Server& server = *event.server;
        text += fmt::format(" -> {} {} weight {} {}", server.endpoint.to_string(),
                            method_word(server.config.method),
                            server.weight_override.value_or(server.config.weight), server_state(server));
    } else if (event.service && event.what != Event::What::service_deleted) {
        text += fmt::format(" {} owner {}", event.service->config.scheduler, event.service->owner);
    }
    if (event.what == Event::What::config_changed)
        text += event.owner.empty() ? " settings" : " transaction of " + event.owner;
    return text + fmt::format(" generation {}\n", event.generation);
}

int run(const Arguments& arguments)
{
    bool json = false;
    std::optional<std::uint32_t> count;
    Options options;
    options.flag("json,j", json);
    options.number("count,n", 1, UINT32_MAX, count);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("monitor", parsed.error());
    if (auto kernel = open_kernel(); !kernel) // loads the module if need be
        return refuse(kernel.error());
    auto socket = EventSocket::create();
    if (!socket)
        return refuse(socket.error());

    std::uint32_t seen = 0;
    while (!std::ferror(stdout) && (!count || seen < *count)) {
        auto received = socket->receive([&](const Event& event) {
            if (count && seen >= *count)
                return;
            seen++;
            print(json ? to_line(listing_json(event)) + "\n" : event_text(event));
        });
        if (!received && received.error().code == ENOBUFS)
            print(json ? "{\"event\":\"lost\"}\n" : clock_text() + " lost: more came than could be read\n");
        else if (!received)
            return refuse(received.error());
        std::fflush(stdout);
    }
    return exit_ok;
}

} // namespace

const CommandEntry cmd_monitor = {
    .name = "monitor",
    .summary = "print changes as they happen",
    .help = R"(Usage: weiradm monitor [-j] [--count N]

Prints a line for each service, server or setting that is added, changed or deleted, drains and
overloads included, until it is interrupted. "lost" means that some went unseen: list anew.

  -j, --json      one JSON object a line
  -n, --count N   end after N of them

Example:
  weiradm monitor -j | jq .event
)",
    .run = run,
};

} // namespace weir
