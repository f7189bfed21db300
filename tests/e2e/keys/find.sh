#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Finding keys, counted in requests: what is asked of the vault, and what is not, for each way to name a key. Disks with
# several volumes, several vaults, portal pages, az's JSON.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

client=aaaaaaaa-0000-0000-0000-000000000001
guid() { printf '0000000%s-AAAA-BBBB-CCCC-000000000000' "$1"; }
for n in 1 2 3 4; do head -c $((148 + 8 * n)) /dev/urandom >"$work/$n.BEK"; done
ade() { printf '{"ade": {"file": "%s.BEK", "machine": "%s", "volume": "%s"%s}%s}' "$1" "$2" "$3" "${4:-}" "${5:-}"; }
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [
   {"name": "contoso-kv", "fill": {"count": 60, "kind": "mixed"},
    "keys": [{"name": "kek", "versions": [{"bits": 2048, "created": 1600000000}, {"bits": 2048, "created": 1700000000}]}],
    "secrets": [
      {"name": "$(guid 1)", "versions": [$(ade 1 VM01 'C:\\' ', "kek": "kek/#0"')]},
      {"name": "$(guid 2)", "versions": [$(ade 2 VM01 'D:\\' '' ', "created": 1500000000'), $(ade 2 VM01 'D:\\' '' ', "created": 1600000000, "enabled": false')]},
      {"name": "$(guid 4)", "versions": [$(ade 4 VM09 'C:\\' '' ', "created": 1500000000, "exp": 1500000001')]},
      {"name": "c-old", "versions": [$(ade 3 VM02 'C:\\' '' ', "created": 1500000000')]},
      {"name": "c-new", "versions": [$(ade 1 VM02 'C:\\' '' ', "created": 1600000000')]},
      {"name": "d-new", "versions": [$(ade 2 VM02 'D:\\' '' ', "created": 1550000000')]},
      {"name": "d-off", "versions": [$(ade 2 VM02 'D:\\' '' ', "created": 1650000000, "enabled": false')]},
      {"name": "e-expired", "versions": [$(ade 4 VM02 'E:\\' '' ', "created": 1660000000, "exp": 1660000001')]},
      {"name": "linux", "versions": [{"value": "x", "contentType": "Wrapped BEK",
        "tags": {"MachineName": "VM02", "DiskEncryptionKeyFileName": "LinuxPassPhraseFileName_1_0"}}]},
      {"name": "note", "versions": [{"value": "x", "contentType": "text/plain", "tags": {"MachineName": "VM02"}}]}
    ]},
   {"name": "other-kv", "secrets": [{"name": "$(guid 3)", "versions": [$(ade 3 VM01 'E:\\')]}]}
  ] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
common=("${vault_options[@]:2}" --out "$work/out" --retry-ms 1)

# counted COMMAND...: run it; the vault's journal of it alone is in $work/requests
counted()
{
	local status
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null
	"$@"
	status=$?
	control /requests >"$work/requests"
	return $status
}
# asked NAME FILTER WANT: how many requests with a token there were
asked() { is "$(jq "[.requests[] | select(.endpoint == \"vault\" and .auth and ($2))] | length" "$work/requests")" "$3" "  $1"; }
pages='.url | test("^/secrets\\?")'
values='(.url | test("^/secrets/[^/?]+(/[0-9a-f]*)?\\?"))'
versions='.url | test("/versions\\?")'
unwraps='.method == "POST"'

# ---- by name
ok "one wrapped key by its name" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)"
asked "one secret" "$values" 1
asked "one unwrap" "$unwraps" 1
asked "nothing else" true 2
ok "a disabled current version: the older one of the same name, without a listing" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 2)"
says "found 1" "is disabled"
asked "the versions of that one" "$versions" 1
asked "no page of the listing" "$pages" 0
ok "an expired secret serves, and it is said" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 4)"
says "found 1" "warning: secret '$(guid 4)' has expired"
ok "three identifiers, one of them nowhere: one listing for all" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)" --id "$(guid 9)" --id "$(guid 4)"
says "found 2"
asked "three pages" "$pages" 3
asked "three names" "$values" 3
control /access "{\"vault\":\"contoso-kv\",\"access\":[{\"client\":\"$client\",\"secrets\":[\"get\"],\"keys\":[\"unwrapKey\"]}]}" >/dev/null
ok "Get without List is enough for a name" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)"
asked "and the listing is not even tried" "$pages" 0
fails 6 "a name that is not there, and no right to list" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 9)"
says "refuses to list the secrets" "secrets/list" "--secret-permissions get list"
control /access "{\"vault\":\"contoso-kv\",\"access\":[{\"client\":\"$client\",\"secrets\":[\"list\"],\"keys\":[\"unwrapKey\"]}]}" >/dev/null
fails 6 "List without Get" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)"
says "secrets/get"
ok "is enough for a preview" counted "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)" --preview
says "would try name=$(guid 1)" "alg=RSA-OAEP" "found 1"
asked "which gets no value" "$values" 0
asked "and uses no key" "$unwraps" 0
control /access '{"vault":"contoso-kv","access":null}' >/dev/null

# ---- by machine
ok "by machine: the newest of each drive letter, then older ones" counted "$get" --vault "$VAULT_URL" "${common[@]}" --vm vm02
tried=$(sed -n 's/^bek name=\([^ ]*\).*/\1/p' <<<"$out" | paste -sd ' ')
says "info: secret 'linux' of 'vm02' is the pass phrase of a Linux disk; skipped" "info: secret 'note' of 'vm02' has no BEK" \
	"secret 'e-expired' has expired; skipped until the others have been tried" "secret 'd-off'"
is "$tried" "c-new d-new c-old e-expired" "  in that order"
ok "the same as a preview" counted "$get" --vault "$VAULT_URL" "${common[@]}" --vm VM02 --preview
is "$(sed -n 's/^would try besides name=\([^ ]*\).*/\1/p' <<<"$out" | paste -sd ' ')" "c-new d-new c-old e-expired" "  in the same order"
asked "no value" "$values" 0

# ---- portal pages
portal='https://portal.azure.com/#@contoso.onmicrosoft.com/asset/Microsoft_Azure_KeyVault'
encoded=$(jq -rn --arg u "$VAULT_URL/secrets/$(guid 1)" '$u|@uri')
ok "a secret's page in the portal" "$get" "${common[@]}" --secret "$portal/Secret/$VAULT_URL/secrets/$(guid 1)"
ok "  byte for byte" cmp "$work/out/$(guid 1)" "$work/1.BEK"
ok "percent-encoded" "$get" "${common[@]}" --secret "https://portal.azure.com/#view/Blade/objectId/$encoded/vaultId/%2Fsubscriptions"
kek=$(jq -r '.vaults["contoso-kv"].keys.kek[0]' <<<"$VAULT_READY")
ok "a KEK's page" "$get" "${common[@]}" --secret "$VAULT_URL/secrets/$(guid 1)" --kek "$portal/Key/$VAULT_URL/keys/kek/$kek"
fails 2 "a page with a strange host within" "$get" "${common[@]}" --secret "$portal/Secret/https://evil.example/secrets/a"
says "evil.example" "is not a Key Vault"
fails 2 "a page that names no secret" "$get" "${common[@]}" --secret "https://portal.azure.com/#home"
says "page of the Azure portal names none"

# ---- the program: several volumes, several vaults, az's JSON
[ -x "$MKADE" ] && command -v mkntfs >/dev/null || { echo "# no mkade or mkntfs: the rest is left out"; done_testing; }
id=01234567-89AB-CDEF-0123-456789ABCDEF
make_disk "$work/a.img" --layout bare --guid "$id" --bek "$work/a.BEK"
add_secret()
{
	control /secret "{\"vault\":\"$1\",\"name\":\"$2\",\"version\":{\"value\":\"$(base64 -w 0 "$work/a.BEK")\",\"contentType\":\"BEK\"}}" >/dev/null
}
add_secret other-kv "$id"
key=(adefuse key "${vault_options[@]:2}" --force --out "$work/out")
ok "several vaults are asked in order" counted "${key[@]}" --vault "$VAULT_URL" --vault "$VAULT_URL_other_kv" "$work/a.img"
says "$id"
is "$(jq '[.requests[] | select(.vault == "other-kv" and .auth)] | length' "$work/requests")" 1 "  one request to the one that has it"
ok "and none after the one that has it" counted "${key[@]}" --vault "$VAULT_URL_other_kv" --vault "$VAULT_URL" "$work/a.img"
is "$(jq '[.requests[] | select(.vault == "contoso-kv")] | length' "$work/requests")" 0 "  the other is not asked"
ok "a secret by name, in the second vault" "${key[@]}" --vault "$VAULT_URL" --vault "$VAULT_URL_other_kv" --secret "$id" "$work/a.img"
fails 7 "a secret by name, in none of them" "${key[@]}" --vault "$VAULT_URL" --vault "$VAULT_URL_other_kv" --secret nothing "$work/a.img"
says "has no secret 'nothing'"

entry() { printf '{"diskEncryptionKey":{"secretUrl":"%s","sourceVault":{"id":"/subscriptions/x"}},"keyEncryptionKey":%s}' "$1" "${2:-null}"; }
good=$(entry "$VAULT_URL_other_kv/secrets/$id")
misfit=$(entry "$VAULT_URL/secrets/c-new")
echo "{\"encryptionSettingsCollection\":{\"enabled\":true,\"encryptionSettings\":[$misfit,$good]}}" >"$work/disk.json"
echo "{\"storageProfile\":{\"osDisk\":{\"encryptionSettings\":$good}}}" >"$work/vm.json"
ok "az disk show: the second of two entries" "${key[@]}" --azure-json "$work/disk.json" "$work/a.img"
ok "az vm show" counted "${key[@]}" --azure-json "$work/vm.json" "$work/a.img"
is "$(jq '[.requests[] | select(.endpoint == "vault" and .auth)] | length' "$work/requests")" 1 "  one request"
control /secret "{\"vault\":\"contoso-kv\",\"name\":\"wrapped\",\"version\":{\"contentType\":\"Wrapped BEK\",\"wrap\":{\"file\":\"a.BEK\",\"key\":\"kek\",\"version\":\"#0\"}}}" >/dev/null
entry "$VAULT_URL/secrets/wrapped" "{\"keyUrl\":\"$VAULT_URL/keys/kek/$kek\"}" >"$work/wrapped.json"
ok "a wrapped one without tags, its KEK out of the settings" "${key[@]}" --azure-json "$work/wrapped.json" "$work/a.img"
entry "https://evil.example/secrets/a" >"$work/evil.json"
fails 2 "a host that is no vault's" "${key[@]}" --azure-json "$work/evil.json" "$work/a.img"
says "--azure-json" "evil.example"
fails 2 "no JSON" "${key[@]}" --azure-json "$work/a.BEK" "$work/a.img"
says "--azure-json '$work/a.BEK': it is not JSON" "az disk show"
echo '{"encryptionSettingsCollection":null}' >"$work/none.json"
fails 2 "a disk that is not encrypted so" "${key[@]}" --azure-json "$work/none.json" "$work/a.img"
says "names no secret of Azure Disk Encryption"
fails 2 "no such file" "${key[@]}" --azure-json "$work/nothing" "$work/a.img"
says "cannot open"
head -c 5000000 /dev/zero >"$work/large.json"
fails 2 "too large a file" "${key[@]}" --azure-json "$work/large.json" "$work/a.img"
says "more than 4194304 bytes"
done_testing
