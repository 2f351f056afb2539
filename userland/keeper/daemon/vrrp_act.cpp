// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

/// Announcements sent before the loop looks at its sockets again: about a third of a millisecond.
constexpr std::size_t portion = 64;

} // namespace

void VrrpProcess::act(std::size_t index, const Actions& actions, State before)
{
    Router& router = routers_[index];
    const Machine& machine = (*ensemble_)[index];
    const Announce& settings = router.config.announce;
    for (Action action : actions) {
        switch (action) {
        case Action::send_advert:
            if (!handovers_.silent(index))
                send_advert(router, machine.priority());
            break;
        case Action::send_resign: send_advert(router, 0); break;
        case Action::add_addresses: change_addresses(router, true); break;
        case Action::remove_addresses:
            router.series.stop();
            change_addresses(router, false);
            break;
        case Action::announce:
            start_series(router, settings.repeat, settings.delay,
                         settings.delay.count() ? settings.repeat : 0);
            router.series.refresh = router.series.extra = never;
            repeat_series(router);
            break;
        case Action::announce_lower:
            if (settings.lower_prio_repeat)
                start_series(router, settings.lower_prio_repeat, settings.lower_prio_delay,
                             settings.lower_prio_delay.count() ? settings.lower_prio_repeat : 0);
            break;
        case Action::heard_lower:
            board_.records[index].lower_heard++;
            notify(index, Event::heard_lower);
            break;
        case Action::ask_group: break;
        }
    }
    if (machine.state() != before)
        state_changed(index, before);
    reschedule(index);
}

int VrrpProcess::send_in_ah(Router& router, std::span<const std::uint8_t> message, const Address& to)
{
    router.ah_id = static_cast<std::uint16_t>(router.ah_id == UINT16_MAX ? 1 : router.ah_id + 1);
    AhPath path{
        router.source,
        to,
        static_cast<std::uint8_t>(router.config.unicast && router.config.ttl ? router.config.ttl : 255),
        router.config.unicast,
        router.ah_id,
        router.ah_sequence};
    return router.channel->socket.send_packet(wrap_ah(ah_packet_, message, path, *router.config.password),
                                              to);
}

void VrrpProcess::send_advert(Router& router, std::uint8_t priority)
{
    if (!router.channel)
        return;
    router.ah_sequence += router.config.ah && router.ah_sequence != UINT32_MAX; // and is ignored from then on
    InstanceRecord& record = board_.records[&router - routers_.data()];
    auto send_to = [&](const Address& destination) {
        auto message = router.advert.finish(priority, router.source, destination, router.checksum);
        int ttl = static_cast<int>(router.config.unicast && router.config.ttl ? router.config.ttl : 255);
        int error = router.config.ah ? send_in_ah(router, message, destination)
                                     : router.channel->socket.send(message, router.source, destination, ttl);
        if (error) {
            record.send_errors++;
            if (!std::exchange(router.logged_send_error, true))
                log_.warning("({}) advert to {}: {}", router.config.name, destination.to_string(),
                             strerror(error));
        }
    };
    if (!router.config.unicast)
        send_to(router.channel->transport.group);
    for (const auto& peer : router.config.peers) {
        if (router.config.unicast)
            send_to(peer.address);
    }
    record.adverts_sent++;
    record.resignations_sent += priority == 0;
}

void VrrpProcess::change_addresses(Router& router, bool add)
{
    const NetlinkBatch& batch = add ? router.add : router.remove;
    // an address that is gone already, or its interface, is as well as removed
    auto result =
        add ? netlink_->send(batch.bytes(), already_there) : netlink_->send(batch.bytes(), already_gone);
    if (!result)
        log_.error("({}) {} addresses and routes: {}", router.config.name, add ? "adding" : "removing",
                   result.error().message);
}

void VrrpProcess::start_series(Router& router, unsigned rounds, Duration delay, unsigned delayed_rounds)
{
    AnnounceSeries& series = router.series;
    series.rounds = std::max(rounds, 1u);
    series.cursor = 0;
    series.next = now_;
    series.second = delayed_rounds ? now_ + delay : never;
    series.second_rounds = delayed_rounds;
    // the first portion at once: neighbours wait for it
    announce_step(static_cast<std::size_t>(&router - routers_.data()));
}

/// A series for a master whose addresses or MAC are not as they were; one that waits for its second part goes
/// on.
void VrrpProcess::announce_again(Router& router, unsigned rounds)
{
    AnnounceSeries& series = router.series;
    series.rounds = std::max({series.rounds, rounds, 1u});
    series.cursor = 0;
    series.next = now_;
    reschedule(static_cast<std::size_t>(&router - routers_.data()));
}

/// When a master announces again by itself; a reload may have another interval, or none.
void VrrpProcess::repeat_series(Router& router) const
{
    auto sooner = [this](Instant due, Duration interval) {
        return interval.count() ? std::min(due, now_ + interval) : never;
    };
    AnnounceSeries& series = router.series;
    series.refresh = sooner(series.refresh, router.config.announce.refresh);
    series.extra = sooner(series.extra, router.config.extra_interval);
}

void VrrpProcess::announce_step(std::size_t index)
{
    Router& router = routers_[index];
    AnnounceSeries& series = router.series;
    if (series.second <= now_) {
        series.rounds += series.second_rounds;
        series.second = never;
        series.next = std::min(series.next, now_);
    }
    if (series.refresh <= now_) {
        series.rounds += router.config.announce.refresh_repeat;
        series.refresh = now_ + router.config.announce.refresh;
        series.next = std::min(series.next, now_);
    }
    if (series.extra <= now_) {
        series.extra = now_ + router.config.extra_interval;
        // switches forget where addresses on other interfaces than that of the adverts are
        for (const auto& item : router.announced) {
            const Link* link = links_->find(item.interface);
            if (link && item.interface != router.interface &&
                (router.config.extra_all || link->kind == "macvlan"))
                (void)announcer_->announce(item.address, item.interface, link->mac, true);
        }
    }
    std::size_t most = router.pace.count() ? 1 : portion;
    for (std::size_t sent = 0; sent < most && series.rounds && series.next <= now_; sent++) {
        if (router.announced.empty()) {
            series.rounds = 0;
            break;
        }
        const Announced& item = router.announced[series.cursor];
        if (const Link* link = links_->find(item.interface))
            (void)announcer_->announce(item.address, item.interface, link->mac, true);
        if (++series.cursor == router.announced.size()) {
            series.cursor = 0;
            series.rounds--;
        }
    }
    series.next = series.rounds ? now_ + router.pace : never;
    deadlines_.set(routers_.size() + index, series.due());
}

/// Why the state is another one, with whom and what. Before publish().
std::string VrrpProcess::reason_detail(std::size_t index) const
{
    const Router& router = routers_[index];
    const Machine& machine = (*ensemble_)[index];
    const InstanceRecord& record = board_.records[index];
    std::string_view reason = name(machine.reason());
    auto master = Address::from_bytes(std::span(record.master).first(record.v6 ? 16 : 4));
    bool heard = master && !master->is_any() && *master != router.source;
    switch (machine.reason()) {
    case Reason::preempted_lower:
    case Reason::higher_priority:
    case Reason::equal_priority:
    case Reason::woke_up:
        return heard ? fmt::format("{}: priority {} from {}, own {}", reason, record.master_priority,
                                   master->to_string(), machine.priority())
                     : std::string(reason);
    case Reason::master_silent:
    case Reason::master_resigned:
    case Reason::peer_dead:
        return heard ? fmt::format("{}: {}", reason, master->to_string()) : std::string(reason);
    case Reason::handed_over:
        if (machine.state() == State::backup)
            return handovers_.silent(index) ? "handed over to " + handovers_[index].heir.to_string()
                                            : "handed over";
        return heard ? fmt::format("{}: {}", reason, master->to_string()) : std::string(reason);
    case Reason::fault:
        return router.fault.empty() ? fmt::format("{} in the sync group", reason) : router.fault;
    case Reason::fault_over:
        return record.fault[0] ? fmt::format("{}: {}", reason, record.fault.data()) : std::string(reason);
    case Reason::group:
        return router.group < config_.groups.size()
                   ? fmt::format("{} {}", reason, config_.groups[router.group].name)
                   : std::string(reason);
    case Reason::resigned:
    case Reason::taken_away:
    case Reason::started:
    case Reason::owner:
    case Reason::stopped: break;
    }
    return std::string(reason);
}

void VrrpProcess::state_changed(std::size_t index, State before)
{
    Router& router = routers_[index];
    const Machine& machine = (*ensemble_)[index];
    router.since = now_;
    InstanceRecord& record = board_.records[index];
    record.transitions++;
    record.became_master += machine.state() == State::master;
    std::string detail = reason_detail(index); // of what was known until now
    set_text(record.detail, detail);
    publish(index);
    publish_patience();
    if (machine.state() == State::fault)
        log_.warning("({}) {} -> FAULT: {}", router.config.name, name(before), detail);
    else
        log_.info("({}) {} -> {}: {}", router.config.name, name(before), name(machine.state()), detail);
    if (!retiring_)
        notify(index, machine.state() == State::init ? Event::stopped : Event::state);
    if (machine.state() != State::backup)
        router.takeover.reset();
    handovers_.state_changed(index, now_);
}

/// The helper has to know the configuration that later messages are about. One that does not read is told at
/// a later turn: nobody waits for it.
void VrrpProcess::tell_reload()
{
    NotifyMessage message;
    message.generation = generation_;
    message.event = Event::reload;
    if (reload_untold_)
        reload_untold_ = !post(fds_.helper, message);
}

bool VrrpProcess::tell_helper(const NotifyMessage& message)
{
    tell_reload();
    return !reload_untold_ && post(fds_.helper, message);
}

void VrrpProcess::notify(std::size_t index, Event event)
{
    const Machine& machine = (*ensemble_)[index];
    NotifyMessage message;
    message.generation = generation_;
    message.index = static_cast<std::uint32_t>(index);
    message.event = event;
    message.state = machine.state();
    message.priority = machine.priority();
    if (!tell_helper(message))
        log_.warning("({}) a notification was lost: too many are waiting", routers_[index].config.name);
}

/// After what its members have said.
void VrrpProcess::notify_group(std::size_t group)
{
    if (!ensemble_->group_mixed(group))
        notify_group(group, ensemble_->group_state(group));
}

void VrrpProcess::notify_group(std::size_t group, State state)
{
    if (std::exchange(group_states_[config_.groups[group].name], state) == state)
        return;
    NotifyMessage message;
    message.generation = generation_;
    message.index = static_cast<std::uint32_t>(group);
    message.group = true;
    message.event = state == State::init ? Event::stopped : Event::state;
    message.state = state;
    (void)tell_helper(message);
}

void VrrpProcess::publish(std::size_t index)
{
    Router& router = routers_[index];
    const Machine& machine = (*ensemble_)[index];
    BoardWrite write(board_);
    InstanceRecord& record = board_.records[index];
    record.state = machine.state();
    record.reason = machine.reason();
    record.priority = machine.priority();
    record.base_priority = router.config.priority;
    record.since_us = router.since.count();
    record.master_interval_us = machine.master_interval().count();
    record.source.fill(0);
    std::ranges::copy(router.source.bytes(), record.source.begin());
    if (machine.state() == State::master) {
        record.master = record.source;
        record.master_priority = machine.priority();
    }
    set_text(record.fault, machine.state() == State::fault ? router.fault : "");
}

void VrrpProcess::publish_patience()
{
    Duration shortest = Duration::max();
    for (std::size_t i = 0; i < routers_.size(); i++) {
        const Machine& machine = (*ensemble_)[i];
        if (machine.state() != State::master)
            continue;
        shortest = std::min(shortest, machine.policy().interval * machine.policy().down_adverts);
        int bfd = routers_[i].bfd;
        if (bfd >= 0 && bfds_[static_cast<std::size_t>(bfd)]->session.state() == BfdState::up)
            shortest =
                std::min(shortest, bfds_[static_cast<std::size_t>(bfd)]->session.remote_detection_time());
    }
    board_.patience_us = shortest == Duration::max() ? 0 : shortest.count();
}

void VrrpProcess::recover_from_guard()
{
    board_.removed.store(false, std::memory_order_release);
    log_.warning(
        "this process did not run for longer than its peers wait; addresses were taken away meanwhile");
    for (auto& [transport, channel] : channels_)
        drain(*channel);
    for (std::size_t i = 0; i < routers_.size(); i++) {
        if ((*ensemble_)[i].state() != State::master)
            continue;
        Router& router = routers_[i];
        send_advert(router, (*ensemble_)[i].priority());
        change_addresses(router, true);
        start_series(router, router.config.announce.repeat, router.config.announce.delay,
                     router.config.announce.repeat);
    }
}

} // namespace weir::keeper
