# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by every test: . "$(dirname "$0")/../lib.sh"
#
# A test is a bash script test/netns/t_<behaviour>.sh. It runs in the virtual machine as root; weir.ko is loaded before it
# and unloaded after it by the runner, which also judges the kernel's log, leaks and leftovers. Exit status: 0 passed,
# 4 skipped (reason on the last line), anything else failed. A command that fails unnoticed fails the test (set -e).
# Comments in its head are read by the runner:
#   # tags: debug quick long nomodule smp
#                                        debug: worth the debug kernel's time; long: only in check-long; nomodule: the test
#                                        loads weir.ko itself; smp: in a machine of two CPUs
#   # timeout: 120                       seconds on a stock kernel (this is the default)
#   # expect-log: REGEX                  kernel messages that the test provokes
#
# Topologies, services and packets are in lib-net.sh, included here.

set -Eeuo pipefail

WEIR_ROOT=${WEIR_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)}
# shellcheck disable=SC2034 # for the tests
WEIRADM=$WEIR_ROOT/build/bin/weiradm
WEIR_KO=$WEIR_ROOT/build/$(uname -r)/weir.ko
TEST_NAME=$(basename "$0" .sh)
TEST_TMP=$(mktemp -d "/tmp/$TEST_NAME.XXXXXX")
# Everything is slower there: waits are stretched by this.
WEIR_SLOW=${WEIR_SLOW:-1}
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

_namespaces=()
_processes=()
_cleanups=()

_on_error() {
	local status=$?

	printf 'FAIL: %s:%s: "%s" ended with %s\n' "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" "$BASH_COMMAND" "$status" >&2
}
trap _on_error ERR

_on_exit() {
	local status=$? i

	trap - ERR EXIT
	set +e
	for ((i = ${#_cleanups[@]} - 1; i >= 0; i--)); do
		eval "${_cleanups[i]}"
	done
	# Started by scapy_py, maybe in a subshell
	[[ ! -s $TEST_TMP/scapy/pid ]] || kill "$(<"$TEST_TMP/scapy/pid")" 2>/dev/null
	for i in "${_processes[@]}"; do
		kill "$i" 2>/dev/null
	done
	for i in "${_processes[@]}"; do
		wait "$i" 2>/dev/null
	done
	for i in "${_namespaces[@]}"; do
		# What still runs in it would keep it alive.
		ip netns pids "$i" 2>/dev/null
	done | xargs -r kill -KILL 2>/dev/null
	((${#_namespaces[@]} == 0)) || printf 'netns del %s\n' "${_namespaces[@]}" | ip -force -batch - 2>/dev/null
	rm -rf "$TEST_TMP"
	exit "$status"
}
trap _on_exit EXIT
trap 'exit 143' TERM INT

# cleanup COMMAND: run at the end, last one first.
cleanup() {
	_cleanups+=("$1")
}

# ---- verdicts ----

_where() {
	local i

	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		case ${BASH_SOURCE[i]} in
		*/lib.sh | */lib-net.sh) ;;
		*) printf '%s:%s' "${BASH_SOURCE[i]##*/}" "${BASH_LINENO[i - 1]}" && return ;;
		esac
	done
}

# fail TEXT: the test has failed.
fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$(_where)" "$*" >&2
	exit 1
}

# ok TEXT: a step that held, for the log.
ok() {
	printf 'ok: %s\n' "$*"
}

# skip REASON: this machine or kernel cannot run the test.
skip() {
	trap - ERR
	printf '%s\n' "$*"
	exit 4
}

# check_eq ACTUAL EXPECTED WHAT
check_eq() {
	if [[ $1 != "$2" ]]; then
		fail "$3: expected '$2', got '$1'"
	fi
	ok "$3: $1"
}

check_ne() {
	if [[ $1 == "$2" ]]; then
		fail "$3: must not be '$2'"
	fi
	ok "$3: $1"
}

# check_range ACTUAL LOW HIGH WHAT: integers, both ends included
check_range() {
	[[ $1 =~ ^-?[0-9]+$ ]] || fail "$4: '$1' is not a number"
	if (($1 < $2 || $1 > $3)); then
		fail "$4: expected $2 to $3, got $1"
	fi
	ok "$4: $1 (of $2 to $3)"
}

# check_match TEXT REGEX WHAT (extended regular expression, any line)
check_match() {
	grep -qE -- "$2" <<<"$1" || fail "$3: no match for /$2/ in:"$'\n'"$1"
	ok "$3"
}

check_no_match() {
	! grep -qE -- "$2" <<<"$1" || fail "$3: must not match /$2/:"$'\n'"$1"
	ok "$3"
}

# check_ok WHAT COMMAND...: must succeed
check_ok() {
	local what=$1 output

	shift
	output=$("$@" 2>&1) || fail "$what: '$*' ended with $?: $output"
	ok "$what"
}

# check_fails STATUS REGEX WHAT COMMAND...: must end with STATUS (or - for any but 0) and say what REGEX matches
check_fails() {
	local wanted=$1 regex=$2 what=$3 output status=0

	shift 3
	output=$("$@" 2>&1) || status=$?
	((status != 0)) || fail "$what: '$*' succeeded: $output"
	[[ $wanted == - || $wanted == "$status" ]] || fail "$what: '$*' ended with $status, not $wanted: $output"
	grep -qE -- "$regex" <<<"$output" || fail "$what: '$*' does not say /$regex/ but: $output"
	ok "$what: ${output%%$'\n'*}"
}

# busywait SECONDS COMMAND...: until the command succeeds; fails when the time is up
busywait() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000 * WEIR_SLOW))

	shift
	until "$@"; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep 0.05
	done
}

# wait_for SECONDS WHAT COMMAND...: busywait that fails the test. SECONDS are a quiet machine's: how long it takes is no verdict.
wait_for() {
	local seconds=$((3 * $1)) what=$2

	shift 2
	busywait "$seconds" "$@" >/dev/null 2>&1 || fail "$what: not within $((seconds * WEIR_SLOW)) s"
	ok "$what"
}

# ---- requirements ----

need_command() {
	local name

	for name in "$@"; do
		command -v "$name" >/dev/null || skip "$name is not installed"
	done
}

need_module() {
	local name

	for name in "$@"; do
		modprobe -q "$name" || [[ -d /sys/module/$name ]] || skip "this kernel has no $name"
	done
}

need_weiradm() {
	[[ -x $WEIRADM ]] || fail "build/bin/weiradm is not built: make userland"
}

# ---- the module ----

weir_loaded() {
	[[ -d /sys/module/weir ]]
}

# weir_load [PARAMETER=VALUE...]
weir_load() {
	weir_loaded || insmod "$WEIR_KO" "$@"
}

weir_unload() {
	! weir_loaded || rmmod weir
}

# ---- the kernel's log ----

# kmsg_mark NAME: kmsg_since NAME prints what came after it.
kmsg_mark() {
	printf 'weir-test: %s %s\n' "$TEST_NAME" "$1" >/dev/kmsg
}

kmsg_since() {
	dmesg | sed "1,/weir-test: $TEST_NAME $1\$/d"
}

# shellcheck source=test/lib-net.sh
. "$WEIR_ROOT/test/lib-net.sh"
