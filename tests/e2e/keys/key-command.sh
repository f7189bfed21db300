#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `adefuse key`: its files, its table, its JSON, and --dry-run, which fetches no value and uses no
# key.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl mkntfs script "$MKADE"

bek_file=$bek_guid.BEK
ade_disk "$work/os.vhd"
wrapped=$(ade "$bek_file" '"kek": "kek/#0"' '"created": 1600000000')
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [{"name": "contoso-kv", "fill": 30, $kek, "secrets": [
    $(secret "$bek_guid" "$wrapped"),
    $(secret of-vm02 "$(machine=VM02 ade "$bek_file")")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
cd "$work" || exit 99
version=$(ready ".vaults[\"contoso-kv\"].secrets[\"$bek_guid\"][0]")
kek_url=$VAULT_URL/keys/kek/$(ready '.vaults["contoso-kv"].keys.kek[0]')
created=2020-09-13T12:26:40Z
key=(adefuse key "${vault_options[@]}" --out "$work/out")
# the same with a BEK file before the vault
key_by_file=(adefuse key --bek "$bek_file" "${vault_options[@]}" --out "$work/out")
only()
{
	"$@" 2>"$work/stderr"
}
table_has()
{
	says "VOLUME" "$@" "p3 " "$bek_guid" "$version" "$created" "$kek_url" "RSA-OAEP" \
		"$work/out/$bek_file"
}
# row_is NAME FILE: the one row of the JSON
row_is()
{
	json_is "$1" "$2" '.keys | length' 1 .keys[0].volume 3 .keys[0].protector_id "$bek_guid" \
		.keys[0].name "$bek_guid" .keys[0].version "$version" .keys[0].created $created \
		.keys[0].content_type "Wrapped BEK" .keys[0].machine_name VM01 \
		.keys[0].volume_letter 'C:\' .keys[0].kek "$kek_url" .keys[0].algorithm RSA-OAEP \
		.keys[0].file "$work/out/$bek_file"
}

# ---- before
forget requests
ok "--dry-run" "${key[@]}" --dry-run os.vhd
table_has "PROTECTOR"
requests_are "  no value fetched, no key used" '.method == "POST" and .endpoint == "vault" or
	(.url | test("^/secrets/[^/?]+(/[0-9a-f]*)?\\?"))' 0
is "$(find "$work/out" -type f | wc -l)" 0 "  nothing written"
ok "--dry-run --json is only JSON" only "${key[@]}" --dry-run --json os.vhd
printf '%s\n' "$out" >plan.json
json_is "  its head" plan.json .schema_version 1 .dry_run true .disk os.vhd
row_is "  its row" plan.json
ok "--dry-run by secret" "${key[@]}" --secret "$bek_guid" --dry-run os.vhd
says "p3 " "$version"
rights '["get"]' '["unwrapKey"]'
fails 6 "--dry-run needs List" "${key[@]}" --dry-run os.vhd
says "refuses to list the versions of secret '$bek_guid'" "secrets/list" "set-policy"
rights
make_disk other.img --layout bare --guid "$other_guid" --bek other.BEK
fails 4 "--dry-run with nothing to fetch" "${key[@]}" --dry-run other.img
says "holds no secret for the protectors of this disk" "$other_guid"
ok "--dry-run by machine: what cannot be known beforehand is left open" \
	"${key[@]}" --vm vm02 --dry-run other.img
says "? " "of-vm02"
ok "--dry-run with a BEK file before the vault fetches nothing" \
	"${key_by_file[@]}" --dry-run os.vhd
says "nothing to fetch: opened by BEK file"

# ---- the real run
ok "writes, and prints the table" only "${key[@]}" os.vhd
table_has
hash_is "  the file as Windows wrote it" "out/$bek_file" "$(sha_of "$bek_file")"
is "$(stat -c '%a %n' out/*)" "600 out/$bek_file" \
	"  only its owner can read it, named as Windows names it, nothing else left"
fails 1 "an existing file is not overwritten" "${key[@]}" os.vhd
says "File exists" "use --force to replace it"
echo damaged >"out/$bek_file"
ok "but with --force" only "${key[@]}" --force --json os.vhd
printf '%s\n' "$out" >done.json
hash_is "  replaced" "out/$bek_file" "$(sha_of "$bek_file")"
row_is "  the JSON's row is the plan's" done.json
json_is "  and says that it was done" done.json .dry_run false
ok "a file's BEK: the table says so" only "${key_by_file[@]}" --force os.vhd
says "BEK file '$bek_file'"
echo "$recovery_password" >rp
fails 4 "opened by something else" adefuse key --recovery-password file:rp \
	"${vault_options[@]}" --out "$work/out" os.vhd
says "p3: no BEK: opened by the recovery password" "no volume of this disk was opened by a BEK"
bek_text=$(base64 -w 0 "$bek_file" | cut -c 60-100)
is "$(grep -c "$bek_text" plan.json done.json | paste -sd ' ')" "plan.json:0 done.json:0" \
	"no key in the JSON"

# ---- waiting
busy()
{
	change /fault "$(fault "$with_token" "$(refusal 429 Throttled)" 1)"
}
busy
ok "429, standard error is no terminal" "${key[@]}" --force os.vhd
never_says "  no progress line" 'trying again'
busy
ok "with -v a line" "${key[@]}" -v --force os.vhd
says "info: '127.0.0.1' is busy (HTTP 429), trying again in " " s left"
busy
line="$(printf '%q ' "${adefuse_command[@]}" "${key[@]:1}" --force os.vhd)"
ok "on a terminal a line that is erased" script -qec "$line" /dev/null
says "'127.0.0.1' is busy (HTTP 429), trying again in " " s left" $'\r\e[K'
done_testing
