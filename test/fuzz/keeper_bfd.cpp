// SPDX-License-Identifier: GPL-2.0
// Any bytes as a BFD control packet: one reason, or a packet that encodes to the same fields again and that a
// session takes without leaving what RFC 5880 allows.
#include <cstdlib>

#include "keeper/bfd/session.h"

using namespace weir::keeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static std::chrono::microseconds now(1);
    static BfdSession session({}, 1, 1);
    if (session.state() == BfdState::admin_down)
        session.start(now);
    auto decoded = decode_bfd({data, size});
    const auto* packet = std::get_if<BfdPacket>(&decoded);
    if (!packet)
        return 0;
    auto again = decode_bfd(encode_bfd(*packet));
    if (!std::holds_alternative<BfdPacket>(again) || !(std::get<BfdPacket>(again) == *packet))
        std::abort();
    now += std::chrono::microseconds(data[0]);
    (void)session.receive(now, *packet);
    if (session.deadline() <= now)
        (void)session.expire(now);
    if (session.state() == BfdState::up && session.detection_time().count() <= 0)
        std::abort();
    return 0;
}
