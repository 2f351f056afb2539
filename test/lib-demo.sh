# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # lab and lab_files are the test's
# Sourced after lib.sh by the tests of what ./scripts/demo shows.

# run_lab PROGRAM ARGUMENT...: scripts/lib/PROGRAM has to succeed; what it says is in $TEST_TMP/lab. What it leaves of its namespaces, $lab,
# and of its files, the patterns in $lab_files, goes.
run_lab() {
	local ns status=0

	"$WEIR_ROOT/scripts/lib/$1" "${@:2}" >"$TEST_TMP/lab" 2>&1 || status=$?
	for ns in "${lab[@]}"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || :
		ip netns delete "$ns" 2>/dev/null || :
	done
	# shellcheck disable=SC2086 # patterns
	rm -rf $lab_files
	cat "$TEST_TMP/lab"
	((status == 0)) || fail "exit status $status"
}
