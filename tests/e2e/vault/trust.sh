#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A vault that lies, and tags that lead astray: no token for another service is asked for or sent, nothing goes to a host that is
# not trusted, and no secret is ever printed, with everything logged.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

tenant=11111111-2222-3333-4444-555555555555
id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"
ade='"file": "a.BEK", "machine": "VM01", "volume": "C:\\", "kek": "kek"'
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "very-s3cret~value"}],
  "vaults": [
   {"name": "contoso-kv",
    "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [
      {"name": "$id", "versions": [{"ade": {$ade}}]},
      {"name": "plain", "versions": [{"ade": {"file": "a.BEK", "machine": "VM02", "volume": "C:\\\\"}}]},
      {"name": "kek-at-trap", "versions": [{"ade": {$ade}, "tags": {"DiskEncryptionKeyEncryptionKeyURL": "{vault:trap-kv}/keys/kek/00000000000000000000000000000000"}}]},
      {"name": "kek-evil", "versions": [{"ade": {$ade}, "tags": {"DiskEncryptionKeyEncryptionKeyURL": "https://contoso.vault.azure.net.evil.example/keys/kek/1"}}]},
      {"name": "kek-userinfo", "versions": [{"ade": {$ade}, "tags": {"DiskEncryptionKeyEncryptionKeyURL": "https://contoso.vault.azure.net@127.0.0.1/keys/kek/1"}}]},
      {"name": "kek-http", "versions": [{"ade": {$ade}, "tags": {"DiskEncryptionKeyEncryptionKeyURL": "http://contoso.vault.azure.net/keys/kek/1"}}]},
      {"name": "kek-path", "versions": [{"ade": {$ade}, "tags": {"DiskEncryptionKeyEncryptionKeyURL": "{vault}/keys/kek/1/../../../secrets/plain"}}]}
    ]},
   {"name": "trap-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}]}
  ] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
trap_url=$VAULT_URL_trap_kv
common=(--vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" --trust-vault-host "127.0.0.1:$VAULT_PORT" --retry-ms 1 --timeout 10)
clear() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" >/dev/null; }
requests() { control /requests | jq "[.requests[] | select($1)] | length"; }
challenge() { control /challenge "{\"vault\":\"contoso-kv\",\"challenge\":$1}" >/dev/null; clear requests; }
untouched()
{
	is "$(requests '.endpoint == "token"')" 0 "  no token was asked for"
	is "$(requests '.auth')" 0 "  and none sent"
	is "$(requests '.bodyBytes > 0')" 0 "  nor any body"
}
trap_unseen() { is "$(requests '.vault == "trap-kv"')" 0 "  the other host saw nothing"; }
log() { printf '%s\n' "$out" >>"$work/all-output"; }

# ---- challenges
for resource in https://management.azure.com https://graph.microsoft.com https://vault.azure.net.evil.example https://azure.net \
	https://vault.azure.cn https://127.0.0.1 https://storage.azure.com; do
	challenge "{\"resource\":\"$resource\"}"
	fails 5 "a challenge for $resource" "$get" "${common[@]}" --secret plain
	says "not a vault's" "hint: "
	untouched
	challenge "{\"form\":\"scope\",\"resource\":\"$resource\"}"
	fails 5 "a scope for $resource" "$get" "${common[@]}" --secret plain
	untouched
done
for header in 'Basic realm=\"x\"' 'Bearer' 'Bearer authorization=\"https://login.microsoftonline.com/{tenant}\"' 'Bearer resource=\"https://vault.azure.net\"' \
	'Bearer authorization=\"https://login.microsoftonline.com/..%2f..%2fx\", resource=\"https://vault.azure.net\"' \
	'Bearer authorization=\"https://login.microsoftonline.com/--help\", resource=\"https://vault.azure.net\"' \
	'Bearer authorization=\"https://login.microsoftonline.com/{tenant}\", resource=\"https://vault.azure.net\", resource=\"https://management.azure.com\"' \
	'Bearer authorization=\"http://login.microsoftonline.com/{tenant}\", resource=\"https://vault.azure.net\"'; do
	challenge "{\"header\":\"$header\"}"
	fails 8 "the header $header" "$get" "${common[@]}" --secret plain
	untouched
done
challenge "{\"authorization\":\"$trap_url/{tenant}\"}"
ok "the host of authorization is never asked" "$get" "${common[@]}" --secret plain
trap_unseen
challenge '{"form":"resource"}'

# ---- links, redirects and tags that lead elsewhere
with_fault()
{
	local status
	control /fault "$1" >/dev/null
	clear requests
	shift
	"$@"
	status=$?
	clear fault
	return $status
}
listing='{"endpoint":"vault","auth":"present","path":"/secrets\\?"}'
for to in "$trap_url/secrets?api-version=7.4" "https://evil.example/secrets?x" "http://127.0.0.1:$VAULT_PORT/secrets?x" \
	"https://127.0.0.1:$VAULT_PORT@evil.example/secrets" "//evil.example/secrets" "$VAULT_URL/keys?x"; do
	fails 8 "the next page at $to" with_fault "{\"match\":$listing,\"action\":{\"type\":\"nextlink\",\"to\":\"$to\"}}" "$get" "${common[@]}" --vm VM01
	says "next page"
	trap_unseen
done
for status in 301 302 307 308; do
	fails 8 "a redirect with $status" with_fault \
		"{\"match\":{\"auth\":\"present\"},\"action\":{\"type\":\"redirect\",\"status\":$status,\"location\":\"$trap_url/secrets/plain\"}}" \
		"$get" "${common[@]}" --secret plain
	trap_unseen
	fails 5 "sign-in redirected with $status" with_fault \
		"{\"match\":{\"endpoint\":\"token\"},\"action\":{\"type\":\"redirect\",\"status\":$status,\"location\":\"$trap_url/\"}}" \
		"$get" "${common[@]}" --secret plain
	trap_unseen
done
clear requests
fails 6 "a KEK at a host that is not trusted" "$get" "${common[@]}" --secret kek-at-trap
says "is not a Key Vault" "nothing is sent"
trap_unseen
fails 6 "a KEK at a look-alike host" "$get" "${common[@]}" --secret kek-evil
says "contoso.vault.azure.net.evil.example"
fails 4 "a KEK URL with a user name" "$get" "${common[@]}" --secret kek-userinfo
fails 4 "a KEK URL without TLS" "$get" "${common[@]}" --secret kek-http
fails 4 "a KEK URL whose path climbs" "$get" "${common[@]}" --secret kek-path
fails 8 "another secret than the one asked for" with_fault \
	'{"match":{"auth":"present"},"action":{"type":"replace","set":{"id":"{vault}/secrets/other/1"}}}' "$get" "${common[@]}" --secret plain
fails 8 "an unwrap by another key" with_fault \
	'{"match":{"path":"/keys/","auth":"present"},"action":{"type":"replace","set":{"kid":"{vault}/keys/other/1"}}}' "$get" "${common[@]}" --secret "$id"
fails 8 "a vault that wants no token" with_fault '{"match":{"auth":"absent"},"action":{"type":"error","status":200,"body":"{}"}}' \
	"$get" "${common[@]}" --secret plain
says "not a Key Vault"
fails 5 "a vault's words are not shown" with_fault \
	'{"match":{"auth":"present"},"action":{"type":"error","status":401,"code":"Un\u001b[31m","message":"FOREIGN WORDS"}}' \
	"$get" "${common[@]}" --secret plain
[[ $out != *FOREIGN* && $out != *$'\033'* ]]
result $? "  not even in the log"

# ---- secrets in the output: the tool logs everything there is
ok "a run that succeeds" "$get" "${common[@]}" --id "$id" --vm VM02
log
AZURE_CLIENT_SECRET=very-s3cret~valuf fails 5 "one that is refused" "$get" "${common[@]}" --id "$id"
log
fails 8 "one whose answers are cut" with_fault '{"match":{"auth":"present"},"action":{"type":"json","kind":"truncated"}}' "$get" "${common[@]}" --id "$id"
log
fails 6 "one that cannot unwrap" with_fault '{"match":{"path":"/keys/","auth":"present"},"action":{"type":"error","status":400,"code":"BadParameter"}}' \
	"$get" "${common[@]}" --secret "$id"
log
plain=$(base64 -w 0 "$work/a.BEK")
is "$(grep -c 'debug: ' "$work/all-output" | awk '{ print ($1 > 10) }')" 1 "everything was logged"
is "$(grep -c -F -e very-s3cret -e 'Bearer ' -e 'Authorization' -e 'client_secret=' -e 'eyJ' -e "${plain:0:24}" -e "${plain:80:24}" \
	-e "$(tr '+/' '-_' <<<"${plain:0:24}")" "$work/all-output")" 0 "and no secret in it"
done_testing
