// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <span>

namespace weir::toa {

/// toa.bpf.c, compiled: an ELF object for libbpf.
[[nodiscard]] std::span<const std::byte> object_bytes();

} // namespace weir::toa
