#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# adefuse info: what it tells without a key, as text and as JSON, against the image maker's manifest.
. "$abs_top_srcdir/tests/lib.sh"
need mkntfs jq "$MKADE"

disk=$work/disk.vhd
ade_disk "$disk"
before=$(sha_of "$disk")
ok "text" adefuse info "$disk"
says "vhd (fixed)" "gpt partition table" "EFI system" "Microsoft reserved" "AES-XTS 256" "encrypted, AES-XTS 256" \
	"$bek_guid  startup key" "recovery password" "3 of 3 copies good"
ok "JSON" adefuse info --json "$disk"
printf '%s\n' "$out" >"$work/info.json"
for pair in ".disk.size .disk.size" ".volumes[2].offset .volume.offset" ".volumes[2].size .volume.size" \
	".volumes[2].bitlocker.sector_size .volume.sector_size" \
	".volumes[2].bitlocker.method_code .volume.method_id" \
	".volumes[2].bitlocker.header_offset .volume.header_offset" \
	".volumes[2].bitlocker.header_size .volume.header_size" \
	".volumes[2].bitlocker.metadata_copies[1].offset .volume.metadata_offsets[1]"; do
	read -r ours theirs <<<"$pair"
	is "$(json "$work/info.json" "$ours")" "$(json "$disk.json" "$theirs")" "$ours"
done
is "$(json "$work/info.json" '.volumes[2].bitlocker.volume_id | ascii_downcase')" \
	"$(json "$disk.json" .volume.guid)" "volume identifier"
is "$(json "$work/info.json" '[.volumes[2].bitlocker.protectors[].id | ascii_downcase] | join(" ")')" \
	"$(json "$disk.json" '[.protectors[].guid] | join(" ")')" "protector identifiers in their order"
is "$(json "$work/info.json" '[.volumes[].readable] | join(" ")')" "true true false" "what is readable without a key"
ok "with a key" adefuse info --bek "$work/$bek_guid.BEK" "$disk"
says "opened by:  BEK file"
is "$(sha_of "$disk")" "$before" "the evidence is unchanged"

# names out of the disk cannot act on the terminal
make_disk "$work/evil.img" --layout bare --description $'evil\e]0;title\a\nname' --guid "$bek_guid" --bek "$work/e.BEK"
ok "a hostile description" adefuse info "$work/evil.img"
fails 1 "is made harmless" grep -q $'[\e\a]' <<<"$out"
ok "in JSON too" adefuse info --json "$work/evil.img"
ok "which stays JSON" jq -e . <<<"$out"

# states that need no key
for state in suspended decrypted; do
	make_disk "$work/$state.img" --layout bare --state $state --guid "$bek_guid" --bek "$work/s.BEK" \
		--plain-out "$work/plain"
	ok "$state" adefuse info --json "$work/$state.img"
	says "$state" '"readable":	true'
done
fails 1 "a closed standard output is an error" bash -c '"$@" >/dev/full' - "${adefuse_command[@]}" info "$disk"
done_testing
