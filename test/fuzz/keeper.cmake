# SPDX-License-Identifier: GPL-2.0
# Fuzz targets of weir-keeper.
foreach(target config vrrp bfd handover)
  add_executable(fuzz-keeper-${target} "${CMAKE_CURRENT_LIST_DIR}/keeper_${target}.cpp")
  target_link_libraries(fuzz-keeper-${target} PRIVATE weir-keeper-$<IF:$<STREQUAL:${target},handover>,vrrp,${target}>)
  target_link_options(fuzz-keeper-${target} PRIVATE -fsanitize=fuzzer)
endforeach()
add_executable(fuzz-keeper-answers "${CMAKE_CURRENT_LIST_DIR}/check_answers.cpp")
target_link_libraries(fuzz-keeper-answers PRIVATE weir-keeper-answers)
target_link_options(fuzz-keeper-answers PRIVATE -fsanitize=fuzzer)
