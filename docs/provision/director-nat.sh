#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# A director from bare machine to serving, forwarding method nat: requests and replies both pass the director, which is the
# real servers' gateway.
#
#   clients ---- public [ director ] private ---- 10.0.0.11, 10.0.0.12, 10.0.0.13
#                VIP 192.0.2.10      10.0.0.1
#
# Edit the settings, or give them in the environment. Running it again brings the machine back to exactly this state.
# On each real server nothing is needed but `ip route replace default via 10.0.0.1`.
set -euo pipefail

PUBLIC=${PUBLIC:-eth0}				# device towards the clients
PRIVATE=${PRIVATE:-eth1}			# device towards the real servers
VIP=${VIP:-192.0.2.10}				# the address that clients use
GATEWAY=${GATEWAY:-10.0.0.1/24}			# the director's address towards the real servers
SERVERS=${SERVERS:-10.0.0.11 10.0.0.12 10.0.0.13}
PORT=${PORT:-80}

# 1. The module. After `make install` this is all; else: insmod build/$(uname -r)/weir.ko
grep -q '^weir ' /proc/modules || modprobe weir

# 2. The addresses.
ip address replace "$VIP/32" dev "$PUBLIC"
ip address replace "$GATEWAY" dev "$PRIVATE"
ip link set "$PUBLIC" up
ip link set "$PRIVATE" up

# 3. Replies of the real servers are forwarded. No redirects: the servers are to keep this gateway.
sysctl -q -w net.ipv4.ip_forward=1
sysctl -q -w net.ipv4.conf.all.send_redirects=0 "net.ipv4.conf.$PRIVATE.send_redirects=0"

# 4. The service and its servers, in one transaction.
{
	echo "-A -t $VIP:$PORT -s wlc"
	for server in $SERVERS; do
		echo "-a -t $VIP:$PORT -r $server:$PORT -m -w 1"
	done
} | weiradm apply --owner nat -

# 5. What stands there now; and what is still missing, if anything is.
weiradm -L -n
weiradm diagnose
