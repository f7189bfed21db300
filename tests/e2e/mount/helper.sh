#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mount(8): -t adefuse and an fstab line through the mount.adefuse helper.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs jq unshare "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
ade_disk "$disk"
mkdir "$at"
ln -s "${adefuse_command[-1]}" "$work/mount.adefuse"
helper="$work/mount.adefuse"

ok "as mount(8) calls it" "$helper" "$disk" "$at" -o "rw,noauto,bek=$work/$bek_guid.BEK"
mounts+=("$at")
is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "the right bytes"
fusermount3 -u "$at"
ok "with flags" "$helper" "$disk" "$at" -sn -t adefuse -o "bek=$work/$bek_guid.BEK,allow_other,x-systemd.automount"
out=$(grep " $at " /proc/mounts)
says allow_other "ro,"
fusermount3 -u "$at"
cp "$work/$bek_guid.BEK" "$work/a,b.BEK"
ok "a comma in a value" "$helper" "$disk" "$at" -o "bek=$work/a\\,b.BEK"
fusermount3 -u "$at"
fails 2 "one argument" "$helper" "$disk"
says "takes a DISK and a directory" "hint:"
fails 2 "an unknown flag" "$helper" "$disk" "$at" -X
fails 9 "an option FUSE does not know" "$helper" "$disk" "$at" -o "bek=$work/$bek_guid.BEK,nonsense"
says nonsense

# The real mount(8), which looks for helpers in /sbin: a private name space where /usr/sbin has ours as well.
cat >"$work/inside" <<'END'
set -e
mkdir "$work/sbin" "$work/all"
mount --bind /usr/sbin "$work/sbin"
for program in "$work/sbin"/*; do ln -s "$program" "$work/all/"; done
ln -s "$helper" "$work/all/mount.adefuse"
mount --bind "$work/all" /usr/sbin
echo "$disk $at adefuse bek=$work/$bek_guid.BEK,noauto 0 0" >"$work/fstab"
mount -t adefuse "$disk" "$at" -o "bek=$work/$bek_guid.BEK"
sha256sum <"$at/disk.raw" >"$work/sum1"
umount "$at"
mount -T "$work/fstab" "$at"
sha256sum <"$at/disk.raw" >"$work/sum2"
umount "$at"
END
export work disk at helper bek_guid
if has_own_mounts; then
	ok "mount -t adefuse, and by fstab" unshare -m --propagation private bash "$work/inside"
	is "$(cut -d ' ' -f 1 "$work/sum1")" "$(json "$disk.json" .disk.plain_sha256)" "mount -t: the right bytes"
	is "$(cut -d ' ' -f 1 "$work/sum2")" "$(json "$disk.json" .disk.plain_sha256)" "fstab: the right bytes"
else
	skip "mount -t adefuse, and by fstab" "no mount namespace with its own mounts here"
fi
served() { pgrep -f "mount.adefuse $disk" >/dev/null; }
ended() { ! served; }
ok "all servers have ended" wait_until 20 ended
done_testing
