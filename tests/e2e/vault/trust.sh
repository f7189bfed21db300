#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A vault that lies, and tags that lead astray: no token for another service is asked for or sent,
# nothing goes to a host that is not trusted, and no secret is ever printed, with all logged.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl "$vault_get"

id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"
# kek_at URL: a secret's version whose tag names its KEK there
kek_at()
{
	ade a.BEK '"kek": "kek"' "\"tags\": {\"DiskEncryptionKeyEncryptionKeyURL\": \"$1\"}"
}
alike=https://contoso.vault.azure.net
secrets()
{
	secret "$id" "$(ade a.BEK '"kek": "kek"')"
	secret plain "$(machine=VM02 ade a.BEK)"
	secret kek-at-trap "$(kek_at "{vault:trap-kv}/keys/kek/00000000000000000000000000000000")"
	secret kek-evil "$(kek_at "$alike.evil.example/keys/kek/1")"
	secret kek-userinfo "$(kek_at "$alike@127.0.0.1/keys/kek/1")"
	secret kek-http "$(kek_at "http://contoso.vault.azure.net/keys/kek/1")"
	secret kek-path "$(kek_at "{vault}/keys/kek/1/../../../secrets/plain")"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "very-s3cret~value"}],
  "vaults": [
    {"name": "contoso-kv", $kek, "secrets": [$(with_commas secrets)]},
    {"name": "trap-kv", $kek}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
trap_url=$VAULT_URL_trap_kv
get=("$vault_get" --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE"
	--trust-vault-host "127.0.0.1:$VAULT_PORT" --retry-ms 1 --timeout 10)
get_plain=("${get[@]}" --secret plain)
challenged() # JSON
{
	challenge "$1"
	forget requests
}
untouched()
{
	requests_are "  no token was asked for" '.endpoint == "token"' 0
	requests_are "  none was sent" '.auth' 0
	requests_are "  and no body" '.bodyBytes > 0' 0
}
trap_unseen()
{
	requests_are "  the other host saw nothing" '.vault == "trap-kv"' 0
}

# ---- challenges
for resource in https://management.azure.com https://graph.microsoft.com \
	https://vault.azure.net.evil.example https://azure.net https://vault.azure.cn \
	https://127.0.0.1 https://storage.azure.com; do
	challenged "{\"resource\": \"$resource\"}"
	fails 5 "a challenge for $resource" "${get_plain[@]}"
	says "not a vault's" "hint: "
	untouched
	challenged "{\"form\": \"scope\", \"resource\": \"$resource\"}"
	fails 5 "a scope for $resource" "${get_plain[@]}"
	untouched
done
login=https://login.microsoftonline.com
service=https://vault.azure.net
other=https://management.azure.com
# the headers as they are sent; jq puts them into JSON
while read -r header; do
	challenged "$(jq -nc --arg header "$header" '{$header}')"
	fails 8 "the header $header" "${get_plain[@]}"
	untouched
done <<-END
	Basic realm="x"
	Bearer
	Bearer authorization="$login/{tenant}"
	Bearer resource="$service"
	Bearer authorization="$login/..%2f..%2fx", resource="$service"
	Bearer authorization="$login/--help", resource="$service"
	Bearer authorization="$login/{tenant}", resource="$service", resource="$other"
	Bearer authorization="http${login#https}/{tenant}", resource="$service"
END
challenged "{\"authorization\": \"$trap_url/{tenant}\"}"
ok "the host of authorization is never asked" "${get_plain[@]}"
trap_unseen
challenged '{"form": "resource"}'

# ---- links, redirects and tags that lead elsewhere
for to in "$trap_url/secrets?api-version=7.4" "https://evil.example/secrets?x" \
	"http://127.0.0.1:$VAULT_PORT/secrets?x" \
	"https://127.0.0.1:$VAULT_PORT@evil.example/secrets" \
	"//evil.example/secrets" "$VAULT_URL/keys?x"; do
	fails 8 "the next page at $to" with_fault \
		"$(fault "$listing" "\"type\": \"nextlink\", \"to\": \"$to\"")" \
		"${get[@]}" --vm VM01
	says "next page"
	trap_unseen
done
# redirect MATCH STATUS URL
redirect()
{
	fault "$1" "\"type\": \"redirect\", \"status\": $2, \"location\": \"$3\""
}
answers='"auth": "present"'
for status in 301 302 307 308; do
	fails 8 "a redirect with $status" with_fault \
		"$(redirect "$answers" $status "$trap_url/secrets/plain")" "${get_plain[@]}"
	trap_unseen
	fails 5 "sign-in redirected with $status" with_fault \
		"$(redirect '"endpoint": "token"' $status "$trap_url/")" "${get_plain[@]}"
	trap_unseen
done
forget requests
fails 6 "a KEK at a host that is not trusted" "${get[@]}" --secret kek-at-trap
says "is not a Key Vault" "nothing is sent"
trap_unseen
fails 6 "a KEK at a look-alike host" "${get[@]}" --secret kek-evil
says "contoso.vault.azure.net.evil.example"
fails 4 "a KEK URL with a user name" "${get[@]}" --secret kek-userinfo
fails 4 "a KEK URL without TLS" "${get[@]}" --secret kek-http
fails 4 "a KEK URL whose path climbs" "${get[@]}" --secret kek-path
replaced='"type": "replace", "set": '
unwraps='"path": "/keys/", "auth": "present"'
fails 8 "another secret than the one asked for" with_fault \
	"$(fault "$answers" "$replaced"'{"id": "{vault}/secrets/other/1"}')" "${get_plain[@]}"
fails 8 "an unwrap by another key" with_fault \
	"$(fault "$unwraps" "$replaced"'{"kid": "{vault}/keys/other/1"}')" \
	"${get[@]}" --secret "$id"
fails 8 "a vault that wants no token" with_fault \
	"$(fault '"auth": "absent"' "$(refusal 200), \"body\": \"{}\"")" "${get_plain[@]}"
says "not a Key Vault"
fails 5 "a vault's words are not shown" with_fault \
	"$(fault "$answers" "$(refusal 401 'Un\u001b[31m' '' 'FOREIGN WORDS')")" "${get_plain[@]}"
never_says "  not even in the log" FOREIGN $'\033'

# ---- secrets in the output: the tool logs everything there is
ok "a run that succeeds" "${get[@]}" --id "$id" --vm VM02
keep_output
AZURE_CLIENT_SECRET=very-s3cret~valuf fails 5 "one that is refused" "${get[@]}" --id "$id"
keep_output
fails 8 "one whose answers are cut" with_fault \
	"$(fault "$answers" '"type": "json", "kind": "truncated"')" "${get[@]}" --id "$id"
keep_output
fails 6 "one that cannot unwrap" with_fault \
	"$(fault "$unwraps" "$(refusal 400 BadParameter)")" "${get[@]}" --secret "$id"
keep_output
plain=$(base64 -w 0 "$work/a.BEK")
holds "everything was logged" [ "$(grep -c 'debug: ' "$work/all-output")" -gt 10 ]
no_secret_in_output very-s3cret 'Bearer ' 'Authorization' 'client_secret=' 'eyJ' \
	"${plain:0:24}" "${plain:80:24}" "$(tr '+/' '-_' <<<"${plain:0:24}")"
done_testing
