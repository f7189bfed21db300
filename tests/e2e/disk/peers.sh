#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real Windows volumes through the real program: `adefuse mount` with every key gives the SHA-256
# that dm-crypt gives, and the very bytes that dislocker and bdemount give wherever they can open
# the volume. Ends with both counts.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse "$real_images/real-bitlocker.tar.xz" xz dislocker-fuse bdemount
unpack_real_images || exit 99

# Keys of an image, one in a line: NAME VALUE
keys_of()
{
	local name guid
	for name in PW RP RP2; do
		[ -z "$(setting "$1" $name)" ] || echo "$name $(setting "$1" $name)"
	done
	guid=$(setting "$1" SK_VMK_GUID)
	[ -z "$guid" ] || echo "BEK $work/${guid^^}.BEK"
}

ours()
{
	local image=$1 kind=$2 option
	local -x KEY=$3
	case $kind in
	PW) option=(--password env:KEY) ;;
	BEK) option=(--bek "$KEY") ;;
	*) option=(--recovery-password env:KEY) ;;
	esac
	adefuse mount "${option[@]}" "$work/$image.img" "$work/ours"
}

theirs()
{
	local peer=$1 image=$work/$2.img kind=$3 value=$4 option
	case $peer-$kind in
	dislocker-PW) option=-u$value ;;
	dislocker-BEK) option=-f$value ;;
	dislocker-*) option=-p$value ;;
	bdemount-PW) option=-p$value ;;
	bdemount-BEK) option=-s$value ;;
	bdemount-*) option=-r$value ;;
	esac
	case $peer in
	dislocker) dislocker-fuse -V "$image" "$option" -- "$work/theirs" ;;
	bdemount) bdemount "$option" "$image" "$work/theirs" ;;
	esac >/dev/null 2>&1
}

declare -A file_of=([dislocker]=dislocker-file [bdemount]=bde1)
mkdir "$work/ours" "$work/theirs"
right=0 wanted=0 agree=0 opened=0 refused=
while read -r image; do
	want=$(setting "$image" SHA256SUM)
	[ -n "$want" ] || continue
	while read -r kind value; do
		wanted=$((wanted + 1))
		mounts=("$work/ours" "$work/theirs")
		ok "$image with its $kind" ours "$image" "$kind" "$value"
		hash_is "  gives what dm-crypt decrypts" "$work/ours/p1.raw" "$want"
		[ "$last_result" != 0 ] || right=$((right + 1))
		for peer in dislocker bdemount; do
			file=$work/theirs/${file_of[$peer]}
			if theirs $peer "$image" "$kind" "$value" && [ -e "$file" ]; then
				opened=$((opened + 1))
				ok "  $peer gives the same bytes" cmp "$work/ours/p1.raw" "$file"
				[ "$last_result" != 0 ] || agree=$((agree + 1))
			else
				refused+=" $peer:$image:$kind"
			fi
			{ fusermount3 -u "$work/theirs" || umount "$work/theirs"; } 2>/dev/null
		done
		ok "  unmounts" unmount "$work/ours"
	done < <(keys_of "$image")
done < <(real_image_names)
echo "# real images: $right of $wanted right (8 volumes, each of their keys)"
echo "# peers: $agree of $opened agree; not opened by the peer:$refused"
is "$right" 17 "every key of every volume"
holds "the peers opened $opened" [ "$opened" -ge 20 ]
done_testing
