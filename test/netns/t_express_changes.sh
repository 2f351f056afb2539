#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug smp
# timeout: 180
# express while the network changes: the client's MAC address and next hop, its way in, neighbours forgotten. Traffic goes on by the
# admission path and is express again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"

need_weiradm
topology_nat 1
express_service -m
sysctls "$client" ipv4/conf/all/rp_filter=0 ipv4/conf/eth0/rp_filter=0
sysctls "$director" ipv4/conf/all/rp_filter=0 ipv4/conf/eth0/rp_filter=0
link_ns "$client" eth2 "$director" eth2
sysctls "$client" ipv4/conf/eth2/rp_filter=0
sysctls "$director" ipv4/conf/eth2/rp_filter=0
addr "$client" eth2 203.0.113.2/28
addr "$director" eth2 203.0.113.1/28
express_settles both "$VIP4" 53 'at first'

ip -n "$client" link set eth0 address 02:00:00:00:77:01
ns "$client" ip neigh flush dev eth0
express_settles both "$VIP4" 53 'the client has another MAC address'

ns "$director" ip neigh flush dev eth1
ns "$director" ip neigh flush dev eth0
express_settles both "$VIP4" 53 'neighbours forgotten'

ip -n "$director" route add $CIP4/32 via 203.0.113.2 dev eth2
express_settles both "$VIP4" 53 'another next hop to the client'
before=$(dev_counter "$director" eth2 tx_packets)
flow "$VIP4" 53 5 'by the new next hop'
check_range $(($(dev_counter "$director" eth2 tx_packets) - before)) 5 9 'replies leave by it'

other=$(count_of express-not-device)
ip -n "$client" route add $VIP4/32 via 203.0.113.1 dev eth2 src $CIP4
express_settles both "$VIP4" 53 'requests come by another device'
check_range $(($(count_of express-not-device) - other)) 1 3 'the first of them is admitted'
