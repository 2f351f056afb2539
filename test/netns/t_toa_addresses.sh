#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: nomodule
# timeout: 180
# weir-toa: accept() and getpeername() show the address that a director's option names: IPv4 and IPv6, on sockets of either family, in the
# kinds of Huawei and of DPVS; with the handshake or with the first data. Nobody else's option counts, nor a broken one, nor one that
# comes later; what is shown then is the address that the connection has.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-toa.sh"
need_toa

#   director eth0 ------------------- eth0 server
#   192.0.2.1, 2001:db8:1::1          192.0.2.2, 2001:db8:1::2
#   sends as 10.9.0.0/16, 2001:db8:9::/48 (believed) and as 10.8.0.1, 2001:db8:8::1 (not)
server=''
new_ns director server
link_ns "$director" eth0 "$server" eth0
addr "$director" eth0 192.0.2.1/24 2001:db8:1::1/64
addr "$server" eth0 192.0.2.2/24 2001:db8:1::2/64
routes "$server" '10.8.0.0/15 via 192.0.2.1' '2001:db8:8::/47 via 2001:db8:1::1'

cgroup web
start_peer_server web "$server" 0.0.0.0 8004
start_peer_server web "$server" :: 8006
check_ok 'attached' "$WEIR_TOA" attach /web --director 10.9.0.0/16,2001:db8:9::/48

# connect SERVER PORT <connections: whether accept() comes before or after the first data nobody knows, so of those it is left out
connect() {
	ns "$director" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/toa_client.py" eth0 "$(mac_of "$server" eth0)" "$1" "$2" |
		sed -E 's/^([a-z0-9-]*data) accept=[^ ]*/\1/'
}

v4=$(option4 198.51.100.7 49153) v6=$(option6 2001:db8:77::7 49154) dpvs=$(option_dpvs 2001:db8:77::7 49154)
magic=$(option4 198.51.100.7 63881)
stamps=0101080a0000000100000000

check_eq "$(connect 192.0.2.2 8004 <<-EOF
	plain 10.9.0.1 4001
	handshake 10.9.0.1 4002 ack=$v4
	data 10.9.0.1 4003 data=$v4
	both 10.9.0.1 4004 ack=$v4 data=$v4
	first 10.9.0.1 4005 ack=- data=$v4
	behind 10.9.0.1 4006 ack=${stamps}$v4
	magic 10.9.0.1 4007 ack=$magic
	magic-data 10.9.0.1 4008 data=$magic
	ipv6 10.9.0.1 4009 ack=$v6
	outsider 10.8.0.1 4010 ack=$v4 data=$v4
	late 10.9.0.1 4011 more=$v4
	again 10.9.0.1 4012 ack=$v4 more=$(option4 203.0.113.1 1)
	in-syn 10.9.0.1 4013 syn=$v4
EOF
)" 'plain accept=10.9.0.1:4001 peer=10.9.0.1:4001 plain
handshake accept=198.51.100.7:49153 peer=198.51.100.7:49153 handshake
data peer=198.51.100.7:49153 data
both accept=198.51.100.7:49153 peer=198.51.100.7:49153 both
first accept=198.51.100.7:49153 peer=198.51.100.7:49153 first
behind accept=198.51.100.7:49153 peer=198.51.100.7:49153 behind
magic accept=198.51.100.7:63881 peer=198.51.100.7:63881 magic
magic-data peer=198.51.100.7:63881 magic-data
ipv6 accept=10.9.0.1:4009 peer=10.9.0.1:4009 ipv6
outsider accept=10.8.0.1:4010 peer=10.8.0.1:4010 outsider
late accept=10.9.0.1:4011 peer=10.9.0.1:4011 late
again accept=198.51.100.7:49153 peer=198.51.100.7:49153 again
in-syn accept=10.9.0.1:4013 peer=10.9.0.1:4013 in-syn' 'an AF_INET socket'
check_eq "$(toa_count connections)/$(toa_count found)/$(toa_count family)/$(toa_count refused)/$(toa_count malformed)" 12/8/1/1/0 \
	'connections of directors, found, of the wrong family, refused, malformed'
# plain, late, in-syn: the next segment after the data told, if only the reset
check_range "$(toa_count missing)" 1 3 'without an option'

check_eq "$(connect 192.0.2.2 8006 <<-EOF
	plain 10.9.0.1 4101
	mapped 10.9.0.1 4102 ack=$v4
	nat64 10.9.0.1 4103 ack=$v6
	nat64-data 10.9.0.1 4104 data=$v6
EOF
)" 'plain accept=[::ffff:10.9.0.1]:4101 peer=[::ffff:10.9.0.1]:4101 plain
mapped accept=[::ffff:198.51.100.7]:49153 peer=[::ffff:198.51.100.7]:49153 mapped
nat64 accept=[2001:db8:77::7]:49154 peer=[2001:db8:77::7]:49154 nat64
nat64-data peer=[2001:db8:77::7]:49154 nat64-data' 'IPv4 to an AF_INET6 socket'

check_eq "$(connect 2001:db8:1::2 8006 <<-EOF
	plain 2001:db8:9::1 4201
	handshake 2001:db8:9::1 4202 ack=$v6
	data 2001:db8:9::1 4203 data=$v6
	dpvs 2001:db8:9::1 4204 ack=$dpvs
	behind 2001:db8:9::1 4205 ack=${stamps}$v6
	nat46 2001:db8:9::1 4206 ack=$v4
	outsider 2001:db8:8::1 4207 ack=$v6 data=$v6
EOF
)" 'plain accept=[2001:db8:9::1]:4201 peer=[2001:db8:9::1]:4201 plain
handshake accept=[2001:db8:77::7]:49154 peer=[2001:db8:77::7]:49154 handshake
data peer=[2001:db8:77::7]:49154 data
dpvs accept=[2001:db8:77::7]:49154 peer=[2001:db8:77::7]:49154 dpvs
behind accept=[2001:db8:77::7]:49154 peer=[2001:db8:77::7]:49154 behind
nat46 accept=[::ffff:198.51.100.7]:49153 peer=[::ffff:198.51.100.7]:49153 nat46
outsider accept=[2001:db8:8::1]:4207 peer=[2001:db8:8::1]:4207 outsider' 'IPv6'
check_eq "$(toa_count refused)" 2 'refused, both families'

# Lengths of 0 and 1, past the end, another kind's length, cut off; a list that is broken before the option, or ends before it.
check_eq "$(connect 192.0.2.2 8004 <<-EOF
	zero 10.9.0.1 4301 ack=fe00${v4:4}
	one 10.9.0.1 4302 ack=fe01${v4:4}
	past 10.9.0.1 4303 ack=fe09${v4:4}
	longest 10.9.0.1 4304 ack=feff${v4:4}
	seven 10.9.0.1 4305 ack=fe07${v4:4}
	short 10.9.0.1 4306 ack=fd08${v4:4}
	cut 10.9.0.1 4307 ack=010101fe
	broken 10.9.0.1 4308 ack=0800$v4
	ended 10.9.0.1 4309 ack=00000000$v4
	full 10.9.0.1 4310 ack=$(printf '01%.0s' {1..32})$v4
	mended-data 10.9.0.1 4311 ack=fe00${v4:4} data=$v4
EOF
)" "$(for ((i = 1; i <= 9; i++)); do
	names=(zero one past longest seven short cut broken ended)
	printf '%s accept=10.9.0.1:430%d peer=10.9.0.1:430%d %s\n' "${names[i - 1]}" "$i" "$i" "${names[i - 1]}"
done)
full accept=198.51.100.7:49153 peer=198.51.100.7:49153 full
mended-data peer=198.51.100.7:49153 mended-data" 'broken options'
check_eq "$(toa_count malformed)" 9 'malformed'

for ((i = 0; i < 150; i++)); do
	printf 'c%d 10.9.1.%d 5000 ack=fe08%04x%s\n' "$i" "$i" $((20000 + i)) "$(printf 'c63364%02x' "$i")"
done | connect 192.0.2.2 8004 >"$TEST_TMP/many"
check_eq "$(for ((i = 0; i < 150; i++)); do
	printf 'c%d accept=198.51.100.%d:%d peer=198.51.100.%d:%d c%d\n' "$i" "$i" $((20000 + i)) "$i" $((20000 + i)) "$i"
done | diff - "$TEST_TMP/many" | head)" '' '150 connections, each with an address of its own'
check_eq "$(toa_count no-memory)" 0 'without memory'
