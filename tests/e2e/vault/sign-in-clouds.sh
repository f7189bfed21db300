#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Vaults of each cloud under their real names, a managed HSM as KEK store, a custom authority, and
# proxies: a CONNECT proxy on loopback acts as the network in between, and its log has each host
# that was asked for.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl closed_port "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
secret='very~secret.value1'
# bek [MORE]: the disk's secret, wrapped
bek()
{
	secret "$bek_guid" "$(ade "$bek_guid.BEK" "\"kek\": \"kek\"${1-}")"
}
# vault NAME CLOUD REST: under its real name
vault()
{
	echo "{\"name\": \"$1\", \"cloud\": \"$2\", \"publicUrl\": \"azure\", $3}"
}
vaults()
{
	vault contoso-kv public "$kek, \"secrets\": [$(bek)]"
	vault hsm-kv public "\"secrets\": [$(bek ', "vault": "contoso-hsm"')]"
	vault contoso-hsm public "\"kind\": \"hsm\", $kek"
	vault china-kv china "$kek, \"secrets\": [$(bek)]"
	vault gov-kv usgov "$kek, \"secrets\": [$(bek)]"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret",
    "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "authority": {"cloud": "public"},
  "authorities": [{"name": "cn", "cloud": "china"}, {"name": "gov", "cloud": "usgov"}],
  "vaults": [$(with_commas vaults)] }
END
ok "the loopback clouds are up" start_vault "$work/config.json" || done_testing

log=$work/proxy.log
port_of()
{
	ready ".vaults[\"$1\"].port"
}
port_cn=$(ready .authorities.cn.port)
port_gov=$(ready .authorities.gov.port)
hosts=(
	login.microsoftonline.com="$VAULT_AUTHORITY_PORT"
	login.chinacloudapi.cn="$port_cn"
	login.microsoftonline.us="$port_gov"
	contoso-kv.vault.azure.net="$(port_of contoso-kv)"
	hsm-kv.vault.azure.net="$(port_of hsm-kv)"
	contoso-hsm.managedhsm.azure.net="$(port_of contoso-hsm)"
	china-kv.vault.azure.cn="$(port_of china-kv)"
	gov-kv.vault.usgovcloudapi.net="$(port_of gov-kv)"
)
ok "the proxy is up" start_proxy "$log" "${hosts[@]}" || done_testing
unset AZURE_AUTHORITY_HOST
loopback_authority=$VAULT_AUTHORITY
export https_proxy=http://$proxy no_proxy=

key()
{
	"${adefuse_command[@]}" key -vv --ca-file "$VAULT_CA_FILE" --timeout 20 --force \
		--out "$work/out" "$@" "$disk" </dev/null
}
# opens NAME HOSTS OPTION...: has the key, and asked the proxy for exactly these hosts
opens()
{
	local asked
	: >"$log"
	rm -f "$work/out/$bek_guid.BEK"
	ok "$1" key "${@:3}"
	key_is_right "  and has the key"
	asked=$(sed -n 's/^200 CONNECT \(.*\):443$/\1/p' "$log" | sort -u | paste -sd ' ')
	is "$asked" "$2" "  by way of these hosts alone"
}
contoso="contoso-kv.vault.azure.net"
login="login.microsoftonline.com"
opens "public cloud" "$contoso $login" --vault contoso-kv
opens "its vault by URL" "$contoso $login" --vault https://Contoso-KV.vault.azure.net:443/
opens "China" "china-kv.vault.azure.cn login.chinacloudapi.cn" --vault china-kv --cloud china
opens "US Government" "gov-kv.vault.usgovcloudapi.net login.microsoftonline.us" \
	--vault gov-kv --cloud usgov
opens "a managed HSM as KEK store" \
	"contoso-hsm.managedhsm.azure.net hsm-kv.vault.azure.net $login" --vault hsm-kv
# tokens VAULT: a jq expression for those that it was sent
tokens()
{
	echo "([.requests[] | select(.vault == \"$1\") | .authSha256 // empty] | unique)"
}
journal_is "  which got a token" "$(tokens contoso-hsm) | length" 1
journal_is "  that is not the vault's" \
	"$(tokens contoso-hsm) as \$hsm | $(tokens hsm-kv) |
		any(. as \$one | \$hsm | index(\$one))" false
fails 2 "a vault of another cloud" key --vault https://china-kv.vault.azure.cn
says "--cloud china"
AZURE_AUTHORITY_HOST=$loopback_authority no_proxy=127.0.0.1 \
	opens "a custom authority, past the proxy" "$contoso" --vault contoso-kv
AZURE_AUTHORITY_HOST=$login opens "one without a scheme" "$contoso $login" --vault contoso-kv
fails 8 "a certificate that is not trusted" \
	"${adefuse_command[@]}" key --vault contoso-kv --timeout 5 "$disk"
says "not trusted" "--ca-file"

# ---- managed identities go past every proxy
(
	sign_out
	export AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS
	export http_proxy=http://$proxy ALL_PROXY=http://$proxy
	: >"$log"
	key --vault contoso-kv --credential managed
) >"$work/output" 2>&1
is $? 0 "a managed identity, with proxies for all"
is "$(sed 's/:443$//' "$log" | sort -u)" "200 CONNECT $contoso" \
	"  the proxy saw the vault alone"

# ---- each way to sign in × each cloud, by their real names; and a vault of another cloud
fake_az 'cat <<END
{"accessToken": "$(cat "$work/token")", "expires_on": $(($(date +%s) + 3600))}
END'
ways_to_sign_in
declare -A title=(
	[secret]="client secret" [certificate]="client certificate" [workload]="workload identity"
	[imds]="managed identity, IMDS" [appservice]="managed identity, App Service"
	[cli]="Azure CLI" [device]="device code" [token]="ready token"
)
# key_with WAY OPTION...: without the first client's variables but where the way needs them
key_with()
{
	local variables
	read -ra variables <<<"${with[$1]}"
	env -u AZURE_TENANT_ID -u AZURE_CLIENT_ID -u AZURE_CLIENT_SECRET "${variables[@]}" \
		"${adefuse_command[@]}" key -vv --ca-file "$VAULT_CA_FILE" --timeout 20 --force \
		--out "$work/out" --credential "${as[$1]}" "${@:2}" "$disk" </dev/null
}
while read -r cloud vault resource authority; do
	get_token "$resource" "https://127.0.0.1:$authority" >"$work/token"
	other=public
	[ "$cloud" != public ] || other=china
	for way in secret certificate workload imds appservice cli device token; do
		name=${title[$way]}
		rm -f "$work/out/$bek_guid.BEK"
		ok "$name, $cloud" key_with $way --vault "$vault" --cloud "$cloud"
		row "$name" "$cloud" key
		key_is_right "  and has the key"
		fails 2 "$name, a vault of $cloud as $other's" \
			key_with $way --vault "https://$vault.${resource#https://}" --cloud $other
		row "$name" "$cloud" "as another cloud's: exit 2"
	done
done <<END
public contoso-kv https://vault.azure.net $VAULT_AUTHORITY_PORT
china china-kv https://vault.azure.cn $port_cn
usgov gov-kv https://vault.usgovcloudapi.net $port_gov
END

# ---- proxies that refuse
https_proxy=http://127.0.0.1:$closed_port \
	fails 8 "a proxy that is not there" key --vault contoso-kv
says "hint: "
ok "a proxy without these hosts" start_proxy "$log"
https_proxy=http://$proxy fails 8 "  does not let through" key --vault contoso-kv
says "the proxy does not let through" "https_proxy"
ok "a proxy with a password" start_proxy "$log" --password 'ann:proxy~password' "${hosts[@]}"
https_proxy=http://$proxy fails 8 "  wants one" key --vault contoso-kv
says "it wants a user name"
https_proxy="http://ann:proxy~password@$proxy" \
	opens "  and takes it" "$contoso $login" --vault contoso-kv
never_says "  and does not print it" 'proxy~password'
done_testing
