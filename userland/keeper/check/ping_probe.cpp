// SPDX-License-Identifier: GPL-2.0
#include <random>

#include "keeper/check/icmp_echo.h"
#include "keeper/check/probes.h"
#include "keeper/check/socket.h"

namespace weir::keeper {
namespace {

constexpr std::size_t answer_room = 256;

IcmpEcho random_echo(int family)
{
    std::random_device source;
    IcmpEcho::Token token;
    for (auto& byte : token)
        byte = static_cast<std::uint8_t>(source());
    return {family, static_cast<std::uint16_t>(source()), token};
}

/// PING_CHECK: one echo request, one reply.
class PingAttempt : public DatagramAttempt {
  public:
    PingAttempt(boost::asio::io_context& io, ConnectOptions options, Endpoint destination)
        : DatagramAttempt(io, std::move(options), destination),
          echo_(random_echo(destination.address.family()))
    {
    }

  private:
    void run() override
    {
        limit(options_.timeout, "waiting for an echo reply");
        // net.ipv4.ping_group_range seldom lets root use the socket that is meant for this
        if (open(destination_.address.is_v4() ? int(IPPROTO_ICMP) : int(IPPROTO_ICMPV6), true))
            exchange(echo_.request(), answer_room);
    }

    void received(std::span<const std::uint8_t> answer) override
    {
        if (echo_.answered_by(answer, raw()))
            succeed("echo reply");
    }

    IcmpEcho echo_;
};

} // namespace

std::unique_ptr<Probe> make_ping_probe(const SharedSpec& spec, const Endpoint& destination,
                                       CheckContext& context)
{
    return probe_of<PingAttempt>(spec, destination, context);
}

} // namespace weir::keeper
