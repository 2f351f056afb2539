// SPDX-License-Identifier: GPL-2.0
#include <array>
#include <random>

#include "keeper/check/probes.h"
#include "keeper/check/socket.h"
#include "keeper/check/udp_reply.h"

namespace weir::keeper {
namespace {

std::vector<std::uint8_t> random_payload()
{
    std::random_device source;
    std::vector<std::uint8_t> payload(16);
    for (auto& byte : payload)
        byte = static_cast<std::uint8_t>(source());
    return payload;
}

/// UDP_CHECK: no ICMP error, or the answer that is required.
class UdpAttempt : public DatagramAttempt {
  public:
    UdpAttempt(boost::asio::io_context& io, UdpCheck check, ConnectOptions options, Endpoint destination)
        : DatagramAttempt(io, std::move(options), destination),
          check_(std::move(check))
    {
    }

  private:
    void run() override
    {
        limit(options_.timeout, "waiting for an answer");
        if (open(IPPROTO_UDP)) // one byte more than may come shows what is too long
            exchange(check_.payload.empty() ? random_payload() : check_.payload, check_.max_reply_length + 1);
    }

    void received(std::span<const std::uint8_t> answer) override
    {
        auto fault = check_.require_reply ? udp_reply_fault(check_, answer) : std::nullopt;
        if (fault)
            return fail(*fault);
        succeed("answered");
    }

    void expired(std::string reason) override
    {
        if (check_.require_reply)
            return fail(std::move(reason));
        succeed("no error came back");
    }

    UdpCheck check_;
};

} // namespace

std::unique_ptr<Probe> make_udp_probe(const SharedSpec& spec, const Endpoint& destination,
                                      CheckContext& context)
{
    return probe_of<UdpAttempt, UdpCheck>(spec, destination, context);
}

} // namespace weir::keeper
