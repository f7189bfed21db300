#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# adefuse info: what it shows without a key, as text and as JSON, against the manifest of mkade.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs jq "$MKADE"

disk=$work/disk.vhd
info=$work/info.json
ade_disk "$disk"
before=$(sha_of "$disk")
ok "text" adefuse info "$disk"
says "vhd (fixed)" "gpt partition table" "EFI system" "Microsoft reserved" "AES-XTS 256" \
	"encrypted, AES-XTS 256" "$bek_guid  startup key" "recovery password" "3 of 3 copies good"
ok "JSON" adefuse info --json "$disk"
printf '%s\n' "$out" >"$info"
while read -r ours theirs; do
	json_is "$ours" "$info" "$ours" "$(json "$disk.json" "$theirs")"
done <<-END
	.disk.size .disk.size
	.volumes[2].offset .volume.offset
	.volumes[2].size .volume.size
	.volumes[2].bitlocker.sector_size .volume.sector_size
	.volumes[2].bitlocker.method_code .volume.method_id
	.volumes[2].bitlocker.header_offset .volume.header_offset
	.volumes[2].bitlocker.header_size .volume.header_size
	.volumes[2].bitlocker.metadata_copies[1].offset .volume.metadata_offsets[1]
END
json_is "volume identifier" "$info" '.volumes[2].bitlocker.volume_id | ascii_downcase' \
	"$(json "$disk.json" .volume.guid)"
json_is "protector identifiers in their order" "$info" \
	'[.volumes[2].bitlocker.protectors[].id | ascii_downcase] | join(" ")' \
	"$(json "$disk.json" '[.protectors[].guid] | join(" ")')"
json_is "what is readable without a key" "$info" '[.volumes[].readable]' '[true,true,false]'
ok "with a key" adefuse info --bek "$work/$bek_guid.BEK" "$disk"
says "opened by:  BEK file"
hash_is "the evidence is unchanged" "$disk" "$before"

# names from the disk cannot act on the terminal
evil=$work/evil.img
make_disk "$evil" --layout bare --description $'evil\e]0;title\a\nname' --guid "$bek_guid" \
	--bek "$work/e.BEK"
ok "a hostile description" adefuse info "$evil"
never_says "is made harmless" $'\e' $'\a'
ok "in JSON too" adefuse info --json "$evil"
ok "which stays JSON" jq -e . <<<"$out"

# states that need no key
for state in suspended decrypted; do
	make_disk "$work/$state.img" --layout bare --state $state --guid "$bek_guid" \
		--bek "$work/s.BEK" --plain-out "$work/plain"
	ok "$state" adefuse info --json "$work/$state.img"
	says "$state" '"readable":	true'
done
fails 1 "a full standard output is an error" \
	bash -c '"$@" >/dev/full' - "${adefuse_command[@]}" info "$disk"
done_testing
