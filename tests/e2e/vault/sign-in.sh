#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way to sign in × what can come of it, through `adefuse key`: exit code and words of each row. At the end all that was ever
# printed, with everything logged, is searched for every secret that was used.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl python3 script timeout "$MKADE"

# Arc's keys lie in a folder of the system: a private one, in a mount namespace of our own.
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
mkdir "$work/out" "$work/bin"
tenant=11111111-2222-3333-4444-555555555555
other_tenant=22222222-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
rolling=aaaaaaaa-0000-0000-0000-000000000002
old=aaaaaaaa-0000-0000-0000-000000000003
secret='very~secret.value&1'
password='pass word~1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}, {"id": "$other_tenant"}],
  "clients": [
    {"id": "$client", "secret": "$secret", "certificates": [{"make": "app", "password": "$password"}], "federated": [{"make": "pod"}]},
    {"id": "$rolling", "certificates": [{"make": "chained", "chain": true, "subject": "app.contoso.example"}],
     "subjectName": {"subject": "app.contoso.example", "issuer": "chained"}},
    {"id": "$old", "certificates": [{"make": "old", "expired": true}]}],
  "identities": [{"name": "vm", "kind": "system"}, {"name": "ops", "kind": "user"}],
  "managed": {"imds": {}, $arc "appService": {}},
  "device": {"interval": 1, "slowDownBy": 1},
  "vaults": [{"name": "contoso-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "$bek_guid", "versions": [{"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek"}}]}]}]
}
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
principal=("AZURE_TENANT_ID=$tenant" "AZURE_CLIENT_ID=$client")
imds=("AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS")
app_service=("IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT" "IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER")
no_az=PATH=/nonexistent

clear() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" >/dev/null; }
seen() { control /requests | jq "[.requests[] | select($1)] | length"; }
keep() { printf '%s\n' "$out" >>"$work/all-output"; }
# key [VARIABLE=VALUE...] [OPTION...]: adefuse key with that environment
key()
{
	local variables=()
	while [[ ${1-} == [A-Z]*=* ]]; do
		variables+=("$1")
		shift
	done
	env "${variables[@]}" "${adefuse_command[@]}" key -vv "${vault_options[@]}" --timeout 20 --force --out "$work/out" "$@" "$disk" </dev/null
}
# signs_in NAME [VARIABLE=VALUE...] [OPTION...]
signs_in()
{
	rm -f "$work/out/$bek_guid.BEK"
	clear requests
	ok "$1" key "${@:2}"
	keep
	is "$(sha_of "$work/out/$bek_guid.BEK" 2>&1)" "$(sha_of "$work/$bek_guid.BEK")" "  and has the key"
	row "$credential" "custom authority" "$1: key"
}
# refuses CODE NAME TEXT [VARIABLE=VALUE...] [OPTION...]: that exit code, that text, a hint, and nothing sent to the vault
refuses()
{
	clear requests
	fails "$1" "$2" key "${@:4}"
	row "$credential" "custom authority" "$2: exit $1"
	keep
	says "$3" "hint: "
	is "$(seen '.endpoint == "vault" and .auth')" 0 "  no token reached the vault"
}
# with_fault JSON COMMAND...
with_fault()
{
	control /fault "$1" >/dev/null
	"${@:2}"
	clear fault
}

# ---- environment: client secret
credential="client secret"
signs_in "client secret" "${principal[@]}" AZURE_CLIENT_SECRET="$secret"
signs_in "client secret, asked for" "${principal[@]}" AZURE_CLIENT_SECRET="$secret" --credential env
signs_in "the tenant by option" AZURE_CLIENT_ID=$client AZURE_CLIENT_SECRET="$secret" --tenant $tenant
refuses 5 "a wrong client secret" "invalid_client AADSTS7000215" "${principal[@]}" AZURE_CLIENT_SECRET=wrong
refuses 5 "an unknown client" AADSTS700016 AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$tenant AZURE_CLIENT_SECRET="$secret"
refuses 5 "another tenant" AZURE_ADDITIONALLY_ALLOWED_TENANTS=$tenant "${principal[@]/$tenant/$other_tenant}" AZURE_CLIENT_SECRET="$secret"
signs_in "which is allowed" "${principal[@]/$tenant/$other_tenant}" AZURE_CLIENT_SECRET="$secret" AZURE_ADDITIONALLY_ALLOWED_TENANTS="x;$tenant"
signs_in "as are all" "${principal[@]/$tenant/$other_tenant}" AZURE_CLIENT_SECRET="$secret" AZURE_ADDITIONALLY_ALLOWED_TENANTS='*'
refuses 5 "no client id" "AZURE_CLIENT_ID not set" $no_az AZURE_TENANT_ID=$tenant AZURE_CLIENT_SECRET="$secret"
refuses 2 "a client id that is none" "AZURE_CLIENT_ID" AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID='a b' AZURE_CLIENT_SECRET="$secret"
with_fault '{"match":{"endpoint":"token"},"count":2,"action":{"type":"error","status":503}}' \
	signs_in "the sign-in service fails twice" "${principal[@]}" AZURE_CLIENT_SECRET="$secret"
with_fault '{"match":{"endpoint":"token"},"action":{"type":"json","kind":"not-json"}}' \
	refuses 8 "the sign-in service talks nonsense" "not understood" "${principal[@]}" AZURE_CLIENT_SECRET="$secret"

# ---- environment: client certificate
credential="client certificate"
certificate() { echo "AZURE_CLIENT_CERTIFICATE_PATH=$1"; }
signs_in "certificate" "${principal[@]}" "$(certificate "$VAULT_CERT_app")"
is "$(control /requests | jq -c '[.requests[] | .assertion // empty][0] | [.alg, .typ, .thumbprint, .x5c, .lifetime]')" \
	'["PS256","JWT","S256",0,600]' "  by a PS256 assertion with x5t#S256, without x5c"
dir=$(dirname "$VAULT_CERT_app")
signs_in "the key in PKCS#1" "${principal[@]}" "$(certificate "$dir/app-pkcs1.pem")"
signs_in "the certificate first" "${principal[@]}" "$(certificate "$dir/app-certfirst.pem")"
signs_in "an encrypted key" "${principal[@]}" "$(certificate "$VAULT_CERT_app_password")" AZURE_CLIENT_CERTIFICATE_PASSWORD="$password"
signs_in "the chain with it" AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$rolling "$(certificate "$dir/chained-rolled.pem")" \
	AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=true
is "$(control /requests | jq -c '[.requests[] | .assertion // empty][0].x5c > 1')" true "  in x5c"
signs_in "the same by 1" AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$rolling "$(certificate "$dir/chained-rolled.pem")" \
	AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=1
refuses 5 "which is needed there" "AADSTS" AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$rolling "$(certificate "$dir/chained-rolled.pem")"
refuses 5 "another's certificate" AADSTS700027 "${principal[@]}" "$(certificate "$dir/chained.pem")"
refuses 5 "an expired certificate" AADSTS1000502 AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$old "$(certificate "$VAULT_CERT_old")"
refuses 2 "a wrong password" "password does not open" "${principal[@]}" "$(certificate "$VAULT_CERT_app_password")" \
	AZURE_CLIENT_CERTIFICATE_PASSWORD=wrong
refuses 2 "no password" "no password is given" "${principal[@]}" "$(certificate "$VAULT_CERT_app_password")"
refuses 2 "no key in the file" "holds no private key" "${principal[@]}" "$(certificate "$dir/app-only.pem")"
refuses 2 "a PFX file" "openssl pkcs12" "${principal[@]}" "$(certificate "$dir/app.pfx")"
refuses 2 "no such file" "No such file" "${principal[@]}" "$(certificate "$work/nothing.pem")"
refuses 2 "a folder" "cannot read" "${principal[@]}" "$(certificate "$work")"

# ---- workload identity
credential="workload identity"
federated=("${principal[@]}" "AZURE_FEDERATED_TOKEN_FILE=$VAULT_FEDERATED_pod")
cp "$VAULT_FEDERATED_pod" "$work/first.jwt"
signs_in "workload identity" "${federated[@]}"
signs_in "asked for" "${federated[@]}" --credential workload
renew() { control /federated "$(jq -nc '{name: "pod"} + '"$1")" >/dev/null; }
for bad in '{subject: "system:serviceaccount:other:x"}=AADSTS700213' '{issuer: "https://other.example/"}=AADSTS700211' \
	'{audience: "api://other"}=AADSTS700212' '{lifetime: -5}=AADSTS700024' '{forged: true}=AADSTS700027'; do
	renew "${bad%=*}"
	refuses 5 "a federated token with ${bad%=*}" "${bad#*=}" "${federated[@]}"
done
renew '{lifetime: 60}'
signs_in "a new token in the same file" "${federated[@]}"
refuses 2 "no such file" "No such file" "${principal[@]}" AZURE_FEDERATED_TOKEN_FILE="$work/nothing"
printf 'not a token\n' >"$work/words"
refuses 2 "a file of words" "does not hold a token" "${principal[@]}" AZURE_FEDERATED_TOKEN_FILE="$work/words"
refuses 5 "no client id" "AZURE_CLIENT_ID not set" $no_az AZURE_TENANT_ID=$tenant AZURE_FEDERATED_TOKEN_FILE="$work/words"
refuses 5 "asked for, not set up" "AZURE_FEDERATED_TOKEN_FILE not set" --credential workload

# ---- managed identity: IMDS
credential="managed identity, IMDS"
id_of() { jq -r ".identities.ops.$1" <<<"$VAULT_READY"; }
signs_in "IMDS, found by its sign of life" $no_az "${imds[@]}"
is "$(control /requests | jq -c '[.requests[] | select(.endpoint == "imds") | .status]')" '[400,200]' "  asked for life, then for a token"
signs_in "asked for" "${imds[@]}" --credential managed
is "$(control /requests | jq -c '[.requests[] | select(.endpoint == "imds") | .status]')" '[200]' "  without the probe"
signs_in "by client id" "${imds[@]}" --credential managed --identity "client:$(id_of clientId)"
is "$(control /requests | jq -r '[.requests[] | select(.endpoint == "imds").url][0]' | grep -c "client_id=$(id_of clientId)")" 1 "  which was sent"
signs_in "by object id" "${imds[@]}" --credential managed --identity "object:$(id_of objectId)"
signs_in "by resource id" "${imds[@]}" --credential managed --identity "resource:$(id_of resourceId)"
signs_in "by AZURE_CLIENT_ID" $no_az "${imds[@]}" AZURE_CLIENT_ID="$(id_of clientId)"
is "$(control /requests | jq -r '[.requests[] | select(.endpoint == "imds").url][-1]' | grep -c "client_id=$(id_of clientId)")" 1 "  which was sent"
refuses 5 "an identity that is not there" "no such managed identity" "${imds[@]}" --credential managed --identity "client:$client"
refuses 5 "asked for, nobody there" "no managed identity endpoint" --credential managed
refuses 5 "another tenant" "a token of tenant" "${imds[@]}" --credential managed --tenant $other_tenant
for status in 404 410 429 500; do
	with_fault '{"match":{"endpoint":"imds"},"count":2,"action":{"type":"error","status":'$status'}}' \
		signs_in "IMDS answers $status twice" "${imds[@]}" --credential managed
done
with_fault '{"match":{"endpoint":"imds"},"action":{"type":"error","status":403}}' \
	refuses 5 "something else answers there" "no such managed identity" "${imds[@]}" --credential managed
with_fault '{"match":{"endpoint":"imds"},"action":{"type":"json","kind":"wrong-types"}}' \
	refuses 8 "IMDS talks nonsense" "not understood" "${imds[@]}" --credential managed
refuses 2 "an identity that is no identity" "--identity" "${imds[@]}" --identity "$client"

# ---- managed identity: App Service, Arc
credential="managed identity, App Service"
signs_in "App Service" $no_az "${app_service[@]}"
for one in client:clientId object:objectId resource:resourceId; do
	signs_in "App Service by ${one%:*}" "${app_service[@]}" --credential managed --identity "${one%:*}:$(id_of "${one#*:}")"
done
refuses 5 "a wrong header" "refuses (HTTP 401)" "${app_service[0]}" IDENTITY_HEADER=wrong --credential managed
if [ -n "$arc" ]; then
	arc_variables=("IDENTITY_ENDPOINT=$VAULT_ARC_ENDPOINT" "IMDS_ENDPOINT=$VAULT_ARC_IMDS")
	credential="managed identity, Arc"
	signs_in "Arc" $no_az "${arc_variables[@]}"
	is "$(control /requests | jq -c '[.requests[] | select(.endpoint == "arc") | .status]')" '[401,200]' "  its challenge is answered"
	signs_in "Arc, whatever AZURE_CLIENT_ID is meant for" $no_az "${arc_variables[@]}" AZURE_CLIENT_ID=$client
	refuses 2 "Arc knows no other identity" "one managed identity" "${arc_variables[@]}" --credential managed --identity "client:$client"
	control /managed '{"arc":{"keyBytes":4096}}' >/dev/null
	signs_in "Arc with a key of 4096 bytes" "${arc_variables[@]}" --credential managed
	control /managed '{"arc":{"keyBytes":64,"write":false}}' >/dev/null
	refuses 5 "Arc without a key" "cannot be read" "${arc_variables[@]}" --credential managed
else
	result 0 "Arc # SKIP needs root and mount namespaces"
fi

# ---- a ready token
credential="ready token"
token() { curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials --data-urlencode "client_secret=$secret" \
	--data-urlencode "scope=$1/.default" "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token; }
part() { printf %s "$1" | base64 -w 0 | tr '+/' '-_' | tr -d =; }
jwt() { echo "$(part '{"alg":"none"}').$(part "$1").$(part signature-of-a-jwt)"; }
token https://vault.azure.net >"$work/token"
signs_in "a ready token out of a file" --credential "token:file:$work/token"
signs_in "out of the environment" READY="$(cat "$work/token")" --credential token:env:READY
jwt '{"aud":"https://management.azure.com/","exp":4000000000}' >"$work/arm.jwt"
refuses 5 "a token for another service" "is for another service" --credential "token:file:$work/arm.jwt"
jwt '{"aud":"https://vault.azure.net","exp":1600000000}' >"$work/late.jwt"
refuses 5 "an expired token" "has expired" --credential "token:file:$work/late.jwt"
says "az account get-access-token --resource https://vault.azure.net --query accessToken -o tsv"
printf 'two words\n' >"$work/words"
refuses 2 "no token at all" "is not a token" --credential "token:file:$work/words"
refuses 2 "no such file" "No such file" --credential "token:file:$work/nothing"
refuses 2 "a token where SRC belongs" "was not given as file:" --credential "token:$(cat "$work/token")"
jwt '{"aud":"https://vault.azure.net","exp":4000000000}' >"$work/stranger.jwt"
fails 5 "a token that the vault does not take" key --credential "token:file:$work/stranger.jwt"
row "$credential" "custom authority" "not taken by the vault: exit 5"
keep
new_token="hint: get a new one: az account get-access-token --resource https://vault.azure.net --tenant $tenant --query accessToken -o tsv"
says "refuses the given token (HTTP 401" "$new_token"
given_refused()
{
	with_fault "{\"match\":{\"endpoint\":\"vault\",\"auth\":\"present\"},\"action\":{\"type\":\"error\",\"status\":401,\"code\":\"Unauthorized\",\"message\":\"$1: no\"}}" \
		fails 5 "a given token refused with $1" key --credential "token:file:$work/token"
	keep
	says "refuses the given token (HTTP 401, $1): $2" "$new_token"
}
given_refused AKV10022 "it is for another audience"
given_refused AKV10032 "it is of another tenant"
given_refused AKV10999 "the vault gives no reason; it may have expired or been revoked"

# ---- Azure CLI
credential="Azure CLI"
az() { printf '#!/bin/sh\n%s\n' "$1" >"$work/bin/az" && chmod +x "$work/bin/az"; }
with_az=("PATH=$work/bin:$PATH")
az "printf '{\"accessToken\":\"%s\",\"expires_on\":4000000000,\"tenant\":\"$tenant\"}' \"\$(cat $work/token)\""
signs_in "Azure CLI, after all that is not set up" "${with_az[@]}"
az "echo 'ERROR: Please run az login to setup account.' >&2; exit 1"
refuses 5 "az is not signed in" "az is not signed in" "${with_az[@]}" --credential cli
refuses 5 "nor anybody else" "az login --tenant $tenant" "${with_az[@]}"

# ---- who comes first, who is final, and the table
credential=auto
refuses 5 "nothing is set up" "none of 5 ways to sign in serves" $no_az
says "ways to sign in that were tried:" \
	"  environment        neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH set" \
	"  workload identity  AZURE_FEDERATED_TOKEN_FILE not set" \
	"  managed identity   this machine has no managed identity endpoint" \
	"  Azure CLI          the Azure CLI (az) is not installed" \
	"  device code        not tried: no terminal to show a code on" "--credential device"
refuses 5 "half a service principal: its hint is the nearest" "hint: environment: set AZURE_TENANT_ID" $no_az AZURE_CLIENT_SECRET="$secret"
az "touch $work/az-was-run"
refuses 5 "what is set up and refused is not replaced" AADSTS7000215 "${principal[@]}" AZURE_CLIENT_SECRET=wrong "${with_az[@]}" "${imds[@]}"
is "$(seen '.endpoint == "imds"')$(test -e "$work/az-was-run" && echo az)" 0 "  neither IMDS nor az was asked"
refuses 5 "workload refused: the table names both" "  environment        neither" AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$rolling \
	AZURE_FEDERATED_TOKEN_FILE="$work/first.jwt" "${imds[@]}"
says "  workload identity  sign-in refused"

# ---- AZURE_TOKEN_CREDENTIALS
for value in prod " PROD " EnvironmentCredential environmentcredential; do
	signs_in "AZURE_TOKEN_CREDENTIALS='$value': the environment serves" "${principal[@]}" AZURE_CLIENT_SECRET="$secret" "AZURE_TOKEN_CREDENTIALS=$value"
done
signs_in "ManagedIdentityCredential: passes over the environment" "AZURE_TENANT_ID=$tenant" AZURE_CLIENT_ID="$(id_of clientId)" \
	AZURE_CLIENT_SECRET=wrong "${imds[@]}" AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential
is "$(seen '.endpoint == "token"')" 0 "  whose secret is not sent"
refuses 5 "dev: neither environment nor managed identity" "none of 2 ways to sign in that AZURE_TOKEN_CREDENTIALS allows serves" \
	"${principal[@]}" AZURE_CLIENT_SECRET="$secret" "${imds[@]}" $no_az AZURE_TOKEN_CREDENTIALS=dev
is "$(seen '.endpoint == "token" or .endpoint == "imds"')" 0 "  and nobody else is asked"
rm -f "$work/az-was-run"
az "touch $work/az-was-run; echo 'Please run az login' >&2; exit 1"
refuses 5 "prod: no Azure CLI" "none of 3 ways to sign in that AZURE_TOKEN_CREDENTIALS allows serves" "${with_az[@]}" AZURE_TOKEN_CREDENTIALS=prod
is "$(test -e "$work/az-was-run" && echo run)" "" "  az was not run"
refuses 5 "AzureCliCredential alone" "Azure CLI (all that AZURE_TOKEN_CREDENTIALS allows): " "${principal[@]}" AZURE_CLIENT_SECRET="$secret" "${with_az[@]}" \
	AZURE_TOKEN_CREDENTIALS=azureCLIcredential
ok "  az was run" test -e "$work/az-was-run"
refuses 5 "WorkloadIdentityCredential alone" "workload identity (all that AZURE_TOKEN_CREDENTIALS allows): " "${principal[@]}" AZURE_CLIENT_SECRET="$secret" \
	AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential
refuses 2 "a credential of Microsoft's that is not here" "AZURE_TOKEN_CREDENTIALS=AzurePowerShellCredential names no way" "${principal[@]}" \
	AZURE_TOKEN_CREDENTIALS=AzurePowerShellCredential
says "dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential and AzureCliCredential"
signs_in "--credential goes before it" "${principal[@]}" AZURE_CLIENT_SECRET="$secret" AZURE_TOKEN_CREDENTIALS=AzurePowerShellCredential --credential env
fails 2 "a credential that is none" key --credential magic
says "workload, managed, cli, device, token:SRC"

# ---- device code
credential="device code"
# device ACTION [OPTION...]: act on the code once it is shown
device()
{
	local action=$1 process
	shift
	: >"$work/shown"
	key --credential device "$@" >"$work/shown" 2>&1 &
	process=$!
	shown() { grep -q 'enter the code' "$work/shown"; }
	wait_until 10 shown && [ "$action" = none ] || control /device "{\"action\":\"$action\"}" >/dev/null
	wait $process
	set -- $?
	cat "$work/shown"
	return "$1"
}
clear requests
ok "device code, approved" device approve
row "$credential" "custom authority" "approved: key"
keep
says "to sign in, open https://" " in a browser and enter the code $(control /device | jq -r '.codes[-1].userCode')"
is "$(seen '.poll.early == true')" 0 "  never polled too early"
is "$(seen '.grant == "refresh_token"')" 0 "  one token serves"
control /fault '{"match":{"endpoint":"token","path":"/token"},"count":1,"action":{"type":"error","status":400,"body":"{\"error\":\"slow_down\"}"}}' >/dev/null
clear requests
ok "device code, told to slow down" device approve --timeout 60
row "$credential" "custom authority" "told to slow down: key"
keep
clear fault
is "$(control /requests | jq '[.requests[] | select(.poll.sinceMs != null and .poll.sinceMs < .poll.intervalMs)] | length')" 0 "  it does"
fails 5 "device code, declined" device decline
row "$credential" "custom authority" "declined: exit 5"
keep
says "declined in the browser" "hint: "
fails 5 "device code, expired" device expire
row "$credential" "custom authority" "expired: exit 5"
keep
says "nobody entered the code in time" "hint: "
with_fault '{"match":{"endpoint":"token","path":"devicecode"},"action":{"type":"replace","set":{"verification_uri":"http://evil.example/"}}}' \
	refuses 8 "a page that is not https" "not understood" --credential device
clear requests
fails 130 "Ctrl-C ends the wait" timeout --preserve-status -s INT 2 env "${adefuse_command[@]}" key -vv "${vault_options[@]}" --credential device "$disk"
row "$credential" "custom authority" "Ctrl-C: exit 130"
keep
# with a terminal it is offered when all else failed, and that is said
approve_soon() { shown2() { grep -q 'enter the code' "$work/terminal"; }; wait_until 10 shown2 && control /device '{"action":"approve"}' >/dev/null; }
on_terminal()
{
	local status
	: >"$work/terminal"
	approve_soon &
	script -qefc "$(printf '%q ' env $no_az "${adefuse_command[@]}" key -vv "${vault_options[@]}" --force --out "$work/out" "$disk")" "$work/terminal" </dev/null >/dev/null
	status=$?
	wait $!
	cat "$work/terminal"
	return $status
}
ok "with a terminal a device code is offered" on_terminal
row "$credential" "custom authority" "offered on a terminal: key"
keep
says "no other way to sign in works" "enter the code"

# ---- nothing of it was said
printf '%s\n' "$secret" "$password" "$(cat "$work/first.jwt")" "$(cat "$VAULT_FEDERATED_pod")" "$VAULT_APPSERVICE_HEADER" "$(cat "$work/token")" \
	"$(cat "$work/arm.jwt")" "$(cat "$work/late.jwt")" "$(sed -n 3p "$VAULT_CERT_app")" \
	"$(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 100-160)" >"$work/needles"
is "$(grep -cF -f "$work/needles" "$work/all-output")" 0 "no secret in $(wc -l <"$work/all-output") lines of output"
is "$(grep -cE '[A-Za-z0-9_-]{200}' "$work/all-output")" 0 "  and nothing as long as a token"
ok "  (what is searched for would be found)" grep -qF -f "$work/needles" "$work/config.json"
done_testing
