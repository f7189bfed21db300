#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A mount that needs no network does not load libcurl; packagers can read that the program may load
# it.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq readelf objcopy "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
ade_disk "$disk"

# ---- the note: ELF dlopen metadata
program=${ADEFUSE:-$abs_top_builddir/adefuse}
readelf -nW "$program" >"$work/notes"
ok "the program has a note of owner FDO and the type of dlopen metadata" \
	grep -qE '^ +FDO .*0x407c0c0a' "$work/notes"
objcopy -O binary --only-section=.note.dlopen "$program" "$work/note"
# three words of 4 bytes (sizes of owner and text, type), the owner in 4 bytes, the text up to its
# zero byte
size=$(od -An -tu4 -j4 -N4 "$work/note")
tail -c +17 "$work/note" | head -c "$((size - 1))" >"$work/note.json"
library=$(jq -er '.[] | select(.feature == "keyvault") | .soname[0]' "$work/note.json")
is "$library" libcurl.so.4 "the note's JSON names the library"
is "$(jq -r '.[0].priority' "$work/note.json")" recommended "and says how much it is needed"
ok "the note is loaded with the program" grep -q "\.note\.dlopen" <(readelf -lW "$program")
fails 1 "the program is not linked with the library" grep -q libcurl <(readelf -dW "$program")

# ---- and it is not loaded where no vault is asked
loaded() { grep -c "$1" "/proc/$(process_of "$at")/maps"; }
ok "mounts with a key in a file" mount_disk "$disk" "$at" --bek "$work/$bek_guid.BEK"
ok "reads the plaintext" test "$(head -c 65536 "$at/p3.raw" | wc -c)" = 65536
ok "what the process has loaded can be seen" test "$(loaded libfuse3)" -gt 0
is "$(loaded "${library%%.so*}")" 0 "libcurl is not among it"
ok "unmounts" unmount "$at"
done_testing
