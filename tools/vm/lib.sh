# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Shared by the tools/vm commands and the tools/vm/kernels scripts: source it.

shopt -s inherit_errexit

# shellcheck disable=SC2034 # used by those who source this
vm_repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
vm_cache=${AFZMQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/af_zmq}

# What a make above was told is not meant for the makes that are started from here.
unset ARCH CROSS_COMPILE LLVM KDIR M O V W C MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

vm_say() { echo "${0##*/}: $*" >&2; }

# Nothing ran: neither COMMAND's status nor 124 or 125 would be the truth.
vm_die() {
	vm_say "$*"
	exit 126
}

# vm_locked FILE COMMAND…: run COMMAND while holding a lock, so that parallel runs do not build the same thing.
vm_locked() {
	local lock=$1 fd status
	shift
	mkdir -p "$(dirname "$lock")"
	exec {fd}>"$lock"
	flock "$fd"
	# Daemons that COMMAND starts (ccache, gpg) must not inherit the lock.
	"$@" {fd}>&-
	# Where errexit does not hold, such as before ||.
	status=$?
	exec {fd}>&-
	return $status
}

# vm_emit NAME VALUE…: print shell assignments for tools/vm/kernel's caller.
vm_emit() {
	while [ $# -ge 2 ]; do
		printf '%s=%q\n' "$1" "$2"
		shift 2
	done
}

# QEMU starts an uncompressed ELF image by PVH, which saves half of the boot.
vm_extract_vmlinux() {
	local in=$1 out=$2 magic tool pos
	while read -r magic tool; do
		while read -r pos; do
			tail -c "+$((pos + 1))" "$in" | $tool >"$out.tmp" 2>/dev/null || true
			if [ "$(head -c 4 "$out.tmp" | tail -c 3)" = ELF ]; then
				mv "$out.tmp" "$out"
				return
			fi
		done < <(LC_ALL=C grep -abo -P "$magic" "$in" | LC_ALL=C cut -d: -f 1)
	done <<-'END'
		\xfd7zXZ\x00 xz -dcq
		\x28\xb5\x2f\xfd zstd -dcq
		\x1f\x8b\x08 gzip -dcq
		\x02\x21\x4c\x18 lz4 -dcq
	END
	rm -f "$out.tmp"
	vm_die "no compressed kernel found in $in"
}

# vm_vmlinux VMLINUZ RELEASE: print the path of the extracted image.
vm_vmlinux() {
	local out=$vm_cache/boot/vmlinux-$2
	mkdir -p "$vm_cache/boot"
	if [ ! "$out" -nt "$1" ]; then
		vm_locked "$out.lock" vm_extract_vmlinux "$1" "$out"
		touch "$out"
	fi
	echo "$out"
}

# vm_build_initrd RELEASE MODROOT OUT INIT MODULE…: busybox, the modules with what they need in /modules, INIT
vm_build_initrd() {
	local release=$1 modroot=$2 out=$3 init=$4 dir path name
	shift 4
	[ ! -e "$out" ] || return 0
	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,dev,proc,sys,mnt,modules}
	cp /bin/busybox "$dir/bin/"
	ln -s busybox "$dir/bin/sh"
	cp "$init" "$dir/init"
	for name; do
		modprobe -d "$modroot/" -S "$release" --show-depends "$name" ||
			vm_die "module $name of $release not found"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		name=$(basename "$path")
		case $name in
		*.xz) xz -dc "$path" >"$dir/modules/${name%.xz}" ;;
		*.zst) zstd -dcq "$path" >"$dir/modules/${name%.zst}" ;;
		*) cp "$path" "$dir/modules/" ;;
		esac
		name=${name%.xz}
		echo "${name%.zst}" >>"$dir/modules/list"
	done
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$out.tmp"
	rm -rf "$dir"
	mv "$out.tmp" "$out"
}

# vm_initrd RELEASE MODROOT: print the path of an initramfs that can mount the host's root for a modular kernel.
vm_initrd() {
	local sum out
	sum=$({ cat "$vm_repo/tools/vm/init" "${BASH_SOURCE[0]}" && stat -L -c %Y%s /bin/busybox; } |
		sha256sum | cut -c 1-12)
	out=$vm_cache/boot/initrd-$1-$sum
	if [ ! -e "$out" ]; then
		vm_locked "$vm_cache/boot/initrd-$1.lock" vm_build_initrd "$1" "$2" "$out" "$vm_repo/tools/vm/init" \
			virtio_pci 9p 9pnet_virtio overlay virtio_rng
		find "$vm_cache/boot" -name "initrd-$1-*" ! -path "$out" -mmin +60 -delete
	fi
	echo "$out"
}
