// SPDX-License-Identifier: GPL-2.0
// Any bytes as a handover message: a reason, or a message that encodes to the same fields again.
#include <cstdlib>

#include "keeper/vrrp/handover.h"

using namespace weir::keeper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto decoded = decode_handover({data, size});
    const auto* message = std::get_if<HandoverMessage>(&decoded);
    if (!message)
        return 0;
    auto again = decode_handover(encode_handover(*message));
    if (!std::holds_alternative<HandoverMessage>(again) || !(std::get<HandoverMessage>(again) == *message))
        std::abort();
    return 0;
}
