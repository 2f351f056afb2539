# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Sourced after common.sh, kernels.sh and initramfs.sh. The test VM's QEMU command line, its start, watch and end.

QEMU=${QEMU:-qemu-system-x86_64}
QEMU_BOOT_SECONDS=240
QEMU_PROBE_SECONDS=15
# From the end of the command to the end of the process.
QEMU_END_SECONDS=15
qemu_args=()
qemu_pid=

# Quotes a path for a QEMU option.
qemu_path() {
	printf '%s' "${1//,/,,}"
}

qemu_share() {
	local tag=$1 path mode=

	path=$(qemu_path "$2")
	[[ $3 == ro ]] && mode=,readonly=on
	qemu_args+=(-virtfs "local,path=$path,mount_tag=$tag,security_model=none,multidevs=remap$mode")
}

# Frequency of the host's time stamp counter, whose ticks are the guest's under TCG, in kHz; fails where nothing tells.
qemu_host_tsc() {
	local mhz

	mhz=$(dmesg 2>/dev/null | sed -En 's/.*tsc: (Detected|Refined TSC clocksource calibration:) ([0-9.]+) MHz.*/\2/p' | tail -n 1)
	# A virtual machine's clock does not change.
	if [[ -z $mhz ]] && grep -q '^flags.* hypervisor' /proc/cpuinfo; then
		mhz=$(sed -En 's/^cpu MHz[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
	fi
	[[ -n $mhz ]] && awk -v mhz="$mhz" 'BEGIN { printf "%d", mhz * 1000 }'
}

# What is emulated costs: a plain CPU runs twice as fast under TCG as one with every feature.
QEMU_TCG_CPU=qemu64,+rdrand,+ssse3,+sse4.1,+sse4.2,+popcnt

# qemu_begin ACCEL CPUS MEMORY ICOUNT MODEL
qemu_begin() {
	local accel=$1 cpus=$2 memory=$3 icount=$4 model=$5 khz

	qemu_cmdline='console=ttyS0 ignore_loglevel panic=-1 random.trust_cpu=on tsc=reliable no_timer_check log_buf_len=4M'
	qemu_cmdline+=' slab_nomerge'
	qemu_args=(-nodefaults -no-user-config -display none -no-reboot -smp "$cpus" -m "$memory")
	if [[ $accel == kvm ]]; then
		qemu_args+=(-machine q35,usb=off,accel=kvm -cpu "${model:-host}")
	elif [[ $icount == yes ]]; then
		qemu_args+=(-machine q35,usb=off,hpet=off -cpu "${model:-$QEMU_TCG_CPU}" -accel tcg -icount shift=0)
	else
		qemu_args+=(-machine q35,usb=off,hpet=off -cpu "${model:-$QEMU_TCG_CPU}" -accel tcg,thread=multi,tb-size=512)
		# The idle routine that this CPU's errata ask for costs a third of all time.
		qemu_cmdline+=' idle=halt'
		# A program at random addresses is translated anew each time that it starts: three times the cost of a process.
		qemu_cmdline+=' norandmaps'
		# On a busy host the guest measures a fraction of it: its clock ran up to eight times too fast, and every time-out with it.
		if khz=$(qemu_host_tsc); then
			qemu_cmdline+=" tsc_early_khz=$khz"
		fi
	fi
	qemu_args+=(-device virtio-serial-pci -device virtio-rng-pci)
	qemu_share host / ro
}

# qemu_kernel TREE RELEASE CMDLINE
qemu_kernel() {
	local initramfs image

	initramfs=$(initramfs_get "$1" "$2") || exit
	image=$(kernel_image_get "$1" "$2") || exit
	qemu_args+=(-kernel "$image" -initrd "$initramfs" -append "$qemu_cmdline $3")
}

# qemu_start JOB MODE: the control channel stays open as fd $qemu_ctl.
qemu_start() {
	local job=$1 mode=$2 port

	qemu_share weir-ctl "$job/ctl" rw
	qemu_args+=(-chardev "file,id=console,path=$(qemu_path "$job/console")" -serial chardev:console)
	mkfifo "$job/ctl.fifo"
	exec {qemu_ctl}<>"$job/ctl.fifo"
	qemu_args+=(-chardev "file,id=ctl,path=$(qemu_path "$job/ctl.fifo")"
		-device virtserialport,chardev=ctl,name=weir.ctl)
	if [[ $mode == shell ]]; then
		qemu_args+=(-chardev stdio,id=tty,signal=off -device virtconsole,chardev=tty)
		"$QEMU" "${qemu_args[@]}" 2>"$job/qemu.err" <&0 &
	else
		for port in out err; do
			mkfifo "$job/$port"
			qemu_args+=(-chardev "file,id=$port,path=$(qemu_path "$job/$port")"
				-device "virtserialport,chardev=$port,name=weir.$port")
		done
		# Nobody would ever open them for writing where QEMU refuses to start: the readers would wait for it.
		exec {qemu_hold_out}<>"$job/out" {qemu_hold_err}<>"$job/err"
		cat "$job/out" {qemu_hold_out}>&- {qemu_hold_err}>&- &
		qemu_out=$!
		cat "$job/err" >&2 {qemu_hold_out}>&- {qemu_hold_err}>&- &
		qemu_err=$!
		"$QEMU" "${qemu_args[@]}" >"$job/qemu.err" 2>&1 </dev/null {qemu_hold_out}>&- {qemu_hold_err}>&- &
	fi
	qemu_pid=$!
}

# A QEMU that hangs in /dev/kvm may not even die at once: nothing here waits for it without bound.
qemu_kill() {
	local i

	[[ -n $qemu_pid ]] || return 0
	kill -KILL "$qemu_pid" 2>/dev/null
	for ((i = 0; i < 50; i++)); do
		if ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$qemu_pid/status" 2>/dev/null; then
			wait "$qemu_pid" 2>/dev/null
			qemu_pid=
			return
		fi
		sleep 0.1
	done
	say "QEMU (process $qemu_pid) cannot be killed"
	# The outputs would stay open with it.
	[[ -z ${qemu_out:-} ]] || kill "$qemu_out" "$qemu_err" 2>/dev/null
	qemu_pid=
}

# The outputs end when QEMU does.
qemu_drain() {
	[[ -n ${qemu_out:-} ]] || return 0
	exec {qemu_hold_out}>&- {qemu_hold_err}>&-
	wait "$qemu_out" "$qemu_err" 2>/dev/null
	qemu_out=
}

# The command is done: a guest that locks up while it powers off, or a QEMU that hangs, does not take its result with it.
qemu_end() {
	local i

	for ((i = 0; i < QEMU_END_SECONDS * 10; i++)); do
		kill -0 "$qemu_pid" 2>/dev/null || break
		sleep 0.1
	done
	if kill -0 "$qemu_pid" 2>/dev/null; then
		say "the guest did not power off within $QEMU_END_SECONDS s: QEMU is killed"
		qemu_kill
	else
		wait "$qemu_pid"
		qemu_pid=
	fi
	qemu_drain
}

# qemu_wait JOB TIMEOUT: until the guest has ended or its time is up; ends the script.
qemu_wait() {
	local job=$1 limit=$2 booted=no line start=$SECONDS

	while :; do
		if read -r -t 1 line <&"$qemu_ctl"; then
			[[ $line == ready* ]] && booted=yes
			[[ $line == exit* ]] && break
			continue
		fi
		kill -0 "$qemu_pid" 2>/dev/null || break
		if owner_is_gone; then
			say "process $WEIR_OWNER, which this machine was for, is gone"
			finish
		fi
		if [[ $booted == no ]] && ((SECONDS - start > QEMU_BOOT_SECONDS)); then
			qemu_kill
			fail_with_log "$WEIR_EXIT_BOOT" "the guest did not boot within $QEMU_BOOT_SECONDS s"
		fi
		if ((limit > 0 && SECONDS - start > limit)); then
			qemu_kill
			qemu_drain
			fail_with_log "$WEIR_EXIT_TIMEOUT" "the time is up: $limit s"
		fi
	done
	qemu_end
	# First: it may come after the command, from what the command left behind.
	if grep -q 'Kernel panic - not syncing' "$job/console"; then
		fail_with_log "$WEIR_EXIT_PANIC" "the guest's kernel panicked"
	elif [[ -s $job/ctl/status ]]; then
		finish "$(<"$job/ctl/status")"
	elif [[ $booted == no ]]; then
		cat "$job/qemu.err" >&2
		fail_with_log "$WEIR_EXIT_BOOT" "the guest did not boot"
	fi
	fail_with_log "$WEIR_EXIT_DIED" "the guest ended without an exit status"
}

# qemu_choose_accel WANTED TREE: KVM only where a guest was seen to boot; the answer is remembered for this machine.
qemu_choose_accel() {
	local answer

	if [[ $1 != auto ]]; then
		printf '%s\n' "$1"
		return
	fi
	if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
		echo tcg
		return
	fi
	answer=$WEIR_CACHE/accel-$(uname -r)-$("$QEMU" --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
	if [[ ! -s $answer ]]; then
		say "trying whether KVM works (at most $QEMU_PROBE_SECONDS s, once)"
		if timeout -s KILL $((QEMU_PROBE_SECONDS + 10)) "$WEIR_ROOT/scripts/vm" --accel kvm --kernel "$2" \
			--timeout "$QEMU_PROBE_SECONDS" -- true >/dev/null 2>&1 </dev/null; then
			echo kvm >"$answer"
		else
			say "it does not: software emulation is used from now on"
			echo tcg >"$answer"
		fi
	fi
	cat "$answer"
}
