#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# dh sends every destination of a mark where ip_vs_dh sends it, whatever the weights; servers that come and go, a weight of 0, a threshold.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
need_command nft
topology_diff
both_marked 7 203.0.113.0/24
both_marked 8 2001:db8:9::/64

both_service '-f 7' '-s dh' 198.51.100.1%d 1 50 2 3 1 1 9
traffic open udp 203.0.113.0+255 53 600 1
check_same_decisions 53 600 'dh, UDP over IPv4, 256 destinations'
check_eq "$(decisions weir 53 | awk '{ print $4, $5 }' | sort -u | awk '{ print $1 }' | uniq -d)" '' 'no destination has two servers'
check_eq "$(spread weir 53 | wc -l)" 7 'all servers have destinations'

# without a fallback: destinations of a server without weight are refused
both -e -f 7 -r 198.51.100.13 -g -w 0
both -e -f 7 -r 198.51.100.14 -g -w 80
traffic open tcp 203.0.113.0+255 80 400 2
check_same_decisions 80 - 'dh, a weight of 0'
check_range "$(decisions weir 80 | wc -l)" 280 399 'connections without the destinations of weight 0'

both -d -f 7 -r 198.51.100.12
both -a -f 7 -r 198.51.100.18 -g
traffic open tcp 203.0.113.0+255 81 300 3
check_same_decisions 81 - 'dh, one server more and one less'
both -a -f 7 -r 198.51.100.19 -g -x 5
traffic open tcp 203.0.113.0+255 82 300 4
check_same_decisions 82 - 'dh, a threshold'
check_eq "$(spread_of "$(spread weir 82)" 198.51.100.19:82)" 5 'the overloaded one gets no more'

both_service '-f 8 -6' '-s dh' '2001:db8:2::1%d' 1 1 1 1 1
traffic open tcp 2001:db8:9::+70000 83 500 5
check_same_decisions 83 500 'dh, TCP over IPv6'

# an address and a port: one server gets all
both_service "-t $VIP4:90" '-s dh' 198.51.100.1%d:90 1 1 1
traffic open tcp $VIP4 90 30 6
check_same_decisions 90 30 'dh without a mark'
check_eq "$(spread weir 90 | wc -l)" 1 'one destination, one server'
