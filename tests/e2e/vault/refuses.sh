#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each way in which sign-in or vault say no: the right exit code, the cause, and what to do.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl "$vault_get"

other_tenant=22222222-2222-3333-4444-555555555555
secret='s3cret~1'
id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"

# ---- the vault
# tagged TAG VALUE: wrapped, and what this tag of ADE's is instead
tagged()
{
	ade a.BEK '"kek": "kek/#0"' "\"tags\": {\"DiskEncryptionKeyEncryption$1\": \"$2\"}"
}
no_version=00000000000000000000000000000000
secrets()
{
	secret "$id" "$(ade a.BEK '"kek": "kek/#0"')"
	secret plain "$(ade a.BEK)"
	secret off '{"valueFile": "a.BEK", "contentType": "BEK", "enabled": false}'
	secret not-base64 '{"value": "this is a password!", "contentType": "text/plain"}'
	secret empty '{"value": "", "contentType": "BEK"}'
	secret no-kek '{"contentType": "Wrapped BEK", "wrap": {"file": "a.BEK", "key": "kek"}}'
	secret odd-alg "$(tagged Algorithm ROT13)"
	secret wrong-alg "$(tagged Algorithm RSA-OAEP-256)"
	secret wrong-version "$(tagged KeyURL '{key:kek/#1}')"
	secret gone-version "$(tagged KeyURL "{vault}/keys/kek/$no_version")"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}, {"id": "$other_tenant"}],
  "clients": [{"id": "$client", "secret": "$secret"}],
  "vaults": [{"name": "contoso-kv",
    "keys": [
      {"name": "kek", "versions": [
        {"bits": 2048, "created": 1600000000}, {"bits": 2048, "created": 1700000000}]},
      {"name": "stranger", "versions": [{"bits": 2048}]}],
    "secrets": [$(with_commas secrets)]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
get=("$vault_get" "${vault_options[@]}" --retry-ms 1)
get_plain=("${get[@]}" --secret plain)
# answered CODE NAME ACTION COMMAND...: requests with a token are answered so
answered()
{
	fails "$1" "$2" with_fault "$(fault "$with_token" "$3")" "${@:4}"
}
# on_keys CODE NAME ACTION COMMAND...: only those that use a key
on_keys()
{
	fails "$1" "$2" with_fault "$(fault "$with_token, \"path\": \"/keys/\"" "$3")" "${@:4}"
}

# ---- access
while IFS=: read -r name cause hint; do
	answered 6 "$name on the listing" "$(refusal 403 Forbidden "$name")" "${get[@]}" --vm VM01
	says "$cause" "hint: " "$hint"
done <<-END
	ForbiddenByPolicy:secrets/list:az keyvault set-policy
	ForbiddenByRbac:no role:Key Vault Secrets User
	ForbiddenByFirewall:firewall:az keyvault network-rule add
	ForbiddenByConnection:public networks:private endpoint
END
by_policy=$(refusal 403 Forbidden ForbiddenByPolicy)
answered 6 "ForbiddenByPolicy on the secret" "$by_policy" "${get_plain[@]}"
says "secrets/get" "--spn $client --secret-permissions get list"
on_keys 6 "ForbiddenByPolicy on the key" "$by_policy" "${get[@]}" --secret "$id"
says "keys/unwrapKey" "--key-permissions unwrapKey"
on_keys 6 "ForbiddenByRbac on the key" "$(refusal 403 Forbidden ForbiddenByRbac)" \
	"${get[@]}" --secret "$id"
says "Key Vault Crypto User"
answered 6 "neither list nor get" "$by_policy" "${get[@]}" --id "$id"
says "set-policy"
fails 6 "a disabled secret" "${get[@]}" --secret off
says "secret 'off'" "is disabled" "az keyvault secret set-attributes"

# ---- what is not there or does not fit
fails 7 "no such secret" "${get[@]}" --secret nothing
says "has no secret 'nothing'" "hint: "
fails 7 "the KEK's version is gone" "${get[@]}" --secret gone-version
tag=DiskEncryptionKeyEncryptionKeyURL
says "vault '127.0.0.1' has no key 'kek/$no_version', which its tag $tag names" \
	"hint: was the key rotated" "--kek"
fails 7 "no such key" "${get[@]}" --secret "$id" --kek nothing
says "has no key 'nothing'"
fails 6 "the wrong version of the KEK" "${get[@]}" --secret wrong-version
says "does not unwrap" "another version" "--kek"
ok "the wrong algorithm in the tag: the others are tried" "${get[@]}" --secret wrong-alg
says "alg=RSA-OAEP " "its tag says RSA-OAEP-256, but its KEK unwraps it with RSA-OAEP"
fails 6 "another key" "${get[@]}" --secret "$id" --kek stranger
says "key 'stranger'" "does not unwrap"
fails 4 "an unknown algorithm" "${get[@]}" --secret odd-alg
says "ROT13" "RSA-OAEP-256"
fails 4 "wrapped, but no tag names the KEK" "${get[@]}" --secret no-kek
says "no tag of it names its KEK" "--kek"
fails 4 "a value that is not base64" "${get[@]}" --secret not-base64
says "not base64"
fails 4 "an empty value" "${get[@]}" --secret empty
fails 4 "a BEK that does not fit" "${get_plain[@]}" --expect "$work/config.json"
version=$(ready '.vaults["contoso-kv"].keys.kek[0]')
change /key "{\"vault\": \"contoso-kv\", \"name\": \"kek\", \"id\": \"$version\",
	\"enabled\": false}"
fails 6 "a disabled version of the KEK" "${get[@]}" --secret "$id"
says "key 'kek/$version'" "is disabled" "az keyvault key set-attributes"

# ---- tokens
answered 5 "AKV10022: another audience" \
	"$(refusal 401 Unauthorized '' 'AKV10022: Invalid audience')" "${get_plain[@]}"
says "AKV10022" "--cloud"
answered 5 "AKV10032: another tenant" \
	"$(refusal 401 Unauthorized '' 'AKV10032: Invalid issuer')" "${get_plain[@]}"
says "AKV10032" "--tenant"
answered 5 "401 whatever is sent" "$(refusal 401 Unauthorized)" "${get_plain[@]}"
requests_are "  and a fresh token is not tried over and over" .fault 1
AZURE_CLIENT_SECRET=wrong fails 5 "a wrong client secret" "${get_plain[@]}"
says "AADSTS7000215" "client secret is wrong"
AZURE_CLIENT_ID=bbbbbbbb-0000-0000-0000-000000000001 fails 5 "an unknown client" "${get_plain[@]}"
says "AADSTS700016" "AZURE_CLIENT_ID"
fails 5 "a configured tenant that is not the vault's" "${get_plain[@]}" --tenant $other_tenant
says "$tenant" "AZURE_ADDITIONALLY_ALLOWED_TENANTS"
fails 5 "nothing to sign in with" env -u AZURE_CLIENT_ID PATH="$nowhere" "${get_plain[@]}"
says "AZURE_CLIENT_ID not set" "az) is not installed" "no managed identity endpoint"
fails 5 "no environment when only that is asked for" \
	env -u AZURE_CLIENT_SECRET "${get_plain[@]}" --credential env
says "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set"
while IFS='|' read -r text script; do
	fake_az "$script"
	fails 5 "az: $text" env PATH="$work/bin:$PATH" "${get_plain[@]}" --credential cli
	says "Azure CLI" "$text"
done <<-'END'
	az is not signed in|echo 'Please run az login to setup account.' >&2; exit 1
	status 7|exit 7
	not understood|echo '{}'
	too much|yes
	expired|echo '{"accessToken":"x","expires_on":5}'
	status 137|kill -9 $$
END

# ---- arguments
fails 2 "a vault that is not trusted" \
	"$vault_get" --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" --secret plain
says "--trust-vault-host 127.0.0.1"
fails 2 "a vault of another cloud" \
	"$vault_get" --vault https://contoso-kv.vault.azure.cn --secret plain
says "--cloud china"
fails 2 "plain http" "$vault_get" --vault http://contoso-kv.vault.azure.net --secret plain
fails 2 "a name without a vault" "$vault_get" --secret plain
says "--vault"
fails 2 "a KEK at a host that is not trusted" \
	"${get[@]}" --secret "$id" --kek https://evil.example/keys/a/b
fails 2 "a file that is no certificate" "$vault_get" --vault "$VAULT_URL" \
	--trust-vault-host 127.0.0.1 --ca-file "$work/config.json" --secret plain
says "--ca-file" "no PEM certificate"
fails 2 "an invalid tenant" "${get_plain[@]}" --tenant "a/b"
fails 2 "an invalid trusted host" "${get_plain[@]}" --trust-vault-host "a b"
AZURE_AUTHORITY_HOST=http://127.0.0.1 fails 2 "an authority without TLS" "${get_plain[@]}"
done_testing
