// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <sys/random.h>

#include "keeper/daemon/vrrp_process.h"

namespace weir::keeper {
namespace {

constexpr std::size_t none = SIZE_MAX;

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

bool VrrpProcess::send_handover(std::size_t index, const HandoverMessage& message, const Address& to)
{
    const Router& router = routers_[index];
    UdpPort& port = router.config.family == AF_INET6 ? handover6_ : handover4_;
    if (!port.socket)
        return false;
    HandoverMessage whole = message;
    whole.vrid = router.config.vrid;
    whole.version = static_cast<std::uint8_t>(router.config.version);
    whole.password = password_of(router.config);
    return port.socket->send(encode_handover(whole),
                             {router.source, to, handover_port, router.source_interface(), 255}) == 0;
}

std::uint64_t VrrpProcess::make_nonce()
{
    std::uint64_t nonce = 0;
    (void)!getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK);
    return nonce;
}

void VrrpProcess::note_handover(std::size_t index, HandoverNote note, const Address& heir)
{
    const std::string& name = routers_[index].config.name;
    switch (note) {
    case HandoverNote::handed_over: board_.records[index].handed_over++; break;
    case HandoverNote::taken_over: board_.records[index].taken_by_handover++; break;
    case HandoverNote::no_heir: log_.info("({}) nobody can be asked to take over: resigns", name); break;
    case HandoverNote::no_answer:
        log_.warning("({}) {} was asked to take over and did not answer: resigns", name, heir.to_string());
        break;
    }
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
    auto from = path.source.bytes();
    bool from_master = std::ranges::equal(from, std::span(board_.records[index].master).first(from.size()));
    board_.bad_handover += !handovers_.take(index, now_, *message, path.source, from_master);
    reschedule(index);
    end_if_left();
}

/// By command: the masters among `wanted` are to go.
void VrrpProcess::start_handover(const std::vector<std::size_t>& wanted)
{
    handovers_.start(now_, wanted, leaving_);
    deadlines_.set(handover_item(), handovers_.deadline());
}

void VrrpProcess::handover_timeout()
{
    drain_handover();
    if (stopping_)
        return;
    handovers_.expire(now_);
    deadlines_.set(handover_item(), handovers_.deadline());
    end_if_left();
}

/// SIGTERM: heirs first, then the end.
void VrrpProcess::leave()
{
    if (!ensemble_)
        return stop_all();
    if (leaving_)
        return;
    leaving_ = true;
    std::vector<std::size_t> all(routers_.size());
    for (std::size_t i = 0; i < all.size(); i++)
        all[i] = i;
    start_handover(all);
    end_if_left();
}

void VrrpProcess::end_if_left()
{
    if (leaving_ && !stopping_ && handovers_.waiting() == 0)
        stop_all();
}

} // namespace weir::keeper
