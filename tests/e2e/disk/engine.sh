#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --engine: a mount through libbde gives the same bytes, on made volumes and real ones; what libbde cannot open is told
# with its version and what can; info says which engine it was.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
make_disk "$disk" --layout gpt --vhd --method xts-128 --guid "$bek_guid" --bek "$bek" --recovery-password "$recovery_password"
export RP=$recovery_password

volume='.volumes[] | select(.content == "bitlocker") |'
adefuse info --engine libbde --bek "$bek" "$disk" >"$work/info" 2>&1
if grep -q 'no libbde' "$work/info"; then
	mkdir "$at"
	fails 3 "a build without libbde says so" adefuse mount --engine libbde --bek "$bek" "$disk" "$at"
	says "this build of adefuse has no libbde" "hint:" "libbde-dev"
	done_testing
fi
version=$(sed -n 's/^ *engine: *libbde \([0-9]*\)$/\1/p' "$work/info")
out=$(cat "$work/info")
[ -n "$version" ]
result $? "info names engine and version"

ok "mounts through libbde" mount_disk "$disk" "$at" --engine libbde --bek "$bek"
is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "disk.raw"
is "$(json "$at/info.json" "$volume .engine + \" \" + .engine_version")" "libbde $version" "info.json names engine and version"
is "$(json "$at/info.json" "$volume .opened_by.protector_id")" "$bek_guid" "and the protector"
# several readers at once: libbde itself serves one at a time
pids=()
for size in 1M 3333 65537 511K; do
	dd if="$at/p3.raw" bs=$size iflag=fullblock 2>/dev/null | sha256sum | cut -d ' ' -f 1 >"$work/sum.$size" &
	pids+=($!)
done
wait "${pids[@]}"
for size in 1M 3333 65537 511K; do
	is "$(cat "$work/sum.$size")" "$(json "$disk.json" .volume.plain_sha256)" "a reader in steps of $size beside others"
done
ok "unmounts" unmount "$at"
ok "mounts through libbde as mount(8) asks" mount_disk "$disk" "$at" -o "engine=libbde,recovery-password=env:RP"
is "$(json "$at/info.json" "$volume .engine")" libbde "engine"
is "$(json "$at/info.json" "$volume .opened_by.protector_type")" "recovery password" "protector"
ok "unmounts" unmount "$at"
for engine in own auto; do
	adefuse info --json --engine $engine --bek "$bek" "$disk" >"$work/info.json"
	is "$(json "$work/info.json" "$volume .engine")" own "--engine $engine"
done
adefuse info --json "$disk" >"$work/info.json"
is "$(json "$work/info.json" "$volume .engine")" null "locked: no engine"

# keys that do not fit
make_disk "$work/other.img" --guid "$other_guid" --bek "$work/other.BEK" >/dev/null
fails 4 "the BEK of another disk" adefuse mount --engine libbde --bek "$work/other.BEK" "$disk" "$at"
says "is the startup key {$other_guid}" "opened by: startup key (BEK) {$bek_guid}"
fails 4 "another recovery password" env RP=404558-436711-420860-678557-638220-018909-039941-695321 \
	"${adefuse_command[@]}" mount --engine libbde --recovery-password env:RP "$disk" "$at"
says "libbde $version does not unlock this volume with the recovery password" "opened by: "
fails 1 "nothing of it is shown" grep -q 404558 <<<"$out"
fails 2 "no such engine" adefuse mount --engine fast --bek "$bek" "$disk" "$at"
says "--engine takes one of: auto, own, libbde"

# what libbde has no notion of is our engine's, whatever is asked for
make_disk "$work/decrypted.img" --state decrypted --plain-out "$work/plain" --recovery-password "$recovery_password"
ok "a decrypted volume mounts" mount_disk "$work/decrypted.img" "$at" --engine libbde
ok "  with its bytes" cmp "$at/p1.raw" "$work/plain"
is "$(json "$at/info.json" "$volume .engine")" own "  by our own engine"
ok "  unmounts" unmount "$at"

# XTS-256: a libbde that cannot says so; one that can has to be right
ade_disk "$disk"
if adefuse info --engine libbde --bek "$bek" "$disk" | grep -q 'engine: *libbde'; then
	ok "XTS-256 mounts" mount_disk "$disk" "$at" --engine libbde --bek "$bek"
	is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "  disk.raw"
	ok "  unmounts" unmount "$at"
else
	fails 3 "XTS-256 is refused" adefuse mount --engine libbde --bek "$bek" "$disk" "$at"
	says "p3: libbde $version cannot open this volume: invalid tweak key value too small" "hint: try our own engine: --engine own"
fi

# Windows Vista's format is libbde's by default
if "$MKADE" --help 2>&1 | grep -q -- '--format'; then
	make_disk "$work/vista.img" --format vista --method cbc-128-diffuser --guid "$bek_guid" --bek "$bek" --plain-out "$work/plain"
	ok "Vista mounts" mount_disk "$work/vista.img" "$at" --bek "$bek"
	ok "  with its bytes" cmp "$at/p1.raw" "$work/plain"
	is "$(json "$at/info.json" "$volume .engine + \" \" + (.bitlocker.version | tostring)")" "libbde 1" "  by libbde"
	ok "  unmounts" unmount "$at"
	fails 3 "Vista by our own engine is refused" adefuse mount --engine own --bek "$bek" "$work/vista.img" "$at"
	says "the BitLocker format of Windows Vista (version 1) is not supported" "hint: libbde reads it: --engine libbde"
	fails 3 "Vista has nothing to be verified with" adefuse verify --bek "$bek" "$work/vista.img"
	says "only libbde $version reads this format"
else
	skip "Windows Vista" "this image maker makes none"
fi

# real volumes
images=${ADEFUSE_REAL_IMAGES:-$abs_top_srcdir/../shared/images}
if [ -e "$images/real-bitlocker.tar.xz" ] && command -v xz >/dev/null; then
	tar -xJf "$images/real-bitlocker.tar.xz" -C "$work" || exit 99
	find "$work" -mindepth 2 -name '*.img' -exec mv -t "$work" {} + -o -name images.conf -exec mv -t "$work" {} +
	count=0
	while read -r image password want; do
		count=$((count + 1))
		ok "$image mounts through libbde" env PW="$password" "${adefuse_command[@]}" mount --engine libbde \
			--password env:PW "$work/$image.img" "$at"
		mounts+=("$at")
		is "$(sha_of "$at/p1.raw")" "$want" "  and is what dm-crypt decrypts"
		ok "  unmounts" unmount "$at"
	done < <(awk -F = '/^\[/ { name = substr($0, 2, length($0) - 2); pw = "" } $1 == "PW" { pw = $2 }
		$1 == "SHA256SUM" && $2 != "" && pw != "" && name !~ /xts-256/ { print name, pw, $2 }' "$work/images.conf")
	is "$count" 6 "all of them were there"
	fails 3 "a volume encrypted in part is refused" env PW=anaconda "${adefuse_command[@]}" mount --engine libbde \
		--password env:PW "$work/bitlk-partially-encrypted-aes-cbc-128.img" "$at"
	says "libbde does not know volumes that are encrypted in part by a bitmap"
else
	skip "real volumes" "no images"
fi
done_testing
