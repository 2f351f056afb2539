# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after common.sh. What the VM boots, cached: the smallest initramfs that mounts the host's root file system
# through 9p, and the kernel unpacked, so that no time goes into emulating the decompression.

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

# The little-endian number of SIZE bytes at OFFSET of a file.
image_number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# kernel_unpack VMLINUZ OUTPUT: the ELF image inside (the x86 boot protocol says where).
kernel_unpack() {
	local image=$1 output=$2 sectors offset length

	sectors=$(image_number "$image" $((0x1f1)) 1)
	offset=$(($(image_number "$image" $((0x248)) 4) + (sectors + 1) * 512))
	length=$(image_number "$image" $((0x24c)) 4)
	# The last four bytes are the unpacked size.
	tail -c +$((offset + 1)) "$image" | head -c $((length - 4)) >"$output.packed"
	case $(od -An -t x1 -N 4 "$output.packed" | tr -d ' ') in
	fd377a58) xz -dc "$output.packed" ;;
	28b52ffd) zstd -dcq "$output.packed" ;;
	1f8b*) gzip -dc "$output.packed" ;;
	esac >"$output" 2>/dev/null
	rm -f "$output.packed"
	[[ $(head -c 4 "$output") == $'\x7fELF' ]]
}

# kernel_image_get TREE RELEASE: what to hand to QEMU: the unpacked kernel where it has a PVH entry point that works
# (KASAN's does not), else the one that unpacks itself.
kernel_image_get() {
	local tree=$1 release=$2 image=$1/boot/vmlinuz-$2 output

	if grep -q '^CONFIG_KASAN=y' "$tree/boot/config-$release" 2>/dev/null ||
		! grep -q '^CONFIG_PVH=y' "$tree/boot/config-$release" 2>/dev/null; then
		printf '%s\n' "$image"
		return
	fi
	output=$WEIR_CACHE/initramfs/vmlinux-$release-$(stat -c '%s-%Y' "$image")
	if [[ ! -f $output ]]; then
		mkdir -p "${output%/*}"
		if kernel_unpack "$image" "$output.$$"; then
			mv "$output.$$" "$output"
		else
			rm -f "$output.$$"
			output=$image
		fi
	fi
	printf '%s\n' "$output"
}
