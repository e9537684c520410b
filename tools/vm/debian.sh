# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Kernels of other Debian suites, from the mirror that apt is configured for: source it after lib.sh.
# shellcheck source=tools/vm/lib.sh
: "${vm_repo:?} ${vm_cache:?}"

vm_mirror() {
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 == "Debian" && $3 == "main" { print $1; exit }'
}

# A private configuration for one suite leaves the system's lists and preferences alone. (apt would drop
# its rights for a user that cannot write to the cache.)
vm_apt() {
	local suite=$1 tool=$2 dir=$vm_cache/apt/$1
	shift 2
	"$tool" -qq -o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o Dir::State::Status=/dev/null \
		-o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none "$@"
}

vm_apt_update() {
	local suite=$1 dir=$vm_cache/apt/$1 mirror
	mirror=$(vm_mirror)
	[ -n "$mirror" ] || vm_die "apt is configured for no Debian mirror"
	mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$dir/sources.list"
	vm_apt "$suite" apt-get update >&2
}

vm_apt_depends() {
	vm_apt "$1" apt-cache show --no-all-versions "$2" 2>/dev/null | sed -n 's/^\(Pre-\)\?Depends: //p' |
		tr ',|' '\n' | awk '{ print $1 }'
}

# vm_abi SUITE: print what the suite's current kernel is called.
vm_abi() { vm_apt_depends "$1" linux-headers-amd64 | sed -n 's/^linux-headers-\([0-9].*\)$/\1/p'; }

# vm_kernel_packages SUITE ABI: the kernel, its modules, and what builds modules for it
vm_kernel_packages() {
	local todo=("linux-image-$2" "linux-headers-$2") seen=' ' pkg
	while [ ${#todo[@]} -gt 0 ]; do
		pkg=${todo[0]}
		todo=("${todo[@]:1}")
		[[ $seen != *" $pkg "* ]] || continue
		seen+="$pkg "
		echo "$pkg"
		while read -r pkg; do
			case $pkg in
			*-unsigned) ;;
			linux-image-[0-9]* | linux-binary-* | linux-modules-[0-9]* | linux-headers-* | linux-kbuild-* | linux-base-[0-9]*)
				todo+=("$pkg")
				;;
			esac
		done < <(vm_apt_depends "$1" "$pkg")
	done
}

# vm_fetch_kernel SUITE ABI DIR
vm_fetch_kernel() {
	local suite=$1 abi=$2 dir=$3 packages pkg
	mapfile -t packages < <(vm_kernel_packages "$suite" "$abi")
	rm -rf "$dir.new"
	mkdir -p "$dir.new/debs"
	vm_say "downloading ${packages[*]}"
	(cd "$dir.new/debs" && vm_apt "$suite" apt-get download "${packages[@]}" >&2)
	for pkg in "$dir.new"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$pkg" | tar -x -C "$dir.new" --exclude=./usr/share
	done
	rm -rf "$dir.new/debs"
	[ -e "$dir.new/lib" ] || ln -s usr/lib "$dir.new/lib"
	if [ ! -L "$dir.new/lib" ] && [ -d "$dir.new/usr/lib/modules" ]; then
		mv "$dir.new/usr/lib/modules" "$dir.new/lib/"
	fi
	depmod -b "$dir.new" "$abi"
	rm -rf "$dir"
	mv "$dir.new" "$dir"
}

# vm_find_kernel NAME SERIES SUITE…: fetch the first suite's kernel that is of SERIES, or else the last suite's
vm_find_kernel() {
	local name=$1 series=$2 suite abi
	shift 2
	[ ! -e "$vm_cache/kernels/$name" ] || return 0
	"$vm_repo/tools/deps" build vm
	for suite; do
		vm_apt_update "$suite"
		abi=$(vm_abi "$suite")
		[[ $abi != "$series".* ]] || break
	done
	[ -n "$abi" ] || vm_die "$suite has no linux-headers-amd64"
	[[ $abi == "$series".* ]] || vm_say "note: no $series kernel is to be had; taking $abi of $suite"
	mkdir -p "$vm_cache/kernels"
	vm_fetch_kernel "$suite" "$abi" "$vm_cache/kernels/$abi"
	ln -sfn "$abi" "$vm_cache/kernels/$name"
}

# vm_debian_kernel NAME SERIES SUITE…: as above, and print what tools/vm/kernel is to print. $vm_wrapper
# is a command that make needs to be run by.
vm_debian_kernel() {
	local root release image vmlinux initrd
	if [ ! -e "$vm_cache/kernels/$1" ]; then
		vm_locked "$vm_cache/kernels/$1.lock" vm_find_kernel "$@"
	fi
	root=$(realpath "$vm_cache/kernels/$1")
	release=$(basename "$root")
	image=$root/boot/vmlinuz-$release
	[ -e "$image" ] || image=$root/lib/modules/$release/vmlinuz
	vmlinux=$(vm_vmlinux "$image" "$release")
	initrd=$(vm_initrd "$release" "$root")
	# Type information would need a pahole as new as the kernel. Its own compiler may be newer than ours.
	vm_emit VM_RELEASE "$release" VM_IMAGE "$vmlinux" VM_MODROOT "$root" VM_INITRD "$initrd" \
		VM_KDIR "$root/usr/src/linux-headers-${release%-amd64}-common" \
		VM_MAKE "${vm_wrapper-} make CC=gcc KCFLAGS=-Wno-attributes O=$root/usr/src/linux-headers-$release CONFIG_DEBUG_INFO_BTF_MODULES="
}
