// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <sys/eventfd.h>
#include <sys/random.h>

#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

using Wait = boost::asio::posix::descriptor_base;

std::uint32_t random_number()
{
    std::uint32_t number = 0;
    (void)!getrandom(&number, sizeof(number), 0);
    return number;
}

BfdPolicy policy_of(const BfdConfig& config)
{
    return {config.min_tx, config.min_rx, config.idle_tx, static_cast<std::uint8_t>(config.multiplier),
            config.passive};
}

/// How long a session that a reload changed has to come up again: some of its packets while down.
constexpr auto presumption = std::chrono::seconds(10);

/// For track_bfd. A neighbor that says AdminDown does not say that anything is broken (RFC 5882 4.2):
/// keepalived goes on with what it knew.
bool counts_as_up(const BfdPeer& peer)
{
    return peer.session.state() == BfdState::up || peer.record.ended_by_operator ||
           peer.presumed_until != never;
}

} // namespace

void VrrpProcess::open_port(UdpPort& port, int family, std::uint16_t number, void (VrrpProcess::*reader)())
{
    if (port.socket)
        return;
    auto socket = DatagramSocket::create(family, Address(), number);
    if (!socket)
        return log_.error("{}", socket.error().message);
    port.socket = std::make_unique<DatagramSocket>(std::move(*socket));
    port.wait.descriptor.assign(port.socket->fd());
    wait_for_port(port, reader);
}

void VrrpProcess::wait_for_port(UdpPort& port, void (VrrpProcess::*reader)())
{
    port.wait.descriptor.async_wait(Wait::wait_read, [this, &port, reader](const auto& error) {
        if (error || stopping_)
            return;
        turn();
        (this->*reader)();
        if (stopping_ || !port.socket)
            return;
        arm();
        wait_again(port.wait, port.socket->error(), [this, &port, reader] { wait_for_port(port, reader); });
    });
}

/// Sessions that stay as they are go on; the others say AdminDown, so that their neighbors do not take a
/// reload for a death.
void VrrpProcess::configure_bfd()
{
    auto before = std::move(bfds_);
    bfds_.clear();
    for (const auto& config : config_.bfds) {
        if (bfds_.size() == Board::max_sessions) {
            log_.error("BFD {}: {} sessions are the most", config.name, Board::max_sessions);
            break;
        }
        auto same =
            std::ranges::find_if(before, [&](const auto& peer) { return peer && peer->config == config; });
        if (same != before.end()) {
            bfds_.push_back(std::move(*same));
            continue;
        }
        auto socket = DatagramSocket::create(config.neighbor.family(), config.source, 0);
        if (!socket) {
            log_.error("BFD {}: {}", config.name, socket.error().message);
            continue;
        }
        std::uint32_t discriminator = 0;
        auto taken = [&](const auto& peer) { return peer && peer->session.discriminator() == discriminator; };
        while (discriminator == 0 || std::ranges::any_of(bfds_, taken) || std::ranges::any_of(before, taken))
            discriminator = random_number();
        bfds_.push_back(
            std::make_unique<BfdPeer>(BfdPeer{config,
                                              BfdSession(policy_of(config), discriminator, random_number()),
                                              std::move(*socket),
                                              0,
                                              {},
                                              never}));
        auto known = tracked_.bfds.find(config.name);
        if (known != tracked_.bfds.end() && known->second)
            bfds_.back()->presumed_until = now_ + presumption;
        set_text(bfds_.back()->record.name, config.name);
        set_text(bfds_.back()->record.neighbor, config.neighbor.to_string());
        bfds_.back()->record.since_us = bfds_.back()->record.started_us = now_.count();
        bfds_.back()->session.start(now_);
    }
    for (auto& peer : before) {
        if (peer)
            retire_bfd(*peer);
    }
    tracked_.bfds.clear();
    bool v4 = false, v6 = false;
    for (const auto& peer : bfds_) {
        tracked_.bfds[peer->config.name] = counts_as_up(*peer);
        (peer->config.neighbor.is_v6() ? v6 : v4) = true;
    }
    v4 ? open_port(bfd4_, AF_INET, bfd_port, &VrrpProcess::drain_bfd) : bfd4_.close();
    v6 ? open_port(bfd6_, AF_INET6, bfd_port, &VrrpProcess::drain_bfd) : bfd6_.close();
    for (std::size_t i = 0; i < bfds_.size(); i++)
        publish_bfd(i);
    board_.sessions = static_cast<std::uint32_t>(bfds_.size());
    tell_checker();
}

/// Checks that follow a session look at the board when they are told to: nothing is waited for.
void VrrpProcess::tell_checker() const
{
    (void)eventfd_write(fds_.sessions, 1);
}

void VrrpProcess::retire_bfd(BfdPeer& peer)
{
    if (!peer.session.stop(now_).send)
        return;
    auto packet = encode_bfd(peer.session.packet(false));
    (void)peer.out.send(packet, {peer.config.source, peer.config.neighbor, bfd_port, peer.interface,
                                 static_cast<int>(peer.config.ttl)});
}

/// A link-local neighbor is on the interface of the instance that follows it.
void VrrpProcess::bind_bfd_interfaces()
{
    for (auto& peer : bfds_) {
        peer->interface = 0;
        if (!peer->config.neighbor.is_link_local() || !peer->config.neighbor.is_v6())
            continue;
        const std::string* name = &config_.global.default_interface;
        for (const auto& router : routers_) {
            const InstanceConfig& instance = router.config;
            if (instance.takeover_bfd == peer->config.name ||
                std::ranges::find(instance.bfds, peer->config.name, &Track::name) != instance.bfds.end())
                name = &instance.interface;
        }
        const Link* link = links_->find(*name);
        peer->interface = link ? link->index : 0;
    }
}

void VrrpProcess::drain_bfd()
{
    for (auto* port : {&bfd4_, &bfd6_}) {
        while (auto received = port->socket ? port->socket->receive() : std::nullopt)
            take_bfd(*received);
    }
}

void VrrpProcess::take_bfd(const DatagramSocket::Received& received)
{
    auto count_bad = [&](BadBfdPacket reason) { board_.bad_bfd[static_cast<std::size_t>(reason)]++; };
    auto decoded = decode_bfd(received.message);
    if (const auto* reason = std::get_if<BadBfdPacket>(&decoded))
        return count_bad(*reason);
    const auto& packet = std::get<BfdPacket>(decoded);
    auto is_for = [&](const auto& peer) {
        if (peer->config.neighbor != received.path.source ||
            (!peer->config.source.empty() && peer->config.source != received.path.destination))
            return false;
        return packet.yours == 0 || packet.yours == peer->session.discriminator();
    };
    auto found = std::ranges::find_if(bfds_, is_for);
    if (found == bfds_.end())
        return count_bad(BadBfdPacket::discriminator);
    BfdPeer& peer = **found;
    // RFC 5881 5: what crossed a router was not sent by a neighbor
    if (peer.config.max_hops != 255 &&
        received.path.ttl + static_cast<int>(peer.config.max_hops) < static_cast<int>(peer.config.ttl))
        return count_bad(BadBfdPacket::ttl);
    peer.record.received++;
    auto index = static_cast<std::size_t>(found - bfds_.begin());
    bool was_up = peer.session.state() == BfdState::up;
    BfdActions actions = peer.session.receive(now_, packet);
    act_bfd(index, actions);
    if (actions.changed)
        bfd_changed(index, was_up);
}

void VrrpProcess::expire_bfd(std::size_t index)
{
    BfdPeer& peer = *bfds_[index];
    bool was_up = peer.session.state() == BfdState::up;
    bool presumed = peer.presumed_until <= now_;
    if (presumed)
        peer.presumed_until = never;
    BfdActions actions;
    if (peer.session.deadline() <= now_)
        actions = peer.session.expire(now_);
    act_bfd(index, actions);
    if (actions.changed)
        bfd_changed(index, was_up);
    if (presumed)
        judge_bfd(peer);
}

void VrrpProcess::act_bfd(std::size_t index, const BfdActions& actions)
{
    BfdPeer& peer = *bfds_[index];
    if (actions.send) {
        auto packet = encode_bfd(peer.session.packet(actions.final));
        // what does not arrive is the neighbor's to find out
        peer.record.sent += peer.out.send(packet, {peer.config.source, peer.config.neighbor, bfd_port,
                                                   peer.interface, static_cast<int>(peer.config.ttl)}) == 0;
    }
    deadlines_.set(bfd_item(index), peer.due());
    publish_bfd(index);
}

void VrrpProcess::bfd_changed(std::size_t index, bool was_up)
{
    BfdPeer& peer = *bfds_[index];
    bool up = peer.session.state() == BfdState::up;
    peer.record.transitions++;
    peer.record.since_us = now_.count();
    peer.record.has_been_up |= up;
    if (up || was_up)
        peer.record.ended_by_operator = !up && peer.session.remote_state() == BfdState::admin_down;
    publish_bfd(index);
    tell_checker();
    if (up == was_up)
        return;
    bool silent = peer.session.diagnostic() == BfdDiagnostic::expired;
    for (std::size_t i = 0; i < routers_.size(); i++) {
        Router& router = routers_[i];
        if (router.bfd != static_cast<int>(index))
            continue;
        if (up) {
            router.takeover.session_up(now_);
        } else if (router.takeover.session_down(now_, (*ensemble_)[i].state(), silent)) {
            board_.records[i].bfd_takeovers++;
            ensemble_->take_over(i, now_, Reason::peer_dead);
            reschedule(i);
        }
    }
    publish_patience();
    log_.info("BFD {} is {}{}{}", peer.config.name, name(peer.session.state()), up ? "" : ": ",
              up ? "" : name(peer.session.diagnostic()));
    peer.presumed_until = never;
    judge_bfd(peer);
}

void VrrpProcess::judge_bfd(const BfdPeer& peer)
{
    tracked_.bfds[peer.config.name] = counts_as_up(peer);
    for (std::size_t i = 0; peer.config.for_vrrp && i < routers_.size(); i++)
        judge_router(i);
}

void VrrpProcess::publish_bfd(std::size_t index)
{
    BfdPeer& peer = *bfds_[index];
    peer.record.state = peer.session.state();
    peer.record.remote_state = peer.session.remote_state();
    peer.record.diagnostic = peer.session.diagnostic();
    peer.record.detection_us = peer.session.detection_time().count();
    BoardWrite write(board_);
    board_.bfd[index] = peer.record;
}

} // namespace weir::keeper
