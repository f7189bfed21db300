# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2317 # functions are called by name
# Volumes that Windows made: each decodes, with each of its keys, to the SHA-256 that dm-crypt gives for it; damaged
# metadata copies are passed over as long as one is whole; what is not served is refused by name.
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
	got=$("$bde_cat" "$key" "$image" 2>"$work/said" | sha256sum | cut -d ' ' -f 1)
	out=$(cat "$work/said")
	[ "$got" = "$want" ]
	result $? "$name"
}

# with_each_key COMMAND IMAGE: calls COMMAND NAME KEY for every key that images.conf lists.
with_each_key()
{
	local image=$2 name guid
	for name in PW RP RP2; do
		KEY=$(setting "$image" $name)
		[ -z "$KEY" ] || "$1" $name "$([ $name = PW ] && echo password || echo recovery):KEY" "$image"
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
	says 'encrypted in part' 'hint: let Windows finish'
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
KEY='password12!@' refuse_part password password:KEY eow
rm -f "$work/eow.img"
ok 'it is recognised without a key' "$bde_cat" info "$work/bitlk-partially-encrypted-aes-cbc-128.img"
says 'method AES-CBC 128' 'state partly encrypted (4 4)'

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
fails 3 'an image cut off before the moved header is refused' "$bde_cat" password:KEY "$work/damaged.img"
says 'may be cut off'
cp --sparse=always "$work/$image.img" "$work/damaged.img"
truncate -s 50M "$work/damaged.img"
want=$("$bde_cat" password:KEY "$work/$image.img" 2>/dev/null | head -c 50M | sha256sum | cut -d ' ' -f 1)
decodes 'an image cut off later gives what is left' password:KEY "$work/damaged.img" "$want"
says 'the image is cut off' 'metadata copy 3'
fails 4 'the BEK of another volume' "$bde_cat" "bek:$(echo "$work"/*.BEK)" "$work/$image.img"
says 'no startup key' "password {$(setting $image PW_VMK_GUID | tr a-f A-F)}"
done_testing
