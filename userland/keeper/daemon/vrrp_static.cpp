// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

using Wait = boost::asio::posix::descriptor_base;

/// Whoever takes away what is put back does not keep this process busy.
constexpr auto repair_pause = std::chrono::seconds(1);

} // namespace

/// Addresses, routes and rules of static_* blocks: those that a reload leaves out go, the others are there.
void VrrpProcess::apply_static(const StaticConfig& before)
{
    auto keeps = [](const auto& list, const auto& item) {
        return std::ranges::find(list, item) != list.end();
    };
    NetlinkBatch batch;
    for (const auto& rule : before.rules) {
        if (!keeps(fixed_.rules, rule))
            remove_rule_message(batch, rule);
    }
    for (const auto& route : before.routes) {
        if (!keeps(fixed_.routes, route))
            (void)remove_route_message(batch, route, *links_, 0);
    }
    for (const auto& address : before.addresses) {
        const Link* link = links_->find(address.device);
        if (link && !keeps(fixed_.addresses, address))
            remove_address_message(batch, address, link->index);
    }
    (void)netlink_->send(batch.bytes(), already_gone);

    batch.clear();
    const Link* fallback = links_->find(config_.global.default_interface);
    for (const auto& address : fixed_.addresses) {
        if (const Link* link = links_->find(address.device))
            add_address_message(batch, address, link->index);
        else
            log_.warning("static address {}: there is no interface {}", address.address.to_string(),
                         address.device);
    }
    for (const auto& route : fixed_.routes) {
        if (!add_route_message(batch, route, *links_, fallback ? fallback->index : 0))
            log_.warning("static route to {}: an interface of it is not there",
                         route.destination.to_string());
    }
    for (const auto& rule : fixed_.rules)
        add_rule_message(batch, rule);
    if (auto result = netlink_->send(batch.bytes(), already_there); !result)
        log_.error("static addresses, routes and rules: {}", result.error().message);
}

void VrrpProcess::remove_static()
{
    StaticConfig before = std::move(fixed_);
    fixed_ = {};
    apply_static(before);
}

/// keepalived's track_group: its instances are not master without what was there when they became it.
void VrrpProcess::give_up(const std::string& track_group)
{
    auto group = std::ranges::find(config_.track_groups, track_group, &TrackGroupConfig::name);
    if (group == config_.track_groups.end())
        return;
    for (const auto& name : group->instances) {
        if (auto known = by_name_.find(name); known != by_name_.end()) {
            ensemble_->step_down(known->second, now_, Reason::taken_away);
            reschedule(known->second);
        }
    }
}

/// Puts each static thing back that is not there; it counts as taken away only if it could be put back.
void VrrpProcess::repair_static()
{
    auto restore = [&](const NetlinkBatch& batch, const std::string& track_group) {
        if (!netlink_->send(batch.bytes()))
            return; // there already, or not possible now
        log_.warning("a static address, route or rule was taken away by somebody else, adding it again");
        give_up(track_group);
    };
    for (const auto& address : fixed_.addresses) {
        NetlinkBatch batch;
        const Link* link = links_->find(address.device);
        if (link && !link->has(address.address.address)) {
            add_address_message(batch, address, link->index);
            restore(batch, address.extras->track_group);
        }
    }
    const Link* fallback = links_->find(config_.global.default_interface);
    for (RouteConfig route : fixed_.routes) {
        NetlinkBatch batch;
        route.place = RouteConfig::Place::add;
        if (!route.no_track && add_route_message(batch, route, *links_, fallback ? fallback->index : 0))
            restore(batch, route.track_group);
    }
    for (const auto& rule : fixed_.rules) {
        NetlinkBatch batch;
        add_rule_message(batch, rule);
        if (!rule.no_track)
            restore(batch, rule.track_group);
    }
}

void VrrpProcess::wait_for_routes()
{
    route_events_.async_wait(Wait::wait_read, [this](const auto& error) {
        if (error || stopping_)
            return;
        turn();
        // whatever went: what has to be there is put back, what is there stays
        auto result = routes_gone_->receive([](const nlmsghdr&) {});
        if (!result && result.error().code != ENOBUFS)
            log_.error("routes: {}", result.error().message);
        schedule_repair();
        arm();
        wait_for_routes();
    });
}

void VrrpProcess::schedule_repair()
{
    if (ensemble_)
        repair_at_ = std::min(repair_at_, std::max(now_, repaired_ + repair_pause));
    schedule_delays();
}

void VrrpProcess::schedule_delays()
{
    Instant due = repair_at_;
    for (const auto& [name, delayed] : delayed_)
        due = std::min(due, delayed.due);
    if (ensemble_)
        deadlines_.set(routers_.size() * 2, due);
}

void VrrpProcess::repair()
{
    if (repair_at_ <= now_) {
        repair_at_ = never;
        repaired_ = now_;
        repair_static();
        repair_addresses();
        repair_routes();
    }
    for (std::size_t i = 0; !delayed_.empty() && i < routers_.size(); i++)
        judge_router(i);
    schedule_delays();
}

void VrrpProcess::configure_delays()
{
    auto before = std::move(delayed_);
    delayed_.clear();
    for (const auto& config : config_.delays) {
        Delayed& delayed = delayed_[config.name];
        if (auto known = before.find(config.name); known != before.end())
            delayed = known->second;
        else if (const Link* link = links_->find(config.name))
            delayed.shown = link->running();
        delayed.down = config.down;
        delayed.up = config.up;
    }
}

bool VrrpProcess::is_up(const std::string& name)
{
    const Link* link = links_->find(name);
    bool up = link && link->running();
    auto found = delayed_.find(name);
    if (found == delayed_.end())
        return up;
    Delayed& delayed = found->second;
    if (up == delayed.shown)
        delayed.due = never;
    else if (delayed.due == never)
        delayed.due = now_ + (up ? delayed.up : delayed.down);
    if (delayed.due <= now_) {
        delayed.shown = up;
        delayed.due = never;
    }
    return delayed.shown;
}

/// Of masters. One that has just become master has not heard yet what came of it.
void VrrpProcess::repair_addresses()
{
    for (std::size_t i = 0; i < routers_.size(); i++) {
        Router& router = routers_[i];
        if ((*ensemble_)[i].state() != State::master)
            continue;
        for (const auto* list : {&router.config.addresses, &router.config.excluded}) {
            for (const auto& address : *list)
                repair_address(router, address);
        }
    }
}

void VrrpProcess::repair_address(Router& router, const VirtualAddress& address)
{
    const Link* link = address.device.empty() ? links_->find(router.interface) : links_->find(address.device);
    if (!link || link->has(address.address.address))
        return;
    if (now_ - router.since < repair_pause) {
        repair_at_ = std::min(repair_at_, router.since + repair_pause);
        return;
    }
    NetlinkBatch batch;
    add_address_message(batch, address, link->index,
                        std::ranges::find(router.own, address.address) == router.own.end());
    if (!netlink_->send(batch.bytes(), already_there))
        return; // not possible, as was said when it became master
    log_.warning("({}) {} was taken away by somebody else, adding it again", router.config.name,
                 address.address.to_string());
    announce_again(router, 1);
}

void VrrpProcess::repair_routes()
{
    for (std::size_t i = 0; i < routers_.size(); i++) {
        Router& router = routers_[i];
        auto tracked = [](const auto& item) { return !item.no_track; };
        if ((*ensemble_)[i].state() != State::master ||
            (router.config.routes.empty() && router.config.rules.empty()))
            continue;
        if (std::ranges::none_of(router.config.routes, tracked) &&
            std::ranges::none_of(router.config.rules, tracked))
            continue;
        NetlinkBatch batch;
        for (RouteConfig route : router.config.routes) {
            route.place = RouteConfig::Place::add;
            if (tracked(route))
                (void)add_route_message(batch, route, *links_, router.interface);
        }
        for (const auto& rule : router.config.rules) {
            if (tracked(rule))
                add_rule_message(batch, rule);
        }
        (void)netlink_->send(batch.bytes(), already_there);
    }
}

} // namespace weir::keeper
