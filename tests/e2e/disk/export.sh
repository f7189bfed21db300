#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `adefuse export`: the copy is right to the byte, whole and by volume, to files, devices, pipes
# and VHDs; holes stay holes; existing files are not overwritten, the evidence never; what cannot
# be read is reported; an interrupted copy can be resumed.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
fault=$abs_top_builddir/tests/tools/export-fault.so
need mkntfs sgdisk jq qemu-img "$MKADE" "$fault"

disk=$work/disk.vhd
bek=$work/$bek_guid.BEK
out_file=$work/out
state=$out_file.adefuse-export
list=$out_file.unreadable
ade_disk "$disk"
whole=$(json "$disk.json" .disk.plain_sha256)
volume=$(json "$disk.json" .volume.plain_sha256)
offset=$(json "$disk.json" .volume.offset)
size=$(json "$disk.json" .volume.size)
disk_size=$(($(stat -c %s "$disk") - 512))
before=$(sha_of "$disk")
mtime=$(stat -c %Y "$disk")

export_disk()
{
	timeout 60 "${adefuse_command[@]}" export --bek "$bek" "$@"
}
# faulty NAME=VALUE... -- EXPORT-ARGUMENT...: over a medium that fails so
faulty()
{
	local settings=()
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	env "${settings[@]}" LD_PRELOAD="$fault" \
		ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}" \
		timeout 60 "${adefuse_command[@]}" export --bek "$bek" "$@"
}
fresh()
{
	rm -f "$out_file"*
}
# said: what went to standard error is the last output
said()
{
	out=$(cat "$work/said")
}

# ---- the whole disk and a volume
ok "the whole disk" export_disk --hash --verify "$disk" "$out_file"
says "$whole  $out_file" "disk: 82.0 MiB ($disk_size bytes) in '$out_file'" "as holes" "verified"
hash_is "  is right" "$out_file" "$whole"
is "$(stat -c %a "$out_file")" 600 "  only its user can read it"
is "$(stat -c %s "$out_file")" "$disk_size" "  has the disk's size"
ok "  with holes" test "$(($(stat -c %b "$out_file") * 512))" -lt $((size * 9 / 10))
ok "  and leaves no state file" test ! -e "$state"
fails 2 "an existing file is not overwritten" export_disk "$disk" "$out_file"
says "'$out_file' exists" "--force"
ok "but with --force" export_disk --force --volume 3 "$disk" "$out_file"
hash_is "  by a volume" "$out_file" "$volume"
fresh
: >"$out_file"
ok "an empty file may be overwritten" export_disk -q --volume 3 "$disk" "$out_file"
is "$out" "" "  -q says nothing"
hash_is "  right" "$out_file" "$volume"
fresh
ok "a volume without BitLocker" export_disk --volume 1 "$disk" "$out_file"
adefuse info --json "$disk" >"$work/info.json" 2>/dev/null
hash_is "  as it is on the disk" "$out_file" "$(range "$disk" \
	"$(json "$work/info.json" '.volumes[0].offset')" "$(stat -c %s "$out_file")" | sha_of)"
fresh

truncate -s 10M "$work/empty.img"
sgdisk -o "$work/empty.img" >/dev/null
ok "a disk without partitions" adefuse export "$work/empty.img" "$out_file"
ok "  as it is" cmp "$work/empty.img" "$out_file"
fresh

# ---- streams
to_pipe()
{
	export_disk "$@" - 2>"$work/said" | sha_of
}
is "$(to_pipe "$disk")" "$whole" "standard output"
said
says "in '-'"
is "$(to_pipe --hash "$disk")" "$whole" "standard output, with --hash"
is "$(grep -o "$whole  -" "$work/said")" "$whole  -" "  on standard error"
mkfifo "$work/fifo"
sha_of "$work/fifo" >"$work/sum" &
ok "a FIFO" export_disk "$disk" "$work/fifo"
wait $!
is "$(cat "$work/sum")" "$whole" "  right"
in_folder()
{
	(cd "$work/named" && export_disk "$disk" "standard output" >"$work/aside")
}
mkdir "$work/named"
ok "a file with an odd name" in_folder
hash_is "  right" "$work/named/standard output" "$whole"
is "$(stat -c %s "$work/aside")" 0 "  and standard output stays empty"
rm -r "$work/named"
early()
{
	export_disk "$disk" - 2>"$work/said" | head -c 1000000 >/dev/null
	return "${PIPESTATUS[0]}"
}
fails 1 "the reader exits early" early
said
says "the reader of standard output exited before the copy finished" "hint:"
verified_pipe()
{
	export_disk --verify "$disk" - | cat
	return "${PIPESTATUS[0]}"
}
fails 2 "a stream cannot be verified" verified_pipe
says "--hash"

# ---- VHD
ok "a VHD" export_disk --format vhd --hash --verify "$disk" "$out_file"
says "$(sha_of "$out_file")  $out_file"
hash_is "  its disk is right" <(head -c "$disk_size" "$out_file") "$whole"
ok "  qemu-img reads it" qemu-img convert -f vpc -O raw "$out_file" "$work/raw"
hash_is "  the same, of the same size" "$work/raw" "$whole"
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
onto_stdout()
{
	export_disk "$disk" - 1<>"$work/hard"
}
fails 2 "onto itself: standard output" onto_stdout
ln "$disk" "$state"
fails 2 "where the state file would be" export_disk --force "$disk" "$out_file"
says "is never written"
mv "$state" "$list"
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
two=$work/two.img
for one in "a $bek_guid" "b $other_guid"; do
	make_disk "$work/${one% *}.img" --layout bare --method xts-128 --guid "${one#* }" \
		--bek "$work/${one% *}.BEK"
done
two_partitions "$two" "$work/a.img" "$work/b.img"
# export_a ARGUMENT...: with the key of the first of the two volumes
export_a()
{
	timeout 60 "${adefuse_command[@]}" export --bek "$work/a.BEK" "$@"
}
ok "one of two volumes" export_a "$two" "$out_file"
says "p2 is copied as it is on the disk: "
ok "  the open one is plain" cmp -n "$size" <(tail -c +1048577 "$out_file") "$(ntfs_volume)"
second=$((1048577 + size))
ok "  the locked one is as it was" cmp <(tail -c +$second "$out_file") <(tail -c +$second "$two")
fresh

# ---- interrupted
# blocked SIGNAL [ARGUMENT...]: it is at work when the signal comes
blocked()
{
	local signal=$1 job
	shift
	rm -f "$work/mark"
	faulty EXPORT_BLOCK=$((offset + 8388608)) EXPORT_MARK="$work/mark" -- \
		"$@" "$disk" "$out_file" >"$work/said" 2>&1 &
	job=$!
	wait_until 30 test -e "$work/mark" || return 1
	# the first size that is noted is 0; a crash costs no more than some seconds' work
	[ "$signal" != KILL ] || wait_until 30 grep -q '^done [1-9]' "$state"
	if [ "$signal" = LOOK ]; then
		fails 2 "  a second one at the same time" export_disk "$disk" "$out_file"
		says "another process is writing"
		signal=TERM
	fi
	pkill "-$signal" -f "^${adefuse_command[*]} export --bek .*$out_file\$"
	wait "$job"
	status=$?
	said
}
blocked INT
is "$status" 130 "Ctrl-C ends it"
says "interrupted: " "run the same command again"
is "$(stat -c %a "$state")" 600 "  only its user can read its state file"
ok "  the file is not as long as the disk" test "$(stat -c %s "$out_file")" -lt "$disk_size"
fails 2 "another volume is not resumed" export_disk --volume 1 "$disk" "$out_file"
says "cannot be resumed: it was started with another " "--force"
cp "$state" "$work/state"
cp --sparse=always "$out_file" "$work/part"
ok "the same command goes on" export_disk --hash "$disk" "$out_file"
says "disk: resumed at byte " "$whole  $out_file"
hash_is "  right" "$out_file" "$whole"
ok "  no state file is left" test ! -e "$state"
again()
{
	cp "$work/state" "$state" && cp --sparse=always "$work/part" "$out_file"
}
again
poke "$out_file" $(($(sed -n 's/^done //p' "$work/state") - 100)) '\x55'
fails 2 "the copy was changed" export_disk "$disk" "$out_file"
says "its content is not what the disk holds"
again
truncate -s 1000 "$out_file"
fails 2 "the copy was cut" export_disk "$disk" "$out_file"
says "is shorter than what had been written"
again
sed -i 's/^end$/done 5/' "$state"
fails 2 "a damaged state file" export_disk "$disk" "$out_file"
says "its state file is damaged"
ok "  --force starts from the beginning" export_disk --force "$disk" "$out_file"
hash_is "  right" "$out_file" "$whole"
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
hash_is "  right" "$out_file" "$whole"
fresh
blocked LOOK
is "$status" 143 "ended"
fresh

# ---- no room
small=$work/small
mkdir "$small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=6M tmpfs "$small" 2>/dev/null; then
	mounts+=("$small")
	fails 1 "no room" export_disk "$disk" "$small/out"
	says "but the copy may need" "No space left on device" \
		"hint: free some space there and run the same command"
	mount -o remount,size=60M "$small"
	ok "  with more room it goes on" export_disk "$disk" "$small/out"
	says "resumed at byte"
	hash_is "  right" "$small/out" "$whole"
	umount "$small"
else
	skip "no room" "no tmpfs can be mounted"
fi
limited()
{
	(ulimit -f 4096 && export_disk "$disk" "$out_file")
}
fails 1 "a limit" limited
says "File too large" "ulimit -f"
fresh

# ---- unreadable
bad=$((offset + 1000000 / 512 * 512))
bad_bytes=EXPORT_BAD=$((bad + 10)):600
fails 3 "a bad sector ends it" faulty $bad_bytes -- "$disk" "$out_file"
says "disk: 1024 bytes at byte $bad cannot be read: Input/output error" \
	"hint: use --skip-unreadable"
fails 3 "  and is skipped on request" \
	faulty $bad_bytes -- --skip-unreadable --verify --hash "$disk" "$out_file"
says "disk: resumed at byte" "verified" "1024 bytes in 1 places could not be read" \
	"see '$list' for the list of them"
is "$(grep -v '^#' "$list")" "$bad 1024" "  which has it"
export_disk "$disk" - 2>/dev/null >"$work/whole"
zero "$work/whole" "$bad" 1024
ok "  zeros are there, and all else is right" cmp "$out_file" "$work/whole"
rm -f "$work/whole"
ok "  a second copy without it takes the list away" export_disk --force "$disk" "$out_file"
ok "    it is gone" test ! -e "$list"
fresh
echo mine >"$list"
fails 2 "another file of that name" export_disk "$disk" "$out_file"
fresh
cut=$((offset + size * 7 / 8 / 4096 * 4096 + 1536))
head -c "$cut" "$disk" >"$work/cut.img"
fails 3 "an image that is cut off" \
	export_disk --volume 3 --skip-unreadable "$work/cut.img" "$out_file"
lost=$((offset + size - cut))
says "$lost bytes in 1 places could not be read"
is "$(stat -c %s "$out_file")" "$size" "  has the volume's size"
ok "  what is there is right" cmp -n $((cut - offset)) "$out_file" "$(ntfs_volume)"
is "$(grep -v '^#' "$list")" "$((cut - offset)) $lost" "  the list has the rest"
fresh
unreadable_pipe()
{
	faulty EXPORT_BAD="$bad:1" -- --skip-unreadable "$disk" - 2>"$work/said" | cat >/dev/null
	return "${PIPESTATUS[0]}"
}
fails 3 "unreadable, to a stream" unreadable_pipe
said
says "warning: disk: 512 bytes at byte $bad could not be read"

# ---- a medium that writes wrongly
flip=$((offset + 5))
fails 10 "a byte written wrongly" faulty EXPORT_FLIP=$flip -- --verify "$disk" "$out_file"
says "'$out_file' differs from what was read, first at byte $flip" "hint:"
fresh

# ---- block devices
# loop_on FILE [OPTION]: sets $device
loop_on()
{
	device=$(losetup --find --show "${@:2}" "$1" 2>/dev/null)
}

to_devices()
{
	truncate -s $((disk_size + 1048576)) "$work/backing"
	dd if=/dev/urandom of="$work/backing" bs=1M seek=1 count=90 conv=notrunc status=none
	truncate -s $((disk_size + 1048576)) "$work/backing"
	loop_on "$work/backing" || return
	ok "a block device" export_disk --verify "$disk" "$device"
	hash_is "  right, where random bytes were" <(head -c "$disk_size" "$device") "$whole"
	ok "  no state file is left" test ! -e "$device.adefuse-export"
	fails 2 "  it is not empty then" export_disk "$disk" "$device"
	says "the device '$device' is not empty" "--force"
	ok "  --force" export_disk --force "$disk" "$device"
	fails 2 "  no VHD" export_disk --format vhd "$disk" "$device"
	losetup -d "$device"
	truncate -s 1M "$work/backing"
	loop_on "$work/backing"
	fails 2 "a device that is too small" export_disk "$disk" "$device"
	says "less than the 82.0 MiB to be written"
	losetup -d "$device"
}

evidence_on_devices()
{
	loop_on "$disk"
	fails 2 "onto a loop device on the disk" export_disk --force "$disk" "$device"
	says "'$device' lies on the disk '$disk', which is never written"
	fails 2 "from a loop device onto its file" export_disk --force "$device" "$work/hard"
	says "the disk '$device' lies on '$work/hard'"
	fails 2 "onto the same device" export_disk --force "$device" "$device"
	losetup -d "$device"
}

evidence_in_partitions()
{
	local first second sectors=$((size / 512))
	loop_on "$two" --partscan
	first=${device}p1
	second=${device}p2
	# a kernel that reads no partition tables can be told
	[ -b "$first" ] || { addpart "$device" 1 2048 $sectors &&
		addpart "$device" 2 $((2048 + sectors)) $sectors; }
	if [ -b "$first" ]; then
		fails 2 "onto a partition of the disk" export_a --force "$device" "$second"
		says "'$second' lies on the disk '$device'"
		fails 2 "from a partition onto its disk" export_a --force "$first" "$device"
		says "the disk '$first' lies on '$device'"
		fails 2 "from a partition onto its disk's file" export_a --force "$first" "$two"
		says "the disk '$first' lies on '$two'"
	else
		skip "partitions of a loop device" "the kernel shows none"
	fi
	losetup -d "$device"
}

evidence_on_file_systems()
{
	local held=$work/held
	truncate -s 100M "$work/backing"
	loop_on "$work/backing"
	mkdir "$held"
	mkfs.ext4 -qF "$device" && mount "$device" "$held" || return
	mounts+=("$held")
	fails 2 "onto a device that is mounted" export_disk --force "$disk" "$device"
	says "Device or resource busy" "hint: it is mounted or in use"
	fails 2 "from a device onto its own file system" adefuse export "$device" "$held/out"
	says "'$held/out' lies on the disk '$device'"
	cp --sparse=always "$work/a.img" "$held/a.img"
	fails 2 "onto the device that holds the disk" export_a --force "$held/a.img" "$device"
	says "the disk '$held/a.img' lies on '$device'"
	umount "$held"
	losetup -d "$device"
}

if [ "$(id -u)" = 0 ] && to_devices; then
	evidence_on_devices
	evidence_in_partitions
	evidence_on_file_systems || skip "a mounted device" "no ext4 here"
else
	skip "block devices" "no loop device"
fi
hash_is "the evidence is unchanged" "$disk" "$before"
done_testing
