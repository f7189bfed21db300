#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --engine: a mount through libbde gives the same bytes, on made volumes and on real ones; a volume
# that libbde cannot open is refused with libbde's version and a way out; info names the engine.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
make_disk "$disk" --layout gpt --vhd --method xts-128 --guid "$bek_guid" --bek "$bek" \
	--recovery-password "$recovery_password"
export RP=$recovery_password

# volume_is NAME FILE PATH WANT...: of the BitLocker volume in info's JSON
volume_is()
{
	local name=$1 file=$2 paths=()
	shift 2
	while [ $# -ge 2 ]; do
		paths+=('.volumes[] | select(.content == "bitlocker") | '"$1" "$2")
		shift 2
	done
	json_is "$name" "$file" "${paths[@]}"
}

mount_libbde()
{
	adefuse mount --engine libbde "$@" "$at"
}

adefuse info --engine libbde --bek "$bek" "$disk" >"$work/info" 2>&1
if grep -q 'no libbde' "$work/info"; then
	mkdir "$at"
	fails 3 "a build without libbde says so" mount_libbde --bek "$bek" "$disk"
	says "this build of adefuse has no libbde" "hint:" "libbde-dev"
	done_testing
fi
version=$(sed -n 's/^ *engine: *libbde \([0-9]*\)$/\1/p' "$work/info")
out=$(cat "$work/info")
holds "info names engine and version" [ -n "$version" ]

ok "mounts through libbde" mount_disk "$disk" "$at" --engine libbde --bek "$bek"
plain_is "disk.raw" "$at/disk.raw" disk "$disk"
volume_is "info.json names engine and version" "$at/info.json" \
	.engine libbde .engine_version "$version"
volume_is "and the protector" "$at/info.json" .opened_by.protector_id "$bek_guid"
# libbde itself serves one reader at a time
readers_agree "$at/p3.raw" "$(json "$disk.json" .volume.plain_sha256)"
ok "unmounts" unmount "$at"
ok "mounts through libbde as mount(8) asks" mount_disk "$disk" "$at" \
	-o "engine=libbde,recovery-password=env:RP"
volume_is "engine" "$at/info.json" .engine libbde
volume_is "protector" "$at/info.json" .opened_by.protector_type "recovery password"
ok "unmounts" unmount "$at"
for engine in own auto; do
	adefuse info --json --engine $engine --bek "$bek" "$disk" >"$work/info.json"
	volume_is "--engine $engine" "$work/info.json" .engine own
done
adefuse info --json "$disk" >"$work/info.json"
volume_is "locked: no engine" "$work/info.json" .engine null

# keys that do not fit
make_disk "$work/other.img" --guid "$other_guid" --bek "$work/other.BEK" >/dev/null
fails 4 "the BEK of another disk" mount_libbde --bek "$work/other.BEK" "$disk"
says "is the startup key {$other_guid}" "opened by: startup key (BEK) {$bek_guid}"
RP=$other_recovery_password fails 4 "another recovery password" \
	mount_libbde --recovery-password env:RP "$disk"
says "libbde $version does not unlock this volume with the recovery password" "opened by: "
never_says "nothing of it is shown" 404558
fails 2 "no such engine" adefuse mount --engine fast --bek "$bek" "$disk" "$at"
says "--engine takes one of: auto, own, libbde"

# a state that libbde does not know is served by our engine, whatever is asked for
decrypted=$work/decrypted.img
make_disk "$decrypted" --state decrypted --plain-out "$work/plain" \
	--recovery-password "$recovery_password"
ok "a decrypted volume mounts" mount_disk "$decrypted" "$at" --engine libbde
ok "  with its bytes" cmp "$at/p1.raw" "$work/plain"
volume_is "  by our own engine" "$at/info.json" .engine own
ok "  unmounts" unmount "$at"

# XTS-256: a libbde that cannot says so; one that can has to be right
ade_disk "$disk"
if adefuse info --engine libbde --bek "$bek" "$disk" | grep -q 'engine: *libbde'; then
	ok "XTS-256 mounts" mount_disk "$disk" "$at" --engine libbde --bek "$bek"
	plain_is "  disk.raw" "$at/disk.raw" disk "$disk"
	ok "  unmounts" unmount "$at"
else
	fails 3 "XTS-256 is refused" mount_libbde --bek "$bek" "$disk"
	says "p3: libbde $version cannot open this volume: invalid tweak key value too small" \
		"hint: try our own engine: --engine own"
fi

# Windows Vista's format is read by libbde by default
vista=$work/vista.img
if "$MKADE" --help 2>&1 | grep -q -- '--format'; then
	make_disk "$vista" --format vista --method cbc-128-diffuser --guid "$bek_guid" \
		--bek "$bek" --plain-out "$work/plain"
	ok "Vista mounts" mount_disk "$vista" "$at" --bek "$bek"
	ok "  with its bytes" cmp "$at/p1.raw" "$work/plain"
	volume_is "  by libbde" "$at/info.json" .engine libbde .bitlocker.version 1
	ok "  unmounts" unmount "$at"
	fails 3 "Vista by our own engine is refused" \
		adefuse mount --engine own --bek "$bek" "$vista" "$at"
	says "the BitLocker format of Windows Vista (version 1) is not supported" \
		"hint: libbde reads it: --engine libbde"
	fails 3 "Vista cannot be verified: only one engine reads it" \
		adefuse verify --bek "$bek" "$vista"
	says "only libbde $version reads this format"
else
	skip "Windows Vista" "this image maker makes none"
fi

# real volumes
# passwords: IMAGE PASSWORD SHA256 of those that libbde can open
passwords()
{
	local image
	for image in $(real_image_names | grep -v xts-256); do
		[ -z "$(setting "$image" SHA256SUM)" ] || [ -z "$(setting "$image" PW)" ] ||
			echo "$image $(setting "$image" PW) $(setting "$image" SHA256SUM)"
	done
}
if [ -e "$real_images/real-bitlocker.tar.xz" ] && command -v xz >/dev/null; then
	unpack_real_images || exit 99
	export PW
	count=0
	while read -r image PW want; do
		count=$((count + 1))
		ok "$image mounts through libbde" mount_libbde --password env:PW "$work/$image.img"
		mounts+=("$at")
		hash_is "  gives what dm-crypt decrypts" "$at/p1.raw" "$want"
		ok "  unmounts" unmount "$at"
	done < <(passwords)
	is "$count" 6 "all of them were there"
	PW=anaconda fails 3 "a partly encrypted volume is refused" \
		mount_libbde --password env:PW "$work/bitlk-partially-encrypted-aes-cbc-128.img"
	says "libbde does not know volumes that are encrypted in part by a bitmap"
else
	skip "real volumes" "no $real_images/real-bitlocker.tar.xz, or no xz"
fi
done_testing
