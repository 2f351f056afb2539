// SPDX-License-Identifier: GPL-2.0
// Any options: what is found lies within them and is what was asked for.
extern "C" {
#include "algo/tcpopt.h"
}

#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 2 || size > 42)
        return 0;
    const std::vector<u8> options(data + 2, data + size); // of its own, that reading beyond it is seen
    const auto len = static_cast<unsigned int>(options.size());
    const int at = weir_tcpopt_find(options.data(), len, data[0], data[1]);
    if (at < 0)
        return 0;
    if (static_cast<unsigned int>(at) + data[1] > len || data[1] < 2 || options[at] != data[0] ||
        options[at + 1] != data[1])
        std::abort();
    return 0;
}
