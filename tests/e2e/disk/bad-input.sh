#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks and keys that are wrong: exit code, message and hint of each; never a crash, never a hang.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs jq "$MKADE" qemu-img

disk=$work/disk.img
at=$work/mnt
bek=$work/$bek_guid.BEK
mkdir "$at" "$work/out"
make_disk "$disk" --layout bare --method xts-256 --guid "$bek_guid" --bek "$bek" \
	--recovery-password "$recovery_password"

# every run is bounded: a hang is a failure (exit code 124)
run()
{
	timeout 60 "${adefuse_command[@]}" "$@"
}
mount_it()
{
	run mount "$@" "$at"
}

# ---- the disk
fails 3 "no such disk" run info "$work/none.vhd"
says "adefuse: error:" "none.vhd" "No such file" "adefuse: hint:"
: >"$work/empty.img"
fails 3 "empty file" run info "$work/empty.img"
says "empty.img" "hint:"
fails 3 "a directory" run key "$work"
says "hint:"
mkfifo "$work/fifo"
fails 3 "a FIFO does not block" run info "$work/fifo"
says "fifo" "hint:"
head -c 300 "$disk" >"$work/stub.img"
fails 3 "less than a sector" run info "$work/stub.img"
says "too small to be a disk" "hint:"
for format in vpc vhdx qcow2 vmdk; do
	qemu-img create -q -f $format "$work/x.$format" 64M
	fails 3 "$format is refused by name" run info "$work/x.$format"
	says "hint:" "qemu-img convert"
done
gzip -c "$disk" >"$work/disk.img.gz"
fails 3 "a compressed image is refused by name" run info "$work/disk.img.gz"
says gzip "hint:"

# ---- not BitLocker: served as it is
cp "$(ntfs_volume)" "$work/plain.img"
ok "plain NTFS needs no key" run info --json "$work/plain.img"
json_is "and info says so" - .volumes[0].content ntfs .volumes[0].readable true
fails 4 "no BEK for it" run key --bek "$bek" --out "$work/out" "$work/plain.img"
says "no volume on this disk is encrypted with BitLocker" "hint:"

# ---- truncated
size=$(stat -c %s "$disk")
for part in 4096 65536 $((size / 2)) $((size - 512)); do
	head -c "$part" "$disk" >"$work/short.img"
	run_here run key --bek "$bek" --out "$work/out" --force "$work/short.img"
	status=$?
	[ $status = 3 ] || [ $status = 0 ]
	result $? "truncated to $part bytes: refused or served, no crash (exit code $status)"
	[ $status = 0 ] || says "hint:"
done

# ---- keys
fails 4 "no key" mount_it "$disk"
says "no key was given" "$bek_guid" "hint: give one of --vault NAME"
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/$other_guid.BEK"
fails 4 "a BEK of another disk" mount_it --bek "$work/$other_guid.BEK" "$disk"
says "$other_guid" "$bek_guid" "hint:"
# the right identifier with a wrong key inside
cp "$bek" "$work/flipped.BEK"
bek_size=$(stat -c %s "$bek")
poke "$work/flipped.BEK" $((bek_size - 1)) '\x5a'
fails 4 "a BEK with a wrong key" mount_it --bek "$work/flipped.BEK" "$disk"
says "flipped.BEK" "hint:"
for cut in 0 1 20 47 60 100 $((bek_size - 1)); do
	head -c "$cut" "$bek" >"$work/cut.BEK"
	fails 4 "BEK cut to $cut bytes" mount_it --bek "$work/cut.BEK" "$disk"
	says "cut.BEK"
done
head -c 4096 /dev/urandom >"$work/noise.BEK"
fails 4 "noise as BEK" mount_it --bek "$work/noise.BEK" "$disk"
says "noise.BEK" "hint:"
mkdir "$work/keys"
cp "$work/noise.BEK" "$work/$other_guid.BEK" "$work/keys"
fails 4 "a folder without the right BEK" mount_it --bek "$work/keys" "$disk"
cp "$bek" "$work/keys"
ok "a folder with it" run key --bek "$work/keys" --out "$work/out" --force "$disk"
hash_is "the BEK is written as it was" "$work/out/$bek_guid.BEK" "$(sha_of "$bek")"
is "$(stat -c %a "$work/out/$bek_guid.BEK")" 600 "with mode 0600"
fails 1 "an existing file is not overwritten" \
	run key --bek "$work/keys" --out "$work/out" "$disk"
says "File exists" "--force"
fails 2 "no such folder to write to" run key --bek "$bek" --out "$work/none" "$disk"

password()
{
	RP=$1 mount_it --recovery-password env:RP "$disk"
}
export RP
fails 4 "recovery password with a typo" password "${recovery_password/253979/253978}"
says "group 3" "hint:"
never_says "the digits are not repeated" 253978
fails 4 "a group too large" password "${recovery_password/013365/999999}"
says "group 4"
fails 4 "a letter" password "${recovery_password/241120/24112O}"
says "group 5"
fails 4 "seven groups" password "${recovery_password%-*}"
says "hint:"
fails 4 "well-formed, but another disk's" password "$other_recovery_password"
says "$bek_guid"
fails 4 "a password where the disk has none" env PW=x \
	"${adefuse_command[@]}" mount --password env:PW "$disk" "$at"
printf 'caf\xe9' >"$work/latin1"
fails 4 "a password that is not UTF-8" mount_it --password "file:$work/latin1" "$disk"
says "UTF-8"

# ---- metadata copies, one by one, then all
read -r -a copies < <(json "$disk.json" '.volume.metadata_offsets | join(" ")')
opens()
{
	rm -rf "$work/out2" && mkdir "$work/out2"
	run key --bek "$bek" --out "$work/out2" "$1"
}
damage()
{
	cp --sparse=always "$disk" "$work/damaged.img"
	for copy; do
		poke "$work/damaged.img" $((copies[copy] + 70)) damaged
	done
}
for set in "0" "1" "2" "0 1" "0 2" "1 2"; do
	# shellcheck disable=SC2086
	damage $set
	ok "metadata copies damaged: $set" opens "$work/damaged.img"
	ok "info counts the good ones" run info "$work/damaged.img"
	says "$((3 - $(wc -w <<<"$set"))) of 3 copies good"
done
damage 0 1 2
fails 3 "all copies damaged" opens "$work/damaged.img"
says "${copies[0]}" "hint:"

# ---- every field of the metadata: huge, zero, negative, with a valid checksum
tried=0
crashed=
values=('\xff\xff\xff\xff\xff\xff\xff\xff' '\x00\x00\x00\x00\x00\x00\x00\x00'
	'\xff\xff\xff\xff\xff\xff\xff\x7f' '\x01\x00\x00\x80\x00\x00\x00\x00')
# under a sanitizer the unit tests and fuzzers try them all, without starting a process for each
[ -z "${ADEFUSE_SANITIZED:-}" ] || values=("${values[@]:0:2}")
for i in "${!values[@]}"; do
	# shellcheck disable=SC2059
	printf "${values[i]}" >"$work/value$i"
done
hostile=$work/hostile.img
# put FILE LENGTH FROM: the same field in each copy, so that none can stand in for another
put()
{
	local copy to
	for copy in 0 1 2; do
		to=$((offset - copies[0] + copies[copy]))
		[ "$offset" -ge 512 ] || to=$offset
		range "$1" $(($3 < 0 ? to : $3)) "$2" |
			dd of="$hostile" oflag=seek_bytes seek="$to" conv=notrunc status=none
	done
}
cp --sparse=always "$disk" "$hostile"
while read -r name offset length _; do
	[ "$length" -le 8 ] || length=8
	for i in "${!values[@]}"; do
		put "$work/value$i" "$length" 0
		"$MKADE" --fix-crc "$hostile" >/dev/null 2>&1
		timeout 20 "${adefuse_command[@]}" key --bek "$bek" --out "$work/out" --force \
			"$hostile" >/dev/null 2>&1
		status=$?
		tried=$((tried + 1))
		case $status in
		0 | 3 | 4) ;;
		*) crashed+=" $name=${values[i]}:$status" ;;
		esac
		# a size that was believed has put the CRC elsewhere: the whole image again
		case $name in
		boot.* | *.size | *header*) cp --sparse=always "$disk" "$hostile" ;;
		*) put "$disk" "$length" -1 ;;
		esac
	done
done < <("$MKADE" --show "$disk" | grep -E '^(boot|copy1)\.')
out=$crashed
[ -z "$crashed" ] && [ $tried -gt 100 ]
result $? "$tried hostile fields: served or refused, no crash, no hang"
done_testing
