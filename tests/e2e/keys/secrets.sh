#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Secrets leave no trace: a mount with its key out of the vault, everything logged; then its output, arguments,
# environment, info.json and the whole memory of the serving process (as root's gdb sees it) are searched for the
# client secret, tokens, the BEK and its text form, the recovery password, the VMK and the FVEK. The round keys that
# the FVEK's halves make have to be in memory, and are not looked for; the FVEK as it stands in the metadata is.
. "$abs_top_srcdir/tests/lib.sh"
need root /dev/fuse mkntfs node jq curl gcore python3 "$MKADE"
[ -z "${ADEFUSE_SANITIZED:-}" ] || skip_all "sanitizers keep freed memory by design"

disk=$work/os.vhd
at=$work/mnt
ade_disk "$disk"
secret='a~client~secret-0123456789'
password='a~certificate~password-0123456789'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "$secret", "certificates": [{"make": "app", "password": "$password"}]}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"appService": {}},
  "vaults": [{"name": "contoso-kv", "fill": 60, "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "$bek_guid", "versions": [{"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek/#0"}}]}]
  }] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing

read -r vmk fvek < <(json "$disk.json" '[.. | objects | select(has("fvek"))][0] | "\(.vmk) \(.fvek)"')

# What must not be found, one a line in hex, with a name. The external key is the BEK file's last 32 bytes.
{
	echo "client secret $(printf %s "$secret" | xxd -p -c 200)"
	echo "certificate password $(printf %s "$password" | xxd -p -c 200)"
	echo "private key in PEM $(sed -n 3p "$VAULT_CERT_app" | tr -d '\n' | xxd -p -c 200)"
	echo "encrypted key in PEM $(sed -n 3p "$VAULT_CERT_app_password" | tr -d '\n' | xxd -p -c 200)"
	echo "private prime $(openssl rsa -in "$VAULT_CERT_app" -noout -text 2>/dev/null | sed -n '/^prime1/,/^prime2/p' | tr -dc '0-9a-f\n:' |
		grep '^ *[0-9a-f][0-9a-f]:' | tr -d ':\n' | cut -c 3-66)"
	echo "BEK key $(tail -c 32 "$work/$bek_guid.BEK" | xxd -p -c 200)"
	echo "BEK base64 $(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 100-160 | tr -d '\n' | xxd -p -c 200)"
	echo "BEK base64url $(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 100-160 | tr -d '\n' | tr '+/' '-_' | xxd -p -c 200)"
	echo "recovery password $(printf %s "$recovery_password" | xxd -p -c 200)"
	for name in vmk fvek; do
		echo "${name^^} ${!name}"
		echo "${name^^} in hex $(printf %s "${!name}" | xxd -p -c 400)"
		echo "${name^^} in upper hex $(printf %s "${!name^^}" | xxd -p -c 400)"
	done
} >"$work/needles"
ok "keys within BitLocker are known" test "${#vmk} ${#fvek}" = "64 128"

# search FILE...: prints the name of every secret found; also of anything that was sent as a token, which
# the vault's journal knows by its SHA-256
cat >"$work/search.py" <<'END'
import hashlib, re, sys
hashes = set(open(sys.argv[2]).read().split())
needles = [line.rsplit(" ", 1) for line in open(sys.argv[1])]
found = False
for path in sys.argv[3:]:
    data = open(path, "rb").read()
    for name, text in needles:
        if bytes.fromhex(text.strip()) in data:
            print(f"{path}: {name}")
            found = True
    for word in set(re.findall(rb"[A-Za-z0-9._~+/=-]{20,}", data)):
        if hashlib.sha256(b"Bearer " + word).hexdigest() in hashes:
            print(f"{path}: a token")
            found = True
sys.exit(found)
END
search()
{
	control /requests | jq -r '.requests[] | .authSha256 // empty' | sort -u >"$work/hashes"
	python3 "$work/search.py" "$work/needles" "$work/hashes" "$@"
}

"${adefuse_command[@]}" mount -f -vv "${vault_options[@]}" "$disk" "$at.no" >"$work/output1" 2>&1
mkdir -p "$at"
mounts+=("$at")
"${adefuse_command[@]}" mount -f -vv "${vault_options[@]}" "$disk" "$at" >"$work/output2" 2>&1 &
server=$!
mounted() { mountpoint -q "$at"; }
ok "mounts" wait_until 30 mounted
is "$(sha_of "$at/disk.raw")" "$(json "$disk.json" .disk.plain_sha256)" "reads"
tr '\0' '\n' <"/proc/$server/cmdline" >"$work/cmdline"
tr '\0' '\n' <"/proc/$server/environ" >"$work/environ"
cp "$at/info.json" "$work/info.json"
ok "its memory is taken" gcore -o "$work/core" "$server"
ok "and is all there" test "$(stat -c %s "$work/core.$server")" -gt 1000000
ok "no secret in output, arguments, info.json" search "$work/output1" "$work/output2" "$work/cmdline" "$work/info.json"
# it was given the client secret there, and serves for hours
ok "nor in its environment" search "$work/environ"
ok "no secret in memory" search "$work/core.$server"
# what is searched for can be found: the environment of a process that was given the client secret
fails 1 "the search finds what is there" search "$work/config.json"
says "client secret"
fails 1 "  and the keys within BitLocker" search "$disk.json"
says "VMK in hex" "FVEK in hex"
fusermount3 -u "$at"
wait $server
is $? 0 "ends cleanly"

# the recovery password, given in a file
printf '%s\n' "$recovery_password" >"$work/rp"
"${adefuse_command[@]}" mount -f -vv --recovery-password "file:$work/rp" "$disk" "$at" >"$work/output3" 2>&1 &
server=$!
ok "mounts with the recovery password" wait_until 30 mounted
ok "its memory is taken" gcore -o "$work/core2" "$server"
ok "no recovery password in memory or output" search "$work/core2.$server" "$work/output3"
fusermount3 -u "$at"
wait $server

# a client certificate, its key encrypted
env -u AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH="$VAULT_CERT_app_password" AZURE_CLIENT_CERTIFICATE_PASSWORD="$password" \
	"${adefuse_command[@]}" mount -f -vv "${vault_options[@]}" "$disk" "$at" >"$work/output4" 2>&1 &
server=$!
ok "mounts with a client certificate" wait_until 30 mounted
ok "its memory is taken" gcore -o "$work/core3" "$server"
ok "no password, private key or token in memory or output" search "$work/core3.$server" "$work/output4"
fails 1 "  (which would be found)" search "$VAULT_CERT_app"
tr '\0' '\n' <"/proc/$server/environ" >"$work/environ"
ok "nor in its environment" search "$work/environ"
fusermount3 -u "$at"
wait $server

# what else is given in the environment: a header of App Service, a ready token, the disk's recovery password
mounted_with()
{
	local name=$1
	shift
	env -u AZURE_CLIENT_SECRET "${given[@]}" "${adefuse_command[@]}" mount -f -vv "$@" "$disk" "$at" >"$work/output5" 2>&1 &
	server=$!
	ok "mounts with $name" wait_until 30 mounted
	tr '\0' '\n' <"/proc/$server/environ" >"$work/environ"
	tr '\0' '\n' <"/proc/$server/cmdline" >"$work/cmdline"
	cp "$at/info.json" "$work/info.json"
	gcore -o "$work/core4" "$server" >/dev/null 2>&1
	ok "  which is nowhere" search "$work/output5" "$work/environ" "$work/cmdline" "$work/info.json" "$work/core4.$server"
	fusermount3 -u "$at"
	wait $server
}
echo "App Service header $(printf %s "$VAULT_APPSERVICE_HEADER" | xxd -p -c 400)" >>"$work/needles"
given=(-u AZURE_CLIENT_ID "IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT" "IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER")
mounted_with "App Service's header" "${vault_options[@]}" --credential managed
token=$(curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id="$AZURE_CLIENT_ID" -d grant_type=client_credentials -d "client_secret=$secret" \
	--data-urlencode scope=https://vault.azure.net/.default "$VAULT_AUTHORITY/$AZURE_TENANT_ID/oauth2/v2.0/token" | jq -r .access_token)
echo "ready token $(printf %s "$token" | xxd -p -c 4000)" >>"$work/needles"
given=("READY_TOKEN=$token")
mounted_with "a ready token" "${vault_options[@]}" --credential token:env:READY_TOKEN
given=("RECOVERY=$recovery_password")
mounted_with "a recovery password" --recovery-password env:RECOVERY
given=("VMK=$vmk")
mounted_with "a VMK" --vmk env:VMK
given=("FVEK=$fvek")
mounted_with "an FVEK" --fvek env:FVEK
done_testing
