# SPDX-License-Identifier: GPL-2.0
# Fuzz targets of the module's pure code; kshim stands in for the kernel's headers.
set(algo "${WEIR_ROOT}/kernel/algo")
add_library(fuzz-algo STATIC "${algo}/maglev.c" "${algo}/prime.c" "${algo}/proxy.c" "${algo}/toa.c" "${algo}/wrr.c")
target_include_directories(fuzz-algo PUBLIC "${WEIR_ROOT}/test/unit/algo/kshim")
target_compile_options(fuzz-algo PUBLIC -iquote "${WEIR_ROOT}/kernel" -Wno-unused-command-line-argument)
foreach(target maglev proxy tcpopt toa wrr)
  add_executable(fuzz-algo-${target} "${CMAKE_CURRENT_LIST_DIR}/algo_${target}.cpp")
  target_link_libraries(fuzz-algo-${target} PRIVATE fuzz-algo)
  target_link_options(fuzz-algo-${target} PRIVATE -fsanitize=fuzzer)
endforeach()
