#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What else may hold a volume's key: TPMs, cards, the network, a recovery key's file. Each is named by info, with what
# opens the volume instead; none is asked for as if it could be given. tests/mkade/oracle.sh asks others for the names.
# shellcheck source=tests/lib.sh disable=SC2154
. "$abs_top_srcdir/tests/lib.sh"
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
	ok "$name: info" run info "$disk"
	says "$id  $name: opens only in Windows $who" "recovery password: opened by --recovery-password"
	is "$(adefuse info --json "$disk" | jq -c '[.. | .protectors? // empty][0] | map([.type, .opened_with])')" \
		"[[\"$name\",null],[\"recovery password\",\"--recovery-password\"]]" "  in JSON"
	fails 4 "  without a key" adefuse key --out "$work/out" "$disk"
	says "$name $id" "hint: give --recovery-password SRC;"
	RP=$recovery ok "  the recovery password opens it" run info --recovery-password env:RP "$disk"
	says "plaintext:  ntfs"
	made "$@"
	fails 4 "  alone" adefuse key --out "$work/out" "$disk"
	says "hint: its protectors work only on its own machine or with its card" "--fvek SRC"
}
run()
{
	adefuse "$@"
}

kind "TPM" "on its own machine" --tpm
kind "TPM and PIN" "on its own machine" --tpm-pin
kind "TPM and startup key" "on its own machine" --tpm-bek "$work/tpm.BEK"
kind "TPM, PIN and startup key" "on its own machine" --tpm-pin-bek "$work/tpm.BEK"
kind "smart card or certificate" "with that card" --public-key
kind "network unlock" "on its own machine" --tpm-network
kind "unknown" "on its own machine" --protector-type 0x4000

# half of a TPM's protector is in a BEK file, and is no key by itself
made --tpm-bek "$work/tpm.BEK"
fails 4 "the startup key beside a TPM alone" run key --bek "$work/tpm.BEK" --out "$work/out" "$disk"
says "this volume has no startup key" "TPM and startup key"

# manage-bde -RecoveryKey writes the same file
made --tpm --recovery-key "$work/recovery.BEK"
ok "a recovery key's file" run info --bek "$work/recovery.BEK" "$disk"
says "plaintext:  ntfs" "opened by:  BEK file"

# two volumes; a key is the other's
two=$work/two.img
for guid in "$bek_guid" "$other_guid"; do
	"$MKADE" --volume "$(ntfs_volume)" --method xts-256 --guid "$guid" --bek "$work/$guid.BEK" "$work/$guid.img"
done
two_partitions "$two" "$work/$bek_guid.img" "$work/$other_guid.img"
for number in 1 2; do
	guid=$bek_guid
	[ $number = 1 ] || guid=$other_guid
	ok "the BEK of p$number" run info --bek "$work/$guid.BEK" "$two"
	says "locked:     BEK file '$work/$guid.BEK' is the startup key {$guid} of p$number, not of p$((3 - number))"
done
# a third disk's: each volume's own reason
"$MKADE" --volume "$(ntfs_volume)" --method xts-256 --guid 11111111-2222-3333-4444-555555555555 --bek "$work/third.BEK" "$work/third.img"
ok "another disk's BEK" run info --bek "$work/third.BEK" "$two"
says "{11111111-2222-3333-4444-555555555555}; this volume has startup key (BEK) {$bek_guid}" \
	"{11111111-2222-3333-4444-555555555555}; this volume has startup key (BEK) {$other_guid}"
done_testing
