#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way to sign in × what can come of it, through `adefuse key`: exit code and words of each
# row. At the end all that was ever printed, with everything logged, is searched for every secret
# that was used.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl python3 script timeout "$MKADE"
# Arc's keys are in a folder of the system: a private one, in a mount namespace of our own.
own_namespace mounts
arc_folder

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
other_tenant=22222222-2222-3333-4444-555555555555
rolling=aaaaaaaa-0000-0000-0000-000000000002
old=aaaaaaaa-0000-0000-0000-000000000003
secret='very~secret.value&1'
password='pass word~1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}, {"id": "$other_tenant"}],
  "clients": [
    {"id": "$client", "secret": "$secret",
     "certificates": [{"make": "app", "password": "$password"}],
     "federated": [{"make": "pod"}]},
    {"id": "$rolling",
     "certificates": [{"make": "chained", "chain": true, "subject": "app.contoso.example"}],
     "subjectName": {"subject": "app.contoso.example", "issuer": "chained"}},
    {"id": "$old", "certificates": [{"make": "old", "expired": true}]}],
  "identities": [{"name": "vm", "kind": "system"}, {"name": "ops", "kind": "user"}],
  "managed": {"imds": {}, $arc "appService": {}},
  "device": {"interval": 1, "slowDownBy": 1},
  "vaults": [{"name": "contoso-kv", $kek, "secrets": [
    $(secret "$bek_guid" "$(ade "$bek_guid.BEK" '"kek": "kek"')")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
sign_out
principal=("AZURE_TENANT_ID=$tenant" "AZURE_CLIENT_ID=$client")
with_secret=("${principal[@]}" "AZURE_CLIENT_SECRET=$secret")
elsewhere=("AZURE_TENANT_ID=$other_tenant" "AZURE_CLIENT_ID=$client" "AZURE_CLIENT_SECRET=$secret")
imds=("AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS")
app_service=("IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT"
	"IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER")
no_az=PATH=$nowhere

# key [VARIABLE=VALUE...] [OPTION...]: adefuse key with that environment
key()
{
	local variables=()
	while [[ ${1-} == [A-Z]*=* ]]; do
		variables+=("$1")
		shift
	done
	env "${variables[@]}" "${adefuse_command[@]}" key -vv "${vault_options[@]}" --timeout 20 \
		--force --out "$work/out" "$@" "$disk" </dev/null
}
outcome() # TEXT: a row of the table
{
	row "$credential" "custom authority" "$1"
}
# signs_in NAME [VARIABLE=VALUE...] [OPTION...]
signs_in()
{
	rm -f "$work/out/$bek_guid.BEK"
	forget requests
	ok "$1" key "${@:2}"
	keep_output
	key_is_right "  and has the key"
	outcome "$1: key"
}
# refuses CODE NAME TEXT [VARIABLE=VALUE...] [OPTION...]: that exit code, that text, a hint, and
# nothing sent to the vault
refuses()
{
	forget requests
	fails "$1" "$2" key "${@:4}"
	outcome "$2: exit $1"
	keep_output
	says "$3" "hint: "
	requests_are "  no token reached the vault" '.endpoint == "vault" and .auth' 0
}
# faulty MATCH ACTION COUNT COMMAND...: so many faults; '' for all
faulty()
{
	change /fault "$(fault "$1" "$2" "$3")"
	"${@:4}"
	forget fault
}
at_token='"endpoint": "token"'
at_imds='"endpoint": "imds"'
nonsense='"type": "json", "kind": '

# ---- environment: client secret
credential="client secret"
signs_in "client secret" "${with_secret[@]}"
signs_in "client secret, asked for" "${with_secret[@]}" --credential env
signs_in "the tenant by option" "${with_secret[@]:1}" --tenant $tenant
refuses 5 "a wrong client secret" "invalid_client AADSTS7000215" \
	"${principal[@]}" AZURE_CLIENT_SECRET=wrong
refuses 5 "an unknown client" AADSTS700016 \
	AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$tenant AZURE_CLIENT_SECRET="$secret"
allowed=AZURE_ADDITIONALLY_ALLOWED_TENANTS
refuses 5 "another tenant" $allowed "${elsewhere[@]}"
signs_in "a tenant that is allowed" "${elsewhere[@]}" $allowed="x;$tenant"
signs_in "all are allowed" "${elsewhere[@]}" $allowed='*'
refuses 5 "no client id" "AZURE_CLIENT_ID not set" \
	"$no_az" AZURE_TENANT_ID=$tenant AZURE_CLIENT_SECRET="$secret"
refuses 2 "an invalid client id" "AZURE_CLIENT_ID" \
	AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID='a b' AZURE_CLIENT_SECRET="$secret"
faulty "$at_token" "$(refusal 503)" 2 \
	signs_in "the sign-in service fails twice" "${with_secret[@]}"
faulty "$at_token" "$nonsense\"not-json\"" '' \
	refuses 8 "the sign-in service gives a wrong answer" "not understood" "${with_secret[@]}"

# ---- environment: client certificate
credential="client certificate"
certificate()
{
	echo "AZURE_CLIENT_CERTIFICATE_PATH=$1"
}
password_variable=AZURE_CLIENT_CERTIFICATE_PASSWORD
send_chain=AZURE_CLIENT_SEND_CERTIFICATE_CHAIN
assertion='[.requests[] | .assertion // empty][0]'
signs_in "certificate" "${principal[@]}" "$(certificate "$VAULT_CERT_app")"
journal_is "  by a PS256 assertion with x5t#S256, without x5c" \
	"$assertion | [.alg, .typ, .thumbprint, .x5c, .lifetime]" '["PS256","JWT","S256",0,600]'
dir=$(dirname "$VAULT_CERT_app")
signs_in "the key in PKCS#1" "${principal[@]}" "$(certificate "$dir/app-pkcs1.pem")"
signs_in "the certificate first" "${principal[@]}" "$(certificate "$dir/app-certfirst.pem")"
encrypted=("${principal[@]}" "$(certificate "$VAULT_CERT_app_password")")
signs_in "an encrypted key" "${encrypted[@]}" $password_variable="$password"
rolled=("AZURE_TENANT_ID=$tenant" "AZURE_CLIENT_ID=$rolling"
	"$(certificate "$dir/chained-rolled.pem")")
signs_in "the chain with it" "${rolled[@]}" $send_chain=true
journal_is "  in x5c" "$assertion.x5c > 1" true
signs_in "the same by 1" "${rolled[@]}" $send_chain=1
refuses 5 "without the chain that is needed there" "AADSTS" "${rolled[@]}"
refuses 5 "another's certificate" AADSTS700027 \
	"${principal[@]}" "$(certificate "$dir/chained.pem")"
refuses 5 "an expired certificate" AADSTS1000502 \
	AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$old "$(certificate "$VAULT_CERT_old")"
refuses 2 "a wrong password" "password does not open" "${encrypted[@]}" $password_variable=wrong
refuses 2 "no password" "no password is given" "${encrypted[@]}"
refuses 2 "no key in the file" "holds no private key" \
	"${principal[@]}" "$(certificate "$dir/app-only.pem")"
refuses 2 "a PFX file" "openssl pkcs12" "${principal[@]}" "$(certificate "$dir/app.pfx")"
refuses 2 "no such file" "No such file" "${principal[@]}" "$(certificate "$nowhere")"
refuses 2 "a folder" "cannot read" "${principal[@]}" "$(certificate "$work")"

# ---- workload identity
credential="workload identity"
token_file=AZURE_FEDERATED_TOKEN_FILE
federated=("${principal[@]}" "$token_file=$VAULT_FEDERATED_pod")
cp "$VAULT_FEDERATED_pod" "$work/first.jwt"
signs_in "workload identity" "${federated[@]}"
signs_in "asked for" "${federated[@]}" --credential workload
renew()
{
	change /federated "{\"name\": \"pod\", $1}"
}
while IFS='|' read -r claim code; do
	renew "$claim"
	refuses 5 "a federated token with $claim" "$code" "${federated[@]}"
done <<-END
	"subject": "system:serviceaccount:other:x"|AADSTS700213
	"issuer": "https://other.example/"|AADSTS700211
	"audience": "api://other"|AADSTS700212
	"lifetime": -5|AADSTS700024
	"forged": true|AADSTS700027
END
renew '"lifetime": 60'
signs_in "a new token in the same file" "${federated[@]}"
refuses 2 "no such file" "No such file" "${principal[@]}" $token_file="$nowhere"
printf 'not a token\n' >"$work/words"
refuses 2 "a file of words" "does not hold a token" "${principal[@]}" $token_file="$work/words"
refuses 5 "no client id" "AZURE_CLIENT_ID not set" \
	"$no_az" AZURE_TENANT_ID=$tenant $token_file="$work/words"
refuses 5 "asked for, not set up" "AZURE_FEDERATED_TOKEN_FILE not set" --credential workload

# ---- managed identity: IMDS
credential="managed identity, IMDS"
managed=(--credential managed)
id_of()
{
	ready ".identities.ops.$1"
}
# statuses_are NAME ENDPOINT STATUSES
statuses_are()
{
	journal_is "$1" "[.requests[] | select(.endpoint == \"$2\") | .status]" "$3"
}
# sent_client INDEX: the identity's client id was in that request
sent_client()
{
	journal_is "  which was sent" "[.requests[] | select(.endpoint == \"imds\").url][$1] |
		contains(\"client_id=$(id_of clientId)\")" true
}
signs_in "IMDS, found by its sign of life" "$no_az" "${imds[@]}"
statuses_are "  asked for life, then for a token" imds '[400,200]'
signs_in "asked for" "${imds[@]}" "${managed[@]}"
statuses_are "  without the probe" imds '[200]'
signs_in "by client id" "${imds[@]}" "${managed[@]}" --identity "client:$(id_of clientId)"
sent_client 0
signs_in "by object id" "${imds[@]}" "${managed[@]}" --identity "object:$(id_of objectId)"
signs_in "by resource id" "${imds[@]}" "${managed[@]}" --identity "resource:$(id_of resourceId)"
signs_in "by AZURE_CLIENT_ID" "$no_az" "${imds[@]}" AZURE_CLIENT_ID="$(id_of clientId)"
sent_client -1
refuses 5 "an identity that is not there" "no such managed identity" \
	"${imds[@]}" "${managed[@]}" --identity "client:$client"
refuses 5 "asked for, no endpoint there" "no managed identity endpoint" "${managed[@]}"
refuses 5 "another tenant" "a token of tenant" "${imds[@]}" "${managed[@]}" --tenant $other_tenant
for status in 404 410 429 500; do
	faulty "$at_imds" "$(refusal $status)" 2 \
		signs_in "IMDS answers $status twice" "${imds[@]}" "${managed[@]}"
done
faulty "$at_imds" "$(refusal 403)" '' \
	refuses 5 "something else answers there" "no such managed identity" \
	"${imds[@]}" "${managed[@]}"
faulty "$at_imds" "$nonsense\"wrong-types\"" '' \
	refuses 8 "IMDS gives a wrong answer" "not understood" "${imds[@]}" "${managed[@]}"
refuses 2 "an invalid --identity" "--identity" "${imds[@]}" --identity "$client"

# ---- managed identity: App Service, Arc
credential="managed identity, App Service"
signs_in "App Service" "$no_az" "${app_service[@]}"
for one in client:clientId object:objectId resource:resourceId; do
	signs_in "App Service by ${one%:*}" \
		"${app_service[@]}" "${managed[@]}" --identity "${one%:*}:$(id_of "${one#*:}")"
done
refuses 5 "a wrong header" "refuses (HTTP 401)" \
	"${app_service[0]}" IDENTITY_HEADER=wrong "${managed[@]}"
if [ -n "$arc" ]; then
	at_arc=("IDENTITY_ENDPOINT=$VAULT_ARC_ENDPOINT" "IMDS_ENDPOINT=$VAULT_ARC_IMDS")
	credential="managed identity, Arc"
	signs_in "Arc" "$no_az" "${at_arc[@]}"
	statuses_are "  its challenge is answered" arc '[401,200]'
	signs_in "Arc ignores AZURE_CLIENT_ID" \
		"$no_az" "${at_arc[@]}" AZURE_CLIENT_ID=$client
	refuses 2 "Arc knows no other identity" "one managed identity" \
		"${at_arc[@]}" "${managed[@]}" --identity "client:$client"
	change /managed '{"arc": {"keyBytes": 4096}}'
	signs_in "Arc with a key of 4096 bytes" "${at_arc[@]}" "${managed[@]}"
	change /managed '{"arc": {"keyBytes": 64, "write": false}}'
	refuses 5 "Arc without a key" "cannot be read" "${at_arc[@]}" "${managed[@]}"
else
	skip "Arc" "needs root and mount namespaces"
fi

# ---- a ready token
credential="ready token"
part()
{
	printf %s "$1" | base64 -w 0 | tr '+/' '-_' | tr -d =
}
# jwt CLAIMS
jwt()
{
	echo "$(part '{"alg":"none"}').$(part "$1").$(part signature-of-a-jwt)"
}
# by_file NAME: an option
by_file()
{
	echo "--credential=token:file:$work/$1"
}
get_token >"$work/token"
signs_in "a ready token from a file" "$(by_file token)"
signs_in "from the environment" READY="$(cat "$work/token")" --credential token:env:READY
jwt '{"aud":"https://management.azure.com/","exp":4000000000}' >"$work/arm.jwt"
refuses 5 "a token for another service" "is for another service" "$(by_file arm.jwt)"
jwt '{"aud":"https://vault.azure.net","exp":1600000000}' >"$work/late.jwt"
refuses 5 "an expired token" "has expired" "$(by_file late.jwt)"
says "az account get-access-token --resource https://vault.azure.net --query accessToken -o tsv"
printf 'two words\n' >"$work/words"
refuses 2 "no token at all" "is not a token" "$(by_file words)"
refuses 2 "no such file" "No such file" "$(by_file nothing)"
refuses 2 "a token where SRC belongs" "was not given as file:" \
	--credential "token:$(cat "$work/token")"
jwt '{"aud":"https://vault.azure.net","exp":4000000000}' >"$work/stranger.jwt"
fails 5 "a token that the vault does not take" key "$(by_file stranger.jwt)"
outcome "not taken by the vault: exit 5"
keep_output
new_token="hint: get a new one: az account get-access-token --resource https://vault.azure.net"
new_token+=" --tenant $tenant --query accessToken -o tsv"
says "refuses the given token (HTTP 401" "$new_token"
given_refused() # CODE WHY
{
	faulty "$with_token" "$(refusal 401 Unauthorized '' "$1: no")" '' \
		fails 5 "a given token refused with $1" key "$(by_file token)"
	keep_output
	says "refuses the given token (HTTP 401, $1): $2" "$new_token"
}
given_refused AKV10022 "it is for another audience"
given_refused AKV10032 "it is of another tenant"
given_refused AKV10999 "the vault gives no reason; it may have expired or been revoked"

# ---- Azure CLI
credential="Azure CLI"
with_az=("PATH=$work/bin:$PATH")
fake_az 'cat <<END
{"accessToken": "$(cat "$work/token")", "expires_on": 4000000000, "tenant": "$tenant"}
END'
signs_in "Azure CLI, after all that is not set up" "${with_az[@]}"
fake_az "echo 'ERROR: Please run az login to setup account.' >&2; exit 1"
refuses 5 "az is not signed in" "az is not signed in" "${with_az[@]}" --credential cli
refuses 5 "no way to sign in is left" "az login --tenant $tenant" "${with_az[@]}"

# ---- who comes first, who is final, and the table
credential=auto
az_ran=$work/az-was-run
refuses 5 "nothing is set up" "none of the 5 ways to sign in worked" "$no_az"
neither="neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set"
says "ways to sign in that were tried:" \
	"  environment        $neither" \
	"  workload identity  AZURE_FEDERATED_TOKEN_FILE not set" \
	"  managed identity   this machine has no managed identity endpoint" \
	"  Azure CLI          the Azure CLI (az) is not installed" \
	"  device code        not tried: no terminal to show a code on" "--credential device"
refuses 5 "half a service principal: its hint is the nearest" \
	"hint: environment: set AZURE_TENANT_ID" "$no_az" AZURE_CLIENT_SECRET="$secret"
fake_az "touch $az_ran"
refuses 5 "a way that is set up and refused is not replaced by another" AADSTS7000215 \
	"${principal[@]}" AZURE_CLIENT_SECRET=wrong "${with_az[@]}" "${imds[@]}"
is "$(requests '.endpoint == "imds"')$(test -e "$az_ran" && echo az)" 0 \
	"  neither IMDS nor az was asked"
refuses 5 "workload refused: the table names both" "  environment        neither" \
	AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$rolling $token_file="$work/first.jwt" "${imds[@]}"
says "  workload identity  sign-in refused"

# ---- AZURE_TOKEN_CREDENTIALS
only=AZURE_TOKEN_CREDENTIALS
for value in prod " PROD " EnvironmentCredential environmentcredential; do
	signs_in "$only='$value': the environment serves" "${with_secret[@]}" "$only=$value"
done
signs_in "ManagedIdentityCredential: skips the environment" "AZURE_TENANT_ID=$tenant" \
	AZURE_CLIENT_ID="$(id_of clientId)" AZURE_CLIENT_SECRET=wrong "${imds[@]}" \
	$only=ManagedIdentityCredential
requests_are "  whose secret is not sent" '.endpoint == "token"' 0
refuses 5 "dev: neither environment nor managed identity" \
	"none of the 2 ways to sign in that AZURE_TOKEN_CREDENTIALS allows worked" \
	"${with_secret[@]}" "${imds[@]}" "$no_az" $only=dev
requests_are "  and nobody else is asked" '.endpoint == "token" or .endpoint == "imds"' 0
rm -f "$az_ran"
fake_az "touch $az_ran; echo 'Please run az login' >&2; exit 1"
refuses 5 "prod: no Azure CLI" \
	"none of the 3 ways to sign in that AZURE_TOKEN_CREDENTIALS allows worked" \
	"${with_az[@]}" $only=prod
is "$(test -e "$az_ran" && echo run)" "" "  az was not run"
refuses 5 "AzureCliCredential alone" \
	"Azure CLI (all that AZURE_TOKEN_CREDENTIALS allows): " \
	"${with_secret[@]}" "${with_az[@]}" $only=azureCLIcredential
ok "  az was run" test -e "$az_ran"
refuses 5 "WorkloadIdentityCredential alone" \
	"workload identity (all that AZURE_TOKEN_CREDENTIALS allows): " \
	"${with_secret[@]}" $only=WorkloadIdentityCredential
refuses 2 "a credential of Microsoft's that is not here" \
	"AZURE_TOKEN_CREDENTIALS=AzurePowerShellCredential names no way" \
	"${principal[@]}" $only=AzurePowerShellCredential
says "dev, prod, EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential \
and AzureCliCredential"
signs_in "--credential goes before it" \
	"${with_secret[@]}" $only=AzurePowerShellCredential --credential env
fails 2 "an unknown credential" key --credential magic
says "workload, managed, cli, device, token:SRC"

# ---- device code
credential="device code"
# when_shown FILE ACTION: act on the code once it is in the file
when_shown()
{
	wait_until 10 grep -q 'enter the code' "$1" && change /device "{\"action\": \"$2\"}"
}
# device ACTION [OPTION...]
device()
{
	local process status
	: >"$work/shown"
	key --credential device "${@:2}" >"$work/shown" 2>&1 &
	process=$!
	when_shown "$work/shown" "$1"
	wait $process
	status=$?
	cat "$work/shown"
	return $status
}
forget requests
ok "device code, approved" device approve
outcome "approved: key"
keep_output
code=$(control /device | jq -r '.codes[-1].userCode')
says "to sign in, open https://" " in a browser and enter the code $code"
requests_are "  never polled too early" '.poll.early == true' 0
requests_are "  one token serves" '.grant == "refresh_token"' 0
slow_down="$(refusal 400), \"body\": \"{\\\"error\\\":\\\"slow_down\\\"}\""
change /fault "$(fault "$at_token, \"path\": \"/token\"" "$slow_down" 1)"
forget requests
ok "device code, told to slow down" device approve --timeout 60
outcome "told to slow down: key"
keep_output
forget fault
requests_are "  it does" '.poll.sinceMs != null and .poll.sinceMs < .poll.intervalMs' 0
fails 5 "device code, declined" device decline
outcome "declined: exit 5"
keep_output
says "declined in the browser" "hint: "
fails 5 "device code, expired" device expire
outcome "expired: exit 5"
keep_output
says "nobody entered the code in time" "hint: "
evil_page='"type": "replace", "set": {"verification_uri": "http://evil.example/"}'
faulty "$at_token, \"path\": \"devicecode\"" "$evil_page" '' \
	refuses 8 "a page that is not https" "not understood" --credential device
forget requests
fails 130 "Ctrl-C ends the wait" timeout --preserve-status -s INT 2 env \
	"${adefuse_command[@]}" key -vv "${vault_options[@]}" --credential device "$disk"
outcome "Ctrl-C: exit 130"
keep_output
# with a terminal it is offered when all else failed, and that is said
on_terminal()
{
	local command=("${adefuse_command[@]}" key -vv "${vault_options[@]}" --force
		--out "$work/out" "$disk") status
	: >"$work/terminal"
	when_shown "$work/terminal" approve &
	script -qefc "$(printf '%q ' env "$no_az" "${command[@]}")" "$work/terminal" \
		</dev/null >/dev/null
	status=$?
	wait $!
	cat "$work/terminal"
	return $status
}
ok "with a terminal a device code is offered" on_terminal
outcome "offered on a terminal: key"
keep_output
says "no other way to sign in works" "enter the code"

# ---- nothing of it was said
no_secret_in_output "$secret" "$password" "$(cat "$work/first.jwt")" \
	"$(cat "$VAULT_FEDERATED_pod")" "$VAULT_APPSERVICE_HEADER" "$(cat "$work/token")" \
	"$(cat "$work/arm.jwt")" "$(cat "$work/late.jwt")" "$(sed -n 3p "$VAULT_CERT_app")" \
	"$(base64 -w 0 "$work/$bek_guid.BEK" | cut -c 100-160)"
is "$(grep -cE '[A-Za-z0-9_-]{200}' "$work/all-output")" 0 "  and nothing as long as a token"
ok "  (what is searched for would be found)" \
	grep -qF -f "$work/needles" "$work/config.json"
done_testing
