#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Finding keys, counted in requests: what is asked of the vault, and what is not, for each way to
# name a key. Disks with several volumes, several vaults, portal pages, az's JSON.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl "$vault_get"

guid()
{
	printf '0000000%s-AAAA-BBBB-CCCC-000000000000' "$1"
}
for n in 1 2 3 4; do
	head -c $((148 + 8 * n)) /dev/urandom >"$work/$n.BEK"
done

# ---- the vault: by identifiers, by the machine VM02
# of NUMBER DRIVE MORE: a version of a secret of VM02, or of $machine
of()
{
	machine=${machine:-VM02} volume="$2:\\\\" ade "$1.BEK" '' "\"created\": $3"
}
linux='{"value": "x", "contentType": "Wrapped BEK", "tags": {"MachineName": "VM02",
	"DiskEncryptionKeyFileName": "LinuxPassPhraseFileName_1_0"}}'
note='{"value": "x", "contentType": "text/plain", "tags": {"MachineName": "VM02"}}'
secrets()
{
	secret "$(guid 1)" "$(ade 1.BEK '"kek": "kek/#0"')"
	secret "$(guid 2)" "$(machine=VM01 of 2 D 1500000000)" \
		"$(machine=VM01 of 2 D '1600000000, "enabled": false')"
	secret "$(guid 4)" "$(machine=VM09 of 4 C '1500000000, "exp": 1500000001')"
	secret c-old "$(of 3 C 1500000000)"
	secret c-new "$(of 1 C 1600000000)"
	secret d-new "$(of 2 D 1550000000)"
	secret d-off "$(of 2 D '1650000000, "enabled": false')"
	secret e-expired "$(of 4 E '1660000000, "exp": 1660000001')"
	secret linux "$linux"
	secret note "$note"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [
    {"name": "contoso-kv", "fill": {"count": 60, "kind": "mixed"},
     "keys": [{"name": "kek", "versions": [
       {"bits": 2048, "created": 1600000000}, {"bits": 2048, "created": 1700000000}]}],
     "secrets": [$(with_commas secrets)]},
    {"name": "other-kv", "secrets": [$(secret "$(guid 3)" "$(volume='E:\\' ade 3.BEK)")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
get=("$vault_get" "${trust_vault[@]}" --out "$work/out" --retry-ms 1)
by_vault=("${get[@]}" --vault "$VAULT_URL")
kek_url=$VAULT_URL/keys/kek/$(ready '.vaults["contoso-kv"].keys.kek[0]')

# counted COMMAND...: the journal then has its requests alone
counted()
{
	forget requests
	"$@"
}
# asked NAME CONDITION COUNT: so many requests with a token
asked()
{
	requests_are "  $1" ".endpoint == \"vault\" and .auth and ($2)" "$3"
}
pages='.url | test("^/secrets\\?")'
values='(.url | test("^/secrets/[^/?]+(/[0-9a-f]*)?\\?"))'
versions='.url | test("/versions\\?")'
unwraps='.method == "POST"'

# ---- by name
ok "one wrapped key by its name" counted "${by_vault[@]}" --id "$(guid 1)"
asked "one secret" "$values" 1
asked "one unwrap" "$unwraps" 1
asked "nothing else" true 2
ok "a disabled current version: the older one of the same name, without a listing" \
	counted "${by_vault[@]}" --id "$(guid 2)"
says "found 1" "is disabled"
asked "the versions of that one" "$versions" 1
asked "no page of the listing" "$pages" 0
ok "an expired secret serves, with a warning" counted "${by_vault[@]}" --id "$(guid 4)"
says "found 1" "warning: secret '$(guid 4)' has expired"
ok "three identifiers, one of them nowhere: one listing for all" \
	counted "${by_vault[@]}" --id "$(guid 1)" --id "$(guid 9)" --id "$(guid 4)"
says "found 2"
asked "three pages" "$pages" 3
asked "three names" "$values" 3
rights '["get"]' '["unwrapKey"]'
ok "Get without List is enough for a name" counted "${by_vault[@]}" --id "$(guid 1)"
asked "and the listing is not even tried" "$pages" 0
fails 6 "a name that is not there, and no right to list" \
	counted "${by_vault[@]}" --id "$(guid 9)"
says "refuses to list the secrets" "secrets/list" "--secret-permissions get list"
rights '["list"]' '["unwrapKey"]'
fails 6 "List without Get" counted "${by_vault[@]}" --id "$(guid 1)"
says "secrets/get"
ok "is enough for a preview" counted "${by_vault[@]}" --id "$(guid 1)" --preview
says "would try name=$(guid 1)" "alg=RSA-OAEP" "found 1"
asked "which gets no value" "$values" 0
asked "and uses no key" "$unwraps" 0
rights

# ---- by machine
# tried WORD: the secrets whose lines begin so, in their order
tried()
{
	sed -n "s/^$1 name=\([^ ]*\).*/\1/p" <<<"$out" | paste -sd ' '
}
ok "by machine: the newest of each drive letter, then older ones" \
	counted "${by_vault[@]}" --vm vm02
is "$(tried bek)" "c-new d-new c-old e-expired" "  in that order"
says "info: secret 'linux' of 'vm02' is the pass phrase of a Linux disk; skipped" \
	"info: secret 'note' of 'vm02' has no BEK" \
	"secret 'e-expired' has expired; skipped until the others have been tried" "secret 'd-off'"
ok "the same as a preview" counted "${by_vault[@]}" --vm VM02 --preview
is "$(tried 'would try besides')" "c-new d-new c-old e-expired" "  in the same order"
asked "no value" "$values" 0

# ---- portal pages
azure=https://portal.azure.com/
portal=$azure'#@contoso.onmicrosoft.com/asset/Microsoft_Azure_KeyVault'
secret_url=$VAULT_URL/secrets/$(guid 1)
encoded=$(jq -rn --arg url "$secret_url" '$url | @uri')
ok "a secret's page in the portal" "${get[@]}" --secret "$portal/Secret/$secret_url"
ok "  byte for byte" cmp "$work/out/$(guid 1)" "$work/1.BEK"
ok "percent-encoded" "${get[@]}" \
	--secret "$azure#view/Blade/objectId/$encoded/vaultId/%2Fsubscriptions"
ok "a KEK's page" "${get[@]}" --secret "$secret_url" --kek "$portal/Key/$kek_url"
fails 2 "a page with a strange host within" \
	"${get[@]}" --secret "$portal/Secret/https://evil.example/secrets/a"
says "evil.example" "is not a Key Vault"
fails 2 "a page that names no secret" "${get[@]}" --secret "$azure#home"
says "page of the Azure portal names none"

# ---- the program: several volumes, several vaults, az's JSON
if ! [ -x "$MKADE" ] || ! command -v mkntfs >/dev/null; then
	skip "the program itself" "no mkade, or no mkntfs"
	done_testing
fi
disk=$work/a.img
id=01234567-89AB-CDEF-0123-456789ABCDEF
make_disk "$disk" --layout bare --guid "$id" --bek "$work/a.BEK"
# add_secret VAULT NAME VERSION
add_secret()
{
	change /secret "{\"vault\": \"$1\", \"name\": \"$2\", \"version\": $3}"
}
bek_value="\"value\": \"$(base64 -w 0 "$work/a.BEK")\""
add_secret other-kv "$id" "{$bek_value, \"contentType\": \"BEK\"}"
key=(adefuse key "${trust_vault[@]}" --force --out "$work/out")
first=(--vault "$VAULT_URL")
second=(--vault "$VAULT_URL_other_kv")
ok "several vaults are asked in order" counted "${key[@]}" "${first[@]}" "${second[@]}" "$disk"
says "$id"
requests_are "  one request to the one that has it" '.vault == "other-kv" and .auth' 1
ok "and none after the one that has it" \
	counted "${key[@]}" "${second[@]}" "${first[@]}" "$disk"
requests_are "  the other is not asked" '.vault == "contoso-kv"' 0
ok "a secret by name, in the second vault" \
	"${key[@]}" "${first[@]}" "${second[@]}" --secret "$id" "$disk"
fails 7 "a secret by name, in none of them" \
	"${key[@]}" "${first[@]}" "${second[@]}" --secret nothing "$disk"
says "has no secret 'nothing'"
# only the secret may be elsewhere, not the key that wraps it
fails 7 "a secret by name, whose KEK is gone" \
	with_fault "$(fault '"path": "/keys/"' "$(refusal 404 KeyNotFound)")" \
	"${key[@]}" "${first[@]}" "${second[@]}" --secret "$(guid 1)" "$disk"
says "has no key 'kek/" "--kek names another key"
requests_are "  the second vault is not asked" '.vault == "other-kv"' 0

# entry SECRET-URL [KEK-URL]: what Azure says of a disk's key
entry()
{
	local kek=null
	[ -z "${2-}" ] || kek="{\"keyUrl\": \"$2\"}"
	cat <<-END
		{ "diskEncryptionKey": {
		    "secretUrl": "$1", "sourceVault": {"id": "/subscriptions/x"}},
		  "keyEncryptionKey": $kek }
	END
}
# az_json NAME: standard input as $json, which the disk is opened by
az_json()
{
	json=$work/$1.json
	cat >"$json"
}
good=$(entry "$VAULT_URL_other_kv/secrets/$id")
misfit=$(entry "$VAULT_URL/secrets/c-new")
az_json disk <<END
{ "encryptionSettingsCollection": {"enabled": true, "encryptionSettings": [$misfit, $good]} }
END
ok "az disk show: the second of two entries" "${key[@]}" --azure-json "$json" "$disk"
az_json vm <<END
{ "storageProfile": {"osDisk": {"encryptionSettings": $good}} }
END
ok "az vm show" counted "${key[@]}" --azure-json "$json" "$disk"
asked "one request" true 1
add_secret contoso-kv wrapped '{"contentType": "Wrapped BEK",
	"wrap": {"file": "a.BEK", "key": "kek", "version": "#0"}}'
az_json wrapped <<<"$(entry "$VAULT_URL/secrets/wrapped" "$kek_url")"
ok "a wrapped one without tags, its KEK from the settings" \
	"${key[@]}" --azure-json "$json" "$disk"
az_json evil <<<"$(entry "https://evil.example/secrets/a")"
fails 2 "a host that is no vault's" "${key[@]}" --azure-json "$json" "$disk"
says "--azure-json" "evil.example"
fails 2 "no JSON" "${key[@]}" --azure-json "$work/a.BEK" "$disk"
says "--azure-json '$work/a.BEK': it is not JSON" "az disk show"
az_json none <<<'{"encryptionSettingsCollection": null}'
fails 2 "a disk without these settings" "${key[@]}" --azure-json "$json" "$disk"
says "names no secret of Azure Disk Encryption"
fails 2 "no such file" "${key[@]}" --azure-json "$nowhere" "$disk"
says "cannot open"
head -c 5000000 /dev/zero >"$work/large.json"
fails 2 "too large a file" "${key[@]}" --azure-json "$work/large.json" "$disk"
says "more than 4194304 bytes"
done_testing
