#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What goes wrong between here and the vault: throttling, trouble on its side, cut connections, answers that are none, TLS.
# Passing trouble is survived, lasting trouble ends in time and is told by name, and nothing hangs.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "s3cret~1"}],
  "vaults": [
   {"name": "contoso-kv", "fill": {"count": 60, "kind": "mixed"},
    "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
    "secrets": [{"name": "found-by-listing", "versions": [{"ade": {"file": "a.BEK", "fileName": "$id.BEK",
      "machine": "VM01", "volume": "C:\\\\", "kek": "kek"}}]}]},
   {"name": "untrusted", "tls": "untrusted"}, {"name": "wrong-host", "tls": "wrong-host"}, {"name": "expired", "tls": "expired"},
   {"name": "many", "fill": {"count": 10000, "kind": "mixed"},
    "secrets": [{"name": "found-by-listing", "versions": [{"ade": {"file": "a.BEK", "fileName": "$id.BEK",
      "machine": "VM01", "volume": "C:\\\\"}}]}]}
  ] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
search=("$get" "${vault_options[@]}" --id "$id")
fast=(--retry-ms 20)

with_fault()
{
	local status
	control /fault "$1" >/dev/null
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null
	shift
	timeout 60 "$@"
	status=$?
	control /requests >"$work/requests"
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null
	return $status
}
on() { printf '{"match":%s,"count":%s,"action":%s}' "$1" "$2" "$3"; }
token='{"endpoint":"token"}'
listing='{"endpoint":"vault","auth":"present","path":"/secrets\\?"}'
# shellcheck disable=SC2034 # used by its name, as the others
challenge='{"endpoint":"vault","auth":"absent"}'
unwrap='{"endpoint":"vault","auth":"present","path":"/keys/"}'
hits() { jq '[.requests[] | select(.fault)] | length' "$work/requests"; }

# ---- trouble that passes
for where in token listing challenge unwrap; do
	for action in '"error","status":429' '"error","status":429,"retryAfter":0' '"error","status":503' '"error","status":500' \
		'"error","status":408' '"cut","at":"connect"' '"cut","at":"connect","reset":true' '"cut","at":"headers"' '"cut","at":"body"'; do
		ok "$where: survives two of $action" with_fault "$(on "${!where}" 2 "{\"type\":$action}")" "${search[@]}" "${fast[@]}"
		is "$(hits)" 2 "  which did happen"
	done
done
start=$(date +%s%N)
ok "Retry-After is waited for" with_fault "$(on "$listing" 1 '{"type":"error","status":429,"retryAfter":2}')" "${search[@]}" "${fast[@]}"
[ $(($(date +%s%N) - start)) -ge 2000000000 ]
result $? "  two seconds"
ok "a slow answer is awaited" with_fault "$(on "$listing" 1 '{"type":"delay","ms":1500}')" "${search[@]}" "${fast[@]}"

# ---- trouble that stays
patience=(--timeout 20 --retry-ms 20)
lasting()
{
	local name=$1 where=$2 action=$3
	shift 3
	fails 8 "$name" with_fault "{\"match\":$where,\"action\":$action}" "${search[@]}" "${patience[@]}"
	says "adefuse: error: " "$@"
}
lasting "429 to the end" "$listing" '{"type":"error","status":429,"code":"Throttled"}' "throttled (HTTP 429)" "hint: "
is "$(hits)" 6 "  asked again five times"
lasting "429 that asks to wait too long" "$listing" '{"type":"error","status":429,"retryAfter":600}' "asks to wait 600 s" "--timeout"
is "$(hits)" 1 "  is not asked again"
lasting "503 to the end" "$listing" '{"type":"error","status":503,"html":true}' "trouble on its side (HTTP 503)"
lasting "503 from the sign-in service" "$token" '{"type":"error","status":503}' "sign-in service has trouble"
lasting "cut again and again" "$listing" '{"type":"cut","at":"body"}' "cut the connection" "after 6 attempts" "hint: "
lasting "sign-in cut again and again" "$token" '{"type":"cut","at":"connect"}' "sign-in" "cut the connection"
patience=(--timeout 1)
lasting "never a byte" "$listing" '{"type":"hang","at":"request"}' "did not answer in time" "--timeout"
lasting "half a body, then nothing" "$listing" '{"type":"hang","at":"body"}' "did not answer in time"
lasting "a byte now and then" "$listing" '{"type":"drip","bytes":1,"intervalMs":300}' "did not answer in time"
lasting "a sign-in service that says nothing" "$token" '{"type":"hang","at":"request"}' "sign-in" "did not answer in time"
patience=(--timeout 20 --retry-ms 20)

# ---- answers that are none
for kind in truncated wrong-types deep duplicate-keys empty null array not-json nul-bytes; do
	lasting "listing: $kind" "$listing" "{\"type\":\"json\",\"kind\":\"$kind\"}" "not understood"
	lasting "unwrap: $kind" "$unwrap" "{\"type\":\"json\",\"kind\":\"$kind\"}" "not understood"
	lasting "sign-in: $kind" "$token" "{\"type\":\"json\",\"kind\":\"$kind\"}" "not understood"
	fails 8 "secret: $kind" with_fault "{\"match\":{\"auth\":\"present\"},\"action\":{\"type\":\"json\",\"kind\":\"$kind\"}}" \
		"$get" "${vault_options[@]}" --secret found-by-listing
	says "not understood"
done
for framing in chunked content-length; do
	lasting "endless body, $framing" "$listing" "{\"type\":\"endless-body\",\"framing\":\"$framing\"}" "more than 1048576 bytes"
	[[ $out =~ maxrss\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -lt 400000 ]
	result $? "  in little memory"
	is "$(hits)" 1 "  and is not asked again"
done
lasting "endless headers" "$listing" '{"type":"endless-headers"}' "127.0.0.1"
lasting "a redirect" "$listing" '{"type":"redirect","status":302,"location":"https://127.0.0.1:1/"}' "redirects (HTTP 302)"
lasting "no HTTP at all" "$listing" '{"type":"raw","text":"SSH-2.0-OpenSSH_9.2\r\n"}' "not understood"
lasting "pages that go round in circles" "$listing" '{"type":"nextlink","to":"self"}' "circles"
lasting "a link of the wrong type" "$listing" '{"type":"replace","set":{"nextLink":7}}' "next page"
ok "single entries of wrong types are passed over" with_fault \
	"{\"match\":$listing,\"count\":1,\"action\":{\"type\":\"replace\",\"set\":{\"value.0.id\":5,\"value.1.attributes\":\"x\",\"value.2.tags\":7}}}" "${search[@]}"

# ---- the way there
trusted=(--trust-vault-host 127.0.0.1 --secret found-by-listing --timeout 5)
fails 8 "an authority nobody knows" "$get" --vault "$VAULT_URL_untrusted" --ca-file "$VAULT_CA_FILE" "${trusted[@]}"
says "not trusted" "--ca-file"
fails 8 "the throw-away authority without --ca-file" "$get" --vault "$VAULT_URL" "${trusted[@]}"
says "not trusted" "--ca-file"
fails 8 "a certificate for another host" "$get" --vault "$VAULT_URL_wrong_host" --ca-file "$VAULT_CA_FILE" "${trusted[@]}"
says "not trusted"
fails 8 "an expired certificate" "$get" --vault "$VAULT_URL_expired" --ca-file "$VAULT_CA_FILE" "${trusted[@]}"
says "expired"
ok "SSL_CERT_FILE in place of the system's bundle" env SSL_CERT_FILE="$VAULT_CA_FILE" "$get" --vault "$VAULT_URL" "${trusted[@]}"
fails 8 "nobody listens" "$get" --vault https://127.0.0.1:1 "${trusted[@]}"
says "cannot connect" "port 1" "refused" "hint: "
AZURE_AUTHORITY_HOST=https://127.0.0.1:1 fails 8 "nobody listens where tokens come from" "$get" "${vault_options[@]}" --secret "$id"
says "sign-in" "cannot connect"
run_here "$get" --vault no-such-vault-0-adefuse --secret "$id" --timeout 5
status=$?
# 7 where the name service says that there is no such name, 8 where there is no name service
[ $status = 7 ] || [ $status = 8 ]
result $? "an unknown host ends with 7 or 8"
says "no-such-vault-0-adefuse.vault.azure.net" "hint: "
fails 8 "a proxy that is not there" env https_proxy=http://127.0.0.1:1 no_proxy= "$get" --vault "$VAULT_URL" --ca-file "$VAULT_CA_FILE" "${trusted[@]}"

# ---- large
start=$(date +%s%N)
ok "one among 10,000 secrets" "$get" --vault "$VAULT_URL_many" "${vault_options[@]:2}" --id "$id"
echo "# $((($(date +%s%N) - start) / 1000000)) ms, 401 pages"
says "found 1" "lists 10001 secrets"
done_testing
