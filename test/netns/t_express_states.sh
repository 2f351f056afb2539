#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# The states of TCP connections that are express, segment by segment: FIN, RST, SYN and segments without ACK take the admission path
# and move the state as ip_vs moves it, data and acknowledgements of established ones are express. Both directions (nat, fullnat,
# fullnat between families) and the client's alone (dr), v4 and v6; both ends are made up.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-flows.sh"
need_weiradm

# states METHOD both|fullnat|request DEVICE: the server's end is behind DEVICE
states() {
	ends_tool tcp_states "$1" "$3" "$2"
	check_no_match "$(adm counters)" '^drop-' "$1, IPv$ends_family: nothing was dropped"
}

topology_fullnat 1
with_ends nat tcp 80 eth1 states nat both eth1
with_ends fullnat tcp 80 eth1 states fullnat fullnat eth1
with_ends family tcp 80 eth1 states family fullnat eth1
topology_dr 1
with_ends dr tcp 80 eth0 states dr request eth0
