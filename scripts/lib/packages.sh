# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh. What the project needs of the system, by purpose, as Debian packages: name, then why.

packages_table() {
	cat <<'EOF'
[kernels]
kmod                         modinfo, and depmod for unpacked kernels
xz-utils                     unpacks kernels and modules
zstd                         unpacks kernels
debian-archive-keyring       checks the kernels that are downloaded for testing
[modules]
build-essential              compiler and make
libelf-dev                   the objtool of kernel builds
libssl-dev                   tools of kernel builds
bc                           kernel builds
rsync                        kernel builds
dwarves                      BTF and pahole
[userland]
build-essential              C++ compiler
cmake                        builds userland/
ninja-build                  builds userland/
pkg-config                   finds the libraries
libnl-3-dev                  netlink
libnl-genl-3-dev             generic netlink
libboost-program-options-dev command lines; with it come the headers of Boost.Asio
libexpected-dev              Result<T>
libfmt-dev                   formatting
nlohmann-json3-dev           JSON output and input
libyaml-cpp-dev              YAML input
libpopt-dev                  ipvsadm's command line, option for option
libssl-dev                   TLS and digests of health checks
libpcre2-dev                 regular expressions of health checks
libmariadb-dev               MYSQL_CHECK
clang                        the BPF programs of weir-toa
libbpf-dev                   loads them
[unit]
catch2                       unit tests
clang                        sanitizers and fuzzers
llvm                         symbols in sanitizer reports
libclang-rt-14-dev           ASan, UBSan, libFuzzer
python3                      the tests of the benchmark's plan and report
[vm]
qemu-system-x86              the virtual machine
busybox-static               its initramfs
cpio                         its initramfs
kmod                         finds the modules that it needs to boot
util-linux                   flock, setsid
iproute2                     ip in the guest
[test]
iproute2                     namespaces and links
libteam-utils                a team of devices
iputils-ping                 ping
nftables                     firewall rules in tests
iptables                     firewall rules in tests
conntrack                    the connection tracking table in tests
ipvsadm                      the reference that weiradm is compared with
keepalived                   the peer that weir-keeper is tested beside
frr                          BFD and VRRP of another maker, beside weir-keeper
tcpdump                      captures
iperf3                       bulk traffic
socat                        small servers and clients
curl                         HTTP client
wrk                          HTTP load
nginx                        real servers
haproxy                      a real server behind health checks
mariadb-server               a real server behind health checks, and its replica
unbound                      a real server behind health checks
openssh-server               a server that is shown its clients
python3-aiosmtpd             a real server behind health checks
openssl                      certificates of test servers
ethtool                      offload settings
procps                       sysctl, pgrep
python3                      packet tests
python3-scapy                crafted packets
python3-yaml                 compares the netlink spec with the header
[debug]
flex                         the debug kernel configuration
bison                        the debug kernel configuration
bc                           the debug kernel build
rsync                        the debug kernel build
xz-utils                     the kernel source archive
[lint]
sparse                       kernel source checks
coccinelle                   kernel source checks
perl                         checkpatch
python3                      the netlink spec check
python3-yaml                 the netlink spec check
shellcheck                   shell checks
clang-format                 C++ layout
clang-tidy                   C++ checks
EOF
}
# Packages that would start a server on this machine, and its unit.
declare -A PACKAGES_SERVICES=([nginx]=nginx.service [iperf3]=iperf3.service [ipvsadm]=ipvsadm.service
	[keepalived]=keepalived.service [frr]=frr.service [haproxy]=haproxy.service [mariadb-server]=mariadb.service [unbound]=unbound.service
	[nftables]=nftables.service [openssh-server]=ssh.service)

# "name reason" lines of the purposes given, each package once.
packages_wanted() {
	packages_table | awk -v wanted="$*" '
		BEGIN { split(wanted, list); for (i in list) want["[" list[i] "]"] = 1 }
		/^\[/ { on = $1 in want; next }
		on && !seen[$1]++ { name = $1; $1 = ""; print name $0 }'
}

packages_print() {
	awk '{ name = $1; $1 = ""; printf "  %-28s %s\n", name, $0 }' >&2
}

packages_missing() {
	local installed

	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
	packages_wanted "$@" | awk -v installed="$installed" '
		BEGIN { split(installed, list, "\n"); for (i in list) have[list[i]] = 1 }
		!($1 in have)'
}

# A server that comes with a package must neither start now nor at the next boot.
packages_install() {
	local policy=/usr/sbin/policy-rc.d status=0 made=no name

	if [[ ! -e $policy ]]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		made=yes
	fi
	apt-get -qq -o DPkg::Lock::Timeout=600 update >&2 || say "apt-get update failed; trying with what is known"
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends \
		-o Dpkg::Use-Pty=0 install "$@" >&2 || status=$?
	[[ $made == yes ]] && rm -f "$policy"
	((status == 0)) || return "$status"
	for name in "$@"; do
		if [[ -n ${PACKAGES_SERVICES[$name]:-} ]] && have systemctl; then
			systemctl --quiet disable "${PACKAGES_SERVICES[$name]}" >/dev/null 2>&1 || true
		fi
	done
}

# packages_require PURPOSE...: installs what is missing, or says what is and ends (WEIR_NO_INSTALL, other systems).
packages_require() {
	local missing
	local -a names

	if ! have dpkg-query || ! have apt-get; then
		[[ -n ${WEIR_SKIP_PACKAGES:-} ]] && return 0
		say "this is not a Debian system; weir needs what is in these packages of Debian 12:"
		packages_wanted "$@" | packages_print
		die -$WEIR_EXIT_MISSING "install these, then go on with WEIR_SKIP_PACKAGES=1 set"
	fi
	missing=$(packages_missing "$@")
	[[ -n $missing ]] || return 0
	mapfile -t names < <(awk '{ print $1 }' <<<"$missing")
	say "missing packages:"
	packages_print <<<"$missing"
	if [[ -n ${WEIR_NO_INSTALL:-} ]]; then
		die -$WEIR_EXIT_MISSING "not installing them (--no-install): apt-get install --no-install-recommends ${names[*]}"
	fi
	[[ $(id -u) == 0 ]] || die -$WEIR_EXIT_MISSING "run this as root once, or: sudo apt-get install" \
		"--no-install-recommends ${names[*]}"
	say "installing them (no server is started)"
	with_lock packages packages_install "${names[@]}" ||
		die -$WEIR_EXIT_MISSING "installing packages failed"
}
