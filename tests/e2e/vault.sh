# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034 # used by the tests
# Shared by the tests that need a vault: tests/lib.sh, a loopback vault with its faults and its
# journal of requests, and the ways to sign in to it.
#
#   . "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
#   need node openssl jq curl
#   ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
#   fails 8 "name" with_fault "$fault" adefuse key ...
#   requests_are "name" "$jq_condition" 2
#
# A JSON value that a shell variable or an argument holds is put into a larger one as it is.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

vault_get=$abs_top_builddir/tests/tools/vault-get
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
# most vaults have one key that wraps
kek='"keys": [{"name": "kek", "versions": [{"bits": 2048}]}]'

# own_namespace mounts|network: run this file again in a namespace of its own. $in_namespace is
# set there, and empty where it cannot have one.
own_namespace()
{
	export in_namespace=${in_namespace:-}
	[ -z "$in_namespace" ] && can "own-$1" || return 0
	rm -rf "$work"
	in_namespace=1
	[ "$1" = network ] && exec unshare -n bash "$0"
	exec "$abs_top_srcdir/tests/own-mounts" bash "$0"
}

# ade FILE [MORE [OF-VERSION]]: a version of a secret, with the tags that ADE sets: of $machine
# (VM01) and $volume (C:\). MORE goes into the tags' description, OF-VERSION beside it.
ade()
{
	local tags="\"file\": \"$1\", \"machine\": \"${machine:-VM01}\""
	tags+=", \"volume\": \"${volume:-C:\\\\}\"${2:+, $2}"
	echo "{\"ade\": {$tags}${3:+, $3}}"
}

# secret NAME VERSION...: a secret of the configuration, in one line
secret()
{
	local IFS=,
	echo "{\"name\": \"$1\", \"versions\": [${*:2}]}" | paste -sd ' '
}

# with_commas COMMAND...: the lines that it prints as members of a JSON list
with_commas()
{
	"$@" | paste -sd ,
}

# start_vault CONFIG.json: sets VAULT_*, and signs this shell in as the first client.
start_vault()
{
	local config=$1 dir
	dir=$(mktemp -d "$work/vault.XXXXXX")
	mkfifo "$dir/ready"
	node "$abs_top_srcdir/tests/vault/vault.mjs" --config "$config" --dir "$dir" \
		--ready "$dir/ready" --parent $$ --max-seconds 900 </dev/null >"$dir/log" 2>&1 &
	servers+=($!)
	if ! read -rt 60 VAULT_READY <"$dir/ready"; then
		sed 's/^/# /' "$dir/log"
		return 1
	fi
	# shellcheck disable=SC1091
	. "$dir/vault.env"
	export AZURE_AUTHORITY_HOST=$VAULT_AUTHORITY
	AZURE_TENANT_ID=$(json "$config" '.tenants[0].id')
	AZURE_CLIENT_ID=$(json "$config" '.clients[0].id')
	AZURE_CLIENT_SECRET=$(json "$config" '.clients[0].secret')
	export AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
	# what trusts the vault, and the vault
	trust_vault=(--trust-vault-host 127.0.0.1 --ca-file "$VAULT_CA_FILE")
	vault_options=(--vault "$VAULT_URL" "${trust_vault[@]}")
}

sign_out()
{
	unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
}

# ready PATH: a value of the line with which the vault said that it is ready, such as ports and the
# versions of secrets and keys
ready()
{
	jq -r "$1" <<<"$VAULT_READY"
}

# control PATH [JSON]: tell the vault to misbehave, or ask what it saw
control()
{
	curl -sS --fail -H "X-Control-Key: $VAULT_CONTROL_KEY" ${2+-d "$2"} "$VAULT_CONTROL_URL$1"
}

# change PATH JSON: control, when the answer does not matter
change()
{
	control "$1" "$2" >/dev/null
}

# forget requests|fault
forget()
{
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" \
		>/dev/null
}

# with_fault JSON COMMAND...: the journal then has the command's requests alone
with_fault()
{
	local status
	change /fault "$1"
	forget requests
	shift
	"$@"
	status=$?
	forget fault
	return $status
}

# fault MATCH ACTION [COUNT]: a fault as JSON, of what is within both pairs of braces
fault()
{
	echo "{\"match\": {$1}, ${3:+\"count\": $3,} \"action\": {$2}}"
}
# requests with a token, and what a vault answers to them
with_token='"endpoint": "vault", "auth": "present"'
listing="$with_token"', "path": "/secrets\\?"'

# refusal STATUS [CODE [INNER [MESSAGE]]]: an action
refusal()
{
	echo "\"type\": \"error\", \"status\": $1${2:+, \"code\": \"$2\"}" \
		"${3:+, \"inner\": \"$3\"}${4:+, \"message\": \"$4\"}"
}

# requests CONDITION: how many requests of the journal meet it
requests()
{
	control /requests | jq "[.requests[] | select($1)] | length"
}

# requests_are NAME CONDITION COUNT
requests_are()
{
	is "$(requests "$2")" "$3" "$1"
}

# journal_is NAME PATH WANT
journal_is()
{
	control /requests >"$work/requests"
	json_is "$1" "$work/requests" "$2" "$3"
}

# challenge JSON: how the vault asks for a token from now on
challenge()
{
	change /challenge "{\"vault\": \"contoso-kv\", \"challenge\": $1}"
}

# rights SECRETS KEYS: what the first client may do, as JSON lists; without them, all
rights()
{
	local access=null
	[ $# = 0 ] || access="[{\"client\": \"$client\", \"secrets\": $1, \"keys\": $2}]"
	change /access "{\"vault\": \"contoso-kv\", \"access\": $access}"
}

# get_token [RESOURCE [AUTHORITY]]: a token for the first client, whose secret is $secret
get_token()
{
	curl -sS --fail --noproxy '*' --cacert "$VAULT_CA_FILE" -d client_id="$client" \
		-d grant_type=client_credentials --data-urlencode "client_secret=$secret" \
		--data-urlencode "scope=${1:-https://vault.azure.net}/.default" \
		"${2:-$VAULT_AUTHORITY}/$tenant/oauth2/v2.0/token" | jq -r .access_token
}

# fake_az SCRIPT: the Azure CLI of PATH=$work/bin:$PATH; its script can call get_token.
fake_az()
{
	mkdir -p "$work/bin"
	{
		echo "#!$BASH"
		declare -p work tenant client secret VAULT_CA_FILE VAULT_AUTHORITY
		declare -f get_token
		printf '%s\n' "$1"
	} >"$work/bin/az"
	chmod +x "$work/bin/az"
}

# start_proxy LOG [--password USER:PASSWORD] HOST=PORT...: sets $proxy to its address
start_proxy()
{
	[ -p "$work/proxy" ] || mkfifo "$work/proxy"
	: >"$1"
	node "$abs_top_srcdir/tests/tools/connect-proxy.mjs" "$work/proxy" "$@" \
		</dev/null >/dev/null 2>"$work/proxy.err" &
	servers+=($!)
	read -rt 20 proxy <"$work/proxy" && proxy=127.0.0.1:$proxy
}

# Each way to sign in: what the environment has, and the --credential that asks for it.
ways_to_sign_in()
{
	local principal="AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$client"
	declare -gA with=(
		[secret]="$principal AZURE_CLIENT_SECRET=$secret"
		[certificate]="$principal AZURE_CLIENT_CERTIFICATE_PATH=$VAULT_CERT_app"
		[workload]="$principal AZURE_FEDERATED_TOKEN_FILE=$VAULT_FEDERATED_pod"
		[imds]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS"
		[appservice]="IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT"
		[cli]="PATH=$work/bin:$PATH" [device]="X=x" [token]="X=x"
	)
	with[appservice]+=" IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER"
	declare -gA as=(
		[secret]=env [certificate]=env [workload]=workload [imds]=managed
		[appservice]=managed [arc]=managed [cli]=cli [device]=device
		[token]="token:file:$work/token"
	)
}

# key_is_right NAME: the BEK file that was written is that of $bek_guid
key_is_right()
{
	hash_is "$1" "$work/out/$bek_guid.BEK" "$(sha_of "$work/$bek_guid.BEK")"
}

# arc_folder: where Arc's agent keeps its keys, in this mount namespace; $arc is what the
# configuration says of it, and empty where there can be none
arc_keys=/var/opt/azcmagent/tokens
arc_folder()
{
	arc=
	[ -z "$in_namespace" ] || ! mount -t tmpfs none "${arc_keys%/*/*}" ||
		arc="\"arc\": {\"keyDir\": \"$arc_keys\"},"
}

# traps_saw_nothing NAME
traps_saw_nothing()
{
	control /traps >"$work/traps"
	json_is "$1" "$work/traps" .total "$(jq -nc '{connections: 0, tlsErrors: 0, requests: 0,
		bytes: 0, authorization: 0, bodies: 0, leaks: 0}')"
}

# row CREDENTIAL CLOUD OUTCOME: a line of the table that `scripts/check vault` prints, for the last
# result if it was good
row()
{
	[ "$last_result" != 0 ] || echo "# row: $1 | $2 | $3"
}

# keep_output: for no_secret_in_output
keep_output()
{
	printf '%s\n' "$out" >>"$work/all-output"
}

# no_secret_in_output TEXT...: none of these texts is in what keep_output has kept
no_secret_in_output()
{
	printf '%s\n' "$@" >"$work/needles"
	is "$(grep -cF -f "$work/needles" "$work/all-output")" 0 \
		"no secret in $(wc -l <"$work/all-output") lines of output"
}
