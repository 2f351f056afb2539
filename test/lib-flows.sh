# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib.sh by tests of what becomes of flows that go on: UDP and TCP, IPv4 and IPv6, by any method.

# flows_service METHOD: services udp 53 and tcp 80 of both families with one server. Sets flows_wanted: directions that are express.
flows_service() {
	local method=$1 family inner proto port rport pool

	flows_wanted=both
	[[ $method != dr && $method != tun ]] || flows_wanted=request
	for proto in udp tcp; do
		port=$([[ $proto == udp ]] && echo 53 || echo 80) rport=$port
		[[ $flows_wanted == request ]] || rport=${port}00
		start_echo "${servers[1]}" $proto $rport server1
		for family in 4 6; do
			inner=$([[ $method == family ]] && echo $((10 - family)) || echo $family)
			pool=$([[ $method == f* ]] && echo "pool$inner" || echo none)
			local -n _vip=VIP$family _rips=RIP$inner
			adm service add "$proto:$(hostport "$_vip" $port)" -s rr --pool "$pool"
			adm server add "$proto:$(hostport "$_vip" $port)" "$(hostport "${_rips[1]}" $rport)" -m "${method/family/fullnat}"
			unset -n _vip _rips
		done
	done
}

# flows_open: a flow of each kind by these services
flows_open() {
	coproc FLOWS { exec nsenter "--net=/run/netns/$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/flows.py" "$director" \
		"udp4,$VIP4,53,41000" "tcp4,$VIP4,80,41001" "udp6,$VIP6,53,41002" "tcp6,$VIP6,80,41003"; }
	# shellcheck disable=SC2153 # coproc sets it
	_processes+=("$FLOWS_PID")
}

flows_close() {
	local fd=${FLOWS[1]}

	exec {fd}>&-
	wait "$FLOWS_PID"
}

# flows_say COMMAND...: of tools/flows.py; its answer in flows_said
flows_say() {
	printf '%s\n' "$*" >&"${FLOWS[1]}"
	read -r -t $((600 * WEIR_SLOW)) flows_said <&"${FLOWS[0]}" || fail "no answer to '$*' from flows.py"
}

# flows_go COUNT WHAT [NAMES]: that many exchanges by each flow whose name has NAMES in it, all are answered
flows_go() {
	flows_say "$1" $((30 * WEIR_SLOW)) "${3:-}"
	check_no_match "$(awk -v n="$1" '{ for (i = 2; i <= NF; i += 2) print($i == n ? "whole" : "broken") }' <<<"$flows_said")" broken \
		"$2: answered, of $1 each: $flows_said"
}

# flows_silent WHAT NAMES: none is answered
flows_silent() {
	flows_say 1 "$WEIR_SLOW" "$2"
	check_no_match "$flows_said" '[46] 1' "$1: answered, of 1 each: $flows_said"
}

# flows_mark: flows_moved counts from here on
declare -A flows_marked=()
flows_mark() {
	local name value

	flows_say counters
	while read -r name value; do
		flows_marked[$name]=$value
	done < <(tr ' ' '\n' <<<"$flows_said" | paste -d ' ' - -)
}

# flows_moved: what the counters have moved since the last flows_mark, in moved[NAME]; moved[admitted] are all packets of known
# connections that took the admission path
declare -A moved=()
flows_moved() {
	local name value

	flows_say counters
	while read -r name value; do
		moved[$name]=$((value - ${flows_marked[$name]}))
	done < <(tr ' ' '\n' <<<"$flows_said" | paste -d ' ' - -)
	moved[admitted]=$((moved[admit-known-connection] + moved[admit-reply]))
}

# flows_counted COUNT WHAT [NAMES]: moved by so many exchanges
flows_counted() {
	flows_mark
	flows_go "$@"
	flows_moved
}

# flows_settle WHAT [WANTED [NAMES]]: after some packets of whatever path all flows cross the director as they are to
# (flows_wanted): both, request, reply or none of the directions express. A link that comes or goes is told to the routes a second
# later, which costs each direction another packet of the admission path.
flows_settle() {
	local wanted=${2:-$flows_wanted} names=${3:-} flows low
	local -A range=([request]='0 0' [reply]='0 0')

	flows_say 0 1 "$names"
	flows=$(wc -w <<<"$flows_said")
	low=$((flows / 2 * 4))
	case $wanted in
	both) range=([request]="$low 999" [reply]="$low 999") ;;
	request | reply) range[$wanted]="$low 999" ;;
	esac
	for _ in 1 2 3 4 5; do
		flows_counted 4 "$1, settling" "$names"
		! _flows_settled "$wanted" || break
	done
	[[ $wanted == reply || $wanted == none ]] || check_eq "${moved[admitted]}" 0 "$1: by the admission path, of four exchanges each"
	# shellcheck disable=SC2086 # two words
	check_range "${moved[express-request]}" ${range[request]} "$1: express requests"
	# shellcheck disable=SC2086
	check_range "${moved[express-reply]}" ${range[reply]} "$1: express replies"
}

# In the scope of flows_settle
_flows_settled() {
	local way low high

	for way in request reply; do
		read -r low high <<<"${range[$way]}"
		((moved[express-$way] >= low && moved[express-$way] <= high)) || return 1
	done
	[[ $1 == reply || $1 == none ]] || ((moved[admitted] == 0))
}

# flows_change LOW COUNTER WHAT COMMAND...: the very next exchange after the command is answered, at least LOW packets of it or of
# what came before it take the admission path and are counted by COUNTER; then all are express again
flows_change() {
	local low=$1 counter=$2 what=$3

	shift 3
	flows_mark
	"$@"
	flows_go 1 "$what"
	flows_moved
	check_range "${moved[admitted]}" "$low" 40 "$what: packets of the admission path"
	check_range "${moved[$counter]}" "$low" 40 "$what: $counter"
	flows_settle "$what"
}

# ---- ends that are made up, for test/tools/ends.py ----

# with_ends METHOD tcp|udp PORT DEVICE COMMAND...: for both families a service of one server behind the director's DEVICE, and the
# command, to which ends_family, ends_client, ends_virtual and ends_server are known. No machine knows the ends: it drops what comes
# for them.
with_ends() {
	local method=$1 name=$2 port=$3 dev=$4 family inner rport
	local -A client_ends=([4]=10.9.0.1 [6]=2001:db8:9::1) server_ends=([4]=${RIP4[1]%.*}.99 [6]=${RIP6[1]%:*}:99)

	shift 4
	printf 'route replace %s\n' '10.9.0.0/16 via 192.0.2.2' '2001:db8:9::/48 via 2001:db8:1::2' | ip -n "$director" -batch -
	for family in 4 6; do
		ip -n "$director" neigh replace "${server_ends[$family]}" lladdr "$(mac_of "${servers[1]}" eth0)" dev "$dev"
	done
	rport=$port
	[[ $method == dr || $method == tun ]] || rport=${port}00
	for family in 4 6; do
		local -n _vip=VIP$family
		inner=$([[ $method == family ]] && echo $((10 - family)) || echo $family)
		# shellcheck disable=SC2034 # for the command
		ends_family=$family ends_client=${client_ends[$family]} ends_virtual=$_vip ends_server=${server_ends[$inner]}
		adm service add "$name:$(hostport "$_vip" "$port")" -s rr --pool "$([[ $method == f* ]] && echo "pool$inner" || echo none)"
		adm server add "$name:$(hostport "$_vip" "$port")" "$(hostport "$ends_server" "$rport")" -m "${method/family/fullnat}"
		"$@"
		adm service delete "$name:$(hostport "$_vip" "$port")"
		unset -n _vip
	done
}

# ends_tool NAME METHOD DEVICE WORD: test/tools/NAME.py with the command's ends, the server's behind the director's DEVICE; WORD is its own
ends_tool() {
	printf '# %s, IPv%s\n' "$2" "$ends_family"
	/usr/bin/python3 -SE "$WEIR_ROOT/test/tools/$1.py" "$client" eth0 "$(mac_of "$director" eth0)" "$ends_client" "$ends_virtual" \
		"${servers[1]}" eth0 "$(mac_of "$director" "$3")" "$ends_server" "$director" "$4" || fail "$2, IPv$ends_family"
}
