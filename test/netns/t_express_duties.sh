#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# express does what ip_rcv() and ip_forward() would, frame by frame, requests and replies: padding is trimmed, special and damaged
# headers, fragments, tags, frames for others and TTL 1 are left to the stack, by the counter that tells so. By nat, fullnat,
# fullnat between families, dr and tun, v4 and v6; both ends are made up.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-flows.sh"
need_weiradm

topology_fullnat 1
for method in nat fullnat family; do
	with_ends $method udp 53 eth1 ends_tool express_frames $method eth1 $method
done
topology_dr 1
for method in dr tun; do
	with_ends $method udp 53 eth0 ends_tool express_frames $method eth0 $method
done
