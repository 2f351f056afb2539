// SPDX-License-Identifier: GPL-2.0
// Any identities and weights: every slot is given to an entry that has a weight, and every such entry has one
// if there are enough.
extern "C" {
#include "algo/maglev.h"
#include "algo/prime.h"
}

#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 2)
        return 0;
    const u32 slots = weir_prime_next(3 + (data[0] | data[1] << 8) % 8192);
    data += 2, size -= 2;
    std::vector<weir_maglev_entry> entries;
    u32 active = 0;
    for (; size >= 10 && entries.size() < 2000; data += 10, size -= 10) {
        weir_maglev_entry entry{};
        std::memcpy(&entry.hash, data, 8);
        entry.weight = data[8] | data[9] << 8;
        entry.id = static_cast<u16>(entries.size());
        active += entry.weight > 0;
        entries.push_back(entry);
    }
    std::vector<u16> table(slots);
    std::vector<u32> count(entries.size());
    weir_maglev_fill(table.data(), slots, entries.data(), static_cast<u32>(entries.size()));
    for (u16 id : table) {
        if (id == WEIR_MAGLEV_NONE ? active > 0 : !entries.at(id).weight)
            std::abort();
        if (id != WEIR_MAGLEV_NONE)
            ++count[id];
    }
    for (size_t i = 0; i < entries.size(); ++i)
        if (active <= slots && entries[i].weight && !count[i])
            std::abort();
    return 0;
}
