#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 180
# Pools as objects: what the kernel refuses and says to it; pools of a transaction come, change and go with their services, all or nothing;
# saved and applied again they are the same; a pool that changes serves on; connections outlive their pool.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 2
start_nginx_all 8080
start_echo_all udp 5300

# ---- refusals ----
check_fails 1 'a pool of this name exists' 'a name twice' adm pool add pool4 198.51.100.70
check_fails 1 'stands in two of the ranges' 'an address twice' adm pool add p 198.51.100.70 198.51.100.64-198.51.100.71
check_fails 1 'unicast' 'multicast' adm pool add p 224.0.0.1
check_fails 1 'unicast' 'loopback' adm pool add p 127.0.0.1
check_fails 1 'unicast' 'link-local' adm pool add p fe80::1
check_fails 1 '1048576 pairs' 'too many pairs' adm pool add p 10.0.0.0/24
check_fails 1 '16 ranges' 'too many ranges' adm pool add p 10.0.0.{1..17} --ports 5000
check_fails 1 'length of the address does not fit' 'families mixed' adm pool add p 10.0.0.1 2001:db8::1
check_fails 2 'has to rise' 'a range that falls' adm pool add p 10.0.0.2-10.0.0.1
check_fails 2 'of 1 and above' 'port 0' adm pool add p 10.0.0.1 --ports 0
check_fails 1 'no such pool' 'a pool that is not there' adm pool delete nothing
check_fails 1 'no such pool' 'set of it' adm pool set nothing --ports 1-2
check_fails 1 'no pool of this name' 'a service that names none' adm service add "tcp:$VIP4:80" --pool nothing
adm service add "tcp:$VIP4:81"
check_fails 1 'fullnat needs a pool' 'a server without one' adm server add "tcp:$VIP4:81" "${RIP4[1]}:8080" -m fullnat
check_fails 1 'another family' 'a pool of the other family' \
	bash -c "nsenter --net=/run/netns/$director $WEIRADM service set tcp:$VIP4:81 --pool pool6 && nsenter --net=/run/netns/$director $WEIRADM server add tcp:$VIP4:81 ${RIP4[1]}:8080 -m fullnat"
adm service delete "tcp:$VIP4:81"
adm service add "udp:$VIP4:81" -b ops --pool pool4
check_fails 1 'one-packet scheduling has none' 'datagrams one by one' adm server add "udp:$VIP4:81" "${RIP4[1]}:5300" -m fullnat
adm service delete "udp:$VIP4:81"
fullnat_service tcp 4 80 8080
check_fails 1 'service tcp:192.0.2.10:80 uses the pool' 'a pool in use' adm pool delete pool4
check_fails 1 'fullnat needs a pool' 'its service cannot do without' adm service set "tcp:$VIP4:80" --pool none
check_fails 1 'another family' 'nor with one of the other family' adm service set "tcp:$VIP4:80" --pool pool6
check_eq "$(http_spread "$client" "$(url $VIP4 80)" 4)" "$(printf '2 server%d\n' 1 2)" 'it serves on'

# ---- change ----
adm pool set pool4 198.51.100.65 --ports 7000-7001
check_eq "$(http_get "$client" "$(url $VIP4 80)peer" | cut -d ' ' -f 2)" 198.51.100.65 'the other address at once'
check_match "$(adm pool list pool4)" 'pool4 +198.51.100.65 +7000-7001 +1 ' 'listed'
adm server set "tcp:$VIP4:80" "${RIP4[1]}:8080" --method nat
adm server set "tcp:$VIP4:80" "${RIP4[2]}:8080" --method nat
check_ok 'without a fullnat server the service lets its pool go' adm service set "tcp:$VIP4:80" --pool none
check_ok 'and the pool may go' adm pool delete pool4
adm -C
adm pool delete pool6
check_eq "$(adm pool list -j | grep -c '"pool"' || true)" 0 'no pool is left'

# ---- documents ----
cat >"$TEST_TMP/lan.yaml" <<EOF2
pools:
  - pool: lan
    addresses: [198.51.100.64/31]
    ports: 2000-2999
services:
  - service: tcp:$VIP4:80
    scheduler: rr
    pool: lan
    servers:
      - {server: "${RIP4[1]}:8080", method: fullnat}
EOF2
check_match "$(adm apply "$TEST_TMP/lan.yaml")" '^\+ pool lan' 'applied'
check_match "$(http_get "$client" "$(url $VIP4 80)peer")" 'server1 198.51.100.6[45]' 'it serves'
check_eq "$(adm apply "$TEST_TMP/lan.yaml")" 'nothing to change' 'applied again'
sed -i 's/2000-2999/3000-3000/' "$TEST_TMP/lan.yaml"
check_match "$(adm apply "$TEST_TMP/lan.yaml")" '^~ pool lan: ports 2000-2999 -> 3000' 'its ports changed'
check_eq "$(http_get "$client" "$(url $VIP4 80)peer" | cut -d . -f 1-3)" 'server1 198.51.100' 'it serves with them'
check_match "$(adm conn list -j)" '"local":"198.51.100.6[45]:3000"' 'by the new port'
check_fails 1 "owner 'apply:default' keeps this pool" 'another owner' adm apply -o other "$TEST_TMP/lan.yaml"
sed 's/pool: lan$/pool: wan/; s/  - pool: wan/  - pool: lan/' "$TEST_TMP/lan.yaml" >"$TEST_TMP/broken.yaml"
check_fails 1 'no pool of this name' 'a service whose pool is not there' adm apply "$TEST_TMP/broken.yaml"
check_eq "$(adm apply "$TEST_TMP/lan.yaml")" 'nothing to change' 'and nothing was changed by that'
adm service add "tcp:$VIP4:90" --pool lan
printf 'services: []\n' >"$TEST_TMP/empty.yaml"
check_fails 1 'a pool that would go is used' "a pool that another owner's service uses" adm apply "$TEST_TMP/empty.yaml"
adm service delete "tcp:$VIP4:90"
adm save >"$TEST_TMP/saved.yaml"
adm apply -q "$TEST_TMP/empty.yaml"
check_eq "$(adm pool list -j | grep -c '"pool"' || true)" 0 'with its services the pool goes'
adm apply -q --keep-owners "$TEST_TMP/saved.yaml"
check_eq "$(adm save)" "$(cat "$TEST_TMP/saved.yaml")" 'saved and applied again it is the same'
check_match "$(adm save -f ipvsadm)" 'pool lan: 198.51.100.64-198.51.100.65 ports 3000' 'as commands: the pool in a comment'
check_match "$(adm -S -n)" '^-A -t 192.0.2.10:80 -s rr --pool lan --owner apply:default$' 'the service names it'
check_match "$(adm -S -n)" '^-a -t 192.0.2.10:80 -r 198.51.100.11:8080 --fullnat -w 1$' 'the server its method'

# ---- diagnosis ----
adm pool add away 203.0.113.5 --ports 40000-40010
check_match "$(adm diagnose || true)" '203.0.113.5 is not this' 'an address that is not here is said'
check_match "$(adm diagnose || true)" 'not reserved' 'and ports that sockets may get'
