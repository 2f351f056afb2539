#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 180
# The whole, as ./scripts/demo shows it, with few requests: all methods, IPv4 and IPv6, spread as the schedulers promise, each request
# answered, and the client's address in the servers' logs; none fails while a server is drained.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-demo.sh"
. "$(dirname "$0")/../lib-toa.sh"
need_weiradm
need_toa
# shellcheck disable=SC2034 # for run_lab
lab=(client director switch s1 s2 s3) lab_files='/tmp/nginx-s[123] /tmp/drain.txt /run/weir-demo'
toa_groups=(web)

run_lab demo-lab 12
table=$(grep -E '^(nat|tun|dr|fullnat) +IPv[46] ' "$TEST_TMP/lab" | tr -s ' ')
check_eq "$(awk '{ print $1, $2 }' <<<"$table" | sort | uniq -c | tr -s ' ')" "$(printf ' 3 %s\n' {dr,fullnat,nat,tun}' IPv'{4,6})" \
	'three lines for each method and family'
check_eq "$(grep -c ' rr 1:1:1 4 / 4 4 / 4 4 / 4 0 12 of 12$' <<<"$table")" 8 'lines of rr, four each'
check_eq "$(grep -c ' wrr 3:2:1 6 / 6 4 / 4 2 / 2 0 12 of 12$' <<<"$table")" 8 'lines of wrr, six, four and two'
check_eq "$(grep -c ' mh 1:1:1 .* 0 12 of 12$' <<<"$table")" 8 'lines of mh'
check_match "$(cat "$TEST_TMP/lab")" '^before the drain and after it: s1 [1-9].* failed: 0$' 'the drain'
check_match "$(cat "$TEST_TMP/lab")" '^== 468 requests answered, 0 failed$' 'all were answered'
