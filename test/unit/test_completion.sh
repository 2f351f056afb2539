#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Usage: test/unit/test_completion.sh
#
# What the bash completion of weiradm offers. A function stands in for the program, which would ask the kernel.

set -u
# shellcheck source=userland/weiradm/completion.bash
. "$(dirname "${BASH_SOURCE[0]}")/../../userland/weiradm/completion.bash" || exit 1
failed=0

# In `weiradm list -j`'s layout, as far as the completion reads it.
weiradm() {
	[[ $* == 'list -j'* ]] || return 1
	printf '      "service": "%s",\n' tcp:192.0.2.1:80 'udp:[2001:db8::1]:53'
	printf '          "server": "%s",\n' 10.0.0.1:80 10.0.0.2:80
}

# offers EXPECTED WORD...: what is offered for the last word
offers() {
	local expected=$1 offered

	shift
	COMP_WORDS=(weiradm "$@") COMP_CWORD=$#
	_weiradm
	offered=${COMPREPLY[*]}
	if [[ $offered != "$expected" ]]; then
		printf 'weiradm %s: offered "%s", not "%s"\n' "$*" "$offered" "$expected"
		failed=1
	fi
}

complete -p weiradm | grep -q -- '-F _weiradm' || failed=1
offers 'drain' dr
offers '--real-server --deadline --undo --help' drain --
offers '--deadline' drain tcp:192.0.2.1:80 --d
offers 'tcp:192.0.2.1:80' drain t
offers '10.0.0.1:80 10.0.0.2:80' drain tcp:192.0.2.1:80 -r ''
offers '--dry-run --detailed-exitcode' apply --d
offers 'nat' server add tcp:192.0.2.1:80 10.0.0.1:80 --method n
offers 'add' service a
offers '' nosuch --
exit "$failed"
