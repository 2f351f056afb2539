#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long
# timeout: 300
# The table of connections grows with them, does not shrink each time that a second's have expired, and is small again when it has
# been too large for a minute; without a connection, too.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

# config NAME: of the director's weir
config() {
	weir config -j | /usr/bin/python3 -SEc 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

is() {
	(($(config "$1") == $2))
}

weir config timeout.udp=2 timeout.udp-unreplied=2
both_service "-u $VIP4:53" '-s rr' 198.51.100.1%d:53 1 1
small=$(config conn-buckets)
traffic open udp $VIP4 53 3000 1
large=$(config conn-buckets)
check_range "$large" 2048 16384 'buckets for 3000 connections'
wait_for 30 'all have expired' is conn-count 0
sleep 10
check_eq "$(config conn-buckets)" "$large" 'buckets 10 s later'
traffic open udp $VIP4 53 3000 2
check_eq "$(config conn-buckets)" "$large" 'buckets for the next 3000'
wait_for 90 'the table is small again' is conn-buckets "$small"
