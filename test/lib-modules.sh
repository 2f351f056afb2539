# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by tests that run in namespaces of the machine's own kernel. What they use of it (bridge, veth, macvlan, ...) it loads
# by itself where it has them as modules; afterwards they are gone again.

# modules_kept COMMAND...: runs it, then unloads the modules that were loaded meanwhile. Told to end, it kills COMMAND first.
modules_kept() {
	local before pid status=0 ending=no

	[[ -r /proc/modules ]] || exec "$@"
	before=" $(modules_loaded) "
	"$@" <&0 &
	pid=$!
	trap 'ending=yes; kill -KILL "$pid" 2>/dev/null' INT TERM HUP
	wait "$pid" || status=$?
	[[ $ending == no ]] || wait "$pid" 2>/dev/null
	modules_unload "$before"
	return "$status"
}

modules_loaded() {
	cut -d ' ' -f 1 /proc/modules | tr '\n' ' '
}

# modules_unload BEFORE: those that are not in BEFORE and that nothing uses, users before what they use. Not modprobe -r, which
# would take unused modules along that were loaded before.
modules_unload() {
	local module pass

	for pass in 1 2 3 4 5; do
		for module in $(modules_loaded); do
			[[ $1 == *" $module "* ]] || ! modules_may_go "$module" || rmmod "$module" 2>/dev/null
		done
		[[ $(modules_loaded) != "${1# }" ]] || break
		# Namespaces die a little later than their last process.
		sleep 0.3
	done
	: "$pass"
}

# Of the network's code, for something else may have been loaded meanwhile; and without links of its kind in any namespace:
# these do not hold it, they would go with it, whoever made them.
modules_may_go() {
	local kind net

	kind=$(modinfo -F alias "$1" 2>/dev/null | sed -n 's/^rtnl-link-//p')
	case $(modinfo -F filename "$1" 2>/dev/null) in
	*/kernel/net/* | */kernel/lib/* | */kernel/*crypto/*) ;;
	*) [[ -n $kind ]] || return ;;
	esac
	for kind in $kind; do
		for net in $(lsns -n -t net -o PID | sed 's|.*[0-9]|/proc/&/ns/net|; s| ||g') /run/netns/*; do
			[[ ! -e $net || -z $(nsenter "--net=$net" ip -o link show type "$kind" 2>/dev/null) ]] || return 1
		done
	done
}
