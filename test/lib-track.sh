# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # variables of who sources it
# For the tests of tracking, in namespaces and in the VM: virtual routers in the array `tracked`, "NAME VRID ..." each; what their
# notify scripts wrote to DIRECTORY/told.WHO, and tcpdump of their adverts to DIRECTORY/heard.WHO.

# tracked_status DIRECTORY WHO: "NAME STATE" of each; of a master the priority that it adverts
tracked_status() {
	local entry name vrid rest state

	for entry in "${tracked[@]}"; do
		read -r name vrid rest <<<"$entry"
		state=$(grep " $name " "$1/told.$2" 2>/dev/null | tail -n 1 | cut -d ' ' -f 3)
		if [[ $state == MASTER ]]; then
			state=$(tac "$1/heard.$2" | grep -om1 "vrid $vrid, prio [0-9]*" | sed 's/.* //')
		fi
		echo "$name ${state:--}"
	done
}

# tracked_wanted NAME=WANT...: the same with what is wanted, the last that is said of a name; 100 where nothing is
tracked_wanted() {
	local entry name pair want

	for entry in "${tracked[@]}"; do
		name=${entry%% *} want=100
		for pair in "$@"; do
			[[ ${pair%=*} == "$name" ]] && want=${pair#*=}
		done
		echo "$name $want"
	done
}
