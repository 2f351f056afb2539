// SPDX-License-Identifier: GPL-2.0
#include <cstdio>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "libweir/config.h"
#include "libweir/event.h"
#include "weiradm/command.h"
#include "weiradm/ipvs_format.h"
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
    if (event.pool)
        text += fmt::format(" {} {} ports {} owner {}, {} connections", event.pool->name,
                            ranges_word(event.pool->config.ranges), event.pool->config.ports.to_string(),
                            event.pool->owner, event.pool->conns);
    if (event.what == Event::What::config_changed)
        text += event.owner.empty() ? " settings" : " transaction of " + event.owner;
    return text + fmt::format(" generation {}\n", event.generation);
}

class Monitor {
  public:
    Monitor(NlSocket kernel, EventSocket events, bool json)
        : kernel_(std::move(kernel)),
          events_(std::move(events)),
          json_(json)
    {
    }

    /// What there is, as events of its own; "listed" ends it.
    Result<void> list();
    /// `count` events, or without end.
    Result<void> follow(std::optional<std::uint32_t> count);

  private:
    void show(const Event& event) const
    {
        print(json_ ? to_line(listing_json(event)) + "\n" : event_text(event));
    }
    void note(const std::string& word, const std::string& text) const
    {
        print(json_ ? to_line({{"event", word}}) + "\n" : fmt::format("{} {}{}\n", clock_text(), word, text));
    }

    NlSocket kernel_;
    EventSocket events_;
    bool json_;
};

Result<void> Monitor::list()
{
    auto config = config_get(kernel_);
    if (!config)
        return pass_on(config);
    auto services = services_list(kernel_);
    if (!services)
        return pass_on(services);
    ipvs::sort_services(*services);
    for (Service& service : *services) {
        std::vector<Server> servers = std::exchange(service.servers, {});
        show({Event::What::service_present, service, {}, {}, {}, config->generation});
        Service key;
        key.key = service.key;
        for (const Server& server : servers)
            show({Event::What::server_present, key, server, {}, {}, config->generation});
    }
    note("listed", "");
    return {};
}

Result<void> Monitor::follow(std::optional<std::uint32_t> count)
{
    std::uint32_t seen = 0;
    while (!std::ferror(stdout) && (!count || seen < *count)) {
        auto received = events_.receive([&](const Event& event) {
            if (count && seen >= *count)
                return;
            seen++;
            show(event);
        });
        if (!received && received.error().code == ENOBUFS) {
            note("lost", ": more came than could be read; what there is now:");
            received = events_.discard();
            if (received)
                received = list();
            if (!received && received.error().code == EINTR)
                continue; // it changes too fast to be listed: more will be lost, and that is listed
        }
        if (!received)
            return received;
        std::fflush(stdout);
    }
    return {};
}

int run(const Arguments& arguments)
{
    bool json = false, list = false;
    std::optional<std::uint32_t> count;
    Options options;
    options.flag("json,j", json);
    options.flag("list,l", list);
    options.number("count,n", 1, UINT32_MAX, count);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("monitor", parsed.error());
    auto kernel = open_kernel(); // loads the module if need be
    if (!kernel)
        return refuse(kernel.error());
    auto events = EventSocket::create();
    if (!events)
        return refuse(events.error());
    Monitor monitor(std::move(*kernel), std::move(*events), json);
    Result<void> done;
    if (list)
        done = monitor.list();
    std::fflush(stdout);
    if (done)
        done = monitor.follow(count);
    return done ? exit_ok : refuse(done.error());
}

} // namespace

const CommandEntry cmd_monitor = {
    .name = "monitor",
    .summary = "print changes as they happen",
    .help = R"(Usage: weiradm monitor [-j] [--list] [--count N]

Prints a line for each pool, service, server or setting that is added, changed
or deleted, drains, overloads and exhausted pools included, until it is
interrupted. "lost" means that some went unseen: what there is now follows, a
line for each service and server ("...-present"), and "listed".

  -l, --list      begin with what there is
  -j, --json      one JSON object a line
  -n, --count N   end after N changes

Example:
  weiradm monitor -j | jq .event
)",
    .run = run,
};

} // namespace weir
