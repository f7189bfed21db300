#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes that the image maker wrote, which shares no code with bde/, decode to the plaintext that
# it kept: every method, sector size, layout, protector and state. Then what is wrong is named.
# shellcheck disable=SC2317 # functions are called by name
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$MKADE" "$bde_cat" mkntfs ntfs-3g mkfs.fat jq
password='Grün – 密码 🔑'
recovery=$recovery_password
ids=("$bek_guid" "${bek_guid/-0001-/-0002-}")
export PASSWORD=$password RECOVERY=$recovery

# cat_volume KEY DISK [OFFSET [LENGTH]]: the volume on a disk, by the disk's manifest
cat_volume()
{
	local at size
	read -r at size < <(json "$2.json" '.volume | "\(.offset) \(.size)"')
	"$bde_cat" "$1" "$2" "$at" "$size" "${@:3}"
}

# decodes NAME KEY DISK: the output is the plaintext that the maker kept
decodes()
{
	local name=$1 key=$2 disk=$3 got
	got=$(cat_volume "$key" "$disk" 2>"$work/said" | sha_of)
	out=$(cat "$work/said")
	is "$got" "$(json "$disk.json" .volume.plain_sha256)" "$name"
}

# make_all DISK MKADE-OPTION...: with every kind of protector that we can open
make_all()
{
	make_disk "$@" --tpm --guid "${ids[0]}" --bek "$work/${ids[0]}.BEK" --bek-layout 180 \
		--guid "${ids[1]}" --bek "$work/${ids[1]}.BEK" --recovery-password "$recovery"
}

# part_of KEY DISK: the hash of a part that has the moved header and a place of the metadata
part_of()
{
	cat_volume "$1" "$2" 0 1048576 2>"$work/said" | sha_of
}

# The whole volume with one key; a part with the others, which lead to the same FVEK or to none.
decodes_with_all()
{
	local name=$1 disk=$2 part key
	decodes "$name, BEK of 156 bytes" "bek:$work/${ids[0]}.BEK" "$disk"
	part=$(part_of "bek:$work/${ids[0]}.BEK" "$disk")
	for key in "bek:$work/${ids[1]}.BEK" recovery:RECOVERY password:PASSWORD; do
		is "$(part_of "$key" "$disk")" "$part" "$name, ${key%%:*}"
	done
}

try()
{
	local name=$1 disk=$work/disk.img
	shift
	ok "$name: made" make_all "$disk" "$@" --password "$password"
	decodes_with_all "$name" "$disk"
	rm -f "$disk"
}

for sector in 512 4096; do
	for method in xts-128 xts-256 cbc-128 cbc-256 cbc-128-diffuser cbc-256-diffuser; do
		try "$method, sectors of $sector" --method "$method"
	done
done
sector=512

small_volume "$work/system.img"
try 'MBR' --layout mbr --system "$work/system.img"
try 'GPT in a fixed VHD' --layout gpt --vhd
sector=4096 try 'GPT with sectors of 4096' --layout gpt
try 'auto-unlock key beside the volume key' --auto-unlock
try 'large header' --header-sectors 4096

truncate -s 64M "$work/fat.img"
mkfs.fat -F 32 "$work/fat.img" >/dev/null 2>&1
disk=$work/togo.img
ok 'To Go: made' "$MKADE" --volume "$work/fat.img" --togo --method xts-128 \
	--password "$password" --manifest "$disk.json" --seed 3 "$disk"
decodes 'To Go' password:PASSWORD "$disk"
ok 'To Go: info' "$bde_cat" info "$disk"
says 'to_go 1'

disk=$work/state.img
ok 'two passwords: made' make_disk "$disk" --password other --password "$password"
decodes 'two passwords, the second' password:PASSWORD "$disk"
for version in 1 3 261; do
	name="suspended, clear key of datum version $version"
	ok "$name: made" make_disk "$disk" --state suspended --clear-key \
		--clear-key-version $version
	decodes "$name" clear "$disk"
done
ok 'suspended: info' "$bde_cat" info "$disk"
says 'state encrypted, protection suspended'
ok 'decrypted: made' make_disk "$disk" --state decrypted --recovery-password "$recovery"
decodes 'decrypted, without a key' none "$disk"

# A sparse volume of 4 TiB: its written parts, and zeros that are not read as one whole.
disk=$work/huge.img
ok '4 TiB: made' make_disk "$disk" --sparse-size 4T --recovery-password "$recovery"
json "$disk.json" '.extents[] | "\(.offset) \(.size) \(.sha256)"' | tail -n 40 >"$work/extents"
wrong=0
while read -r from length sha; do
	got=$(cat_volume recovery:RECOVERY "$disk" "$from" "$length" 2>/dev/null | sha_of)
	[ "$got" = "$sha" ] || wrong=$((wrong + 1))
done <"$work/extents"
is "$wrong" 0 "4 TiB: $(wc -l <"$work/extents") written parts"
rm -f "$disk"

# What does not fit, and what is damaged.
disk=$work/disk.img
bek=$work/${ids[0]}.BEK
make_all "$disk" >/dev/null 2>&1
"$MKADE" --show "$disk" >"$work/show"

# field NAME: where it is on the disk
field()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/show"
}

no_output()
{
	"$@" >"$work/out"
	local status=$?
	[ ! -s "$work/out" ] || echo 'something was written'
	return "$status"
}

# refuses CODE NAME KEY
refuses()
{
	fails "$1" "$2" no_output cat_volume "$3" "$disk"
	never_says "  and writes nothing" 'something was written'
}

RECOVERY=$other_recovery_password refuses 4 'another recovery password' recovery:RECOVERY
says 'does not open recovery password {'
RECOVERY=${recovery/013365/013366} refuses 4 'a typing error' recovery:RECOVERY
says 'group 4'
PASSWORD=wrong-password refuses 4 'a password on a disk without' password:PASSWORD
says 'this volume has no password'
make_disk "$work/other.img" --guid "$other_guid" --bek "$work/other.BEK" >/dev/null 2>&1
refuses 4 'the BEK of another disk' "bek:$work/other.BEK"
says "{$other_guid}" "{${ids[0]}}" "{${ids[1]}}"
cp "$bek" "$work/damaged.BEK"
poke "$work/damaged.BEK" 150 x
refuses 4 'a BEK with a changed key' "bek:$work/damaged.BEK"
says "has the identifier of startup key {${ids[0]}}"
head -c 100 "$bek" >"$work/short.BEK"
refuses 4 'a BEK that is cut off' "bek:$work/short.BEK"
says 'ends at byte 100'
refuses 4 'no clear key' clear
says 'no clear key'

cp "$disk" "$disk.keep"
poke "$disk" "$(field copy1.meta.time)" '\xa5\x5a'
"$MKADE" --fix-crc "$disk" 1
refuses 3 'metadata changed by someone who repaired the checksum' "bek:$bek"
says 'does not have the hash'
for copy in 1 2 3; do
	cp "$disk.keep" "$disk"
	poke "$disk" $(($(field copy$copy.block.size) + 60)) '\xff\xee'
	decodes "copy $copy damaged" "bek:$bek" "$disk"
done
done_testing
