#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The mounted tree: the right bytes in every layout, attributes, and that nothing can be written.
# shellcheck disable=SC2012 # names are ours
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs ntfs-3g jq "$MKADE"

bek=$work/$bek_guid.BEK
access_time='2001-02-03 04:05:06'

# check_layout NAME PARTITION MKADE-OPTIONS...: the C: volume is partition number PARTITION
check_layout()
{
	local name=$1 partition=$2 disk=$work/$1.img at=$work/mnt-$1 before
	shift 2
	make_disk "$disk" --plain-out "$work/$name.plain" --method xts-256 --guid "$bek_guid" \
		--bek "$bek" "$@" || return 1
	before=$(sha_of "$disk")
	touch -a -d "$access_time" "$disk"
	ok "$name: mounts with a BEK file" mount_disk "$disk" "$at" --bek "$bek"
	plain_is "$name: disk.raw" "$at/disk.raw" disk "$disk"
	ok "$name: p$partition.raw is the plaintext" cmp "$at/p$partition.raw" "$work/$name.plain"
	is "$(stat -c %s "$at/p$partition.raw")" "$(json "$disk.json" .volume.size)" "$name: size"
	json_is "$name: info.json is JSON" "$at/info.json" .schema_version 1
	json_is "$name: info.json names the protector" "$at/info.json" \
		".volumes[] | select(.number == $partition) | .opened_by.protector_id" "$bek_guid"
	ok "$name: the files are whole" check_files "$at/p$partition.raw"
	ok "$name: unmounts" unmount "$at"
	is "$(stat -c %X "$disk")" "$(date -d "$access_time" +%s)" \
		"$name: its access time is unchanged"
	hash_is "$name: the evidence is unchanged" "$disk" "$before"
	rm -f "$work/$name.plain" "$disk"
}

# Mount the plaintext with ntfs-3g, which is not ours, and compare every file.
check_files()
{
	local at=$work/files status
	mkdir -p "$at"
	mounts+=("$at")
	ntfs-3g -o ro "$1" "$at" || return 1
	(cd "$at" && sha256sum --quiet -c "$(ntfs_volume).list")
	status=$?
	umount "$at"
	# it holds the file until it has ended
	wait_until 30 not pgrep -f "^ntfs-3g -o ro $1"
	return $status
}

small_volume "$work/system.img"
check_layout bare 1 --layout bare
check_layout mbr 2 --layout mbr --system "$work/system.img"
check_layout gpt 3 --layout gpt
check_layout vhd 3 --layout gpt --vhd
sector=4096 check_layout gpt4k 3 --layout gpt --sector 4096

# attributes and everything that would write
disk=$work/one.vhd
at=$work/one
ade_disk "$disk"
ok "mounts" mount_disk "$disk" "$at" --bek "$bek"
is "$(ls "$at" | tr '\n' ' ')" "disk.raw info.json p1.raw p2.raw p3.raw " "the tree"
is "$(stat -c '%a %U' "$at")" "500 root" "the root's mode and owner"
is "$(stat -c '%a %U' "$at/p3.raw")" "400 root" "a file's mode and owner"
is "$(stat -c %s "$at/disk.raw")" "$(json "$disk.json" .disk.size)" \
	"disk.raw is as long as the disk"
out=$(grep " $at " /proc/mounts)
says "$disk" fuse.adefuse "ro,"

# read_only NAME COMMAND...: the command fails, and says why
read_only()
{
	local name=$1
	shift
	not run_here "$@" && [[ $out == *[Rr]'ead-only file system'* ]]
	result $? "read-only: $name"
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
is "$(dd if="$at/p3.raw" bs=1 skip="$(stat -c %s "$at/p3.raw")" count=1 2>/dev/null | wc -c)" 0 \
	"nothing after the end"

# in_pieces DD-OPTION...: the hash of p3.raw when dd reads it so
in_pieces()
{
	dd if="$at/p3.raw" "$@" 2>/dev/null | sha_of
}
whole=$(sha_of "$at/p3.raw")
readers_agree "$at/p3.raw" "$whole"
is "$(in_pieces bs=64K iflag=direct)" "$whole" "O_DIRECT"
is "$(in_pieces bs=4M iflag=direct)" "$whole" "O_DIRECT, many requests at once"

# how far the kernel reads ahead; /sys may be read-only where this runs
setting=/sys/class/bdi/$(mountpoint -d "$at")/read_ahead_kb
if [ -w "$setting" ]; then
	is "$(cat "$setting")" 2048 "reads ahead by 2 MiB"
else
	skip "reads ahead by 2 MiB" "$setting is not writable here"
fi
ok "unmounts" unmount "$at"
ok "mounts past the page cache" mount_disk "$disk" "$at" --bek "$bek" -o direct_io
is "$(in_pieces bs=3333)" "$whole" "the same bytes in odd pieces"
ok "unmounts" unmount "$at"
ok "mounts with smaller requests" mount_disk "$disk" "$at" --bek "$bek" -o max_read=16384
hash_is "the same bytes in smaller requests" "$at/p3.raw" "$whole"
ok "unmounts" unmount "$at"
fails 9 "a size of requests that is no number" \
	adefuse mount --bek "$bek" -o max_read=x "$disk" "$at"
says "invalid parameter in option" "max_read=x"
done_testing
