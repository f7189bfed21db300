#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Are the image maker's disks BitLocker in the eyes of others? dislocker, libbde (bdemount) and
# cryptsetup open what they support of them, each with every kind of key, and must give exactly
# the plaintext of the manifest; sgdisk, fdisk, fsck.vfat and qemu-img look at the rest.
#
# What the peers cannot do, so that it is not asked of them here (versions of Debian 12):
#   libbde      AES-XTS 256; metadata entries of version 3 and 261 (clear keys of newer Windows);
#               volumes in state "decrypted"; offsets after about 1 TiB (reads fail with EIO)
#   dislocker   non-ASCII passwords; the 180-byte BEK; volumes in state "decrypted"; it tries the
#               first recovery password only, and so does libbde
#   cryptsetup  decrypts only in the kernel: here it unlocks and prints the key; no clear key; a
#               non-ASCII password is refused by 2.6.1 (libbde takes the same one)
# None of them differs from Windows in what reads as zeros: all compare over the whole volume.

. "${abs_top_srcdir:?run by make check}/tests/mkade/peers.sh" || exit 99

every_method() { # NTFS SECTOR
	local method recovery at="$2-byte sectors"
	for method in xts-128 xts-256 cbc-128 cbc-256 cbc-128-diffuser cbc-256-diffuser; do
		ok "$method, $at: made" make --volume "$1" --method "$method" --plain-out p.raw \
			--bek k.bek --recovery-password random --password "$password" --tpm d.img
		recovery=$(field '.protectors[] | .recovery_password // empty')
		printf %s "$password" >pw
		printf %s "$recovery" >rp
		ok "$method, $at: dislocker, startup key" by_dislocker d.img -f k.bek
		ok "$method, $at: the plaintext written is the one hashed" cmp p.raw peer.raw
		ok "$method, $at: cryptsetup, password" by_cryptsetup d.img pw
		if [[ $method != xts-256 ]]; then
			ok "$method, $at: libbde, startup key" by_bdemount d.img -s k.bek
		fi
		[[ $2 == 512 ]] || continue
		ok "$method, $at: dislocker, recovery password" by_dislocker d.img "-p$recovery"
		ok "$method, $at: dislocker, password" by_dislocker d.img "-u$password"
		ok "$method, $at: cryptsetup, recovery password" by_cryptsetup d.img rp
		ok "$method, $at: cryptsetup, startup key" by_cryptsetup d.img k.bek
	done
}

libbde_keys() {
	make --volume a.ntfs --method xts-128 --recovery-password random --password "$password" \
		--recovery-password random d.img
	ok "libbde, recovery password" by_bdemount d.img \
		-r "$(field '.protectors[0].recovery_password')"
	ok "libbde, password" by_bdemount d.img -p "$password"
	field '.protectors[2].recovery_password' | tr -d '\n' >rp
	ok "second recovery password: cryptsetup" by_cryptsetup d.img rp

	make --volume a.ntfs --method xts-128 --password 'Grüße 日本 🎼' --auto-unlock d.img
	ok "password beyond ASCII: libbde" by_bdemount d.img -p 'Grüße 日本 🎼'
}

startup_keys() {
	local guid=0a1b2c3d-4e5f-4677-8899-aabbccddeeff
	mkdir -p keys
	make --volume a.ntfs --method xts-128 --bek-layout 180 --guid $guid --bek keys \
		--bek-layout 156 --bek other.bek d.img
	ok "BEK is named by its GUID" test -f keys/0A1B2C3D-4E5F-4677-8899-AABBCCDDEEFF.BEK
	ok "BEK of 180 bytes has that size" test "$(stat -c %s keys/0A1B*.BEK)" = 180
	ok "BEK of 156 bytes has that size" test "$(stat -c %s other.bek)" = 156
	ok "BEK of 180 bytes: libbde" by_bdemount d.img -s keys/0A1B*.BEK
	ok "BEK of 180 bytes: cryptsetup" by_cryptsetup d.img keys/0A1B*.BEK
	ok "second startup key: dislocker" by_dislocker d.img -f other.bek
	ok "second startup key: libbde" by_bdemount d.img -s other.bek
}

# Which kinds there are, and which peer knows which name. dislocker looks for a BEK's own
# protector, and crashes on those that need a TPM besides.
protector_kinds() {
	local option
	for option in tpm tpm-pin tpm-network public-key 'protector-type 0x4000' 'tpm-bek tb.bek' \
		'tpm-pin-bek tpb.bek' 'recovery-key rk.bek' 'bek k.bek'; do
		echo "--${option/ /=}"
	done >options
	mapfile -t options <options
	ok "every kind of protector" make --volume a.ntfs --method xts-128 "${options[@]}" d.img
	field_is "kinds: as on disk" '[.protectors[].type_id]' \
		'[256,1280,4352,4096,16384,768,1792,512,512]'
	ok "kinds: cryptsetup" diff <(cryptsetup bitlkDump d.img |
		sed -n 's/.*Protection:.*VMK //p') - <<-END
		protected with TPM
		protected with TPM and PIN
		with unknown protection
		protected with smart card
		with unknown protection
		with unknown protection
		with unknown protection
		protected with startup key
		protected with startup key
	END
	ok "kinds: libbde" diff <(bdeinfo -s k.bek d.img | sed -n 's/.*Type\t*: //p') - <<-END
		TPM
		Unknown (0x0500)
		Unknown (0x1100)
		Unknown (0x1000)
		Unknown (0x4000)
		Unknown (0x0300)
		Unknown (0x0700)
		Startup key
		Startup key
	END
	ok "kinds: the recovery key opens: libbde" by_bdemount d.img -s rk.bek
	ok "kinds: the recovery key opens: cryptsetup" by_cryptsetup d.img rk.bek
	ok "kinds: the startup key of a TPM alone does not open: libbde" not bdeinfo_unlocks tb.bek
	ok "kinds: that of TPM and PIN does not open: libbde" not bdeinfo_unlocks tpb.bek
	ok "kinds: the startup key of a TPM alone does not open: cryptsetup" \
		not by_cryptsetup d.img tb.bek
}

bdeinfo_unlocks() { # BEK
	bdemount -s "$1" d.img mnt </dev/null || return
	unmount
}

# Without its boot sector nobody finds the volume; with it back, all is there.
overwritten() {
	local how
	make --volume a.ntfs --method xts-128 --bek k.bek --seed 9 whole.img
	for how in zeros:1 noise:16; do
		make --volume a.ntfs --method xts-128 --bek k.bek --seed 9 --overwrite $how d.img
		ok "overwritten, $how: dislocker finds nothing" not by_dislocker d.img -f k.bek
		ok "overwritten, $how: nothing else is touched" same_elsewhere whole.img d.img 0 \
			$((512 * ${how#*:}))
		dd if=whole.img of=d.img bs=512 count=1 conv=notrunc status=none
		ok "overwritten, $how: dislocker, boot sector put back" by_dislocker d.img -f k.bek
	done
	make --volume a.ntfs --bek k.bek --overwrite zeros:2 d.img
	ok "overwritten: zeros" cmp -n 1024 /dev/zero d.img
	ok "not more than the relocated header" not make --volume a.ntfs --bek k.bek \
		--overwrite zeros:17 d.img
}

# A decrypted volume differs from its file system only at the front, in BitLocker's areas, and
# keeps the front in the relocated header. No peer opens it, so this looks at the bytes.
decrypted_state() {
	make --volume a.ntfs --state decrypted --plain-out p.raw d.img
	# shellcheck disable=SC2046 # one word a number
	ok "decrypted: all plain but BitLocker's areas" same_elsewhere a.ntfs d.img 0 8192 \
		$(zero_ranges)
	ok "decrypted: relocated header" cmp -n 8192 a.ntfs <(tail -c "+$((1 + $(field \
		.volume.header_offset)))" d.img)
	ok "decrypted: expected plaintext mounts" files_intact p.raw a.list
}

states() {
	local version
	for version in 1 3 261; do
		make --volume a.ntfs --state suspended --clear-key-version $version \
			--method xts-128 d.img
		ok "suspended, entry version $version: dislocker" by_dislocker d.img -c
	done
	make --volume a.ntfs --state suspended --method cbc-256 d.img
	ok "suspended: libbde" by_bdemount d.img
	decrypted_state
}

to_go() {
	local method
	truncate -s 36M t.fat
	mkfs.vfat -F 32 -s 1 t.fat >/dev/null
	# Free clusters with content: what is not encrypted right would not come back.
	openssl enc -aes-128-ctr -nosalt -K 01 -iv 0 -in <(head -c 8M /dev/zero) 2>/dev/null |
		dd of=t.fat bs=1M seek=20 conv=notrunc status=none
	for method in xts-128 cbc-128-diffuser; do
		make --volume t.fat --togo --method $method --password "$password" d.img
		ok "To Go, $method: dislocker" by_dislocker d.img "-u$password"
		ok "To Go, $method: libbde" by_bdemount d.img -p "$password"
		printf %s "$password" >pw
		ok "To Go, $method: cryptsetup" by_cryptsetup d.img pw
	done
	ok "To Go: file system" fsck.vfat -n peer.raw
}

# Start and size in sectors of every partition as fdisk reads them, against the manifest.
# Told nothing else, fdisk falls back to the backup table without failing: it only says so.
partitions_are_right() { # IMAGE SECTOR
	fdisk -b "$2" -l -o Start,Sectors "$1" 2>&1 |
		sed -n '/^ *Start/,$ { /^ *[0-9]/ { s/^ *//; s/  */ /p } }' >table.got
	field ".partitions[] | \"\(.offset / $2) \(.size / $2)\"" >table.expected
	diff table.expected table.got
}

# sgdisk takes every file for a disk with 512-byte sectors; fdisk can be told. Both are content
# with a disk that has no table, which is what the partitions are compared for.
table_is_right() { # IMAGE SECTOR
	if [[ $2 == 512 ]]; then
		sgdisk -v "$1" >table.log
		if ! grep -q '^No problems found' table.log ||
			grep -qiE 'creat|invalid' table.log; then
			cat table.log
			return 1
		fi
	fi
	printf 'v\nq\n' | fdisk -b "$2" "$1" >table.log 2>&1
	if ! grep -q 'No errors detected' table.log || grep -qi corrupt table.log; then
		cat table.log
		return 1
	fi
	partitions_are_right "$1" "$2"
}

backup_is_right() { # IMAGE SECTOR
	cp --sparse=always "$1" backup.img
	dd if=/dev/zero of=backup.img bs="$2" seek=1 count=1 conv=notrunc status=none
	fdisk -b "$2" -l backup.img >table.log 2>&1
	grep -i 'primary GPT table is corrupt' table.log && partitions_are_right backup.img "$2"
}

partition_is() { # IMAGE NUMBER FILE
	local at size
	at=$(field ".partitions[$(($2 - 1))].offset")
	size=$(stat -c %s "$3")
	cmp -n "$size" "$3" <(tail -c "+$((at + 1))" "$1")
}

efi_is_right() { # IMAGE
	dd if="$1" of=efi.fat iflag=skip_bytes,count_bytes bs=1M status=none \
		skip="$(field '.partitions[0].offset')" count="$(field '.partitions[0].size')" &&
		fsck.vfat -n efi.fat
}

disk_view_is_right() { # IMAGE PLAIN-DISK
	# shellcheck disable=SC2046 # one word a number
	has_hash "$2" "$(field .disk.plain_sha256)" &&
		same_elsewhere <(head -c "$(field .disk.size)" "$1") "$2" \
			$(field '"\(.volume.offset) \(.volume.size)"') &&
		has_hash <(tail -c "+$(($(field .volume.offset) + 1))" "$2" |
			head -c "$(field .volume.size)") "$(field .volume.plain_sha256)"
}

layouts() { # NTFS SYSTEM SECTOR
	ok "GPT, $3: made" make --volume "$1" --layout gpt --method xts-128 --bek k.bek \
		--plain-disk-out pd.raw d.img
	ok "GPT, $3: table" table_is_right d.img "$3"
	ok "GPT, $3: backup table" backup_is_right d.img "$3"
	ok "GPT, $3: EFI partition" efi_is_right d.img
	ok "GPT, $3: dislocker" by_dislocker d.img -f k.bek
	ok "GPT, $3: libbde" by_bdemount d.img -s k.bek
	ok "GPT, $3: plaintext of the disk" disk_view_is_right d.img pd.raw
	ok "MBR, $3: made" make --volume "$1" --layout mbr --system "$2" --method cbc-256 \
		--bek k.bek --vhd --plain-disk-out pd.raw d.vhd
	ok "MBR, $3: table" partitions_are_right d.vhd "$3"
	ok "MBR, $3: System Reserved" partition_is d.vhd 1 "$2"
	ok "MBR, $3: dislocker" by_dislocker d.vhd -f k.bek
	ok "MBR, $3: libbde" by_bdemount d.vhd -s k.bek
	ok "MBR, $3: plaintext of the disk" disk_view_is_right d.vhd pd.raw
}

# Told that this is a VHD, qemu refuses it when the checksum of its footer is wrong.
qemu_sees_the_disk() { # VHD
	qemu-img info --output=json -f vpc "$1" >qemu.json &&
		[[ $(json qemu.json '."virtual-size"') == $(field .disk.size) ]] &&
		head -c "$(field .disk.size)" "$1" >vhd.raw &&
		qemu-img compare -f vpc -F raw "$1" vhd.raw
}

# Four TiB: pieces that are written anywhere on it.
sparse() {
	local offset size sha bad=0
	truncate -s 4T big.ntfs
	mkntfs -F -f -Q -s 512 -c 65536 -p 2048 -S 63 -H 255 big.ntfs >/dev/null 2>&1
	ok "4 TiB: made" make --volume big.ntfs --sparse-size 4T --layout gpt --method xts-256 \
		--bek k.bek big.img
	ok "4 TiB: less than 256 MiB on disk" test "$(du -m big.img | cut -f1)" -lt 256
	ok "4 TiB: table" table_is_right big.img 512
	dislocker-fuse -V big.img -O "$(field .volume.offset)" -r -f k.bek -- mnt
	while read -r offset size sha; do
		has_hash <(dd if=mnt/dislocker-file iflag=skip_bytes,count_bytes bs=1M \
			skip="$offset" count="$size" status=none) "$sha" || bad=1
	done < <(field '.extents[] | "\(.offset) \(.size) \(.sha256)"')
	ok "4 TiB: dislocker, every written piece" test "$bad" = 0
	unmount
	rm -f big.ntfs big.img
}

# A patched description is refused for its CRC, and shown once that is mended.
show_and_fix_crc() {
	local copy at len
	make --volume a.ntfs --method xts-128 --bek k.bek --description Original d.img
	for copy in 1 2 3; do
		find_field "copy$copy.d0.text"
		ok "--show, copy $copy: the description" test "$(dd if=d.img bs=1 skip="$at" \
			count="$len" status=none | tr -d '\0')" = Original
		printf P | dd of=d.img bs=1 seek="$at" conv=notrunc status=none
	done
	ok "patched metadata: dislocker refuses all copies" not by_dislocker d.img -f k.bek
	ok "--fix-crc" "$mkade" --fix-crc d.img
	ok "mended metadata: dislocker" by_dislocker d.img -f k.bek
	ok "mended metadata: cryptsetup sees the patch" sees_description Priginal
}

sees_description() {
	cryptsetup bitlkDump d.img >dump.log && grep "^Description:[[:space:]]*$1" dump.log
}

deterministic() {
	local opts=(--volume a.ntfs --layout gpt --vhd --password "$password" --tpm --clear-key)
	make --seed 5 "${opts[@]}" d.img
	sed 's/"file".*//' m.json >first.json
	mv d.img first.img
	make --seed 5 "${opts[@]}" d.img
	ok "same seed: same image" cmp first.img d.img
	ok "same seed: same manifest" cmp first.json <(sed 's/"file".*//' m.json)
	make --seed 6 "${opts[@]}" d.img
	ok "other seed: other image" not cmp -s first.img d.img
}

make_volumes() {
	"$mkntfs_sh" --size 32M --list a.list a.ntfs &&
		"$mkntfs_sh" --size 32M --sector 4096 --list a4.list a4.ntfs &&
		"$mkntfs_sh" --size 8M --tree none sys.ntfs &&
		"$mkntfs_sh" --size 8M --tree none --sector 4096 sys4.ntfs
}

volumes_by make_volumes
every_method a.ntfs 512
ok "files are intact" files_intact peer.raw a.list
every_method a4.ntfs 4096
ok "files are intact with 4096-byte sectors" files_intact peer.raw a4.list
libbde_keys
startup_keys
states
protector_kinds
overwritten
to_go
layouts a.ntfs sys.ntfs 512
layouts a4.ntfs sys4.ntfs 4096
make --volume a.ntfs --layout gpt --vhd --method xts-128 --bek k.bek d.vhd
ok "VHD: qemu reads the disk" qemu_sees_the_disk d.vhd
sparse
show_and_fix_crc
deterministic
done_testing
