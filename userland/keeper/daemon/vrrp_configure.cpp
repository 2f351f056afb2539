// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <tuple>

#include <boost/asio/post.hpp>
#include <sched.h>

#include "keeper/daemon/config_memory.h"
#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

/// Whether a router of the new configuration can go on with the old one's socket and state.
bool same_router(const InstanceConfig& a, const InstanceConfig& b)
{
    auto key = [](const InstanceConfig& i) {
        return std::tie(i.name, i.interface, i.vrid, i.version, i.family, i.unicast, i.source, i.group,
                        i.vmac, i.xmit_base, i.ipvlan, i.ah);
    };
    return key(a) == key(b);
}

const Address& default_group(int family)
{
    static const Address v4 = Address::parse("224.0.0.18").value(), v6 = Address::parse("ff02::12").value();
    return family == AF_INET6 ? v6 : v4;
}

} // namespace

void VrrpProcess::start_reload()
{
    if (loading_)
        return; // the parent asks again when this one is done
    if (!ensemble_)
        return finish_reload(read_config_apart(fds_.config, ConfigPart::without_services));
    loading_ = true;
    // reading may take as long as it likes, and not on this thread
    loader_ = std::jthread([this] {
        sched_param normal{};
        (void)sched_setscheduler(0, SCHED_OTHER, &normal);
        auto config = std::make_shared<std::unique_ptr<Config>>(
            read_config_memory(fds_.config, ConfigPart::without_services));
        boost::asio::post(io_, [this, config] {
            loading_ = false;
            turn();
            finish_reload(std::move(*config));
            arm();
        });
    });
}

void VrrpProcess::finish_reload(std::unique_ptr<Config> config)
{
    if (!config)
        return log_.error("the configuration cannot be read from memory");
    if (leaving_)
        return;
    if (board_.checks_only)
        drop_routers(*config);
    reloading_ = ensemble_ != nullptr;
    if (reloading_) {
        retire(*config);
        (void)links_->update(); // what went with them
    }
    generation_++;
    reload_untold_ = true;
    tell_reload();
    // what only others need; the rest is copied, so that it lies together
    for (auto& instance : config->instances)
        instance.notify = {};
    for (auto& group : config->groups)
        group.notify = {};
    build(*config);
    config.reset();
    give_back_memory();
    board_.vrrp_generation = generation_;
    log_.info("{} virtual routers {}", routers_.size(), reloading_ ? "after the reload" : "started");
    arm();
}

/// Stops what the next configuration does not have, or has in another way.
void VrrpProcess::retire(const Config& next)
{
    std::map<std::string_view, const InstanceConfig*> wanted;
    for (const auto& instance : next.instances)
        wanted[instance.name] = &instance;
    for (std::size_t i = 0; i < routers_.size(); i++) {
        Router& router = routers_[i];
        auto same = wanted.find(router.config.name);
        if (same != wanted.end() && same_router(*same->second, router.config))
            continue;
        retiring_ = true;
        ensemble_->stop(i, now_);
        retiring_ = false;
        notify(i, Event::deleted);
        take_down(router);
    }
}

/// What a reload brings is no fault until it was looked at.
void VrrpProcess::note_new_trackers(const Config& next)
{
    auto note = [this](std::set<std::string>& fresh, const auto& before, const auto& after) {
        for (const auto& item : after) {
            if (reloading_ &&
                std::ranges::find(before, item.name, [](const auto& i) { return i.name; }) == before.end())
                fresh.insert(item.name);
        }
    };
    note(tracked_.new_scripts, config_.scripts, next.scripts);
    note(tracked_.new_processes, config_.processes, next.processes);
}

void VrrpProcess::build(const Config& config)
{
    auto old_routers = std::move(routers_);
    auto old_names = std::move(by_name_);
    auto old_ensemble = std::move(ensemble_);
    std::vector<InstanceRecord> old_records(board_.records, board_.records + old_routers.size());
    note_new_trackers(config);
    config_ = config;
    routers_.clear();
    by_name_.clear();
    virtual_addresses_.clear();
    ensemble_ = std::make_unique<Ensemble>(
        [this](std::size_t i, const Actions& actions, State before) { act(i, actions, before); },
        [this](std::size_t group) { notify_group(group); });
    routers_.resize(std::min<std::size_t>(config_.instances.size(), Board::max_instances));
    configure_delays();
    configure_bfd();
    configure_handover();
    deadlines_ = Deadlines(bfd_item(bfds_.size()));
    for (std::size_t i = 0; i < bfds_.size(); i++)
        deadlines_.set(bfd_item(i), bfds_[i]->due());
    std::erase_if(tracked_.scripts, [&](const auto& item) {
        return std::ranges::find(config_.scripts, item.first, &ScriptConfig::name) == config_.scripts.end();
    });

    for (const auto& instance : config_.instances) {
        for (const auto* list : {&instance.addresses, &instance.excluded}) {
            for (const auto& address : *list)
                virtual_addresses_.push_back(address.address.address);
        }
    }
    std::ranges::sort(virtual_addresses_);
    for (std::size_t i = 0; i < routers_.size(); i++)
        by_name_[config_.instances[i].name] = i;
    for (std::size_t g = 0; g < config_.groups.size(); g++) {
        for (const auto& member : config_.groups[g].members) {
            if (auto known = by_name_.find(member); known != by_name_.end())
                routers_[known->second].group = g;
        }
    }
    sources_.clear();
    std::vector<InstanceRecord> records(reloading_ ? routers_.size() : 0);
    std::vector<Handovers::Side> sides(routers_.size());
    std::vector<std::size_t> changed; ///< masters that have other addresses, routes or rules than before
    for (std::size_t i = 0; i < routers_.size(); i++) {
        Router& router = routers_[i];
        board_.heartbeat_us = boot_time().count(); // many vmacs take their time
        router.config = std::move(config_.instances[i]);
        router.other_names = other_interfaces(router.config);
        router.pace =
            router.config.family == AF_INET6 ? config_.global.na_interval : config_.global.arp_interval;
        for (const auto& pace : config_.paces) {
            if (std::ranges::find(pace.interfaces, router.config.interface) != pace.interfaces.end())
                router.pace = router.config.family == AF_INET6 ? pace.na : pace.arp;
        }
        router.checksum =
            router.config.message_checksum ? ChecksumForm::message : ChecksumForm::pseudo_header;
        std::vector<Address> advertised;
        for (const auto& address : router.config.addresses)
            advertised.push_back(address.address.address);
        router.advert = AdvertBuffer(router.config, advertised);

        Policy policy = Policy::of(router.config);
        policy.startup_delay = reloading_ ? Duration(0) : config_.global.startup_delay;
        ensemble_->add(policy, router.group);
        auto old = old_names.find(router.config.name);
        if (old != old_names.end())
            records[i] = old_records[old->second];
        bool goes_on = old != old_names.end() && same_router(old_routers[old->second].config, router.config);
        if (goes_on) {
            Router& before = old_routers[old->second];
            if (router.config.message_checksum == before.config.message_checksum)
                router.checksum = before.checksum;
            router.since = before.since;
            router.ah_sequence = before.ah_sequence;
            router.ah_id = before.ah_id;
            router.series = before.series;
            router.channel = before.channel;
            router.takeover = before.takeover;
            sides[i] = handovers_[old->second];
            router.own = before.own;
        }
        sides[i].able = !router.config.ah;
        if (router.own.empty())
            find_own(router);
        auto bfd = std::ranges::find_if(
            bfds_, [&](const auto& peer) { return peer->config.name == router.config.takeover_bfd; });
        if (bfd != bfds_.end()) {
            router.bfd = static_cast<int>(bfd - bfds_.begin());
            bool new_one =
                !goes_on || old_routers[old->second].config.takeover_bfd != router.config.takeover_bfd;
            if (new_one && (*bfd)->session.state() == BfdState::up)
                router.takeover.session_up(now_);
        }
        (void)bind_router(router);
        if (goes_on) {
            const Machine& machine = (*old_ensemble)[old->second];
            ensemble_->restore(i, now_, machine, machine.state() == State::fault);
            if (machine.state() == State::master) {
                repeat_series(router);
                if (remove_dropped(router, old_routers[old->second]))
                    changed.push_back(i);
            }
            drop_links(router, old_routers[old->second]);
        } else if (router.config.priority != 255) {
            change_addresses(router, false); // left over from a process that could not
        }
    }
    handovers_.configure(*ensemble_, std::move(sides));
    deadlines_.set(handover_item(), handovers_.deadline());
    // after all that went: an address may have moved from one router to another
    for (std::size_t i : changed) {
        change_addresses(routers_[i], true);
        announce_again(routers_[i], 1);
    }
    config_.instances = std::vector<InstanceConfig>(); // the routers have them; {} would keep the space
    for (std::size_t g = 0; g < config_.groups.size(); g++) {
        std::vector<std::size_t> order;
        for (const auto& member : config_.groups[g].members) {
            if (auto known = by_name_.find(member); known != by_name_.end())
                order.push_back(known->second);
        }
        ensemble_->set_order(g, std::move(order));
    }
    bind_bfd_interfaces();
    apply_static(std::exchange(fixed_, config_.fixed));
    publish_all(records);
    start_routers();
    publish_patience();
    schedule_delays();
    close_unused_channels();
}

/// Those that go on are judged anew; the others start, and their groups are told of as keepalived does:
/// before their members.
void VrrpProcess::start_routers()
{
    auto is_new = [&](std::size_t i) { return (*ensemble_)[i].state() == State::init; };
    std::vector<std::uint8_t> group_is_new(config_.groups.size(), 1), owns(config_.groups.size(), 1),
        faulty(config_.groups.size(), 0);
    for (std::size_t i = 0; i < routers_.size(); i++) {
        std::size_t group = routers_[i].group;
        if (is_new(i)) {
            ensemble_->set_priority(i, assess(i));
            ensemble_->note_faulty(i, !routers_[i].fault.empty());
        }
        if (group == Ensemble::no_group)
            continue;
        group_is_new[group] &= is_new(i);
        owns[group] &= routers_[i].config.priority == 255;
        faulty[group] |= !routers_[i].fault.empty();
    }
    for (std::size_t group = 0; group < config_.groups.size(); group++) {
        if (group_is_new[group] && (faulty[group] || !owns[group]))
            notify_group(group, faulty[group] ? State::fault : State::backup);
    }
    for (std::size_t i = 0; i < routers_.size(); i++) {
        if (is_new(i))
            ensemble_->start(i, now_, !routers_[i].fault.empty());
        else
            judge_router(i);
        reschedule(i);
        publish(i);
    }
    for (std::size_t group = 0; group < ensemble_->groups(); group++)
        notify_group(group);
}

bool VrrpProcess::bind_router(Router& router)
{
    const Link* base = links_->find(router.config.interface);
    const Link* link = base;
    if (base && router.config.vmac)
        link = make_vmac(router, *base);
    else if (base && router.config.ipvlan)
        link = make_ipvlan(router, *base);
    int index = link ? link->index : 0;
    for (const auto& vmac : router.config.address_vmacs) {
        if (const Link* on = links_->find(vmac.base))
            (void)make_macvlan(router, vmac.name, vmac.mac, *on);
    }
    base = links_->find(router.config.interface), link = links_->find(index);
    int base_index = base ? base->index : 0;
    const Link* source_link = router.config.ipvlan ? link : base;
    Address source = source_link ? source_of(router, *source_link) : Address();
    std::vector<int> others;
    for (const auto& name : router.other_names) {
        const Link* other = links_->find(name);
        others.push_back(other ? other->index : 0);
    }
    if (base_index == router.base && index == router.interface && source == router.source &&
        others == router.others && router.channel)
        return false;
    router.others = std::move(others);
    router.base = base_index;
    router.interface = index;
    router.source = source;
    router.logged_send_error = false;
    router.channel.reset();
    router.add.clear(), router.remove.clear(), router.announced.clear();
    router.series.cursor = 0;
    router.mac = link ? link->mac : Mac{};
    if (link) {
        if (router.config.promote_secondaries && router.config.family == AF_INET)
            (void)set_interface_sysctl(AF_INET, link->name, "promote_secondaries", 1);
        prepare_addresses(router, *link);
        if (!source.empty())
            open_channel(router, router.config.xmit_base ? *base : *link);
    }
    return true;
}

/// Interfaces beside its own that a router's addresses, routes and rules name; without them it is in FAULT.
std::vector<std::string> VrrpProcess::other_interfaces(const InstanceConfig& config)
{
    std::set<std::string> names;
    for (const auto* list : {&config.addresses, &config.excluded}) {
        for (const auto& address : *list)
            names.insert(address.no_track ? "" : address.device);
    }
    for (const auto& route : config.routes) {
        for (const auto& hop : route.hops)
            names.insert(route.no_track ? "" : hop.device);
    }
    for (const auto& rule : config.rules) {
        names.insert(rule.no_track ? "" : rule.in);
        names.insert(rule.no_track ? "" : rule.out);
    }
    names.erase("");
    names.erase(config.interface);
    return {names.begin(), names.end()};
}

/// Messages in the order in which they hold: routes need their addresses, rules their routes.
void VrrpProcess::prepare_addresses(Router& router, const Link& link)
{
    for (auto rule = router.config.rules.rbegin(); rule != router.config.rules.rend(); ++rule)
        remove_rule_message(router.remove, *rule);
    for (auto route = router.config.routes.rbegin(); route != router.config.routes.rend(); ++route)
        (void)remove_route_message(router.remove, *route, *links_, link.index);
    for (const auto* list : {&router.config.addresses, &router.config.excluded}) {
        for (const auto& address : *list) {
            const Link* on = address.device.empty() ? &link : links_->find(address.device);
            if (!on)
                continue;
            bool own = std::ranges::find(router.own, address.address) != router.own.end();
            add_address_message(router.add, address, on->index, !own);
            if (!own)
                remove_address_message(router.remove, address, on->index);
            router.announced.push_back({address.address.address, on->index});
        }
    }
    for (const auto& route : router.config.routes) {
        if (!add_route_message(router.add, route, *links_, link.index))
            log_.warning("({}) the route to {} is left out: an interface of it is not there",
                         router.config.name, route.destination.to_string());
    }
    for (const auto& rule : router.config.rules)
        add_rule_message(router.add, rule);
    router.add.shrink(), router.remove.shrink();
}

/// Of a master, by a reload: what its list has no more goes. True if there is something to be added.
bool VrrpProcess::remove_dropped(const Router& router, const Router& old)
{
    NetlinkBatch gone;
    auto in = [](const auto& list, const auto& item) { return std::ranges::find(list, item) != list.end(); };
    auto keeps = [&](const VirtualAddress& address) {
        return in(router.config.addresses, address) || in(router.config.excluded, address);
    };
    for (const auto& rule : old.config.rules) {
        if (!in(router.config.rules, rule))
            remove_rule_message(gone, rule);
    }
    for (const auto& route : old.config.routes) {
        if (!in(router.config.routes, route))
            (void)remove_route_message(gone, route, *links_, old.interface);
    }
    for (const auto* list : {&old.config.addresses, &old.config.excluded}) {
        for (const auto& address : *list) {
            const Link* device =
                address.device.empty() ? links_->find(old.interface) : links_->find(address.device);
            if (device && !keeps(address) && !in(router.own, address.address))
                remove_address_message(gone, address, device->index);
        }
    }
    if (!gone.empty())
        (void)netlink_->send(gone.bytes(), already_gone);
    return router.announced.size() != old.announced.size() || !gone.empty() ||
           router.config.routes != old.config.routes || router.config.rules != old.config.rules;
}

void VrrpProcess::open_channel(Router& router, const Link& link)
{
    Transport transport{link.index, link.name, {}, {}, router.config.ah};
    if (router.config.unicast)
        transport.local = router.source;
    else
        transport.group =
            router.config.group.empty() ? default_group(router.config.family) : router.config.group;
    auto known = channels_.find(transport);
    if (known == channels_.end()) {
        auto socket = AdvertSocket::create(transport);
        if (!socket) {
            log_.error("({}) {}", router.config.name, socket.error().message);
            return;
        }
        known =
            channels_.emplace(transport, std::make_shared<Channel>(io_, std::move(*socket), transport)).first;
        wait_for(*known->second);
    }
    router.channel = known->second;
}

void VrrpProcess::close_unused_channels()
{
    for (auto& [transport, channel] : channels_)
        channel->routers.fill(-1);
    for (std::size_t i = 0; i < routers_.size(); i++) {
        if (routers_[i].channel)
            routers_[i].channel->routers[routers_[i].config.vrid] = static_cast<std::int32_t>(i);
    }
    std::erase_if(channels_, [](const auto& item) { return item.second.use_count() == 1; });
}

std::uint8_t VrrpProcess::assess(std::size_t index)
{
    Router& router = routers_[index];
    const InstanceConfig& config = router.config;
    std::vector<TrackLists> lists{
        {&config.interfaces, &config.scripts, &config.processes, &config.files, &config.bfds}};
    if (router.group != Ensemble::no_group) {
        const SyncGroupConfig& group = config_.groups[router.group];
        lists.push_back({&group.interfaces, &group.scripts, &group.processes, &group.files, &group.bfds});
    }
    for (const auto& list : lists) {
        for (const auto& track : *list.interfaces) {
            tracked_.interfaces[track.name] = is_up(track.name);
        }
    }
    TrackVerdict verdict = judge(config.priority, lists, tracked_);
    const Link* base = links_->find(router.base);
    if (!base)
        verdict.fault = "no interface " + config.interface;
    else if (config.track_primary && !is_up(base->name))
        verdict.fault = "interface " + config.interface + " is down";
    else if (router.source.empty() || (config.track_source && !has_source(router)))
        verdict.fault = "no source address on " + (config.ipvlan ? config.ipvlan->name : config.interface);
    else if (config.unicast && config.peers.empty())
        verdict.fault = "no unicast peers";
    else if (!router.channel)
        verdict.fault = "no socket on " + config.interface;
    else if (!config.vrf.empty() && !in_vrf(*base, config.vrf))
        verdict.fault = "interface " + config.interface + " is not in VRF " + config.vrf;
    else if (config.addresses.empty() && config.version == 3)
        verdict.fault = "no addresses";
    for (const auto& name : router.other_names) {
        if (verdict.fault.empty() && !is_up(name))
            verdict.fault = "interface " + name + " is down";
    }
    router.fault = verdict.fault;
    return verdict.priority;
}

void VrrpProcess::judge_router(std::size_t index)
{
    std::uint8_t priority = assess(index);
    if ((*ensemble_)[index].priority() != priority) {
        ensemble_->set_priority(index, priority);
        log_.info("({}) priority is now {}", routers_[index].config.name, priority);
        publish(index);
        notify(index, Event::priority);
    }
    ensemble_->set_faulty(index, now_, !routers_[index].fault.empty());
    reschedule(index);
}

void VrrpProcess::links_changed()
{
    sources_.clear();
    schedule_repair();
    bind_bfd_interfaces();
    bool rebound = false;
    for (auto& router : routers_) {
        if (router.source.empty() && router.own.empty())
            find_own(router);
        rebound |= bind_router(router);
    }
    if (rebound) {
        close_unused_channels();
        publish_all();
    }
    for (std::size_t i = 0; i < routers_.size(); i++) {
        judge_router(i);
        Router& router = routers_[i];
        const Link* link = links_->find(router.interface);
        if (link && std::exchange(router.mac, link->mac) != link->mac &&
            (*ensemble_)[i].state() == State::master)
            announce_again(router, router.config.announce.repeat);
    }
    schedule_delays();
}

/// `before`: what was known of each router by another place of its record; empty where all stay in theirs.
void VrrpProcess::publish_all(const std::vector<InstanceRecord>& before)
{
    BoardWrite write(board_);
    std::uint32_t offset = 0;
    for (std::size_t i = 0; i < routers_.size(); i++) {
        const Router& router = routers_[i];
        InstanceRecord& record = board_.records[i];
        std::array<char, 64> label{};
        set_text(label, router.config.name);
        if (!before.empty())
            record = before[i];
        else if (record.name != label)
            record = {};
        set_text(record.name, router.config.name);
        set_text(record.interface, router.config.interface);
        record.version = static_cast<std::uint8_t>(router.config.version);
        record.vrid = router.config.vrid;
        record.v6 = router.config.family == AF_INET6;
        record.checksum = router.checksum;
        record.interval_us = router.config.advert_interval.count();
        NetlinkBatch link;
        for (const auto& name : router.config.made_interfaces())
            remove_link_message(link, name);
        auto store = [&](std::span<const std::uint8_t> messages) -> Removal {
            if (offset + messages.size() > Board::removal_space)
                return {};
            std::ranges::copy(messages, board_.removals + offset);
            Removal removal{offset, static_cast<std::uint32_t>(messages.size())};
            offset += removal.size;
            return removal;
        };
        record.addresses = store(router.remove.bytes());
        record.vmac = store(link.bytes());
    }
    board_.instances = static_cast<std::uint32_t>(routers_.size());
}

} // namespace weir::keeper
