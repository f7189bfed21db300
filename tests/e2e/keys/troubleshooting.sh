#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each refusal of a vault, as the loopback vault gives it: the error's text, without its names and
# numbers, is in the manual's TROUBLESHOOTING, and the hint names the right, or the role, and the
# command.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl pod2text mkntfs timeout closed_port "$MKADE"

id=01234567-89AB-CDEF-0123-456789ABCDEF
disk=$work/a.img
make_disk "$disk" --layout bare --guid "$id" --bek "$work/a.BEK"
wrapped=$(ade a.BEK '"kek": "kek"')
gone='"tags": {"DiskEncryptionKeyEncryptionKeyURL":
	"{vault}/keys/kek/00000000000000000000000000000000"}'
secrets()
{
	secret "$id" "$wrapped"
	secret cut '{"value": "AQIDBAUGBwg=", "contentType": "BEK"}'
	secret untagged '{"contentType": "Wrapped BEK", "wrap": {"file": "a.BEK", "key": "kek"}}'
	secret off '{"valueFile": "a.BEK", "contentType": "BEK", "enabled": false}'
	secret gone "$(ade a.BEK '"kek": "kek"' "$gone")"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"imds": {}},
  "vaults": [{"name": "contoso-kv",
    "keys": [
      {"name": "kek", "versions": [{"bits": 2048}]},
      {"name": "off", "versions": [{"bits": 2048, "enabled": false}]},
      {"name": "stranger", "versions": [{"bits": 2048}]}],
    "secrets": [$(with_commas secrets)]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
mkdir "$work/out"
# for tests with another PATH
timeout=$(command -v timeout)
# what every command has, and what has the good vault as well
any=("$timeout" 60 "${adefuse_command[@]}" key --force --out "$work/out")
key=("${any[@]}" "${vault_options[@]}")
pod=$abs_top_srcdir/man/adefuse.1.pod
pod2text -w 10000 "$pod" | sed 's/^ *//' |
	awk '/^TROUBLESHOOTING/ { on = 1 } /^SECURITY/ { on = 0 } on' >"$work/manual"
ok "the manual has the section" test -s "$work/manual"

# without_names: an error as the manual has it
without_names()
{
	sed -E "s/'[^']*'/'...'/g
		s/^(p[0-9]+: |after [0-9]+ attempts: |secret '...': )*//
		s/refuses to [^:]*:/refuses to ...:/
		s/not understood: .*/not understood: .../
		s/(not trusted|damaged BEK file|cannot be loaded): .*/\1: .../
		s/none of the [0-9]+ ways/none of the N ways/
		s/sign-in refused \(HTTP .*/sign-in refused (HTTP N ...)/
		s/port [0-9]+/port N/; s/^(cannot connect to .*): .*/\1: .../
		s/(refuses the given token \(HTTP 401).*/\1 ...)/
		s/^(AZURE_TOKEN_CREDENTIALS=)[^ ]*/\1.../
		s/with RSA[^ ]* /with ... /
		s/machine'...'/machine's/
		s/[0-9]+ s( |\$)/N s\\1/g
		s/; the volume is opened by: .*//"
}
# in_manual EXIT-CODE NAME HINT COMMAND...
in_manual()
{
	local code=$1 name=$2 hint=$3 error
	shift 3
	fails "$code" "$name" "$@"
	says "adefuse: hint: " "$hint"
	error=$(sed -n 's/^adefuse: error: //p' <<<"$out" | without_names)
	out="$error"$'\n'"is no line of the manual"
	grep -xF -e "$error" -e "$(sed -E 's/HTTP (302|5[0-9][0-9])/HTTP N/' <<<"$error")" \
		"$work/manual" >>"$work/found"
	result $? "  the manual has: $error"
}
# answered EXIT-CODE NAME HINT ACTION [MATCH]: the vault answers so to requests with a token
answered()
{
	in_manual "$1" "$2" "$3" with_fault "$(fault "$with_token${5:+, $5}" "$4")" \
		"${key[@]}" --timeout 3 "$disk"
}

answered 5 "AKV10022" "--cloud" "$(refusal 401 Unauthorized '' 'AKV10022: Invalid audience.')"
answered 5 "AKV10032" "--tenant" "$(refusal 401 Unauthorized '' 'AKV10032: Invalid issuer.')"
answered 5 "401" "az login" "$(refusal 401 Unauthorized)"
to_keys='"path": "/keys/"'
get_and_list="Get and List on secrets granted: az keyvault set-policy"
answered 6 "ForbiddenByPolicy, the secret" "$get_and_list" \
	"$(refusal 403 Forbidden ForbiddenByPolicy)"
answered 6 "ForbiddenByPolicy, the key" "Unwrap Key on keys granted: az keyvault set-policy" \
	"$(refusal 403 Forbidden ForbiddenByPolicy)" "$to_keys"
answered 6 "ForbiddenByRbac, the secret" "Key Vault Secrets User" \
	"$(refusal 403 Forbidden ForbiddenByRbac)"
answered 6 "ForbiddenByRbac, the key" \
	"Key Vault Crypto User (or Key Vault Crypto Service Encryption User)" \
	"$(refusal 403 Forbidden ForbiddenByRbac)" "$to_keys"
answered 6 "ForbiddenByFirewall" "az keyvault network-rule add" \
	"$(refusal 403 Forbidden ForbiddenByFirewall)"
answered 6 "ForbiddenByConnection" "private endpoint" \
	"$(refusal 403 Forbidden ForbiddenByConnection)"
answered 8 "429" "--timeout" "$(refusal 429 Throttled)"
answered 8 "503" "status.azure.com" "$(refusal 503 ServiceUnavailable)"
answered 8 "500" "status.azure.com" "$(refusal 500 InternalServerError)"
answered 8 "429 that asks to wait" "--timeout" "$(refusal 429), \"retryAfter\": 600"
answered 8 "a redirect" "proxy" \
	'"type": "redirect", "status": 302, "location": "https://127.0.0.1:'$closed_port'/"'
answered 8 "no JSON" "proxy" '"type": "json", "kind": "not-json"'
answered 8 "no answer" "--timeout" '"type": "hang", "at": "request"'
answered 8 "cut" "try again later" '"type": "cut", "at": "body"'

body='{\"error\": \"invalid_client\", \"error_codes\": [7000215]}'
in_manual 5 "a wrong client secret" "AZURE_CLIENT_SECRET" \
	with_fault "$(fault '"endpoint": "token"' "$(refusal 401), \"body\": \"$body\"")" \
	"${key[@]}" --timeout 3 "$disk"
in_manual 2 "AZURE_TOKEN_CREDENTIALS" "--credential" \
	env AZURE_TOKEN_CREDENTIALS=Nobody "${key[@]}" "$disk"
printf '%s' eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x >"$work/token"
in_manual 5 "a given token that is refused" "az account get-access-token" \
	"${key[@]}" --credential "token:file:$work/token" "$disk"
in_manual 5 "nothing to sign in with" "az login" \
	env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET -u AZURE_TENANT_ID PATH="$nowhere" \
	"${key[@]}" "$disk"
in_manual 5 "another tenant" "AZURE_ADDITIONALLY_ALLOWED_TENANTS" \
	"${key[@]}" --tenant 22222222-2222-3333-4444-555555555555 "$disk"
challenge '{"resource": "https://management.azure.com"}'
in_manual 5 "a challenge for another service" "check that this is the right host" \
	"${key[@]}" "$disk"
challenge '{"form": "resource"}'
in_manual 8 "IMDS never answers" "--timeout" \
	with_fault "$(fault '"endpoint": "imds"' '"type": "hang", "at": "request"')" \
	env AZURE_POD_IDENTITY_AUTHORITY_HOST="$VAULT_IMDS" \
	"${key[@]}" --credential managed --timeout 2 "$disk"

in_manual 8 "a certificate that is not trusted" "--ca-file" \
	"${any[@]}" --vault "$VAULT_URL" --trust-vault-host 127.0.0.1 "$disk"
in_manual 8 "nobody listens" "https_proxy" \
	"${any[@]}" --vault "https://127.0.0.1:$closed_port" --trust-vault-host 127.0.0.1 "$disk"
start_proxy "$work/proxy.log"
in_manual 8 "a proxy that refuses" "https_proxy" \
	env https_proxy="http://$proxy" no_proxy= "${key[@]}" --timeout 2 "$disk"
in_manual 2 "a host that is not trusted" "--trust-vault-host" \
	"${any[@]}" --vault "$VAULT_URL" "$disk"
in_manual 4 "a BEK that is cut" "list-versions" "${key[@]}" --secret cut "$disk"
in_manual 4 "no tag names the KEK" "--kek" "${key[@]}" --secret untagged "$disk"
in_manual 6 "SecretDisabled" "az keyvault secret set-attributes" "${key[@]}" --secret off "$disk"
in_manual 6 "KeyDisabled" "az keyvault key set-attributes" "${key[@]}" --kek off "$disk"
in_manual 7 "SecretNotFound" "list-deleted" "${key[@]}" --secret nothing "$disk"
in_manual 7 "KeyNotFound" "list-deleted" "${key[@]}" --kek nothing "$disk"
in_manual 7 "the tag's version of the KEK is gone" "az keyvault key list-versions" \
	"${key[@]}" --secret gone "$disk"
in_manual 6 "BadParameter" "--kek" "${key[@]}" --kek stranger "$disk"
rights '["get"]' '["unwrapKey"]'
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/other.BEK"
in_manual 6 "ForbiddenByPolicy, the listing" "$get_and_list" "${key[@]}" "$work/other.img"
rights
in_manual 4 "nothing of this disk" "--vm" "${key[@]}" "$work/other.img"

# ---- libcurl is loaded when a vault is asked, and not before
mkdir "$work/lib"
echo "no library" >"$work/lib/libcurl.so.4"
in_manual 1 "a broken libcurl" "libcurl4" \
	env LD_LIBRARY_PATH="$work/lib" "${key[@]}" "$disk"
ok "a key in a file needs no libcurl" env LD_LIBRARY_PATH="$work/lib" \
	"${adefuse_command[@]}" info --bek "$work/a.BEK" "$disk"

# ---- and back: a user can meet each text of the manual here. Two need a name service or the name
# of a managed HSM.
while IFS= read -r text; do
	case $text in
	"there is no vault "* | "managed HSM "*) continue ;;
	esac
	holds "the manual's: $text" grep -qxF -- "$text" "$work/found"
done < <(sed -n '/^=head1 TROUBLESHOOTING/,/^=head1 SECURITY/s/^=item //p' "$pod")
done_testing
