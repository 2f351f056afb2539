#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# rr chooses as ip_vs's for thousands of connections, weights of 0 passed over; a server that is unusable leaves its turns
# to all the others alike.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-u $VIP4:53" '-s rr' 198.51.100.1%d:53 1 3 0 65535 2
traffic open udp $VIP4 53 1500 1
check_same_decisions 53 1500 'rr, UDP over IPv4'

both_service "-t [$VIP6]:80" '-s rr' '[2001:db8:2::1%d]:80' 1 1 1 1 1 1 1
traffic open tcp $VIP6 80 1000 2
check_same_decisions 80 1000 'rr, TCP over IPv6'

# two neighbours are overloaded: each of the other two has half, not the one behind them three quarters
weir -A -t $VIP4:81 -s rr
for i in 1 2 3 4; do
	weir -a -t $VIP4:81 -r 198.51.100.1$i:81 -g
done
for i in 2 3; do
	weir -e -t $VIP4:81 -r 198.51.100.1$i:81 -g -x 1
done
traffic open tcp $VIP4 81 202 3
got=$(spread weir 81)
check_eq "$(spread_of "$got" 198.51.100.12:81)" 1 'at its threshold of 1'
check_eq "$(spread_of "$got" 198.51.100.13:81)" 1 'at its threshold of 1'
check_eq "$(spread_of "$got" 198.51.100.11:81)" 100 'first of those that are left'
check_eq "$(spread_of "$got" 198.51.100.14:81)" 100 'second of those that are left'
