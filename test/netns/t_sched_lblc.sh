#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 300
# lblc and lblcr choose as ip_vs's for the destinations of a mark: which server has them, and when they get another; weights that change,
# servers that come, go and come back, a threshold, which lblc honours where ip_vs's does not.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
need_command nft
topology_diff
both_marked 7 203.0.113.0/24
both_marked 8 2001:db8:9::/64

# movers weir|ipvs PORT: destinations that have more than one server
movers() {
	decisions "$1" "$2" | awk '{ print $4, $5 }' | sort -u | awk '{ print $1 }' | uniq -d | wc -l
}

# changes PORT NAME SERVERS: what happens to the service of mark 7 with servers SERVERS1 .. SERVERS4; traffic after each
changes() {
	local add=(-a -f 7 -g -r) edit=(-e -f 7 -g -r) known

	both "${edit[@]}" "${3}2" -w 600
	traffic established tcp 203.0.113.0+9 "$1" 60 11
	both "${add[@]}" "${3}5" -w 100
	traffic established tcp 203.0.113.0+9 "$1" 60 12
	check_same_decisions "$1" 620 "$2: another weight, one server more"
	both "${edit[@]}" "${3}3" -w 0
	both -d -f 7 -r "${3}1"
	known=$(spread_of "$(spread weir "$1")" "${3}1:$1")
	traffic established tcp 203.0.113.0+9 "$1" 100 13
	check_same_decisions "$1" 720 "$2: a weight of 0, one server less"
	check_eq "$(spread_of "$(spread weir "$1")" "${3}1:$1")" "$known" "$2: none to the server that is gone"
	# it has connections still, and so it is the same server
	both "${add[@]}" "${3}1" -w 90
	traffic established tcp 203.0.113.0+9 "$1" 100 14
	check_same_decisions "$1" 820 "$2: it is back"
}

# Servers of their own for each: ip_vs's of a service that was deleted are found again, connections and all.
both_service '-f 7' '-s lblc' 198.51.100.1%d 30 10 200 50
traffic established tcp 203.0.113.0+9 80 500 1
check_same_decisions 80 500 'lblc, TCP over IPv4'
check_range "$(movers weir 80)" 1 10 'destinations that moved from crowded servers'
changes 80 lblc 198.51.100.1

both -D -f 7
both_service '-f 7' '-s lblcr' 198.51.100.2%d 30 10 200 50
traffic established tcp 203.0.113.0+9 81 500 2
check_same_decisions 81 500 'lblcr, TCP over IPv4'
check_range "$(movers weir 81)" 1 10 'destinations with a row of servers'
changes 81 lblcr 198.51.100.2
before=$(spread_of "$(spread weir 81)" 198.51.100.22:81)
both -e -f 7 -r 198.51.100.22 -g -w 2000 -x $((before + 10))
traffic established tcp 203.0.113.0+9 81 60 15
check_same_decisions 81 880 'lblcr, a threshold'
check_eq "$(spread_of "$(spread weir 81)" 198.51.100.22:81)" $((before + 10)) 'which holds'

# UDP is never crowded: a destination has one server for ever
both -D -f 7
both_service '-f 7' '-s lblc' 198.51.100.3%d 1 2 1
traffic open udp 203.0.113.0+19 53 200 3
check_same_decisions 53 200 'lblc, UDP over IPv4'
check_eq "$(movers weir 53)" 0 'no destination moved'
both -e -f 7 -r 198.51.100.32 -g -w 2 -x 20
before=$(spread weir 53)
traffic open udp 203.0.113.0+19 53 100 4
check_eq "$(spread_of "$(spread weir 53)" 198.51.100.32:53)" "$(spread_of "$before" 198.51.100.32:53)" 'lblc, none to a server at its threshold'
check_range "$(spread_of "$(spread ipvs 53)" 198.51.100.32:53)" $(($(spread_of "$before" 198.51.100.32:53) + 1)) 300 "which ip_vs's exceeds"
check_eq "$(decisions weir 53 | wc -l)" 300 'the others take its destinations'

# another scheduler forgets
both -E -f 7 -s rr
both -E -f 7 -s lblc
traffic open udp 203.0.113.0+19 54 100 5
check_eq "$(movers weir 54)" 0 'lblc again: every destination has one server'

both_service '-f 8 -6' '-s lblcr' '2001:db8:2::1%d' 3 1 2
traffic mixed tcp 2001:db8:9::+9 83 500 6
check_same_decisions 83 - 'lblcr, TCP over IPv6'
both_service "-t [$VIP6]:84" '-s lblc' '[2001:db8:2::1%d]:84' 30 10 20
traffic established tcp $VIP6 84 200 7
check_same_decisions 84 200 'lblc, one destination, TCP over IPv6'

check_ok 'the module goes while services remember' rmmod weir
