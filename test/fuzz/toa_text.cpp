// SPDX-License-Identifier: GPL-2.0
// /proc/self/mountinfo, and lists of directors: what is taken reads the same when it is written and when it
// went through the BPF program's map.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "toa/cgroup.h"
#include "toa/directors.h"

using namespace weir;
using namespace weir::toa;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string text(reinterpret_cast<const char*>(data), size);
    (void)find_hierarchy(text);
    auto directors = parse_directors({text});
    if (!directors)
        return 0;
    for (const Prefix& prefix : *directors) {
        auto again = parse_directors({prefix.to_string()});
        if (!again || again->size() != 1 || again->front() != prefix || prefix_of(key_of(prefix)) != prefix)
            std::abort();
    }
    return 0;
}
