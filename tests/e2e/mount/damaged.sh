#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Damaged and partly encrypted disks through the real program: what is left is mounted, what is
# lost is an input/output error, and info.json says so. Folders of images in one `adefuse info`.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq python3 qemu-img "$MKADE"

mnt=$work/mnt
bek=$work/k.BEK
mkdir "$mnt" "$work/images"

make() # OUT MKADE-OPTION...
{
	local disk=$1
	shift
	rm -f "$bek"
	make_disk "$disk" --method xts-128 --guid "$bek_guid" --bek "$bek" \
		--plain-out "$work/plain" "$@"
}

mounts_it() # NAME ADEFUSE-OPTION...
{
	local name=$1
	shift
	mounts+=("$mnt")
	ok "$name: mounts" adefuse mount --bek "$bek" "$@" "$mnt"
}

off()
{
	ok "  unmounts" unmount "$mnt"
}

whole() # FILE
{
	hash_is "  $1 is the plaintext" "$mnt/$1" "$(sha_of "$work/plain")"
}

info_is() # NAME PATH WANT
{
	json_is "$1" "$mnt/info.json" ".volumes[0].$2" "$3"
}

# pages FILE EXPECTED: runs of 4 KiB pages as "right|error|WRONG START END"
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

# errors_outside RUNS "START END...": pages that are errors and touch none of these ranges
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
	mounts_it "  the disk" "$disk"
	says "found by its signature"
	whole p1.raw
	whole disk.raw
	info_is "  info.json says so" bitlocker.boot_sector_lost true
	off
done
gpt=$work/images/gpt.img
ok "on a disk with partitions: made" make "$gpt" --layout gpt --overwrite noise:16
# what bootrec or an interrupted format leaves: a boot sector of NTFS, its file table ciphertext
dd if="$(ntfs_volume)" of="$gpt" bs=512 count=1 conv=notrunc status=none \
	seek=$(($(json "$gpt.json" .volume.offset) / 512))
number=$(json "$gpt.json" .volume.partition)
mounts_it "NTFS written over the boot sector" "$gpt"
whole "p$number.raw"
off
ok "an NTFS volume is no BitLocker volume" adefuse info --json "$(ntfs_volume)"
says '"content":	"ntfs"' '"readable":	true'

# ---- bitmaps
eow=(--layout bare --eow --chunk 64K --eow-region 5M --eow-encrypted random)
ok "partly encrypted: made" make "$disk" "${eow[@]}"
mounts_it "  the disk" "$disk"
whole p1.raw
info_is "  info.json says that it has bitmaps" bitlocker.conversion bitmap
info_is "  all of it is readable" plaintext.unreadable 0
info_is "  without salvage" plaintext.salvaged false
off
ok "the text of info" adefuse info "$disk"
says "partly encrypted, AES-XTS 128" "bitmaps of 65536-byte chunks" "% encrypted"
ok "a bitmap lost: made" make "$disk" "${eow[@]}" --eow-damage bitmap:2
fails 3 "  refused" adefuse mount --bek "$bek" "$disk" "$mnt"
says "1 of 6 EOW bitmaps are lost" "hint: --salvage shows the parts that are known"
mounts_it "  with --salvage" --salvage "$disk"
says "salvaged: "
runs=$(pages "$mnt/p1.raw" "$work/plain")
is "$(grep -o 'WRONG' <<<"$runs")" "" "  no page is wrong"
lost=$(json "$disk.json" '.volume.eow | .log_size as $log | .regions[2] |
	"\(.offset) \(.offset + .size) \(.bitmap) \(.bitmap + 65536 + $log)"')
is "$(errors_outside "$runs" "$lost")" "" "  only that region and its bitmap are errors"
ok "  and there are errors" grep -q error <<<"$runs"
info_is "  info.json says so" plaintext.salvaged true
off
mounts+=("$mnt")
ok "-o salvage" adefuse mount --bek "$bek" -o salvage "$disk" "$mnt"
off

# ---- cut off
ok "to be cut: made" make "$disk" --layout bare
size=$(stat -c %s "$disk")
cut=$((size * 7 / 8 / 4096 * 4096 + 1536))
edge=$((cut / 4096 * 4096))
direct() # OUT FIRST-SECTOR SECTORS
{
	dd if="$mnt/p1.raw" of="$1" iflag=direct bs=512 skip="$2" count="$3" status=none
}
truncate -s $cut "$disk"
mounts_it "an image that is cut off" "$disk"
says "is cut off"
is "$(stat -c %s "$mnt/p1.raw")" "$size" "  p1.raw has the volume's size"
is "$(stat -c %s "$mnt/disk.raw")" "$cut" "  disk.raw has the disk's size"
is "$(pages "$mnt/p1.raw" "$work/plain")" "right 0 $edge error $edge $size" \
	"  what is there is right, the rest is an error"
ok "  O_DIRECT reads up to the last sector" direct "$work/edge" $((edge / 512)) 3
ok "    which is right" cmp "$work/edge" <(range "$work/plain" $edge 1536)
fails 1 "    and no further" direct /dev/null $((cut / 512)) 1
off

# ---- a folder
printf 'not a disk' >"$work/images/note.txt"
truncate -s 2M "$work/images/zeros.bin"
dynamic=$work/images/dynamic.vhd
ok "dynamic VHD: made" qemu-img create -q -f vpc -o subformat=dynamic "$dynamic" 8M
truncate -s 2M "$dynamic"
fails 3 "a folder: the exit code is that of the unreadable disk" adefuse info "$work/images"
says "$disk: raw" "gpt.img: raw" "dynamic"
never_says "  files that are no disks are skipped" "note.txt" "zeros.bin:"
adefuse info --json "$work/images" >"$work/folder.json" 2>"$work/said"
json_is "  JSON has all disks" "$work/folder.json" \
	'[.disks[] | .disk.path // .path | split("/") | last] | sort | join(" ")' \
	"disk.img dynamic.vhd gpt.img"
json_is "  and the error" "$work/folder.json" \
	'[.disks[] | select(.error) | .error.code] | join(" ")' 3
fails 2 "a password that can be read only once" env PW=x \
	"${adefuse_command[@]}" info --password env:PW "$work/images"
says "file:PATH"
ok "several disks by name" adefuse info --json "$disk" "$gpt"
json_is "  JSON has both" - '.disks | length' 2
done_testing
