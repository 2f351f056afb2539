# SPDX-License-Identifier: GPL-2.0
# Fuzz targets of libweir and weiradm.
foreach(target address document ipvsadm netlink restore)
  add_executable(fuzz-weiradm-${target} "${CMAKE_CURRENT_LIST_DIR}/weiradm_${target}.cpp")
  target_link_libraries(fuzz-weiradm-${target} PRIVATE weir-adm)
  target_link_options(fuzz-weiradm-${target} PRIVATE -fsanitize=fuzzer)
endforeach()
