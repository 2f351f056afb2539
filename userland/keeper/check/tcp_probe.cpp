// SPDX-License-Identifier: GPL-2.0
#include "keeper/check/probes.h"
#include "keeper/check/socket.h"

namespace weir::keeper {
namespace {

/// TCP_CHECK: the handshake is the answer.
class ConnectAttempt : public TcpAttempt {
  public:
    using TcpAttempt::TcpAttempt;

  private:
    void connected() override { succeed("connected"); }
};

} // namespace

std::unique_ptr<Probe> make_tcp_probe(const SharedSpec& spec, const Endpoint& destination,
                                      CheckContext& context)
{
    return probe_of<ConnectAttempt>(spec, destination, context);
}

} // namespace weir::keeper
