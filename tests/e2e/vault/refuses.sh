#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each way in which sign-in or vault say no: the right exit code, the cause by name, and what to do about it.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "$tenant"}, {"id": "22222222-2222-3333-4444-555555555555"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [{"name": "contoso-kv",
    "keys": [{"name": "kek", "versions": [{"bits": 2048, "created": 1600000000}, {"bits": 2048, "created": 1700000000}]},
             {"name": "stranger", "versions": [{"bits": 2048}]}],
    "secrets": [
      {"name": "$id", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"}}]},
      {"name": "plain", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\"}}]},
      {"name": "off", "versions": [{"valueFile": "a.BEK", "contentType": "BEK", "enabled": false}]},
      {"name": "not-base64", "versions": [{"value": "this is a password!", "contentType": "text/plain"}]},
      {"name": "empty", "versions": [{"value": "", "contentType": "BEK"}]},
      {"name": "no-kek", "versions": [{"contentType": "Wrapped BEK", "wrap": {"file": "a.BEK", "key": "kek"}}]},
      {"name": "odd-alg", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"},
        "tags": {"DiskEncryptionKeyEncryptionAlgorithm": "ROT13"}}]},
      {"name": "wrong-alg", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"},
        "tags": {"DiskEncryptionKeyEncryptionAlgorithm": "RSA-OAEP-256"}}]},
      {"name": "wrong-version", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"},
        "tags": {"DiskEncryptionKeyEncryptionKeyURL": "{key:kek/#1}"}}]},
      {"name": "gone-version", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"},
        "tags": {"DiskEncryptionKeyEncryptionKeyURL": "{vault}/keys/kek/00000000000000000000000000000000"}}]}
    ]}] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
common=("${vault_options[@]}" --retry-ms 1)

with_fault()
{
	local status
	control /fault "$1" >/dev/null
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null
	shift
	"$@"
	status=$?
	control /requests >"$work/requests"
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null
	return $status
}
# answer STATUS CODE INNER MESSAGE: a fault for requests with a token.
answer()
{
	jq -nc --argjson s "$1" --arg c "$2" --arg i "$3" --arg m "${4:-}" --arg p "${5:-}" \
		'{match:{endpoint:"vault",auth:"present",path:$p},action:({type:"error",status:$s,code:$c,message:$m}+(if $i=="" then {} else {inner:$i} end))}'
}

# ---- access
for inner in ForbiddenByPolicy:secrets/list:"az keyvault set-policy" ForbiddenByRbac:"no role":"Key Vault Secrets User" \
	ForbiddenByFirewall:firewall:"az keyvault network-rule add" ForbiddenByConnection:"public networks":"private endpoint"; do
	IFS=: read -r name cause hint <<<"$inner"
	fails 6 "$name on the listing" with_fault "$(answer 403 Forbidden "$name")" "$get" "${common[@]}" --vm VM01
	says "$cause" "hint: " "$hint"
done
fails 6 "ForbiddenByPolicy on the secret" with_fault "$(answer 403 Forbidden ForbiddenByPolicy)" "$get" "${common[@]}" --secret plain
says "secrets/get" "--spn $client --secret-permissions get list"
fails 6 "ForbiddenByPolicy on the key" with_fault "$(answer 403 Forbidden ForbiddenByPolicy '' /keys/)" "$get" "${common[@]}" --secret "$id"
says "keys/unwrapKey" "--key-permissions unwrapKey"
fails 6 "ForbiddenByRbac on the key" with_fault "$(answer 403 Forbidden ForbiddenByRbac '' /keys/)" "$get" "${common[@]}" --secret "$id"
says "Key Vault Crypto User"
fails 6 "neither list nor get" with_fault "$(answer 403 Forbidden ForbiddenByPolicy)" "$get" "${common[@]}" --id "$id"
says "set-policy"
fails 6 "a disabled secret" "$get" "${common[@]}" --secret off
says "secret 'off'" "is disabled" "az keyvault secret set-attributes"

# ---- what is not there or does not fit
fails 7 "no such secret" "$get" "${common[@]}" --secret nothing
says "has no secret 'nothing'" "hint: "
fails 7 "the KEK's version is gone" "$get" "${common[@]}" --secret gone-version
says "vault '127.0.0.1' has no key 'kek/00000000000000000000000000000000', which its tag DiskEncryptionKeyEncryptionKeyURL names" \
	"hint: was the key rotated" "--kek"
fails 7 "no such key" "$get" "${common[@]}" --secret "$id" --kek nothing
says "has no key 'nothing'"
fails 6 "the wrong version of the KEK" "$get" "${common[@]}" --secret wrong-version
says "does not unwrap" "another version" "--kek"
ok "the wrong algorithm in the tag: the others are tried" "$get" "${common[@]}" --secret wrong-alg
says "alg=RSA-OAEP " "its tag says RSA-OAEP-256, but its KEK unwraps it with RSA-OAEP"
fails 6 "another key" "$get" "${common[@]}" --secret "$id" --kek stranger
says "key 'stranger'" "does not unwrap"
fails 4 "an algorithm nobody knows" "$get" "${common[@]}" --secret odd-alg
says "ROT13" "RSA-OAEP-256"
fails 4 "wrapped, but no tag names the KEK" "$get" "${common[@]}" --secret no-kek
says "no tag of it names its KEK" "--kek"
fails 4 "a value that is not base64" "$get" "${common[@]}" --secret not-base64
says "not base64"
fails 4 "an empty value" "$get" "${common[@]}" --secret empty
fails 4 "a BEK that does not fit" "$get" "${common[@]}" --secret plain --expect "$work/config.json"
version=$(jq -r '.vaults["contoso-kv"].keys.kek[0]' <<<"$VAULT_READY")
control /key "{\"vault\":\"contoso-kv\",\"name\":\"kek\",\"id\":\"$version\",\"enabled\":false}" >/dev/null
fails 6 "a disabled version of the KEK" "$get" "${common[@]}" --secret "$id"
says "key 'kek/$version'" "is disabled" "az keyvault key set-attributes"

# ---- tokens
fails 5 "AKV10022: another audience" with_fault "$(answer 401 Unauthorized '' 'AKV10022: Invalid audience')" "$get" "${common[@]}" --secret plain
says "AKV10022" "--cloud"
fails 5 "AKV10032: another tenant" with_fault "$(answer 401 Unauthorized '' 'AKV10032: Invalid issuer')" "$get" "${common[@]}" --secret plain
says "AKV10032" "--tenant"
fails 5 "401 whatever is sent" with_fault "$(answer 401 Unauthorized '')" "$get" "${common[@]}" --secret plain
is "$(jq '[.requests[] | select(.fault)] | length' "$work/requests")" 1 "  and a fresh token is not tried over and over"
AZURE_CLIENT_SECRET=wrong fails 5 "a wrong client secret" "$get" "${common[@]}" --secret plain
says "AADSTS7000215" "client secret is wrong"
AZURE_CLIENT_ID=bbbbbbbb-0000-0000-0000-000000000001 fails 5 "an unknown client" "$get" "${common[@]}" --secret plain
says "AADSTS700016" "AZURE_CLIENT_ID"
fails 5 "a configured tenant that is not the vault's" "$get" "${common[@]}" --secret plain --tenant 22222222-2222-3333-4444-555555555555
says "$tenant" "AZURE_ADDITIONALLY_ALLOWED_TENANTS"
fails 5 "nothing to sign in with" env -u AZURE_CLIENT_ID PATH=/nonexistent "$get" "${common[@]}" --secret plain
says "AZURE_CLIENT_ID not set" "az) is not installed" "no managed identity endpoint"
fails 5 "no environment when only that is asked for" env -u AZURE_CLIENT_SECRET "$get" "${common[@]}" --secret plain --credential env
says "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH set"
for bad in "echo 'Please run az login to setup account.' >&2; exit 1:az is not signed in" "exit 7:status 7" "echo '{}':not understood" \
	"yes:too much" "echo '{\"accessToken\":\"x\",\"expires_on\":5}':expired" "kill -9 \$\$:status 137"; do
	mkdir -p "$work/bin"
	printf '#!/bin/sh\n%s\n' "${bad%:*}" >"$work/bin/az"
	chmod +x "$work/bin/az"
	fails 5 "az: ${bad##*:}" env PATH="$work/bin:$PATH" "$get" "${common[@]}" --secret plain --credential cli
	says "Azure CLI" "${bad##*:}"
done

# ---- arguments
fails 2 "a vault that nobody vouches for" "$get" --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" --secret plain
says "--trust-vault-host 127.0.0.1"
fails 2 "a vault of another cloud" "$get" --vault https://contoso-kv.vault.azure.cn --secret plain
says "--cloud china"
fails 2 "plain http" "$get" --vault http://contoso-kv.vault.azure.net --secret plain
fails 2 "a name without a vault" "$get" --secret plain
says "--vault"
fails 2 "a KEK at a host that nobody vouches for" "$get" "${common[@]}" --secret "$id" --kek https://evil.example/keys/a/b
fails 2 "a certificate file that is none" "$get" "${common[@]:0:4}" --ca-file "$work/config.json" --secret plain
says "--ca-file" "no PEM certificate"
fails 2 "a tenant that is none" "$get" "${common[@]}" --secret plain --tenant "a/b"
fails 2 "a trusted host that is none" "$get" "${common[@]}" --secret plain --trust-vault-host "a b"
AZURE_AUTHORITY_HOST=http://127.0.0.1 fails 2 "an authority without TLS" "$get" "${common[@]}" --secret plain
done_testing
