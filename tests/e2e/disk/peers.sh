#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real Windows volumes through the real program: `adefuse mount` with every key gives the SHA-256 that dm-crypt gives, and
# the very bytes that dislocker and bdemount give wherever they can open the volume. Ends with both counts.
# The images are not part of the project: ADEFUSE_REAL_IMAGES names the folder that has them.
. "$abs_top_srcdir/tests/lib.sh"

images=${ADEFUSE_REAL_IMAGES:-$abs_top_srcdir/../shared/images}
need root /dev/fuse "$images/real-bitlocker.tar.xz" xz dislocker-fuse bdemount
tar -xJf "$images/real-bitlocker.tar.xz" -C "$work" || exit 99
find "$work" -mindepth 2 -type f -exec mv -t "$work" {} +

setting()
{
	awk -F = -v section="[$1]" -v name="$2" \
		'/^\[/ { inside = $0 == section } inside && $1 == name { print $2 }' "$work/images.conf"
}

# Keys of an image, one a line: NAME VALUE
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
	local image=$1 kind=$2 value=$3
	case $kind in
	PW) KEY=$value adefuse mount --password env:KEY "$work/$image.img" "$work/ours" ;;
	BEK) adefuse mount --bek "$value" "$work/$image.img" "$work/ours" ;;
	*) KEY=$value adefuse mount --recovery-password env:KEY "$work/$image.img" "$work/ours" ;;
	esac
}
export -n KEY 2>/dev/null || :

theirs()
{
	local peer=$1 image=$2 kind=$3 value=$4
	case $peer-$kind in
	dislocker-PW) dislocker-fuse -V "$work/$image.img" -u"$value" -- "$work/theirs" ;;
	dislocker-BEK) dislocker-fuse -V "$work/$image.img" -f "$value" -- "$work/theirs" ;;
	dislocker-*) dislocker-fuse -V "$work/$image.img" -p"$value" -- "$work/theirs" ;;
	bdemount-PW) bdemount -p "$value" "$work/$image.img" "$work/theirs" ;;
	bdemount-BEK) bdemount -s "$value" "$work/$image.img" "$work/theirs" ;;
	bdemount-*) bdemount -r "$value" "$work/$image.img" "$work/theirs" ;;
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
		got=$(sha_of "$work/ours/p1.raw")
		is "$got" "$want" "  is what dm-crypt decrypts"
		[ "$got" != "$want" ] || right=$((right + 1))
		for peer in dislocker bdemount; do
			if theirs $peer "$image" "$kind" "$value" && [ -e "$work/theirs/${file_of[$peer]}" ]; then
				opened=$((opened + 1))
				ok "  $peer gives the same bytes" cmp "$work/ours/p1.raw" "$work/theirs/${file_of[$peer]}" &&
					agree=$((agree + 1))
			else
				refused+=" $peer:$image:$kind"
			fi
			fusermount3 -u "$work/theirs" 2>/dev/null || umount "$work/theirs" 2>/dev/null
		done
		ok "  unmounts" unmount "$work/ours"
	done < <(keys_of "$image")
done < <(sed -n 's/^\[\(.*\)\]$/\1/p' "$work/images.conf")
echo "# real images: $right of $wanted right (8 volumes, each of their keys)"
echo "# peers: $agree of $opened agree; not opened by the peer:$refused"
is "$right" 17 "every key of every volume"
[ "$opened" -ge 20 ]
result $? "the peers opened $opened"
done_testing
