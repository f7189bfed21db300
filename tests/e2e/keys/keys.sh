#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --vmk and --fvek: every method and sector size by either, in the forms that other tools write; what is refused; and
# that neither key is in output, arguments or info.json. dislocker reads the same key files.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq xxd "$MKADE"

at=$work/mnt
# made METHOD SECTOR [OPTIONS...]: $disk, and its keys in $vmk and $fvek, hexadecimal
made()
{
	disk=$work/$1-$2.img
	"$MKADE" --volume "$(sector=$2 ntfs_volume)" --sector "$2" --layout gpt --method "$1" --manifest "$disk.json" --seed 7 "${@:3}" "$disk" || return
	read -r vmk fvek < <(json "$disk.json" '[.. | objects | select(has("fvek"))][0] | "\(.vmk) \(.fvek)"')
	method=$(json "$disk.json" .volume.method_id)
	printf '%s\n' "$vmk" >"$work/vmk"
	printf '%s\n' "$fvek" >"$work/fvek"
	xxd -r -p <<<"$vmk" >"$work/vmk.bin"
	{ printf '%04x' "$method" | sed 's/\(..\)\(..\)/\2\1/'; printf '%s' "$fvek"; head -c 128 /dev/zero | tr '\0' 0; } |
		xxd -r -p | head -c 66 >"$work/fvek.bin"
}
# reads NAME OPTIONS...: mount, compare, unmount
reads()
{
	local name=$1
	shift
	ok "$name" mount_disk "$disk" "$at" "$@" || return
	is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "  every byte"
	cp "$at/info.json" "$work/info.json"
	ok "  unmounts" unmount "$at"
}

methods=(cbc-128-diffuser cbc-256-diffuser cbc-128 cbc-256 xts-128 xts-256)
# under a sanitizer each way once: bde-rawkeys has every method
[ -z "${ADEFUSE_SANITIZED:-}" ] || methods=(cbc-256-diffuser xts-256)
for sector in 512 4096; do
	for name in "${methods[@]}"; do
		ok "$name, $sector bytes a sector" made $name $sector --bek "$work/x.BEK"
		reads "  VMK" --vmk "file:$work/vmk"
		is "$(json "$work/info.json" '[.volumes[] | select(.bitlocker) | .opened_by | .key, .protector_id, .protector_type] | map(. // "null") | join(",")')" \
			"the VMK,null,null" "  by no protector"
		reads "  FVEK" --fvek "file:$work/fvek"
		[ $sector = 4096 ] || reads "  dislocker's FVEK file" --fvek "file:$work/fvek.bin"
	done
done

# libbde: what it reads of this method by a BEK it reads by the FVEK
made cbc-256 512 --bek "$work/x.BEK"
if adefuse verify --help >/dev/null && adefuse mount --engine libbde --bek /nonexistent "$disk" "$at" 2>&1 | grep -q "no libbde"; then
	skip "libbde" "this build has none"
else
	for name in "${methods[@]//xts-*/}"; do
		[ -n "$name" ] || continue
		made $name 512 --bek "$work/x.BEK"
		reads "libbde, $name, FVEK" --engine libbde --fvek "file:$work/fvek"
		ok "  verify by FVEK" adefuse verify --fvek "file:$work/fvek" "$disk"
		tr 0-9a-f 1-9a-f0 <"$work/fvek" >"$work/wrong"
		fails 4 "  another FVEK" adefuse mount --engine libbde --fvek "file:$work/wrong" "$disk" "$at"
		says "libbde" "this volume"
	done
	fails 3 "a VMK through libbde" adefuse mount --engine libbde --vmk "file:$work/vmk" "$disk" "$at"
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
	ok "dislocker reads by that FVEK file" dislocks -V "$disk" -k "$work/fvek.bin" -- "$work/dis"
	ok "dislocker reads by that VMK file" dislocks -V "$disk" -K "$work/vmk.bin" -- "$work/dis"
else
	skip "dislocker" "not there"
fi

# other ways to give them
made xts-256 512 --bek "$work/x.BEK"
reads "the VMK as bytes" --vmk "file:$work/vmk.bin"
by_fd() { mount_disk "$disk" "$at" --vmk fd:9 9<"$work/vmk.bin"; }
ok "by a file descriptor" by_fd
ok "  unmounts" unmount "$at"
FVEK=$(sed 's/../&:/g' "$work/fvek") reads "the FVEK in a variable, with colons" --fvek env:FVEK
reads "in an -o list" -o "vmk=file:$work/vmk"
reads "in an -o list" -o "fvek=file:$work/fvek"

# what does not fit
tr 0-9a-f 1-9a-f0 <"$work/fvek" >"$work/wrong"
fails 4 "another volume's FVEK" adefuse mount --fvek "file:$work/wrong" "$disk" "$at"
says "the FVEK does not decrypt this volume" "hint:"
fails 4 "an FVEK of another size" adefuse mount --fvek "file:$work/vmk" "$disk" "$at"
says "has 32 bytes; AES-XTS 256 of this volume takes 64"
tr 0-9a-f 1-9a-f0 <"$work/vmk" >"$work/wrong-vmk"
fails 4 "another volume's VMK" adefuse mount --vmk "file:$work/wrong-vmk" "$disk" "$at"
says "the VMK does not open this volume" "hint:"
fails 4 "an FVEK for a VMK" adefuse mount --vmk "file:$work/fvek" "$disk" "$at"
says "has 64 bytes; a VMK has 32"
fails 2 "the key on the command line" adefuse mount --fvek "$fvek" "$disk" "$at"
says "was not given as file:, env:, fd: or prompt"
fails 1 "  is not repeated" grep -q "$fvek" <<<"$out"
fails 2 "several disks, a key that is read once" adefuse info --vmk env:X "$disk" "$disk"
fails 4 "key has no BEK to write" adefuse key --vmk "file:$work/vmk" --out "$work" "$disk"
says "opened by the VMK"

# no trace of them
for key in vmk fvek; do
	mkdir -p "$at"
	"${adefuse_command[@]}" mount -f -vv --$key "file:$work/$key" "$disk" "$at" >"$work/log" 2>&1 &
	server=$!
	mounts+=("$at")
	mounted() { mountpoint -q "$at"; }
	ok "mounts by --$key, everything logged" wait_until 30 mounted
	tr '\0' '\n' <"/proc/$server/cmdline" >"$work/cmdline"
	cp "$at/info.json" "$work/info.json"
	for secret in "$vmk" "$fvek"; do
		part=${secret:0:24}
		is "$(grep -ci "$part" "$work/log" "$work/cmdline" "$work/info.json" | grep -vc ':0$')" 0 "  no key in output, arguments, info.json"
		is "$(grep -c "$(sed 's/../\\x&/g' <<<"$part")" -P -a "$work/log" "$work/info.json" | grep -vc ':0$')" 0 "  nor its bytes"
	done
	ok "  (which would be found)" grep -qi "${vmk:0:24}" "$work/vmk"
	fusermount3 -u "$at"
	wait $server
done
done_testing
