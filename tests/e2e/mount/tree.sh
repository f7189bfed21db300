#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is mounted: the right bytes in every layout, attributes, and that nothing can be written.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs ntfs-3g jq "$MKADE"

# check_layout NAME PARTITION MKADE-OPTIONS...: the C: volume is partition number PARTITION
check_layout()
{
	local name=$1 partition=$2 disk=$work/$1.img at=$work/mnt-$1 before
	shift 2
	make_disk "$disk" --plain-out "$work/$name.plain" --method xts-256 --guid "$bek_guid" \
		--bek "$work/$bek_guid.BEK" "$@" || return 1
	before=$(sha_of "$disk")
	touch -a -d '2001-02-03 04:05:06' "$disk"
	ok "$name: mounts with a BEK file" mount_disk "$disk" "$at" --bek "$work/$bek_guid.BEK"
	is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "$name: disk.raw"
	ok "$name: p$partition.raw is the plaintext" cmp "$at/p$partition.raw" "$work/$name.plain"
	is "$(stat -c %s "$at/p$partition.raw")" "$(json "$disk.json" .volume.size)" "$name: size"
	ok "$name: info.json is JSON" jq -e '.schema_version == 1' "$at/info.json"
	is "$(json "$at/info.json" ".volumes[] | select(.number == $partition) | .opened_by.protector_id")" \
		"$bek_guid" "$name: info.json names the protector"
	ok "$name: the files are whole" check_files "$at/p$partition.raw"
	ok "$name: unmounts" unmount "$at"
	is "$(stat -c %X "$disk")" "$(date -d '2001-02-03 04:05:06' +%s)" "$name: nor even its time of access"
	is "$(sha_of "$disk")" "$before" "$name: the evidence is unchanged"
	rm -f "$work/$name.plain" "$disk"
}

# Mount the plaintext with ntfs-3g, which is not ours, and compare every file.
check_files()
{
	local at=$work/files
	mkdir -p "$at"
	mounts+=("$at")
	ntfs-3g -o ro "$1" "$at" || return 1
	(cd "$at" && sha256sum --quiet -c "$(ntfs_volume).list")
	local status=$?
	umount "$at"
	# it holds the file until it has ended
	wait_until 30 no_ntfs "$1"
	return $status
}

no_ntfs()
{
	! pgrep -f "^ntfs-3g -o ro $1" >/dev/null
}

system=$work/system.img
truncate -s 8M "$system"
mkntfs -F -f -q "$system" >/dev/null 2>&1 || mkntfs -F -f "$system" >/dev/null

check_layout bare 1 --layout bare
check_layout mbr 2 --layout mbr --system "$system"
check_layout gpt 3 --layout gpt
check_layout vhd 3 --layout gpt --vhd
sector=4096 check_layout gpt4k 3 --layout gpt --sector 4096

# attributes and everything that would write
disk=$work/one.vhd
at=$work/one
ade_disk "$disk"
ok "mounts" mount_disk "$disk" "$at" --bek "$work/$bek_guid.BEK"
is "$(ls "$at" | tr '\n' ' ')" "disk.raw info.json p1.raw p2.raw p3.raw " "the tree"
is "$(stat -c '%a %U' "$at")" "500 root" "the root's mode and owner"
is "$(stat -c '%a %U' "$at/p3.raw")" "400 root" "a file's mode and owner"
is "$(stat -c %s "$at/disk.raw")" "$(json "$disk.json" .disk.size)" "disk.raw is as long as the disk"
out=$(grep " $at " /proc/mounts)
says "$disk" fuse.adefuse "ro,"

read_only()
{
	local name=$1 text
	shift
	text=$("$@" 2>&1)
	[[ $? != 0 && $text == *[Rr]'ead-only file system'* ]]
	local status=$?
	out=$text
	result $status "read-only: $name"
}
read_only create touch "$at/new"
read_only write dd if=/dev/zero of="$at/p3.raw" bs=512 count=1 conv=notrunc
read_only truncate truncate -s 0 "$at/p3.raw"
read_only mkdir mkdir "$at/dir"
read_only remove rm -f "$at/p3.raw"
read_only rename mv "$at/p3.raw" "$at/p4.raw"
read_only chmod chmod 777 "$at/p3.raw"
read_only chown chown 1:1 "$at/p3.raw"
read_only times touch -d @0 "$at/p3.raw"
read_only symlink ln -s x "$at/link"
read_only link ln "$at/p3.raw" "$at/hard"
read_only fifo mkfifo "$at/fifo"
read_only attribute setfattr -n user.x -v y "$at/p3.raw"
fails 1 "no such file" cat "$at/p9.raw"
says "No such file"
is "$(tail -c 1 "$at/p3.raw" | wc -c)" 1 "the last byte"
is "$(dd if="$at/p3.raw" bs=1 skip="$(stat -c %s "$at/p3.raw")" count=1 2>/dev/null | wc -c)" 0 "nothing behind the end"

# readers at once, in pieces that fit no sector
whole=$(sha_of "$at/p3.raw")
pids=()
for size in 1M 3333 65537 511K; do
	dd if="$at/p3.raw" bs=$size iflag=fullblock 2>/dev/null | sha256sum | cut -d ' ' -f 1 >"$work/sum.$size" &
	pids+=($!)
done
wait "${pids[@]}"
for size in 1M 3333 65537 511K; do
	is "$(cat "$work/sum.$size")" "$whole" "a reader in steps of $size beside others"
done
is "$(dd if="$at/p3.raw" bs=64K iflag=direct 2>/dev/null | sha256sum | cut -d ' ' -f 1)" "$whole" "O_DIRECT"
is "$(dd if="$at/p3.raw" bs=4M iflag=direct 2>/dev/null | sha256sum | cut -d ' ' -f 1)" "$whole" "O_DIRECT, many requests at once"

# how far the kernel reads ahead; /sys may be read-only where this runs
setting=/sys/class/bdi/$(mountpoint -d "$at")/read_ahead_kb
if [ -w "$setting" ]; then
	is "$(cat "$setting")" 2048 "reads ahead by 2 MiB"
else
	skip "reads ahead by 2 MiB" "$setting is not writable here"
fi
ok "unmounts" unmount "$at"
ok "mounts past the page cache" mount_disk "$disk" "$at" --bek "$work/$bek_guid.BEK" -o direct_io
is "$(dd if="$at/p3.raw" bs=3333 2>/dev/null | sha256sum | cut -d ' ' -f 1)" "$whole" "the same bytes in odd pieces"
ok "unmounts" unmount "$at"
ok "mounts with smaller requests" mount_disk "$disk" "$at" --bek "$work/$bek_guid.BEK" -o max_read=16384
is "$(sha_of "$at/p3.raw")" "$whole" "the same bytes in smaller requests"
ok "unmounts" unmount "$at"
fails 9 "a size of requests that is no number" adefuse mount --bek "$work/$bek_guid.BEK" -o max_read=x "$disk" "$at"
says "invalid parameter in option" "max_read=x"
done_testing
