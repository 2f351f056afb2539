# shellcheck shell=bash disable=SC2154,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# keepalived's command line: what is taken, what has no effect, what is not taken.

# Each of keepalived's options is known, by both names; what would do something else than it says ends with a reason
options() {
	local letter word said

	for letter in -S7 -g"$work/log" -G -X -R -r"$work/pid" -c"$work/pid" -b"$work/pid" -a -x -A"$work/agent" -u077 -m -Mcore \
		--all --flush-log-file --perf --perf=run --debug --no-mem-check --release-vips --snmp; do
		said=$("$keeper" "$letter" --check -f /dev/null 2>&1) || return 1
		[[ $said == *'has no effect: '* ]] || return 2
	done
	for letter in -V -I -B -e -T --dont-release-vrrp --dont-release-ipvs; do
		said=$(timeout 5 "$keeper" "$letter" -f /dev/null 2>&1)
		[[ $? == 2 && $said == *'is not supported: '* ]] || return 3
	done
	[[ $("$keeper" -V 2>&1) == *'addresses that stay'* && $("$keeper" -I 2>&1) == *lvs_keep_on_stop* ]] || return 4
	[[ $("$keeper" -v) == 'weir-keeper '* ]] || return 5
	[[ $("$keeper" --signum=STOP) == 15 && $("$keeper" --signum=RELOAD) == 1 ]] || return 6
	for word in DATA nonsense; do
		"$keeper" --signum="$word" 2>/dev/null && return 7
	done
	return 0
}
if wanted options; then
	options
	result $? "options: keepalived's command line"
fi
