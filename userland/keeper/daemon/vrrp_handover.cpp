// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <sys/random.h>

#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

constexpr std::size_t none = SIZE_MAX;
/// Between a request and becoming master with the whole group.
constexpr auto accept_patience = std::chrono::milliseconds(20);

Duration announce_interval(const InstanceConfig& config)
{
    return std::max<Duration>(config.advert_interval, std::chrono::seconds(1));
}

bool same_password(const std::array<std::uint8_t, 8>& a, const std::array<std::uint8_t, 8>& b)
{
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); i++)
        difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

std::array<std::uint8_t, 8> password_of(const InstanceConfig& config)
{
    return config.ah ? std::array<std::uint8_t, 8>{}
                     : config.password.value_or(std::array<std::uint8_t, 8>{});
}

} // namespace

void VrrpProcess::configure_handover()
{
    bool v4 = false, v6 = false;
    for (const auto& instance : config_.instances)
        (instance.family == AF_INET6 ? v6 : v4) = true;
    v4 ? open_port(handover4_, AF_INET, handover_port, &VrrpProcess::drain_handover) : handover4_.close();
    v6 ? open_port(handover6_, AF_INET6, handover_port, &VrrpProcess::drain_handover) : handover6_.close();
}

int VrrpProcess::send_handover(const Router& router, HandoverMessage message, const Address& to)
{
    UdpPort& port = router.config.family == AF_INET6 ? handover6_ : handover4_;
    if (!port.socket)
        return ENOTCONN;
    message.vrid = router.config.vrid;
    message.version = static_cast<std::uint8_t>(router.config.version);
    message.password = password_of(router.config);
    return port.socket->send(encode_handover(message), {router.source, to, handover_port, router.base, 255});
}

/// In Backup, in doubt about nothing: would become master at once.
bool VrrpProcess::willing(std::size_t index) const
{
    const Router& router = routers_[index];
    if ((*ensemble_)[index].state() != State::backup || !router.config.preempt || router.config.ah)
        return false; // a password is sent as it is: AH's key is not
    return router.group == Ensemble::no_group || ensemble_->group_state(router.group) == State::backup;
}

/// In Backup, when the master's advert was heard.
void VrrpProcess::announce_heir(std::size_t index, const Address& master)
{
    Router& router = routers_[index];
    if (router.config.ah ||
        now_ - router.announced_at < announce_interval(router.config) - std::chrono::milliseconds(5))
        return;
    router.announced_at = now_;
    HandoverMessage message;
    message.priority = (*ensemble_)[index].priority();
    message.willing = willing(index);
    (void)send_handover(router, message, master);
}

std::size_t VrrpProcess::find_router(const HandoverMessage& message, const DatagramPath& path) const
{
    for (const auto& [transport, channel] : channels_) {
        std::int32_t index = channel->routers[message.vrid];
        if (index < 0 || transport.family() != path.source.family())
            continue;
        const Router& router = routers_[static_cast<std::size_t>(index)];
        if ((router.base == path.interface || router.interface == path.interface) &&
            router.source == path.destination && router.config.version == message.version)
            return static_cast<std::size_t>(index);
    }
    return none;
}

void VrrpProcess::drain_handover()
{
    for (auto* port : {&handover4_, &handover6_}) {
        while (auto received = !stopping_ && port->socket ? port->socket->receive() : std::nullopt)
            take_handover(*received);
    }
}

void VrrpProcess::take_handover(const DatagramSocket::Received& received)
{
    const DatagramPath& path = received.path;
    auto decoded = decode_handover(received.message);
    const auto* message = std::get_if<HandoverMessage>(&decoded);
    std::size_t index =
        message && path.ttl == 255 && path.port == handover_port ? find_router(*message, path) : none;
    if (index == none || !same_password(message->password, password_of(routers_[index].config))) {
        board_.bad_handover++;
        return;
    }
    Router& router = routers_[index];
    if (message->type == HandoverType::announce) {
        if ((*ensemble_)[index].state() == State::master && !router.config.ah)
            router.heirs.announced(now_, path.source, message->priority, message->willing);
    } else if (message->type == HandoverType::request) {
        // only from whom is master, as far as is known here
        auto from = path.source.bytes();
        if (!std::ranges::equal(from, std::span(board_.records[index].master).first(from.size())) ||
            !willing(index)) {
            board_.bad_handover++;
            return;
        }
        router.accept_to = router.leaver = path.source;
        router.accept_nonce = message->nonce;
        router.accept_until = now_ + accept_patience;
        ensemble_->take_over(index, now_, Reason::handed_over);
        reschedule(index);
    } else if (!router.heir.empty() && router.heir == path.source && router.request_nonce == message->nonce) {
        finish_handover(index);
    }
}

/// This router became master: if somebody asked for it, he can go now.
void VrrpProcess::accept_handover(std::size_t index)
{
    Router& router = routers_[index];
    if (router.accept_to.empty())
        return;
    if (now_ <= router.accept_until) {
        HandoverMessage message;
        message.type = HandoverType::accept;
        message.priority = (*ensemble_)[index].priority();
        message.nonce = router.accept_nonce;
        (void)send_handover(router, message, router.accept_to);
        board_.records[index].taken_by_handover++;
    }
    router.accept_to = Address();
}

/// Asks the heirs of the masters among `wanted`. Whoever has none resigns as RFC 9568 has it, at once.
void VrrpProcess::start_handover(const std::vector<std::size_t>& wanted)
{
    std::map<std::size_t, bool> group_ready;
    std::vector<std::pair<std::size_t, Address>> heirs;
    auto asked = [&](std::size_t i) { return std::ranges::find(wanted, i) != wanted.end(); };
    for (std::size_t i : wanted) {
        Router& router = routers_[i];
        if ((*ensemble_)[i].state() != State::master)
            continue;
        Duration patience = announce_interval(router.config) * 3;
        Address heir = router.config.preempt ? router.heirs.best(now_, patience) : Address();
        heirs.emplace_back(i, heir);
        if (router.group != Ensemble::no_group) {
            bool& ready = group_ready.try_emplace(router.group, true).first->second;
            ready = ready && !heir.empty();
        }
    }
    // a group moves as a whole or not at all
    for (std::size_t i = 0; i < routers_.size(); i++) {
        if (auto group = group_ready.find(routers_[i].group); group != group_ready.end() && !asked(i))
            group->second = false;
    }
    for (auto& [i, heir] : heirs) {
        Router& router = routers_[i];
        auto group = group_ready.find(router.group);
        bool ready = !heir.empty() && (group == group_ready.end() || group->second);
        HandoverMessage message;
        message.type = HandoverType::request;
        message.priority = (*ensemble_)[i].priority();
        (void)!getrandom(&message.nonce, sizeof(message.nonce), GRND_NONBLOCK);
        if (ready && send_handover(router, message, heir) == 0) {
            router.heir = heir;
            router.request_nonce = message.nonce;
            handing_over_++;
        } else if (!leaving_) {
            log_.info("({}) nobody can be asked to take over: resigns", router.config.name);
            ensemble_->yield(i);
            ensemble_->step_down(i, now_);
            reschedule(i);
        }
    }
    deadlines_.set(routers_.size() * 2 + 1, handing_over_ ? now_ + handover_patience : never);
}

void VrrpProcess::finish_handover(std::size_t index)
{
    Router& router = routers_[index];
    handing_over_--;
    board_.records[index].handed_over++;
    ensemble_->hand_over(index, now_);
    router.heir = Address(); // the transition names it
    reschedule(index);
    deadlines_.set(routers_.size() * 2 + 1, handing_over_ ? now_ + handover_patience : never);
    if (leaving_ && handing_over_ == 0)
        stop_all();
}

/// Nobody answered in time.
void VrrpProcess::handover_timeout()
{
    deadlines_.set(routers_.size() * 2 + 1, never);
    if (leaving_) {
        if (!stopping_)
            stop_all();
        return;
    }
    for (std::size_t i = 0; i < routers_.size(); i++) {
        if (routers_[i].heir.empty())
            continue;
        log_.warning("({}) {} was asked to take over and did not answer: resigns", routers_[i].config.name,
                     routers_[i].heir.to_string());
        routers_[i].heir = Address();
        ensemble_->yield(i);
        ensemble_->step_down(i, now_);
        reschedule(i);
    }
    handing_over_ = 0;
}

/// SIGTERM: heirs first, then the end.
void VrrpProcess::leave()
{
    if (leaving_ || !ensemble_) {
        if (!ensemble_)
            stop_all();
        return;
    }
    leaving_ = true;
    std::vector<std::size_t> all(routers_.size());
    for (std::size_t i = 0; i < all.size(); i++)
        all[i] = i;
    start_handover(all);
    if (handing_over_ == 0)
        stop_all();
}

} // namespace weir::keeper
