#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Mounts that are refused: mountpoint, FUSE, options; each with its exit code, its message and what
# to do next.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs unshare "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
ade_disk "$disk"
mkdir "$at"

# refused CODE NAME ARGUMENT...: `adefuse mount` with the right key ends so
refused()
{
	fails "$1" "$2" adefuse mount --bek "$bek" "${@:3}"
}

refused 9 "mountpoint missing" "$disk" "$work/none"
says "adefuse: error: mountpoint '$work/none': No such file" "hint: create it first: mkdir"
refused 9 "mountpoint is a file" "$disk" "$disk"
says "is not a directory"
touch "$at/file"
refused 9 "mountpoint not empty" "$disk" "$at"
says "is not empty" "-o nonempty"
ok "with -o nonempty it mounts" mount_disk "$disk" "$at" --bek "$bek" -o nonempty
unmount "$at"
rm "$at/file"
mount -t tmpfs tmpfs "$at"
refused 9 "mountpoint busy" "$disk" "$at"
says "is busy: something is mounted there" "hint: unmount it"
umount "$at"

refused 9 "FUSE refuses an option" -o nonsense "$disk" "$at"
says "nonsense" "hint: check the spelling: adefuse(1)"
refused 2 "-o rw" -o rw "$disk" "$at"
says "never written"

# a machine without /dev/fuse, and one where it is something else
without_fuse()
{
	"$abs_top_srcdir/tests/own-mounts" sh -c "$1; exec \"\$@\"" - \
		"${adefuse_command[@]}" mount --bek "$bek" "$disk" "$at"
}
if has_own_mounts; then
	fails 9 "/dev/fuse is not FUSE" without_fuse "mount --bind /dev/null /dev/fuse"
	says "FUSE is not available" "modprobe fuse" "--device /dev/fuse"
	fails 9 "/dev/fuse is missing" without_fuse "mount -t tmpfs tmpfs /dev"
	says "FUSE is not available: /dev/fuse: No such file"
else
	skip "/dev/fuse is missing or is not FUSE" "no mount namespace with its own mounts here"
fi

ordinary_user()
{
	local as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	local own=$work/own server
	chmod 711 "$work"
	chmod 644 "$disk" "$bek"
	mkdir "$own"
	chown nobody "$own"
	chmod 666 /dev/fuse 2>/dev/null
	mounts+=("$own")
	ok "an ordinary user mounts on an own directory" "${as_nobody[@]}" \
		"${adefuse_command[@]}" mount --bek "$bek" "$disk" "$own"
	fails 1 "FUSE keeps root out" cat "$own/info.json"
	ok "the user reads" "${as_nobody[@]}" cat "$own/info.json"
	server=$(process_of "$own")
	is "$(stat -c %U "/proc/$server/mem")" root \
		"the kernel keeps the user's other processes out of its memory"
	fails 1 "such as this one" "${as_nobody[@]}" cat "/proc/$server/environ"
	is "$(awk '/Max core file size/ { print $5, $6 }' "/proc/$server/limits")" "0 0" \
		"no core file"
	ok "the user unmounts" "${as_nobody[@]}" fusermount3 -u "$own"
	wait_until 20 gone "$own"
	fails 9 "an ordinary user on a foreign directory" "${as_nobody[@]}" \
		"${adefuse_command[@]}" mount --bek "$bek" "$disk" "$at"
	says "is not writable for this user" "hint: name an empty directory of your own"
	if ! grep -qs '^ *user_allow_other' /etc/fuse.conf; then
		fails 9 "only the administrator can allow allow_other" "${as_nobody[@]}" \
			"${adefuse_command[@]}" mount --bek "$bek" -o allow_other "$disk" "$own"
		says "hint: put 'user_allow_other' into /etc/fuse.conf"
	fi
}
if id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	ordinary_user
else
	skip "an ordinary user" "no user nobody, or no setpriv"
fi

# nothing was left mounted, no server runs
fails 32 "nothing is mounted" mountpoint -q "$at"
is "$(process_of "$at")" "" "no server is left"

# usage
fails 2 "no command" adefuse
says "Usage: adefuse COMMAND"
fails 2 "unknown command" adefuse frobnicate
says "'frobnicate' is not a command" "hint:"
fails 2 "no arguments" adefuse mount
says "takes a DISK and a MOUNTPOINT"
fails 2 "an option that took the disk for its value" adefuse mount --bek "$disk" "$at"
says "1 argument was given" "takes the next word as its value"
refused 2 "an empty argument" "$disk" ""
says "argument 2 of 'adefuse mount' is empty" "hint:"
fails 2 "an empty value" adefuse mount --bek "" "$disk" "$at"
says "--bek has an empty value" "hint:"
fails 2 "an empty value in a list" adefuse mount -o vault= "$disk" "$at"
says "--vault has an empty value" "hint:"
fails 2 "an option before the command" adefuse --verbose info "$disk"
says "the command comes first"
fails 2 "the disk where the BEK belongs" adefuse mount --bek "$disk" "$disk" "$at"
says "too long for a secret" "hint:"
mkdir "$work/no-beks"
fails 4 "a directory without BEK files" adefuse mount --bek "$work/no-beks" "$disk" "$at"
says "holds no .BEK file" "the volume is opened by: startup key (BEK) $bek_guid" "hint:"
fails 2 "unknown option" adefuse mount --frob "$disk" "$at"
says "does not take '--frob'"
fails 9 "an unknown name in -o" \
	adefuse mount -o vualt=kv,allow_root --bek "$nowhere" "$disk" "$at"
says "unknown to adefuse and to FUSE: -o vualt" "hint: check the spelling"
never_says "  no other one is named, no value is repeated, no key was read" \
	allow_root "$nowhere" kv
fails 9 "two of them" adefuse mount -o "pasword=hunter\\,2 'x,ro,foo" "$disk" "$at"
says "unknown to adefuse and to FUSE: -o pasword,foo"
never_says "  the secret is not repeated" hunter 2 x,
fails 9 "a value that FUSE does not take" adefuse mount -o max_read=x "$disk" "$at"
says "FUSE does not take these options" "hint:"
fails 2 "option without value" adefuse mount "$disk" "$at" --bek
says "'--bek' needs a value"
fails 2 "a secret where SRC belongs" adefuse mount --password hunter2 "$disk" "$at"
says "file:PATH, env:NAME, fd:N or prompt"
never_says "is not repeated" hunter2
fails 2 "unset variable" adefuse mount --password env:NOT_SET_AT_ALL "$disk" "$at"
says "'NOT_SET_AT_ALL' is not set"
fails 2 "BEK file missing" adefuse mount --bek "$work/none.BEK" "$disk" "$at"
says "none.BEK" "No such file" "hint:"
fails 2 "password file missing" adefuse mount --password "file:$work/none" "$disk" "$at"
says "No such file" "hint:"
fails 2 "secret by name without vault" adefuse mount --secret NAME "$disk" "$at"
says "--vault NAME"
for option in "--credential x" "--cloud x" "--timeout x"; do
	# shellcheck disable=SC2086
	fails 2 "$option" adefuse mount $option "$disk" "$at"
	says "hint:"
done
for command in mount info key verify; do
	ok "$command --help" adefuse $command --help
	says "Usage: adefuse $command" "--recovery-password SRC"
done
ok "--help" adefuse --help
ok "--version" adefuse --version
done_testing
