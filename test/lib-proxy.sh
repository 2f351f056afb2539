# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables that topology_*() and new_ns() set
# Sourced after lib.sh and lib-fullnat.sh by the tests of PROXY protocol towards the server.

# start_proxy_server NS tcp|udp v1|v2 PORT [greet]
start_proxy_server() {
	background nsenter "--net=/run/netns/$1" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/proxy_server.py" "${@:2}"
	busywait 60 listening "$1" "$2" "$4" || fail "the $2 server in $1 does not listen: $(cat "$background_log")"
}

# transfer ADDRESS PORT BYTES [greet]: what the client of such a server has to say of a connection
transfer() {
	ns "$client" /usr/bin/python3 -SE "$WEIR_ROOT/test/tools/proxy_client.py" "$1" "$2" "$3" $((60 * WEIR_SLOW)) "${@:4}"
}
