#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes an NTFS volume with a known tree of files, for mkade to encrypt. The content of the files
# is the same on every run. The places that Windows reserves for BitLocker are files of zeros
# in "System Volume Information", from which mkade learns where to put its areas.
#
# Exit status: 0 made, 1 failed, 2 usage, 77 a tool or FUSE is missing.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat >&2 <<-END
		usage: mkntfs.sh [--size 64M] [--sector 512|4096] [--cluster BYTES]
		                 [--label TEXT] [--tree full|small|none] [--list FILE] OUT
	END
	exit 2
}

size=64M sector=512 cluster='' label=Windows tree=full list='' out=''
while (($#)); do
	case $1 in
	--size | --sector | --cluster | --label | --tree | --list)
		(($# > 1)) || usage
		declare "${1#--}=$2"
		shift 2
		;;
	-*) usage ;;
	*)
		[[ -z $out ]] || usage
		out=$1
		shift
		;;
	esac
done
[[ -n $out && $tree =~ ^(full|small|none)$ ]] || usage

for tool in mkntfs ntfs-3g openssl fusermount3; do
	command -v "$tool" >/dev/null || {
		echo "mkntfs.sh: $tool is missing" >&2
		exit 77
	}
done
[[ -c /dev/fuse ]] || {
	echo "mkntfs.sh: /dev/fuse is missing" >&2
	exit 77
}

work=$(mktemp -d)
mnt=$work/mnt
mkdir "$mnt"
unmount() {
	fusermount3 -u "$mnt" 2>/dev/null || fusermount -u "$mnt" 2>/dev/null || umount "$mnt"
}

# ntfs-3g goes on writing after an unmount. It inherits one end of a FIFO, whose other end sees
# when it is gone.
mount_volume() {
	mkfifo "$work/alive"
	cat "$work/alive" >/dev/null &
	alive=$!
	ntfs-3g -o streams_interface=windows,big_writes "$out" "$mnt" 9>"$work/alive"
}

unmount_and_wait() {
	unmount
	wait "$alive"
}

cleanup() {
	local status=$?
	if mountpoint -q "$mnt"; then
		unmount || status=1
	fi
	rm -f "$work/alive" "$work/log"
	rmdir "$mnt" "$work" || status=1
	exit "$status"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# Bytes that no other file has, the same on every run: an AES keystream named by the seed.
noise() { # SEED BYTES
	openssl enc -aes-128-ctr -nosalt -K "$(printf '%032x' "$1")" -iv 0 \
		-in <(head -c "$2" /dev/zero) 2>/dev/null
}

reserve() { # NAME BYTES
	head -c "$2" /dev/zero >"$mnt/System Volume Information/$1"
}

plant_small() {
	printf 'x' >"$mnt/one-byte"
	: >"$mnt/empty"
	noise 1 100000 >"$mnt/noise.bin"
}

plant_deep() {
	local dir=$mnt/Users i
	for i in {1..24}; do
		dir+=/level-$i
	done
	mkdir -p "$dir"
	noise 2 5000 >"$dir/bottom.bin"
	mkdir -p "$mnt/Users/ann/Documents" "$mnt/Windows/System32/config"
	for i in {1..200}; do
		noise $((1000 + i)) $((i * 37)) >"$mnt/Windows/System32/file-$i.dll"
	done
}

plant_names() {
	local docs=$mnt/Users/ann/Documents
	printf 'Grüße\n' >"$docs/Grüße aus Köln.txt"
	printf 'привет\n' >"$docs/привет.txt"
	printf 'hello\n' >"$docs/日本語 テスト.txt"
	printf 'clef\n' >"$docs/𝄞 music 🎼.txt"
	printf 'long\n' >"$docs/$(printf 'n%.0s' {1..250}).txt"
	printf 'a & b\n' >"$docs/spaces  and & signs (1) [2] {3} %PATH%.txt"
}

plant_kinds() {
	truncate -s 8M "$mnt/Users/ann/sparse.bin"
	noise 3 4096 | dd of="$mnt/Users/ann/sparse.bin" bs=4096 seek=1000 conv=notrunc status=none
	ln "$mnt/noise.bin" "$mnt/Users/ann/hard link.bin"
	# An alternate data stream, as Windows marks a download.
	printf '[ZoneTransfer]\r\nZoneId=3\r\n' >"$mnt/one-byte:Zone.Identifier"
}

plant_large() {
	local i
	for i in {1..3}; do
		noise $((10 + i)) $((3000001 + i * 65536)) >"$mnt/Windows/large-$i.bin"
		[[ $tree != full ]] ||
			reserve "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.$i" 65536
		((i > 1)) || reserve 'FVE2.{c9ca54a3-6983-46b7-8684-a7e5e23499e3}' 8192
	done
}

plant() {
	mkdir "$mnt/System Volume Information"
	plant_small
	[[ $tree == full ]] || return 0
	plant_deep
	plant_names
	plant_kinds
	plant_large
}

rm -f "$out"
truncate -s "$size" "$out"
mkntfs -F -f -q -s "$sector" -p 2048 -S 63 -H 255 ${cluster:+-c "$cluster"} -L "$label" "$out" \
	>"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
[[ -z $list ]] || : >"$list"
[[ $tree != none ]] || exit 0
mount_volume
plant
if [[ -n $list ]]; then
	(cd "$mnt" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$list"
fi
unmount_and_wait
