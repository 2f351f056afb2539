#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# sh sends every client where ip_vs_sh sends it: plain, with sh-port, with sh-fallback, weights and weights of 0, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-u $VIP4:53" '-s sh' 198.51.100.1%d:53 1 3 2
traffic open udp $VIP4 53 1000 1
check_same_decisions 53 1000 'sh'

both_service "-t $VIP4:80" '-s sh -b sh-port' 198.51.100.1%d:80 1 1 1 1 1 1 1
traffic open tcp $VIP4 80 600 2 5
check_same_decisions 80 600 'sh-port, five clients of many ports'

# without a fallback clients of the server of weight 0 are refused
both_service "-u $VIP4:54" '-s sh' 198.51.100.1%d:54 30 0 20
traffic open udp $VIP4 54 600 3
check_same_decisions 54 - 'sh, a weight of 0'
check_range "$(decisions weir 54 | wc -l)" 500 599 'connections without the clients of weight 0'

both_service "-u $VIP4:55" '-s sh -b sh-fallback,sh-port' 198.51.100.1%d:55 10 0 20 0 1
traffic open udp $VIP4 55 800 4
check_same_decisions 55 800 'sh-fallback and sh-port, weights of 0'

both_service "-t [$VIP6]:81" '-s sh' '[2001:db8:2::1%d]:81' 1 2 3
traffic open tcp $VIP6 81 600 5
check_same_decisions 81 600 'sh, IPv6'
both_service "-u [$VIP6]:56" '-s sh -b sh-port,sh-fallback' '[2001:db8:2::1%d]:56' 1 2 0 3
traffic open udp $VIP6 56 600 6 9
check_same_decisions 56 600 'sh-port and sh-fallback, IPv6'
