# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by tests that speak netlink themselves, after lib.sh.

# weir_py NS [ARGUMENT...] <script: Python with test/tools/weirnl.py, run in the namespace ("" for the present one).
# check(what, got, want), refused(what, errno's name, what is to blame, function, ...): where one fails the others go on, and
# the whole fails at the end.
weir_py() {
	local name=$1 script=$TEST_TMP/weir.$RANDOM.py

	shift
	{
		cat <<-EOF2
			import os, random, re, signal, socket, struct, sys, threading, time
			sys.path.insert(0, "$WEIR_ROOT/test/tools")
			from weirnl import *
			SLOW = int(os.environ.get("WEIR_SLOW", "1"))
		EOF2
		cat <<-'EOF2'
			failures = []
			def failed(text):
			    failures.append(text)
			    print("FAIL: " + text)
			def check(what, got, want):
			    if got != want:
			        failed("%s: expected %r, got %r" % (what, want, got))
			    else:
			        print("ok: %s" % what)
			def refused(what, errno_name, blame, function, *args, text="", **kwargs):
			    try:
			        function(*args, **kwargs)
			    except Refused as e:
			        if e.name != errno_name or not re.search("^(%s)$" % blame, e.where()) or not e.msg or text not in e.msg:
			            failed("%s: expected %s %s %r, got %s %s %r" %
			                   (what, errno_name, blame, text, e.name, e.where(), e.msg))
			        else:
			            print("ok: %s: %s" % (what, e))
			        return e
			    failed("%s: was not refused" % what)
			def generation(w):
			    return w.get("config-get")["generation"]
			def everything(w):
			    """All that a listing shows, without counts and times."""
			    services = w.dump("service-get")
			    servers = w.dump("server-get")
			    for s in services:
			        s["service"].pop("stats")
			    for s in servers:
			        for key in ("stats", "active", "inactive", "persistent", "drain"):
			            s["server"].pop(key, None)
			    config = w.get("config-get")["config"]
			    for key in ("conn-count", "conn-buckets"):
			        config.pop(key)
			    return services, servers, config
		EOF2
		cat
		printf 'sys.exit("%%u checks failed" %% len(failures) if failures else 0)\n'
	} >"$script"
	if [[ -n $name ]]; then
		ns "$name" /usr/bin/python3 "$script" "$@"
	else
		/usr/bin/python3 "$script" "$@"
	fi
}
