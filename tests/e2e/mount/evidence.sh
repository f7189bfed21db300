#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk under a mount: block devices, disks that shrink, tables that lie, odd names and odd callers. What
# cannot be read is an error, never zeros; the disk is opened for reading only and stays as it was.
# shellcheck source=tests/lib.sh disable=SC2154,SC2012,SC2317 # set by make check; names are ours; called by name
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq losetup "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
ade_disk "$disk"
bek=$work/$bek_guid.BEK
whole=$(json "$disk.json" .disk.plain_sha256)
volume=$(json "$disk.json" .volume.plain_sha256)
offset=$(json "$disk.json" .volume.offset)
size=$(json "$disk.json" .volume.size)
before=$(sha_of "$disk")

# access_of PID FILE: how that process has the file open, the two low bits of its flags
access_of()
{
	local fd
	for fd in "/proc/$1/fd/"*; do
		[ "$(readlink "$fd")" = "$2" ] && awk '$1 == "flags:" { print substr($2, length($2)) }' "/proc/$1/fdinfo/${fd##*/}"
	done
}

ok "mounts a file" mount_disk "$disk" "$at" --bek "$bek"
is "$(access_of "$(process_of "$at")" "$disk")" 0 "the file is open once, for reading only"
unmount "$at"

# ---- a block device
if device=$(losetup --find --show --read-only "$disk" 2>/dev/null); then
	ok "mounts a read-only block device" mount_disk "$device" "$at" --bek "$bek"
	is "$(sha_of "$at/disk.raw")" "$whole" "disk.raw of a block device"
	ok "unmounts" unmount "$at"
	losetup -d "$device"
	device=$(losetup --find --show "$disk")
	ok "mounts a writable block device" mount_disk "$device" "$at" --bek "$bek"
	is "$(access_of "$(process_of "$at")" "$device")" 0 "which is open for reading only"
	is "$(sha_of "$at/p3.raw")" "$volume" "p3.raw of a block device"
	ok "unmounts" unmount "$at"
	losetup -d "$device"
else
	echo "# no loop device: block devices are left out"
fi
is "$(sha_of "$disk")" "$before" "the evidence is unchanged"

# ---- a disk that shrinks while it is mounted
short=$work/short.vhd
cp --sparse=always "$disk" "$short"
ok "mounts a disk that will shrink" mount_disk "$short" "$at" --bek "$bek"
half=$((size / 2 / 1048576))
truncate -s $((offset + half * 1048576 + 100)) "$short"
dd if="$at/p3.raw" of="$work/got" bs=64K iflag=direct skip=$((half * 16)) 2>"$work/said"
is $? 1 "behind the new end it cannot be read"
out=$(cat "$work/said")
says "Input/output error"
is "$(stat -c %s "$work/got")" 0 "and gives nothing, not even zeros"
dd if="$at/p3.raw" bs=1M skip=1 count=1 2>/dev/null >"$work/got"
is "$(sha_of "$work/got")" "$(dd if="$(ntfs_volume)" bs=1M skip=1 count=1 2>/dev/null | sha256sum | cut -d ' ' -f 1)" \
	"before it, it can"
ok "unmounts" unmount "$at"
rm -f "$short"

# ---- an end that is no sector
make_disk "$work/odd.img" --layout bare --method xts-256 --guid "$bek_guid" --bek "$work/odd.BEK"
printf 'behind the end' >>"$work/odd.img"
ok "mounts a volume with an odd end" mount_disk "$work/odd.img" "$at" --bek "$work/odd.BEK"
is "$(stat -c %s "$at/p1.raw")" "$(json "$work/odd.img.json" .volume.size)" "p1.raw ends with the last whole sector"
is "$(sha_of "$at/p1.raw")" "$(json "$work/odd.img.json" .volume.plain_sha256)" "and is right"
is "$(tail -c 14 "$at/disk.raw")" "behind the end" "disk.raw has the rest as it is"
ok "unmounts" unmount "$at"
rm -f "$work/odd.img"

# ---- tables that name a volume twice
truncate -s 8M "$work/system.img"
mkntfs -F -f -q "$work/system.img" >/dev/null 2>&1
twice=$work/twice.img
make_disk "$twice" --layout mbr --system "$work/system.img" --method xts-256 --guid "$bek_guid" --bek "$work/twice.BEK"
dd if="$twice" of="$twice" bs=1 skip=462 seek=478 count=16 conv=notrunc status=none
ok "two entries for one volume" mount_disk "$twice" "$at" --bek "$work/twice.BEK"
is "$(sha_of "$at/p2.raw") $(sha_of "$at/p3.raw")" "$(json "$twice.json" '.volume.plain_sha256 + " " + .volume.plain_sha256')" \
	"both are shown"
is "$(tail -c +$((1 + $(json "$twice.json" .volume.offset))) "$at/disk.raw" | head -c "$size" | sha256sum | cut -d ' ' -f 1)" \
	"$(json "$twice.json" .volume.plain_sha256)" "disk.raw too"
ok "unmounts" unmount "$at"
# the second entry is shorter: another volume in the same place
shorter=$((size / 512 - 8))
printf '%b' "$(printf '\\x%02x' $((shorter & 255)) $((shorter >> 8 & 255)))" |
	dd of="$twice" bs=1 seek=490 conv=notrunc status=none
ok "entries that overlap" mount_disk "$twice" "$at" --bek "$work/twice.BEK"
says "partitions 2 and 3 overlap" "the mount has no disk.raw"
is "$(ls "$at" | tr '\n' ' ')" "info.json p1.raw p2.raw p3.raw " "the volumes are shown, disk.raw is not"
is "$(sha_of "$at/p2.raw")" "$(json "$twice.json" .volume.plain_sha256)" "and are right"
ok "unmounts" unmount "$at"
rm -f "$twice"

# ---- names: of the disk, of the place
odd=$work/$'a,b c\\d "q" \xc3\xbc\n.d'
mkdir -p "$odd/at,"$'\n'
ln "$disk" "$odd/disk,1.vhd"
ok "commas, spaces, quotes and line ends in names" mount_disk "$odd/disk,1.vhd" "$odd/at,"$'\n' --bek "$bek"
ok "info.json is JSON" jq -e .disk.path "$odd/at,"$'\n/info.json'
ok "unmounts" fusermount3 -u "$odd/at,"$'\n'
ln "$disk" "$work/"$'\xff\xfe.vhd'
adefuse info --json "$work/"$'\xff\xfe.vhd' >"$work/info.json" 2>&1
ok "a name that is not UTF-8: JSON all the same" iconv -f UTF-8 -t UTF-8 "$work/info.json"

# ---- a relative place: the daemon has left the folder, and still unmounts the right one
mkdir "$work/other" "$work/here" "$work/here/same"
relative()
{
	(cd "$work/here" && adefuse mount --bek "$bek" ../disk.vhd same)
}
mounts+=("$work/here/same")
ok "a relative place" relative
ok "is readable" test -s "$work/here/same/info.json"
pid=$(process_of same)
kill "$pid"
ended() { ! kill -0 "$pid" 2>/dev/null; }
ok "a signal ends it" wait_until 20 ended
fails 32 "and unmounts it" mountpoint -q "$work/here/same"

# ---- callers without standard streams
for closed in "<&-" ">&-" "2>&-" "<&- >&-" "<&- >&- 2>&-"; do
	closing()
	{
		eval "timeout 60 \"\${adefuse_command[@]}\" mount --bek \"\$bek\" \"\$disk\" \"\$at\" $closed"
	}
	ok "mounts with $closed" closing
	is "$(sha_of "$at/p3.raw")" "$volume" "p3.raw"
	ok "unmounts" unmount "$at"
done
fails 1 "info without standard output" bash -c '"$@" >&-' - "${adefuse_command[@]}" info "$disk"

# ---- the command is ended while it waits for a key: no mount comes afterwards
mkfifo "$work/key"
"${adefuse_command[@]}" mount --recovery-password "file:$work/key" "$disk" "$at" &
parent=$!
exec 6>"$work/key"
kill -KILL "$parent"
wait "$parent" 2>/dev/null
printf '%s\n' "$recovery_password" >&6
exec 6>&-
ok "a killed command leaves no process" wait_until 60 gone "$at"
fails 32 "nor a mount" mountpoint -q "$at"

is "$(sha_of "$disk")" "$before" "the evidence is unchanged"
done_testing
