#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# keyvault/ against the loopback vault: every way to find a BEK, sign in and unwrap that works.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='s3cret~1&x=y%z+ö'
for n in 1 2 3 4 5 6 7 8; do head -c $((148 + 8 * n)) /dev/urandom >"$work/$n.BEK"; done
guid() { printf '0000000%s-AAAA-BBBB-CCCC-000000000000' "$1"; }
ade() { printf '{"ade": {"file": "%s.BEK", "machine": "%s", "volume": "C:\\\\"%s}%s}' "$1" "${2:-VM01}" "${3:-}" "${4:-}"; }
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "$tenant", "names": ["contoso.example"]}],
  "clients": [{"id": "$client", "secret": "$secret"},
              {"id": "aaaaaaaa-0000-0000-0000-000000000002", "secret": "two"}],
  "vaults": [
   {"name": "contoso-kv", "pageSize": 3, "emptyPageEvery": 4, "fill": {"count": 40, "kind": "mixed"},
    "access": [{"client": "$client", "secrets": ["get", "list"], "keys": ["unwrapKey"]},
               {"client": "aaaaaaaa-0000-0000-0000-000000000002", "secrets": ["get"], "keys": ["unwrapKey"]}],
    "keys": [{"name": "kek", "versions": [{"bits": 2048, "created": 1600000000}, {"bits": 3072, "created": 1700000000}]}],
    "secrets": [
      {"name": "$(guid 1)", "versions": [$(ade 1)]},
      {"name": "$(guid 2)", "versions": [$(ade 2 VM01 ', "kek": "kek/#0", "alg": "RSA-OAEP"')]},
      {"name": "$(guid 3)", "versions": [$(ade 3 VM01 ', "kek": "kek/#1", "alg": "RSA-OAEP-256"')]},
      {"name": "$(guid 4)", "versions": [$(ade 4 VM01 ', "kek": "kek/#0", "vault": "other-kv", "alg": "RSA1_5"')]},
      {"name": "by-file-old", "versions": [$(ade 1 VM02 ", \"fileName\": \"$(guid 5).BEK\"" ', "created": 1500000000')]},
      {"name": "by-file-new", "versions": [$(ade 5 VM02 ", \"fileName\": \"$(guid 5).BEK\"" ', "created": 1600000000')]},
      {"name": "by-file-off", "versions": [$(ade 6 VM02 ", \"fileName\": \"$(guid 5).BEK\"" ', "created": 1700000000, "enabled": false')]},
      {"name": "$(guid 6)", "versions": [$(ade 6 VM03 '' ', "created": 1500000000'), $(ade 7 VM03 '' ', "created": 1600000000')]},
      {"name": "$(guid 7)", "versions": [$(ade 7 VM04 '' ', "created": 1500000000'), $(ade 8 VM04 '' ', "created": 1600000000, "enabled": false')]},
      {"name": "url-safe", "versions": [{"value": "$(base64 -w 0 "$work/8.BEK" | tr '+/' '-_' | tr -d =)", "contentType": "BEK"}]},
      {"name": "untagged", "versions": [{"wrap": {"file": "8.BEK", "key": "kek", "version": "current", "alg": "RSA-OAEP"}}]},
      {"name": "no-kek-tag", "versions": [{"contentType": "Wrapped BEK",
        "wrap": {"file": "8.BEK", "key": "kek", "version": "current", "alg": "RSA-OAEP"}}]}
    ]},
   {"name": "other-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}, {"bits": 2048}]}]}
  ] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
common=("${vault_options[@]:2}" --out "$work/out" --retry-ms 1)
requests() { control /requests | jq "[.requests[] | select($1)] | length"; }
same() { cmp "$work/out/$1" "$work/$2.BEK"; }

# ---- by identifier
ok "four at once: plain, RSA-OAEP with a rotated KEK, RSA-OAEP-256, RSA1_5 with the KEK of another vault" \
	"$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 1)" --id "$(guid 2)" --id "$(guid 3)" --id "$(guid 4)"
says "found 4" "alg=RSA-OAEP-256" "alg=RSA1_5" "kek=$VAULT_URL_other_kv/keys/kek/" "type=Wrapped BEK" "machine=VM01"
for n in 1 2 3 4; do ok "  BEK $n byte for byte" same "$(guid $n)" $n; done
is "$(requests '.endpoint == "token"')" 1 "one token for all of it"
is "$(requests '.url | test("^/secrets\\?")')" 0 "the vault was not listed: each identifier is a secret's name"
is "$(requests '.endpoint == "vault"')" 9 "two challenges, four secrets, three unwraps"
is "$(requests '(.auth | not) and .bodyBytes > 0 and .endpoint == "vault"')" 0 "no body went out without a token"
is "$(requests '(.url | test("/keys/")) and .method != "POST"')" 0 "no key was read, only unwrapped with"
ok "by file name, newest first, the disabled one skipped with a warning" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 5)"
says "found 1" "bek name=by-file-new" "warning: secret 'by-file-off'" "is disabled"
ok "  byte for byte" same by-file-new 5
ok "the older duplicate when the newer does not fit" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 5)" --expect "$work/1.BEK"
says "rejected name=by-file-new" "bek name=by-file-old" "found 1"
ok "an older version when the current one does not fit" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 6)" --expect "$work/6.BEK"
says "rejected name=$(guid 6)" "found 1"
ok "  byte for byte" same "$(guid 6)" 6
ok "an older version when the current one is disabled" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 7)"
ok "  byte for byte" same "$(guid 7)" 7
ok "nothing found is no error" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 9)"
says "found 0"
ok "one found, one not" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 9)" --id "$(guid 1)"
says "found 1"
ok "by machine, without regard to case" "$get" --vault "$VAULT_URL" "${common[@]}" --vm vm02
says "found 2" "name=by-file-old" "name=by-file-new"

# ---- one secret
ok "by name" "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 2)"
ok "by URL without a version, without --vault" "$get" "${common[@]}" --secret "$VAULT_URL/secrets/$(guid 2)"
version=$(sed -n 's/.*version=\([0-9a-f]*\).*/\1/p' <<<"$out")
ok "by URL with its version" "$get" "${common[@]}" --secret "$VAULT_URL/secrets/$(guid 2)/$version"
ok "base64url in place of base64" "$get" --vault "$VAULT_URL" "${common[@]}" --secret url-safe
ok "  byte for byte" same url-safe 8
ok "no tags at all: --kek by name, its current version" "$get" --vault "$VAULT_URL" "${common[@]}" --secret untagged --kek kek
ok "  byte for byte" same untagged 8
ok "--kek by URL without a version" "$get" --vault "$VAULT_URL" "${common[@]}" --secret no-kek-tag --kek "$VAULT_URL/keys/kek"
kek=$(sed -n 's/.*kek=\([^ ]*\).*/\1/p' <<<"$out")
ok "--kek by URL with a version" "$get" --vault "$VAULT_URL" "${common[@]}" --secret no-kek-tag --kek "$kek"
ok "--kek that names the tag's key means the tag's version" "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 2)" --kek kek
control /key "{\"vault\":\"contoso-kv\",\"name\":\"kek\",\"version\":{\"bits\":2048}}" >/dev/null
ok "the tag's version is used after another rotation" "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 2)" --id "$(guid 3)"
says "found 2"

# ---- signing in
ok "the right to get without the right to list: asked for by name" env AZURE_CLIENT_ID=aaaaaaaa-0000-0000-0000-000000000002 \
	AZURE_CLIENT_SECRET=two "$get" --vault "$VAULT_URL" "${common[@]}" --id "$(guid 2)" --id "$(guid 9)"
says "found 1" "secrets/list"
ok "the tenant by its domain name" env AZURE_TENANT_ID=contoso.example "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 1)"
ok "another tenant, allowed" env AZURE_TENANT_ID=99999999-2222-3333-4444-555555555555 AZURE_ADDITIONALLY_ALLOWED_TENANTS="x;$tenant" \
	"$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 1)"
for form in '"form":"scope"' '"form":"resource","emptyBody":true'; do
	control /challenge "{\"vault\":\"contoso-kv\",\"challenge\":{$form}}" >/dev/null
	ok "challenge with $form" "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 1)"
done
control /challenge '{"vault":"contoso-kv","challenge":{"form":"resource"}}' >/dev/null

mkfifo "$work/go"
"$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 2)" --twice <"$work/go" >"$work/twice" 2>&1 &
pid=$!
exec 9>"$work/go"
wait_until 20 grep -q once "$work/twice"
control /tokens '{"expireAll":true}' >/dev/null
echo go >&9
exec 9>&-
ok "a token that is not taken any more is replaced once" wait $pid
is "$(grep -c '^bek ' "$work/twice")" 2 "  and the secret comes again"

mkdir "$work/bin"
cat >"$work/bin/az" <<END2
#!/bin/sh
[ "\$*" = "account get-access-token --output json --resource https://vault.azure.net --tenant $tenant" ] || exit 3
umask 077
printf %s 'client_id=$client&grant_type=client_credentials&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_secret=' >"$work/form"
jq -rn --arg s '$secret' '\$s|@uri' | tr -d '\n' >>"$work/form"
token=\$(curl -sS --fail --cacert "$VAULT_CA_FILE" -d @"$work/form" "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token)
if [ -e "$work/old-az" ]; then
	printf '{"accessToken":"%s","expiresOn":"%s.000000"}\n' "\$token" "\$(date -d '+1 hour' '+%Y-%m-%d %H:%M:%S')"
else
	printf '{"accessToken":"%s","expires_on":%s,"tenant":"$tenant"}\n' "\$token" "\$((\$(date +%s) + 3600))"
fi
END2
chmod +x "$work/bin/az"
unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
PATH=$work/bin:$PATH
ok "the Azure CLI's token" "$get" --vault "$VAULT_URL" "${common[@]}" --credential cli --secret "$(guid 2)"
ok "the Azure CLI after the environment has nothing" "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 2)"
says "signed in with Azure CLI"
touch "$work/old-az"
ok "an older Azure CLI, which tells the expiry in local time" "$get" --vault "$VAULT_URL" "${common[@]}" --secret "$(guid 2)"
done_testing
