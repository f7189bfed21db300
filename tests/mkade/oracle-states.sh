#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes whose conversion was paused before Windows 8: ciphertext below the watermark, plaintext
# from there on, and the relocated header in the state of the place where it lies.
#
# Peers (versions of Debian 12): libbde reads all of such a volume but the last sector, because it
# takes the size of the file system for that of the volume. dislocker takes the watermark for
# the size of the volume and shows what lies below; in state 2 it ends with an assertion.
# cryptsetup gives the key, and cannot say more without the kernel, which knows no watermark.

. "${abs_top_srcdir:?run by make check}/tests/mkade/peers.sh" || exit 99

starts_alike() { # A B BYTES
	[[ $(stat -c %s "$1") -ge $3 && $(stat -c %s "$2") -ge $3 ]] && cmp -n "$3" "$1" "$2"
}

libbde_agrees() { # SECTOR
	local status=0
	bdemount -s k.bek d.img mnt </dev/null || return
	starts_alike mnt/bde1 p.raw $(($(stat -c %s p.raw) - $1)) || status=1
	unmount
	return "$status"
}

dislocker_agrees() {
	rm -f peer.raw
	dislocker-file -V d.img -f k.bek -- peer.raw || return
	[[ $(stat -c %s peer.raw) == $(field .volume.encrypted_size) ]] &&
		starts_alike peer.raw p.raw "$(field .volume.encrypted_size)"
}

# What no peer is needed for: the disk's own bytes are the plaintext after the watermark. Whole
# files are not compared: cmp would list every byte of the ciphertext.
plain_after() {
	local at
	at=$(field .volume.encrypted_size)
	# shellcheck disable=SC2046 # one word a number
	same_elsewhere <(tail -c "+$((at + 1))" p.raw) <(tail -c "+$((at + 1))" d.img) $(field \
		".volume.zero_regions[] | select(.offset >= $at) | \"\(.offset - $at) \(.size)\"")
}

header_is_plain() { # NTFS
	cmp -n 8192 "$1" <(tail -c "+$((1 + $(field .volume.header_offset)))" d.img)
}

# Watermarks below, and above, the relocated header of these volumes at about 23 MB.
watermarks() { # NTFS SECTOR METHOD...
	local method states watermark at
	for method in "${@:3}"; do
		for states in 3,1 5,4; do
			for watermark in 10M 28M; do
				at="$method, $2-byte sectors, $states up to $watermark"
				ok "$at: made" make --volume "$1" --method $method --bek k.bek \
					--plain-out p.raw --state "converting:$states,$watermark" \
					d.img
				ok "$at: plaintext is the one hashed" has_hash p.raw \
					"$(field .volume.plain_sha256)"
				ok "$at: libbde" libbde_agrees "$2"
				ok "$at: dislocker, below" dislocker_agrees
				ok "$at: cryptsetup" by_cryptsetup d.img k.bek
				ok "$at: plaintext after it" plain_after
			done
			ok "$at: relocated header is ciphertext" not header_is_plain "$1"
		done
	done
	ok "$2-byte sectors: relocated header above the watermark" make --volume "$1" --bek k.bek \
		--state converting:3,1,10M d.img
	ok "$2-byte sectors: it is plaintext" header_is_plain "$1"
}

numbers() {
	make --volume a.ntfs --bek k.bek --state converting:65535,0,0x123456789abc d.img
	find_field copy2.block.state
	ok "any state" test "$value" = 0xffff
	find_field copy2.block.next_state
	ok "any next state" test "$value" = 0x0
	find_field copy2.block.encrypted_size
	ok "any watermark" test "$value" = 0x123456789abc
	ok "watermark after the end: all is ciphertext" cmp -n 4096 \
		<("$mkade" --volume a.ntfs --seed 1 --bek k.bek x.img && tail -c 4096 x.img) \
		<("$mkade" --volume a.ntfs --seed 1 --bek k.bek --state converting:5,4,1T x.img &&
			tail -c 4096 x.img)
}

# Reading the window as ciphertext (up to a higher watermark) and as plaintext: neither is right.
window_is_mixed() { # OFFSET SIZE
	not cmp -s <(tail -c "+$(($1 + 1))" a.ntfs | head -c "$2") \
		<(tail -c "+$(($1 + 1))" d.img | head -c "$2") &&
		cmp -n $(($2 / 2)) <(tail -c "+$(($1 + $2 / 2 + 1))" a.ntfs) \
			<(tail -c "+$(($1 + $2 / 2 + 1))" d.img)
}

window() {
	make --volume a.ntfs --method xts-128 --bek k.bek --state converting:2,4,20M \
		--conversion-size 1M --plain-out p.raw d.img
	field_is "window: listed" '.volume.refused_regions' \
		'[{"offset":20971520,"size":1048576}]'
	ok "window: half converted" window_is_mixed 20971520 1048576
	ok "window: zeros in the expected plaintext" cmp -n 1048576 /dev/zero \
		<(tail -c +20971521 p.raw)
	bdemount -s k.bek d.img mnt </dev/null
	# shellcheck disable=SC2046 # one word a number
	ok "window: libbde reads all around it" same_elsewhere <(head -c 33553920 p.raw) mnt/bde1 \
		20971520 1048576
	unmount

	make --volume a.ntfs --bek k.bek --state converting:2,1,16M --conversion-size 15M d.img
	field_is "window over the relocated header: the front is refused, too" \
		'.volume.refused_regions[0]' '{"offset":0,"size":8192}'
	make --volume a.ntfs --bek k.bek --state converting:2,1,16M d.img
	field_is "no conversion size: nothing is refused" '.volume.refused_regions[]' ''
}

make_volumes() {
	"$mkntfs_sh" --size 32M --list a.list a.ntfs &&
		"$mkntfs_sh" --size 32M --sector 4096 a4.ntfs
}

volumes_by make_volumes
watermarks a.ntfs 512 xts-128 cbc-256 cbc-128-diffuser
watermarks a4.ntfs 4096 xts-128
ok "expected plaintext mounts" files_intact p.raw a.list
numbers
window
done_testing
