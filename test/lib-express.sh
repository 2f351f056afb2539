# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib.sh by the tests of the express path.

# count_of NAME: a counter of the director's namespace
count_of() {
	adm counters --all | awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) n = $(i + 1) } END { print n + 0 }'
}

# talk tcp|udp ADDRESS PORT COUNT [SOURCE-PORT]: that many exchanges over one socket of the client; "count word who" lines
talk() {
	ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/talk.py" "$1" "$2" "$3" "$4" $((5 * WEIR_SLOW)) ${5:+"$5"} |
		LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

# A UDP flow of one source port: it stays one connection over several calls.
express_port=40000

# flow ADDRESS PORT COUNT WHAT: all of them are answered
flow() {
	check_match "$(talk udp "$1" "$2" "$3" "$express_port")" "^$3 answered" "$4: $3 exchanges answered"
}

# express_count ADDRESS PORT WHAT: 8 exchanges of a flow that was seen before; express_got has how many requests and replies were express
express_count() {
	local request reply

	request=$(count_of express-request) reply=$(count_of express-reply)
	flow "$1" "$2" 8 "$3"
	express_got="$(($(count_of express-request) - request)) $(($(count_of express-reply) - reply))"
}

declare -A express_wanted=([both]='8 8' [request]='8 0' [reply]='0 8' [none]='0 0')

# express_is request|reply|both|none ADDRESS PORT WHAT: how such a flow crosses the director
express_is() {
	express_count "$2" "$3" "$4"
	check_eq "$express_got" "${express_wanted[$1]}" "$4: express requests and replies ($1)"
}

# express_from_second ADDRESS WHAT: a new flow of requests is express but for its first packet
express_from_second() {
	local request

	request=$(count_of express-request)
	check_eq "$(talk udp "$1" 53 20 "$express_port")" '20 answered server1' "$2 UDP: 20 exchanges"
	check_eq $(($(count_of express-request) - request)) 19 "$2 UDP: express but for the first"
}

# express_udp ADDRESS WHAT: a new flow to port 53 is express but for the first packet of each direction
express_udp() {
	local request reply

	request=$(count_of express-request) reply=$(count_of express-reply)
	check_eq "$(talk udp "$1" 53 20 "$express_port")" '20 answered server1' "$2 UDP: 20 exchanges"
	check_eq "$(($(count_of express-request) - request)) $(($(count_of express-reply) - reply))" '19 19' \
		"$2 UDP: express but for the first of each direction"
}

# express_tcp ADDRESS WHAT: so is a connection to port 80, whose end is seen
express_tcp() {
	local request reply

	request=$(count_of express-request) reply=$(count_of express-reply)
	check_eq "$(talk tcp "$1" 80 20)" '20 answered server1' "$2 TCP: 20 exchanges"
	# Segments and bare acknowledgements: more than one a direction and exchange is the rule, which of them is TCP's affair.
	check_range $(($(count_of express-request) - request)) 19 400 "$2 TCP: express requests"
	check_range $(($(count_of express-reply) - reply)) 19 400 "$2 TCP: express replies"
	check_match "$(adm -L -n -c)" 'TCP +[0-9:]+ +(TIME_WAIT|FIN_WAIT|CLOSE)' "$2 TCP: the end was seen"
}

# express_bulk give|take ADDRESS PORT WHAT: 20 MB over TCP arrive, and both directions are express
express_bulk() {
	local request reply

	request=$(count_of express-request) reply=$(count_of express-reply)
	check_bulk "$1" "$2" "$3" 20 "$4, $1: bytes of 20 MB that arrived"
	check_range $(($(count_of express-request) - request)) 50 100000 "$4, $1: express requests"
	check_range $(($(count_of express-reply) - reply)) 50 100000 "$4, $1: express replies"
}

# express_settles WANTED ADDRESS PORT WHAT: after a few packets of whatever way, the flow crosses like that. A link that comes or
# goes is told to the routes a second later, which costs each direction another packet of the admission path.
express_settles() {
	flow "$2" "$3" 3 "$4, settling"
	for _ in 1 2 3 4; do
		express_count "$2" "$3" "$4"
		[[ $express_got != "${express_wanted[$1]}" ]] || break
		adm counters | sed "s/^/  /"
	done
	check_eq "$express_got" "${express_wanted[$1]}" "$4: express requests and replies ($1)"
}

# One server, UDP echo on 5300 behind port 53 of the virtual addresses, by NAT or DR.
express_service() {
	local letter=$1 family port=5300

	[[ $letter == -m ]] || port=53
	start_echo "${servers[1]}" udp "$port" server1
	for family in 4 6; do
		declare -n _vip=VIP$family _rips=RIP$family
		adm -A -u "$(hostport "$_vip" 53)" -s rr
		adm -a -u "$(hostport "$_vip" 53)" -r "$(hostport "${_rips[1]}" "$port")" "$letter"
		unset -n _vip _rips
	done
}
