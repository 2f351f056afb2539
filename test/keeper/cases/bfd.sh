# shellcheck shell=bash disable=SC2154,SC2034 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# BFD with FRR's bfdd; takeovers by it between two weir-keepers; orderly handover.

frr=/usr/lib/frr

# frr_start NAMESPACE DAEMON...: with $work/DAEMON.conf
frr_start() {
	local side=$1 daemon

	shift
	mkdir -p /run/frr && chown frr:frr /run/frr
	chmod 755 "$work"
	for daemon; do
		chmod 644 "$work/$daemon.conf"
		ip netns exec "$side" $frr/"$daemon" -f "$work/$daemon.conf" -i "/run/frr/$daemon.pid" \
			--log stdout >"$work/$daemon.log" 2>&1 &
		disown $!
		busywait 5 test -S "/run/frr/$daemon.vty" || return 1
	done
}
session_of() { "$keeper" --socket "$work/$1.sock" status -j | grep -A2 '"name": "B"' | sed -n 's/.*"state": "\(.*\)",/\1/p' | tail -n 1; }
session_is() { [[ $(session_of "$1") == "$2" ]]; }
frr_says() { vtysh --vty_socket /run/frr -d bfdd -c 'show bfd peers' 2>/dev/null | grep -q "Status: $1"; }

bfd_config() {
	cat >>"$work/$1.conf" <<-EOT
	bfd_instance B {
		neighbor_ip $2
		source_ip $3
		min_rx ${4:-20}
		min_tx ${4:-20}
		multiplier ${5:-3}
	}
	EOT
}

# The session is up with a real peer; a silent one makes a FAULT. "shutdown" there does not: nothing is broken
bfd() {
	config a 100 "version 3" "advert_int 0.1" "track_bfd {" "B" "}"
	bfd_config a 192.0.2.20 192.0.2.10
	cat >"$work/bfdd.conf" <<-EOT
	bfd
	 peer 192.0.2.10 local-address 192.0.2.20
	  detect-multiplier 3
	  receive-interval 50
	  transmit-interval 50
	 !
	!
	EOT
	start a weir
	busywait 5 is a FAULT || return 1
	frr_start b bfdd || return 2
	busywait 15 session_is a Up || return 3
	busywait 5 frr_says up || return 4
	busywait 5 is a MASTER || return 5
	sleep 1 # and it stays
	session_is a Up || return 6
	kill -STOP "$(cat /run/frr/bfdd.pid)"
	busywait 5 is a FAULT || return 7
	kill -CONT "$(cat /run/frr/bfdd.pid)"
	busywait 15 is a MASTER || return 8
	frr_session shutdown
	busywait 5 session_is a Down || return 9
	"$keeper" --socket "$work/a.sock" status | grep -q 'neighbor signaled down' || return 10
	sleep 1
	is a MASTER || return 11
	# nor does a reload while it is so, or its end
	sed -i 's/priority 100/priority 110/' "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 12
	busywait 5 grep -q 'after the reload' "$work/a.log" || return 13
	is a MASTER || return 14
	frr_session 'no shutdown'
	busywait 15 session_is a Up || return 15
	kill -STOP "$(cat /run/frr/bfdd.pid)"
	busywait 5 is a FAULT || return 16
	kill -CONT "$(cat /run/frr/bfdd.pid)"
	[[ $(grep -c ' -> FAULT' "$work/a.log") == 3 ]] # with the one before it came up
}
frr_session() {
	vtysh --vty_socket /run/frr -d bfdd -c 'configure terminal' -c bfd -c 'peer 192.0.2.10 local-address 192.0.2.20' \
		-c "$1" 2>/dev/null
}

trusted() { "$keeper" --socket "$work/b.sock" status -j | grep -A6 '"name": "B"' | awk '/since_s/ { exit !($2 + 0 > 3.2) }'; }

# The master's link is cut: its backup takes over in a fraction of an advert interval
takeover_bfd() {
	local gap before

	config a 200 "version 3" "advert_int 1" "takeover_bfd B"
	config b 100 "version 3" "advert_int 1" "takeover_bfd B"
	bfd_config a 192.0.2.20 192.0.2.10 3 3
	bfd_config b 192.0.2.10 192.0.2.20 3 3
	start a weir
	start b weir
	busywait 15 alone a b || return 1
	busywait 20 trusted || return 2
	is b BACKUP || return 3
	client_start
	before=$(date +%s%N)
	ip link set port-a down
	until holds b "$vip"; do
		(($(date +%s%N) - before < 2000000000)) || return 4
	done
	gap=$(client_end)
	say "the client missed $gap ms with BFD at 3 ms x 3 (VRRP alone: 3609 ms)"
	# both heard each other again: priorities decide, and the session is not believed for a minute
	ip link set port-a up
	busywait 10 alone a b || return 5
	busywait 20 trusted || return 6
	ip link set port-a down
	sleep 0.5
	is b BACKUP || return 7
	busywait 10 holds b "$vip"
}

# SIGTERM and "handover": the backup has the addresses before the master gives them up
handover() {
	local gap both

	config a 200 "version 3" "advert_int 1"
	config b 100 "version 3" "advert_int 1"
	start a weir
	busywait 10 holds a "$vip" || return 1
	start b weir
	busywait 10 is b BACKUP || return 2
	sleep 2.5 # b has announced itself
	client_start
	record
	stop a
	alone b a || return 3
	record_end
	gap=$(client_end) both=$(overlap "$vip" a)
	say "handover by SIGTERM: the client missed $gap ms, both had the address for $both ms"
	# never nobody: the heir has it before the old master lets go
	[[ $both != 0.0 ]] || { sed "s,^,# ," "$work/timeline.a" "$work/timeline.b"; return 12; }
	[[ $(count_of b taken_by_handover) == 1 ]] || return 4
	"$keeper" --socket "$work/b.sock" status -j | grep '"resignations"' | sed -n 2p | grep -Eq ': 0,?$' || return 5
	start a weir
	busywait 15 alone a b || return 6
	sleep 2.5
	"$keeper" --socket "$work/a.sock" handover V >/dev/null || return 7
	busywait 2 alone b a || return 8
	sleep 3.7 # and it is not preempted
	alone b a || return 9
	[[ $(count_of a handed_over) == 1 ]] || return 10
	# back: b asks a
	"$keeper" --socket "$work/b.sock" handover >/dev/null
	busywait 2 alone a b || return 11
	# a keepalived knows nothing of it: priority 0
	stop b
	start b keepalived
	sleep 3
	stop a
	busywait 3 alone b a
}

if wanted bfd && [[ -x $frr/bfdd ]]; then
	bfd
	result $? "bfd: a session with FRR, followed by track_bfd"
	stop_everything
fi
if wanted takeover_bfd; then
	takeover_bfd
	result $? "takeover_bfd: a dead master is replaced at once, one that was alive is not believed for a minute"
	stop_everything
fi
if wanted handover; then
	handover
	result $? "handover: by SIGTERM and by command, back again, and from keepalived's side by priority 0"
	stop_everything
fi
