#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main job: a disk that ADE encrypted, its key in a vault, from `adefuse mount --vault` and
# `adefuse key`; and what the user is told when the vault refuses.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need root /dev/fuse mkntfs node openssl jq curl closed_port "$MKADE"

disk=$work/os.vhd
other=$work/other.img
at=$work/mnt
mkdir "$work/out"
ade_disk "$disk"
make_disk "$other" --layout bare --guid "$other_guid" --bek "$work/$other_guid.BEK"
secret='very~secret.value1'
wrapped=$(ade "$bek_guid.BEK" '"kek": "kek/#0", "alg": "RSA-OAEP"')
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret"}],
  "vaults": [{
    "name": "contoso-kv", "pageSize": 5, "fill": {"count": 23, "kind": "mixed"},
    "keys": [{"name": "kek", "versions": [
      {"bits": 2048, "created": 1600000000}, {"bits": 3072, "created": 1700000000}]}],
    "secrets": [
      $(secret "$bek_guid" "$wrapped"),
      $(secret "$other_guid" "$(machine=VM02 ade "$other_guid.BEK")")]
  }] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
# key OPTION...: adefuse key, with its output folder
key()
{
	timeout 120 "${adefuse_command[@]}" key --force --out "$work/out" "$@"
}

# ---- it works
ok "mount with the key from the vault (wrapped by an older KEK version)" \
	mount_disk "$disk" "$at" "${vault_options[@]}"
plain_is "disk.raw" "$at/disk.raw" disk "$disk"
out=$(json "$at/info.json" \
	'.volumes[2].opened_by | [.protector_id, .secret, .kek, .algorithm] | join(" ")')
says "$bek_guid" "$VAULT_URL/secrets/$bek_guid/" "/keys/kek/" "RSA-OAEP"
is "$(grep -c -e "$secret" -e "Bearer" "$at/info.json")" 0 "no secret in info.json"
is "$(tr '\0' '\n' <"/proc/$(process_of "$at")/cmdline" | grep -c "$secret")" 0 \
	"or in its arguments"
ok "unmounts" unmount "$at"
ok "adefuse key, everything logged" \
	adefuse key -vv "${vault_options[@]}" --out "$work/out" "$disk"
printf '%s\n' "$out" >"$work/log"
key_is_right "the BEK file as Windows wrote it"
is "$(stat -c %a "$work/out/$bek_guid.BEK")" 600 "only its owner can read it"
bek_text=$(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 60-100)
is "$(grep -c -e "$secret" -e "Bearer [A-Za-z0-9]" -e "$bek_text" "$work/log")" 0 \
	"no secret in the log"
ok "a plain BEK secret, by its URL" adefuse key --secret "$VAULT_URL/secrets/$other_guid" \
	"${trust_vault[@]}" --out "$work/out" "$other"
ok "by its name" key --secret "$other_guid" "${vault_options[@]}" "$other"
ok "by the VM's name, in another case" key --vm vm02 "${vault_options[@]}" "$other"
ok "with a local BEK no vault is asked" \
	key --bek "$work/$bek_guid.BEK" --vault "https://127.0.0.1:$closed_port" "$disk"

fake_az 'case "$*" in *"account get-access-token"*) ;; *) exit 3 ;; esac
cat <<END
{"accessToken": "$(get_token)", "expires_on": $(($(date +%s) + 3600)),
 "tenant": "$tenant", "tokenType": "Bearer"}
END'
# without_client PATH COMMAND...: nothing to sign in with but what is in this PATH
without_client()
{
	env -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET -u AZURE_TENANT_ID PATH="$1" "${@:2}"
}
ok "the Azure CLI's token" without_client "$work/bin:$PATH" "${adefuse_command[@]}" key \
	--credential cli "${vault_options[@]}" --force --out "$work/out" "$disk"

# ---- it is refused
get()
{
	key --timeout 3 "${vault_options[@]}" "$disk"
}
# refused CODE NAME ACTION
refused()
{
	fails "$1" "$2" with_fault "$(fault "$with_token" "$3")" get
	says "adefuse: error: " "adefuse: hint:"
	[[ $out != *"error: p"[0-9]* ]]
	result $? "  the error does not blame a volume"
}
forbidden()
{
	refused 6 "$1" "$(refusal 403 Forbidden "$1")"
}
forbidden ForbiddenByPolicy
says "az keyvault set-policy"
forbidden ForbiddenByRbac
says "Key Vault Secrets User"
forbidden ForbiddenByFirewall
says "az keyvault network-rule add"
forbidden ForbiddenByConnection
says "private endpoint"
refused 8 "5xx to the end" "$(refusal 503 ServiceUnavailable)"
refused 8 "429 to the end, without Retry-After" "$(refusal 429 Throttled)"
refused 8 "wrong JSON" '"type": "json", "kind": "truncated"'
refused 8 "an endless body" '"type": "endless-body", "framing": "chunked"'
refused 8 "a redirect" \
	'"type": "redirect", "status": 302, "location": "https://127.0.0.1:'$closed_port'/"'
refused 8 "a cut connection" '"type": "cut", "at": "body"'
refused 8 "never an answer" '"type": "hang", "at": "request"'
ok "one passing 503 is survived" with_fault "$(fault "$with_token" "$(refusal 503)" 1)" get

# enable secret|key NAME VERSION true|false
enable()
{
	change "/$1" \
		"{\"vault\": \"contoso-kv\", \"name\": \"$2\", \"id\": \"$3\", \"enabled\": $4}"
}
version=$(ready ".vaults[\"contoso-kv\"].secrets[\"$bek_guid\"][0]")
enable secret "$bek_guid" "$version" false
fails 6 "the secret is disabled" get
says "disabled" "$bek_guid" "hint:"
enable secret "$bek_guid" "$version" true
read -r version newer < <(ready '.vaults["contoso-kv"].keys.kek | join(" ")')
enable key kek "$version" false
fails 6 "the KEK version is disabled" get
says "kek" "hint:"
enable key kek "$version" true
fails 7 "the KEK version is gone" \
	with_fault "$(fault '"path": "/keys/"' "$(refusal 404 KeyNotFound)")" get
says "kek" "hint:"
fails 6 "the wrong KEK version" \
	key --kek "$VAULT_URL/keys/kek/$newer" "${vault_options[@]}" "$disk"
says "kek" "hint:"
fails 7 "no such secret" key --secret no-such-secret "${vault_options[@]}" "$disk"
says "no-such-secret" "hint:"
third_guid=01234567-89AB-CDEF-0123-456789ABCDEF
make_disk "$work/third.img" --layout bare --guid $third_guid --bek "$work/third.BEK"
fails 4 "the vault has no key for this disk" key "${vault_options[@]}" "$work/third.img"
says "hint: try another vault"
says "$third_guid"

AZURE_CLIENT_SECRET=wrong fails 5 "a wrong client secret" get
says "AADSTS7000215" "hint:"
AZURE_CLIENT_ID=bbbbbbbb-0000-0000-0000-000000000001 fails 5 "an unknown client" get
says "AADSTS700016"
fails 5 "nothing to sign in with" without_client "$nowhere" \
	"${adefuse_command[@]}" key "${vault_options[@]}" --out "$work/out" "$disk"
says "AZURE_CLIENT_ID" "az"
fails 8 "TLS not trusted" key --vault "$VAULT_URL" --trust-vault-host 127.0.0.1 "$disk"
says "--ca-file"
fails 8 "unreachable" key --timeout 2 --vault "https://127.0.0.1:$closed_port" \
	--trust-vault-host 127.0.0.1 "$disk"
says "127.0.0.1" "hint:"
fails 7 "no such vault: its host is unknown" \
	key --timeout 2 --vault no-such-vault-here-0 "$disk"
says "no-such-vault-here-0.vault.azure.net" "hint:"
fails 2 "a vault host that is not trusted" \
	key --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" "$disk"
says "--trust-vault-host"
fails 2 "plain http" \
	key --vault "http://127.0.0.1:$closed_port" --trust-vault-host 127.0.0.1 "$disk"
done_testing
