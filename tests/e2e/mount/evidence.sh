#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk under a mount: block devices, disks that shrink, tables that lie, odd names and odd
# callers. What cannot be read is an error, never zeros; the disk is opened for reading only and
# stays as it was.
# shellcheck disable=SC2012 # names are ours
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq losetup "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
ade_disk "$disk"
bek=$work/$bek_guid.BEK
volume=$(json "$disk.json" .volume.plain_sha256)
offset=$(json "$disk.json" .volume.offset)
size=$(json "$disk.json" .volume.size)
before=$(sha_of "$disk")

# access_of PID FILE: how that process has the file open, the two low bits of its flags
access_of()
{
	local fd
	for fd in "/proc/$1/fd/"*; do
		[ "$(readlink "$fd")" = "$2" ] || continue
		awk '$1 == "flags:" { print substr($2, length($2)) }' "/proc/$1/fdinfo/${fd##*/}"
	done
}

ok "mounts a file" mount_disk "$disk" "$at" --bek "$bek"
is "$(access_of "$(process_of "$at")" "$disk")" 0 "the file is open once, for reading only"
unmount "$at"

# ---- a block device
if device=$(losetup --find --show --read-only "$disk" 2>/dev/null); then
	ok "mounts a read-only block device" mount_disk "$device" "$at" --bek "$bek"
	plain_is "disk.raw of a block device" "$at/disk.raw" disk "$disk"
	ok "unmounts" unmount "$at"
	losetup -d "$device"
	device=$(losetup --find --show "$disk")
	ok "mounts a writable block device" mount_disk "$device" "$at" --bek "$bek"
	is "$(access_of "$(process_of "$at")" "$device")" 0 "the device is open for reading only"
	plain_is "p3.raw of a block device" "$at/p3.raw" volume "$disk"
	ok "unmounts" unmount "$at"
	losetup -d "$device"
else
	skip "block devices" "no loop device here"
fi
hash_is "the evidence is unchanged" "$disk" "$before"

# ---- a disk that shrinks while it is mounted
short=$work/short.vhd
cp --sparse=always "$disk" "$short"
ok "mounts a disk that will shrink" mount_disk "$short" "$at" --bek "$bek"
half=$((size / 2 / 1048576))
truncate -s $((offset + half * 1048576 + 100)) "$short"
dd if="$at/p3.raw" of="$work/got" bs=64K iflag=direct skip=$((half * 16)) 2>"$work/said"
is $? 1 "after the new end it cannot be read"
out=$(cat "$work/said")
says "Input/output error"
is "$(stat -c %s "$work/got")" 0 "and gives nothing, not even zeros"
range "$at/p3.raw" 1048576 1048576 2>/dev/null >"$work/got"
hash_is "before it, it can be read" "$work/got" \
	"$(range "$(ntfs_volume)" 1048576 1048576 | sha_of)"
ok "unmounts" unmount "$at"
rm -f "$short"

# ---- an end within a sector
odd=$work/odd.img
make_disk "$odd" --layout bare --method xts-256 --guid "$bek_guid" --bek "$work/odd.BEK"
printf 'behind the end' >>"$odd"
ok "mounts a volume with an odd end" mount_disk "$odd" "$at" --bek "$work/odd.BEK"
is "$(stat -c %s "$at/p1.raw")" "$(json "$odd.json" .volume.size)" \
	"p1.raw ends with the last whole sector"
plain_is "and is right" "$at/p1.raw" volume "$odd"
is "$(tail -c 14 "$at/disk.raw")" "behind the end" "disk.raw has the rest as it is"
ok "unmounts" unmount "$at"
rm -f "$odd"

# ---- tables that name a volume twice
small_volume "$work/system.img"
twice=$work/twice.img
make_disk "$twice" --layout mbr --system "$work/system.img" --method xts-256 --guid "$bek_guid" \
	--bek "$work/twice.BEK"
dd if="$twice" of="$twice" bs=1 skip=462 seek=478 count=16 conv=notrunc status=none
ok "two entries for one volume" mount_disk "$twice" "$at" --bek "$work/twice.BEK"
plain=$(json "$twice.json" .volume.plain_sha256)
is "$(sha_of "$at/p2.raw") $(sha_of "$at/p3.raw")" "$plain $plain" "both are shown"
hash_is "disk.raw has the volume too" \
	<(range "$at/disk.raw" "$(json "$twice.json" .volume.offset)" "$size") "$plain"
ok "unmounts" unmount "$at"
# the second entry is shorter: another volume in the same place
shorter=$((size / 512 - 8))
poke "$twice" 490 "$(printf '\\x%02x' $((shorter & 255)) $((shorter >> 8 & 255)))"
ok "entries that overlap" mount_disk "$twice" "$at" --bek "$work/twice.BEK"
says "partitions 2 and 3 overlap" "the mount has no disk.raw"
is "$(ls "$at" | tr '\n' ' ')" "info.json p1.raw p2.raw p3.raw " \
	"the volumes are shown, disk.raw is not"
hash_is "and are right" "$at/p2.raw" "$plain"
ok "unmounts" unmount "$at"
rm -f "$twice"

# ---- names: of the disk, of the place
odd=$work/$'a,b c\\d "q" \xc3\xbc\n.d'
mkdir -p "$odd/at,"$'\n'
ln "$disk" "$odd/disk,1.vhd"
ok "commas, spaces, quotes and newlines in names" \
	mount_disk "$odd/disk,1.vhd" "$odd/at,"$'\n' --bek "$bek"
ok "info.json is JSON" jq -e .disk.path "$odd/at,"$'\n/info.json'
ok "unmounts" fusermount3 -u "$odd/at,"$'\n'
ln "$disk" "$work/"$'\xff\xfe.vhd'
adefuse info --json "$work/"$'\xff\xfe.vhd' >"$work/info.json" 2>&1
ok "a name that is not UTF-8: the JSON is" iconv -f UTF-8 -t UTF-8 "$work/info.json"

# ---- a relative mountpoint: the daemon has left the folder, and still unmounts the right one
mkdir "$work/other" "$work/here" "$work/here/same"
relative()
{
	(cd "$work/here" && adefuse mount --bek "$bek" ../disk.vhd same)
}
mounts+=("$work/here/same")
ok "a relative mountpoint" relative
ok "is readable" test -s "$work/here/same/info.json"
pid=$(process_of same)
kill "$pid"
ok "a signal ends the server" wait_until 20 not kill -0 "$pid"
fails 32 "and unmounts" mountpoint -q "$work/here/same"

# ---- callers without standard streams
for closed in "<&-" ">&-" "2>&-" "<&- >&-" "<&- >&- 2>&-"; do
	closing()
	{
		# shellcheck disable=SC2034 # eval uses it
		local mount=(timeout 60 "${adefuse_command[@]}" mount --bek "$bek" "$disk" "$at")
		eval '"${mount[@]}" '"$closed"
	}
	ok "mounts with $closed" closing
	hash_is "p3.raw" "$at/p3.raw" "$volume"
	ok "unmounts" unmount "$at"
done
fails 1 "info without standard output" \
	bash -c '"$@" >&-' - "${adefuse_command[@]}" info "$disk"

# ---- the command is killed while it waits for a key: nothing is mounted afterwards
mkfifo "$work/key"
"${adefuse_command[@]}" mount --recovery-password "file:$work/key" "$disk" "$at" &
parent=$!
exec 6>"$work/key"
kill -KILL "$parent"
wait "$parent" 2>/dev/null
printf '%s\n' "$recovery_password" >&6
exec 6>&-
ok "a killed command leaves no process" wait_until 60 gone "$at"
fails 32 "and no mount" mountpoint -q "$at"

hash_is "the evidence is unchanged" "$disk" "$before"
done_testing
