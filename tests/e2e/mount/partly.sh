#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A disk with two BitLocker volumes: each takes the key that fits; one that stays locked is left out, with a warning
# and its reason, and never shown as if it were plaintext.
# shellcheck source=tests/lib.sh disable=SC2154,SC2012 # set by make check; names are ours
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs sfdisk jq "$MKADE"

at=$work/mnt
disk=$work/two.img
size=25165824
first=1048576
second=$((first + size))
mkdir "$work/keys"
for guid in "$bek_guid" "$other_guid"; do
	"$MKADE" --volume "$(ntfs_volume)" --manifest "$work/$guid.json" --seed "$((0x${guid:0:4}))" --method xts-256 \
		--plain-out "$work/$guid.plain" --guid "$guid" --bek "$work/keys/$guid.BEK" "$work/$guid.img"
done
two_partitions "$disk" "$work/$bek_guid.img" "$work/$other_guid.img"

# part FILE NUMBER: the sum of a partition within a whole disk
part()
{
	dd if="$1" bs=1M skip=$(($2 / 1048576)) count=$((size / 1048576)) status=none | sha256sum | cut -d ' ' -f 1
}

ok "both keys: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
is "$out" "" "and says nothing"
is "$(sha_of "$at/p1.raw")" "$(sha_of "$work/$bek_guid.plain")" "the first volume"
is "$(sha_of "$at/p2.raw")" "$(sha_of "$work/$other_guid.plain")" "the second volume"
is "$(part "$at/disk.raw" $first)" "$(sha_of "$work/$bek_guid.plain")" "the first in disk.raw"
is "$(part "$at/disk.raw" $second)" "$(sha_of "$work/$other_guid.plain")" "the second in disk.raw"
is "$(json "$at/info.json" '[.volumes[].opened_by.protector_id] | join(" ")')" "$bek_guid $other_guid" "each by its own key"
ok "unmounts" unmount "$at"

# left_out NAME REASON: the second volume is, the first is not
left_out()
{
	says "the mount has no p2.raw" "$2"
	is "$(ls "$at" | tr '\n' ' ')" "disk.raw info.json p1.raw " "$1: no p2.raw"
	is "$(sha_of "$at/p1.raw")" "$(sha_of "$work/$bek_guid.plain")" "$1: the other volume"
	is "$(part "$at/disk.raw" $first)" "$(sha_of "$work/$bek_guid.plain")" "$1: its place in disk.raw"
	is "$(part "$at/disk.raw" $second)" "$(part "$disk" $second)" "$1: in disk.raw it is as on the disk"
	is "$(json "$at/info.json" '.volumes[1] | [.readable, .file, (.opened_by | type)] | @csv')" 'false,,"null"' "$1: info.json"
	[[ $(json "$at/info.json" '.volumes[1].reason') == *"$2"* ]]
	result $? "$1: info.json has the reason"
	ok "$1: unmounts" unmount "$at"
}

ok "one key: mounts" mount_disk "$disk" "$at" --bek "$work/keys/$bek_guid.BEK"
left_out "one key" "is the startup key {$bek_guid}"

# the key fits, but the metadata was changed behind a repaired checksum
at_copy=$(json "$work/$other_guid.json" '.volume.metadata_offsets[0]')
printf 'x' | dd of="$disk" bs=1 seek=$((second + at_copy + 104)) conv=notrunc status=none
"$MKADE" --fix-crc "$disk" 1 --offset $second
ok "a forged volume: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
left_out "a forged volume" "does not have the hash"

for copy in 0 1 2; do
	at_copy=$(json "$work/$other_guid.json" ".volume.metadata_offsets[$copy]")
	printf 'damaged' | dd of="$disk" bs=1 seek=$((second + at_copy + 70)) conv=notrunc status=none
done
ok "a damaged volume: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
left_out "a damaged volume" "no copy of the BitLocker metadata is usable"
fails 4 "no key for what is whole" adefuse mount --bek "$work/keys/$other_guid.BEK" "$disk" "$at"
done_testing
