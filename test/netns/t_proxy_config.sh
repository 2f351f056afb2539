#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: quick debug
# timeout: 120
# --proxy-protocol through weiradm: as an option of ipvsadm's grammar and of "service", in every listing, saved and applied again without
# a difference; refused where it cannot be, by field and reason, with nothing changed, in commands and in transactions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
need_weiradm
topology_fullnat 2
tcp=tcp:$VIP4:80

fullnat_service tcp 4 80 8080 --proxy-protocol v1
check_match "$(adm list)" 'proxy-protocol v1' 'the listing has it'
check_match "$(adm list -j)" '"proxy-protocol": "v1"' 'so does the JSON'
check_match "$(adm -S -n)" "^-A -t $VIP4:80 .*--proxy-protocol v1" 'it is saved as an option'
check_ok 'set' adm service set $tcp --proxy-protocol v2
check_match "$(adm list -j)" '"proxy-protocol": "v2"' 'the other version'
for format in yaml json; do
	adm save -f $format >"$TEST_TMP/saved"
	adm service set $tcp --proxy-protocol none
	check_match "$(adm list -j)" '"proxy-protocol": "none"' "none, before what was saved as $format is applied"
	adm apply --keep-owners "$TEST_TMP/saved" >/dev/null
	check_match "$(adm list -j)" '"proxy-protocol": "v2"' "applied from $format"
	check_no_match "$(adm apply --keep-owners --dry-run "$TEST_TMP/saved")" '^[~+-]' "$format: no difference is left"
done
adm -S -n >"$TEST_TMP/saved"
adm -C
adm -R <"$TEST_TMP/saved"
check_match "$(adm list -j)" '"proxy-protocol": "v2"' 'restored from commands'
check_ok '-E leaves it alone' adm -E -t $VIP4:80 -s wrr
check_match "$(adm list -j)" '"proxy-protocol": "v2"' 'it is still there'

before=$(adm save)
check_fails - 'method.*needs fullnat' 'a server of another method' adm server add $tcp 198.51.100.13:8080 -m nat
check_fails - 'method.*needs fullnat' 'a server that gets another method' adm server set $tcp 198.51.100.11:8080 -m nat
check_fails - 'proxy.protocol.*toa' 'beside toa' adm service set $tcp --flags toa
check_fails - 'v1, v2 or none' 'another version' adm service set $tcp --proxy-protocol v3
check_fails - 'proxy.protocol.*version 1 is for TCP' 'version 1 for UDP' adm -A -u $VIP4:53 --proxy-protocol v1
check_eq "$(adm save)" "$before" 'nothing was changed'

adm service add tcp:$VIP4:81 --pool pool4 -s rr
adm server add tcp:$VIP4:81 198.51.100.11:8080 -m nat
check_fails - 'proxy.protocol.*another method' 'a service with servers of another method' adm service set tcp:$VIP4:81 --proxy-protocol v1
cat >"$TEST_TMP/mixed.yaml" <<EOF2
services:
  - service: tcp:$VIP4:82
    owner: mixed
    pool: pool4
    proxy-protocol: v1
    servers:
      - {server: "198.51.100.11:8080", method: fullnat}
      - {server: "198.51.100.12:8080", method: nat}
EOF2
before=$(adm save)
check_fails - 'method.*needs fullnat' 'both in one transaction' adm apply "$TEST_TMP/mixed.yaml"
check_eq "$(adm save)" "$before" 'nothing was changed'
# Method and header change together
sed -i 's/method: nat/method: fullnat/' "$TEST_TMP/mixed.yaml"
check_ok 'all by fullnat' adm apply "$TEST_TMP/mixed.yaml"
sed -i -e '/proxy-protocol/d' -e 's/method: fullnat/method: nat/' "$TEST_TMP/mixed.yaml"
check_ok 'without it, by nat' adm apply "$TEST_TMP/mixed.yaml"
sed -i -e 's/    pool: pool4/    pool: pool4\n    proxy-protocol: v2/' -e 's/method: nat/method: fullnat/' "$TEST_TMP/mixed.yaml"
check_ok 'with it, by fullnat' adm apply "$TEST_TMP/mixed.yaml"
check_match "$(adm list -j)" '"proxy-protocol": "v2"' 'it is there'
