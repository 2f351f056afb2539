#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick
# timeout: 240
# A client, weir with fullnat and --proxy-protocol, nginx with "listen ... proxy_protocol" and HAProxy with accept-proxy: both log the
# client's address and port, by version 1 and 2, IPv4 and IPv6, with the express path and without it; bulk data and a long first
# request arrive whole where every checksum is made in software and looked at.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-express.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-proxy.sh"
need_weiradm
need_command ethtool nginx haproxy
topology_fullnat 1
server=${servers[1]}
# Nothing is left to a device: sums are whole on the wire and GSO packets are cut, so that the server looks at each.
ns "$director" ethtool -K eth1 tx off gso off tso off >/dev/null

cat >"$TEST_TMP/nginx.conf" <<EOF2
	daemon off; master_process off; pid $TEST_TMP/nginx.pid; error_log $TEST_TMP/nginx.error; user root;
	events { worker_connections 1024; }
	http {
		log_format proxied '\$proxy_protocol_addr \$proxy_protocol_port';
		access_log $TEST_TMP/nginx.log proxied;
		default_type text/plain;
		client_body_temp_path $TEST_TMP/body; proxy_temp_path $TEST_TMP/proxy; fastcgi_temp_path $TEST_TMP/fastcgi;
		uwsgi_temp_path $TEST_TMP/uwsgi; scgi_temp_path $TEST_TMP/scgi;
		server {
			listen 8080 proxy_protocol; listen [::]:8080 proxy_protocol;
			location / { return 200 "nginx \$proxy_protocol_server_addr \$proxy_protocol_server_port\n"; }
		}
	}
EOF2
cat >"$TEST_TMP/haproxy.cfg" <<EOF2
	global
		log stdout format raw local0
	defaults
		mode http
		timeout client 30s
	frontend web
		bind :::8081 v4v6 accept-proxy
		log global
		log-format "%[src] %[src_port]"
		http-request return status 200 content-type text/plain lf-string "haproxy %[dst] %[dst_port]\n"
EOF2
background nsenter "--net=/run/netns/$server" nginx -c "$TEST_TMP/nginx.conf" -p "$TEST_TMP"
busywait 60 listening "$server" tcp 8080 || fail "nginx does not listen: $(cat "$background_log" "$TEST_TMP/nginx.error")"
background nsenter "--net=/run/netns/$server" haproxy -db -f "$TEST_TMP/haproxy.cfg"
haproxy_log=$background_log
busywait 60 listening "$server" tcp 8081 || fail "HAProxy does not listen: $(cat "$haproxy_log")"
for version in v1 v2; do
	start_proxy_server "$server" tcp $version "900${version#v}"
done

# get ADDRESS PORT SOURCE-PORT: the body of one request
get() {
	ns "$client" curl -sS -g -m $((20 * WEIR_SLOW)) --local-port "$3" "$(url "$1" "$2")"
}

source_port=40000
for family in 4 6; do
	declare -n vip=VIP$family cip=CIP$family
	for version in v1 v2; do
		fullnat_service tcp "$family" 80 8080 --proxy-protocol $version
		fullnat_service tcp "$family" 81 8081 --proxy-protocol $version
		fullnat_service tcp "$family" 90 "900${version#v}" --proxy-protocol $version
		for express in on off; do
			what="IPv$family, $version, express=$express"
			adm config express=$express
			source_port=$((source_port + 1))
			check_eq "$(get "$vip" 80 $source_port)" "nginx $vip 80" "$what: what nginx was asked for"
			wait_for 5 "$what: nginx logs the client" grep -qx "$cip $source_port" "$TEST_TMP/nginx.log"
			check_eq "$(get "$vip" 81 $((source_port + 1000)))" "haproxy $vip 81" "$what: what HAProxy was asked for"
			wait_for 5 "$what: HAProxy logs the client" grep -qx "$cip $((source_port + 1000))" "$haproxy_log"
			request=$(count_of express-request)
			check_eq "$(transfer "$vip" 90 1000000)" 'known whole' "$what: 1 MB there and back"
			if [[ $express == on ]]; then
				check_range $(($(count_of express-request) - request)) 20 10000 "$what: requests that were express"
			else
				check_eq $(($(count_of express-request) - request)) 0 "$what: requests that were express"
			fi
		done
		adm -C
	done
done
adm config express=on
# A program that wants the header gets none from a service without it, and says so.
fullnat_service tcp 4 80 8080
check_fails - 'curl' 'nginx, without the header' get "$VIP4" 80 50000
check_match "$(<"$TEST_TMP/nginx.error")" 'broken header' 'nginx says why'
check_range "$(count_of proxy-sent)" 24 200 'headers sent'
check_no_match "$(adm counters)" '^drop-' 'nothing was dropped'
