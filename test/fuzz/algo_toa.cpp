// SPDX-License-Identifier: GPL-2.0
// Any options: what is found is there byte for byte; after scrubbing nothing is; an option put in front is
// what is found.
extern "C" {
#include "algo/toa.h"
}

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::vector<u8> opts(data, data + std::min<size_t>(size, WEIR_TOA_SPACE));
    const auto len = static_cast<u32>(opts.size());
    weir_toa toa{};
    bool found = weir_toa_find(opts.data(), len, &toa) == WEIR_TOA_FOUND;
    if (found) {
        std::vector<u8> opt(weir_toa_len(&toa));
        bool there = false;
        for (u8 kind : {WEIR_TOA_KIND_IPV4, WEIR_TOA_KIND_IPV6}) {
            weir_toa_encode(opt.data(), &toa, kind);
            there = there || std::search(opts.begin(), opts.end(), opt.begin(), opt.end()) != opts.end();
        }
        if (!there)
            std::abort();
    }

    std::vector<u8> scrubbed = opts;
    const u32 count = weir_toa_scrub(scrubbed.data(), len, size & 1);
    weir_toa other{};
    if ((found && !count) || weir_toa_find(scrubbed.data(), len, &other) == WEIR_TOA_FOUND)
        std::abort();
    if (weir_toa_scrub(scrubbed.data(), len, size & 1))
        std::abort();

    weir_toa first{};
    first.ipv6 = (size & 2) != 0;
    std::memcpy(first.addr, data, std::min<size_t>(size, first.ipv6 ? 16 : 4));
    if (weir_toa_fits(&first, len)) {
        std::vector<u8> whole(weir_toa_len(&first));
        weir_toa_encode(whole.data(), &first, WEIR_TOA_KIND_IPV6);
        whole.insert(whole.end(), opts.begin(), opts.end());
        if (weir_toa_find(whole.data(), static_cast<u32>(whole.size()), &other) != WEIR_TOA_FOUND ||
            std::memcmp(&first, &other, sizeof(first)) != 0)
            std::abort();
    }

    std::vector<u8> lowered = opts;
    if (!weir_toa_lower_mss(lowered.data(), len, 20) && lowered != opts)
        std::abort();
    return 0;
}
