// SPDX-License-Identifier: GPL-2.0
// Any options: what is found lies within them and is what was asked for.
extern "C" {
#include "algo/tcpopt.h"
}

#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t count)
{
    if (count < 2 || count > 42)
        return 0;
    const std::vector<u8> options(data + 2, data + count); // of its own, that reading beyond it is seen
    const auto len = static_cast<unsigned int>(options.size());
    const int at = weir_tcpopt_find(options.data(), len, data[0], data[1]);
    if (at < 0)
        return 0;
    const unsigned int size = options[at + 1];
    if (static_cast<unsigned int>(at) + size > len || size < 2 || options[at] != data[0] ||
        (data[1] && size != data[1]))
        std::abort();
    return 0;
}
