# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh by tests that compare weir with ip_vs: the same commands, the same packets, then the same answers.

# topology_diff
#
#   client                                director_weir  VIPs 192.0.2.10, 2001:db8:1::10
#   eth0 -------------------------------- eth0           out0 (dummy) 198.51.100.1/24, 2001:db8:2::1/64: real servers that
#   eth1 ------------- director_ipvs      eth0           nobody hears of again
#                      the same addresses
topology_diff() {
	local name

	need_module ip_vs
	need_command ipvsadm
	need_weiradm
	new_ns client director_weir director_ipvs
	link_ns "$client" eth0 "$director_weir" eth0
	link_ns "$client" eth1 "$director_ipvs" eth0
	VIP4=192.0.2.10 VIP6=2001:db8:1::10
	for name in "$director_weir" "$director_ipvs"; do
		printf 'link %s\n' 'set eth0 down' 'set eth0 address 02:00:00:00:00:01' 'set eth0 up' \
			'add out0 type dummy' 'set out0 up' | ip -n "$name" -batch -
		addr "$name" eth0 192.0.2.1/24 2001:db8:1::1/64 $VIP4/32 $VIP6/128
		addr "$name" out0 198.51.100.1/24 2001:db8:2::1/64
		sysctls "$name" ipv4/conf/all/rp_filter=0 ipv4/conf/eth0/rp_filter=0
		routes "$name" 'default dev eth0' '::/0 dev eth0'
		forwarding_on "$name"
	done
	# /sys/class/net is the machine's
	sysctls "$client" ipv6/conf/eth0/disable_ipv6=1 ipv6/conf/eth1/disable_ipv6=1
}

weir() {
	ns "$director_weir" "$WEIRADM" "$@"
}

ipvs() {
	ns "$director_ipvs" ipvsadm "$@"
}

# both ARGUMENT...: the same command to both
both() {
	weir "$@"
	ipvs "$@"
}

# service_lines "OPTION SERVICE" "OPTION..." FORMAT WEIGHT...: commands that add a service and one server for each weight, its number
# put into FORMAT, by dr
service_lines() {
	local service=$1 options=$2 format=$3 i=0 weight address

	shift 3
	printf -- '-A %s %s\n' "$service" "$options"
	for weight; do
		i=$((i + 1))
		# shellcheck disable=SC2059 # the format is the test's
		printf -v address "$format" "$i"
		printf -- '-a %s -r %s -g -w %s\n' "$service" "$address" "$weight"
	done
}

# both_service: service_lines to both
both_service() {
	service_lines "$@" >"$TEST_TMP/service"
	weir -R <"$TEST_TMP/service"
	ipvs -R <"$TEST_TMP/service"
}

# both_marked MARK ADDRESS/PREFIX: packets to these addresses are for the director and carry the mark
both_marked() {
	local name family=ip

	[[ $2 == *:* ]] && family=ip6
	for name in "$director_weir" "$director_ipvs"; do
		routes "$name" "local $2 dev lo"
		ns "$name" nft -f - <<-EOF2
			table $family marks {
				chain prerouting {
					type filter hook prerouting priority mangle
					$family daddr $2 meta mark set $1
				}
			}
		EOF2
	done
}

# traffic ARGUMENT...: of diff_traffic.py
traffic() {
	ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/diff_traffic.py" "$@"
}

# decisions weir|ipvs PORT: who went where from that virtual port, and the state of it
decisions() {
	"$1" -L -n -c | awk -v port=":$2\$" 'NR > 2 && $5 ~ port { print $1, $3, $4, $5, $6 }' | LC_ALL=C sort
}

# same_decisions PORT: reads both lists; do they say the same?
same_decisions() {
	decisions weir "$1" >"$TEST_TMP/weir"
	decisions ipvs "$1" >"$TEST_TMP/ipvs"
	cmp -s "$TEST_TMP/weir" "$TEST_TMP/ipvs"
}

# check_same_decisions PORT COUNT WHAT: both made COUNT connections and the same choice for each. Read again where the lists
# differ: what is reset expires while they are read, not in the same instant in both, and ip_vs's list leaves one out for each that
# expires on the way (ip_vs_conn_array() finds its place again by counting).
check_same_decisions() {
	local n try

	for try in 1 2 3 4 5 6; do
		! same_decisions "$1" || break
		sleep "$try"
	done
	n=$(wc -l <"$TEST_TMP/ipvs")
	[[ $2 == - ]] || check_eq "$n" "$2" "$3: connections in ip_vs"
	if ! cmp -s "$TEST_TMP/weir" "$TEST_TMP/ipvs"; then
		diff "$TEST_TMP/weir" "$TEST_TMP/ipvs" | head -20 || true
		fail "$3: $(diff "$TEST_TMP/weir" "$TEST_TMP/ipvs" | grep -c '^[<>]') differences"
	fi
	((n > 0)) || fail "$3: no connections"
	ok "$3: $n decisions are the same"
}

# spread weir|ipvs PORT: "connections server" lines of the connection list
spread() {
	decisions "$1" "$2" | awk '{ n[$5]++ } END { for (name in n) print n[name], name }' | LC_ALL=C sort -k 2
}

# diff_py <script: weir_py in weir's director (source lib-nl.sh before); traffic() sends, VIP4 and VIP6 are known
diff_py() {
	local script=$TEST_TMP/diff.$RANDOM

	{
		cat <<-EOF2
			import ctypes, diff_traffic
			VIP4, VIP6 = "$VIP4", "$VIP6"
			def _outlets():
			    libc = ctypes.CDLL(None, use_errno=True)
			    with open("/proc/self/ns/net") as here, open("/run/netns/$client") as there:
			        if libc.setns(there.fileno(), 0x40000000):
			            raise OSError(ctypes.get_errno(), "setns")
			        outs = diff_traffic.outlets()
			        libc.setns(here.fileno(), 0x40000000)
			    return outs
			_outs = _outlets()
			def traffic(*args):
			    diff_traffic.send(_outs, *args)
			def wait_until(what, seconds, condition):
			    end = time.monotonic() + seconds * SLOW
			    while not condition():
			        if time.monotonic() > end:
			            return failed("%s: not within %u s" % (what, seconds * SLOW))
			        time.sleep(0.1)
			    print("ok: %s" % what)
		EOF2
		cat
	} >"$script"
	weir_py "$director_weir" <"$script"
}
