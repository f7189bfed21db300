#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# keyvault/ against the loopback vault: every way to find a BEK, sign in and unwrap that works.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl "$vault_get"

reader=aaaaaaaa-0000-0000-0000-000000000002
secret='s3cret~1&x=y%z+ö'
for n in 1 2 3 4 5 6 7 8; do
	head -c $((148 + 8 * n)) /dev/urandom >"$work/$n.BEK"
done
guid()
{
	printf '0000000%s-AAAA-BBBB-CCCC-000000000000' "$1"
}

# ---- the vault
# wrapped NUMBER KEK ALGORITHM [MORE]
wrapped()
{
	ade "$1.BEK" "\"kek\": \"$2\", \"alg\": \"$3\"${4-}"
}
# created NUMBER SECONDS [MORE]
created()
{
	ade "$1.BEK" '' "\"created\": $2${3-}"
}
# by_file NUMBER SECONDS [MORE]: its tags name the file of identifier 5
by_file()
{
	machine=VM02 ade "$1.BEK" "\"fileName\": \"$(guid 5).BEK\"" "\"created\": $2${3-}"
}
off=', "enabled": false'
unnamed='"wrap": {"file": "8.BEK", "key": "kek", "version": "current", "alg": "RSA-OAEP"}'
secrets()
{
	local url_safe
	url_safe=$(base64 -w 0 "$work/8.BEK" | tr '+/' '-_' | tr -d =)
	secret "$(guid 1)" "$(ade 1.BEK)"
	secret "$(guid 2)" "$(wrapped 2 'kek/#0' RSA-OAEP)"
	secret "$(guid 3)" "$(wrapped 3 'kek/#1' RSA-OAEP-256)"
	secret "$(guid 4)" "$(wrapped 4 'kek/#0' RSA1_5 ', "vault": "other-kv"')"
	secret by-file-old "$(by_file 1 1500000000)"
	secret by-file-new "$(by_file 5 1600000000)"
	secret by-file-off "$(by_file 6 1700000000 "$off")"
	export machine=VM03
	secret "$(guid 6)" "$(created 6 1500000000)" "$(created 7 1600000000)"
	machine=VM04
	secret "$(guid 7)" "$(created 7 1500000000)" "$(created 8 1600000000 "$off")"
	secret url-safe "{\"value\": \"$url_safe\", \"contentType\": \"BEK\"}"
	secret untagged "{$unnamed}"
	secret no-kek-tag "{\"contentType\": \"Wrapped BEK\", $unnamed}"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant", "names": ["contoso.example"]}],
  "clients": [{"id": "$client", "secret": "$secret"}, {"id": "$reader", "secret": "two"}],
  "vaults": [
    {"name": "contoso-kv", "pageSize": 3, "emptyPageEvery": 4,
     "fill": {"count": 40, "kind": "mixed"},
     "access": [
       {"client": "$client", "secrets": ["get", "list"], "keys": ["unwrapKey"]},
       {"client": "$reader", "secrets": ["get"], "keys": ["unwrapKey"]}],
     "keys": [{"name": "kek", "versions": [
       {"bits": 2048, "created": 1600000000}, {"bits": 3072, "created": 1700000000}]}],
     "secrets": [$(with_commas secrets)]},
    {"name": "other-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}, {"bits": 2048}]}]}]
}
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
get=("$vault_get" "${trust_vault[@]}" --out "$work/out" --retry-ms 1)
by_vault=("${get[@]}" --vault "$VAULT_URL")
# written SECRET NUMBER
written()
{
	ok "  byte for byte" cmp "$work/out/$1" "$work/$2.BEK"
}

# ---- by identifier
ok "four at once: plain, a rotated KEK, RSA-OAEP-256, RSA1_5 with the KEK of another vault" \
	"${by_vault[@]}" --id "$(guid 1)" --id "$(guid 2)" --id "$(guid 3)" --id "$(guid 4)"
says "found 4" "alg=RSA-OAEP-256" "alg=RSA1_5" "kek=$VAULT_URL_other_kv/keys/kek/" \
	"type=Wrapped BEK" "machine=VM01"
for n in 1 2 3 4; do
	ok "  BEK $n byte for byte" cmp "$work/out/$(guid $n)" "$work/$n.BEK"
done
requests_are "one token for all of it" '.endpoint == "token"' 1
requests_are "the vault was not listed: each identifier is a secret's name" \
	'.url | test("^/secrets\\?")' 0
requests_are "two challenges, four secrets, three unwraps" '.endpoint == "vault"' 9
requests_are "no body was sent without a token" \
	'(.auth | not) and .bodyBytes > 0 and .endpoint == "vault"' 0
requests_are "no key was read, only unwrapped with" \
	'(.url | test("/keys/")) and .method != "POST"' 0
ok "by file name, newest first, the disabled one skipped with a warning" \
	"${by_vault[@]}" --id "$(guid 5)"
says "found 1" "bek name=by-file-new" "warning: secret 'by-file-off'" "is disabled"
written by-file-new 5
ok "the older duplicate when the newer does not fit" \
	"${by_vault[@]}" --id "$(guid 5)" --expect "$work/1.BEK"
says "rejected name=by-file-new" "bek name=by-file-old" "found 1"
ok "an older version when the current one does not fit" \
	"${by_vault[@]}" --id "$(guid 6)" --expect "$work/6.BEK"
says "rejected name=$(guid 6)" "found 1"
written "$(guid 6)" 6
ok "an older version when the current one is disabled" "${by_vault[@]}" --id "$(guid 7)"
written "$(guid 7)" 7
ok "nothing found is no error" "${by_vault[@]}" --id "$(guid 9)"
says "found 0"
ok "one found, one not" "${by_vault[@]}" --id "$(guid 9)" --id "$(guid 1)"
says "found 1"
ok "by machine, without regard to case" "${by_vault[@]}" --vm vm02
says "found 2" "name=by-file-old" "name=by-file-new"

# ---- one secret
ok "by name" "${by_vault[@]}" --secret "$(guid 2)"
secret_url=$VAULT_URL/secrets/$(guid 2)
ok "by URL without a version, without --vault" "${get[@]}" --secret "$secret_url"
version=$(sed -n 's/.*version=\([0-9a-f]*\).*/\1/p' <<<"$out")
ok "by URL with its version" "${get[@]}" --secret "$secret_url/$version"
ok "base64url in place of base64" "${by_vault[@]}" --secret url-safe
written url-safe 8
ok "no tags at all: --kek by name, its current version" \
	"${by_vault[@]}" --secret untagged --kek kek
written untagged 8
ok "--kek by URL without a version" \
	"${by_vault[@]}" --secret no-kek-tag --kek "$VAULT_URL/keys/kek"
kek_url=$(sed -n 's/.*kek=\([^ ]*\).*/\1/p' <<<"$out")
ok "--kek by URL with a version" "${by_vault[@]}" --secret no-kek-tag --kek "$kek_url"
ok "--kek that names the tag's key means the tag's version" \
	"${by_vault[@]}" --secret "$(guid 2)" --kek kek
change /key '{"vault": "contoso-kv", "name": "kek", "version": {"bits": 2048}}'
ok "the tag's version is used after another rotation" \
	"${by_vault[@]}" --id "$(guid 2)" --id "$(guid 3)"
says "found 2"

# ---- signing in
ok "the right to get without the right to list: asked for by name" \
	env AZURE_CLIENT_ID=$reader AZURE_CLIENT_SECRET=two \
	"${by_vault[@]}" --id "$(guid 2)" --id "$(guid 9)"
says "found 1" "secrets/list"
plain=("${by_vault[@]}" --secret "$(guid 1)")
ok "the tenant by its domain name" env AZURE_TENANT_ID=contoso.example "${plain[@]}"
ok "another tenant, allowed" env AZURE_TENANT_ID=99999999-2222-3333-4444-555555555555 \
	AZURE_ADDITIONALLY_ALLOWED_TENANTS="x;$tenant" "${plain[@]}"
for form in '"form": "scope"' '"form": "resource", "emptyBody": true'; do
	challenge "{$form}"
	ok "challenge with $form" "${plain[@]}"
done
challenge '{"form": "resource"}'

mkfifo "$work/go"
"${by_vault[@]}" --secret "$(guid 2)" --twice <"$work/go" >"$work/twice" 2>&1 &
pid=$!
exec 9>"$work/go"
wait_until 20 grep -q once "$work/twice"
change /tokens '{"expireAll": true}'
echo go >&9
exec 9>&-
ok "a token that is refused from now on is replaced once" wait $pid
is "$(grep -c '^bek ' "$work/twice")" 2 "  and the secret comes again"

fake_az 'resource=https://vault.azure.net
[ "$*" = "account get-access-token --output json --resource $resource --tenant $tenant" ] || exit 3
expiry="\"expires_on\": $(($(date +%s) + 3600)), \"tenant\": \"$tenant\""
[ ! -e "$work/old-az" ] ||
	expiry="\"expiresOn\": \"$(date -d "+1 hour" "+%Y-%m-%d %H:%M:%S").000000\""
echo "{\"accessToken\": \"$(get_token)\", $expiry}"'
sign_out
PATH=$work/bin:$PATH
ok "the Azure CLI's token" "${by_vault[@]}" --credential cli --secret "$(guid 2)"
ok "the Azure CLI after the environment has nothing" "${by_vault[@]}" --secret "$(guid 2)"
says "signed in with Azure CLI"
touch "$work/old-az"
ok "an older Azure CLI, which gives the expiry in local time" \
	"${by_vault[@]}" --secret "$(guid 2)"
done_testing
