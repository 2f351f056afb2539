# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib.sh by the tests of tunnels.

# Kinds of tunnel: name and ipvsadm's options.
# shellcheck disable=SC2034 # for the tests
declare -A TUN_OPTIONS=(
	[ipip]='--tun-type ipip'
	[gre]='--tun-type gre --tun-nocsum'
	[gre-csum]='--tun-type gre --tun-csum'
	[gue]='--tun-type gue --tun-port 6080 --tun-nocsum'
	[gue-csum]='--tun-type gue --tun-port 6080 --tun-csum'
	[gue-remcsum]='--tun-type gue --tun-port 6080 --tun-remcsum'
)

# decapsulate NS IPV4-ADDRESS IPV6-ADDRESS: the kernel's own devices take what comes to these addresses by all kinds of tunnel, IPv4
# and IPv6 in either. The answer goes another way: no device may insist on the reverse path. GRE without checksums: see decapsulate_gre.
decapsulate() {
	tun_ns=$1 tun_local4=$2 tun_local6=$3
	need_module ipip sit ip6_tunnel ip_gre ip6_gre fou fou6
	sysctls "$1" ipv4/conf/all/rp_filter=0 ipv4/conf/default/rp_filter=0
	printf 'link %s\n' "add tun4 type sit mode any local $2" 'set tun4 up' "add tun6 type ip6tnl mode any local $3" 'set tun6 up' |
		ip -n "$1" -batch -
	ip -n "$1" fou add port 6080 gue
	ip -n "$1" -6 fou add port 6080 gue
	decapsulate_gre noicsum
}

# topology_tun [N=3]: that of dr, and the servers decapsulate
topology_tun() {
	local i

	topology_dr "${1:-3}"
	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		decapsulate "${servers[i]}" "${RIP4[i]}" "${RIP6[i]}"
	done
}

# decapsulate_gre icsum|noicsum: the kernel's devices take GRE either with checksums or without
decapsulate_gre() {
	ip -n "$tun_ns" link del gre4 2>/dev/null || :
	ip -n "$tun_ns" link del gre6 2>/dev/null || :
	printf 'link %s\n' "add gre4 type gre local $tun_local4 $1" 'set gre4 up' "add gre6 type ip6gre local $tun_local6 $1" 'set gre6 up' |
		ip -n "$tun_ns" -batch -
}
