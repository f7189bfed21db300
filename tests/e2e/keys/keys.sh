#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --vmk and --fvek: every method and sector size by either, in the forms that other tools write;
# what is refused; and that neither key is in output, arguments or info.json. dislocker reads the
# same key files.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq xxd "$MKADE"

at=$work/mnt
info=$work/info.json

# made METHOD SECTOR [OPTIONS...]: $disk, and its keys in $vmk and $fvek, hexadecimal, and in files
made()
{
	local id
	disk=$work/$1-$2.img
	"$MKADE" --volume "$(sector=$2 ntfs_volume)" --sector "$2" --layout gpt --method "$1" \
		--manifest "$disk.json" --seed 7 "${@:3}" "$disk" || return
	read -r vmk fvek < <(json "$disk.json" \
		'[.. | objects | select(has("fvek"))][0] | "\(.vmk) \(.fvek)"')
	printf '%s\n' "$vmk" >"$work/vmk"
	printf '%s\n' "$fvek" >"$work/fvek"
	xxd -r -p <<<"$vmk" >"$work/vmk.bin"
	# dislocker's form: the method, 16 bits, and 64 bytes with the key
	id=$(printf '%04x' "$(json "$disk.json" .volume.method_id)")
	printf '%s%s%s%0128d' "${id:2}" "${id:0:2}" "$fvek" 0 | xxd -r -p |
		head -c 66 >"$work/fvek.bin"
}

# reads NAME OPTIONS...: mount, compare, unmount
reads()
{
	local name=$1
	shift
	ok "$name" mount_disk "$disk" "$at" "$@" || return
	plain_is "  every byte" "$at/disk.raw" disk "$disk"
	cp "$at/info.json" "$info"
	ok "  unmounts" unmount "$at"
}

# another KEY: a key that is wrong, in $work/wrong
another()
{
	tr 0-9a-f 1-9a-f0 <"$work/$1" >"$work/wrong"
}

methods=(cbc-128-diffuser cbc-256-diffuser cbc-128 cbc-256 xts-128 xts-256)
# under a sanitizer each way once: the unit test bde/rawkeys has every method
[ -z "${ADEFUSE_SANITIZED:-}" ] || methods=(cbc-256-diffuser xts-256)
for sector in 512 4096; do
	for name in "${methods[@]}"; do
		ok "$name, $sector bytes a sector" made $name $sector --bek "$work/x.BEK"
		reads "  VMK" --vmk "file:$work/vmk"
		json_is "  by no protector" "$info" '.volumes[] | select(.bitlocker) |
			.opened_by | [.key, .protector_id, .protector_type]' \
			'["the VMK",null,null]'
		reads "  FVEK" --fvek "file:$work/fvek"
		[ $sector = 4096 ] || reads "  dislocker's FVEK file" --fvek "file:$work/fvek.bin"
	done
done

# libbde: what it reads of this method by a BEK it reads by the FVEK
made cbc-256 512 --bek "$work/x.BEK"
run_here adefuse mount --engine libbde --bek "$nowhere" "$disk" "$at"
if contains "no libbde"; then
	skip "libbde" "this build has none"
else
	for name in "${methods[@]//xts-*/}"; do
		[ -n "$name" ] || continue
		made $name 512 --bek "$work/x.BEK"
		reads "libbde, $name, FVEK" --engine libbde --fvek "file:$work/fvek"
		ok "  verify by FVEK" adefuse verify --fvek "file:$work/fvek" "$disk"
		another fvek
		fails 4 "  another FVEK" \
			adefuse mount --engine libbde --fvek "file:$work/wrong" "$disk" "$at"
		says "libbde" "this volume"
	done
	fails 3 "a VMK through libbde" \
		adefuse mount --engine libbde --vmk "file:$work/vmk" "$disk" "$at"
	says "libbde takes no VMK" "--engine own"
fi

# dislocker takes the same files
dislocks()
{
	mkdir -p "$work/dis"
	mounts+=("$work/dis")
	dislocker-fuse -O "$(json "$disk.json" .volume.offset)" "$@" || return
	head -c 8192 "$work/dis/dislocker-file" >"$work/dis-head"
	umount "$work/dis"
	cmp "$work/dis-head" <(head -c 8192 "$work/plain-volume")
}
made cbc-256-diffuser 512 --bek "$work/x.BEK" --plain-out "$work/plain-volume"
if command -v dislocker-fuse >/dev/null; then
	ok "dislocker reads by that FVEK file" \
		dislocks -V "$disk" -k "$work/fvek.bin" -- "$work/dis"
	ok "dislocker reads by that VMK file" \
		dislocks -V "$disk" -K "$work/vmk.bin" -- "$work/dis"
else
	skip "dislocker" "no dislocker-fuse"
fi

# other ways to give them
made xts-256 512 --bek "$work/x.BEK"
reads "the VMK as bytes" --vmk "file:$work/vmk.bin"
by_fd()
{
	mount_disk "$disk" "$at" --vmk fd:9 9<"$work/vmk.bin"
}
ok "by a file descriptor" by_fd
ok "  unmounts" unmount "$at"
FVEK=$(sed 's/../&:/g' "$work/fvek") reads "the FVEK in a variable, with colons" --fvek env:FVEK
reads "in an -o list" -o "vmk=file:$work/vmk"
reads "in an -o list" -o "fvek=file:$work/fvek"

# what does not fit
another fvek
fails 4 "another volume's FVEK" adefuse mount --fvek "file:$work/wrong" "$disk" "$at"
says "the FVEK does not decrypt this volume" "hint:"
fails 4 "an FVEK of another size" adefuse mount --fvek "file:$work/vmk" "$disk" "$at"
says "has 32 bytes; AES-XTS 256 of this volume takes 64"
another vmk
fails 4 "another volume's VMK" adefuse mount --vmk "file:$work/wrong" "$disk" "$at"
says "the VMK does not open this volume" "hint:"
fails 4 "an FVEK for a VMK" adefuse mount --vmk "file:$work/fvek" "$disk" "$at"
says "has 64 bytes; a VMK has 32"
fails 2 "the key on the command line" adefuse mount --fvek "$fvek" "$disk" "$at"
says "was not given as file:, env:, fd: or prompt"
never_says "  is not repeated" "$fvek"
fails 2 "several disks, a key that can be read only once" \
	adefuse info --vmk env:X "$disk" "$disk"
fails 4 "key has no BEK to write" adefuse key --vmk "file:$work/vmk" --out "$work" "$disk"
says "opened by the VMK"

# no trace of them
# found_in GREP-OPTION... FILE...: how many of the files have it
found_in()
{
	grep -c "$@" | grep -vc ':0$'
}
for key in vmk fvek; do
	mkdir -p "$at"
	"${adefuse_command[@]}" mount -f -vv --$key "file:$work/$key" "$disk" "$at" \
		>"$work/log" 2>&1 &
	server=$!
	mounts+=("$at")
	ok "mounts by --$key, everything logged" mounted 30 "$at"
	tr '\0' '\n' <"/proc/$server/cmdline" >"$work/cmdline"
	cp "$at/info.json" "$info"
	for secret in "$vmk" "$fvek"; do
		part=${secret:0:24}
		is "$(found_in -i "$part" "$work/log" "$work/cmdline" "$info")" 0 \
			"  no key in output, arguments, info.json"
		is "$(found_in -P -a "$(sed 's/../\\x&/g' <<<"$part")" "$work/log" "$info")" 0 \
			"  nor its bytes"
	done
	ok "  (which would be found)" grep -qi "${vmk:0:24}" "$work/vmk"
	fusermount3 -u "$at"
	wait $server
done
done_testing
