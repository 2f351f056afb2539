# shellcheck shell=bash disable=SC2154,SC2034,SC2317,SC2016 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# What happens to addresses: announced, taken away, moved between routers, the owner's own; and what a reload, a crowded
# machine and strangers do not change.

# insert SIDE LINE...: into the instance V
insert() {
	local side=$1

	shift
	printf '\t%s\n' "$@" >"$work/inserted"
	sed -i "/virtual_router_id 51/r $work/inserted" "$work/$side.conf"
}
reload_a() { "$keeper" --socket "$work/a.sock" reload >/dev/null; }
reloads() { (($(grep -c 'after the reload' "$work/a.log") >= $1)); }
transitions() { grep -c ' -> ' "$work/$1.log"; }
logged() { grep -q "$2" "$work/$1.log"; }

# Gratuitous ARP requests for 192.0.2.100, from now on; announced [MAC] counts them
listen_arp() {
	tcpdump -tt -nneli br0 arp >"$work/arp" 2>/dev/null &
	sleep 0.5
}
announced() { grep -c "${1:-}.*Request who-has 192.0.2.100 (.*) tell 192.0.2.100" "$work/arp"; }
announced_from() { (($(announced "$1 > ff:ff") > 0)); }

announce() {
	local count

	listen_arp
	insert a 'garp_master_refresh 1'
	start a weir
	busywait 10 holds a "$vip" || return 1
	sleep 2.5
	count=$(announced)
	# five of the start, five of its second series after garp_master_delay is over (5 s), one a second
	((count >= 7 && count <= 9)) || { say "$count announcements"; return 2; }
	# another port of a bond gives it another address
	ip -n a link set eth0 address 02:00:00:00:0a:0a
	busywait 3 announced_from 02:00:00:00:0a:0a || return 3
	sed -i /garp_master_refresh/d "$work/a.conf"
	reload_a || return 4
	busywait 10 reloads 1 || return 5
	sleep 6
	: >"$work/arp"
	sleep 3
	count=$(announced)
	((count == 0)) || { say "$count announcements, and no refresh"; return 6; }
	insert a 'garp_master_refresh 1'
	reload_a || return 7
	busywait 4 announced_from 02:00:00:00:0a:0a || return 8
}

# Any of them, at any time, on any device
repair() {
	local address

	ip -n a link add other type veth peer name other-end
	ip -n a link set other up && ip -n a link set other-end up
	sed -i 's|192.0.2.101/24|&\n192.0.2.105/24 dev other|' "$work/a.conf"
	insert a 'virtual_ipaddress_excluded {' 192.0.2.104/24 '}'
	start a weir
	for address in 192.0.2.101 192.0.2.104 192.0.2.105; do
		busywait 10 holds a $address || return 1
		# the first within its first second as master
		ip -n a address del $address/24 dev "$([[ $address == *105 ]] && echo other || echo eth0)"
		busywait 5 holds a $address || { say "$address"; return 2; }
	done
	[[ $(transitions a) == 2 ]] || return 3
	stop a
	ip -n a link del other
	! ip -n a address show | grep -Eq '192\.0\.2\.10[0145]'
}

# RFC 9568 8.3.2: the machine whose own address it is
owner() {
	sed -i 's|192.0.2.100/24|192.0.2.10/24|; /192.0.2.101/d; s/priority .*/priority 255/' "$work/a.conf"
	start a weir
	busywait 2 is a MASTER || return 1
	ip -n a link set eth0 down
	busywait 5 is a FAULT || return 2
	holds a 192.0.2.10 || return 3
	ip -n a link set eth0 up
	busywait 5 is a MASTER || return 4
	kill -KILL "$(vrrp_process a)"
	busywait 5 is a MASTER || return 5
	stop a
	holds a 192.0.2.10
}

# Its own address is not removed where it has another one too; one that it only got from the daemon is, also when that
# was killed before
owner_of_two() {
	ip -n a address add 192.0.2.11/24 dev eth0
	sed -i 's|192.0.2.100/24|192.0.2.10/24|; s/priority .*/priority 255/' "$work/a.conf"
	start a weir
	busywait 20 holds a 192.0.2.101 || return 1
	"$keeper" --socket "$work/a.sock" stop
	busywait 20 gone "$pid_a" || return 2
	holds a 192.0.2.10 || return 3
	! holds a 192.0.2.101 || return 4
	start a weir
	busywait 20 holds a 192.0.2.101 || return 5
	stop a KILL
	start a weir
	busywait 20 is a MASTER || return 6
	stop a
	holds a 192.0.2.10 || return 7
	! holds a 192.0.2.101 || return 8
	start a weir
	busywait 20 holds a 192.0.2.101 || return 9
	stop a KILL
	ip netns exec a "$keeper" -f "$work/a.conf" --socket "$work/a.sock" cleanup >/dev/null || return 10
	ip -n a address del 192.0.2.11/24 dev eth0
	holds a 192.0.2.10 && ! holds a 192.0.2.101
}

# Two who both say that they own the address, and an advert that comes from our own: counted, and said once
strangers() {
	sed -i 's/priority .*/priority 255/' "$work/a.conf" "$work/b.conf"
	start a weir
	start b weir
	busywait 20 logged a '192.0.2.20 says that the addresses are its own' || return 1
	busywait 20 counted a other_owner 3 || return 3
	[[ $(grep -c 'are its own' "$work/a.log") == 1 ]] || return 4
	# the one with the greater address is master, as between any two of one priority
	busywait 20 alone b a || return 2
	stop b
	ip netns exec a sysctl -qw net.ipv4.conf.all.accept_local=1
	ip netns exec b python3 - <<-'EOT' || return 5
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.20"))
	ip = bytes([0x45, 0, 0, 28, 0, 0, 0, 0, 255, 112, 0, 0]) + socket.inet_aton("192.0.2.10") + socket.inet_aton("224.0.0.18")
	for _ in range(3):
	    s.sendto(ip + bytes([0x31, 51, 100, 1, 0, 20, 0, 0]), ("224.0.0.18", 0))
	EOT
	busywait 20 counted a own_address 3 || return 6
	is a MASTER && [[ $(count_of a own_address) == 3 ]]
}
# Beside a keepalived that is an owner too: it lowers itself to 254 for good when it hears another one as master. Whoever came
# first, one is left
owners() {
	local first second

	sed -i 's/priority .*/priority 255/' "$work/a.conf" "$work/b.conf"
	for first in a b; do
		second=$([[ $first == a ]] && echo b || echo a)
		start $first "$([[ $first == a ]] && echo weir || echo keepalived)"
		busywait 10 alone $first $second || return 1
		start $second "$([[ $second == a ]] && echo weir || echo keepalived)"
		busywait 10 owners_met || return 2
		# longer than two down intervals
		busywait 10 one_owner && sleep 2 && one_owner || return 3
		say "$first was there first: $(alone a b && echo weir-keeper || echo keepalived) is left"
		stop a
		stop b
		busywait 10 nobody || return 4
	done
}
owners_met() { grep -q 'both configured as address owner' "$work/b.log" || logged a '192.0.2.20 says that the addresses are its own'; }
one_owner() { alone a b || alone b a; }
counted() { (($(count_of "$1" "$2") >= $3)); }

# The status says why a state is another one: whose advert, of which priority, which interface
reasons() {
	printf '#!/bin/sh\n[ ! -e %s/bad ]\n' "$work" >"$work/good"
	chmod 755 "$work" "$work/good"
	printf 'vrrp_script good {\n\tscript %s/good\n\tinterval 1\n\ttimeout 20\n\tuser root\n}\n' "$work" >>"$work/a.conf"
	insert a 'track_script {' 'good weight -150' '}'
	start a weir
	busywait 20 reason a 'no advert within the down interval' || return 1
	start b weir
	busywait 20 reason b 'started' || return 2
	busywait 20 is b BACKUP || return 2
	: >"$work/bad"
	busywait 20 reason a 'a master with a higher priority: priority 100 from 192.0.2.20, own 50' || return 3
	busywait 20 reason b 'the master had a lower priority: priority 50 from 192.0.2.10, own 100' || return 4
	rm "$work/bad"
	busywait 20 reason b 'a master with a higher priority: priority 200 from 192.0.2.10, own 100' || return 5
	ip -n a link set eth0 down
	busywait 20 reason a 'interface eth0 is down' || return 6
	busywait 20 reason b '.*: 192.0.2.10' || return 7
	ip -n a link set eth0 up
	busywait 20 logged a 'FAULT -> BACKUP: the fault is over: interface eth0 is down' || return 8
	busywait 20 reason a 'the master had a lower priority: priority 100 from 192.0.2.20, own 200' || return 9
	"$keeper" --socket "$work/a.sock" status | grep -q 'MASTER .*: priority 100 from 192.0.2.20, own 200'
}
reason() { "$keeper" --socket "$work/$1.sock" status -j | grep -q "\"reason_detail\": \"$2\""; }

# What a reload brings to be tracked is no fault before it was looked at
reload_trackers() {
	printf '#!/bin/sh\nsleep 1\n' >"$work/slow"
	printf '#!/bin/sh\nsleep 1\nexit 1\n' >"$work/slow-bad"
	chmod 755 "$work" "$work/slow" "$work/slow-bad"
	start a weir
	start b weir
	busywait 10 alone a b || return 1
	cat >>"$work/a.conf" <<-EOF
	vrrp_script slow {
		script $work/slow
		interval 2
		user root
	}
	vrrp_track_process runs {
		process sleep
	}
	EOF
	insert a 'track_script {' slow '}' 'track_process {' runs '}'
	ip netns exec a sleep 60 &
	disown $!
	reload_a || return 2
	busywait 10 reloads 1 || return 3
	sleep 2
	is a MASTER || return 4
	[[ $(transitions a) == 2 && $(grep -c MASTER "$work/b.log") == 0 ]] || return 5
	# but what it says then, counts
	sed -i "s|$work/slow|&-bad|" "$work/a.conf"
	reload_a || return 6
	busywait 10 is a FAULT
}

second_router() {
	cat >>"$work/a.conf" <<-EOF
	vrrp_instance W {
		interface eth0
		virtual_router_id 52
		priority 200
		version 3
		advert_int 0.2
		virtual_ipaddress {
		192.0.2.110/24
		}
	}
	EOF
}

# From the one to the other and back: both stay master, and the address is there in the end
reload_moves() {
	second_router
	start a weir
	busywait 10 holds a "$vip" || return 1
	busywait 10 holds a 192.0.2.110 || return 2
	sed -i '/192.0.2.101/d; s|192.0.2.110/24|&\n192.0.2.101/24|' "$work/a.conf"
	reload_a || return 3
	busywait 10 reloads 1 || return 4
	holds a 192.0.2.101 || return 5
	sed -i '/192.0.2.101/d; s|192.0.2.100/24|&\n192.0.2.101/24|' "$work/a.conf"
	reload_a || return 6
	busywait 10 reloads 2 || return 7
	holds a 192.0.2.101 && [[ $(transitions a) == 4 ]]
}

running() { pgrep -fc '^/bin/sleep 987$'; }

# A script that does not end is there once, and nobody waits for it at the end
slow_script() {
	local i most=0 before

	cat >>"$work/a.conf" <<-EOF
	vrrp_script endless {
		script "/bin/sleep 987"
		interval 0.1
		timeout 50
		user root
	}
	EOF
	insert a 'track_script {' 'endless weight 1' '}'
	start a weir
	busywait 10 holds a "$vip" || return 1
	for ((i = 0; i < 20; i++)); do
		sleep 0.1
		(($(running) <= most)) || most=$(running)
	done
	((most == 1)) || { say "$most at a time"; return 2; }
	before=$EPOCHREALTIME
	stop a
	(((${EPOCHREALTIME/./} - ${before/./}) < 3000000)) || return 3
	[[ $(running) == 0 ]]
}

# Whoever cleans up does it where the daemon was
cleanup_elsewhere() {
	"$keeper" -s a -f "$work/a.conf" --socket "$work/a.sock" >"$work/a.log" 2>&1 &
	pid_a=$!
	disown $!
	busywait 10 holds a "$vip" || return 1
	stop a KILL
	busywait 5 gone "$pid_a" || return 2
	holds a "$vip" || return 3
	"$keeper" -s a -f "$work/a.conf" --socket "$work/a.sock" cleanup || return 4
	! holds a "$vip"
}

vmac_is_there() { ip -n a link show vrrp.51 >/dev/null 2>&1; }
no_vmac() { ! vmac_is_there; }

# A process that stands still and one that is started anew find the macvlan as it was; at the end it goes, even where the process
# cannot take it away itself
vmac_guard() {
	insert a use_vmac
	start a weir
	busywait 10 holds a "$vip" || return 1
	kill -STOP "$(vrrp_process a)"
	busywait 5 gone_from a "$vip" || return 2
	vmac_is_there || return 3
	kill -CONT "$(vrrp_process a)"
	busywait 5 holds a "$vip" || return 4
	kill -KILL "$(vrrp_process a)"
	busywait 5 gone_from a "$vip" || return 5
	busywait 10 holds a "$vip" || return 6
	busywait 5 ip netns exec b ping -qc 1 -W 1 "$vip" >/dev/null || return 7
	kill -STOP "$(vrrp_process a)"
	stop a
	no_vmac
}

# No room for another process: the guard waits, and signals nobody else
fork_fails() {
	local group bystander what

	group=$(mktemp -d /sys/fs/cgroup/pids/weir-test.XXXXXX) || return 1
	start a weir
	busywait 10 holds a "$vip" || return 2
	ip netns exec a sleep 1000 &
	bystander=$!
	disown $!
	echo 1 >"$group/pids.max"
	echo "$pid_a" >"$group/cgroup.procs"
	kill -HUP "$pid_a"
	pkill -KILL -x weir-helper
	sleep 0.5
	kill -KILL "$(vrrp_process a)"
	busywait 5 gone_from a "$vip" || return 3
	sleep 2
	kill -0 "$bystander" && kill -0 "$pid_a" || return 4
	echo max >"$group/pids.max"
	busywait 10 is a MASTER || return 5
	busywait 5 holds a "$vip" || return 6
	# the helper writes the log
	for what in configuration helper VRRP; do
		busywait 5 logged a "the $what process cannot be started" || { say "$what"; return 7; }
	done
	kill -KILL "$bystander"
	reload_a || return 8
	busywait 10 reloads 1 || return 9
	stop a
	echo $$ >/sys/fs/cgroup/pids/cgroup.procs
	busywait 5 rmdir "$group"
}

counted() { (($(count_of "$1" "$2") > 0)); }

# Lists that differ, forms of the checksum that differ, and adverts that came from afar: one master
one_master() {
	sed -i /192.0.2.101/d "$work/b.conf"
	insert a v3_checksum_as_v2
	start b weir
	busywait 10 holds b "$vip" || return 1
	start a weir
	busywait 10 alone a b || return 2
	busywait 5 counted b address_list_differs || return 3
	sleep 1
	alone a b || return 4
	[[ $(grep -c MASTER "$work/b.log") == 2 ]] || return 5
	# a better master, but TTL 254
	ip netns exec b /usr/bin/python3 -c '
import socket, struct
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
body = struct.pack("!BBBBHH4s4s", 0x31, 51, 250, 2, 20, 0, socket.inet_aton("192.0.2.100"), socket.inet_aton("192.0.2.101"))
pseudo = socket.inet_aton("192.0.2.20") + socket.inet_aton("224.0.0.18") + struct.pack("!BBH", 0, 112, len(body))
body = body[:6] + struct.pack("!H", checksum(pseudo + body)) + body[8:]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.20"))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 254)
s.sendto(body, ("224.0.0.18", 0))' || return 6
	busywait 5 counted a ttl || return 7
	[[ $(transitions a) == 2 ]]
}

only() {
	cat >>"$work/a.conf" <<-EOF
	virtual_server 192.0.2.100 80 {
		protocol TCP
		real_server 192.0.2.20 80 {
		}
	}
	EOF
	ip netns exec a "$keeper" -P -f "$work/a.conf" --socket "$work/a.sock" >"$work/a.log" 2>&1 &
	pid_a=$!
	disown $!
	busywait 10 holds a "$vip" || return 1
	! pgrep -f weir-keeper-checker >/dev/null || return 2
	stop a
	ip netns exec a "$keeper" -C -f "$work/a.conf" --socket "$work/a.sock" >"$work/a.log" 2>&1 &
	pid_a=$!
	disown $!
	busywait 10 logged a '1 virtual servers' || return 3
	sleep 2
	! holds a "$vip" && logged a '0 virtual routers started'
}

family=4
! command -v tcpdump >/dev/null || own announce "as configured, with the MAC of the moment, and not for ever after a reload"
own repair "whatever address somebody takes away comes back"
own strangers "another owner, and one with our own address, are counted and named"
own reasons "the status says who and what made the state another one"
own owners "beside a keepalived that is an owner too, one is left"
own owner_of_two "the owner's own address stays when it stops, beside another one too"
own owner "it is master at once, and keeps its address when it stops"
own reload_trackers "what is tracked from now on is no fault before it was looked at"
own reload_moves "an address moves between two masters"
own slow_script "one run at a time, and none holds the end up"
own cleanup_elsewhere "in the namespace of the daemon"
own vmac_guard "the macvlan stays for a process that starts again, and goes at the end"
[[ ! -d /sys/fs/cgroup/pids ]] || own fork_fails "the guard goes on where it cannot start a process"
own one_master "differing lists, checksums and foreign adverts make no second master"
own only "-P and -C run the one half or the other"
