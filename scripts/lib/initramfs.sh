# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh. The smallest initramfs that mounts the host's root file system through 9p.

# Built-in ones are skipped by modprobe.
INITRAMFS_MODULES=(virtio_pci virtio_console 9pnet_virtio 9p overlay)

# The .ko files that a module needs, in load order.
initramfs_module_files() {
	local tree=$1 release=$2 module

	for module in "${INITRAMFS_MODULES[@]}"; do
		modprobe -C /dev/null -d "$tree" -S "$release" -D "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++'
}

initramfs_unpack_module() {
	case $1 in
	*.xz) xz -dc "$1" >"$2" ;;
	*.zst) zstd -qdc "$1" >"$2" ;;
	*.gz) gzip -dc "$1" >"$2" ;;
	*) cp "$1" "$2" ;;
	esac
}

# initramfs_make TREE RELEASE OUTPUT
initramfs_make() {
	local tree=$1 release=$2 output=$3 dir file name busybox=/bin/busybox

	[[ -x $busybox ]] && ! "$busybox" 2>/dev/null | grep -q 'dynamic' ||
		die -$WEIR_EXIT_MISSING "/bin/busybox is missing: install busybox-static"
	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,dev,proc,sys,modules,lower,upper,root}
	cp "$busybox" "$dir/bin/busybox"
	cp "$WEIR_ROOT/scripts/lib/vm-init" "$dir/init"
	chmod 755 "$dir/init"
	: >"$dir/modules/order"
	while read -r file; do
		name=${file##*/}
		name=${name%%.ko*}.ko
		initramfs_unpack_module "$file" "$dir/modules/$name"
		echo "$name" >>"$dir/modules/order"
	done < <(initramfs_module_files "$tree" "$release")
	(cd "$dir" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$output.$$"
	mv "$output.$$" "$output"
	rm -rf "$dir"
}

# initramfs_get TREE RELEASE: the path of a cached image; it is made anew when its ingredients are newer.
initramfs_get() {
	local tree=$1 release=$2 key output

	key=$(cat "$WEIR_ROOT"/scripts/lib/{vm-init,initramfs.sh} "$tree/.complete" <(echo "$tree $release") |
		sha256sum | cut -c 1-16)
	output=$WEIR_CACHE/initramfs/$release-$key.cpio
	if [[ ! -f $output || $tree/lib/modules/$release/modules.dep -nt $output || /bin/busybox -nt $output ]]; then
		mkdir -p "${output%/*}"
		initramfs_make "$tree" "$release" "$output"
	fi
	printf '%s\n' "$output"
}
