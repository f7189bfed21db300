#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hostile answers to somebody who signs in: a challenge that names another token endpoint or
# another service, redirects, an Arc realm outside its folder, endpoints that are not on this
# machine, look-alike hosts. A trap listens at each place that is named; nothing may ever arrive
# there.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl "$MKADE"
own_namespace mounts
arc_folder

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
secret='very~secret.value1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret",
    "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, $arc "appService": {}},
  "device": {"interval": 1, "answer": "approve", "afterPolls": 1},
  "traps": [{"name": "evil", "hosts": ["contoso-kv.vault.azure.net.evil.example"]}],
  "vaults": [{"name": "contoso-kv", $kek, "secrets": [
    $(secret "$bek_guid" "$(ade "$bek_guid.BEK" '"kek": "kek"')")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
sign_out
get_token >"$work/token"
ways_to_sign_in
ways=(secret certificate workload imds appservice device token)
if [ -n "$arc" ]; then
	with[arc]="IDENTITY_ENDPOINT=$VAULT_ARC_ENDPOINT IMDS_ENDPOINT=$VAULT_ARC_IMDS"
	ways+=(arc)
fi

# key WAY [OPTION...]; with a --vault or --secret of its own it is not given the good vault
key()
{
	local variables from=("${vault_options[@]}")
	[[ ${2-} != --vault && ${2-} != --secret ]] || from=("${trust_vault[@]}")
	read -ra variables <<<"${with[$1]}"
	env "${variables[@]}" "${adefuse_command[@]}" key -vv "${from[@]}" \
		--credential "${as[$1]}" --timeout 5 --force --out "$work/out" "${@:2}" "$disk" \
		</dev/null
}
# signs_in NAME WAY [OPTION...]
signs_in()
{
	forget requests
	ok "$1" key "${@:2}"
	keep_output
}
# refuses CODE NAME WAY [OPTION...]
refuses()
{
	forget requests
	fails "$1" "$2" key "${@:3}"
	keep_output
}
untouched()
{
	requests_are "  no token was asked for, none was sent" \
		'(.endpoint != "vault") or .auth or .bodyBytes > 0' 0
}
# redirects MATCH STATUS URL: from now on
redirects()
{
	change /fault \
		"$(fault "$1" "\"type\": \"redirect\", \"status\": $2, \"location\": \"$3\"")"
}
trap_port=${VAULT_TRAP_evil##*:}
trap_http_port=${VAULT_TRAP_HTTP_evil##*:}

for way in "${ways[@]}"; do
	# ---- the challenge
	challenge '{"authorization": "{trap:evil}/{tenant}"}'
	signs_in "$way: a challenge that names another token endpoint" "$way"
	challenge '{"authorization": "{trap-http:evil}/{tenant}"}'
	refuses 8 "$way: one in plain http" "$way"
	untouched
	for resource in https://management.azure.com https://graph.microsoft.com \
		https://vault.azure.net.evil.example; do
		challenge "{\"authorization\": \"{authority}/{tenant}\",
			\"resource\": \"$resource\"}"
		refuses 5 "$way: a challenge for $resource" "$way"
		untouched
	done
	challenge '{"form": "resource"}'

	# ---- hosts
	refuses 2 "$way: a look-alike vault" "$way" \
		--vault https://contoso-kv.vault.azure.net.evil.example
	untouched
	refuses 2 "$way: plain http" "$way" --vault "$VAULT_TRAP_HTTP_evil"
	untouched
	refuses 2 "$way: a secret elsewhere" "$way" \
		--secret "https://localhost:$trap_port/secrets/x"

	# ---- redirects of the token endpoints
	for endpoint in token imds appservice arc; do
		redirects "\"endpoint\": \"$endpoint\"" 307 "{trap:evil}/x"
		redirects "\"endpoint\": \"$endpoint\"" 302 "{trap-http:evil}/x"
	done
	[ "$way" = token ] || refuses 5 "$way: a redirect instead of a token" "$way"
	forget fault
	redirects "$with_token" 307 "{trap:evil}/x"
	refuses 8 "$way: a vault that redirects" "$way"
	forget fault
done

# ---- endpoints of managed identities
for endpoint in "$VAULT_TRAP_evil/msi/token" "http://localhost.evil.example:$trap_http_port/" \
	"http://evil.example/" "http://user@127.0.0.1/" "http://127.0.0.1.evil.example/" \
	"http://0.0.0.0:$trap_http_port/" "http://10.1.2.3/" "//127.0.0.1/" \
	"file:///etc/passwd"; do
	with[bad]="IDENTITY_ENDPOINT=$endpoint IDENTITY_HEADER=app-service-header" as[bad]=managed
	refuses 2 "IDENTITY_ENDPOINT=$endpoint (App Service)" bad
	untouched
	with[bad]="IDENTITY_ENDPOINT=$endpoint IMDS_ENDPOINT=x"
	refuses 2 "  (Arc)" bad
	with[bad]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$endpoint"
	refuses 2 "  (IMDS)" bad
done
with[bad]="AZURE_AUTHORITY_HOST=$VAULT_TRAP_HTTP_evil ${with[secret]}" as[bad]=env
refuses 2 "an authority in plain http" bad
untouched

# ---- Arc
set_arc() # JSON
{
	change /managed "{\"arc\": $1}"
}
no_answer()
{
	requests_are "  the file was not sent" '.endpoint == "arc"' 1
}
if [ -n "$arc" ]; then
	mkdir -p "$arc_keys/x"
	for path in /etc/passwd '{dir}/../{name}' '{dir}/x/{name}' '{dir}//{name}' \
		'{dir}/./{name}' '{dir}x/{name}' '{name}' '{dir}/.key' '/etc/../{dir}/{name}' \
		'{file}.txt' "$work/token"; do
		set_arc "{\"realm\": \"$path\"}"
		refuses 5 "Arc names $path" arc
		says "is not a key in" "hint: "
		no_answer
	done
	set_arc '{"realm": "{file}", "keyName": "{guid}.txt"}'
	refuses 5 "Arc names a file that is no key" arc
	no_answer
	set_arc '{"keyName": "{guid}.key", "symlink": true}'
	refuses 5 "Arc's key is a link" arc
	no_answer
	set_arc '{"symlink": false, "keyBytes": 4097}'
	refuses 5 "Arc's key is too long" arc
	no_answer
	set_arc '{"keyBytes": 0}'
	refuses 5 "Arc's key is empty" arc
	no_answer
	set_arc '{"keyBytes": 64}'
	signs_in "and a good key works again" arc
else
	skip "Arc" "needs root and mount namespaces"
fi

traps_saw_nothing "the traps saw nothing"
curl -sk "$VAULT_TRAP_evil/" >/dev/null
control /traps >"$work/traps"
json_is "  (they would have)" "$work/traps" .total.requests 1
no_secret_in_output "$secret" "$(cat "$work/token")" "$(cat "$VAULT_FEDERATED_pod")" \
	"$VAULT_APPSERVICE_HEADER" "$(sed -n 3p "$VAULT_CERT_app")"
done_testing
