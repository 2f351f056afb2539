# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that new_ns() sets
# Sourced after lib.sh by the tests of weir-toa.

# shellcheck disable=SC2034 # for the tests
WEIR_TOA=$WEIR_ROOT/build/bin/weir-toa
CGROUPS=/sys/fs/cgroup

need_toa() {
	[[ -x $WEIR_TOA ]] || fail "build/bin/weir-toa is not built: make userland"
	[[ -f $CGROUPS/cgroup.procs ]] || skip 'no cgroups of version 2'
	mountpoint -q /sys/fs/bpf || skip 'no BPF file system: this kernel has no BPF'
	cleanup toa_remove
}

# What tests leave: attachments, cgroups.
toa_remove() {
	local group

	"$WEIR_TOA" detach --all >/dev/null
	for group in "${toa_groups[@]}"; do
		[[ -d $CGROUPS/$group ]] || continue
		echo 1 >"$CGROUPS/$group/cgroup.kill"
		busywait 20 rmdir "$CGROUPS/$group" 2>/dev/null
	done
}
toa_groups=()

# cgroup NAME: makes one; it is removed at the end. What runs in it ends first.
cgroup() {
	mkdir "$CGROUPS/$1"
	toa_groups=("$1" "${toa_groups[@]}")
}

# in_cgroup NAME COMMAND...: what the command starts is in the cgroup
in_cgroup() {
	echo $$ >"$CGROUPS/$1/cgroup.procs"
	"${@:2}"
	echo $$ >"$CGROUPS/cgroup.procs"
}

# start_peer_server CGROUP NS ADDRESS PORT [CGROUP THEN]
start_peer_server() {
	in_cgroup "$1" background nsenter "--net=/run/netns/$2" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/peer_server.py" "$3" "$4" ${5:+"$CGROUPS/$5"}
	busywait 60 listening "$2" tcp "$4" || fail "the server in $2 does not listen: $(cat "$background_log")"
}

# option4 ADDRESS PORT, option6 ADDRESS PORT, option_dpvs ADDRESS PORT: the option in hexadecimal
option4() {
	_option 254 "$@"
}

option6() {
	_option 253 "$@"
}

option_dpvs() {
	_option 254 "$@"
}

_option() {
	/usr/bin/python3 -SEc 'import socket, struct, sys
address = socket.inet_pton(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, sys.argv[2])
print((bytes([int(sys.argv[1]), 4 + len(address)]) + struct.pack("!H", int(sys.argv[3])) + address).hex())' "$@"
}

# toa_count NAME [CGROUP]: a counter
toa_count() {
	"$WEIR_TOA" status ${2:+"$2"} | awk -v name="$1" '$1 == name { print $2 }'
}
