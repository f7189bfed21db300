#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Damaged and partly encrypted disks through the real program: what is left is mounted, what is not is an input/output
# error, and info.json says so. Folders of images in one `adefuse info`.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq python3 "$MKADE"

mnt=$work/mnt
bek=$work/k.BEK
mkdir "$mnt" "$work/images"
make() # OUT MKADE-OPTION...
{
	local disk=$1
	shift
	rm -f "$bek"
	make_disk "$disk" --method xts-128 --guid "$bek_guid" --bek "$bek" --plain-out "$work/plain" "$@"
}
mounted() # NAME ADEFUSE-OPTION...
{
	local name=$1
	shift
	mounts+=("$mnt")
	ok "$name: mounts" adefuse mount --bek "$bek" "$@" "$mnt"
}
off() { ok "  unmounts" unmount "$mnt"; }
plain_is() { is "$(sha_of "$mnt/$1")" "$(sha_of "$work/plain")" "  $1 is the plaintext"; }
info() { json "$mnt/info.json" ".volumes[0].$1"; }
# pages FILE EXPECTED: "right START END" and "error START END" runs of 4 KiB pages; a wrong page shows
pages()
{
	python3 - "$1" "$2" <<'END'
import os, sys
fd, want = os.open(sys.argv[1], os.O_RDONLY), open(sys.argv[2], "rb")
size, at, runs = os.fstat(fd).st_size, 0, []
while at < size:
    want.seek(at)
    expected = want.read(4096)
    try:
        word = "right" if os.pread(fd, 4096, at) == expected else "WRONG"
    except OSError:
        word = "error"
    if not runs or runs[-1][0] != word:
        runs.append([word, at, at])
    at = min(at + 4096, size)
    runs[-1][2] = at
print(" ".join("%s %d %d" % tuple(run) for run in runs))
END
}
# errors_outside RUNS "START END START END...": pages that are errors and touch none of these ranges
errors_outside()
{
	python3 - "$1" "$2" <<'END'
import sys
words, allowed = sys.argv[1].split(), list(map(int, sys.argv[2].split()))
ranges = list(zip(allowed[::2], allowed[1::2]))
for word, start, end in zip(words[::3], words[1::3], words[2::3]):
    for at in range(int(start), int(end), 4096):
        if word == "error" and not any(at < high and at + 4096 > low for low, high in ranges):
            print(at)
END
}
disk=$work/images/disk.img

# ---- no boot sector
for front in zeros:1 noise:16; do
	ok "boot sector overwritten, $front: made" make "$disk" --layout bare --overwrite $front
	mounted "  it" "$disk"
	says "found by its signature"
	plain_is p1.raw
	plain_is disk.raw
	is "$(info bitlocker.boot_sector_lost)" true "  told in info.json"
	off
done
ok "on a disk with partitions: made" make "$work/images/gpt.img" --layout gpt --overwrite noise:16
at=$(json "$work/images/gpt.img.json" .volume.offset)
# what bootrec or a format begun by mistake leaves: a boot sector of NTFS whose file table is ciphertext
dd if="$(ntfs_volume)" of="$work/images/gpt.img" bs=512 count=1 seek=$((at / 512)) conv=notrunc status=none
number=$(json "$work/images/gpt.img.json" .volume.partition)
mounted "NTFS written over the boot sector" "$work/images/gpt.img"
plain_is "p$number.raw"
off
ok "an NTFS volume is no BitLocker volume" adefuse info --json "$(ntfs_volume)"
says '"content":	"ntfs"' '"readable":	true'

# ---- bitmaps
eow=(--layout bare --eow --chunk 64K --eow-region 5M --eow-encrypted random)
ok "partly encrypted: made" make "$disk" "${eow[@]}"
mounted "  it" "$disk"
plain_is p1.raw
is "$(info bitlocker.conversion)" bitmap "  told"
is "$(info plaintext.unreadable)" 0 "  all of it is readable"
is "$(info plaintext.salvaged)" false "  without salvage"
off
ok "the text of info" adefuse info "$disk"
says "partly encrypted, AES-XTS 128" "bitmaps of 65536-byte chunks" "% encrypted"
ok "a bitmap lost: made" make "$disk" "${eow[@]}" --eow-damage bitmap:2
fails 3 "  refused" adefuse mount --bek "$bek" "$disk" "$mnt"
says "1 of 6 EOW bitmaps are lost" "hint: --salvage serves what is known"
mounted "  with --salvage" --salvage "$disk"
says "salvaged: "
runs=$(pages "$mnt/p1.raw" "$work/plain")
is "$(grep -o 'WRONG' <<<"$runs")" "" "  no page is wrong"
is "$(errors_outside "$runs" "$(json "$disk.json" '.volume.eow | .log_size as $l | .regions[2] |
	"\(.offset) \(.offset + .size) \(.bitmap) \(.bitmap + 65536 + $l)"')")" "" "  only that region's are errors, and where its bitmap was"
ok "  and there are such" grep -q error <<<"$runs"
is "$(info plaintext.salvaged)" true "  told in info.json"
off
mounts+=("$mnt")
ok "-o salvage" adefuse mount --bek "$bek" -o salvage "$disk" "$mnt"
off

# ---- cut off
ok "to be cut: made" make "$disk" --layout bare
size=$(stat -c %s "$disk")
cut=$((size * 7 / 8 / 4096 * 4096 + 1536))
truncate -s $cut "$disk"
mounted "an image that is cut off" "$disk"
says "is cut off"
is "$(stat -c %s "$mnt/p1.raw")" "$size" "  has the volume's size"
is "$(stat -c %s "$mnt/disk.raw")" "$cut" "  disk.raw has the disk's"
edge=$((cut / 4096 * 4096))
is "$(pages "$mnt/p1.raw" "$work/plain")" "right 0 $edge error $edge $size" "  what is there is right, what is not is an error"
ok "  with O_DIRECT to the sector" dd if="$mnt/p1.raw" of="$work/edge" iflag=direct bs=512 skip=$((edge / 512)) count=3 status=none
ok "    right" cmp "$work/edge" <(tail -c +$((edge + 1)) "$work/plain" | head -c 1536)
fails 1 "    and no further" dd if="$mnt/p1.raw" of=/dev/null iflag=direct bs=512 skip=$((cut / 512)) count=1 status=none
off

# ---- a folder
printf 'not a disk' >"$work/images/note.txt"
truncate -s 2M "$work/images/zeros.bin"
ok "dynamic VHD: made" qemu-img create -q -f vpc -o subformat=dynamic "$work/images/dynamic.vhd" 8M
truncate -s 2M "$work/images/dynamic.vhd"
fails 3 "a folder: the exit code is that of the one that cannot be read" adefuse info "$work/images"
says "$disk: raw" "gpt.img: raw" "dynamic"
fails 1 "  what is no disk is left out" grep -q "note.txt\|zeros.bin:" <<<"$out"
adefuse info --json "$work/images" >"$work/folder.json" 2>"$work/said"
is "$(json "$work/folder.json" '[.disks[] | .disk.path // .path | split("/") | last] | sort | join(" ")')" "disk.img dynamic.vhd gpt.img" "  JSON has them all"
is "$(json "$work/folder.json" '[.disks[] | select(.error) | .error.code] | join(" ")')" 3 "  with the error"
fails 2 "a password that can be read once only" env PW=x "${adefuse_command[@]}" info --password env:PW "$work/images"
says "file:PATH"
ok "several disks by name" adefuse info --json "$disk" "$work/images/gpt.img"
is "$(jq -r '.disks | length' <<<"$out")" 2 "  both"
done_testing
