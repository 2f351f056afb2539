#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long
# timeout: 500
# The whole: two directors with weir.ko and weir-keeper, nginx and a client's load, as ./scripts/demo failover shows it: after
# each blow the director that was to have the address has it, and answers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-demo.sh"
need_weiradm
[[ -x $WEIR_ROOT/build/bin/weir-keeper ]] || skip 'weir-keeper is not built'
# shellcheck disable=SC2034 # for run_lab
lab=(switch client d1 d2 s1 s2 s3) lab_files='/tmp/nginx-s[123] /tmp/failover.*'

run_lab demo-failover
check_eq "$(grep -c ' requests, .* at most without an answer' "$TEST_TMP/lab")" 14 'the quiet start and 13 blows in the report'
check_match "$(sed -n '/nginx on s1 is killed/,/requests,/p' "$TEST_TMP/lab")" 'd1: s1 is down' 'a dead server is told of'
check_match "$(sed -n '/d1 is stopped in order/,/requests,/p' "$TEST_TMP/lab")" 'd2 is MASTER' 'the other director has it in the end'
