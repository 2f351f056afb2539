# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh. Distribution kernels for building and testing: downloaded with a private apt configuration
# and unpacked under the cache, never installed. build/kernels/<release> links to the unpacked tree:
#
#   boot/vmlinuz-<release>                 what the VM boots
#   lib/modules/<release>/                 its modules, with a modules.dep
#   lib/modules/<release>/build            -> the headers that weir.ko is built against
#
# A kernel is named by its release, by an alias below, or by the path of such a tree.

KERNEL_CACHE=$WEIR_CACHE/kernels
# alias -> the Debian suites (and their mirror) that hold it
declare -A KERNEL_SUITES=(
	[6.1]='bookworm bookworm-security'
	[6.12]='bookworm-backports'
	[newest]='trixie trixie-backports'
)
# shellcheck disable=SC2034 # for the scripts that source this
KERNELS_TESTED=(6.1 6.12)
# The alias is looked up anew when what is cached is older than this.
KERNEL_MAX_AGE_DAYS=30

# The mirror that this machine uses for Debian, or WEIR_MIRROR. $1: Debian or Debian-Security
kernels_mirror() {
	local uri=

	if have apt-get; then
		uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			sed -n "s/^$1|//p" | head -n 1)
	fi
	if [[ -z $uri && $1 == Debian-Security ]]; then
		uri=$(kernels_mirror Debian)
		uri=${uri:+${uri%/}-security}
	fi
	[[ -n ${uri:=${WEIR_MIRROR:-}} ]] ||
		die -$WEIR_EXIT_MISSING "apt knows no mirror of Debian (run apt-get update first?); WEIR_MIRROR=URI names one"
	printf '%s\n' "$uri"
}

# A private apt configuration for one alias; the host's own is neither read nor changed.
kernels_apt_prepare() {
	local dir=$1 alias=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite label

	have apt-get && have dpkg-deb ||
		die -$WEIR_EXIT_MISSING "getting Debian's kernels needs apt-get and dpkg-deb; elsewhere unpack" \
			"linux-image and linux-headers of a Debian kernel yourself and pass their directory as --kernel"
	[[ -r $keyring ]] ||
		die -$WEIR_EXIT_MISSING "$keyring is missing: install debian-archive-keyring"
	mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/deb"
	: >"$dir/sources/weir.sources"
	for suite in ${KERNEL_SUITES[$alias]}; do
		label=Debian
		[[ $suite == *-security ]] && label=Debian-Security
		printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\nSigned-By: %s\n\n' \
			"$(kernels_mirror "$label")" "$suite" "$keyring" >>"$dir/sources/weir.sources"
	done
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$dir/sources";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::lists "$dir/lists";
		Dir::Cache "$dir/cache";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Architecture "amd64";
		APT::Sandbox::User "root";
	EOF
	[[ $alias == newest ]] || return 0
	# Backports are not upgraded to by themselves.
	printf 'Package: linux-*\nPin: release n=trixie-backports\nPin-Priority: 900\n' >"$dir/preferences"
	printf 'Dir::Etc::preferences "%s";\n' "$dir/preferences" >>"$dir/apt.conf"
}

# Direct dependencies of a package by name, the first of alternatives.
kernels_depends() {
	apt-cache show --no-all-versions "$1" |
		sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/[[:space:]]//g'
}

# The tree's own paths instead of /usr/src and /lib, so that it builds modules from where it lies.
kernels_fix_tree() {
	local tree=$1 release=$2 src=$1/usr/src/linux-headers-$2 common

	common=$(cd "$tree/usr/src" && echo linux-headers-*-common)
	[[ -d $tree/lib ]] || ln -s usr/lib "$tree/lib"
	ln -sfn "../../../${3}src/linux-headers-$release" "$tree/lib/modules/$release/build"
	ln -sfn "../../../${3}src/$common" "$tree/lib/modules/$release/source"
	# shellcheck disable=SC2016 # $(dir) is make's
	sed -i -e 's|^KBUILD_OUTPUT=.*|KBUILD_OUTPUT := $(realpath $(dir $(lastword $(MAKEFILE_LIST))))|' \
		-e "s|^include /usr/src/|include \$(dir \$(lastword \$(MAKEFILE_LIST)))../|" "$src/Makefile"
	if [[ -f $tree/boot/vmlinuz-$release ]]; then
		depmod -b "$tree" "$release"
	fi
}

# Newer tools than this machine's C library can run go through the loader and the libraries of their own release.
kernels_wrap_tools() {
	local tree=$1 final=$2 tool real loader directory

	loader=$(find "$tree/runtime" -path '*/x86_64-linux-gnu/ld-linux-x86-64.so.2' | head -n 1)
	directory=${loader%/*}
	while read -r tool; do
		[[ $(head -c 4 "$tool") == $'\x7fELF' ]] || continue
		real=$tool.real
		mv "$tool" "$real"
		# Some are a front that starts the one for the target.
		[[ -f $tool.real-x86 ]] && real=$tool.real-x86
		[[ -f $tool.real-lsb-64 ]] && real=$tool.real-lsb-64
		cat >"$tool" <<-EOF
			#!/bin/sh
			libraries=$final/${directory#"$tree/"}
			exec "\$libraries/ld-linux-x86-64.so.2" --library-path "\$libraries" "\${0%/*}/${real##*/}" "\$@"
		EOF
		chmod 755 "$tool"
	done < <(find "$tree"/usr/lib/linux-kbuild-*/ -type f -perm -100 ! -name '*.real-*')
}

kernels_get_runtime() {
	local apt=$1 tree=$2 package

	say "downloading the libraries that its build tools need"
	mkdir -p "$apt/deb" "$tree/runtime"
	(cd "$apt/deb" && apt-get -qq download libc6 libelf1t64 zlib1g libzstd1 libssl3t64 >&2) ||
		die -$WEIR_EXIT_MISSING "downloading the build tools' libraries failed"
	for package in "$apt"/deb/*.deb; do
		dpkg-deb -x "$package" "$tree/runtime"
	done
	rm -rf "$apt/deb"
}

kernels_tools_run() {
	! find "$1"/usr/lib/linux-kbuild-*/ -type f \( -name fixdep -o -name 'objtool*' -o -name 'modpost*' \) \
		-exec ldd {} + 2>&1 | grep -q 'not found'
}

# kernels_download ALIAS: fetch and unpack; the release's name on stdout.
kernels_download() {
	local alias=$1 apt=$WEIR_CACHE/apt/$1 meta release tree package
	local -a packages

	kernels_apt_prepare "$apt" "$alias"
	export APT_CONFIG=$apt/apt.conf
	say "looking up the $alias kernel (${KERNEL_SUITES[$alias]})"
	apt-get -qq update >&2 || die -$WEIR_EXIT_MISSING "no package list for the $alias kernel: is there a network?"
	meta=$(kernels_depends linux-headers-amd64 | grep -m 1 -- '^linux-headers-.*-amd64$') ||
		die -$WEIR_EXIT_MISSING "Debian's ${KERNEL_SUITES[$alias]} has no linux-headers-amd64"
	release=${meta#linux-headers-}
	tree=$KERNEL_CACHE/$release
	if [[ ! -f $tree/.complete ]]; then
		packages=("$meta")
		while read -r package; do
			case $package in
			linux-headers-*-common | linux-kbuild-* | linux-base-*-amd64) packages+=("$package") ;;
			esac
		done < <(kernels_depends "$meta")
		# The newest is built against, not booted.
		[[ $alias == newest ]] || packages+=("linux-image-$release")
		say "downloading ${packages[*]}"
		rm -rf "$tree" "$tree.new" "$apt/deb"
		mkdir -p "$tree.new" "$apt/deb"
		(cd "$apt/deb" && apt-get -qq download "${packages[@]}" >&2) ||
			die -$WEIR_EXIT_MISSING "downloading kernel $release failed"
		for package in "$apt"/deb/*.deb; do
			dpkg-deb -x "$package" "$tree.new"
		done
		rm -rf "$apt/deb"
		if [[ -d $tree.new/lib/modules ]]; then
			kernels_fix_tree "$tree.new" "$release" usr/
		else
			kernels_fix_tree "$tree.new" "$release" ''
		fi
		if ! kernels_tools_run "$tree.new"; then
			kernels_get_runtime "$apt" "$tree.new"
			kernels_wrap_tools "$tree.new" "$tree"
		fi
		: >"$tree.new/.complete"
		mv "$tree.new" "$tree"
	fi
	unset APT_CONFIG
	ln -sfn "$release" "$KERNEL_CACHE/alias-$alias"
	touch "$KERNEL_CACHE/$release/.complete"
	printf '%s\n' "$release"
}

kernels_alias_fresh() {
	[[ -f $KERNEL_CACHE/alias-$1/.complete ]] &&
		[[ -n $(find "$KERNEL_CACHE/alias-$1/.complete" -mtime "-$KERNEL_MAX_AGE_DAYS") ]]
}

# kernel_get NAME: makes the kernel available and prints its release. The network is only used when the cache has none,
# or when what it has is old; a cached one is better than none.
kernel_get() {
	local name=$1 release=

	if [[ -n ${KERNEL_SUITES[$name]:-} ]]; then
		if kernels_alias_fresh "$name"; then
			release=$(readlink "$KERNEL_CACHE/alias-$name")
		elif ! release=$(with_lock "kernel-$name" kernels_download "$name"); then
			[[ -f $KERNEL_CACHE/alias-$name/.complete ]] || return "$WEIR_EXIT_MISSING"
			release=$(readlink "$KERNEL_CACHE/alias-$name")
			say "keeping the cached $release"
		fi
	elif [[ $name == debug ]]; then
		[[ -f $KERNEL_CACHE/alias-debug/.complete ]] ||
			die -$WEIR_EXIT_MISSING "there is no debug kernel yet: scripts/debug-kernel --build"
		release=$(readlink "$KERNEL_CACHE/alias-debug")
	elif [[ -f $KERNEL_CACHE/$name/.complete ]]; then
		release=$name
	else
		die -$WEIR_EXIT_MISSING "unknown kernel '$name': one of ${!KERNEL_SUITES[*]} debug, a release of" \
			"$(kernels_cached | tr '\n' ' ')or the path of an unpacked kernel"
	fi
	mkdir -p "$WEIR_BUILD/kernels"
	ln -sfn "$KERNEL_CACHE/$release" "$WEIR_BUILD/kernels/$release"
	printf '%s\n' "$release"
}

kernels_cached() {
	local complete

	for complete in "$KERNEL_CACHE"/*/.complete; do
		[[ -f $complete ]] || continue
		complete=${complete%/.complete}
		[[ -L $complete ]] || printf '%s\n' "${complete##*/}"
	done
}

# kernel_headers RELEASE: the directory to build modules against.
kernel_headers() {
	readlink -f "$KERNEL_CACHE/$1/lib/modules/$1/build"
}

# The version of Debian's kernel source package; the network is used when the package lists are old.
kernel_source_version() {
	local apt=$WEIR_CACHE/apt/6.1

	if [[ ! -f $apt/apt.conf ||
		-z $(find "$apt/lists" -name '*Packages*' -mtime "-$KERNEL_MAX_AGE_DAYS" 2>/dev/null) ]]; then
		kernels_apt_prepare "$apt" 6.1
		APT_CONFIG=$apt/apt.conf apt-get -qq update >&2 ||
			die -$WEIR_EXIT_MISSING "no package lists: is there a network?"
	fi
	APT_CONFIG=$apt/apt.conf apt-cache show --no-all-versions linux-source-6.1 | sed -n 's/^Version: //p'
}

# kernel_source_unpack VERSION DIR [MEMBER...]: Debian's linux-source-6.1, or parts of it, into DIR
kernel_source_unpack() {
	local version=$1 dir=$2 apt=$WEIR_CACHE/apt/6.1

	shift 2
	say "fetching linux-source-6.1 $version"
	rm -rf "$dir" && mkdir -p "$dir.deb" "$dir"
	(cd "$dir.deb" && APT_CONFIG=$apt/apt.conf apt-get -qq download "linux-source-6.1=$version" >&2) &&
		dpkg-deb -x "$dir.deb"/*.deb "$dir.deb" &&
		tar -C "$dir" --strip-components=1 -xf "$dir.deb/usr/src/linux-source-6.1.tar.xz" \
			"${@/#/linux-source-6.1/}" ||
		die -$WEIR_EXIT_MISSING "cannot get Debian's linux-source-6.1"
	rm -rf "$dir.deb"
}

# The kernel's own source checkers (checkpatch, semantic patches): their directory.
kernel_checkers() {
	local dir=$WEIR_CACHE/checkers version

	if [[ ! -x $dir/scripts/checkpatch.pl ]]; then
		version=$(kernel_source_version) || exit
		with_lock checkers kernel_source_unpack "$version" "$dir" scripts
	fi
	printf '%s\n' "$dir"
}
