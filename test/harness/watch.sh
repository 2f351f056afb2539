# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# Sourced by run-in-vm: looks at the kernel before and after a test. watch_findings holds what is wrong, watch_excerpt the
# kernel's words, watch_broken says that the machine cannot judge further tests.

# Messages that mean a bug, wherever they come from.
WATCH_BAD='WARNING: |BUG: |BUG |KASAN: |UBSAN: |Oops|general protection fault|kernel BUG at|Unable to handle kernel|'
WATCH_BAD+='refcount_t: |INFO: (task|rcu|trying to register|possible|suspicious)|suspicious RCU usage|'
WATCH_BAD+='possible (circular|recursive|irq)|inconsistent lock state|lock held when returning|bad unlock balance|'
WATCH_BAD+='rcu: INFO|detected stall|soft lockup|hard LOCKUP|blocked for more than|scheduling while atomic|'
WATCH_BAD+='sleeping function called|ODEBUG: |list_(add|del) corruption|DEBUG_LOCKS_WARN_ON|'
WATCH_BAD+='Objects remaining|Slab cache still has objects|Bad page|unregister_netdevice: waiting|'
WATCH_BAD+='ref_tracker: |leaked reference|Memory cgroup out of memory|Out of memory: Killed|stack-protector|'
WATCH_BAD+='skb_warn_bad_offload|hw csum failure|Call Trace:|workqueue lockup|vmap allocation|Kernel panic'
# Set by loading any module from outside the kernel tree, unsigned; nothing else may be.
WATCH_TAINT_ALLOWED=$((1 << 12 | 1 << 13))
# Kept loaded: every test needs them, loading takes time.
WATCH_KEEP=(veth bridge stp llc dummy tcp_diag udp_diag inet_diag nfnetlink nf_tables libcrc32c crc32c_generic)
watch_findings=()
watch_excerpt=
watch_broken=0

watch_setup() {
	local module

	WEIR_SLOW=1
	watch_leaks=no
	if [[ -w /sys/kernel/debug/kmemleak ]]; then
		WEIR_SLOW=6
		watch_leaks=yes
		# The scans are made where they are asked for.
		echo scan=off >/sys/kernel/debug/kmemleak 2>/dev/null
	fi
	export WEIR_SLOW
	for module in veth bridge dummy tcp_diag udp_diag nf_tables; do
		modprobe -q "$module"
	done
	watch_nets=$(watch_net_settle)
	watch_keep=" ${WATCH_KEEP[*]} $(cut -d ' ' -f 1 /proc/modules | tr '\n' ' ') "
}

# The kernel frees the last namespaces that died only when the next one dies: one is sacrificed.
watch_net_count() {
	unshare -n true
	sleep 0.05
	[[ ! -w /sys/kernel/slab/net_namespace/shrink ]] || echo 1 >/sys/kernel/slab/net_namespace/shrink
	awk '$1 == "net_namespace" { print $2 }' /proc/slabinfo
}

# Processes that have a program: everything but kernel threads.
watch_processes() {
	local dir

	for dir in /proc/[0-9]*; do
		[[ -e $dir/exe ]] && printf '%s\n' "${dir#/proc/}"
	done
}

# Once the machine has come to rest: the sacrificed one of a count must not be taken for a leak by the next.
watch_net_settle() {
	local last count i

	last=$(watch_net_count)
	for i in 1 2 3 4 5; do
		sleep 0.2
		count=$(watch_net_count)
		[[ $count != "$last" ]] || break
		last=$count
	done
	: "$i"
	printf '%s\n' "$count"
}

watch_begin() {
	watch_findings=()
	watch_symbols_text=
	watch_taint=$(</proc/sys/kernel/tainted)
	declare -gA watch_known=()
	local pid

	for pid in $(watch_processes); do
		watch_known[$pid]=1
	done
	[[ ! -w /sys/kernel/debug/clear_warn_once ]] || echo 1 >/sys/kernel/debug/clear_warn_once
	[[ $watch_leaks == no ]] || echo clear >/sys/kernel/debug/kmemleak
	dmesg -C
}

# Where the module's functions are, for a leak that is found after it was unloaded.
watch_symbols() {
	[[ $watch_leaks == no ]] || watch_symbols_text=$(grep -E '\[(weir|broken)[a-z_]*\]$' /proc/kallsyms)
}

watch_found() {
	watch_findings+=("$*")
}

watch_leftovers() {
	local pid names=

	for pid in $(watch_processes); do
		[[ -n ${watch_known[$pid]:-} || ! -e /proc/$pid/exe ]] && continue
		names+=" $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-60)"
		kill -KILL "$pid" 2>/dev/null
	done
	[[ -z ${names// /} ]] || watch_found "processes left behind:$names"
	names=$(ip netns list 2>/dev/null | cut -d ' ' -f 1 | tr '\n' ' ')
	if [[ -n $names ]]; then
		watch_found "network namespaces left behind: $names"
		for pid in $names; do
			ip netns del "$pid"
		done
	fi
}

# Other modules would change what the next test meets (conntrack loaded or not). Best effort.
watch_unload_others() {
	local module pass

	for pass in 1 2 3 4; do
		while read -r module; do
			[[ $watch_keep == *" $module "* || $module == weir* ]] || rmmod "$module" 2>/dev/null
		done < <(awk '$3 == 0 { print $1 }' /proc/modules)
	done
	: "$pass"
}

watch_unload() {
	local module end=$((SECONDS + 10 * WEIR_SLOW)) error

	for module in weir_ipvs weir; do
		[[ -d /sys/module/$module ]] || continue
		until error=$(rmmod "$module" 2>&1); do
			if ((SECONDS > end)); then
				watch_found "$module cannot be unloaded: $error"
				watch_broken=1
				return
			fi
			sleep 0.2
		done
	done
	if grep -q '^weir' /proc/slabinfo; then
		watch_found "slab caches outlive the module: $(awk '/^weir/ { print $1, $2 }' /proc/slabinfo | tr '\n' ' ')"
		watch_broken=1
	fi
}

# Namespaces die asynchronously, and an orphaned TCP socket keeps its one until it has given up (new_ns sees to it that this is
# soon). One that does not die has a reference to it that nobody puts.
watch_nets_gone() {
	local end=$((SECONDS + 30 * (WEIR_SLOW > 1 ? 3 : 1))) count

	while count=$(watch_net_count) && ((count > watch_nets)); do
		if ((SECONDS > end)); then
			watch_found "$((count - watch_nets)) network namespaces never die"
			watch_broken=1
			return
		fi
		sleep 0.3
	done
}

# An object is reported by the second scan after it got old (5 s) without a reference to it.
watch_memory() {
	local text start=$SECONDS

	[[ $watch_leaks == yes ]] || return 0
	echo scan >/sys/kernel/debug/kmemleak
	((SECONDS - start > 5)) || sleep $((6 - (SECONDS - start)))
	echo scan >/sys/kernel/debug/kmemleak
	text=$(head -c 20000 /sys/kernel/debug/kmemleak)
	[[ -n $text ]] || return 0
	watch_found "$(grep -c '^unreferenced object' <<<"$text") leaked objects"
	watch_excerpt+=$(watch_symbolize <<<"$text" | head -n 40)$'\n'
}

# Return addresses in a module that is gone: "[<address>] 0xaddress" becomes the function it was.
watch_symbolize() {
	SYMBOLS=$watch_symbols_text awk '
		function value(hex,   i, v) {
			v = 0
			# The upper half is the same for all modules.
			hex = substr(hex, length(hex) - 7)
			for (i = 1; i <= length(hex); i++)
				v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
			return v
		}
		BEGIN {
			n = split(ENVIRON["SYMBOLS"], lines, "\n")
			for (i = 1; i <= n; i++) {
				split(lines[i], f, /[ \t]+/)
				if (f[2] ~ /[tT]/) { at[i] = value(f[1]); name[i] = f[3] " " f[4] }
			}
		}
		match($0, /0xffffffff[0-9a-f]+$/) {
			here = value(substr($0, RSTART + 2))
			best = ""
			for (i in at)
				if (at[i] <= here && here - at[i] < 65536 && (best == "" || at[i] > at[best])) best = i
			if (best != "") $0 = $0 " = " name[best]
		}
		{ print }'
}

# The log, without what the test says that it provokes.
watch_log() {
	local expected=$1 text bad

	text=$(dmesg)
	bad=$(grep -E "$WATCH_BAD" <<<"$text")
	[[ -z $expected || -z $bad ]] || bad=$(grep -vE "$expected" <<<"$bad" | grep -v 'Call Trace:')
	[[ -n $bad ]] || return 0
	watch_found "kernel log: $(head -n 1 <<<"$bad" | sed 's/^\[[^]]*\] *//' | cut -c 1-160)"
	watch_excerpt+=$(grep -E -m 1 -A 45 -- "$(head -n 1 <<<"$bad" | sed 's/[][\.*^$+?(){}|/]/\\&/g')" <<<"$text")$'\n'
	watch_broken=1
}

watch_tainted() {
	local now new

	now=$(</proc/sys/kernel/tainted)
	new=$((now & ~watch_taint & ~WATCH_TAINT_ALLOWED))
	((new == 0)) && return
	watch_found "the kernel is tainted ($(printf '0x%x' "$new"))"
	watch_broken=1
}

# watch_end EXPECTED-LOG: every look; the log last, because the others provoke messages.
watch_end() {
	watch_leftovers
	watch_unload
	watch_nets_gone
	watch_unload_others
	watch_memory
	watch_tainted
	watch_log "$1"
}
