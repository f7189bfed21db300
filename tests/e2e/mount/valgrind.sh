#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A short run for valgrind: info, key, a foreground mount that is read and unmounted, a refusal.
# The plain build with ADEFUSE_WRAPPER="valgrind ..."; without a wrapper it is quick.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
mkdir "$at" "$work/out"
ade_disk "$disk"
ok "info" adefuse info "$disk"
ok "info --json" adefuse info --json --bek "$bek" "$disk"
ok "key" adefuse key --bek "$bek" --out "$work/out" "$disk"
fails 4 "a refusal" adefuse key --out "$work/out" "$disk"
adefuse mount -f --bek "$bek" "$disk" "$at" >"$work/log" 2>&1 &
server=$!
mounts+=("$at")
ok "mounts" mounted 60 "$at"
plain_is "the right bytes" "$at/disk.raw" disk "$disk"
fusermount3 -u "$at"
wait $server
status=$?
sed "s/^/# /" "$work/log"
result $status "ends cleanly"
done_testing
