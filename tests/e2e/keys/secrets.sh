#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Secrets leave no trace: a mount with its key from the vault, everything logged; then its output,
# arguments, environment, info.json and the whole memory of the serving process (as root's gdb sees
# it) are searched for the client secret, tokens, the BEK and its text form, the recovery password,
# the VMK and the FVEK. The round keys made of the FVEK's halves have to be in memory, and are not
# searched for; the FVEK as it is stored in the metadata is.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need root /dev/fuse mkntfs node openssl jq curl gcore python3 xxd "$MKADE"
[ -z "${ADEFUSE_SANITIZED:-}" ] || skip_all "sanitizers keep freed memory by design"

disk=$work/os.vhd
at=$work/mnt
bek=$work/$bek_guid.BEK
ade_disk "$disk"
secret='a~client~secret-0123456789'
password='a~certificate~password-0123456789'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret",
    "certificates": [{"make": "app", "password": "$password"}]}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"appService": {}},
  "vaults": [{"name": "contoso-kv", "fill": 60, $kek, "secrets": [
    $(secret "$bek_guid" "$(ade "$bek_guid.BEK" '"kek": "kek/#0"')")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing

read -r vmk fvek < <(json "$disk.json" \
	'[.. | objects | select(has("fvek"))][0] | "\(.vmk) \(.fvek)"')

# needle NAME: what must not be found, from standard input; a line of a name and hexadecimal digits
needle()
{
	echo "$1 $(xxd -p -c 4000)" >>"$work/needles"
}
third_line()
{
	sed -n 3p "$1" | tr -d '\n'
}
# the first prime's bytes 1 to 32, without what begins the number
prime()
{
	openssl rsa -in "$VAULT_CERT_app" -noout -text 2>/dev/null |
		sed -n '/^prime1/,/^prime2/p' | tr -dc '0-9a-f\n:' |
		grep '^ *[0-9a-f][0-9a-f]:' | tr -d ':\n' | cut -c 3-66 | xxd -r -p
}
needle "client secret" < <(printf %s "$secret")
needle "certificate password" < <(printf %s "$password")
needle "private key in PEM" < <(third_line "$VAULT_CERT_app")
needle "encrypted key in PEM" < <(third_line "$VAULT_CERT_app_password")
needle "private prime" < <(prime)
# the external key is the BEK file's last 32 bytes
needle "BEK key" < <(tail -c 32 "$bek")
bek_text=$(base64 -w 0 "$bek" | cut -c 100-160)
needle "BEK base64" < <(printf %s "$bek_text")
needle "BEK base64url" < <(printf %s "$bek_text" | tr '+/' '-_')
needle "recovery password" < <(printf %s "$recovery_password")
for name in vmk fvek; do
	needle "${name^^}" < <(xxd -r -p <<<"${!name}")
	needle "${name^^} in hex" < <(printf %s "${!name}")
	needle "${name^^} in upper hex" < <(printf %s "${!name^^}")
done
ok "keys within BitLocker are known" test "${#vmk} ${#fvek}" = "64 128"

# search FILE...: prints the name of every secret found; also of anything that was sent as a token,
# which the vault's journal knows by its SHA-256
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
# needles without a value would be found everywhere, and one that is too short by chance
ok "and so are all that are searched for" not grep -qvE ' [0-9a-f]{16,}$' "$work/needles"

# serve OUTPUT COMMAND...: a mount in the foreground, everything logged; sets $server
serve()
{
	mkdir -p "$at"
	mounts+=("$at")
	"${@:2}" "$disk" "$at" >"$work/$1" 2>&1 &
	server=$!
}
mount_logged=("${adefuse_command[@]}" mount -f -vv)
# of_process: its arguments, environment and info.json, as files
of_process()
{
	tr '\0' '\n' <"/proc/$server/cmdline" >"$work/cmdline"
	tr '\0' '\n' <"/proc/$server/environ" >"$work/environ"
	cp "$at/info.json" "$work/info.json"
}
end_server()
{
	fusermount3 -u "$at"
	wait "$server"
}

"${mount_logged[@]}" "${vault_options[@]}" "$disk" "$at.no" >"$work/output1" 2>&1
serve output2 "${mount_logged[@]}" "${vault_options[@]}"
ok "mounts" mounted 30 "$at"
plain_is "reads" "$at/disk.raw" disk "$disk"
of_process
ok "its memory is taken" gcore -o "$work/core" "$server"
ok "and is all there" test "$(stat -c %s "$work/core.$server")" -gt 1000000
ok "no secret in output, arguments, info.json" \
	search "$work/output1" "$work/output2" "$work/cmdline" "$work/info.json"
# it was given the client secret there, and serves for hours
ok "or in its environment" search "$work/environ"
ok "no secret in memory" search "$work/core.$server"
# what is searched for can be found
fails 1 "the search finds what is there" search "$work/config.json"
says "client secret"
fails 1 "  and the keys within BitLocker" search "$disk.json"
says "VMK in hex" "FVEK in hex"
end_server
is $? 0 "ends cleanly"

# the recovery password, given in a file
printf '%s\n' "$recovery_password" >"$work/rp"
serve output3 "${mount_logged[@]}" --recovery-password "file:$work/rp"
ok "mounts with the recovery password" mounted 30 "$at"
ok "its memory is taken" gcore -o "$work/core2" "$server"
ok "no recovery password in memory or output" search "$work/core2.$server" "$work/output3"
end_server

# a client certificate, its key encrypted
serve output4 env -u AZURE_CLIENT_SECRET \
	AZURE_CLIENT_CERTIFICATE_PATH="$VAULT_CERT_app_password" \
	AZURE_CLIENT_CERTIFICATE_PASSWORD="$password" "${mount_logged[@]}" "${vault_options[@]}"
ok "mounts with a client certificate" mounted 30 "$at"
ok "its memory is taken" gcore -o "$work/core3" "$server"
ok "no password, private key or token in memory or output" \
	search "$work/core3.$server" "$work/output4"
fails 1 "  (which would be found)" search "$VAULT_CERT_app"
of_process
ok "or in its environment" search "$work/environ"
end_server

# what else is given in the environment: a header of App Service, a ready token, the disk's keys
# mounted_with NAME VARIABLE=VALUE... -- OPTION...
mounted_with()
{
	local name=$1 given=()
	shift
	while [ "$1" != -- ]; do
		given+=("$1")
		shift
	done
	shift
	serve output5 env -u AZURE_CLIENT_SECRET "${given[@]}" "${mount_logged[@]}" "$@"
	ok "mounts with $name" mounted 30 "$at"
	of_process
	gcore -o "$work/core4" "$server" >/dev/null 2>&1
	ok "  which is nowhere" search "$work/output5" "$work/environ" "$work/cmdline" \
		"$work/info.json" "$work/core4.$server"
	end_server
}
needle "App Service header" < <(printf %s "$VAULT_APPSERVICE_HEADER")
mounted_with "App Service's header" -u AZURE_CLIENT_ID \
	"IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT" "IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER" \
	-- "${vault_options[@]}" --credential managed
token=$(get_token)
needle "ready token" < <(printf %s "$token")
mounted_with "a ready token" "READY_TOKEN=$token" \
	-- "${vault_options[@]}" --credential token:env:READY_TOKEN
mounted_with "a recovery password" "RECOVERY=$recovery_password" \
	-- --recovery-password env:RECOVERY
mounted_with "a VMK" "VMK=$vmk" -- --vmk env:VMK
mounted_with "an FVEK" "FVEK=$fvek" -- --fvek env:FVEK
done_testing
