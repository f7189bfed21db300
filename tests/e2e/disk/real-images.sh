#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes that Windows made: each decodes, with each of its keys, to the SHA-256 that dm-crypt
# gives; damaged metadata copies are skipped as long as one is whole. The volume whose decryption
# was paused decodes by its bitmaps; the one that has lost its bitmaps is refused, and salvaged to
# its header.
# shellcheck disable=SC2317 # functions are called by name
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$real_images/real-bitlocker.tar.xz" "$real_images/eow-partial.img.gz" "$bde_cat" xz
unpack_real_images || exit 99
export KEY
damaged=$work/damaged.img

# decodes NAME KEY IMAGE SHA256 [LENGTH]
decodes()
{
	local name=$1 key=$2 image=$3 want=$4 got
	got=$("$bde_cat" "$key" "$image" 0 0 0 "${5:-0}" 2>"$work/said" | sha_of)
	out=$(cat "$work/said")
	is "$got" "$want" "$name"
}

# with_each_key COMMAND IMAGE: calls COMMAND NAME KEY IMAGE for every key that images.conf lists;
# under sanitizers only for the first, since what follows is the same.
with_each_key()
{
	local image=$2 name guid way
	for name in PW RP RP2; do
		KEY=$(setting "$image" $name)
		way=recovery
		[ $name != PW ] || way=password
		[ -z "$KEY" ] || "$1" $name $way:KEY "$image"
		[ -z "$KEY" ] || [ -z "${ADEFUSE_SANITIZED:-}" ] || return 0
	done
	guid=$(setting "$image" SK_VMK_GUID)
	[ -z "$guid" ] || "$1" BEK "bek:$work/${guid^^}.BEK" "$image"
}

declare -A guid_name=([PW]=PW_VMK_GUID [RP]=RP_VMK_GUID [RP2]=RP2_VMK_GUID [BEK]=SK_VMK_GUID)
decode_whole()
{
	local guid
	guid=$(setting "$3" "${guid_name[$1]}" | tr a-f A-F)
	decodes "$3 with its $1" "$2" "$work/$3.img" "$(setting "$3" SHA256SUM)"
	is "$(cut -d ' ' -f 3 "$work/said")" "$guid" "  by the right protector"
}

refuse_part()
{
	fails 3 "$3 with its $1 is refused" "$bde_cat" "$2" "$work/$3.img"
	says 'cannot tell which parts of the volume are encrypted' 'copy 2 at offset 52080640' \
		'hint: --salvage'
	export BDE_CAT_SALVAGE=1
	decodes "  salvaged: its header" "$2" "$work/$3.img" \
		898be0b2b9f91cd6d2ec928e4bad9dab01e5945de6bbc15043ca84748948520f 8192
	says 'salvaged'
	fails 3 "  and nothing that is not known" "$bde_cat" "$2" "$work/$3.img" 0 0 8192 512
	unset BDE_CAT_SALVAGE
}

whole=0
while read -r image; do
	if [ -n "$(setting "$image" SHA256SUM)" ]; then
		whole=$((whole + 1))
		with_each_key decode_whole "$image"
	else
		with_each_key refuse_part "$image"
	fi
done < <(real_image_names)
is "$whole" 8 'all images with a known hash were there'

eow=$work/eow.img
eow_size=361004032
eow_hash=05643efa277b704661177f2ecfaebf5943ad252064e3e743d165e18708031bde
gzip -dc "$real_images/eow-partial.img.gz" |
	dd of="$eow" bs=1M conv=sparse iflag=fullblock status=none
export KEY='password12!@'
decodes "a paused decryption by its bitmaps, as far as the image goes" password:KEY "$eow" \
	$eow_hash $eow_size
says 'the image is cut off'
fails 3 '  and not a byte more' "$bde_cat" password:KEY "$eow" 0 0 $eow_size 512
# no boot sector leads to the metadata now: it is found by signature, and its bitmaps too
zero "$eow" 0 8192
fails 3 'its boot sector overwritten: refused, for the bitmap may be anywhere' \
	"$bde_cat" password:KEY "$eow"
says 'encrypted cannot be found without it' '--salvage searches'
export BDE_CAT_SALVAGE=1
decodes '  salvage finds it, and every byte is right' password:KEY "$eow" $eow_hash $eow_size
unset BDE_CAT_SALVAGE
rm -f "$eow"
ok 'it is recognised without a key' \
	"$bde_cat" info "$work/bitlk-partially-encrypted-aes-cbc-128.img"
says 'method AES-CBC 128' 'state partly encrypted (4 4)'

# ---- the boot sector overwritten: found by signature, the hash stays
for image in bitlk-aes-cbc-128 bitlk-aes-xts-128-4k bitlk-togo-aes-xts-128 \
	bitlk-aes-cbc-elephant-128; do
	cp --sparse=always "$work/$image.img" "$damaged"
	dd if=/dev/urandom of="$damaged" bs=512 count=16 conv=notrunc status=none
	KEY=$(setting $image PW)
	decodes "$image without its boot sector" password:KEY "$damaged" \
		"$(setting $image SHA256SUM)"
	says 'found by its signature'
done

# damage IMAGE COPY...: a copy of the image with these metadata copies spoilt, each in another way
damage()
{
	local image=$1 copy at
	shift
	cp --sparse=always "$work/$image.img" "$damaged"
	for copy; do
		at=$("$bde_cat" info "$work/$image.img" |
			awk -v copy="$copy" '/^copy/ && ++n == copy { print $2 }')
		case $copy in
		1) at=$((at + 120)) ;; # a datum
		2) at=$((at + 8)) ;;   # the size
		3) ;;                  # the signature
		esac
		poke "$damaged" "$at" ADEFUSE
	done
}

for image in bitlk-aes-xts-128-4k bitlk-togo-aes-xts-128; do
	[ -z "${ADEFUSE_SANITIZED:-}" ] || [ $image = bitlk-togo-aes-xts-128 ] || continue
	KEY=$(setting $image PW)
	for copies in 1 2 3 '1 2' '1 3' '2 3'; do
		# shellcheck disable=SC2086 # words
		damage $image $copies
		# Metadata copies read as zeros, so damaging them changes no plaintext.
		decodes "$image with copies $copies damaged" password:KEY "$damaged" \
			"$(setting $image SHA256SUM)"
		says "warning: BitLocker metadata copy ${copies%% *} at offset"
	done
	damage $image 1 2 3
	fails 3 "$image with all copies damaged is refused" "$bde_cat" password:KEY "$damaged"
	says 'copy 1 at offset' 'copy 2 at offset' 'copy 3 at offset' 'checksum is' \
		'no metadata signature'
done

image=bitlk-aes-xts-128
KEY=$(setting $image PW)
# cut_to SIZE: a copy of the image that ends there
cut_to()
{
	cp --sparse=always "$work/$image.img" "$damaged"
	truncate -s "$1" "$damaged"
}
decoded()
{
	"$bde_cat" password:KEY "$work/$image.img" 2>/dev/null
}
cut_to 35250176
want=$(decoded | head -c 35213312 | tail -c +8193 | sha_of)
got=$("$bde_cat" password:KEY "$damaged" 0 0 8192 35205120 2>"$work/said" | sha_of)
is "$got" "$want" 'an image cut off before the moved header: all else that is there'
fails 3 '  but not the header' "$bde_cat" password:KEY "$damaged" 0 0 0 512
says 'is cut off'
cut_to 50M
want=$(decoded | head -c 50M | sha_of)
decodes 'an image cut off later gives what is left' password:KEY "$damaged" "$want" $((50 << 20))
says 'the image is cut off' 'metadata copy 3'
fails 4 'the BEK of another volume' \
	"$bde_cat" "bek:$(echo "$work"/*.BEK)" "$work/$image.img"
says 'no startup key' "password {$(setting $image PW_VMK_GUID | tr a-f A-F)}"
done_testing
