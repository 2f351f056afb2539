// SPDX-License-Identifier: GPL-2.0
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "weiradm/arguments.h"
#include "weiradm/command.h"
#include "weiradm/json.h"
#include "weiradm/kernel.h"
#include "weiradm/output.h"

namespace weir {
namespace {

constexpr std::string_view timeout_start = "timeout.";
constexpr std::string_view all_devices = "all";

/// "NAME=VALUE"
Result<void> read_setting(const std::string& word, ConfigChange& change)
{
    std::size_t equals = word.find('=');
    if (equals == std::string::npos)
        return fail(EINVAL, fmt::format("'{}': NAME=VALUE is expected", word));
    std::string name = word.substr(0, equals);
    std::string value = word.substr(equals + 1);

    auto number = [&](std::uint32_t min, std::uint32_t max, auto&& take) -> Result<void> {
        auto parsed = parse_number(value, min, max);
        if (!parsed)
            return fail(parsed.error().code, parsed.error().message, name);
        take(static_cast<std::uint32_t>(*parsed));
        return {};
    };
    auto boolean = [&](std::optional<bool>& member) -> Result<void> {
        auto parsed = parse_switch(value);
        if (!parsed)
            return fail(EINVAL, parsed.error().message, name);
        member = *parsed;
        return {};
    };
    if (name.starts_with(timeout_start)) {
        auto state = state_from_word(std::string_view(name).substr(timeout_start.size()));
        if (!state)
            return fail(EINVAL, "there is no such state", name);
        return number(1, WEIR_TIMEOUT_MAX, [&](std::uint32_t seconds) { change.timeouts[*state] = seconds; });
    }
    if (name == "conn-max")
        return number(1, UINT32_MAX, [&](std::uint32_t limit) { change.conn_max = limit; });
    if (name == "service-max")
        return number(0, UINT32_MAX, [&](std::uint32_t limit) { change.service_max = limit; });
    if (name == "staged-max")
        return number(0, UINT32_MAX, [&](std::uint32_t limit) { change.staged_max = limit; });
    if (name == "express")
        return boolean(change.express);
    if (name == "express-devices") {
        if (value.empty())
            return fail(EINVAL, "'all' or names with commas between are expected", name);
        std::istringstream list(value == all_devices ? "" : value);
        change.express_devices.emplace();
        for (std::string device; std::getline(list, device, ',');)
            change.express_devices->push_back(device);
        return {};
    }
    if (name == "sloppy-tcp")
        return boolean(change.sloppy_tcp);
    if (name == "expire-quiescent")
        return boolean(change.expire_quiescent);
    return fail(EINVAL, "there is no such setting", name);
}

std::string text_of(const Config& config)
{
    std::string text;
    const Json json = listing_json(config); // lives as long as the walk over its items
    for (const auto& [name, value] : json.items()) {
        if (name == "timeouts") {
            for (const auto& [state, seconds] : value.items())
                text += fmt::format("{:<24} {}\n", std::string(timeout_start) + state,
                                    seconds.get<std::uint32_t>());
        } else if (value.is_array()) {
            text += fmt::format("{:<24} {}\n", name,
                                value.empty() ? all_devices
                                              : fmt::format("{}", fmt::join(config.express_devices, ",")));
        } else {
            text += fmt::format("{:<24} {}\n", name,
                                value.is_boolean() ? (value.get<bool>() ? "on" : "off") : to_line(value));
        }
    }
    return text;
}

int run(const Arguments& arguments)
{
    bool json = false;
    std::vector<std::string> words;
    ConfigChange change;
    Options options;
    options.flag("json,j", json);
    options.words("NAME=VALUE", 0, SIZE_MAX, words);
    if (auto parsed = options.parse(arguments); !parsed)
        return misuse("config", parsed.error());
    for (const std::string& word : words)
        if (auto read = read_setting(word, change); !read)
            return misuse("config", read.error());

    auto socket = open_kernel();
    if (!socket)
        return refuse(socket.error());
    if (!words.empty()) {
        auto done = config_set(*socket, change);
        return done ? exit_ok : refuse(done.error());
    }
    auto config = config_get(*socket);
    if (!config)
        return refuse(config.error());
    print(json ? to_text(listing_json(*config)) : text_of(*config));
    return exit_ok;
}

} // namespace

const CommandEntry cmd_config = {
    .name = "config",
    .summary = "show or change the settings of this network namespace",
    .help = R"(Usage: weiradm config [-j]
       weiradm config NAME=VALUE...

  conn-max=N             connections at most
  service-max=N          services at most
  staged-max=BYTES       what one transaction may hold
  express=on|off         the express path of established connections
  express-devices=all|NAME,...  where packets may take it
  sloppy-tcp=on|off      any segment but RST may open a connection
  expire-quiescent=on|off  persistence ends when its server's weight is 0
  timeout.STATE=SECONDS  established, syn-sent, syn-recv, fin-wait, time-wait,
                         close, close-wait, last-ack, listen, synack, udp,
                         udp-unreplied
  -j, --json             show as JSON

Example:
  weiradm config timeout.established=1800 conn-max=2000000
)",
    .run = run,
};

} // namespace weir
