# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2317 # functions are called by name
# Volumes that Windows made: each decodes, with each of its keys, to the SHA-256 that dm-crypt gives for it; damaged
# metadata copies are passed over as long as one is whole. The one whose decryption was paused decodes by its bitmaps; the
# one that has lost its bitmaps is refused, and salvaged to its header.
# The images are not part of the project: ADEFUSE_REAL_IMAGES names the folder that has them.
# shellcheck source=tests/lib.sh disable=SC2154 # set by make check
. "$abs_top_srcdir/tests/lib.sh"

images=${ADEFUSE_REAL_IMAGES:-$abs_top_srcdir/../shared/images}
bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$images/real-bitlocker.tar.xz" "$images/eow-partial.img.gz" "$bde_cat" xz
tar -xJf "$images/real-bitlocker.tar.xz" -C "$work" || exit 99
find "$work" -mindepth 2 -type f -exec mv -t "$work" {} +
export KEY

# setting IMAGE NAME: from images.conf
setting()
{
	awk -F = -v section="[$1]" -v name="$2" \
		'/^\[/ { inside = $0 == section } inside && $1 == name { print $2 }' "$work/images.conf"
}

decodes()
{
	local name=$1 key=$2 image=$3 want=$4 got
	got=$("$bde_cat" "$key" "$image" 0 0 0 "${5:-0}" 2>"$work/said" | sha256sum | cut -d ' ' -f 1)
	out=$(cat "$work/said")
	[ "$got" = "$want" ]
	result $? "$name"
}

# with_each_key COMMAND IMAGE: calls COMMAND NAME KEY for every key that images.conf lists; under sanitizers only for
# the first, since what follows is the same.
with_each_key()
{
	local image=$2 name guid
	for name in PW RP RP2; do
		KEY=$(setting "$image" $name)
		[ -z "$KEY" ] || "$1" $name "$([ $name = PW ] && echo password || echo recovery):KEY" "$image"
		[ -z "$KEY" ] || [ -z "${ADEFUSE_SANITIZED:-}" ] || return 0
	done
	guid=$(setting "$image" SK_VMK_GUID)
	[ -z "$guid" ] || "$1" BEK "bek:$work/${guid^^}.BEK" "$image"
}

decode_whole()
{
	decodes "$3 with its $1" "$2" "$work/$3.img" "$(setting "$3" SHA256SUM)"
	is "$(cut -d ' ' -f 3 "$work/said")" "$(setting "$3" "${guid_name[$1]}" | tr a-f A-F)" "  by the right protector"
}

refuse_part()
{
	fails 3 "$3 with its $1 is refused" "$bde_cat" "$2" "$work/$3.img"
	says 'cannot tell which parts of the volume are encrypted' 'copy 2 at offset 52080640' 'hint: --salvage'
	export BDE_CAT_SALVAGE=1
	decodes "  salvaged: its header" "$2" "$work/$3.img" \
		898be0b2b9f91cd6d2ec928e4bad9dab01e5945de6bbc15043ca84748948520f 8192
	says 'salvaged'
	fails 3 "  and nothing that is not known" "$bde_cat" "$2" "$work/$3.img" 0 0 8192 512
	unset BDE_CAT_SALVAGE
}

declare -A guid_name=([PW]=PW_VMK_GUID [RP]=RP_VMK_GUID [RP2]=RP2_VMK_GUID [BEK]=SK_VMK_GUID)
whole=0
while read -r image; do
	if [ -n "$(setting "$image" SHA256SUM)" ]; then
		whole=$((whole + 1))
		with_each_key decode_whole "$image"
	else
		with_each_key refuse_part "$image"
	fi
done < <(sed -n 's/^\[\(.*\)\]$/\1/p' "$work/images.conf")
is "$whole" 8 'all images with a known sum were there'

gzip -dc "$images/eow-partial.img.gz" | dd of="$work/eow.img" bs=1M conv=sparse iflag=fullblock status=none
export KEY='password12!@'
decodes "a paused decryption by its bitmaps, as far as the image goes" password:KEY "$work/eow.img" \
	05643efa277b704661177f2ecfaebf5943ad252064e3e743d165e18708031bde 361004032
says 'the image is cut off'
fails 3 '  and not a byte beyond' "$bde_cat" password:KEY "$work/eow.img" 0 0 361004032 512
# both of its boot sector's ways to the metadata are gone: found by signature, and its bitmaps too
dd if=/dev/zero of="$work/eow.img" bs=512 count=16 conv=notrunc status=none
fails 3 'its boot sector overwritten: refused, for the bitmap may be anywhere' "$bde_cat" password:KEY "$work/eow.img"
says 'encrypted cannot be found without it' '--salvage searches'
export BDE_CAT_SALVAGE=1
decodes '  salvage finds it, and every byte is right' password:KEY "$work/eow.img" \
	05643efa277b704661177f2ecfaebf5943ad252064e3e743d165e18708031bde 361004032
unset BDE_CAT_SALVAGE
rm -f "$work/eow.img"
ok 'it is recognised without a key' "$bde_cat" info "$work/bitlk-partially-encrypted-aes-cbc-128.img"
says 'method AES-CBC 128' 'state partly encrypted (4 4)'

# ---- the boot sector overwritten: found by signature, the sum stays
for image in bitlk-aes-cbc-128 bitlk-aes-xts-128-4k bitlk-togo-aes-xts-128 bitlk-aes-cbc-elephant-128; do
	cp --sparse=always "$work/$image.img" "$work/damaged.img"
	dd if=/dev/urandom of="$work/damaged.img" bs=512 count=16 conv=notrunc status=none
	KEY=$(setting $image PW)
	decodes "$image without its boot sector" password:KEY "$work/damaged.img" "$(setting $image SHA256SUM)"
	says 'found by its signature'
done

# damage IMAGE COPY...: spoil metadata copies, each in another way.
damage()
{
	local image=$1 copy at
	shift
	for copy; do
		at=$("$bde_cat" info "$work/$image.img" | awk '/^copy/ { print $2 }' | sed -n "${copy}p")
		case $copy in
		1) at=$((at + 120)) ;; # a datum
		2) at=$((at + 8)) ;;   # the size
		3) ;;                  # the signature
		esac
		printf 'ADEFUSE' | dd of="$work/damaged.img" bs=1 seek="$at" conv=notrunc status=none
	done
}

for image in bitlk-aes-xts-128-4k bitlk-togo-aes-xts-128; do
	[ -z "${ADEFUSE_SANITIZED:-}" ] || [ $image = bitlk-togo-aes-xts-128 ] || continue
	KEY=$(setting $image PW)
	for copies in 1 2 3 '1 2' '1 3' '2 3'; do
		cp --sparse=always "$work/$image.img" "$work/damaged.img"
		# shellcheck disable=SC2086 # words
		damage $image $copies
		# Metadata copies read as zeros, so damaging them changes no plaintext.
		decodes "$image with copies $copies damaged" password:KEY "$work/damaged.img" "$(setting $image SHA256SUM)"
		says "warning: BitLocker metadata copy ${copies%% *} at offset"
	done
	cp --sparse=always "$work/$image.img" "$work/damaged.img"
	damage $image 1 2 3
	fails 3 "$image with all copies damaged is refused" "$bde_cat" password:KEY "$work/damaged.img"
	says 'copy 1 at offset' 'copy 2 at offset' 'copy 3 at offset' 'checksum is' 'no metadata signature'
done

image=bitlk-aes-xts-128
KEY=$(setting $image PW)
cp --sparse=always "$work/$image.img" "$work/damaged.img"
truncate -s 35250176 "$work/damaged.img"
want=$("$bde_cat" password:KEY "$work/$image.img" 2>/dev/null | head -c 35213312 | tail -c +8193 | sha256sum | cut -d ' ' -f 1)
got=$("$bde_cat" password:KEY "$work/damaged.img" 0 0 8192 35205120 2>"$work/said" | sha256sum | cut -d ' ' -f 1)
is "$got" "$want" 'an image cut off before the moved header: all else that is there'
fails 3 '  but not the header' "$bde_cat" password:KEY "$work/damaged.img" 0 0 0 512
says 'is cut off'
cp --sparse=always "$work/$image.img" "$work/damaged.img"
truncate -s 50M "$work/damaged.img"
want=$("$bde_cat" password:KEY "$work/$image.img" 2>/dev/null | head -c 50M | sha256sum | cut -d ' ' -f 1)
decodes 'an image cut off later gives what is left' password:KEY "$work/damaged.img" "$want" "$((50 << 20))"
says 'the image is cut off' 'metadata copy 3'
fails 4 'the BEK of another volume' "$bde_cat" "bek:$(echo "$work"/*.BEK)" "$work/$image.img"
says 'no startup key' "password {$(setting $image PW_VMK_GUID | tr a-f A-F)}"
done_testing
