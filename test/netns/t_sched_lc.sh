#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 240
# lc and wlc choose as ip_vs's: thousands of connections that open, speak, close and are reset, so that active and inactive ones
# count; of equals the same one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-t $VIP4:80" '-s lc' 198.51.100.1%d:80 1 5 0 2 1
traffic mixed tcp $VIP4 80 1500 1
check_same_decisions 80 - 'lc, TCP over IPv4'

both_service "-t $VIP4:81" '-s wlc' 198.51.100.1%d:81 1 5 0 2 3
traffic mixed tcp $VIP4 81 1500 2
check_same_decisions 81 - 'wlc, TCP over IPv4'

# Short, for with more connections an active one's 256 (ip_vs of 6.12.95) or 257 (weir, ip_vs of 6.1.192 and of later kernels) tell
both_service "-t $VIP4:83" '-s wlc' 198.51.100.1%d:83 1 5 0 2 65535
traffic mixed tcp $VIP4 83 140 2
check_same_decisions 83 - 'wlc, the greatest weight'

both_service "-u [$VIP6]:53" '-s wlc' '[2001:db8:2::1%d]:53' 3 1 2
traffic open udp $VIP6 53 500 3
check_same_decisions 53 500 'wlc, UDP over IPv6'

both_service "-t [$VIP6]:82" '-s lc' '[2001:db8:2::1%d]:82' 1 1 1
traffic open tcp $VIP6 82 300 4
# a server comes into the row
both -a -t "[$VIP6]:82" -r '[2001:db8:2::19]:82' -g
traffic mixed tcp $VIP6 82 500 5
check_same_decisions 82 - 'lc, TCP over IPv6, a server added'
