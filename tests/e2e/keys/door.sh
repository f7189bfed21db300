#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# open/ by itself: a program that links nothing of the command line, FUSE or export opens a disk
# with every kind of key, by one struct and two callbacks.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq mkntfs "$MKADE"

cd "$work" || exit 99
# XTS-128, which libbde reads in every version
make_disk os.vhd --layout gpt --vhd --method xts-128 --guid "$bek_guid" --bek "$bek_guid.BEK" \
	--recovery-password "$recovery_password" --plain-out plain --plain-disk-out plain-disk ||
	exit 99
plain=$(sha_of plain)
whole=$(sha_of plain-disk)
bek=$bek_guid.BEK
echo "$recovery_password" >password

door()
{
	"$abs_top_builddir/tests/tools/open-disk" "$@"
}

# opens NAME KEY... : p3 and the whole disk come out right
opens()
{
	local name=$1
	shift
	ok "$name" door os.vhd "$@"
	says "p3 bitlocker " " $plain" "disk $whole"
}

opens "a BEK file" bek="$bek"
says "BEK file '$bek'"
opens "a folder of BEK files" bek=.
opens "a recovery password in a file" recovery-password=file:password
RECOVERY=$recovery_password opens "a recovery password in a variable" \
	recovery-password=env:RECOVERY
opens "a recovery password from a descriptor" recovery-password=fd:9 9<password
ANSWER=$recovery_password opens "a recovery password that is asked for" recovery-password=prompt
says "asked for the recovery password"
opens "nothing is asked for after a key that fits" bek="$bek" recovery-password=prompt
is "$(grep -c asked <<<"$out")" 0 "  the caller was not called"
opens "both engines" bek="$bek" second-engine
says "second $plain"
opens "libbde" bek="$bek" engine=libbde

fails 4 "no key" door os.vhd
says "p3: no key was given; the volume is opened by: startup key (BEK) $bek_guid" \
	"hint: give one of"
head -c 300 /dev/zero >broken
fails 4 "a key that is no BEK file" door os.vhd bek=broken
fails 2 "a caller without an answer" door os.vhd recovery-password=prompt
says "no answer for the recovery password"
fails 2 "a partition that the disk does not have" door os.vhd bek="$bek" volume=9
says "no partition 9"
fails 3 "a disk that is not there" door missing.vhd bek="$bek"
fails 2 "--secret by name without a vault" door os.vhd secret=x
says "is a name, and no vault was given"

# a key of another disk: its reason names what would fit, once
make_disk other.img --layout bare --guid "$other_guid" --bek other.BEK || exit 99
fails 4 "another disk's key" door os.vhd bek=other.BEK
is "$(grep -o "$bek_guid" <<<"$out" | wc -l)" 2 \
	"  what would fit is named in the message and in the hint, and not appended again"

ok "another key after one that did not fit" door os.vhd first=other.BEK bek="$bek"
says "before: p3: no key was tried; the volume is opened by: startup key (BEK) $bek_guid" \
	"first: p3: BEK file 'other.BEK' is the startup key" "p3 bitlocker " " $plain" "disk $whole"
fails 4 "and one that does not fit either" door os.vhd first=other.BEK recovery-password=fd:8 \
	8<<<235818-357951-253979-013365-241120-245575-342914-591921
says "the recovery password does not open"

# ---- out of a vault
cat >config.json <<END
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "s3cret~1"}],
  "vaults": [{"name": "contoso-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "$bek_guid", "versions": [
      {"ade": {"file": "$bek", "machine": "VM01", "volume": "C:", "kek": "kek/#0"}}]}]}] }
END
ok "the loopback vault is up" start_vault config.json || done_testing
in_vault=(vault="$VAULT_URL" trust-vault-host=127.0.0.1 ca-file="$VAULT_CA_FILE")
opens "a vault, and a KEK" "${in_vault[@]}"
says "secret 'https://"
opens "a secret by name" secret="$bek_guid" "${in_vault[@]}"
ok "a preview fetches nothing" door os.vhd "${in_vault[@]}" preview
says "p3 would fetch $bek_guid"
fails 7 "a vault without that secret" door os.vhd secret=nothing "${in_vault[@]}"
AZURE_CLIENT_SECRET=wrong fails 5 "a wrong client secret" door os.vhd "${in_vault[@]}"

# ---- what it links
objects=$(nm "$abs_top_builddir/tests/tools/open-disk" | awk '{ print $NF }')
for symbol in command_fail mount_serve export_run option_parse fuse_session_new; do
	is "$(grep -cw "$symbol" <<<"$objects")" 0 "it has no $symbol"
done
is "$(grep -cw open_disk <<<"$objects")" 1 "it has open_disk"

done_testing
