# shellcheck shell=bash disable=SC2154,SC2034,SC2317 # sourced by ../run
# SPDX-License-Identifier: GPL-2.0
# What the checker does without a kernel's table: whom it tells what, and when it does not look. b has the real server.

# services_config [LINE...]: one virtual server, its events in $work/events by lvs_notify_fifo
services_config() {
	cat >"$work/a.conf" <<-EOT
	global_defs {
		lvs_notify_fifo $work/events
	}
	virtual_server 192.0.2.100 80 {
		protocol TCP
		delay_loop 0.3
		quorum_up "$work/told VS up" root
		quorum_down "$work/told VS down" root
		$(printf '%s\n\t\t' "$@")
		real_server 192.0.2.20 80 {
			retry 0
			notify_up "$work/told RS up" root
			notify_down "$work/told RS down" root
			TCP_CHECK {
				connect_timeout 2
			}
		}
	}
	EOT
	printf '#!/bin/sh\necho "$@" >>%s/told.said\n' "$work" >"$work/told"
	chmod 755 "$work" "$work/told"
	: >"$work/told.said"
	open_events
}
# The lines of the FIFO $work/events go to $work/said, each whole, as they come
open_events() {
	[[ -z ${listener:-} ]] || kill -KILL "$listener" 2>/dev/null
	rm -f "$work/events"
	mkfifo "$work/events"
	: >"$work/said"
	cat <>"$work/events" >>"$work/said" & # opened for writing, too: it goes on when a writer ends
	listener=$!
	disown $!
}
# read_events LINES: these came, and for a second nothing else
read_events() {
	local before=''

	until [[ $before == "$(wc -c <"$work/said")" ]]; do
		before=$(wc -c <"$work/said")
		sleep 1
	done
	[[ $(<"$work/said") == "$1" ]]
}
said() { [[ $(cat "$work/told.said") == "$1" ]]; }
real_server() {
	ip netns exec b python3 -m http.server -b 192.0.2.20 80 >/dev/null 2>&1 &
	server=$!
	disown $!
	busywait 30 listening
}
listening() { ip netns exec b ss -Hltn | grep -q 192.0.2.20:80; }
no_real_server() { kill -KILL "$server"; busywait 5 gone "$server"; }
suspended() { "$keeper" --socket "$work/a.sock" status 2>/dev/null | grep -q 'checks suspended'; }
not_suspended() { services_answer && ! suspended; }
services_answer() { "$keeper" --socket "$work/a.sock" status -j 2>/dev/null | grep -q '"quorum"'; }
ends() { stop a; gone "$pid_a"; }

# ha_suspend: no check while the virtual address is somewhere else
ha_suspend() {
	services_config ha_suspend
	start a weir
	busywait 10 services_answer || return 1
	busywait 10 suspended || return 2
	sleep 1
	read_events "" || return 3 # nobody listens there, and nobody looked
	ip -n a address add 192.0.2.100/24 dev eth0
	busywait 10 not_suspended || return 4
	busywait 10 read_events $'RS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 DOWN\nVS [192.0.2.100]:tcp:80 DOWN' || return 5
	ip -n a address del 192.0.2.100/24 dev eth0
	busywait 10 suspended || return 6
	real_server || return 7
	sleep 1
	sleep 0.1
	[[ $(wc -l <"$work/said") == 2 ]] || return 8
	ip -n a address add 192.0.2.100/24 dev eth0
	busywait 10 grep_events 'RS .* UP' || return 9
	ip -n a address del 192.0.2.100/24 dev eth0
	ends
}
grep_events() { grep -q "$1" "$work/said"; }

# omega: at the end all that is up goes down, and is told so; without it nobody hears anything
omega() {
	local down=$'RS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 DOWN\nVS [192.0.2.100]:tcp:80 DOWN'

	real_server || return 1
	services_config omega
	start a weir
	busywait 10 checked || return 2
	read_events "" || return 3
	ends || return 4
	read_events "$down" || return 5
	said $'RS down\nVS down' || return 6
	services_config
	start a weir
	busywait 10 checked || return 7
	ends || return 8
	read_events "" && said ""
}

# A reload takes out what is up: it is told as going down, also without omega; what stays or was down is not
removed() {
	services_config
	sed -i "s|^real_server|real_server 192.0.2.21 80 {\nnotify_down \"$work/told 21 down\" root\n}\n&|" "$work/a.conf"
	start a weir
	busywait 20 read_events 'RS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 DOWN' || return 1
	sed -i '/real_server 192.0.2.21/,/}/d; /TCP_CHECK/,/}/d' "$work/a.conf" # .20 is up from here on
	: >"$work/said"
	"$keeper" --socket "$work/a.sock" reload >"$work/reload.out" || return 2
	busywait 20 read_events 'RS [192.0.2.21]:tcp:80 [192.0.2.100]:tcp:80 DOWN' || return 3
	busywait 20 said $'RS down\n21 down' || return 4
	sed -i '/^virtual_server/,$d' "$work/a.conf"
	: >"$work/said"
	"$keeper" --socket "$work/a.sock" reload >"$work/reload.out" || return 5
	busywait 20 read_events $'RS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 DOWN\nVS [192.0.2.100]:tcp:80 DOWN' || return 6
	busywait 20 said $'RS down\n21 down\nRS down\nVS down' || return 7
	ends
}

# A reload exchanges every server, and alpha keeps the new ones out until they have answered: the virtual server is not
# said to be down for that, but when they do not answer well it is
exchanged() {
	services_config alpha
	sed -i 's/^real_server 192.0.2.20 80/real_server 192.0.2.20 81/' "$work/a.conf"
	ip netns exec b python3 -m http.server -b 192.0.2.20 81 >/dev/null 2>&1 &
	second=$!
	disown $!
	real_server || return 1
	busywait 30 listening_second || return 2
	start a weir
	busywait 20 read_events $'RS [192.0.2.20]:tcp:81 [192.0.2.100]:tcp:80 UP\nVS [192.0.2.100]:tcp:80 UP' || return 3
	: >"$work/said"
	sed -i 's/^real_server 192.0.2.20 81/real_server 192.0.2.20 80/' "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >"$work/reload.out" || return 4
	busywait 20 read_events \
		$'RS [192.0.2.20]:tcp:81 [192.0.2.100]:tcp:80 DOWN\nRS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 UP' || return 5
	busywait 10 said $'RS up\nVS up\nRS down\nRS up' || return 6
	: >"$work/said"
	sed -i 's/^real_server 192.0.2.20 80/real_server 192.0.2.20 82/' "$work/a.conf" # nobody listens there
	"$keeper" --socket "$work/a.sock" reload >"$work/reload.out" || return 7
	busywait 20 read_events $'RS [192.0.2.20]:tcp:80 [192.0.2.100]:tcp:80 DOWN\nVS [192.0.2.100]:tcp:80 DOWN' || return 8
	kill -KILL "$second"
	ends
}
listening_second() { ip netns exec b ss -Hltn | grep -q 192.0.2.20:81; }

# Virtual servers of every kind, each with a real server that comes and goes: UDP, IPv6, both, a mark, a group with a range.
kinds() {
	services_config
	sed -i '/^virtual_server/,$d' "$work/a.conf"
	cat >>"$work/a.conf" <<-EOT
	virtual_server_group range {
		192.0.2.110-113 80
		fwmark 9
	}
	$(kind '192.0.2.101 53' UDP '192.0.2.20 53' udp)
	$(kind '2001:db8::100 80' TCP '2001:db8::20 80' tcp)
	$(kind '2001:db8::100 53' UDP '2001:db8::20 53' udp)
	$(kind 'fwmark 5' TCP '192.0.2.20 80' tcp)
	$(kind 'group range' TCP '192.0.2.20 80' tcp)
	EOT
	start a weir
	busywait 20 services_answer || return 1
	busywait 60 all_kinds_are DOWN || return 2
	python_servers || return 3
	busywait 60 all_kinds_are UP || { sed "s|^|# |" "$work/said"; return 4; }
	no_real_server || return 5
	busywait 60 all_kinds_are DOWN || return 6
	ends
}
# kind NAME PROTOCOL SERVER udp|tcp: a virtual server
kind() {
	local check='TCP_CHECK {'

	[[ $4 == tcp ]] || check=$'UDP_CHECK {\npayload 01 02\nrequire_reply 0X 02'
	printf 'virtual_server %s {\nprotocol %s\ndelay_loop 0.3\nlb_algo rr\nlb_kind NAT\nreal_server %s {\nretry 0\n%s\n' \
		"$1" "$2" "$3" "$check"
	printf 'connect_timeout 5\n}\n}\n}\n'
}
# all_kinds_are UP|DOWN: each told once since the last call that was true, as keepalived names them
all_kinds_are() {
	local name

	read_events never
	for name in '[192.0.2.20]:udp:53 [192.0.2.101]:udp:53' '[2001:db8::20]:tcp:80 [2001:db8::100]:tcp:80' \
		'[2001:db8::20]:udp:53 [2001:db8::100]:udp:53' '[192.0.2.20]:tcp:80 FWM 5' '[192.0.2.20]:tcp:80 [range]:tcp'; do
		[[ $(grep -cFx "RS $name $1" "$work/said") == 1 && $(grep -cFx "VS ${name#* } $1" "$work/said") == 1 ]] || return 1
	done
	[[ $(wc -l <"$work/said") == 10 ]] && : >"$work/said"
}
# TCP ports and UDP echoes of both families, in one process
python_servers() {
	ip netns exec b python3 -c '
import select, socket
ends = []
for family, address in ((socket.AF_INET, "192.0.2.20"), (socket.AF_INET6, "2001:db8::20")):
    tcp = socket.create_server((address, 80), family=family)
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, 53))
    ends += [tcp, udp]
while True:
    for end in select.select(ends, [], [])[0]:
        if end.type == socket.SOCK_STREAM:
            end.accept()[0].close()
        else:
            data, peer = end.recvfrom(2000)
            end.sendto(data, peer)' &
	server=$!
	disown $!
	busywait 30 listening
}

# Files of SSL that are renewed and broken: the check goes on, the log says so once, the status as long as it lasts
renewed() {
	services_config
	sed -i 's|^TCP_CHECK {|SSL_GET {\nurl {\npath /\n}|' "$work/a.conf"
	printf 'SSL {\n\tca %s/ca.pem\n}\n' "$work" >>"$work/a.conf"
	new_authority || return 1
	real_server || return 2
	start a weir
	busywait 20 grep -q 'SSL_GET .* fails: TLS handshake' "$work/a.log" || return 3 # the server has no TLS
	echo 'no certificate' >"$work/new.pem"
	mv "$work/new.pem" "$work/ca.pem"
	busywait 20 status_says "not in use: $work/ca.pem" || return 4
	"$keeper" --socket "$work/a.sock" reload >"$work/reload.out" || return 5
	sleep 2
	status_says "not in use: $work/ca.pem" || return 6
	[[ $(grep -c "ca.pem: .*; checks go on" "$work/a.log") == 1 ]] || return 7
	new_authority || return 8
	busywait 20 grep -q 'checks use the renewed files of SSL' "$work/a.log" || return 9
	services_answer && ! status_says 'not in use' || return 10
	ends
}
new_authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -keyout /dev/null \
		-out "$work/new.pem" 2>/dev/null && mv "$work/new.pem" "$work/ca.pem"
}
status_says() { "$keeper" --socket "$work/a.sock" status | grep -q "$1"; }

# The daemon's processes go without huge pages, which make a small heap large; programs that it runs have what all have
small_pages() {
	local pid

	services_config
	printf '#!/bin/sh\ngrep THP_enabled /proc/self/status >>%s/told.said\n' "$work" >"$work/told"
	start a weir
	busywait 10 services_answer || return 1
	[[ $(in_a | grep -c weir-) == 4 ]] || return 2
	for pid in $(in_a | awk '/weir-/ { print $1 }'); do
		grep -q '^THP_enabled:[[:space:]]*0$' "/proc/$pid/status" || return 3
	done
	busywait 20 grep -q '^THP_enabled:[[:space:]]*1$' "$work/told.said" || return 4 # notify_down, for nobody listens
	ends
}

# The programs of checks end with the checker, and what they have started; scripts that were told something do not
orphans() {
	local before

	services_config
	cat >"$work/slow" <<-EOT
	#!/bin/sh
	trap '' TERM
	sleep 61
	EOT
	printf '#!/bin/sh\nsleep 62\n' >"$work/told"
	chmod 755 "$work/slow"
	sed -i "s|^TCP_CHECK {|MISC_CHECK {\nmisc_path $work/slow\nmisc_timeout 60\nuser root\n}\n&|" "$work/a.conf"
	start a weir
	busywait 20 runs_in_a 'sleep 61' || return 1
	busywait 20 runs_in_a 'sleep 62' || return 2 # notify_down, for nobody listens
	before=$(in_a | awk '/sleep 61/ { print $1 }')
	kill -KILL "$(checker_of_a)"
	busywait 20 gone "$before" || return 3
	runs_in_a 'sleep 62' || return 4
	busywait 20 grep -q 'starting it again' "$work/a.log" || return 5
	busywait 20 runs_in_a 'sleep 61' || return 6
	ends || return 7
	busywait 20 not_in_a 'sleep 61'
}
in_a() { ip netns pids a | xargs -r ps -o pid=,comm=,args= -p | grep -v ps; }
runs_in_a() { in_a | grep -q "$1"; }
not_in_a() { ! runs_in_a "$1"; }
checker_of_a() { in_a | awk '$2 == "weir-checker" { print $1 }'; }
checked() { "$keeper" --socket "$work/a.sock" status 2>/dev/null | grep -q 'TCP_CHECK.*connected'; }

# Lines of a FIFO, of instances between two lines of the group by instance: whose advert comes first, with whose the whole group
# changes, is the network's to say
by_instance() {
	awk 'function flush() { printf "%s%s", lines["\"V\""], lines["\"W\""]; delete lines }
		/^GROUP/ { flush(); print; next }
		{ lines[$2] = lines[$2] $0 "\n" }
		END { flush() }' "$1"
}
# The lines of vrrp_notify_fifo are keepalived's, of each of two instances in a group in its order, and the group's after theirs
notify_fifo() {
	local kind side

	for kind in keepalived weir; do
		config a 100 "version 3" "advert_int 0.1"
		config b 200 "version 3" "advert_int 0.1"
		for side in a b; do
			sed 's/instance V/instance W/; s/_id 51/_id 52/; s/priority \(.\)00/priority \110/; s/\.10\([01]\)/.11\1/' \
				"$work/$side.conf" >"$work/$side.second"
			printf 'vrrp_sync_group G {\n\tgroup {\n\t\tV\n\t\tW\n\t}\n}\n' | cat "$work/$side.second" - >>"$work/$side.conf"
		done
		printf 'global_defs {\n\tvrrp_notify_fifo %s/events\n}\n' "$work" >>"$work/a.conf"
		open_events
		start a "$kind"
		busywait 10 holds a "$vip" || return 1
		start b keepalived
		busywait 10 alone b a || return 2
		stop b
		busywait 10 alone a b || return 3
		stop a
		read_events never
		by_instance "$work/said" >"$work/said.$kind"
		busywait 10 nobody || return 4
	done
	diff "$work/said.keepalived" "$work/said.weir" | sed 's/^/# /'
	sed 's/^/# /' "$work/said.weir"
	grep -q "MASTER" "$work/said.weir" && cmp -s "$work/said.keepalived" "$work/said.weir"
}

# A real server follows its BFD session: silence takes it out at once; neither a start of the VRRP process nor an operator
# at the neighbor does
bfd_check() {
	local before up='RS \[192.0.2.20\]:tcp:80 .* UP' down='RS \[192.0.2.20\]:tcp:80 .* DOWN'

	services_config
	sed -i -e 's/TCP_CHECK/BFD_CHECK/' -e 's/connect_timeout 2/name B/' "$work/a.conf"
	# bfdd has an ordinary priority: at 50 ms a busy machine alone took the session down, which is told rightly
	bfd_config a 192.0.2.20 192.0.2.10 300
	cat >"$work/bfdd.conf" <<-EOT
	bfd
	 peer 192.0.2.10 local-address 192.0.2.20
	  receive-interval 300
	  transmit-interval 300
	 !
	!
	EOT
	start a weir
	busywait 10 services_answer || return 1
	read_events "" || return 2
	busywait 10 grep_events "$down" || return 3
	frr_start b bfdd || return 4
	busywait 15 grep_events "$up" || return 5
	before=$(date +%s%N)
	: >"$work/said"
	kill -STOP "$(cat /run/frr/bfdd.pid)"
	busywait 5 grep_events "$down" || return 6
	say "out $((($(date +%s%N) - before) / 1000000)) ms after its neighbor fell silent (3 x 300 ms)"
	kill -CONT "$(cat /run/frr/bfdd.pid)"
	busywait 15 grep_events "$up" || return 7
	: >"$work/said"
	kill -KILL "$(vrrp_process a)"
	sleep 1
	busywait 15 session_is a Up || return 8
	frr_session shutdown
	busywait 5 session_is a Down || return 9
	sleep 2
	read_events "" || return 10
	frr_session 'no shutdown'
	busywait 15 session_is a Up || return 11
	read_events "" || return 12
	kill -KILL "$(cat /run/frr/bfdd.pid)"
	busywait 5 grep_events "$down"
}

# startup_script before all else, shutdown_script after it; the programs of FIFOs hear everything and see the end
own_scripts() {
	config a 100 "version 3" "advert_int 0.1"
	cat >"$work/own" <<-EOT
	#!/bin/sh
	sleep 0.3
	ip -o address show | grep -q ' $vip/' && held=yes
	echo "\$1 \${held:-no}" >>$work/said
	EOT
	cat >"$work/reader" <<-EOT
	#!/bin/sh
	while read -r line; do
		echo "\$1 \$line" >>$work/said
	done <"\$2"
	echo "\$1 end" >>$work/said
	EOT
	cat >>"$work/a.conf" <<-EOT
	global_defs {
		startup_script "$work/own start" root
		shutdown_script "$work/own stop" root
		shutdown_script_timeout 5
		notify_fifo $work/fifo.all
		notify_fifo_script "$work/reader all" root
		vrrp_notify_fifo $work/fifo.vrrp
		vrrp_notify_fifo_script "$work/reader vrrp" root
	}
	EOT
	chmod 755 "$work" "$work/own" "$work/reader"
	rm -f "$work/said"
	start a weir
	busywait 15 holds a "$vip" || return 1
	[[ $(head -n 1 "$work/said") == "start no" ]] || return 2
	busywait 5 grep -q 'all INSTANCE "V" MASTER' "$work/said" || return 3
	# a reload is no end for who reads
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 4
	sleep 1
	! grep -q end "$work/said" || return 5
	ends || return 6
	[[ $(tail -n 1 "$work/said") == "stop no" ]] || return 7
	[[ $(grep -c 'INSTANCE "V" STOP' "$work/said") == 2 ]] || return 8
	[[ $(grep -c ' end$' "$work/said") == 2 ]] || return 9
	[[ ! -e $work/fifo.all && ! -e $work/fifo.vrrp ]]
}

# reload_time_file: the file's time comes, and the configuration is read; a file that goes takes its time along
reload_time() {
	config a 100 "version 3" "advert_int 0.1"
	printf 'global_defs {\n\treload_time_file %s/when\n}\n' "$work" >>"$work/a.conf"
	start a weir
	busywait 10 holds a "$vip" || return 1
	sed -i 's|192.0.2.101/24|192.0.2.102/24|' "$work/a.conf"
	date -d '+3 seconds' '+%F %T' >"$work/when"
	busywait 5 grep -q 'will be read again at' "$work/a.log" || return 2
	rm "$work/when"
	busywait 5 grep -q 'will not be read again' "$work/a.log" || return 3
	sleep 4
	holds a 192.0.2.101 || return 4
	date -u -d '+2 seconds' '+%TZ' >"$work/when"
	busywait 10 holds a 192.0.2.102 || return 5
	busywait 5 gone_from a 192.0.2.101 || return 6
	is a MASTER && [[ ! -e $work/when ]]
}

# After a reload without most of them, the checker's own memory is that of the few, not of the many that it had
gives_back() {
	local i one many

	services_config
	start a weir
	busywait 20 all_down 1 || return 1
	sleep 3 # what a start took is given back, too
	one=$(checker_memory)
	ends || return 2
	services_config
	cp "$work/a.conf" "$work/few.conf"
	for ((i = 1000; i < 4000; i++)); do
		printf '\treal_server 192.0.2.20 %d {\n\t\tretry 0\n\t\tTCP_CHECK {\n\t\t\tconnect_timeout 2\n\t\t}\n\t}\n' $i
	done >"$work/more"
	sed -i "/real_server/e cat $work/more" "$work/a.conf"
	start a weir
	busywait 60 all_down 3001 || return 3
	sleep 3
	many=$(checker_memory)
	cp "$work/few.conf" "$work/a.conf"
	"$keeper" --socket "$work/a.sock" reload >/dev/null || return 4
	# of what the many took, two thirds
	busywait 20 less_than $((one + (many - one) / 3))
	i=$?
	say "the checker's own memory: one server $one KiB, 3001 servers $many KiB, then one $(checker_memory) KiB"
	((i == 0)) && services_answer
}
all_down() { (($(grep -c '^RS .* DOWN' "$work/said") == $1)); }
less_than() { (($(checker_memory) < $1)); }
checker_memory() {
	awk '/^Anonymous/ { print $2 }' "/proc/$(pgrep -P "$pid_a" weir-check)/smaps_rollup"
}

service_case() {
	wanted "$1" || return 0
	family=4 vip=192.0.2.100
	"$1"
	result $? "$1: $2"
	[[ -z ${server:-} ]] || kill -KILL "$server" 2>/dev/null
	[[ -z ${second:-} ]] || kill -KILL "$second" 2>/dev/null
	[[ -z ${listener:-} ]] || kill -KILL "$listener" 2>/dev/null
	stop_everything
}
if command -v python3 >/dev/null; then
	service_case ha_suspend "no check while the virtual address is not this machine's"
	service_case removed "what a reload takes out is told"
	service_case exchanged "a reload that exchanges every server is no failure of the virtual server"
	service_case kinds "UDP, IPv6, a mark, a group with a range: each is told up and down"
	! command -v openssl >/dev/null ||
		service_case renewed "a check goes on while its renewed files of SSL are broken, and says so"
	service_case gives_back "the memory of servers that a reload takes out is given back"
	service_case omega "what is up goes down at the end, and all are told"
fi
[[ ! -x $frr/bfdd ]] || service_case bfd_check "a real server follows its BFD session"
if grep -q '^THP_enabled:[[:space:]]*1$' /proc/self/status; then
	service_case small_pages "no huge pages for the daemon, and what all have for its programs"
fi
service_case orphans "the programs of checks end with a checker that is killed"
service_case own_scripts "programs at start and stop, and those that read FIFOs"
service_case reload_time "the configuration is read at the time that reload_time_file says"
service_case notify_fifo "the lines of vrrp_notify_fifo are keepalived's, in its order"
