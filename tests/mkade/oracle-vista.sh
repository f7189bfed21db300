#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes of Windows Vista. Both peers that know the format stumble in it (versions of Debian 12):
#   libbde      takes the cluster of $MFTMirr in the metadata for the offset of a relocated header,
#               and gives up because that header has no size. With zeros there it opens the volume,
#               and shows them in the boot sector. As ever, it skips the last sector.
#   dislocker   takes the encrypted size for the volume's, and gives up if that is 0. With a size
#               there it opens the volume, and leaves the metadata's cluster in the boot sector.
# Between them they see every byte: only that one field, of eight bytes at 56, differs. cryptsetup
# recognises the version, and supports only the later one.

. "${abs_top_srcdir:?run by make check}/tests/mkade/peers.sh" || exit 99

by_patched_libbde() { # KEY-OPTION...
	local at status=0
	cp d.img patched.img
	for at in $(field '.volume.metadata_offsets[]'); do
		head -c 8 /dev/zero |
			dd of=patched.img bs=1 seek=$((at + 56)) conv=notrunc status=none
	done
	"$mkade" --fix-crc patched.img
	bdemount "$@" patched.img mnt </dev/null || return
	[[ $(stat -c %s mnt/bde1) == $(($(field .volume.size) - 512)) ]] &&
		same_elsewhere <(head -c "$(stat -c %s mnt/bde1)" p.raw) mnt/bde1 56 8 || status=1
	unmount
	return "$status"
}

by_dislocker_but_field() { # KEY-OPTION...
	rm -f peer.raw
	dislocker-file -V d.img "$@" -- peer.raw || return
	[[ $(stat -c %s peer.raw) == $(field .volume.encrypted_size) ]] &&
		same_elsewhere <(head -c "$(stat -c %s peer.raw)" p.raw) peer.raw 56 8
}

every_method() {
	local method recovery
	for method in cbc-128-diffuser cbc-256-diffuser cbc-128 cbc-256; do
		ok "$method: made" make --volume a.ntfs --format vista --method $method \
			--bek k.bek \
			--recovery-password random --tpm --plain-out p.raw d.img
		recovery=$(field '.protectors[] | .recovery_password // empty')
		ok "$method: plaintext is the one hashed" has_hash p.raw \
			"$(field .volume.plain_sha256)"
		ok "$method: plaintext is the file system" cmp p.raw a.ntfs
		ok "$method: libbde, startup key" by_patched_libbde -s k.bek
		ok "$method: libbde, recovery password" by_patched_libbde -r "$recovery"
		make --volume a.ntfs --format vista --method $method --bek k.bek \
			--plain-out p.raw --state converting:4,4,32M d.img
		ok "$method: dislocker, startup key" by_dislocker_but_field -f k.bek
	done
}

# The metadata covers a file here: what a reader shows in its place is zeros.
areas_are_zeros() {
	make --volume a.ntfs --format vista --method cbc-128 --bek k.bek --place 20M,8M,16M,0 \
		--plain-out p.raw d.img
	field_is "areas: 16 KiB each" '[.volume.zero_regions[] | .offset, .size]' \
		'[20971520,16384,8388608,16384,16777216,16384]'
	ok "areas: zeros" cmp -n 16384 /dev/zero <(tail -c +20971521 p.raw)
	ok "areas: the file system had something there" not cmp -s -n 16384 /dev/zero \
		<(tail -c +20971521 a.ntfs)
	ok "areas: libbde" by_patched_libbde -s k.bek
}

front() {
	make --volume a.ntfs --format vista --method cbc-128 --bek k.bek d.img
	ok "front: plaintext but for eight bytes and the signature" same_elsewhere \
		<(head -c 8192 a.ntfs) <(head -c 8192 d.img) 3 8 56 8
	ok "front: signature" test "$(head -c 11 d.img | tail -c 8)" = -FVE-FS-
	ok "after it: ciphertext" not cmp -s <(head -c 8704 a.ntfs | tail -c 512) \
		<(head -c 8704 d.img | tail -c 512)
}

paused() {
	make --volume a.ntfs --format vista --method cbc-128-diffuser --bek k.bek \
		--state converting:3,1,10M --plain-out p.raw d.img
	ok "paused: dislocker, below the watermark" by_dislocker_but_field -f k.bek
	# shellcheck disable=SC2046 # one word a number
	ok "paused: plaintext from there on" same_elsewhere <(tail -c +10485761 p.raw) \
		<(tail -c +10485761 d.img) $(field '.volume.zero_regions[] |
		select(.offset >= 10485760) | "\(.offset - 10485760) \(.size)"')
}

show_and_fix() {
	make --volume a.ntfs --format vista --method cbc-128 --bek k.bek d.img
	find_field copy3.block.version
	ok "--show: all copies" test "$value" = 0x1
	find_field copy2.block.header_offset
	ok "--show: cluster of \$MFTMirr" test $((value)) = "$(od -An -t d8 -j 56 -N 8 a.ntfs |
		tr -d ' ')"
	find_field copy1.validation.crc
	cp d.img mended.img
	printf '\1\2\3\4' | dd of=mended.img bs=1 seek="$at" conv=notrunc status=none
	ok "CRC spoiled" not cmp -s d.img mended.img
	"$mkade" --fix-crc mended.img
	ok "--fix-crc" cmp d.img mended.img
	ok "no other format: XTS" not make --volume a.ntfs --format vista --method xts-128 \
		--bek k.bek x.img
	ok "cryptsetup: version 1" sees_version_1
}

sees_version_1() {
	not cryptsetup bitlkDump d.img >dump.log 2>&1 && grep 'version 1' dump.log
}

make_volumes() {
	"$mkntfs_sh" --size 32M --list a.list a.ntfs
}

volumes_by make_volumes
every_method
ok "files are intact" files_intact p.raw a.list
areas_are_zeros
front
paused
show_and_fix
done_testing
