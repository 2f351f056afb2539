#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# sed and nq choose as ip_vs's for TCP: connections that open, speak and close; weights that change, a server that comes and one that
# goes, a threshold. Of UDP they count every connection, where ip_vs's gives all to one server.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-t $VIP4:80" '-s sed' 198.51.100.1%d:80 1 5 0 2 1
traffic mixed tcp $VIP4 80 1000 1
check_same_decisions 80 - 'sed, TCP over IPv4'

both_service "-t $VIP4:81" '-s nq' 198.51.100.1%d:81 1 5 0 2 3
traffic mixed tcp $VIP4 81 1000 2
check_same_decisions 81 - 'nq, TCP over IPv4'

both_service "-t $VIP4:82" '-s sed' 198.51.100.1%d:82 1 2 65535
traffic established tcp $VIP4 82 200 3
check_same_decisions 82 200 'sed, the greatest weight'

# the first connections go to whoever is idle
both_service "-t [$VIP6]:83" '-s nq' '[2001:db8:2::1%d]:83' 100 1 50 1
traffic established tcp $VIP6 83 4 4
check_same_decisions 83 4 'nq, all idle, TCP over IPv6'
check_eq "$(spread weir 83 | awk '{ print $1 }' | xargs)" '1 1 1 1' 'nq: one for each, whatever its weight'

both_service "-t [$VIP6]:84" '-s sed' '[2001:db8:2::1%d]:84' 4 2 1 3
traffic established tcp $VIP6 84 100 5
check_same_decisions 84 100 'sed, TCP over IPv6'
both -e -t "[$VIP6]:84" -r '[2001:db8:2::11]:84' -g -w 1
both -e -t "[$VIP6]:84" -r '[2001:db8:2::14]:84' -g -w 0
both -a -t "[$VIP6]:84" -r '[2001:db8:2::15]:84' -g -w 5 -x 40
both -d -t "[$VIP6]:84" -r '[2001:db8:2::12]:84'
traffic established tcp $VIP6 84 150 6
check_same_decisions 84 250 'sed, other weights, one server more and one less, a threshold'
check_eq "$(spread_of "$(spread weir 84)" '[2001:db8:2::15]:84')" 40 'no more than the threshold'

both_service "-u $VIP4:53" '-s sed' 198.51.100.1%d:53 3 1 0 2
traffic open udp $VIP4 53 240 7
check_eq "$(spread weir 53)" "$(printf '%s\n' '120 198.51.100.11:53' '40 198.51.100.12:53' '80 198.51.100.14:53')" 'sed, UDP: by weight'
check_eq "$(spread ipvs 53)" '240 198.51.100.11:53' "which ip_vs's does not"

both_service "-u [$VIP6]:54" '-s nq' '[2001:db8:2::1%d]:54' 3 1 0 2
traffic open udp $VIP6 54 3 8
check_eq "$(spread weir 54 | awk '{ print $1 }' | xargs)" '1 1 1' 'nq, UDP: who is idle comes first'
traffic open udp $VIP6 54 237 9
check_eq "$(spread weir 54)" "$(printf '%s\n' '120 [2001:db8:2::11]:54' '40 [2001:db8:2::12]:54' '80 [2001:db8:2::14]:54')" 'then sed chooses'
check_eq "$(spread ipvs 54 | wc -l)" 1 "ip_vs's takes one server for idle for ever"
