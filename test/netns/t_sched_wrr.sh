#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# wrr: over whole cycles the same shares as ip_vs's, connection by connection smoother; weights whose cycle is too long to be
# written out; a change of weights in mid-cycle.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff

both_service "-u $VIP4:53" '-s wrr' 198.51.100.1%d:53 10 6 0 2 4
traffic open udp $VIP4 53 1100 1
check_eq "$(spread weir 53)" "$(spread ipvs 53)" 'shares over 100 cycles of 5:3:0:1:2, UDP over IPv4'
check_eq "$(spread weir 53)" "$(printf '%s\n' '500 198.51.100.11:53' '300 198.51.100.12:53' \
	'100 198.51.100.14:53' '200 198.51.100.15:53')" "and they are the weights'"

both_service "-t [$VIP6]:80" '-s wrr' '[2001:db8:2::1%d]:80' 3 2 1
traffic open tcp $VIP6 80 600 2
check_eq "$(spread weir 80)" "$(spread ipvs 80)" 'shares over 100 cycles of 3:2:1, TCP over IPv6'

# share PORT SERVER: of the connections so far; those that have ended meanwhile count
share() {
	weir -L -n -t "$VIP4:$1" --stats --exact | awk -v name="$2:$1" '$2 == name { print $3 }'
}

# any part of the cycle has its share within a connection
weir -A -t $VIP4:81 -s wrr
add=(-a -t "$VIP4:81" -g)
weir "${add[@]}" -r 198.51.100.11:81 -w 8
weir "${add[@]}" -r 198.51.100.12:81 -w 1
weir "${add[@]}" -r 198.51.100.13:81 -w 1
for part in 1 2 3 4 5 6; do
	traffic open tcp $VIP4 81 5 $((10 + part))
	check_range "$(share 81 198.51.100.11)" $((4 * part - 1)) $((4 * part + 1)) \
		"the heavy one's share of the first $((5 * part))"
done

# 65535:32768:1 has a cycle of 98,304 turns
weir -A -t $VIP4:82 -s wrr
weir -a -t $VIP4:82 -r 198.51.100.11:82 -g -w 65535
weir -a -t $VIP4:82 -r 198.51.100.12:82 -g -w 32768
weir -a -t $VIP4:82 -r 198.51.100.13:82 -g -w 1
traffic open tcp $VIP4 82 900 20
check_range "$(share 82 198.51.100.11)" 595 605 'two thirds'
check_range "$(share 82 198.51.100.12)" 295 305 'one third'

weir -e -t $VIP4:82 -r 198.51.100.11:82 -g -w 0
weir -e -t $VIP4:82 -r 198.51.100.13:82 -g -w 65536 2>/dev/null && fail 'a weight of 65536 was taken'
weir -e -t $VIP4:82 -r 198.51.100.13:82 -g -w 32768
before=$(share 82 198.51.100.12)
traffic open tcp $VIP4 82 200 21
check_range "$(($(share 82 198.51.100.12) - before))" 99 101 'half after the change'
