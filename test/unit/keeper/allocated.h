// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>

#include <malloc.h>

#ifdef __SANITIZE_ADDRESS__
// the sanitizer's; gcc comes without the header that has it
extern "C" std::size_t __sanitizer_get_current_allocated_bytes(); // NOLINT(bugprone-reserved-identifier)
#endif

namespace weir::keeper {

/// Bytes of the heap that are in use.
inline std::size_t allocated()
{
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

} // namespace weir::keeper
