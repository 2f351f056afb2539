// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libweir/config.h"
#include "weiradm/command.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"
#include "weiradm/service_word.h"
#include "weiradm/table.h"

namespace weir {
namespace {

std::vector<std::string> row(std::string name, const Stats& stats, std::uint64_t active, std::string state)
{
    return {std::move(name),
            std::move(state),
            short_number(active),
            short_number(stats.cps),
            short_number(stats.in_pps),
            short_number(stats.out_pps),
            short_number(stats.in_bps),
            short_number(stats.out_bps)};
}

std::string screen(const Config& config, std::vector<Service> services)
{
    std::ranges::stable_sort(services, [](const Service& a, const Service& b) {
        return a.stats.in_pps + a.stats.out_pps > b.stats.in_pps + b.stats.out_pps;
    });
    std::string text = fmt::format("weir: services {}, connections {} of {}\n\n", config.service_count,
                                   config.conn_count, config.conn_max);
    Table table(
        {"SERVICE / SERVER", "STATE", "ACTIVE", "CONN/S", "PKT/S IN", "PKT/S OUT", "B/S IN", "B/S OUT"}, 2);
    for (const Service& service : services) {
        std::uint64_t active = 0;
        for (const Server& server : service.servers)
            active += server.active;
        table.add(row(service_word(service.key), service.stats, active, service.config.scheduler));
        for (const Server& server : service.servers)
            table.add(
                row("  " + server.endpoint.to_string(), *server.stats, server.active, server_state(server)));
    }
    return text + table.text();
}

/// As many lines as the terminal has.
std::string cut(const std::string& text)
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 3)
        return text;
    std::size_t end = 0;
    for (unsigned line = 0; line + 1u < size.ws_row; line++) {
        end = text.find('\n', end);
        if (end == std::string::npos)
            return text;
        end++;
    }
    return text.substr(0, end);
}

int run(const Arguments& arguments)
{
    bool once = false;
    std::optional<std::uint32_t> interval;
    Options options;
    options.flag("once,1", once);
    options.number("interval,i", 1, 3600, interval);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("top", parsed.error());
    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());

    bool terminal = ::isatty(STDOUT_FILENO) != 0;
    while (true) {
        auto config = config_get(*socket);
        if (!config)
            return refuse(config.error());
        auto services = services_list(*socket);
        if (!services)
            return refuse(services.error());
        std::string text = screen(*config, std::move(*services));
        if (once) {
            print(text);
            return exit_ok;
        }
        print(terminal ? "\033[H\033[J" + cut(text) : text + "\n");
        if (std::fflush(stdout) != 0)
            return exit_ok; // the reader has gone
        ::sleep(interval.value_or(2));
    }
}

} // namespace

const CommandEntry cmd_top = {
    .name = "top",
    .summary = "live rates of services and servers",
    .help = R"(Usage: weiradm top [--once] [--interval SECONDS]

Shows rates (averages of some seconds), the busiest service first, until it is
interrupted.

  -1, --once               print once and end
  -i, --interval SECONDS   2 without it

Example:
  weiradm top --once
)",
    .run = run,
};

} // namespace weir
