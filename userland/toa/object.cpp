// SPDX-License-Identifier: GPL-2.0
#include "toa/object.h"

// clang-format off
asm(".pushsection .rodata\n"
    ".balign 8\n"
    "weir_toa_object_begin:\n"
    ".incbin \"" WEIR_TOA_OBJECT "\"\n"
    "weir_toa_object_end:\n"
    ".popsection\n");
// clang-format on

extern "C" {
extern const std::byte weir_toa_object_begin[] __attribute__((visibility("hidden")));
extern const std::byte weir_toa_object_end[] __attribute__((visibility("hidden")));
}

namespace weir::toa {

std::span<const std::byte> object_bytes()
{
    return {weir_toa_object_begin, weir_toa_object_end};
}

} // namespace weir::toa
