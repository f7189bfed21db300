#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A short run for valgrind: info, key, a foreground mount that is read and unmounted, a refusal. The plain build
# with ADEFUSE_WRAPPER="valgrind ..."; without a wrapper it is an ordinary, quick test.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
mkdir "$at" "$work/out"
ade_disk "$disk"
ok "info" adefuse info "$disk"
ok "info --json" adefuse info --json --bek "$work/$bek_guid.BEK" "$disk"
ok "key" adefuse key --bek "$work/$bek_guid.BEK" --out "$work/out" "$disk"
fails 4 "a refusal" adefuse key --out "$work/out" "$disk"
adefuse mount -f --bek "$work/$bek_guid.BEK" "$disk" "$at" >"$work/log" 2>&1 &
server=$!
mounts+=("$at")
mounted() { mountpoint -q "$at"; }
ok "mounts" wait_until 60 mounted
is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "the right bytes"
fusermount3 -u "$at"
wait $server
status=$?
sed "s/^/# /" "$work/log"
result $status "ends cleanly"
done_testing
