// SPDX-License-Identifier: GPL-2.0
// Any weights: the cycle that is written out is exact, the other one names servers that have a weight.
extern "C" {
#include "algo/wrr.h"
}

#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::vector<u32> weights;
    for (; size >= 3 && weights.size() < 1000; data += 3, size -= 3)
        weights.push_back((data[0] | data[1] << 8) >> (data[2] % 16));
    const auto n = static_cast<u32>(weights.size());
    u32 gcd = 0;
    const u64 len = weir_wrr_cycle(weights.data(), n, &gcd);
    if (!len)
        return 0;
    if (len > WEIR_WRR_CYCLE_MAX) {
        std::vector<u64> sums(n);
        weir_wrr_sums(sums.data(), weights.data(), n);
        for (u32 turn = 0; turn < 100; ++turn)
            if (!weights.at(weir_wrr_sums_pick(sums.data(), n, turn * 0x9e3779b9U)))
                std::abort();
        return 0;
    }
    std::vector<u16> seq(len);
    std::vector<weir_wrr_job> work(n);
    std::vector<u32> count(n);
    weir_wrr_fill(seq.data(), static_cast<u32>(len), weights.data(), n, gcd, work.data());
    for (u16 server : seq)
        ++count.at(server);
    for (u32 i = 0; i < n; ++i)
        if (count[i] * gcd != weights[i])
            std::abort();
    return 0;
}
