#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A disk with two BitLocker volumes: each takes the key that fits; one that stays locked is
# skipped, with a warning and its reason, and never shown as if it were plaintext.
# shellcheck disable=SC2012 # names are ours
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs sfdisk jq "$MKADE"

at=$work/mnt
disk=$work/two.img
size=25165824
first=1048576
second=$((first + size))
mkdir "$work/keys"
for guid in "$bek_guid" "$other_guid"; do
	"$MKADE" --volume "$(ntfs_volume)" --manifest "$work/$guid.json" \
		--seed "$((0x${guid:0:4}))" --method xts-256 --guid "$guid" \
		--bek "$work/keys/$guid.BEK" --plain-out "$work/$guid.plain" "$work/$guid.img"
done
two_partitions "$disk" "$work/$bek_guid.img" "$work/$other_guid.img"
first_plain=$(sha_of "$work/$bek_guid.plain")
second_plain=$(sha_of "$work/$other_guid.plain")

# part FILE OFFSET: the hash of a partition within a whole disk
part()
{
	range "$1" "$2" "$size" | sha_of
}

ok "both keys: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
is "$out" "" "and says nothing"
hash_is "the first volume" "$at/p1.raw" "$first_plain"
hash_is "the second volume" "$at/p2.raw" "$second_plain"
is "$(part "$at/disk.raw" $first)" "$first_plain" "the first in disk.raw"
is "$(part "$at/disk.raw" $second)" "$second_plain" "the second in disk.raw"
json_is "each by its own key" "$at/info.json" \
	'[.volumes[].opened_by.protector_id] | join(" ")' "$bek_guid $other_guid"
ok "unmounts" unmount "$at"

# locked NAME REASON: the second volume is skipped for this reason, and the first is not
locked()
{
	says "the mount has no p2.raw" "$2"
	is "$(ls "$at" | tr '\n' ' ')" "disk.raw info.json p1.raw " "$1: no p2.raw"
	hash_is "$1: the other volume" "$at/p1.raw" "$first_plain"
	is "$(part "$at/disk.raw" $first)" "$first_plain" "$1: its place in disk.raw"
	is "$(part "$at/disk.raw" $second)" "$(part "$disk" $second)" \
		"$1: in disk.raw it is as on the disk"
	json_is "$1: info.json" "$at/info.json" .volumes[1].readable false \
		.volumes[1].file null .volumes[1].opened_by null
	out=$(json "$at/info.json" '.volumes[1].reason')
	holds "$1: info.json has the reason" contains "$2"
	ok "$1: unmounts" unmount "$at"
}

ok "one key: mounts" mount_disk "$disk" "$at" --bek "$work/keys/$bek_guid.BEK"
locked "one key" "is the startup key {$bek_guid}"

# copy_at NUMBER: where that copy of the second volume's metadata is on the disk
copy_at()
{
	echo $((second + $(json "$work/$other_guid.json" ".volume.metadata_offsets[$1]")))
}

# the key fits, but somebody changed the metadata and repaired the checksum
poke "$disk" $(($(copy_at 0) + 104)) x
"$MKADE" --fix-crc "$disk" 1 --offset $second
ok "a forged volume: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
locked "a forged volume" "does not have the hash"

for copy in 0 1 2; do
	poke "$disk" $(($(copy_at $copy) + 70)) damaged
done
ok "a damaged volume: mounts" mount_disk "$disk" "$at" --bek "$work/keys"
locked "a damaged volume" "no copy of the BitLocker metadata is usable"
fails 4 "no key for the volume that is whole" \
	adefuse mount --bek "$work/keys/$other_guid.BEK" "$disk" "$at"
done_testing
