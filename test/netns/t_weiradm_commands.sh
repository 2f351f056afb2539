#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug
# timeout: 180
# weiradm's own commands on the module: what is applied is what is listed and saved, a saved state comes back whole, refusals name the
# place and change nothing, an operator's drain outlives apply, and changes are announced.
. "$(dirname "$0")/../lib.sh"

need_weiradm
new_ns director
# shellcheck disable=SC2154 # set by new_ns
ip -n "$director" address add 192.0.2.10/32 dev lo

cat >"$TEST_TMP/web.yaml" <<'EOF'
services:
  - service: tcp:192.0.2.10:80
    scheduler: mh
    persistent: 100
    netmask: 24
    flags: [mh-port, no-express]
    syn-retry: 2
    on-gone: reset
    mh-size: 1009
    seed: 00112233445566778899aabbccddeeff
    timeouts: {established: 60, fin-wait: 7}
    servers:
      - {server: "198.51.100.1:8080", method: nat, weight: 3, u-threshold: 10, l-threshold: 5}
      - {server: "198.51.100.2:8080", method: nat}
  - service: udp:[2001:db8::10]:1000-2000
    scheduler: wlc
    slow-start: 30
    servers: [{server: "[2001:db8::1]:0"}]
EOF

check_match "$(adm apply --dry-run "$TEST_TMP/web.yaml")" '^\+ tcp:192\.0\.2\.10:80 -> 198\.51\.100\.2:8080$' "a dry run shows the difference"
check_eq "$(adm list)" "" "... and changes nothing"
check_fails 3 '5 changed' "apply tells that something changed" adm apply --detailed-exitcode "$TEST_TMP/web.yaml"
check_match "$(adm apply --detailed-exitcode "$TEST_TMP/web.yaml")" '^nothing to change$' "the same again is nothing"
check_match "$(adm list)" 'owner apply:default' "the owner is listed"

adm override 192.0.2.10:80 -r 198.51.100.1:8080 9
adm drain tcp:192.0.2.10:80 -r 198.51.100.2:8080 >/dev/null
sed -i 's/weight: 3/weight: 4/' "$TEST_TMP/web.yaml"
check_match "$(adm apply "$TEST_TMP/web.yaml")" '-> 198\.51\.100\.1:8080: weight 3 -> 4' "a change is one"
check_match "$(adm list)" '9 \(set 4\)' "the operator's weight outlives it"
check_match "$(adm list)" '198\.51\.100\.2:8080 +nat +drain' "... and the drain"

adm service add 192.0.2.10:443 --owner other
adm config timeout.close=11 sloppy-tcp=on express-devices=eth0,eth1
for format in yaml json; do
	adm save --format "$format" >"$TEST_TMP/saved.$format"
done
adm -C
adm config timeout.close=10 sloppy-tcp=off express-devices=all
adm apply --quiet --keep-owners "$TEST_TMP/saved.yaml"
check_eq "$(adm save --format json)" "$(<"$TEST_TMP/saved.json")" "what was saved comes back whole"
check_match "$(adm apply --keep-owners "$TEST_TMP/saved.json")" '^nothing to change$' "JSON is another form of the same"

check_fails 2 "express-devices: 'all' or names" "an empty list of devices" adm config express-devices=
check_fails 1 'express-device: .*twice' "a device that is named twice" adm config express-devices=eth0,eth0

generation=$(adm config | sed -n 's/^generation *//p')
cat >"$TEST_TMP/bad.yaml" <<'EOF'
services:
  - service: tcp:192.0.2.10:8081
    servers: [{server: "198.51.100.1:1", weight: 70000}]
EOF
check_fails 1 'services\[0\]\.servers\[0\]\.weight: 70000' "a bad file is refused with the place" adm apply "$TEST_TMP/bad.yaml"
cat >"$TEST_TMP/bad.yaml" <<'EOF'
services:
  - service: tcp:192.0.2.10:8081
    servers: [{server: "198.51.100.1:8081"}, {server: "198.51.100.2:8081", method: fullnat}]
EOF
check_fails 1 '198\.51\.100\.2:8081: server.*method' "what the kernel refuses is named" adm apply --owner bad "$TEST_TMP/bad.yaml"
printf '%s\n' '-A -t 192.0.2.10:82 -s rr' '-a -t 192.0.2.10:82 -r 198.51.100.1 -m' '-A -t 192.0.2.10:443 -s rr' >"$TEST_TMP/rules"
check_fails 255 'line 3: Service already exists' "a restored line that fails is named" adm -R <"$TEST_TMP/rules"
check_fails 1 "owner 'other' keeps" "another owner's service is not taken" adm apply - <<<'{"services":[{"service":"192.0.2.10:443"}]}'
check_eq "$(adm config | sed -n 's/^generation *//p')" "$generation" "none of them changed anything"

# Settings are set before the transaction, and are as they were where it is refused.
settings() { adm config | grep -v '^generation'; }
before=$(settings)
cat >"$TEST_TMP/bad.yaml" <<'EOF'
config: {timeouts: {established: 77}, conn-max: 4444, sloppy-tcp: false}
services:
  - service: tcp:192.0.2.10:8081
    servers: [{server: "198.51.100.2:8081", method: fullnat}]
EOF
check_fails 1 '198\.51\.100\.2:8081: server.*method' "with settings too it is refused" adm apply --owner bad "$TEST_TMP/bad.yaml"
check_eq "$(settings)" "$before" "... and they are as before"
check_no_match "$(adm apply --owner bad "$TEST_TMP/bad.yaml" 2>&1 || true)" 'config|stay' "... and not said to have changed"
# One transaction an owner: what came before the one that is refused stays, and the settings with it.
cat >"$TEST_TMP/owners.yaml" <<'EOF'
config: {timeouts: {established: 77}}
services:
  - {service: "tcp:192.0.2.10:8082", owner: "apply:a"}
  - service: tcp:192.0.2.10:8081
    owner: apply:b
    servers: [{server: "198.51.100.2:8081", method: fullnat}]
EOF
check_fails 1 'changes before it: 2; they stay' "of two owners the second is refused" adm apply --keep-owners "$TEST_TMP/owners.yaml"
check_match "$(adm list 192.0.2.10:8082)" 'owner apply:a' "... the first has its services"
check_match "$(settings)" '^timeout\.established +77$' "... and the settings"
sed -i 's/, method: fullnat//' "$TEST_TMP/owners.yaml"
check_match "$(adm apply --keep-owners "$TEST_TMP/owners.yaml")" '^2 changed$' "mended, the rest follows"
for owner in a b; do
	adm apply --quiet --owner $owner - <<<'{"services": []}'
done
adm config "timeout.established=$(awk '$1 == "timeout.established" { print $2 }' <<<"$before")"

adm -R <<<'-a -t 192.0.2.10:443 -r 198.51.100.7 -g'
printf '%s\n' '-A -t 192.0.2.10:83 -s rr' '-a -t 192.0.2.10:443 -r 198.51.100.8 -g' '-a -t 192.0.2.10:83 -r 198.51.100.8 -g' | adm -R
check_match "$(adm list 192.0.2.10:443 | tr -s ' \n' ' ')" '198\.51\.100\.7:443 .*198\.51\.100\.8:443 ' "-R adds servers to services that were there"
check_match "$(adm list 192.0.2.10:443)" 'owner other' "... which keep their owner"

background ns "$director" "$WEIRADM" monitor -j --count 2
monitor=$background_log
listens() { adm -A -t 192.0.2.10:9999 -s rr && adm -D -t 192.0.2.10:9999 && [[ -s $monitor ]]; }
wait_for 20 "changes are announced" listens
check_match "$(head -n 1 "$monitor")" '^\{"event":"service-(added|deleted)"' "... as JSON lines"

# Without CAP_NET_ADMIN its buffer is small: it misses what comes while it stands still, and says what there is.
background nsenter "--net=/run/netns/$director" setpriv --bounding-set -net_admin "$WEIRADM" monitor --list
monitor=$background_log
listed() { [[ $(grep -c ' listed$' "$monitor") == "$1" ]]; }
services() { adm list -j | grep -c '^      "service": '; }
wait_for 20 "monitor --list begins with what there is" listed 1
check_eq "$(grep -c ' service-present ' "$monitor")" "$(services)" "... all services"
kill -STOP "$background_pid"
seq -f '{"service": "tcp:192.0.2.10:%.0f", "servers": [{"server": "198.51.100.9"}]}' -s , 10001 11000 |
	sed '1s/^/{"services": [/; $s/$/]}/' | adm apply --quiet --owner many -
kill -CONT "$background_pid"
wait_for 30 "a monitor that lost events lists anew" listed 2
check_eq "$(sed '1,/ lost: /d' "$monitor" | grep -c ' service-present ')" "$(services)" "... all services"
adm apply --quiet --owner many - <<<'{"services": []}'

check_match "$(adm top --once)" 'tcp:192\.0\.2\.10:80 ' "top prints once"
check_match "$(adm conn list -j | tr -d '\n')" '^\{"connections": \[\]\}$' "connections are none"
check_eq "$(adm -L --daemon -j | tr -d " \n")" '{"daemons":[]}' "nor is there a daemon"
check_match "$(adm counters --all)" '^drop' "counters are listed"
check_fails 1 'ip_forward=1' "diagnose finds what is wrong" adm diagnose tcp:192.0.2.10:80
check_fails 2 "no command 'nosuch'" "an unknown command is a usage error" adm nosuch
check_fails 1 'no such service' "an unknown service is refused" adm service delete 192.0.2.10:1

# weiradm's own form of -S loses nothing that commands can say
adm -S -n | grep -v '^#' >"$TEST_TMP/commands"
adm -C
adm -R <"$TEST_TMP/commands" 2>/dev/null || true
check_match "$(<"$TEST_TMP/commands")" '-x 10 -y 5' "-S keeps thresholds and weir's settings"
check_match "$(<"$TEST_TMP/commands")" '--conn-timeout established=60,fin-wait=7' "... time-outs too"
check_eq "$(adm -S -n | grep -v '^#')" "$(<"$TEST_TMP/commands")" "-R reads what -S wrote"
check_match "$(<"$TEST_TMP/commands")" '--seed 00112233445566778899aabbccddeeff' "... the seed too"
adm service set 192.0.2.10:80 --seed none
check_no_match "$(adm -S -n)" '--seed' "a seed can be taken back"
