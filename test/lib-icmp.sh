# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after lib.sh by the tests of ICMP errors.

# listen NS DEVICE EXPRESSION [MORE]: the packet that Python EXPRESSION over p is true for goes to $TEST_TMP/heard, in a line, behind it
# what expression MORE gives
listen() {
	scapy_py "$1" "$2" "$3" "${4:-}" <<-'EOF' >"$TEST_TMP/heard" 2>&1 &
		def whole(p):
		    """Are all checksums what they would be if scapy had made them?"""
		    l3 = p[IP] if IP in p else p[IPv6]
		    again = l3.copy()
		    for layer in IP, ICMP, UDP, IPerror, UDPerror, ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded:
		        if layer in again:
		            if layer is not IPerror and layer is not UDPerror:
		                fields = again[layer].fields
		                fields.pop("chksum", None); fields.pop("cksum", None)
		    made = bytes(again)
		    if made != bytes(l3):
		        return False
		    inner = l3[IPerror] if IPerror in l3 else l3[IPerror6]
		    raw = bytes(inner)
		    kind = IP if raw[0] >> 4 == 4 else IPv6
		    fresh = kind(raw)
		    if UDP in fresh and len(fresh[UDP]) < fresh[UDP].len:
		        return True  # cut off: what the checksum is of is not there
		    for layer in IP, UDP:
		        if layer in fresh:
		            del fresh[layer].chksum
		    return bytes(fresh) == raw
		seen = sniff(iface=sys.argv[1], count=1, timeout=60, lfilter=lambda p: eval(sys.argv[2]),
		             started_callback=lambda: print("ready", flush=True))
		p = seen[0]
		l3 = p[IP] if IP in p else p[IPv6]
		e = p[IPerror] if IPerror in p else p[IPerror6]
		u = p[UDPerror]
		print(l3.src, l3.dst, "about", e.src, u.sport, e.dst, u.dport, "right" if whole(p) else "WRONG " + p.show(dump=True),
		      *([eval(sys.argv[3])] if sys.argv[3] else []))
	EOF
	wait_for 30 'the client listens' grep -q ready "$TEST_TMP/heard"
}

heard() {
	busywait 30 grep -q about "$TEST_TMP/heard" || true
	tail -n 1 "$TEST_TMP/heard"
}
