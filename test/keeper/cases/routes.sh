# shellcheck shell=bash disable=SC2154,SC2034 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# Routes and rules of the master, static ones, accept mode: what the kernel has of them, beside keepalived.

routes_of() { ip -n "$1" -4 route show table all proto keepalived; ip -n "$1" -6 route show table all proto keepalived; }
rules_of() { ip -n "$1" rule show; ip -n "$1" -6 rule show; }
has_route() { routes_of "$1" | grep -q "^$2 "; }
no_route() { ! has_route "$1" "$2"; }

routes_config() {
	config a 100 "version 3" "advert_int 0.1"
	sed -i 's|virtual_router_id 51|&\
	virtual_routes {\
		198.51.100.0/24 via 192.0.2.20 dev eth0 src 192.0.2.100\
		203.0.113.0/24 nexthop via 192.0.2.20 weight 1 nexthop via 192.0.2.21 weight 2\
		default via 192.0.2.20 table 100 metric 7 mtu 1400\
		blackhole 203.0.113.128/25\
		198.51.102.0/24 via 192.0.2.20 dev eth0 realms 5/7\
		198.51.103.0/24 encap ip id 5 dst 192.0.2.9 via 192.0.2.20 dev eth0\
		2001:db8:2::/48 encap ip6 id 7 dst 2001:db8::9 via 2001:db8::20 dev eth0\
		2001:db8:3::/48 via 2001:db8::20 dev eth0 expires 1000\
		2001:db8:1::/48 via 2001:db8::20 dev eth0\
	}\
	virtual_rules {\
		from 198.51.100.0/24 table 100 priority 50\
		fwmark 7/0xff table 100\
	}|' "$work/a.conf"
	cat >>"$work/a.conf" <<-EOT
	static_ipaddress {
		192.0.2.90/24 dev eth0
	}
	static_routes {
		198.51.101.0/24 via 192.0.2.20 dev eth0
	}
	static_rules {
		from 198.51.101.0/24 table 101 priority 51
	}
	EOT
}

# the same file, by either
routes() {
	local who

	for who in keepalived weir; do
		start a $who
		busywait 10 has_route a 2001:db8:1::/48 || return 1
		holds a 192.0.2.90 || return 2
		{ routes_of a; rules_of a; } | sed 's/ *$//; s/expires 9[0-9]*sec/expires/' | sort >"$work/routes.$who"
		[[ $who == weir ]] || stop a
	done
	# keepalived says "proto keepalived" of rules too
	diff "$work/routes.keepalived" "$work/routes.weir" || return 3
	# taken away by somebody: back, and still master
	ip -n a route del 198.51.100.0/24
	ip -n a route del 198.51.101.0/24
	ip -n a rule del priority 50
	busywait 5 has_route a 198.51.100.0/24 || return 4
	busywait 5 has_route a 198.51.101.0/24 || return 5
	rules_of a | grep -q '^50:' || return 6
	# one route less by a reload
	sed -i '/203.0.113.0/d' "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 7
	busywait 5 no_route a 203.0.113.0/24 || return 8
	has_route a 198.51.100.0/24 || return 9
	stop a
	[[ -z $(routes_of a) ]] || return 10
	! rules_of a | grep -Eq '^(50|51|16384):' || return 11
	! holds a 192.0.2.90
}

answers() { ip netns exec b ping -qc 1 -W 1 "$1" >/dev/null; }
silent() { ! answers "$1"; }

tables() { ip netns exec a nft list tables | grep -q .; }
no_tables() { ! tables; }

# The address is there, and neighbors find it, but nothing for it is taken
no_accept() {
	local address next

	for address in 192.0.2.100 2001:db8::100; do
		family=4 lines=("version 3" "advert_int 0.1")
		[[ $address == *:* ]] && family=6
		config a 100 "${lines[@]}" no_accept
		start a weir
		busywait 10 holds a "$address" || return 1
		busywait 5 silent "$address" || return 2
		ip -n b neigh show "$address" | grep -q lladdr || return 3
		answers "${address/%100/10}" || return 4
		sed -i '/no_accept/d' "$work/a.conf"
		"$keeper" --socket "$work/a.sock" reload >/dev/null || return 5
		busywait 5 answers "$address" || return 6
		stop a
		no_tables || return 7
	done
	# killed as a whole: the stop hook removes the filter, or the next daemon does that wants none
	for next in cleanup start; do
		config a 100 "${lines[@]}" no_accept
		start a weir
		busywait 10 holds a "$address" || return 8
		busywait 5 tables || return 9
		stop a KILL
		no_tables && return 10
		sed -i '/no_accept/d' "$work/a.conf"
		if [[ $next == cleanup ]]; then
			ip netns exec a "$keeper" -f "$work/a.conf" --socket "$work/a.sock" cleanup || return 11
			no_tables || return 12
		else
			start a weir
			busywait 10 no_tables || return 13
			stop a
		fi
	done
}

if wanted routes; then
	family=4 vip=192.0.2.100
	routes_config
	routes
	result $? "routes: virtual and static routes and rules are those that keepalived makes, and are kept"
	stop_everything
fi
if wanted no_accept && command -v nft >/dev/null; then
	no_accept
	result $? "no_accept: the address is found and takes no packets"
	family=4
	stop_everything
fi
