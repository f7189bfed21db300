#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mount(8): -t adefuse and a line of fstab, through the helper mount.adefuse.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq unshare "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
ade_disk "$disk"
mkdir "$at"
ln -s "${adefuse_command[-1]}" "$work/mount.adefuse"
helper="$work/mount.adefuse"

ok "as mount(8) calls it" "$helper" "$disk" "$at" -o "rw,noauto,bek=$bek"
mounts+=("$at")
plain_is "the right bytes" "$at/disk.raw" disk "$disk"
fusermount3 -u "$at"
ok "with flags" "$helper" "$disk" "$at" -sn -t adefuse \
	-o "bek=$bek,allow_other,x-systemd.automount"
out=$(grep " $at " /proc/mounts)
says allow_other "ro,"
fusermount3 -u "$at"
cp "$bek" "$work/a,b.BEK"
ok "a comma in a value" "$helper" "$disk" "$at" -o "bek=$work/a\\,b.BEK"
fusermount3 -u "$at"
fails 2 "one argument" "$helper" "$disk"
says "takes a DISK and a directory" "hint:"
fails 2 "an unknown flag" "$helper" "$disk" "$at" -X
fails 9 "an option that FUSE does not know" "$helper" "$disk" "$at" -o "bek=$bek,nonsense"
says nonsense

# The real mount(8) runs /sbin/mount.TYPE, as its manual page says: here in a mount namespace of
# its own, in which that folder has our helper as well.
sbin=$(realpath /sbin)
cat >"$work/inside" <<'END'
set -e
mkdir "$work/sbin" "$work/all"
mount --bind "$sbin" "$work/sbin"
for program in "$work/sbin"/*; do ln -s "$program" "$work/all/"; done
ln -s "$helper" "$work/all/mount.adefuse"
mount --bind "$work/all" "$sbin"
echo "$disk $at adefuse bek=$bek,noauto 0 0" >"$work/fstab"
mount -t adefuse "$disk" "$at" -o "bek=$bek"
sha_of "$at/disk.raw" >"$work/by-type"
umount "$at"
mount -T "$work/fstab" "$at"
sha_of "$at/disk.raw" >"$work/by-fstab"
umount "$at"
END
export work disk at helper bek sbin
export -f sha_of
if has_own_mounts && [ -d "$sbin" ]; then
	ok "mount -t adefuse, and by fstab" \
		"$abs_top_srcdir/tests/own-mounts" bash "$work/inside"
	plain=$(json "$disk.json" .disk.plain_sha256)
	is "$(cat "$work/by-type")" "$plain" "mount -t: the right bytes"
	is "$(cat "$work/by-fstab")" "$plain" "fstab: the right bytes"
else
	skip "mount -t adefuse, and by fstab" "no mount namespace with its own mounts here"
fi
ok "all servers have ended" wait_until 20 not pgrep -f "mount.adefuse $disk"
done_testing
