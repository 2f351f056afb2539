#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long nomodule
# timeout: 400
# make install puts everything where the distribution looks for it (modprobe, the first command that needs the module, manual
# pages, systemd, bash), or below DESTDIR; make uninstall takes all of it away again.
. "$(dirname "$0")/../lib.sh"
need_weiradm
need_command make cmake ninja depmod modprobe
release=$(uname -r)
headers=$(bash -c '. scripts/lib/common.sh && . scripts/lib/kernels.sh && kernel_headers "$0"' "$release")
[[ -d $headers/include ]] || fail "there are no headers of $release"
[[ -e $WEIR_ROOT/build/userland/build.ninja ]] || fail "build/userland is not there: make userland"

installed() {
	find "$1"/usr/sbin "$1"/usr/share/man "$1"/usr/share/bash-completion "$1"/usr/lib/systemd "$1/lib/modules/$release/updates" \
		-name '*weir*' ! -type d 2>/dev/null | LC_ALL=C sort
}

run_make() {
	make -C "$WEIR_ROOT" --no-print-directory "$@" KDIR="$headers" >"$TEST_TMP/make" 2>&1 ||
		fail "make $*: $(tail -n 20 "$TEST_TMP/make")"
}

[[ -z $(installed '') ]] || fail "weir is installed on this machine: $(installed '')"
run_make install DESTDIR="$TEST_TMP/dest"
check_eq "$(installed '')" '' 'DESTDIR: nothing is installed on this machine'
below=$(installed "$TEST_TMP/dest" | sed "s|^$TEST_TMP/dest||")
run_make install
check_eq "$below" "$(installed '')" 'DESTDIR: what is below it is what is installed without'
check_no_match "$(<"$TEST_TMP/make")" '(CC \[M\]|Building CXX)' 'nothing is built anew'
check_eq "$(installed '' | xargs -n 1 basename)" "weir.ko
weir-keeper.service
$(ls "$WEIR_ROOT/build/bin")
weiradm
weir.7
weir-keeper.8
weir-toa.8
weiradm.8" 'what was installed'

check_eq "$(modinfo -n weir)" "/lib/modules/$release/updates/weir.ko" 'modinfo finds the module'
check_eq "$(modinfo -F depends weir)" '' '... which needs no other'
check_ok 'modprobe loads it' modprobe weir
check_ok '... under its name' test -d /sys/module/weir
check_ok 'modprobe takes it out' modprobe -r weir

new_ns director
check_fails 1 'there is no service' 'the first command that needs it loads it' ns "$director" /usr/sbin/weiradm diagnose
check_ok 'a service can be added' ns "$director" /usr/sbin/weiradm service add tcp:192.0.2.1:80
check_match "$(ns "$director" /usr/sbin/weiradm list)" '192\.0\.2\.1:80' '... and it is there'

check_match "$(bash -c '. /usr/share/bash-completion/completions/weiradm && complete -p weiradm')" 'weiradm$' 'bash completes its words'
unit=$(installed '' | grep '\.service$')
while IFS='=' read -r _ command; do
	check_ok "the unit starts what is there: $command" test -x "${command%% *}"
done < <(grep '^Exec[^=]*=/' "$unit")

run_make uninstall
check_eq "$(installed '')" '' 'nothing of it is left'
check_fails 1 'not found' 'modinfo finds it no more' modinfo weir
