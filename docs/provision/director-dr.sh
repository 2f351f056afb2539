#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# A director from bare machine to serving, forwarding method dr (direct routing): only requests pass the director, the real
# servers answer the clients by themselves. All stand on one network.
#
#   clients ---- router ----+---- director   192.0.2.1,  VIP 192.0.2.10
#                           +---- servers    192.0.2.11, 192.0.2.12, 192.0.2.13, each with the VIP on lo
#
# Edit the settings, or give them in the environment. Running it again brings the machine back to exactly this state.
# On each real server: scripts/real-server up 192.0.2.10 dr
set -euo pipefail

DEVICE=${DEVICE:-eth0}				# device on the servers' network
ADDRESS=${ADDRESS:-192.0.2.1/24}		# the director's own address
VIP=${VIP:-192.0.2.10}				# the address that clients use
SERVERS=${SERVERS:-192.0.2.11 192.0.2.12 192.0.2.13}
PORT=${PORT:-80}				# dr cannot change it: the servers listen on this port too

# 1. The module. After `make install` this is all; else: insmod build/$(uname -r)/weir.ko
grep -q '^weir ' /proc/modules || modprobe weir

# 2. The addresses.
ip address replace "$ADDRESS" dev "$DEVICE"
ip address replace "$VIP/32" dev "$DEVICE"
ip link set "$DEVICE" up

# 3. Requests leave by the device that they came in by: no redirects to the clients' router.
sysctl -q -w net.ipv4.conf.all.send_redirects=0 "net.ipv4.conf.$DEVICE.send_redirects=0"

# 4. The service and its servers, in one transaction.
{
	echo "-A -t $VIP:$PORT -s wlc"
	for server in $SERVERS; do
		echo "-a -t $VIP:$PORT -r $server:$PORT -g -w 1"
	done
} | weiradm apply --owner dr -

# 5. What stands there now; and what is still missing, if anything is.
weiradm -L -n
weiradm diagnose
