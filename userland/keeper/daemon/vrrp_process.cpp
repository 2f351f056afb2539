// SPDX-License-Identifier: GPL-2.0
#include "keeper/daemon/vrrp_process.h"

#include <csignal>

#include <sys/timerfd.h>
#include <unistd.h>

namespace weir::keeper {
namespace {

using Wait = boost::asio::posix::descriptor_base;

constexpr auto complaint_pause = std::chrono::minutes(1);
constexpr auto receive_pause = std::chrono::milliseconds(200); ///< while a socket fails

/// Machines count in the time since boot, suspended or not, and so does their timer.
int make_timer()
{
    return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

} // namespace

VrrpProcess::VrrpProcess(Board& board, Links links)
    : board_(board),
      fds_(links),
      log_(links.log, board),
      timer_(io_, make_timer()),
      link_events_(io_),
      route_events_(io_),
      helper_events_(io_),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      bfd4_(io_),
      bfd6_(io_),
      handover4_(io_),
      handover6_(io_)
{
}

int VrrpProcess::run()
{
    auto opened = keeper::Links::create();
    auto netlink = NetlinkSocket::create();
    auto announcer = Announcer::create();
    auto routes = NetlinkSocket::create_for_lost_routes();
    if (!opened || !netlink || !announcer || !routes) {
        log_.error("{}", !opened      ? opened.error().message
                         : !netlink   ? netlink.error().message
                         : !announcer ? announcer.error().message
                                      : routes.error().message);
        return 1;
    }
    routes_gone_ = std::make_unique<NetlinkSocket>(std::move(*routes));
    route_events_.assign(routes_gone_->fd());
    links_ = std::make_unique<keeper::Links>(std::move(*opened));
    netlink_ = std::make_unique<NetlinkSocket>(std::move(*netlink));
    announcer_ = std::make_unique<Announcer>(std::move(*announcer));
    link_events_.assign(links_->fd());
    helper_events_.assign(fds_.helper);

    now_ = boot_time();
    start_reload();
    wait_for_timer();
    wait_for_links();
    wait_for_routes();
    wait_for_helper();
    wait_for_signal();
    io_.run();
    link_events_.release();
    route_events_.release();
    helper_events_.release();
    return 0;
}

/// At the start of each turn of the loop.
void VrrpProcess::turn()
{
    now_ = boot_time();
    if (ensemble_)
        ensemble_->wake(now_);
    tell_reload();
    board_.heartbeat_us.store(now_.count(), std::memory_order_relaxed);
}

void VrrpProcess::wait_for(Channel& channel)
{
    channel.wait.descriptor.async_wait(
        Wait::wait_read, [this, alive = std::weak_ptr(channels_.at(channel.transport))](const auto& error) {
            auto channel_alive = alive.lock();
            if (error || !channel_alive || stopping_)
                return;
            turn();
            drain(*channel_alive);
            arm();
            int failure = channel_alive->socket.error();
            if (!failure && !channel_alive->wait.failing)
                return wait_for(*channel_alive);
            wait_again(channel_alive->wait, failure, [this, alive] {
                if (auto same = alive.lock())
                    wait_for(*same);
            });
        });
}

/// After reading ended with `error`, or with nothing more to read (0). What fails now would fail again at
/// once and for ever: it is said once, and waited for a moment.
void VrrpProcess::wait_again(ReadWait& wait, int error, std::function<void()> again)
{
    if (!error) {
        wait.failing = false;
        return again();
    }
    if (!std::exchange(wait.failing, true))
        log_.error("a socket fails to receive: {}", strerror(error));
    wait.pause.expires_after(receive_pause);
    wait.pause.async_wait([this, again = std::move(again)](const auto& cancelled) {
        if (!cancelled && !stopping_)
            again();
    });
}

void VrrpProcess::wait_for_timer()
{
    timer_.async_wait(Wait::wait_read, [this](const auto& error) {
        if (error || stopping_)
            return;
        std::uint64_t ticks = 0;
        (void)!::read(timer_.native_handle(), &ticks, sizeof(ticks));
        turn();
        fire();
        if (stopping_)
            return;
        arm();
        wait_for_timer();
    });
}

void VrrpProcess::wait_for_links()
{
    link_events_.async_wait(Wait::wait_read, [this](const auto& error) {
        if (error || stopping_)
            return;
        turn();
        auto changed = links_->update();
        if (!changed)
            log_.error("interfaces: {}", changed.error().message);
        else if (*changed)
            links_changed();
        arm();
        wait_for_links();
    });
}

void VrrpProcess::wait_for_helper()
{
    helper_events_.async_wait(Wait::wait_read, [this](const auto& error) {
        if (error || stopping_)
            return;
        turn();
        TrackMessage message;
        bool changed = false;
        while (take(fds_.helper, message)) {
            if (message.generation != generation_)
                continue;
            if (message.kind == TrackedKind::handover) {
                std::vector<std::size_t> wanted;
                for (std::size_t i = 0; i < routers_.size(); i++) {
                    if (message.index == UINT32_MAX || message.index == i)
                        wanted.push_back(i);
                }
                start_handover(wanted);
                continue;
            }
            changed = true;
            if (message.kind == TrackedKind::script && message.index < config_.scripts.size())
                tracked_.scripts[config_.scripts[message.index].name] = message.value != 0;
            else if (message.kind == TrackedKind::process && message.index < config_.processes.size())
                tracked_.processes[config_.processes[message.index].name] = message.value != 0;
            else if (message.kind == TrackedKind::file && message.index < config_.files.size())
                tracked_.files[config_.files[message.index].name] = message.value;
        }
        for (std::size_t i = 0; changed && i < routers_.size(); i++)
            judge_router(i);
        arm();
        wait_for_helper();
    });
}

void VrrpProcess::wait_for_signal()
{
    signals_.async_wait([this](const auto& error, int signal) {
        if (error || stopping_)
            return;
        turn();
        if (signal == SIGHUP)
            start_reload();
        else
            leave();
        if (stopping_)
            return;
        arm();
        wait_for_signal();
    });
}

void VrrpProcess::arm()
{
    if (board_.removed.load(std::memory_order_acquire))
        recover_from_guard();
    Instant due = deadlines_.first();
    // the heart beats ten times within what a peer would wait
    std::int64_t patience = board_.patience_us.load(std::memory_order_relaxed);
    due = std::min(due,
                   now_ + (patience ? std::max<Instant>(Instant(patience / 10), std::chrono::milliseconds(1))
                                    : Instant(std::chrono::seconds(10))));
    itimerspec when{};
    when.it_value.tv_sec = due.count() / 1'000'000;
    when.it_value.tv_nsec = std::max<long>(due.count() % 1'000'000 * 1000, due.count() <= 0);
    (void)timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void VrrpProcess::fire()
{
    // bounded: what is due again at once has its turn after the sockets
    for (std::size_t turns = bfd_item(bfds_.size()); turns && deadlines_.first() <= now_; turns--) {
        std::size_t item = deadlines_.first_item();
        if (item >= bfd_item(0)) {
            drain_bfd();
            expire_bfd(item - bfd_item(0));
        } else if (item == routers_.size() * 2) {
            repair();
        } else if (item == handover_item()) {
            handover_timeout();
            if (stopping_)
                return;
        } else if (item >= routers_.size()) {
            announce_step(item - routers_.size());
        } else {
            // all that waits is read before a timer may say that nothing was heard
            if (routers_[item].channel)
                drain(*routers_[item].channel);
            if ((*ensemble_)[item].deadline() <= now_)
                ensemble_->expire(item, now_);
            reschedule(item);
        }
    }
}

void VrrpProcess::reschedule(std::size_t index)
{
    deadlines_.set(index, (*ensemble_)[index].deadline());
    deadlines_.set(routers_.size() + index, routers_[index].series.due());
}

void VrrpProcess::drain(Channel& channel)
{
    while (auto advert = channel.socket.receive())
        dispatch(channel, *advert);
}

bool VrrpProcess::acceptable_sender(const Router& router, const ReceivedAdvert& advert) const
{
    if (!router.config.unicast)
        return advert.ttl == 255;
    for (const auto& peer : router.config.peers) {
        if (peer.address == advert.source)
            return (peer.min_ttl < 0 || advert.ttl >= peer.min_ttl) &&
                   (peer.max_ttl < 0 || advert.ttl <= peer.max_ttl);
    }
    return !router.config.check_peer;
}

/// AH is taken off; the reason if it does not hold. What was heard is heard once.
std::optional<BadPacket> VrrpProcess::open_ah(Router& router, ReceivedAdvert& received)
{
    if (!router.config.ah)
        return std::nullopt;
    auto opened = unwrap_ah(received.packet, router.config.unicast, *router.config.password);
    if (const auto* reason = std::get_if<BadPacket>(&opened))
        return *reason;
    const auto& content = std::get<AhContent>(opened);
    if (content.sequence <= router.ah_sequence)
        return BadPacket::replay;
    router.ah_sequence = content.sequence;
    received.message = content.message;
    return std::nullopt;
}

/// Of what is wrong beyond this machine, and would be said with every advert.
void VrrpProcess::complain(Router& router, std::string_view text)
{
    if (now_ < router.complain_at)
        return;
    router.complain_at = now_ + complaint_pause;
    log_.error("({}) {}", router.config.name, text);
}

void VrrpProcess::dispatch(Channel& channel, ReceivedAdvert received)
{
    auto key = peek_advert(channel.transport.ah ? peek_ah(received.message) : received.message);
    std::int32_t index = key ? channel.routers[key->vrid] : -1;
    if (index < 0) {
        board_.unknown_vrid.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    Router& router = routers_[static_cast<std::size_t>(index)];
    InstanceRecord& record = board_.records[index];
    auto count_bad = [&](BadPacket reason) { record.bad[static_cast<std::size_t>(reason)]++; };
    if (received.source == router.source) {
        complain(router,
                 "an advert from our own address was heard: it is in the network twice, or there is a loop");
        return count_bad(BadPacket::own_address);
    }
    if (!acceptable_sender(router, received))
        return count_bad(router.config.unicast ? BadPacket::source : BadPacket::ttl);
    AdvertRules rules{static_cast<std::uint8_t>(router.config.version), router.config.advert_interval,
                      router.config.password && !router.config.ah ? &*router.config.password : nullptr,
                      router.config.ah};
    if (auto reason = open_ah(router, received))
        return count_bad(*reason);
    auto decoded = decode_advert(received.message, received.source, received.destination, rules);
    if (const auto* reason = std::get_if<BadPacket>(&decoded))
        return count_bad(*reason);
    const auto& advert = std::get<Advert>(decoded);

    record.adverts_received++;
    record.resignations_received += advert.priority == 0;
    // a peer that was heard is answered in its own form
    if (router.config.version == 3 && !received.source.is_v6())
        record.checksum = router.checksum = advert.checksum;
    std::size_t size =
        router.config.addresses.empty() ? 4 : router.config.addresses[0].address.address.bytes().size();
    bool differs = advert.addresses.size() != router.config.addresses.size() * size;
    for (const auto& own : router.config.addresses) {
        if (differs || router.config.skip_check_addresses)
            break;
        bool found = false;
        for (std::size_t at = 0; at < advert.addresses.size() && !found; at += size)
            found = std::ranges::equal(advert.addresses.subspan(at, size), own.address.address.bytes());
        differs = !found;
    }
    if (differs && !router.config.skip_check_addresses) {
        record.address_list_differs++;
        if (!std::exchange(router.logged_address_list, true))
            log_.warning("({}) {} has another list of addresses", router.config.name,
                         received.source.to_string());
    }
    if (advert.priority) {
        record.master.fill(0);
        std::ranges::copy(received.source.bytes(), record.master.begin());
        record.master_priority = advert.priority;
    }
    if (advert.priority == 255 && router.config.priority == 255) {
        record.other_owners++;
        complain(router,
                 fmt::format("{} says that the addresses are its own (priority 255), as this router does: "
                             "one of the two is configured wrongly",
                             received.source.to_string()));
    }
    Heard heard{advert.priority, received.source < router.source ? -1 : 1, advert.interval};
    auto at = static_cast<std::size_t>(index);
    if (handovers_.passes_over(at, now_, received.source, advert.priority))
        return;
    ensemble_->receive(at, now_, heard);
    bool from_neighbor =
        router.bfd >= 0 && bfds_[static_cast<std::size_t>(router.bfd)]->config.neighbor == received.source;
    State state = (*ensemble_)[at].state();
    if (state == State::master) {
        router.takeover.heard_as_master(from_neighbor);
    } else if (state == State::backup && advert.priority) {
        router.takeover.heard_master(from_neighbor);
        handovers_.announce(at, now_, received.source);
    }
    reschedule(at);
}

void VrrpProcess::stop_all()
{
    stopping_ = true;
    // all resignations first: each lets a peer take over
    for (std::size_t i = 0; i < routers_.size(); i++)
        ensemble_->stop(i, now_);
    for (std::size_t group = 0; group < config_.groups.size() && ensemble_; group++)
        notify_group(group, State::init);
    for (auto& router : routers_)
        take_down(router);
    remove_static();
    for (auto& peer : bfds_)
        retire_bfd(*peer);
    NotifyMessage message;
    message.event = Event::shutdown;
    (void)tell_helper(message);
    board_.patience_us = 0;
    signals_.cancel();
    timer_.close();
    for (auto* port : {&bfd4_, &bfd6_, &handover4_, &handover6_})
        port->close();
    io_.stop();
}

} // namespace weir::keeper
