#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# twos: nearer to the weights' shares than chance alone, as ip_vs's where the kernel has it; nothing to a server without weight or at its threshold.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-diff.sh"
topology_diff
# Debian's 6.1 is without it.
theirs=no
! modprobe -q ip_vs_twos || theirs=yes
printf '# beside ip_vs_twos: %s\n' "$theirs"

# Chance alone strays by 9 or more for one in three of them; the better of two by a few
service_lines "-u $VIP4:53" '-s twos' 198.51.100.1%d:53 1 1 1 1 1 1 1 1 >"$TEST_TMP/service"
weir -R <"$TEST_TMP/service"
[[ $theirs == no ]] || ipvs -R <"$TEST_TMP/service"
traffic open udp $VIP4 53 800 1
for i in 1 2 3 4 5 6 7 8; do
	check_range "$(spread_of "$(spread weir 53)" 198.51.100.1$i:53)" 91 109 "share of server $i, UDP over IPv4"
	[[ $theirs == no ]] || check_range "$(spread_of "$(spread ipvs 53)" 198.51.100.1$i:53)" 91 109 "which ip_vs gives it, too"
done

service_lines "-t [$VIP6]:80" '-s twos' '[2001:db8:2::1%d]:80' 1000 3000 0 2000 | weir -R
traffic established tcp $VIP6 80 600 2
shares=$(spread weir 80)
check_range "$(spread_of "$shares" '[2001:db8:2::11]:80')" 90 110 'one sixth, TCP over IPv6'
check_range "$(spread_of "$shares" '[2001:db8:2::12]:80')" 285 315 'one half'
check_eq "$(spread_of "$shares" '[2001:db8:2::13]:80')" 0 'nothing by weight 0'
check_range "$(spread_of "$shares" '[2001:db8:2::14]:80')" 188 212 'one third'

weir -e -t "[$VIP6]:80" -r '[2001:db8:2::12]:80' -g -w 1000
weir -e -t "[$VIP6]:80" -r '[2001:db8:2::11]:80' -g -w 0
traffic established tcp $VIP6 80 300 3
check_eq "$(spread_of "$(spread weir 80)" '[2001:db8:2::11]:80')" "$(spread_of "$shares" '[2001:db8:2::11]:80')" 'nothing after the weight went'
# the less loaded one of the two that are left gets what it is drawn for once or twice: eight of nine
check_range "$(($(spread_of "$(spread weir 80)" '[2001:db8:2::14]:80') - $(spread_of "$shares" '[2001:db8:2::14]:80')))" 240 292 'the less loaded one'

service_lines "-u $VIP4:54" '-s twos' 198.51.100.1%d:54 65535 1 65535 | weir -R
weir -e -u $VIP4:54 -r 198.51.100.11:54 -g -w 65535 -x 10
weir -e -u $VIP4:54 -r 198.51.100.13:54 -g -w 65535 -x 20
traffic open udp $VIP4 54 60 4
check_eq "$(spread weir 54)" "$(printf '%s\n' '10 198.51.100.11:54' '30 198.51.100.12:54' '20 198.51.100.13:54')" \
	'all to the last server that is not overloaded, which chance would hardly find'
weir -d -u $VIP4:54 -r 198.51.100.12:54
traffic open udp $VIP4 54 10 5
check_eq "$(decisions weir 54 | wc -l)" 60 'refused when none is left'
