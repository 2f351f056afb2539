# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by run-harness, which sets $dir, after packages.sh: scripts/vm itself fails as its manual says. Each case returns 0
# if it did; what it prints is for people.

VM_CASES=(vm_timeout vm_died vm_no_start vm_locked_up vm_late_panic vm_orphan vm_no_install vm_other_system)

# vm_ends STATUS REGEX ARGUMENT...: scripts/vm ends with STATUS within five minutes and says what REGEX matches
vm_ends() {
	local wanted=$1 regex=$2 status=0

	shift 2
	vm_output=$(timeout -k 10 300 "$WEIR_ROOT/scripts/vm" "$@" 2>&1 </dev/null) || status=$?
	((status == wanted)) && grep -qE -- "$regex" <<<"$vm_output" && return
	printf 'it ended with %d instead of %d, or did not say /%s/:\n%s\n' "$status" "$wanted" "$regex" "$vm_output"
	return 1
}

vm_timeout() {
	vm_ends 203 'the time is up: 20 s' --timeout 20 -- sleep 100
}

# The command must not end before the guest: nothing can be run any more when the root's device is shut down.
vm_died() {
	vm_ends 204 'the guest ended without an exit status' -- bash -c '(sleep 1; echo o >/proc/sysrq-trigger) & exec sleep 50'
}

vm_no_start() {
	vm_ends 201 'nosuchoption' --accel tcg --qemu -nosuchoption -- true
}

# vm_stand_in COMMAND: a program in QEMU's place, whose guest is up at once and whose command ends with 3; then COMMAND
vm_stand_in() {
	cat >"$dir/qemu" <<-EOF
		#!/bin/bash
		for argument in "\$@"; do
			case \$argument in
			file,id=ctl,path=*) ctl=\${argument#*path=} ;;
			file,id=console,path=*) console=\${argument#*path=} ;;
			esac
		done
		echo ready >"\$ctl"
		echo 3 >"\${ctl%.fifo}/status"
		echo exit 3 >"\$ctl"
		$1
	EOF
	chmod 755 "$dir/qemu"
}

vm_locked_up() {
	vm_stand_in 'exec sleep 1000'
	QEMU=$dir/qemu vm_ends 3 'did not power off within 15 s' --accel tcg -- true
}

vm_late_panic() {
	# shellcheck disable=SC2016 # the stand-in's variable
	vm_stand_in 'echo "Kernel panic - not syncing: on its way down" >>"$console"'
	QEMU=$dir/qemu vm_ends 202 'the guest.s kernel panicked' --accel tcg -- true
}

# Whoever started the script that started it was killed.
vm_orphan() {
	local pid

	printf '#!/bin/sh\necho $$ >%q\nexec sleep 1000\n' "$dir/pid" >"$dir/qemu"
	chmod 755 "$dir/qemu"
	sleep 3 &
	WEIR_OWNER=$! QEMU=$dir/qemu vm_ends 130 "process $!, .* is gone" --accel tcg -- true || return
	pid=$(<"$dir/pid")
	[[ ! -e /proc/$pid ]] || {
		printf 'process %s lives on\n' "$pid"
		return 1
	}
}

# Everything that it needs is installed but cpio.
vm_no_install() {
	local programs=$dir/programs

	mkdir -p "$programs"
	packages_wanted vm kernels | awk '$1 != "cpio" { print "installed", $1 }' >"$dir/packages"
	printf '#!/bin/sh\ncat %q\n' "$dir/packages" >"$programs/dpkg-query"
	# shellcheck disable=SC2016 # the stand-in's arguments
	printf '#!/bin/sh\necho "$@" >>%q\n' "$dir/installed" >"$programs/apt-get"
	chmod 755 "$programs"/*
	PATH=$programs:$PATH vm_ends 200 'not installing them .*: apt-get install --no-install-recommends cpio$' \
		--no-install -- true || return
	grep -q '^  cpio  *its initramfs$' <<<"$vm_output" || {
		printf 'the list does not say why:\n%s\n' "$vm_output"
		return 1
	}
	[[ ! -e $dir/installed ]] || {
		printf 'apt-get was called: %s\n' "$(<"$dir/installed")"
		return 1
	}
}

# A machine with everything but Debian's package manager.
vm_other_system() {
	local programs=$dir/programs

	mkdir -p "$programs"
	cp -sf /usr/bin/* /usr/sbin/* "$programs"
	rm "$programs/dpkg-query" "$programs/apt-get"
	PATH=$programs vm_ends 200 'install these, then go on with WEIR_SKIP_PACKAGES=1 set$' -- true || return
	grep -q '^  cpio  *its initramfs$' <<<"$vm_output" || {
		printf 'the list does not say what is needed, and why:\n%s\n' "$vm_output"
		return 1
	}
}
