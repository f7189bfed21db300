#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tokens that end in the middle of a session: they are renewed before they end, and once more when a vault takes one no longer than
# it said; a device code is asked for once, and its refresh token gets the rest. A vault that never takes any ends the search.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl timeout "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out" "$work/bin"
tenant=11111111-2222-3333-4444-555555555555
client=aaaaaaaa-0000-0000-0000-000000000001
secret='very~secret.value1'
# The key is found by its tag alone, on the last of 12 pages; tokens live for two seconds.
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}], "tokenLifetime": 2,
  "clients": [{"id": "$client", "secret": "$secret", "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "vaults": [{"name": "contoso-kv", "pageSize": 3, "fill": {"count": 33, "kind": "mixed"}, "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "zz-by-tag", "versions": [{"ade": {"file": "$bek_guid.BEK", "machine": "VM01", "volume": "C:\\\\", "kek": "kek"}}]}]}]
}
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
unset AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
principal="AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$client"
cat >"$work/bin/az" <<END
#!/bin/sh
echo x >>$work/az-runs
token=\$(curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials -d "client_secret=$secret" \\
	--data-urlencode scope=https://vault.azure.net/.default "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token)
printf '{"accessToken":"%s","expires_on":%s}' "\$token" "\$((\$(date +%s) + 2))"
END
chmod +x "$work/bin/az"
declare -A with=(
	[secret]="$principal AZURE_CLIENT_SECRET=$secret" [certificate]="$principal AZURE_CLIENT_CERTIFICATE_PATH=$VAULT_CERT_app"
	[workload]="$principal AZURE_FEDERATED_TOKEN_FILE=$VAULT_FEDERATED_pod" [imds]="AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS"
	[appservice]="IDENTITY_ENDPOINT=$VAULT_APPSERVICE_ENDPOINT IDENTITY_HEADER=$VAULT_APPSERVICE_HEADER" [cli]="PATH=$work/bin:$PATH" [device]="X=x"
)
declare -A as=([secret]=env [certificate]=env [workload]=workload [imds]=managed [appservice]=managed [cli]=cli [device]=device)
clear() { curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/$1" >/dev/null; }
seen() { control /requests | jq "[.requests[] | select($1)] | length"; }
fault() { control /fault "$1" >/dev/null; }
key()
{
	local variables
	read -ra variables <<<"${with[$1]}"
	rm -f "$work/out/$bek_guid.BEK"
	timeout 120 env "${variables[@]}" "${adefuse_command[@]}" key -vv "${vault_options[@]}" --credential "${as[$1]}" --timeout 20 --out "$work/out" \
		"${@:2}" "$disk" </dev/null
}
opens()
{
	clear requests
	: >"$work/az-runs"
	ok "$1" key "${@:2}"
	clear fault
	is "$(sha_of "$work/out/$bek_guid.BEK" 2>&1)" "$(sha_of "$work/$bek_guid.BEK")" "  and has the key"
}
more() { [ "$2" -gt "$3" ]; result $? "  $1: $2, more than $3"; }
tokens() { seen '(.endpoint | IN("token", "imds", "appservice")) and .status == 200 and (.url | test("devicecode") | not)'; }
challenged='.endpoint == "vault" and .status == 401'
listing='{"endpoint":"vault","auth":"present","path":"/secrets\\?"}'

for way in secret certificate workload imds appservice cli device; do
	# ---- a listing that takes longer than a token lives: 12 pages, each of which takes 400 ms
	fault "{\"match\":$listing,\"action\":{\"type\":\"delay\",\"ms\":400}}"
	opens "$way: a listing that outlives its tokens" $way
	more "tokens were got" "$(tokens)" 2
	is "$(seen "$challenged")" 1 "  in time: the only refusal is the challenge"
	row "$way" "custom authority" "renewed before it ends"
	[ $way != cli ] || more "az was run" "$(wc -l <"$work/az-runs")" 2

	# ---- the same token is refused all at once, amid the listing
	fault "{\"match\":$listing,\"nth\":5,\"action\":{\"type\":\"error\",\"status\":401,\"code\":\"Unauthorized\",\"headers\":{\"WWW-Authenticate\":\"Bearer\"}}}"
	opens "$way: a token that is taken no more, amid the listing" $way
	says "is not accepted any more; getting a new one"
	is "$(seen '.fault')" 1 "  which did happen"
	row "$way" "custom authority" "401 amid a listing: got anew"

	# ---- the vault takes nothing from then on: it ends, and soon
	fault "{\"match\":{\"endpoint\":\"vault\",\"auth\":\"present\",\"path\":\"/secrets\\\\?.*skiptoken\"},\"action\":{\"type\":\"error\",\"status\":401,\"code\":\"Unauthorized\"}}"
	clear requests
	fails 5 "$way: none is taken from the second page on" key $way
	clear fault
	says "does not accept the token" "hint: "
	is "$(seen '.fault')" 2 "  after one more try"
done

# ---- the refresh token of a device code
fault "{\"match\":$listing,\"action\":{\"type\":\"delay\",\"ms\":400}}"
opens "device code: one code for all of it" device
is "$(seen '.url | test("devicecode")')" 1 "  one was asked for"
is "$(grep -c 'enter the code' <<<"$out")" 1 "  and shown"
more "the refresh token was used" "$(seen '.grant == "refresh_token"')" 1
is "$(seen '.grant == "refresh_token" and .status != 200')" 0 "  and taken each time"
# revoked by an administrator: the third answer of the token endpoint is the first renewal's
fault '{"match":{"endpoint":"token","path":"/token$"},"nth":2,"action":{"type":"error","status":400,"body":"{\"error\":\"invalid_grant\",\"error_codes\":[50173]}"}}'
fault "{\"match\":$listing,\"nth\":5,\"action\":{\"type\":\"error\",\"status\":401,\"code\":\"Unauthorized\"}}"
opens "a refresh token that is revoked" device
is "$(seen '.url | test("devicecode")')" 2 "  a second code is asked for"
is "$(grep -c 'enter the code' <<<"$out")" 2 "  and shown"

# ---- a ready token cannot be renewed: it is tried once more, and that is said
curl -sS --fail --cacert "$VAULT_CA_FILE" -d client_id=$client -d grant_type=client_credentials -d "client_secret=$secret" \
	--data-urlencode scope=https://vault.azure.net/.default "$VAULT_AUTHORITY/$tenant/oauth2/v2.0/token" | jq -r .access_token >"$work/token"
as[token]="token:file:$work/token" with[token]="X=x"
fault "{\"match\":$listing,\"action\":{\"type\":\"delay\",\"ms\":400}}"
fails 5 "a ready token that ends amid the listing" key token
clear fault
says "refuses the given token" "hint: "
row token "custom authority" "ends amid a listing: exit 5"
done_testing
