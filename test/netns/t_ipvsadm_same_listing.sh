#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 150
# expect-log: IPVS:
# A script of ipvsadm calls gives the same output, errors and exit statuses from ipvsadm on ip_vs and from weiradm, called ipvsadm, on
# weir: byte for byte but for the size of the connection table, which differs between the modules.
. "$(dirname "$0")/../lib.sh"

need_weiradm
need_command ipvsadm
need_module ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_mh ip_vs_sed ip_vs_nq ip_vs_fo ip_vs_ovf \
	ip_vs_dh ip_vs_lblc ip_vs_lblcr

# What is compared, a call a line.
calls() {
	cat <<'EOF'
-C
-A -t 192.0.2.1:80 -s rr
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 3
-a -t 192.0.2.1:80 -r 198.51.100.2 -m
-a -t 192.0.2.1:80 -r 198.51.100.3 -g -x 100 -y 50
-a -t 192.0.2.1:80 -r 198.51.100.3 -g
-A -u 192.0.2.1:53 -s wlc -o
-a -u 192.0.2.1:53 -r 198.51.100.9:5353 -m
-A -t 192.0.2.2:443 -p
-A -t 192.0.2.3:0 -s sh -b sh-port -p 60 -M 255.255.255.0
-a -t 192.0.2.3:0 -r 198.51.100.1 -g
-A -f 7 -s mh -b mh-port,mh-fallback
-a -f 7 -r 198.51.100.1 -g -w 0
-A -f 8 -6 -s wrr -p 100 -M 64
-a -f 8 -6 -r 2001:db8::10 -g
-A -t [2001:db8::1]:80 -s lc
-a -t [2001:db8::1]:80 -r [2001:db8::2]:8080 -m -w 65535
-a -t 192.0.2.1:80 -r 198.51.100.4:8080 -i
-a -t 192.0.2.1:80 -r 198.51.100.5 -i --tun-type gre --tun-csum
-a -t 192.0.2.1:80 -r 2001:db8::6 -i --tun-type gre --tun-nocsum -w 0
-a -t [2001:db8::1]:80 -r 198.51.100.7 -i --tun-type gue --tun-port 6080 --tun-remcsum
-e -t 192.0.2.1:80 -r 198.51.100.4 -i --tun-type gue --tun-port 6081 --tun-nocsum -x 9
-A -t 10.0.0.1:8443
-A -t 203.0.113.200:65535 -s wrr
-A -t 192.0.2.4:80 -s sed
-A -t 192.0.2.4:81 -s sed
-E -t 192.0.2.4:81 -s nq
-A -u 192.0.2.4:53 -s fo -p 20
-A -u 192.0.2.4:54 -s ovf
-A -f 9 -s dh
-a -f 9 -r 198.51.100.1 -g
-A -f 10 -s lblc
-A -f 11 -6 -s lblc
-E -f 11 -6 -s lblcr
-L -n
-L
-l -n --stats
-L -n --rate
-Ln --stats --exact
-L -n --thresholds
-L -n --persistent-conn
-L -n --tun-info
-L -n --nosort -t 192.0.2.1:80
-L -n -t 192.0.2.1:80 --stats
-L -n -t 192.0.2.99:80
-L -n -f 7
-L -n -f 8 -6
-L -n -u 192.0.2.1:53 --rate
-L -n -t [2001:db8::1]:80 --thresholds
-L -n --sort
-L -n --stats --rate
-L -n --thresholds --persistent-conn
-L --timeout
--set 1000 0 77
-L --timeout
-L --daemon
-L -c -n
-E -t 192.0.2.2:443 -s rr
-E -t 192.0.2.99:443 -s rr
-e -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 9
-L -n -t 192.0.2.1:80
-e -t 192.0.2.1:80 -r 198.51.100.1:8080 -m
-e -t 192.0.2.1:80 -r 198.51.100.3 -g -x 7
-L -n --thresholds
-E -t 192.0.2.2:443 -s mh -p 77 -M 255.255.0.0 -b mh-port
-S -n
-E -u 192.0.2.1:53
-L -n
-e -t 192.0.2.1:80 -r 198.51.100.77:8080 -m -w 9
-e -t 192.0.2.99:80 -r 198.51.100.77:8080 -m -w 9
-a -t 192.0.2.99:80 -r 198.51.100.77:8080 -m -w 9
-d -t 192.0.2.1:80 -r 198.51.100.2
-d -t 192.0.2.1:80 -r 198.51.100.2
-d -t 192.0.2.99:80 -r 198.51.100.2
-A -t 192.0.2.50:80 -s nosuch
-S -n
-S
-Z
-Z -t 192.0.2.1:80
-Z -t 192.0.2.99:80
-D -t 192.0.2.99:80
-D -t 203.0.113.200:65535
-L -n

-A
-A -t 80
-A -t 192.0.2.9
-A -t 192.0.2.9:80 -t 192.0.2.9:80
-A -t 192.0.2.9:99999
-A -t 192.0.2.9:http -n
-A -t 192.0.2.9:80 -s
-A -t 192.0.2.9:80 --bogus
-q
-t 192.0.2.9:80 -A
-A -t 192.0.2.9:80 extra
-A -t 192.0.2.9:80 -p 0
-A -t [2001:db8::9]:80 -p -M 129
-A -t [2001:db8::9
-A -6 -f 1
-A -f 4294967296
-A -t 192.0.2.9:80 -o
-A -t 192.0.2.9:80 -s rr -b sh-port
-A -t 192.0.2.9:80 -s sh -b nosuch
-a -t 192.0.2.9:80
-a -t 192.0.2.9:80 -r 198.51.100.2 -w -1
-a -t 192.0.2.9:80 -r 198.51.100.2 -g -m
-a -t 192.0.2.9:80 -r 2001:db8::1 -m
-a -t 192.0.2.9:80 -r 198.51.100.2 -m --tun-type gue
-a -t 192.0.2.9:80 -r 198.51.100.2 -i --tun-type gue
-A -f 0
-A -f x
-A -t :80
-A -t 192.0.2.9:80 -M 255.255.255.0
-A -t 192.0.2.9:80 -p -M 255.0.255.256
-A -t 192.0.2.9:80 -p 2678401
-A -t 192.0.2.9:80 -p -p
-A -t 192.0.2.9:0 -s rr
-A -t 192.0.2.9:80 -s mh -b sh-port
-A -t 192.0.2.9:80 --pe
-A --tcp-service
-E
-D
-D -t
-D -t 192.0.2.9:80 -s rr
-d -t 192.0.2.9:80
-d -r 198.51.100.2
-e -t 192.0.2.9:80
-a -r 198.51.100.2
-a -t 192.0.2.1:80 -r 198.51.100.2:99999
-a -t 192.0.2.1:80 -r nosuch.invalid
-a -t 192.0.2.1:80 -r 198.51.100.2 -w x
-a -t 192.0.2.1:80 -r 198.51.100.2 -x -1
-a -t 192.0.2.1:80 -r 198.51.100.2 -y 2147483648
-a -t 192.0.2.1:80 -r 198.51.100.2 -s rr
-a -t 192.0.2.1:80 -r 198.51.100.2 -m --tun-port 5
-a -t 192.0.2.1:80 -r 198.51.100.2 -i --tun-type nosuch
-a -t 192.0.2.1:80 -r 198.51.100.2 -i --tun-type gue --tun-port 6080 --tun-csum --tun-nocsum
-a -t 192.0.2.1:80 -r 198.51.100.2 -i --tun-type gre --tun-port 6080
-L -r 198.51.100.2
-L --daemon --timeout
-L --bogus
-Z -n
-Z -t 192.0.2.9:80 -r 198.51.100.2
-S -c
-R -n
--set a b c
--set -1 0 0
--set 0 0 0
--stop-daemon foo
--stop-daemon backup
-C extra
-L -c -t 192.0.2.9:80
-L -c --stats
-L -s rr
--set 1 2
--set 1 2 3 4
-C -n
--start-daemon foo
-v
EOF
}

# A saved table comes back.
script() {
	local line words

	while read -r line; do
		read -ra words <<<"$line"
		printf '$ %s\n' "$line"
		ipvsadm "${words[@]}"
		printf '= %s\n' "$?"
	done
	ipvsadm -S -n >"$1"
	ipvsadm -C
	ipvsadm -R <"$1"
	printf 'restored: %s\n' "$?"
	ipvsadm -L -n
	ipvsadm -C
	ipvsadm -L -n
}

new_ns ns_real ns_ours
mkdir "$TEST_TMP/real" "$TEST_TMP/ours"
ln -s "$(command -v ipvsadm)" "$TEST_TMP/real/ipvsadm"
ln -s "$WEIRADM" "$TEST_TMP/ours/ipvsadm"
for which in real ours; do
	name=ns_$which
	# shellcheck disable=SC2016 # expanded by the inner shell
	calls | PATH=$TEST_TMP/$which:$PATH ns "${!name}" bash -c "$(declare -f script)"'; script "$1" 2>&1' - "$TEST_TMP/$which/saved" |
		sed 's/(size=[0-9]*)/(size=N)/' >"$TEST_TMP/$which/output"
done

check_match "$(<"$TEST_TMP/real/output")" 'IP Virtual Server version 1\.2\.1' "ip_vs took part"
if ! diff -U2 "$TEST_TMP/real/output" "$TEST_TMP/ours/output"; then
	fail "weiradm's output differs from ipvsadm's"
fi
ok "$(calls | wc -l) calls, the same $(wc -l <"$TEST_TMP/real/output") lines"
if ! cmp "$TEST_TMP/real/saved" "$TEST_TMP/ours/saved"; then
	fail "weiradm's save differs from ipvsadm's"
fi
ok "the same saved table"
