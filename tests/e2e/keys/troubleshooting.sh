#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each refusal of a vault, as the loopback vault gives it: the error's text, with names and numbers taken out, stands in the
# manual's TROUBLESHOOTING, and the hint names the right or role and the command.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need node openssl jq curl pod2text mkntfs "$MKADE"

id=01234567-89AB-CDEF-0123-456789ABCDEF
make_disk "$work/a.img" --layout bare --guid "$id" --bek "$work/a.BEK"
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "s3cret~1"}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"imds": {}},
  "vaults": [{"name": "contoso-kv",
    "keys": [{"name": "kek", "versions": [{"bits": 2048}]}, {"name": "off", "versions": [{"bits": 2048, "enabled": false}]},
             {"name": "stranger", "versions": [{"bits": 2048}]}],
    "secrets": [
      {"name": "$id", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek"}}]},
      {"name": "cut", "versions": [{"value": "AQIDBAUGBwg=", "contentType": "BEK"}]},
      {"name": "untagged", "versions": [{"contentType": "Wrapped BEK", "wrap": {"file": "a.BEK", "key": "kek"}}]},
      {"name": "off", "versions": [{"valueFile": "a.BEK", "contentType": "BEK", "enabled": false}]},
      {"name": "gone", "versions": [{"ade": {"file": "a.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek"},
        "tags": {"DiskEncryptionKeyEncryptionKeyURL": "{vault}/keys/kek/00000000000000000000000000000000"}}]}
    ]}] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
key=(timeout 60 "${adefuse_command[@]}" key "${vault_options[@]}" --force --out "$work/out")
pod2text -w 10000 "$abs_top_srcdir/man/adefuse.1.pod" | awk '/^TROUBLESHOOTING/ { on = 1 } /^SECURITY/ { on = 0 } on' |
	sed 's/^ *//' >"$work/manual"
ok "the manual has the section" test -s "$work/manual"

# in_manual EXIT-CODE NAME HINT COMMAND...
in_manual()
{
	local code=$1 name=$2 hint=$3 error
	shift 3
	fails "$code" "$name" "$@"
	says "adefuse: hint: " "$hint"
	error=$(sed -n 's/^adefuse: error: //p' <<<"$out" | sed -E "
		s/'[^']*'/'...'/g
		s/^(p[0-9]+: |after [0-9]+ attempts: |secret '...': )*//
		s/refuses to [^:]*:/refuses to ...:/
		s/not understood: .*/not understood: .../
		s/(not trusted|damaged BEK file|cannot be loaded): .*/\1: .../
		s/none of [0-9]+ ways/none of N ways/
		s/sign-in refused \(HTTP .*/sign-in refused (HTTP N ...)/
		s/port [0-9]+/port N/; s/^(cannot connect to .*): .*/\1: .../
		s/(refuses the given token \(HTTP 401).*/\1 ...)/
		s/^(AZURE_TOKEN_CREDENTIALS=)[^ ]*/\1.../
		s/with RSA[^ ]* /with ... /
		s/machine'...'/machine's/
		s/[0-9]+ s( |\$)/N s\\1/g
		s/; it has: .*//")
	out="$error"$'\n'"is no line of the manual"
	grep -xF -e "$error" -e "$(sed -E 's/HTTP (302|5[0-9][0-9])/HTTP N/' <<<"$error")" "$work/manual" >>"$work/found"
	result $? "  the manual has: $error"
}
with_fault()
{
	local status
	control /fault "$1" >/dev/null
	shift
	"$@"
	status=$?
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null
	return $status
}
# answer STATUS CODE [INNER [MESSAGE [PATH]]]
answer()
{
	jq -nc --argjson s "$1" --arg c "$2" --arg i "${3-}" --arg m "${4-}" --arg p "${5-}" \
		'{match:{endpoint:"vault",auth:"present",path:$p},action:({type:"error",status:$s,code:$c,message:$m}+(if $i=="" then {} else {inner:$i} end))}'
}
row()
{
	local code=$1 name=$2 hint=$3 fault=$4
	in_manual "$code" "$name" "$hint" with_fault "$fault" "${key[@]}" --timeout 3 "$work/a.img"
}

row 5 "AKV10022" "--cloud" "$(answer 401 Unauthorized '' 'AKV10022: Invalid audience.')"
row 5 "AKV10032" "--tenant" "$(answer 401 Unauthorized '' 'AKV10032: Invalid issuer.')"
row 5 "401" "az login" "$(answer 401 Unauthorized)"
row 6 "ForbiddenByPolicy, the secret" "Get and List on secrets granted: az keyvault set-policy" "$(answer 403 Forbidden ForbiddenByPolicy)"
row 6 "ForbiddenByPolicy, the key" "Unwrap Key on keys granted: az keyvault set-policy" "$(answer 403 Forbidden ForbiddenByPolicy '' /keys/)"
row 6 "ForbiddenByRbac, the secret" "Key Vault Secrets User" "$(answer 403 Forbidden ForbiddenByRbac)"
row 6 "ForbiddenByRbac, the key" "Key Vault Crypto User (or Key Vault Crypto Service Encryption User)" \
	"$(answer 403 Forbidden ForbiddenByRbac '' /keys/)"
row 6 "ForbiddenByFirewall" "az keyvault network-rule add" "$(answer 403 Forbidden ForbiddenByFirewall)"
row 6 "ForbiddenByConnection" "private endpoint" "$(answer 403 Forbidden ForbiddenByConnection)"
row 8 "429" "--timeout" "$(answer 429 Throttled)"
row 8 "503" "status.azure.com" "$(answer 503 ServiceUnavailable)"
row 8 "500" "status.azure.com" "$(answer 500 InternalServerError)"
row 8 "429 that asks to wait" "--timeout" '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"error","status":429,"retryAfter":600}}'
row 8 "a redirect" "proxy" '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"redirect","status":302,"location":"https://127.0.0.1:1/"}}'
row 8 "no JSON" "proxy" '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"json","kind":"not-json"}}'
row 8 "no answer" "--timeout" '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"hang","at":"request"}}'
row 8 "cut" "try again later" '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"cut","at":"body"}}'

token_fault() { jq -nc --argjson b "$1" '{match:{endpoint:"token"},action:{type:"error",status:401,body:($b|tojson)}}'; }
row 5 "a wrong client secret" "AZURE_CLIENT_SECRET" "$(token_fault '{"error":"invalid_client","error_codes":[7000215]}')"
in_manual 2 "AZURE_TOKEN_CREDENTIALS" "--credential" env AZURE_TOKEN_CREDENTIALS=Nobody "${key[@]}" "$work/a.img"
printf '%s' eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x >"$work/token"
in_manual 5 "a given token that is refused" "az account get-access-token" "${key[@]}" --credential "token:file:$work/token" "$work/a.img"
in_manual 5 "nothing to sign in with" "az login" env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET -u AZURE_TENANT_ID PATH=/nonexistent:/usr/bin:/bin "${key[@]}" "$work/a.img"
in_manual 5 "another tenant" "AZURE_ADDITIONALLY_ALLOWED_TENANTS" "${key[@]}" --tenant 22222222-2222-3333-4444-555555555555 "$work/a.img"
control /challenge '{"vault":"contoso-kv","challenge":{"resource":"https://management.azure.com"}}' >/dev/null
in_manual 5 "a challenge for another service" "check that this is the right host" "${key[@]}" "$work/a.img"
control /challenge '{"vault":"contoso-kv","challenge":{"form":"resource"}}' >/dev/null
control /fault '{"match":{"endpoint":"imds"},"action":{"type":"hang","at":"request"}}' >/dev/null
in_manual 8 "IMDS never answers" "--timeout" env AZURE_POD_IDENTITY_AUTHORITY_HOST="$VAULT_IMDS" "${key[@]}" --credential managed --timeout 2 "$work/a.img"
curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null

in_manual 8 "a certificate that nobody vouches for" "--ca-file" "${adefuse_command[@]}" key --vault "$VAULT_URL" --trust-vault-host 127.0.0.1 --out "$work/out" "$work/a.img"
in_manual 8 "nobody listens" "https_proxy" "${adefuse_command[@]}" key --vault https://127.0.0.1:1 --trust-vault-host 127.0.0.1 --out "$work/out" "$work/a.img"
mkfifo "$work/proxy"
node "$abs_top_srcdir/tests/tools/connect-proxy.mjs" "$work/proxy" "$work/proxy.log" </dev/null >/dev/null 2>&1 &
servers+=($!)
read -rt 20 proxy <"$work/proxy"
in_manual 8 "a proxy that refuses" "https_proxy" env https_proxy="http://127.0.0.1:$proxy" no_proxy= "${key[@]}" --timeout 2 "$work/a.img"
in_manual 2 "a host that nobody vouches for" "--trust-vault-host" "${adefuse_command[@]}" key --vault "$VAULT_URL" --out "$work/out" "$work/a.img"
in_manual 4 "a BEK that is cut" "list-versions" "${key[@]}" --secret cut "$work/a.img"
in_manual 4 "no tag names the KEK" "--kek" "${key[@]}" --secret untagged "$work/a.img"
in_manual 6 "SecretDisabled" "az keyvault secret set-attributes" "${key[@]}" --secret off "$work/a.img"
in_manual 6 "KeyDisabled" "az keyvault key set-attributes" "${key[@]}" --kek off "$work/a.img"
in_manual 7 "SecretNotFound" "list-deleted" "${key[@]}" --secret nothing "$work/a.img"
in_manual 7 "KeyNotFound" "list-deleted" "${key[@]}" --kek nothing "$work/a.img"
in_manual 7 "the tag's version of the KEK is gone" "az keyvault key list-versions" "${key[@]}" --secret gone "$work/a.img"
in_manual 6 "BadParameter" "--kek" "${key[@]}" --kek stranger "$work/a.img"
control /access "{\"vault\":\"contoso-kv\",\"access\":[{\"client\":\"$AZURE_CLIENT_ID\",\"secrets\":[\"get\"],\"keys\":[\"unwrapKey\"]}]}" >/dev/null
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/other.BEK"
in_manual 6 "ForbiddenByPolicy, the listing" "Get and List on secrets granted: az keyvault set-policy" "${key[@]}" "$work/other.img"
control /access '{"vault":"contoso-kv","access":null}' >/dev/null
in_manual 4 "nothing of this disk" "--vm" "${key[@]}" "$work/other.img"
# ---- libcurl is loaded when a vault is asked, and not before
mkdir "$work/lib"
echo "no library" >"$work/lib/libcurl.so.4"
in_manual 1 "a libcurl that is none" "libcurl4" env LD_LIBRARY_PATH="$work/lib" "${key[@]}" "$work/a.img"
ok "a key in a file needs no libcurl" env LD_LIBRARY_PATH="$work/lib" "${adefuse_command[@]}" info --bek "$work/a.BEK" "$work/a.img"
# ---- and back: each text of the manual is one that a user can meet here. Two need a name service or the name of a managed HSM.
while IFS= read -r text; do
	case $text in
	"there is no vault "* | "managed HSM "*) continue ;;
	esac
	out="$text"
	grep -qxF -- "$text" "$work/found"
	result $? "the manual's: $text"
done < <(sed -n '/^=head1 TROUBLESHOOTING/,/^=head1 SECURITY/s/^=item //p' "$abs_top_srcdir/man/adefuse.1.pod")
done_testing
