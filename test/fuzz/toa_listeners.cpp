// SPDX-License-Identifier: GPL-2.0
// The kernel's list of listening sockets.
#include <cstdint>

#include "toa/listeners.h"

using namespace weir::toa;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::vector<Listener> list;
    (void)parse_listeners({data, size}, list);
    for (const Listener& listener : list)
        (void)listener.endpoint.to_string();
    return 0;
}
