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

# frames METHOD DEVICE: the server's end is behind DEVICE
frames() {
	printf '# %s, IPv%s\n' "$1" "$ends_family"
	/usr/bin/python3 -SE "$WEIR_ROOT/test/tools/express_frames.py" "$client" eth0 "$(mac_of "$director" eth0)" "$ends_client" \
		"$ends_virtual" "${servers[1]}" eth0 "$(mac_of "$director" "$2")" "$ends_server" "$director" "$1" || fail "$1, IPv$ends_family"
}

topology_fullnat 1
for method in nat fullnat family; do
	with_ends $method udp 53 eth1 frames $method eth1
done
topology_dr 1
for method in dr tun; do
	with_ends $method udp 53 eth0 frames $method eth0
done
