#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The mounted process: in the background and in the foreground, errors before it leaves the
# terminal, its end by umount and by signals.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq "$MKADE"

disk=$work/disk.vhd
at=$work/mnt
ade_disk "$disk"
bek=$work/$bek_guid.BEK

# in_proc PID FILE: how many of its arguments, or variables, have the recovery password
in_proc()
{
	tr '\0' '\n' <"/proc/$1/$2" | grep -c -- "$recovery_password"
}

ok "returns when readable" mount_disk "$disk" "$at" --bek "$bek"
ok "at once" test -s "$at/info.json"
pid=$(process_of "$at")
is "$(ps -o tty= -p "$pid" | tr -d ' ')" "?" "it has left the terminal"
is "$(readlink "/proc/$pid/cwd")" / "and the folder in which it was started"
is "$(in_proc "$pid" cmdline)" 0 "no secret in its arguments"
fails 9 "the same place twice" adefuse mount --bek "$bek" "$disk" "$at"
says "is busy" "hint:"
ok "umount works too" umount "$at"
ok "and the server ends" wait_until 20 gone "$at"

for signal in TERM INT HUP; do
	ok "mounts again" mount_disk "$disk" "$at" --bek "$bek"
	kill -s $signal "$(process_of "$at")"
	ok "SIG$signal ends it" wait_until 20 gone "$at"
	fails 32 "SIG$signal unmounts" mountpoint -q "$at"
done

# in the foreground it stays until it is unmounted, and exits with 0
adefuse mount -f --bek "$bek" "$disk" "$at" 2>"$work/log" &
foreground=$!
ok "-f: mounts" mounted 20 "$at"
ok "-f: readable" test -s "$at/info.json"
ok "-f: still our child" kill -0 "$foreground"
fusermount3 -u "$at"
wait "$foreground"
is $? 0 "-f: exit code after unmounting"
is "$(cat "$work/log")" "" "-f: said nothing"

# a busy reader: the server ends once the file is closed
ok "mounts" mount_disk "$disk" "$at" --bek "$bek"
exec 7<"$at/p3.raw"
fails 1 "a busy mount is not unmounted" fusermount3 -u "$at"
exec 7<&-
ok "free again" unmount "$at"

# several at once
for i in 1 2 3; do
	ok "mount $i" mount_disk "$disk" "$at.$i" --bek "$bek"
done
plain=$(json "$disk.json" .disk.plain_sha256)
is "$(sha_of "$at.1/disk.raw") $(sha_of "$at.2/disk.raw")" "$plain $plain" "the same bytes in each"
for i in 1 2 3; do
	ok "unmount $i" unmount "$at.$i"
done

# recovery password and prompts
ok "recovery password from the environment" env RP="$recovery_password" \
	"${adefuse_command[@]}" mount --recovery-password env:RP "$disk" "$at"
mounts+=("$at")
pid=$(process_of "$at")
is "$(in_proc "$pid" environ)" 0 "wiped from its environment"
json_is "info.json says what opened it" "$at/info.json" \
	'.volumes[2].opened_by.protector_type' "recovery password"
fails 1 "no secret in info.json" grep -q "${recovery_password:0:6}" "$at/info.json"
ok "unmounts" unmount "$at"
printf '%s\r\n' "$recovery_password" >"$work/rp"
ok "from a file with a line end" mount_disk "$disk" "$at" --recovery-password "file:$work/rp"
ok "unmounts" unmount "$at"
ok "from a descriptor" mount_disk "$disk" "$at" --recovery-password fd:9 9<"$work/rp"
ok "unmounts" unmount "$at"
if command -v script >/dev/null; then
	# script(1) gives it a terminal of its own; the answer is typed once it has asked
	mkfifo "$work/typed"
	script -qec "${adefuse_command[*]} mount --recovery-password prompt $disk $at" \
		"$work/typescript" <"$work/typed" >"$work/seen" 2>&1 &
	asking=$!
	mounts+=("$at")
	exec 8>"$work/typed"
	ok "asks on a terminal" wait_until 20 grep -q "recovery password:" "$work/seen"
	printf '%s\n' "$recovery_password" >&8
	wait "$asking"
	status=$?
	exec 8>&-
	out=$(cat "$work/seen")
	result $status "and mounts with the answer"
	fails 1 "what is typed is not shown" grep -q "${recovery_password:0:13}" "$work/seen"
	ok "unmounts" unmount "$at"
else
	skip "asks on a terminal" "no script(1)"
fi
fails 2 "no terminal to ask on" \
	setsid -w "${adefuse_command[@]}" mount --recovery-password prompt "$disk" "$at" </dev/null
says "no terminal" "file:PATH"
done_testing
