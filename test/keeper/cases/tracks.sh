# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# What is tracked, in its variants: weir-keeper and keepalived read one file and have a network each, so that each is master
# of all unless it is in FAULT. What happens, happens to both; the priority in the adverts and the state that the notify
# script was told have to become the same, those that stand here. But for processes: of them keepalived is told by a socket of
# the kernel that no network namespace but the first one has, so that theirs are weir-keeper's alone; netns/t_keeper_processes.sh has
# both of them in a virtual machine.

# shellcheck source=test/lib-track.sh
. test/lib-track.sh

# One virtual router for each variant; NAME VRID LINES
tracked=(
	"link 61 track_interface { %dum0% }"
	"link_up 62 track_interface { %dum0 weight 20% }"
	"link_down 63 track_interface { %dum0 weight -30% }"
	"link_reverse 64 track_interface { %dum0 weight -30 reverse% }"
	"link_zero 76 track_interface { %dum0 weight 0 reverse% }"
	"script 65 track_script { %plain% }"
	"script_up 66 track_script { %heavy% }"
	"script_down 67 track_script { %heavy weight -40% }"
	"script_reverse 68 track_script { %heavy weight 15 reverse% }"
	"file 69 track_file { %number weight 0% }"
	"file_up 70 track_file { %number weight 2% }"
	"file_down 71 track_file { %number weight -3% }"
	"file_reverse 77 track_file { %number weight 2 reverse% }"
	"process 72 track_process { %runs% }"
	"process_up 73 track_process { %runs weight 25% }"
	"all 74 track_interface { %dum0 weight 20% } %track_script { %heavy% } %track_file { %number weight 2% }"
	"untracked 75"
)

tracks_config() {
	local entry name vrid lines

	cat <<-EOT
	global_defs {
		script_user root
		router_id tracks
	}
	vrrp_script plain {
		script $work/good
		interval 1
		timeout 5
		rise 2
		fall 3
	}
	vrrp_script heavy {
		script $work/good
		interval 1
		timeout 5
		weight 10
	}
	vrrp_track_file number {
		file $work/number
	}
	vrrp_track_process runs {
		process weir-tracked
	}
	EOT
	for entry in "${tracked[@]}"; do
		read -r name vrid lines <<<"$entry"
		printf 'vrrp_instance %s {\n\tinterface eth0\n\tversion 3\n\tadvert_int 0.2\n\tvirtual_router_id %s\n\tpriority 100\n' \
			"$name" "$vrid"
		printf '\tnotify %s/told\n\t%s\n' "$work" "${lines//%/$'\n\t'}"
		printf '\tvirtual_ipaddress {\n\t\t192.0.2.1%s/24\n\t}\n}\n' "$vrid"
	done
}

# What they have while nothing is the matter, where it is not 100
at_rest=(link_up=120 link_zero=FAULT script_up=110 script_reverse=85 process_up=125 all=130)

# wanted_of SIDE NAME=WANT...: as tracked_status, with what is wanted in place of what is there at rest
wanted_of() { tracked_wanted "${at_rest[@]}" "${@:2}" | of_both "$1"; }
of_both() { if [[ $1 == a ]]; then cat; else grep -v '^process'; fi; }
as_wanted() { same_at a "$@" && same_at b "$@"; }
same_at() { [[ $(tracked_status "$work" "$1" | of_both "$1") == "$(wanted_of "$@")" ]]; }
# expect WHAT NAME=WANT...: both have these, and all others what they have at rest
expect() {
	local what=$1

	shift
	if ! busywait 20 as_wanted "$@"; then
		say "$what: wanted $*"
		for side in a b; do
			diff <(wanted_of $side "$@") <(tracked_status "$work" $side | of_both $side) | sed "s/^/# $side: /"
		done
		return 1
	fi
	say "$what: ${*:-as at rest}"
}

tracks_listen() {
	for side in a b; do
		tcpdump -l -nni "port-$side" ip proto 112 >"$work/heard.$side" 2>/dev/null &
		eval "listener_$side=$!"
		disown $!
	done
}

tracks() {
	local side

	cat >"$work/told" <<-EOT
	#!/bin/bash
	side=b
	[[ -e /sys/class/net/peer-a ]] && side=a
	echo "\$1 \$2 \$3 \$4" >>$work/told.\$side
	EOT
	printf '#!/bin/sh\ntest ! -e %s/bad\n' "$work" >"$work/good"
	chmod 755 "$work" "$work/told" "$work/good"
	rm -f "$work"/told.? "$work/bad"
	echo 0 >"$work/number"
	tracked_process start
	tracks_config >"$work/a.conf"
	cp "$work/a.conf" "$work/b.conf"
	tracks_listen
	start a weir
	start b keepalived
	expect "at rest" || return 1
	for side in a b; do ip -n $side link set dum0 down; done
	expect "the interface is down" link=FAULT link_up=100 link_down=70 link_reverse=130 link_zero=100 all=110 || return 2
	for side in a b; do ip -n $side link set dum0 up; done
	expect "and up" || return 3
	touch "$work/bad"
	expect "the script fails" script=FAULT script_up=100 script_down=60 script_reverse=100 all=120 || return 4
	rm "$work/bad"
	expect "and succeeds" || return 5
	echo 7 >"$work/number"
	expect "the file has 7" file=FAULT file_up=114 file_down=79 file_reverse=86 all=144 || return 6
	echo -9 >"$work/number"
	expect "the file has -9" file=FAULT file_up=82 file_down=127 file_reverse=118 all=112 || return 7
	echo 100 >"$work/number"
	expect "the file has 100" file=FAULT file_up=254 file_down=FAULT file_reverse=1 all=254 || return 8
	echo 0 >"$work/number"
	expect "and 0 again" || return 9
	tracked_process stop
	expect "the process is gone" process=FAULT process_up=100 || return 10
	tracked_process start
	expect "and is there again"
}
tracked_process() {
	if [[ $1 == start ]]; then
		cp "$(command -v sleep)" "$work/weir-tracked"
		"$work/weir-tracked" 1000 &
		tracked_pid=$!
		disown $!
	else
		kill "$tracked_pid"
	fi
}

if wanted tracks && command -v tcpdump >/dev/null; then
	family=4
	ip link add name br2 type bridge && ip link set br2 up
	ip link set port-b master br2
	for side in a b; do
		ip -n $side link add dum0 type veth peer name peer-$side
		ip -n $side link set peer-$side up; ip -n $side link set dum0 up
	done
	config a 100
	tracks
	result $? "tracks: interfaces, scripts, files and processes with their weights mean what they mean to keepalived"
	tracked_process stop 2>/dev/null
	kill "$listener_a" "$listener_b" 2>/dev/null
	stop_everything
	for side in a b; do ip -n $side link del dum0; done
	ip link set port-b master br0
	ip link del br2
fi
