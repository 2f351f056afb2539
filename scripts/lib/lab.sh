# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh by the demos' labs inside the virtual machine: namespaces, links, servers, headings.

PATH=$WEIR_BUILD/bin:$PATH

director() {
	ip netns exec director "$@"
}

client() {
	ip netns exec client "$@"
}

step() {
	printf '\n== %s\n' "$*"
}

load_module() {
	step "Loading weir.ko on Linux $(uname -r), as it comes from the distribution"
	[[ -d /sys/module/weir ]] || insmod "$WEIR_BUILD/$(uname -r)/weir.ko" || die "insmod failed"
}

new_namespaces() {
	local ns

	for ns; do
		ip netns add "$ns"
		# Orphaned sockets would hold the namespace for minutes after its end.
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv4.tcp_orphan_retries=3
		ip -n "$ns" link set lo up
	done
}

# A bridge br0 in the namespace "switch"; its ports have the names of whom they lead to.
new_switch() {
	ip -n switch link add br0 type bridge mcast_snooping 0
	ip -n switch link set br0 up
}

# link NS DEVICE NS DEVICE
link() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# start_nginx NS [FORMAT]: every request is answered with its name, and logged so in /tmp/nginx-NS/access.log
start_nginx() {
	local ns=$1 format=${2-} dir=/tmp/nginx-$1 log=off

	[[ -z $format ]] || log="$dir/access.log lab"
	mkdir -p "$dir"
	cat >"$dir/nginx.conf" <<-CONF
		pid $dir/pid;
		error_log $dir/error.log;
		worker_processes 1;
		events { worker_connections 512; }
		http {
			log_format lab '${format:-\$remote_addr}';
			access_log $log;
			keepalive_timeout 0;
			server {
				listen 80;
				listen [::]:80;
				location / { return 200 "$ns\n"; }
			}
		}
	CONF
	ip netns exec "$ns" nginx -p "$dir" -c "$dir/nginx.conf" || die "nginx did not start in $ns"
}
