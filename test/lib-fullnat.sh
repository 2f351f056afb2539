# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib.sh by the tests of method fullnat.

# Local addresses of the director on the servers' side: LIP4 LIP6 are the first of each pool's two.
LIP4=198.51.100.64 LIP6=2001:db8:2::64

# topology_fullnat [N=3]: that of nat, but the servers have no route beyond their own network: what they answer can come back to the
# director's local addresses only. Pools pool4 and pool6 of two addresses each.
topology_fullnat() {
	local i

	topology_nat "${1:-3}"
	for ((i = 1; i < ${#servers[@]} + 1; i++)); do
		printf 'route del default\n' | ip -n "${servers[i]}" -batch -
		printf 'route del default\n' | ip -n "${servers[i]}" -6 -batch -
	done
	addr "$director" eth1 $LIP4/32 198.51.100.65/32 "$LIP6/128" 2001:db8:2::65/128
	adm pool add pool4 198.51.100.64/31
	adm pool add pool6 2001:db8:2::64-2001:db8:2::65
}

# fullnat_service tcp|udp FAMILY PORT RPORT [OPTION...]: a service over all servers; options are the service's, --pool NAME before others
fullnat_service() {
	service_between "$1" "$2" "$2" "${@:3}"
}

# family_service tcp|udp FAMILY PORT RPORT [OPTION...]: the same with servers of the other family
family_service() {
	service_between "$1" "$2" "$((10 - $2))" "${@:3}"
}

# service_between tcp|udp FAMILY FAMILY-OF-SERVERS PORT RPORT [OPTION...]: either
service_between() {
	local letter=${1:0:1} rip name
	local -n _vip=VIP$2 _rips=RIP$3
	local -a pool=(--pool "pool$3")

	name=$(hostport "$_vip" "$4")
	[[ ${6:-} != --pool ]] || pool=()
	adm -A "-$letter" "$name" -s rr "${pool[@]}" "${@:6}"
	for rip in "${_rips[@]}"; do
		adm -a "-$letter" "$name" -r "$(hostport "$rip" "$5")" --fullnat
	done
}

# one_local_end FAMILY FAMILY-OF-SERVERS: UDP port 53 goes to port 5300 of the first server from one local end, which is known here: the
# first address of the pool, port 6000
one_local_end() {
	local -n _vip=VIP$1 _rips=RIP$2 _lip=LIP$2

	adm pool add "one$2" "$_lip" --ports 6000
	adm -A -u "$(hostport "$_vip" 53)" -s rr --pool "one$2"
	adm -a -u "$(hostport "$_vip" 53)" -r "$(hostport "${_rips[1]}" 5300)" --fullnat
}

# pool_of NAME FIELD: of the listing in JSON, e.g. conns, taken, refused, host
pool_of() {
	adm pool list "$1" -j | sed -n "s/^ *\"$2\": \\([0-9]*\\),\\{0,1\\}\$/\\1/p"
}
