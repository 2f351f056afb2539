#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug smp
# timeout: 240
# express by nat while the network changes, UDP and TCP, IPv4 and IPv6 at once: neighbours, next hops, ways in, virtual addresses,
# MTU, links, devices, forwarding. Traffic goes on by the admission path and is express again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-flows.sh"
. "$(dirname "$0")/../lib-changes.sh"

need_weiradm
topology_nat 1
changes nat
