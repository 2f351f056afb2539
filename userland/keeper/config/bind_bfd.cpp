// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <net/if.h>

#include "keeper/config/bind.h"

namespace weir::keeper {

void bind_bfd(const Statement& block, BfdConfig& bfd, Diagnostics& diagnostics)
{
    bfd.at = block.at();
    bool vrrp = false, checks = false;
    // given in milliseconds, with decimals
    auto milliseconds = [](const Values& values, Duration& target) {
        values.seconds(target);
        target /= 1000;
    };
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        const std::string& name = line.name();
        if (name == "neighbor_ip" || name == "neighbour_ip")
            values.address(bfd.neighbor);
        else if (name == "source_ip")
            values.address(bfd.source);
        else if (name == "min_rx")
            milliseconds(values, bfd.min_rx);
        else if (name == "min_tx")
            milliseconds(values, bfd.min_tx);
        else if (name == "idle_tx")
            milliseconds(values, bfd.idle_tx);
        else if (name == "multiplier")
            values.integer(bfd.multiplier, 1, 255);
        else if (name == "passive")
            bfd.passive = true;
        else if (name == "ttl" || name == "hoplimit")
            values.integer(bfd.ttl, 1, 255);
        else if (name == "max_hops") {
            int hops = 0;
            values.integer(hops, -1, 255);
            bfd.max_hops = hops < 0 ? 255 : static_cast<unsigned>(hops);
        } else if (name == "weight") {
            values.integer(bfd.weight, -253, 253);
            bfd.reverse = values.text(2) == "reverse";
        } else if (name == "vrrp")
            vrrp = true;
        else if (name == "checker")
            checks = true;
    }
    if (vrrp != checks) {
        bfd.for_vrrp = vrrp;
        bfd.for_checks = checks;
    }
    if (bfd.neighbor.empty())
        diagnostics.error(bfd.at, fmt::format("bfd_instance '{}' has no neighbor_ip", bfd.name));
    else if (!bfd.source.empty() && bfd.source.family() != bfd.neighbor.family())
        diagnostics.error(
            bfd.at, fmt::format("source and neighbor of bfd_instance '{}' are of one family", bfd.name));
}

void bind_delays(const Statement& block, std::vector<InterfaceDelay>& delays, Diagnostics& diagnostics)
{
    for (const auto& line : block.children) {
        Values values(line, diagnostics);
        InterfaceDelay delay;
        delay.name = values.text(0);
        auto down = parse_seconds(values.text(1), 0, 255);
        auto up = values.size() > 2 ? parse_seconds(values.text(2), 0, 255) : down;
        if (!down || !up) {
            diagnostics.error(line.at(),
                              fmt::format("{}: {}", delay.name, (down ? up : down).error().message));
            continue;
        }
        delay.down = Duration(*down);
        delay.up = Duration(*up);
        delays.push_back(std::move(delay));
    }
}

/// Sessions are told apart by their addresses; a takeover needs one that VRRP may follow.
void check_bfds(const Config& config, Diagnostics& diagnostics)
{
    for (std::size_t i = 0; i < config.bfds.size(); i++) {
        for (std::size_t j = 0; j < i; j++) {
            if (config.bfds[i].neighbor == config.bfds[j].neighbor &&
                config.bfds[i].source == config.bfds[j].source)
                diagnostics.error(config.bfds[i].at, fmt::format("'{}' and '{}' are one BFD session",
                                                                 config.bfds[j].name, config.bfds[i].name));
        }
    }
    for (const auto& instance : config.instances) {
        if (instance.takeover_bfd.empty())
            continue;
        auto bfd = std::ranges::find(config.bfds, instance.takeover_bfd, &BfdConfig::name);
        if (bfd == config.bfds.end())
            diagnostics.error(instance.at,
                              fmt::format("there is no bfd_instance '{}'", instance.takeover_bfd));
        else if (!bfd->for_vrrp)
            diagnostics.error(instance.at,
                              fmt::format("bfd_instance '{}' is for health checks alone", bfd->name));
        else if (bfd->neighbor.family() != instance.family)
            diagnostics.error(instance.at,
                              fmt::format("takeover_bfd of '{}': the neighbor has to be where its adverts "
                                          "come from, of the same family",
                                          instance.name));
    }
}

bool BfdConfig::operator==(const BfdConfig& other) const
{
    auto tie = [](const BfdConfig& b) {
        return std::tie(b.name, b.neighbor, b.source, b.min_rx, b.min_tx, b.idle_tx, b.multiplier, b.passive,
                        b.ttl, b.max_hops, b.weight, b.reverse, b.for_vrrp, b.for_checks);
    };
    return tie(*this) == tie(other);
}

} // namespace weir::keeper
