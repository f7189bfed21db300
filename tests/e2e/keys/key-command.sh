#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `adefuse key`: its files, its table, its JSON, and --dry-run, which fetches no value and uses no key.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need node openssl jq curl mkntfs script "$MKADE"

ade_disk "$work/os.vhd"
client=aaaaaaaa-0000-0000-0000-000000000001
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [{"name": "contoso-kv", "fill": 30,
    "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [
      {"name": "$bek_guid", "versions": [
        {"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"}, "created": 1600000000}]},
      {"name": "of-vm02", "versions": [{"ade": {"file": "$bek_guid.BEK", "machine": "VM02", "volume": "C:\\\\"}}]}]
  }] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
cd "$work" || exit 99
version=$(jq -r ".vaults[\"contoso-kv\"].secrets[\"$bek_guid\"][0]" <<<"$VAULT_READY")
kek=$VAULT_URL/keys/kek/$(jq -r '.vaults["contoso-kv"].keys.kek[0]' <<<"$VAULT_READY")
key=(adefuse key "${vault_options[@]}" --out "$work/out")
forget() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null; }
only() { "$@" 2>"$work/stderr"; }
fetched() { control /requests | jq '[.requests[] | select(.method == "POST" and .endpoint == "vault" or (.url | test("^/secrets/[^/?]+(/[0-9a-f]*)?\\?")))] | length'; }

# ---- before
forget
ok "--dry-run" "${key[@]}" --dry-run os.vhd
says "VOLUME" "PROTECTOR" "p3 " "$bek_guid" "$version" "2020-09-13T12:26:40Z" "$kek" "RSA-OAEP" "$work/out/$bek_guid.BEK"
is "$(fetched)" 0 "  no value fetched, no key used"
is "$(find "$work/out" -type f | wc -l)" 0 "  nothing written"
ok "--dry-run --json is JSON alone" only "${key[@]}" --dry-run --json os.vhd
printf '%s\n' "$out" >plan.json
is "$(jq -r '[.schema_version, .dry_run, .disk, (.keys | length)] | join(" ")' plan.json)" "1 true os.vhd 1" "  its head"
row='.keys[0] | [.volume, .protector_id, .name, .version, .created, .content_type, .machine_name, .volume_letter, .kek, .algorithm, .file] | join(" ")'
want="3 $bek_guid $bek_guid $version 2020-09-13T12:26:40Z Wrapped BEK VM01 C:\\ $kek RSA-OAEP $work/out/$bek_guid.BEK"
is "$(jq -r "$row" plan.json)" "$want" "  its row"
ok "--dry-run by secret" "${key[@]}" --secret "$bek_guid" --dry-run os.vhd
says "p3 " "$version"
control /access "{\"vault\":\"contoso-kv\",\"access\":[{\"client\":\"$client\",\"secrets\":[\"get\"],\"keys\":[\"unwrapKey\"]}]}" >/dev/null
fails 6 "--dry-run needs List" "${key[@]}" --dry-run os.vhd
says "refuses to list the versions of secret '$bek_guid'" "secrets/list" "set-policy"
control /access '{"vault":"contoso-kv","access":null}' >/dev/null
make_disk other.img --layout bare --guid "$other_guid" --bek other.BEK
fails 4 "--dry-run with nothing to fetch" "${key[@]}" --dry-run other.img
says "holds no secret for the protectors of this disk" "$other_guid"
ok "--dry-run by machine: what cannot be told beforehand is open" "${key[@]}" --vm vm02 --dry-run other.img
says "? " "of-vm02"
ok "--dry-run with a BEK file before the vault fetches nothing" adefuse key --bek "$bek_guid.BEK" "${key[@]:2}" --dry-run os.vhd
says "nothing to fetch: opened by BEK file"

# ---- the real run
ok "writes, and prints the table" only "${key[@]}" os.vhd
says "VOLUME" "p3 " "$bek_guid" "$version" "2020-09-13T12:26:40Z" "$kek" "RSA-OAEP" "$work/out/$bek_guid.BEK"
is "$(sha_of "out/$bek_guid.BEK")" "$(sha_of "$bek_guid.BEK")" "  the file as Windows wrote it"
is "$(stat -c '%a %n' out/*)" "600 out/$bek_guid.BEK" "  for its owner alone, named as Windows names it, nothing else left"
fails 1 "never over a file that is there" "${key[@]}" os.vhd
says "File exists" "use --force to replace it"
echo damaged >"out/$bek_guid.BEK"
ok "but with --force" only "${key[@]}" --force --json os.vhd
printf '%s\n' "$out" >done.json
is "$(sha_of "out/$bek_guid.BEK")" "$(sha_of "$bek_guid.BEK")" "  replaced"
is "$(jq -r "$row" done.json)" "$want" "  the JSON's row is the plan's"
is "$(jq .dry_run done.json)" false "  and says that it was done"
ok "a file's BEK: the table says so" only adefuse key --bek "$bek_guid.BEK" "${key[@]:2}" --force os.vhd
says "BEK file '$bek_guid.BEK'"
echo "$recovery_password" >rp
fails 4 "opened by something else" adefuse key --recovery-password file:rp "${key[@]:2}" os.vhd
says "p3: no BEK: opened by the recovery password" "no volume of this disk was opened by a BEK"
bek_text=$(base64 -w 0 "$bek_guid.BEK" | cut -c 60-100)
is "$(grep -c "$bek_text" plan.json done.json | paste -sd ' ')" "plan.json:0 done.json:0" "no key in the JSON"

# ---- waiting
busy='{"match":{"endpoint":"vault","auth":"present"},"count":1,"action":{"type":"error","status":429,"code":"Throttled"}}'
control /fault "$busy" >/dev/null
ok "429, standard error is no terminal: nothing is said" "${key[@]}" --force os.vhd
is "$(grep -c 'trying again' <<<"$out")" 0 "  no progress line"
control /fault "$busy" >/dev/null
ok "with -v a line" "${key[@]}" -v --force os.vhd
says "info: '127.0.0.1' is busy (HTTP 429), trying again in " " s left"
control /fault "$busy" >/dev/null
line="$(printf '%q ' "${adefuse_command[@]}" key "${vault_options[@]}" --out "$work/out" --force os.vhd)"
ok "on a terminal a line that goes away" script -qec "$line" /dev/null
says "'127.0.0.1' is busy (HTTP 429), trying again in " " s left" $'\r\e[K'
done_testing
