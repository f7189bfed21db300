#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile answers to somebody who signs in: a challenge that names another token endpoint or another service, redirects, an Arc
# realm outside its folder, endpoints that are not on this machine, look-alike hosts. A trap listens at each place that is
# named; nothing may ever arrive there.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl "$MKADE"
if [ "$(id -u)" = 0 ] && [ -z "${SIGN_IN_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	rm -rf "$work"
	SIGN_IN_NAMESPACE=1 exec unshare -m bash "$0"
fi
arc=
if [ -n "${SIGN_IN_NAMESPACE:-}" ] && mount -t tmpfs none /var/opt; then
	arc='"arc": {"keyDir": "/var/opt/azcmagent/tokens"},'
fi

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='very~secret.value1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret", "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, $arc "appService": {}},
  "device": {"interval": 1, "answer": "approve", "afterPolls": 1},
  "traps": [{"name": "evil", "hosts": ["contoso-kv.vault.azure.net.evil.example"]}],
  "vaults": [{"name": "contoso-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "$bek_guid", "versions": [{"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek"}}]}]}]
}
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials -d "client_secret=$secret" \
	--data-urlencode scope=https://vault.azure.net/.default "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token >"$work/token"

principal="AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$client"
declare -A with=(
	[secret]="$principal AZURE_CLIENT_SECRET=$secret"
	[certificate]="$principal AZURE_CLIENT_CERTIFICATE_PATH=$VAULT_CERT_app"
	[workload]="$principal AZURE_FEDERATED_TOKEN_FILE=$VAULT_FEDERATED_pod"
	[imds]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS"
	[appservice]="IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER"
	[device]="X=x" [token]="X=x"
)
declare -A as=([secret]=env [certificate]=env [workload]=workload [imds]=managed [appservice]=managed [arc]=managed [device]=device
	[token]="token:file:$work/token")
ways=(secret certificate workload imds appservice device token)
if [ -n "$arc" ]; then
	with[arc]="IDENTITY_ENDPOINT=$VAULT_ARC_ENDPOINT IMDS_ENDPOINT=$VAULT_ARC_IMDS"
	ways+=(arc)
fi

clear() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" >/dev/null; }
seen() { control /requests | jq "[.requests[] | select($1)] | length"; }
challenge() { control /challenge "{\"vault\":\"contoso-kv\",\"challenge\":$1}" >/dev/null; }
fault() { control /fault "$1" >/dev/null; }
# key WAY [OPTION...]; with a --vault or --secret of its own it is not given the good vault
key()
{
	local variables from=("${vault_options[@]}")
	[[ ${2-} != --vault && ${2-} != --secret ]] || from=("${vault_options[@]:2}")
	read -ra variables <<<"${with[$1]}"
	env "${variables[@]}" "${adefuse_command[@]}" key -vv "${from[@]}" --credential "${as[$1]}" --timeout 5 --force --out "$work/out" \
		"${@:2}" "$disk" </dev/null
}
keep() { printf '%s\n' "$out" >>"$work/all-output"; }
signs_in() { clear requests; ok "$1" key "${@:2}"; keep; }
refuses() { clear requests; fails "$1" "$2" key "${@:3}"; keep; }
untouched() { is "$(seen '(.endpoint != "vault") or .auth or .bodyBytes > 0')" 0 "  nobody was asked for a token, none was sent"; }

for way in "${ways[@]}"; do
	# ---- the challenge
	challenge '{"authorization":"{trap:evil}/{tenant}"}'
	signs_in "$way: a challenge that names another token endpoint" "$way"
	challenge '{"authorization":"{trap-http:evil}/{tenant}"}'
	refuses 8 "$way: one in plain http" "$way"
	untouched
	for resource in https://management.azure.com https://graph.microsoft.com https://vault.azure.net.evil.example; do
		challenge "{\"authorization\":\"{authority}/{tenant}\",\"resource\":\"$resource\"}"
		refuses 5 "$way: a challenge for $resource" "$way"
		untouched
	done
	challenge '{"form":"resource"}'

	# ---- hosts
	refuses 2 "$way: a look-alike vault" "$way" --vault https://contoso-kv.vault.azure.net.evil.example
	untouched
	refuses 2 "$way: plain http" "$way" --vault "$VAULT_TRAP_HTTP_evil"
	untouched
	refuses 2 "$way: a secret elsewhere" "$way" --secret "https://localhost:${VAULT_TRAP_evil##*:}/secrets/x"

	# ---- redirects of whoever gives tokens
	for endpoint in token imds appservice arc; do
		fault "{\"match\":{\"endpoint\":\"$endpoint\"},\"action\":{\"type\":\"redirect\",\"status\":307,\"location\":\"{trap:evil}/x\"}}"
		fault "{\"match\":{\"endpoint\":\"$endpoint\"},\"action\":{\"type\":\"redirect\",\"status\":302,\"location\":\"{trap-http:evil}/x\"}}"
	done
	[ "$way" = token ] || refuses 5 "$way: a redirect instead of a token" "$way"
	clear fault
	fault '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"redirect","status":307,"location":"{trap:evil}/x"}}'
	refuses 8 "$way: a vault that redirects" "$way"
	clear fault
done

# ---- endpoints of managed identities
for endpoint in "$VAULT_TRAP_evil/msi/token" "http://localhost.evil.example:${VAULT_TRAP_HTTP_evil##*:}/" "http://evil.example/" "http://user@127.0.0.1/" \
	"http://127.0.0.1.evil.example/" "http://0.0.0.0:${VAULT_TRAP_HTTP_evil##*:}/" "http://10.1.2.3/" "//127.0.0.1/" "file:///etc/passwd"; do
	with[bad]="IDENTITY_ENDPOINT=$endpoint IDENTITY_HEADER=app-service-header" as[bad]=managed
	refuses 2 "IDENTITY_ENDPOINT=$endpoint (App Service)" bad
	untouched
	with[bad]="IDENTITY_ENDPOINT=$endpoint IMDS_ENDPOINT=x"
	refuses 2 "  (Arc)" bad
	with[bad]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$endpoint"
	refuses 2 "  (IMDS)" bad
done
with[bad]="AZURE_AUTHORITY_HOST=$VAULT_TRAP_HTTP_evil $principal AZURE_CLIENT_SECRET=$secret" as[bad]=env
refuses 2 "an authority in plain http" bad
untouched

# ---- Arc
if [ -n "$arc" ]; then
	set_arc() { control /managed "{\"arc\":$1}" >/dev/null; }
	no_answer() { is "$(seen '.endpoint == "arc"')" 1 "  the file was not sent"; }
	mkdir -p /var/opt/azcmagent/tokens/x
	for path in /etc/passwd '{dir}/../{name}' '{dir}/x/{name}' '{dir}//{name}' '{dir}/./{name}' '{dir}x/{name}' '{name}' '{dir}/.key' '/etc/../{dir}/{name}' \
		'{file}.txt' "$work/token"; do
		set_arc "{\"realm\":\"$path\"}"
		refuses 5 "Arc names $path" arc
		says "is not a key in" "hint: "
		no_answer
	done
	set_arc '{"realm":"{file}","keyName":"{guid}.txt"}'
	refuses 5 "Arc names a file that is no key" arc
	no_answer
	set_arc '{"keyName":"{guid}.key","symlink":true}'
	refuses 5 "Arc's key is a link" arc
	no_answer
	set_arc '{"symlink":false,"keyBytes":4097}'
	refuses 5 "Arc's key is too long" arc
	no_answer
	set_arc '{"keyBytes":0}'
	refuses 5 "Arc's key is empty" arc
	no_answer
	set_arc '{"keyBytes":64}'
	signs_in "and all is well again" arc
else
	result 0 "Arc # SKIP needs root and mount namespaces"
fi

is "$(control /traps | jq -c .total)" '{"connections":0,"tlsErrors":0,"requests":0,"bytes":0,"authorization":0,"bodies":0,"leaks":0}' \
	"the traps saw nothing"
curl -sk "$VAULT_TRAP_evil/" >/dev/null
is "$(control /traps | jq -c .total.requests)" 1 "  (they would have)"
printf '%s\n' "$secret" "$(cat "$work/token")" "$(cat "$VAULT_FEDERATED_pod")" "$VAULT_APPSERVICE_HEADER" "$(sed -n 3p "$VAULT_CERT_app")" >"$work/needles"
is "$(grep -cF -f "$work/needles" "$work/all-output")" 0 "no secret in $(wc -l <"$work/all-output") lines of output"
done_testing
