#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `adefuse export`: the copy is right to the byte, whole and by volume, to files, devices, pipes and VHDs; holes stay holes;
# what is there is not overwritten, the evidence never; what cannot be read is told; what was interrupted goes on.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
fault=$abs_top_builddir/tests/tools/export-fault.so
need mkntfs sgdisk jq qemu-img "$MKADE" "$fault"

disk=$work/disk.vhd
bek=$work/$bek_guid.BEK
out_file=$work/out
ade_disk "$disk"
whole=$(json "$disk.json" .disk.plain_sha256)
volume=$(json "$disk.json" .volume.plain_sha256)
offset=$(json "$disk.json" .volume.offset)
size=$(json "$disk.json" .volume.size)
disk_size=$(($(stat -c %s "$disk") - 512))
before=$(sha_of "$disk")
mtime=$(stat -c %Y "$disk")

export_disk() { timeout 60 "${adefuse_command[@]}" export --bek "$bek" "$@"; }
# faulty NAME=VALUE... -- EXPORT-ARGUMENT...: over a medium that fails so
faulty()
{
	local settings=()
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	env "${settings[@]}" LD_PRELOAD="$fault" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}" \
		timeout 60 "${adefuse_command[@]}" export --bek "$bek" "$@"
}
fresh() { rm -f "$out_file"*; }

# ---- the whole disk and a volume
ok "the whole disk" export_disk --hash --verify "$disk" "$out_file"
says "$whole  $out_file" "disk: 82.0 MiB ($disk_size bytes) in '$out_file'" "as holes" "verified"
is "$(sha_of "$out_file")" "$whole" "  is right"
is "$(stat -c %a "$out_file")" 600 "  is its user's alone"
is "$(stat -c %s "$out_file")" "$disk_size" "  has the disk's size"
ok "  with holes" test "$(($(stat -c %b "$out_file") * 512))" -lt $((size * 9 / 10))
ok "  and leaves no state behind" test ! -e "$out_file.adefuse-export"
fails 2 "what is there is not overwritten" export_disk "$disk" "$out_file"
says "'$out_file' exists" "--force"
ok "but with --force" export_disk --force --volume 3 "$disk" "$out_file"
is "$(sha_of "$out_file")" "$volume" "  by a volume"
fresh
: >"$out_file"
ok "an empty file is no obstacle" export_disk -q --volume 3 "$disk" "$out_file"
is "$out" "" "  -q says nothing"
is "$(sha_of "$out_file")" "$volume" "  right"
fresh
ok "a volume without BitLocker" export_disk --volume 1 "$disk" "$out_file"
is "$(sha_of "$out_file")" "$(tail -c +$((1 + $(adefuse info --json "$disk" 2>/dev/null | jq '.volumes[0].offset // .partitions[0].offset // 1048576'))) "$disk" |
	head -c "$(stat -c %s "$out_file")" | sha256sum | cut -d ' ' -f 1)" "  as it is on the disk"
fresh

truncate -s 10M "$work/empty.img"
sgdisk -o "$work/empty.img" >/dev/null
ok "a disk without partitions" adefuse export "$work/empty.img" "$out_file"
ok "  as it is" cmp "$work/empty.img" "$out_file"
fresh

# ---- streams
to_pipe() { export_disk "$@" - 2>"$work/said" | sha256sum | cut -d ' ' -f 1; }
is "$(to_pipe "$disk")" "$whole" "standard output"
out=$(cat "$work/said")
says "in '-'"
is "$(to_pipe --hash "$disk")" "$whole" "standard output, with --hash"
is "$(grep -o "$whole  -" "$work/said")" "$whole  -" "  on standard error"
mkfifo "$work/fifo"
sha256sum <"$work/fifo" >"$work/sum" &
ok "a FIFO" export_disk "$disk" "$work/fifo"
wait $!
is "$(cut -d ' ' -f 1 "$work/sum")" "$whole" "  right"
in_folder() { (cd "$work/named" && export_disk "$disk" "standard output" >"$work/aside"); }
mkdir "$work/named"
ok "a file of an odd name" in_folder
is "$(sha_of "$work/named/standard output")" "$whole" "  right"
is "$(stat -c %s "$work/aside")" 0 "  and standard output stays empty"
rm -r "$work/named"
early() { export_disk "$disk" - 2>"$work/said" | head -c 1000000 >/dev/null; return "${PIPESTATUS[0]}"; }
fails 1 "a reader that goes" early
out=$(cat "$work/said")
says "the reader of standard output exited before the copy finished" "hint:"
fails 2 "a stream is not read back" bash -c '"$@" - | cat; exit ${PIPESTATUS[0]}' - "${adefuse_command[@]}" export --bek "$bek" --verify "$disk"
says "--hash"

# ---- VHD
ok "a VHD" export_disk --format vhd --hash --verify "$disk" "$out_file"
says "$(sha_of "$out_file")  $out_file"
is "$(head -c "$disk_size" "$out_file" | sha256sum | cut -d ' ' -f 1)" "$whole" "  its disk is right"
ok "  qemu-img reads it" qemu-img convert -f vpc -O raw "$out_file" "$work/raw"
is "$(sha_of "$work/raw")" "$whole" "  the same, of the same size"
ok "  and so do we" adefuse info "$out_file"
says "vhd (fixed)"
is "$(to_pipe --format vhd "$disk")" "$(sha_of "$out_file")" "  as a stream, the same bytes"
rm -f "$work/raw"
fresh
fails 2 "another format" export_disk --format qcow2 "$disk" "$out_file"

# ---- the evidence
ln "$disk" "$work/hard"
ln -s "$disk" "$work/soft"
for name in "$disk" "$work/hard" "$work/soft"; do
	fails 2 "onto itself: ${name##*/}" export_disk --force "$disk" "$name"
	says "is the disk '$disk' itself, which is never written" "hint:"
done
onto_stdout() { export_disk "$disk" - 1<>"$work/hard"; }
fails 2 "onto itself: standard output" onto_stdout
ln "$disk" "$out_file.adefuse-export"
fails 2 "where the state would be" export_disk --force "$disk" "$out_file"
says "is never written"
mv "$out_file.adefuse-export" "$out_file.unreadable"
fails 2 "where the list would be" export_disk --force "$disk" "$out_file"
fresh
fails 2 "a directory" export_disk "$disk" "$work"
says "is a directory" "$work/disk.raw"
fails 2 "no such folder" export_disk "$disk" "$work/none/out"
is "$(sha_of "$disk") $(stat -c %Y "$disk")" "$before $mtime" "the evidence is unchanged"

# ---- keys and numbers
fails 4 "no key" adefuse export "$disk" "$out_file"
says "no key was given"
fails 4 "no key, one volume" adefuse export --volume 3 "$disk" "$out_file"
says "p3: no key was given"
ok "a plain volume needs none" adefuse export --volume 1 "$disk" "$out_file"
fresh
fails 2 "no such partition" export_disk --volume 9 "$disk" "$out_file"
says "this disk has no partition 9"
make_disk "$work/a.img" --layout bare --method xts-128 --guid "$bek_guid" --bek "$work/a.BEK"
make_disk "$work/b.img" --layout bare --method xts-128 --guid "$other_guid" --bek "$work/b.BEK"
two_partitions "$work/two.img" "$work/a.img" "$work/b.img"
ok "one of two volumes" timeout 60 "${adefuse_command[@]}" export --bek "$work/a.BEK" "$work/two.img" "$out_file"
says "p2 is copied as it is on the disk: "
ok "  the open one is plain" cmp -n "$size" <(tail -c +1048577 "$out_file") "$(ntfs_volume)"
ok "  the locked one is as it was" cmp <(tail -c +$((1048577 + size)) "$out_file") <(tail -c +$((1048577 + size)) "$work/two.img")
fresh

# ---- interrupted
# blocked SIGNAL [ARGUMENT...]: it is at work when the signal comes
blocked()
{
	local signal=$1 job
	shift
	rm -f "$work/mark"
	faulty EXPORT_BLOCK=$((offset + 8388608)) EXPORT_MARK="$work/mark" -- "$@" "$disk" "$out_file" >"$work/said" 2>&1 &
	job=$!
	wait_until 30 test -e "$work/mark" || return 1
	# of the sizes that are noted the first is nothing; a crash costs no more than some seconds' work
	[ "$signal" != KILL ] || wait_until 30 grep -q '^done [1-9]' "$out_file.adefuse-export"
	if [ "$signal" = LOOK ]; then
		fails 2 "  a second one at the same time" export_disk "$disk" "$out_file"
		says "another process is writing"
		signal=TERM
	fi
	pkill "-$signal" -f "^${adefuse_command[*]} export --bek .*$out_file\$"
	wait "$job"
	status=$?
	out=$(cat "$work/said")
}
blocked INT
is "$status" 130 "Ctrl-C ends it"
says "interrupted: " "the same command goes on"
is "$(stat -c %a "$out_file.adefuse-export")" 600 "  its state is its user's alone"
ok "  what is there is not as long as the disk" test "$(stat -c %s "$out_file")" -lt "$disk_size"
fails 2 "another volume is no resuming" export_disk --volume 1 "$disk" "$out_file"
says "cannot be resumed: it was started with another " "--force"
cp "$out_file.adefuse-export" "$work/state"
cp --sparse=always "$out_file" "$work/part"
ok "the same command goes on" export_disk --hash "$disk" "$out_file"
says "disk: resumed at byte " "$whole  $out_file"
is "$(sha_of "$out_file")" "$whole" "  right"
ok "  no state is left" test ! -e "$out_file.adefuse-export"
again() { cp "$work/state" "$out_file.adefuse-export" && cp --sparse=always "$work/part" "$out_file"; }
again
printf '\x55' | dd of="$out_file" bs=1 seek=$(($(sed -n 's/^done //p' "$work/state") - 100)) conv=notrunc status=none
fails 2 "what is there was changed" export_disk "$disk" "$out_file"
says "its content is not what the disk holds"
again
truncate -s 1000 "$out_file"
fails 2 "what is there was cut" export_disk "$disk" "$out_file"
says "is shorter than what had been written"
again
sed -i 's/^end$/done 5/' "$out_file.adefuse-export"
fails 2 "a damaged state" export_disk "$disk" "$out_file"
says "its state file is damaged"
ok "  --force starts anew" export_disk --force "$disk" "$out_file"
is "$(sha_of "$out_file")" "$whole" "  right"
again
touch -d '2001-01-01' "$disk"
fails 2 "the disk has changed" export_disk "$disk" "$out_file"
says "it was started with another disk-changed"
touch -d "@$mtime" "$disk"
fresh
blocked KILL
is "$status" 137 "killed"
ok "the same command goes on" export_disk --verify "$disk" "$out_file"
says "disk: resumed at byte " "verified"
is "$(sha_of "$out_file")" "$whole" "  right"
fresh
blocked LOOK
is "$status" 143 "ended"
fresh

# ---- no room
if [ "$(id -u)" = 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=6M tmpfs "$work/small" 2>/dev/null; then
	mounts+=("$work/small")
	fails 1 "no room" export_disk "$disk" "$work/small/out"
	says "are to be written" "No space left on device" "hint: make room there and give the same command"
	mount -o remount,size=60M "$work/small"
	ok "  with more room it goes on" export_disk "$disk" "$work/small/out"
	says "resumed at byte"
	is "$(sha_of "$work/small/out")" "$whole" "  right"
	umount "$work/small"
else
	skip "no room" "no tmpfs can be mounted"
fi
limited() { (ulimit -f 4096; export_disk "$disk" "$out_file"); }
fails 1 "a limit" limited
says "File too large" "ulimit -f"
fresh

# ---- unreadable
bad=$((offset + 1000000 / 512 * 512))
fails 3 "a bad sector ends it" faulty EXPORT_BAD=$((bad + 10)):600 -- "$disk" "$out_file"
says "disk: 1024 bytes at byte $bad cannot be read: Input/output error" "hint: use --skip-unreadable"
fails 3 "  and is left out on request" faulty EXPORT_BAD=$((bad + 10)):600 -- --skip-unreadable --verify --hash "$disk" "$out_file"
says "disk: resumed at byte" "verified" "1024 bytes in 1 places could not be read" "see '$out_file.unreadable' for the list of them"
is "$(grep -v '^#' "$out_file.unreadable")" "$bad 1024" "  which has it"
export_disk "$disk" - 2>/dev/null >"$work/whole"
dd if=/dev/zero of="$work/whole" bs=512 seek=$((bad / 512)) count=2 conv=notrunc status=none
ok "  zeros stand there, and all else is right" cmp "$out_file" "$work/whole"
rm -f "$work/whole"
ok "  a second copy without it takes the list away" export_disk --force "$disk" "$out_file"
ok "    it is gone" test ! -e "$out_file.unreadable"
fresh
echo mine >"$out_file.unreadable"
fails 2 "somebody's file of that name" export_disk "$disk" "$out_file"
fresh
cut=$((offset + size * 7 / 8 / 4096 * 4096 + 1536))
head -c "$cut" "$disk" >"$work/cut.img"
fails 3 "an image that is cut off" export_disk --volume 3 --skip-unreadable "$work/cut.img" "$out_file"
says "$((offset + size - cut)) bytes in 1 places could not be read"
is "$(stat -c %s "$out_file")" "$size" "  has the volume's size"
ok "  what is there is right" cmp -n $((cut - offset)) "$out_file" "$(ntfs_volume)"
is "$(grep -v '^#' "$out_file.unreadable")" "$((cut - offset)) $((offset + size - cut))" "  the list has the rest"
fresh
unreadable_pipe() { faulty EXPORT_BAD="$bad:1" -- --skip-unreadable "$disk" - 2>"$work/said" | cat >/dev/null; return "${PIPESTATUS[0]}"; }
fails 3 "unreadable, to a stream" unreadable_pipe
out=$(cat "$work/said")
says "warning: disk: 512 bytes at byte $bad could not be read"

# ---- a medium that writes wrongly
fails 10 "a byte written wrongly" faulty EXPORT_FLIP=$((offset + 5)) -- --verify "$disk" "$out_file"
says "'$out_file' differs from what was read, first at byte $((offset + 5))" "hint:"
fresh

# ---- block devices
devices()
{
	local device reverse first
	truncate -s $((disk_size + 1048576)) "$work/backing"
	dd if=/dev/urandom of="$work/backing" bs=1M seek=1 count=90 conv=notrunc status=none
	truncate -s $((disk_size + 1048576)) "$work/backing"
	device=$(losetup --find --show "$work/backing" 2>/dev/null) || return 1
	ok "a block device" export_disk --verify "$disk" "$device"
	is "$(head -c "$disk_size" "$device" | sha256sum | cut -d ' ' -f 1)" "$whole" "  right, where random bytes were"
	ok "  no state is left" test ! -e "$device.adefuse-export"
	fails 2 "  it is not empty then" export_disk "$disk" "$device"
	says "the device '$device' is not empty" "--force"
	ok "  --force" export_disk --force "$disk" "$device"
	fails 2 "  no VHD" export_disk --format vhd "$disk" "$device"
	losetup -d "$device"
	truncate -s 1M "$work/backing"
	device=$(losetup --find --show "$work/backing")
	fails 2 "a device that is too small" export_disk "$disk" "$device"
	says "less than the 82.0 MiB to be written"
	losetup -d "$device"
	device=$(losetup --find --show "$disk")
	fails 2 "onto a loop device on the disk" export_disk --force "$disk" "$device"
	says "'$device' lies on the disk '$disk', which is never written"
	fails 2 "from a loop device onto its file" export_disk --force "$device" "$work/hard"
	says "the disk '$device' lies on '$work/hard'"
	fails 2 "onto the same device" export_disk --force "$device" "$device"
	reverse=$(losetup --find --show --partscan "$work/two.img")
	first=${reverse}p1
	# a kernel that reads no partition tables can be told
	[ -b "$first" ] || { addpart "$reverse" 1 2048 $((size / 512)) && addpart "$reverse" 2 $((2048 + size / 512)) $((size / 512)); }
	if [ -b "$first" ]; then
		fails 2 "onto a partition of the disk" adefuse export --bek "$work/a.BEK" --force "$reverse" "${first%1}2"
		says "'${first%1}2' lies on the disk '$reverse'"
		fails 2 "from a partition onto its disk" adefuse export --bek "$work/a.BEK" --force "$first" "$reverse"
		says "the disk '$first' lies on '$reverse'"
		fails 2 "from a partition onto the file of its disk" adefuse export --bek "$work/a.BEK" --force "$first" "$work/two.img"
		says "the disk '$first' lies on '$work/two.img'"
	else
		skip "partitions of a loop device" "the kernel shows none"
	fi
	losetup -d "$reverse" "$device"
	truncate -s 100M "$work/backing"
	device=$(losetup --find --show "$work/backing")
	mkdir "$work/held"
	mkfs.ext4 -qF "$device" && mount "$device" "$work/held" || return 1
	mounts+=("$work/held")
	fails 2 "onto a device that is mounted" export_disk --force "$disk" "$device"
	says "Device or resource busy" "hint: it is mounted or in use"
	fails 2 "from a device onto its own file system" adefuse export "$device" "$work/held/out"
	says "'$work/held/out' lies on the disk '$device'"
	cp --sparse=always "$work/a.img" "$work/held/a.img"
	fails 2 "onto the device that holds the disk" adefuse export --bek "$work/a.BEK" --force "$work/held/a.img" "$device"
	says "the disk '$work/held/a.img' lies on '$device'"
	umount "$work/held"
	losetup -d "$device"
}
[ "$(id -u)" = 0 ] && devices || skip "block devices" "no loop device"
is "$(sha_of "$disk")" "$before" "the evidence is unchanged"
done_testing
