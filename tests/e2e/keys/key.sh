#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main job: a disk that ADE encrypted, its key in a vault, from `adefuse mount --vault` and `adefuse key`; and what the
# user is told when the vault refuses.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs node openssl jq curl "$MKADE"

disk=$work/os.vhd
at=$work/mnt
mkdir "$work/out"
ade_disk "$disk"
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/$other_guid.BEK"
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='very~secret.value1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret"}],
  "vaults": [{
    "name": "contoso-kv", "pageSize": 5, "fill": {"count": 23, "kind": "mixed"},
    "keys": [{"name": "kek", "versions": [{"bits": 2048, "created": 1600000000}, {"bits": 3072, "created": 1700000000}]}],
    "secrets": [
      {"name": "$bek_guid", "versions": [
        {"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0", "alg": "RSA-OAEP"}}]},
      {"name": "$other_guid", "versions": [
        {"ade": {"file": "$other_guid.BEK", "machine": "VM02", "volume": "C:\\\\"}}]}]
  }] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing

# ---- it works
ok "mount with the key out of the vault (wrapped by an older KEK version)" mount_disk "$disk" "$at" "${vault_options[@]}"
is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "disk.raw"
opened=$(json "$at/info.json" '.volumes[2].opened_by | [.protector_id, .secret, .kek, .algorithm] | join(" ")')
out=$opened
says "$bek_guid" "$VAULT_URL/secrets/$bek_guid/" "/keys/kek/" "RSA-OAEP"
is "$(grep -c -e "$secret" -e "Bearer" "$at/info.json")" 0 "no secret in info.json"
is "$(tr '\0' '\n' <"/proc/$(process_of "$at")/cmdline" | grep -c "$secret")" 0 "nor in its arguments"
ok "unmounts" unmount "$at"
ok "adefuse key, everything logged" adefuse key -vv "${vault_options[@]}" --out "$work/out" "$disk"
printf '%s\n' "$out" >"$work/log"
is "$(sha_of "$work/out/$bek_guid.BEK")" "$(sha_of "$work/$bek_guid.BEK")" "the BEK file as Windows wrote it"
is "$(stat -c %a "$work/out/$bek_guid.BEK")" 600 "for its owner only"
bek_text=$(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 60-100)
is "$(grep -c -e "$secret" -e "Bearer [A-Za-z0-9]" -e "$bek_text" "$work/log")" 0 "no secret in the log"
ok "a plain BEK secret, by its URL" adefuse key --secret "$VAULT_URL/secrets/$other_guid" --trust-vault-host 127.0.0.1 \
	--ca-file "$VAULT_CA_FILE" --out "$work/out" "$work/other.img"
ok "by its name" adefuse key --secret "$other_guid" "${vault_options[@]}" --force --out "$work/out" "$work/other.img"
ok "by the VM's name, in another case" adefuse key --vm vm02 "${vault_options[@]}" --force --out "$work/out" "$work/other.img"
ok "a local BEK means that no vault is asked" adefuse key --bek "$work/$bek_guid.BEK" --vault https://127.0.0.1:1 --force \
	--out "$work/out" "$disk"

az=$work/bin/az
mkdir "$work/bin"
cat >"$az" <<END
#!/bin/sh
case "\$*" in *"account get-access-token"*) ;; *) exit 3 ;; esac
token=\$(curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials \
	--data-urlencode "client_secret=$secret" --data-urlencode scope=https://vault.azure.net/.default \
	"$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token)
printf '{"accessToken":"%s","expires_on":%s,"tenant":"$tenant","tokenType":"Bearer"}\n' "\$token" "\$((\$(date +%s) + 3600))"
END
chmod +x "$az"
ok "the Azure CLI's token" env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET -u AZURE_TENANT_ID PATH="$work/bin:$PATH" \
	"${adefuse_command[@]}" key --credential cli "${vault_options[@]}" --force --out "$work/out" "$disk"

# ---- it is refused
get()
{
	timeout 120 "${adefuse_command[@]}" key --timeout 3 "${vault_options[@]}" --force --out "$work/out" "$disk"
}
with_fault()
{
	control /fault "$1" >/dev/null
	shift
	"$@"
	local status=$?
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null
	return $status
}
refused()
{
	local code=$1 name=$2 action=$3
	fails "$code" "$name" with_fault "{\"match\":{\"endpoint\":\"vault\",\"auth\":\"present\"},\"action\":$action}" get
	says "adefuse: error: " "adefuse: hint:"
	[[ $out != *"error: p"[0-9]* ]]
	result $? "  what a vault refuses is not blamed on a volume"
}
forbidden()
{
	refused 6 "$1" "{\"type\":\"error\",\"status\":403,\"code\":\"Forbidden\",\"inner\":\"$1\"}"
}
forbidden ForbiddenByPolicy
says "az keyvault set-policy"
forbidden ForbiddenByRbac
says "Key Vault Secrets User"
forbidden ForbiddenByFirewall
says "az keyvault network-rule add"
forbidden ForbiddenByConnection
says "private endpoint"
refused 8 "5xx to the end" '{"type":"error","status":503,"code":"ServiceUnavailable"}'
refused 8 "429 to the end, without Retry-After" '{"type":"error","status":429,"code":"Throttled"}'
refused 8 "wrong JSON" '{"type":"json","kind":"truncated"}'
refused 8 "an endless body" '{"type":"endless-body","framing":"chunked"}'
refused 8 "a redirect" '{"type":"redirect","status":302,"location":"https://127.0.0.1:1/"}'
refused 8 "a cut connection" '{"type":"cut","at":"body"}'
refused 8 "never an answer" '{"type":"hang","at":"request"}'
ok "one passing 503 is survived" with_fault \
	'{"match":{"endpoint":"vault","auth":"present"},"count":1,"action":{"type":"error","status":503}}' get

version=$(jq -r ".vaults[\"contoso-kv\"].secrets[\"$bek_guid\"][0]" <<<"$VAULT_READY")
control /secret "{\"vault\":\"contoso-kv\",\"name\":\"$bek_guid\",\"id\":\"$version\",\"enabled\":false}" >/dev/null
fails 6 "the secret is disabled" get
says "disabled" "$bek_guid" "hint:"
control /secret "{\"vault\":\"contoso-kv\",\"name\":\"$bek_guid\",\"id\":\"$version\",\"enabled\":true}" >/dev/null
read -r version newer < <(jq -r '.vaults["contoso-kv"].keys.kek | join(" ")' <<<"$VAULT_READY")
control /key "{\"vault\":\"contoso-kv\",\"name\":\"kek\",\"id\":\"$version\",\"enabled\":false}" >/dev/null
fails 6 "the KEK version is disabled" get
says "kek" "hint:"
control /key "{\"vault\":\"contoso-kv\",\"name\":\"kek\",\"id\":\"$version\",\"enabled\":true}" >/dev/null
fails 7 "the KEK version is gone" with_fault \
	'{"match":{"path":"/keys/"},"action":{"type":"error","status":404,"code":"KeyNotFound"}}' get
says "kek" "hint:"
fails 6 "the wrong KEK version" timeout 60 "${adefuse_command[@]}" key --kek "$VAULT_URL/keys/kek/$newer" "${vault_options[@]}" --force \
	--out "$work/out" "$disk"
says "kek" "hint:"
fails 7 "no such secret" adefuse key --secret no-such-secret "${vault_options[@]}" --out "$work/out" "$disk"
says "no-such-secret" "hint:"
make_disk "$work/third.img" --layout bare --guid 01234567-89AB-CDEF-0123-456789ABCDEF --bek "$work/third.BEK"
fails 4 "the vault has no key for this disk" adefuse key "${vault_options[@]}" --out "$work/out" "$work/third.img"
says "hint: try another vault"
says "01234567-89AB-CDEF-0123-456789ABCDEF"

AZURE_CLIENT_SECRET=wrong fails 5 "a wrong client secret" get
says "AADSTS7000215" "hint:"
AZURE_CLIENT_ID=bbbbbbbb-0000-0000-0000-000000000001 fails 5 "an unknown client" get
says "AADSTS700016"
fails 5 "nothing to sign in with" env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET -u AZURE_TENANT_ID PATH=/nonexistent \
	"${adefuse_command[@]}" key "${vault_options[@]}" --out "$work/out" "$disk"
says "AZURE_CLIENT_ID" "az"
fails 8 "TLS not trusted" adefuse key --vault "$VAULT_URL" --trust-vault-host 127.0.0.1 --out "$work/out" "$disk"
says "--ca-file"
fails 8 "unreachable" timeout 60 "${adefuse_command[@]}" key --timeout 2 --vault https://127.0.0.1:1 --trust-vault-host 127.0.0.1 --out "$work/out" "$disk"
says "127.0.0.1" "hint:"
fails 7 "no such vault: its host is unknown" timeout 60 "${adefuse_command[@]}" key --timeout 2 \
	--vault no-such-vault-here-0 --out "$work/out" "$disk"
says "no-such-vault-here-0.vault.azure.net" "hint:"
fails 2 "a vault host that is not trusted" adefuse key --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" --out "$work/out" "$disk"
says "--trust-vault-host"
fails 2 "plain http" adefuse key --vault "http://127.0.0.1:1" --trust-vault-host 127.0.0.1 --out "$work/out" "$disk"
done_testing
