# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Sourced by every script: where things are, and how scripts speak.

WEIR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WEIR_BUILD=$WEIR_ROOT/build
# What is slow to get or to make survives a fresh clone here.
export WEIR_CACHE=${WEIR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/weir}
WEIR_ME=${0##*/}
# The script that a person started: its machines end when it is gone, however it went.
export WEIR_OWNER=${WEIR_OWNER:-$$}

# Exit statuses that no tested command uses by itself.
WEIR_EXIT_MISSING=200	# a tool, package or kernel is missing
WEIR_EXIT_BOOT=201	# the guest never came up
WEIR_EXIT_PANIC=202	# the guest's kernel panicked
WEIR_EXIT_TIMEOUT=203	# the guest was still busy when its time was up
WEIR_EXIT_DIED=204	# the guest went away without an exit status

say() {
	printf '%s: %s\n' "$WEIR_ME" "$*" >&2
}

# die [-STATUS] TEXT...
die() {
	local status=1

	if [[ $1 =~ ^-[0-9]+$ ]]; then
		status=${1#-}
		shift
	fi
	say "$@"
	exit "$status"
}

owner_is_gone() {
	! kill -0 "$WEIR_OWNER" 2>/dev/null
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# The comment block at the top of a script is its manual.
usage_from_header() {
	sed -n '2,/^[^#]/{/^# SPDX/d;/^#!/d;/^[^#]/d;s/^# \{0,1\}//p}' "$1"
}

# with_lock NAME COMMAND...: one process at a time under the cache.
with_lock() {
	local lock=$WEIR_CACHE/locks/$1 fd status=0

	shift
	mkdir -p "$WEIR_CACHE/locks"
	exec {fd}>"$lock"
	if ! flock -n "$fd"; then
		say "waiting for another process to finish with ${lock##*/}"
		flock "$fd"
	fi
	"$@" {fd}>&- || status=$?
	exec {fd}>&-
	return "$status"
}
