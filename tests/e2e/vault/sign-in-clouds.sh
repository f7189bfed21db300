#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Vaults of each cloud under their real names, a managed HSM as KEK store, a custom authority, and proxies: a CONNECT proxy
# on loopback stands for the network in between, and its log says who was asked for.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='very~secret.value1'
bek() { echo "{\"name\": \"$bek_guid\", \"versions\": [{\"ade\": {\"file\": \"$bek_guid.BEK\", \"machine\": \"VM01\", \"volume\": \"C:\\\\\"$1}}]}"; }
kek='"keys": [{"name": "kek", "versions": [{"bits": 2048}]}]'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret", "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "authority": {"cloud": "public"}, "authorities": [{"name": "cn", "cloud": "china"}, {"name": "gov", "cloud": "usgov"}],
  "vaults": [
    {"name": "contoso-kv", "cloud": "public", "publicUrl": "azure", $kek, "secrets": [$(bek ', "kek": "kek"')]},
    {"name": "hsm-kv", "cloud": "public", "publicUrl": "azure", "secrets": [$(bek ', "kek": "kek", "vault": "contoso-hsm"')]},
    {"name": "contoso-hsm", "kind": "hsm", "cloud": "public", "publicUrl": "azure", $kek},
    {"name": "china-kv", "cloud": "china", "publicUrl": "azure", $kek, "secrets": [$(bek ', "kek": "kek"')]},
    {"name": "gov-kv", "cloud": "usgov", "publicUrl": "azure", $kek, "secrets": [$(bek ', "kek": "kek"')]}]
}
END
ok "the loopback clouds are up" start_vault "$work/config.json" || done_testing

# start_proxy LOG [--password USER:PASSWORD] HOST=PORT...: sets $proxy
start_proxy()
{
	[ -p "$work/proxy" ] || mkfifo "$work/proxy"
	: >"$1"
	node "$abs_top_srcdir/tests/tools/connect-proxy.mjs" "$work/proxy" "$@" </dev/null >/dev/null 2>"$work/proxy.err" &
	servers+=($!)
	read -rt 20 proxy <"$work/proxy" && proxy=127.0.0.1:$proxy
}
port_of() { jq -r "$1" <<<"$VAULT_READY"; }
log=$work/proxy.log
hosts=(login.microsoftonline.com="$VAULT_AUTHORITY_PORT"
	login.chinacloudapi.cn="$(port_of .authorities.cn.port)" login.microsoftonline.us="$(port_of .authorities.gov.port)"
	contoso-kv.vault.azure.net="$(port_of '.vaults["contoso-kv"].port')" hsm-kv.vault.azure.net="$(port_of '.vaults["hsm-kv"].port')"
	contoso-hsm.managedhsm.azure.net="$(port_of '.vaults["contoso-hsm"].port')"
	china-kv.vault.azure.cn="$(port_of '.vaults["china-kv"].port')"
	gov-kv.vault.usgovcloudapi.net="$(port_of '.vaults["gov-kv"].port')")
ok "the proxy is up" start_proxy "$log" "${hosts[@]}" || done_testing
unset AZURE_AUTHORITY_HOST
loopback_authority=$VAULT_AUTHORITY
export https_proxy=http://$proxy no_proxy=

key() { "${adefuse_command[@]}" key -vv --ca-file "$VAULT_CA_FILE" --timeout 20 --force --out "$work/out" "$@" "$disk" </dev/null; }
# opens NAME HOSTS OPTION...: has the key, and asked the proxy for exactly these hosts
opens()
{
	: >"$log"
	rm -f "$work/out/$bek_guid.BEK"
	ok "$1" key "${@:3}"
	is "$(sha_of "$work/out/$bek_guid.BEK" 2>&1)" "$(sha_of "$work/$bek_guid.BEK")" "  and has the key"
	is "$(sed -n 's/^200 CONNECT \(.*\):443$/\1/p' "$log" | sort -u | tr '\n' ' ')" "$2" "  by way of these hosts alone"
}
opens "public cloud" "contoso-kv.vault.azure.net login.microsoftonline.com " --vault contoso-kv
opens "its vault by URL" "contoso-kv.vault.azure.net login.microsoftonline.com " --vault https://Contoso-KV.vault.azure.net:443/
opens "China" "china-kv.vault.azure.cn login.chinacloudapi.cn " --vault china-kv --cloud china
opens "US Government" "gov-kv.vault.usgovcloudapi.net login.microsoftonline.us " --vault gov-kv --cloud usgov
opens "a managed HSM as KEK store" "contoso-hsm.managedhsm.azure.net hsm-kv.vault.azure.net login.microsoftonline.com " --vault hsm-kv
is "$(control /requests | jq '[.requests[] | select(.vault == "contoso-hsm") | .authSha256 // empty] | unique | length')" 1 "  which got a token"
is "$(control /requests | jq '([.requests[] | select(.vault == "contoso-hsm") | .authSha256 // empty] | unique) as $hsm
	| [.requests[] | select(.vault == "hsm-kv") | .authSha256 // empty] | unique | any(. as $one | $hsm | index($one))')" false \
	"  that is not the vault's"
fails 2 "a vault of another cloud" key --vault https://china-kv.vault.azure.cn
says "--cloud china"
AZURE_AUTHORITY_HOST=$loopback_authority no_proxy=127.0.0.1 \
	opens "a custom authority, past the proxy" "contoso-kv.vault.azure.net " --vault contoso-kv
AZURE_AUTHORITY_HOST=login.microsoftonline.com opens "one without a scheme" "contoso-kv.vault.azure.net login.microsoftonline.com " --vault contoso-kv
fails 8 "a certificate that nobody vouches for" env "${adefuse_command[@]}" key --vault contoso-kv --timeout 5 "$disk"
says "not trusted" "--ca-file"

# ---- managed identities go past every proxy
(
	unset AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID
	export AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS http_proxy=http://$proxy ALL_PROXY=http://$proxy
	: >"$log"
	key --vault contoso-kv --credential managed
) >"$work/output" 2>&1
is $? 0 "a managed identity, with proxies for all"
is "$(sed 's/:443$//' "$log" | sort -u)" "200 CONNECT contoso-kv.vault.azure.net" "  the proxy saw the vault alone"

# ---- each way to sign in × each cloud, by their real names; and what another cloud's vault answers
mkdir "$work/bin"
cat >"$work/bin/az" <<END
#!/bin/sh
printf '{"accessToken":"%s","expires_on":%s}' "\$(cat "$work/token")" "\$((\$(date +%s) + 3600))"
END
chmod +x "$work/bin/az"
# key_with WAY OPTION...: as the service principal, the workload, ...
key_with()
{
	local variables=() credential
	case $1 in
	"client secret") variables=("${principal[@]}" AZURE_CLIENT_SECRET="$secret") credential=env ;;
	"client certificate") variables=("${principal[@]}" AZURE_CLIENT_CERTIFICATE_PATH="$VAULT_CERT_app") credential=env ;;
	"workload identity") variables=("${principal[@]}" AZURE_FEDERATED_TOKEN_FILE="$VAULT_FEDERATED_pod") credential=workload ;;
	"managed identity, IMDS") variables=(AZURE_POD_IDENTITY_AUTHORITY_HOST="$VAULT_IMDS") credential=managed ;;
	"managed identity, App Service")
		variables=(IDENTITY_ENDPOINT="$VAULT_APPSERVICE_ENDPOINT" IDENTITY_HEADER="$VAULT_APPSERVICE_HEADER") credential=managed
		;;
	"Azure CLI") variables=(PATH="$work/bin:$PATH") credential=cli ;;
	"device code") credential=device ;;
	"ready token") credential=token:file:$work/token ;;
	esac
	env "${variables[@]}" "${adefuse_command[@]}" key -vv --ca-file "$VAULT_CA_FILE" --timeout 20 --force --out "$work/out" --credential "$credential" \
		"${@:2}" "$disk" </dev/null
}
principal=(AZURE_TENANT_ID="$tenant" AZURE_CLIENT_ID="$client")
ways=("client secret" "client certificate" "workload identity" "managed identity, IMDS" "managed identity, App Service" "Azure CLI" "device code"
	"ready token")
while read -r cloud vault resource authority; do
	curl -sS --fail --noproxy '*' --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials -d "client_secret=$secret" \
		--data-urlencode "scope=$resource/.default" "https://127.0.0.1:$authority/$tenant/oauth2/v2.0/token" | jq -r .access_token >"$work/token"
	other=public
	[ "$cloud" != public ] || other=china
	for way in "${ways[@]}"; do
		(
			unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
			rm -f "$work/out/$bek_guid.BEK"
			key_with "$way" --vault "$vault" --cloud "$cloud"
		) >"$work/output" 2>&1
		result $? "$way, $cloud"
		row "$way" "$cloud" key
		is "$(sha_of "$work/out/$bek_guid.BEK" 2>&1)" "$(sha_of "$work/$bek_guid.BEK")" "  and has the key"
		(
			unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
			key_with "$way" --vault "https://$vault.${resource#https://}" --cloud $other
		) >"$work/output" 2>&1
		is $? 2 "$way, a vault of $cloud as $other's"
		row "$way" "$cloud" "as another cloud's: exit 2"
	done
done <<END
public contoso-kv https://vault.azure.net $VAULT_AUTHORITY_PORT
china china-kv https://vault.azure.cn $(port_of .authorities.cn.port)
usgov gov-kv https://vault.usgovcloudapi.net $(port_of .authorities.gov.port)
END

# ---- proxies that refuse
https_proxy=http://127.0.0.1:9 fails 8 "a proxy that is not there" key --vault contoso-kv
says "hint: "
ok "a proxy without these hosts" start_proxy "$log"
https_proxy=http://$proxy fails 8 "  does not let through" key --vault contoso-kv
says "the proxy does not let through" "https_proxy"
ok "a proxy with a password" start_proxy "$log" --password 'ann:proxy~password' "${hosts[@]}"
https_proxy=http://$proxy fails 8 "  wants one" key --vault contoso-kv
says "it wants a user name"
https_proxy="http://ann:proxy~password@$proxy" opens "  and takes it" "contoso-kv.vault.azure.net login.microsoftonline.com " --vault contoso-kv
is "$(grep -c 'proxy~password' "$work/output")" 0 "  which is not said"
done_testing
