// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "keeper/config/bind.h"

namespace weir::keeper {
namespace {

constexpr const char* default_reload_file = "/run/keepalived.reload";

void bind_prefix(const Values& values, std::string& prefix)
{
    prefix = values.text();
    if (prefix.size() > 11 || prefix.find_first_of(":/ ") != std::string::npos)
        values.diagnostics().error(
            values.at(1),
            fmt::format("'{}' cannot begin the names of interfaces: 11 characters, no ':' or '/'", prefix));
}

/// reload_file, reload_time_file
void bind_path(const Values& values, std::string& path, const char* fallback)
{
    path = values.size() > 1 ? values.text() : fallback;
    if (!path.starts_with('/'))
        values.diagnostics().error(
            values.at(1), fmt::format("{}: '{}' is not an absolute path", values.statement().name(), path));
}

/// A program without a FIFO to read would never run.
void check_fifo_script(const Statement& block, const Statement& line, Diagnostics& diagnostics)
{
    constexpr std::string_view ending = "_script";
    if (!line.name().ends_with("notify_fifo_script"))
        return;
    auto fifo = line.name().substr(0, line.name().size() - ending.size());
    if (std::ranges::none_of(block.children, [&](const auto& other) { return other.name() == fifo; }))
        diagnostics.warning(line.at(),
                            fmt::format("'{}' is not run: there is no {} here", line.name(), fifo));
}

void bind_group_address(const Values& values, int family, Address& target)
{
    values.address(target);
    if (!target.empty() && (target.family() != family || !target.is_multicast()))
        values.diagnostics().error(values.at(1),
                                   fmt::format("{} is not an {} multicast address", values.text(),
                                               family == AF_INET ? "IPv4" : "IPv6"));
}

bool bind_announce(const Values& values, Global& global)
{
    const std::string& name = values.statement().name();
    Announce& announce = global.announce;
    if (name == "vrrp_garp_master_delay")
        values.seconds(announce.delay);
    else if (name == "vrrp_garp_master_repeat")
        values.integer(announce.repeat, 0, 1'000'000);
    else if (name == "vrrp_garp_master_refresh")
        values.seconds(announce.refresh);
    else if (name == "vrrp_garp_master_refresh_repeat")
        values.integer(announce.refresh_repeat, 0, 1'000'000);
    else if (name == "vrrp_garp_lower_prio_delay")
        values.seconds(announce.lower_prio_delay);
    else if (name == "vrrp_garp_lower_prio_repeat")
        values.integer(announce.lower_prio_repeat, 0, 1'000'000);
    else if (name == "vrrp_garp_interval")
        values.seconds(global.arp_interval);
    else if (name == "vrrp_gna_interval")
        values.seconds(global.na_interval);
    else
        return false;
    return true;
}

} // namespace

void bind_extra(const Values& values, Duration& interval, bool& all)
{
    std::size_t at = values.text() == "all" ? 2 : 1;
    all = at == 2;
    auto seconds = parse_seconds(values.text(at), 0, 86400);
    if (seconds)
        interval = Duration(*seconds);
    else
        values.diagnostics().error(values.at(at),
                                   fmt::format("{}: {}", values.text(0), seconds.error().message));
}

std::optional<Mac> parse_mac(std::string_view text)
{
    Mac mac{};
    for (std::size_t i = 0; i < mac.size(); i++) {
        std::size_t colon = std::min(text.find(':'), text.size());
        unsigned byte = 0;
        auto digits = text.substr(0, colon);
        if (digits.empty() || digits.size() > 2)
            return std::nullopt;
        for (char c : digits) {
            std::size_t value = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
            if (value == std::string_view::npos || (c >= 0x10 && c < 0x20))
                return std::nullopt;
            byte = byte * 16 + static_cast<unsigned>(value);
        }
        mac[i] = static_cast<std::uint8_t>(byte);
        bool last = i + 1 == mac.size();
        if (last != (colon == text.size()))
            return std::nullopt;
        text.remove_prefix(std::min(colon + 1, text.size()));
    }
    return mac;
}

void bind_global(const Statement& block, Global& global, Diagnostics& diagnostics)
{
    bool min_garp = false;
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        const std::string& name = line.name();
        check_fifo_script(block, line, diagnostics);
        auto fifo = [&] { return Fifo{values.text(1), values.text(2), values.text(3)}; };
        if (bind_announce(values, global))
            continue;
        if (name == "default_interface")
            global.default_interface = values.text();
        else if (name == "dynamic_interfaces")
            global.dynamic_interfaces = true;
        else if (name == "vrrp_mcast_group4")
            bind_group_address(values, AF_INET, global.group4);
        else if (name == "vrrp_mcast_group6")
            bind_group_address(values, AF_INET6, global.group6);
        else if (name == "vrrp_down_timer_adverts")
            values.integer(global.down_timer_adverts, 1, 100);
        else if (name == "vrrp_min_garp")
            values.boolean(min_garp);
        else if (name == "vrrp_lower_prio_no_advert")
            values.boolean(global.lower_prio_no_advert);
        else if (name == "vrrp_higher_prio_send_advert")
            values.boolean(global.higher_prio_send_advert);
        else if (name == "vrrp_version")
            values.integer(global.version, 2, 3);
        else if (name == "vrrp_check_unicast_src")
            global.check_peer = true;
        else if (name == "vrrp_skip_check_adv_addr")
            values.boolean(global.skip_check_addresses);
        else if (name == "v3_checksum_as_v2")
            values.boolean(global.message_checksum);
        else if (name == "vrrp_rt_priority")
            values.integer(global.rt_priority, 1, 99);
        else if (name == "notify_fifo")
            global.fifo = fifo();
        else if (name == "vrrp_notify_fifo")
            global.vrrp_fifo = fifo();
        else if (name == "notify_fifo_script")
            bind_program(values, global.fifo_reader);
        else if (name == "vrrp_notify_fifo_script")
            bind_program(values, global.vrrp_fifo_reader);
        else if (name == "startup_script")
            bind_program(values, global.startup);
        else if (name == "shutdown_script")
            bind_program(values, global.shutdown);
        else if (name == "startup_script_timeout")
            values.seconds(global.startup.limit);
        else if (name == "shutdown_script_timeout")
            values.seconds(global.shutdown.limit);
        else if (name == "reload_file")
            bind_path(values, global.reload_file, default_reload_file);
        else if (name == "reload_time_file")
            bind_path(values, global.reload_time_file, "");
        else if (name == "reload_repeat")
            global.reload_repeat = true;
        else if (name == "vrrp_notify_priority_changes")
            values.boolean(global.notify_priority);
        else if (name == "fifo_write_vrrp_states_on_reload")
            global.fifo_states_on_reload = true;
        else if (name == "script_user")
            global.script_user = values.text(1), global.script_group = values.text(2),
            global.script_user_at = values.at(1);
        else if (name == "enable_script_security")
            global.script_security = true;
        else if (name == "vrrp_startup_delay")
            values.seconds(global.startup_delay);
        else if (name == "vrrp_garp_extra_if" || name == "vrrp_vmac_garp_intvl")
            bind_extra(values, global.extra_interval, global.extra_all);
        else if (name == "vmac_prefix")
            bind_prefix(values, global.vmac_prefix);
        else if (name == "vmac_addr_prefix")
            bind_prefix(values, global.vmac_addr_prefix);
        else if (name == "vrrp_strict") {
            bool strict = true;
            values.boolean(strict);
            global.strict = strict;
        }
    }
    if (min_garp) {
        global.announce.repeat = 1;
        global.announce.delay = global.announce.refresh = Duration(0);
        global.announce.refresh_repeat = global.announce.lower_prio_repeat = 1;
        global.announce.lower_prio_delay = Duration(0);
    }
}

} // namespace weir::keeper
