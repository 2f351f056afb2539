# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of weiradm's command line. Services and servers are asked of the kernel, which needs no privilege.

_weiradm_services() {
	weiradm list -j 2>/dev/null | sed -n 's/^      "service": "\(.*\)",$/\1/p'
}

_weiradm_servers() {
	local service

	for service in "${COMP_WORDS[@]}"; do
		[[ $service == *[:.]* ]] || continue
		weiradm list -j "$service" 2>/dev/null | sed -n 's/^          "server": "\(.*\)",$/\1/p'
		return
	done
}

# _weiradm_words TEXT: those that begin with the word under the cursor
_weiradm_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
	# readline takes a colon for the end of a word
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$current"
	fi
}

_weiradm_option_value() {
	case $previous in
	-r | --real-server | --server) _weiradm_words "$(_weiradm_servers)" ;;
	-s | --scheduler) _weiradm_words 'rr wrr lc wlc sed nq fo ovf twos sh dh mh lblc lblcr' ;;
	-b | --flags | --sched-flags) _weiradm_words 'ops sh-fallback sh-port mh-fallback mh-port conntrack no-express toa toa-dpvs none' ;;
	-m | --method) [[ ${COMP_WORDS[1]} == server ]] && _weiradm_words 'dr nat tun fullnat local' ;;
	-t | --tunnel) [[ ${COMP_WORDS[1]} == server ]] && _weiradm_words 'ipip gre gre,csum gue:' ;;
	--on-gone) _weiradm_words 'keep reset move' ;;
	--proxy-protocol) _weiradm_words 'v1 v2 none' ;;
	-f | --format) [[ ${COMP_WORDS[1]} == save ]] && _weiradm_words 'yaml json ipvsadm' ;;
	-p | --protocol) [[ ${COMP_WORDS[1]} == conn ]] && _weiradm_words 'tcp udp' ;;
	--state) _weiradm_words 'established syn-sent syn-recv fin-wait time-wait close close-wait last-ack synack udp udp-unreplied' ;;
	*) return 1 ;;
	esac
	((${#COMPREPLY[@]}))
}

_weiradm() {
	local current previous
	local settings='--scheduler --flags --persistent --netmask --slow-start --syn-retry --on-gone --mh-size --seed --timeouts --pool --proxy-protocol'

	COMPREPLY=()
	current=${COMP_WORDS[COMP_CWORD]}
	previous=${COMP_WORDS[COMP_CWORD - 1]}
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n : -c current -p previous
	fi
	if ((COMP_CWORD == 1)); then
		_weiradm_words 'list service server pool conn config counters apply save monitor top drain override diagnose help
			-A -E -D -a -e -d -L -Z -C -S -R --set -h -v'
		return
	fi
	_weiradm_option_value && return
	case ${COMP_WORDS[1]} in
	list) _weiradm_words "--json --stats --rate --owner --help $(_weiradm_services)" ;;
	service)
		if ((COMP_CWORD == 2)); then
			_weiradm_words 'add set delete zero'
		else
			_weiradm_words "$settings --owner --help $(_weiradm_services)"
		fi
		;;
	server)
		case $COMP_CWORD in
		2) _weiradm_words 'add set delete' ;;
		3) _weiradm_words "$(_weiradm_services)" ;;
		*) _weiradm_words "--method --tunnel --weight --u-threshold --l-threshold --help $(_weiradm_servers)" ;;
		esac
		;;
	pool)
		if ((COMP_CWORD == 2)); then
			_weiradm_words 'add set delete list'
		else
			_weiradm_words '--ports --owner --json --help'
		fi
		;;
	conn)
		if ((COMP_CWORD == 2)); then
			_weiradm_words 'list delete'
		else
			_weiradm_words '--service --server --client --protocol --state --all --json --help'
		fi
		;;
	config) _weiradm_words '--json --help conn-max= service-max= staged-max= express= express-devices= sloppy-tcp= expire-quiescent= timeout.established=' ;;
	counters) _weiradm_words '--all --json --help' ;;
	apply)
		if [[ $current == -* ]]; then
			_weiradm_words '--dry-run --owner --keep-owners --detailed-exitcode --quiet --help'
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
		fi
		;;
	save) _weiradm_words '--format --owner --services-only --help' ;;
	monitor) _weiradm_words '--json --list --count --help' ;;
	top) _weiradm_words '--once --interval --help' ;;
	drain) _weiradm_words "--real-server --deadline --undo --help $(_weiradm_services)" ;;
	override) _weiradm_words "--real-server --clear --help $(_weiradm_services)" ;;
	diagnose) _weiradm_words "--json --real-server --help $(_weiradm_services)" ;;
	help) _weiradm_words 'list service server pool conn config counters apply save monitor top drain override diagnose' ;;
	-*)
		_weiradm_words '-t -u -f -6 -s -p -M -b -o -r -g -m -i --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --tun-info
			--local --fullnat -w -x -y -n -c -X -j --stats --rate --thresholds --persistent-conn --timeout --daemon
			--nosort --conn-timeout --slow-start --syn-retry --on-gone --mh-size --seed --conntrack
			--no-express --toa --toa-dpvs --proxy-protocol --pool --owner'
		;;
	esac
}

complete -F _weiradm weiradm
