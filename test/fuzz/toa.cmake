# SPDX-License-Identifier: GPL-2.0
# Fuzz targets of weir-toa. What the BPF program reads of packets is kernel/algo/toa.h: see algo.cmake.
foreach(target listeners text)
  add_executable(fuzz-toa-${target} "${CMAKE_CURRENT_LIST_DIR}/toa_${target}.cpp")
  target_link_libraries(fuzz-toa-${target} PRIVATE weir-toa-core)
  target_link_options(fuzz-toa-${target} PRIVATE -fsanitize=fuzzer)
endforeach()
