// SPDX-License-Identifier: GPL-2.0
#include <random>

#include "keeper/check/dns_message.h"
#include "keeper/check/probes.h"
#include "keeper/check/socket.h"

namespace weir::keeper {
namespace {

constexpr std::size_t answer_room = 4096;

/// DNS_CHECK: any answer to the question, with NOERROR.
class DnsAttempt : public DatagramAttempt {
  public:
    DnsAttempt(boost::asio::io_context& io, DnsCheck check, ConnectOptions options, Endpoint destination)
        : DatagramAttempt(io, std::move(options), destination),
          check_(std::move(check))
    {
    }

  private:
    void run() override
    {
        limit(options_.timeout, "waiting for an answer");
        if (!open(IPPROTO_UDP))
            return;
        auto query = dns_query(check_, static_cast<std::uint16_t>(std::random_device()()));
        if (!query)
            return fail(query.error().to_string());
        query_ = std::move(*query);
        exchange(query_, answer_room);
    }

    void received(std::span<const std::uint8_t> answer) override
    {
        int code = dns_response_code(query_, answer);
        if (code > 0)
            fail(dns_code_name(code));
        else if (code == 0)
            succeed(dns_code_name(code));
    }

    DnsCheck check_;
    std::vector<std::uint8_t> query_;
};

} // namespace

std::unique_ptr<Probe> make_dns_probe(const SharedSpec& spec, const Endpoint& destination,
                                      CheckContext& context)
{
    return probe_of<DnsAttempt, DnsCheck>(spec, destination, context);
}

} // namespace weir::keeper
