#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Other protectors of a volume's key: TPMs, cards, the network, a recovery key's file. info names
# each, with what opens the volume instead; none is asked for as if the user could give it.
# tests/mkade/oracle.sh asks other programs for the names.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs sfdisk jq "$MKADE"

disk=$work/disk.img
mkdir "$work/out"
made()
{
	make_disk "$disk" --layout bare --method xts-256 "$@"
}

# kind NAME WHO OPTIONS...: beside a recovery password, and alone
kind()
{
	local name=$1 who=$2 id recovery
	shift 2
	made "$@" --recovery-password random
	id=$(json "$disk.json" '.protectors[0].guid' | tr a-f A-F)
	recovery=$(json "$disk.json" '.protectors[1].recovery_password')
	ok "$name: info" adefuse info "$disk"
	says "$id  $name: opens only in Windows $who" \
		"recovery password: opened by --recovery-password"
	adefuse info --json "$disk" >"$work/info.json"
	json_is "  in JSON" "$work/info.json" \
		'[.. | .protectors? // empty][0] | map([.type, .opened_with])' \
		"[[\"$name\",null],[\"recovery password\",\"--recovery-password\"]]"
	fails 4 "  without a key" adefuse key --out "$work/out" "$disk"
	says "$name $id" "hint: give --recovery-password SRC;"
	RP=$recovery ok "  the recovery password opens it" \
		adefuse info --recovery-password env:RP "$disk"
	says "plaintext:  ntfs"
	made "$@"
	fails 4 "  alone" adefuse key --out "$work/out" "$disk"
	says "hint: its protectors work only on its own machine or with its card" "--fvek SRC"
}

kind "TPM" "on its own machine" --tpm
kind "TPM and PIN" "on its own machine" --tpm-pin
kind "TPM and startup key" "on its own machine" --tpm-bek "$work/tpm.BEK"
kind "TPM, PIN and startup key" "on its own machine" --tpm-pin-bek "$work/tpm.BEK"
kind "smart card or certificate" "with that card" --public-key
kind "network unlock" "on its own machine" --tpm-network
kind "unknown" "on its own machine" --protector-type 0x4000

# half of a TPM's protector is in a BEK file, which alone opens nothing
made --tpm-bek "$work/tpm.BEK"
fails 4 "the startup key beside a TPM alone" \
	adefuse key --bek "$work/tpm.BEK" --out "$work/out" "$disk"
says "this volume has no startup key" "TPM and startup key"

# manage-bde -RecoveryKey writes the same file
made --tpm --recovery-key "$work/recovery.BEK"
ok "a recovery key's file" adefuse info --bek "$work/recovery.BEK" "$disk"
says "plaintext:  ntfs" "opened by:  BEK file"

# volume GUID: $work/GUID.img, and its BEK
volume()
{
	"$MKADE" --volume "$(ntfs_volume)" --method xts-256 --guid "$1" --bek "$work/$1.BEK" \
		"$work/$1.img"
}

# two volumes; a key opens the other one
two=$work/two.img
volume "$bek_guid"
volume "$other_guid"
two_partitions "$two" "$work/$bek_guid.img" "$work/$other_guid.img"
number=0
for guid in "$bek_guid" "$other_guid"; do
	number=$((number + 1))
	ok "the BEK of p$number" adefuse info --bek "$work/$guid.BEK" "$two"
	bek="BEK file '$work/$guid.BEK'"
	says "locked:     $bek is the startup key {$guid} of p$number, not of p$((3 - number))"
done
# the BEK of a third disk: each volume has its own reason
third=11111111-2222-3333-4444-555555555555
volume $third
ok "another disk's BEK" adefuse info --bek "$work/$third.BEK" "$two"
says "{$third}; this volume has startup key (BEK) {$bek_guid}" \
	"{$third}; this volume has startup key (BEK) {$other_guid}"
done_testing
