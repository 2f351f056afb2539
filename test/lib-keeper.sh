# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # variables of lib.sh, and for the tests
# Sourced after lib.sh by the tests of weir-keeper in the VM: a nat lab with three nginx servers, its configuration in $conf.

keeper=$WEIR_ROOT/build/bin/weir-keeper
need_weiradm
[[ -x $keeper ]] || skip 'weir-keeper is not built'
topology_nat 3
start_nginx_all 80
conf=$TEST_TMP/keepalived.conf sock=$TEST_TMP/keeper.sock
keeper_ns=$director	# where it runs

# Sets keeper_pid and keeper_log.
start_keeper() {
	background nsenter "--net=/run/netns/$keeper_ns" "$keeper" -f "$conf" --socket "$sock"
	keeper_pid=$background_pid keeper_log=$background_log
}

# keeper_do COMMAND...: tells the running daemon
keeper_do() {
	ns "$keeper_ns" "$keeper" --socket "$sock" "$@"
}

# Stops it in order.
stop_keeper() {
	kill "$keeper_pid"
	busywait 20 keeper_gone || fail 'the daemon does not end'
}

keeper_gone() {
	! kill -0 "$keeper_pid" 2>/dev/null
}

nginx_pid() {
	cat "$TEST_TMP/nginx-${servers[$1]}-80/pid"
}
