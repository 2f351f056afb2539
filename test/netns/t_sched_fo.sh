#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# fo and ovf choose as ip_vs's: the highest weight, of equals the newest; what comes when that server is taken away, loses its weight,
# reaches its threshold or, for ovf, runs over; ovf refuses when all have, and never runs over with UDP.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-u $VIP4:53" '-s fo' 198.51.100.1%d:53 3 7 0 7 5
traffic open udp $VIP4 53 20 1
check_same_decisions 53 20 'fo, UDP over IPv4'
check_eq "$(spread weir 53)" '20 198.51.100.14:53' 'the newest of the highest'
both -e -u $VIP4:53 -r 198.51.100.14:53 -g -w 7 -x 30
traffic open udp $VIP4 53 20 2
check_same_decisions 53 40 'fo, a threshold'
both -d -u $VIP4:53 -r 198.51.100.12:53
traffic open udp $VIP4 53 20 3
both -e -u $VIP4:53 -r 198.51.100.15:53 -g -w 0
traffic open udp $VIP4 53 20 4
both -e -u $VIP4:53 -r 198.51.100.13:53 -g -w 65535
traffic open udp $VIP4 53 20 5
check_same_decisions 53 100 'fo, one server gone, weights lost and won'
check_eq "$(spread weir 53)" "$(printf '%s\n' '30 198.51.100.14:53' '20 198.51.100.15:53' '20 198.51.100.11:53' \
	'20 198.51.100.13:53' '10 198.51.100.12:53' | LC_ALL=C sort -k 2)" 'fo, each in its time'

both_service "-t [$VIP6]:80" '-s fo' '[2001:db8:2::1%d]:80' 1 2 3
traffic mixed tcp $VIP6 80 300 6
check_same_decisions 80 - 'fo, TCP over IPv6'

both_service "-t $VIP4:81" '-s ovf' 198.51.100.1%d:81 10 30 0 20
traffic established tcp $VIP4 81 45 7
check_same_decisions 81 45 'ovf, TCP over IPv4, the first two'
traffic established tcp $VIP4 81 45 8
check_same_decisions 81 63 'ovf, all have run over'
check_eq "$(spread weir 81)" "$(printf '%s\n' '11 198.51.100.11:81' '31 198.51.100.12:81' '21 198.51.100.14:81')" 'each to one above its weight'
both -e -t $VIP4:81 -r 198.51.100.11:81 -g -w 15
both -a -t $VIP4:81 -r 198.51.100.15:81 -g -w 50 -x 8
traffic established tcp $VIP4 81 20 9
check_same_decisions 81 76 'ovf, a higher weight and a threshold'
check_eq "$(weir -L -n --stats -t $VIP4:81 | awk '$2 == "'"$VIP4:81"'" { print $3 }')" 76 'and no more were scheduled'

both_service "-t $VIP4:82" '-s ovf' 198.51.100.1%d:82 40 80 60
traffic mixed tcp $VIP4 82 800 10
check_same_decisions 82 - 'ovf, connections that close'

both_service "-u [$VIP6]:54" '-s ovf' '[2001:db8:2::1%d]:54' 1 2
traffic open udp $VIP6 54 20 11
check_same_decisions 54 20 'ovf, UDP over IPv6'
check_eq "$(spread weir 54)" '20 [2001:db8:2::12]:54' 'ovf never runs over with UDP'
