#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What goes wrong on the way to the vault: throttling, trouble on its side, cut connections, wrong
# answers, TLS. Passing trouble is survived, lasting trouble ends in time with an error that
# names it, and nothing hangs.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl closed_port "$vault_get"

id=00000001-AAAA-BBBB-CCCC-000000000000
head -c 156 /dev/urandom >"$work/a.BEK"
file_name="\"fileName\": \"$id.BEK\""
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [
    {"name": "contoso-kv", "fill": {"count": 60, "kind": "mixed"}, $kek, "secrets": [
      $(secret found-by-listing "$(ade a.BEK "$file_name, \"kek\": \"kek\"")")]},
    {"name": "untrusted", "tls": "untrusted"},
    {"name": "wrong-host", "tls": "wrong-host"},
    {"name": "expired", "tls": "expired"},
    {"name": "many", "fill": {"count": 10000, "kind": "mixed"}, "secrets": [
      $(secret found-by-listing "$(ade a.BEK "$file_name")")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
search=("$vault_get" "${vault_options[@]}" --id "$id")
fast=("${search[@]}" --retry-ms 20)

# bounded FAULT COMMAND...: a hang is a failure
bounded()
{
	with_fault "$1" timeout 60 "${@:2}"
}
hits() # COUNT NAME
{
	requests_are "  $2" .fault "$1"
}
at_token='"endpoint": "token"'
at_listing=$listing
# shellcheck disable=SC2034 # used by its name, as the others
at_challenge='"endpoint": "vault", "auth": "absent"'
at_unwrap="$with_token, \"path\": \"/keys/\""

# ---- trouble that passes
actions=(
	'"type": "error", "status": 429'
	'"type": "error", "status": 429, "retryAfter": 0'
	'"type": "error", "status": 503'
	'"type": "error", "status": 500'
	'"type": "error", "status": 408'
	'"type": "cut", "at": "connect"'
	'"type": "cut", "at": "connect", "reset": true'
	'"type": "cut", "at": "headers"'
	'"type": "cut", "at": "body"'
)
for where in token listing challenge unwrap; do
	match=at_$where
	for action in "${actions[@]}"; do
		ok "$where: survives two of ${action#*: }" \
			bounded "$(fault "${!match}" "$action" 2)" "${fast[@]}"
		hits 2 "which did happen"
	done
done
start=$(date +%s%N)
ok "Retry-After is waited for" \
	bounded "$(fault "$at_listing" "$(refusal 429), \"retryAfter\": 2" 1)" "${fast[@]}"
holds "  two seconds" [ $(($(date +%s%N) - start)) -ge 2000000000 ]
ok "a slow answer is awaited" \
	bounded "$(fault "$at_listing" '"type": "delay", "ms": 1500' 1)" "${fast[@]}"

# ---- trouble that stays
patience=(--timeout 20 --retry-ms 20)
# lasting NAME MATCH ACTION TEXT...
lasting()
{
	fails 8 "$1" bounded "$(fault "$2" "$3")" "${search[@]}" "${patience[@]}"
	says "adefuse: error: " "${@:4}"
}
lasting "429 to the end" "$at_listing" "$(refusal 429 Throttled)" "throttled (HTTP 429)" "hint: "
hits 6 "asked again five times"
lasting "429 that asks to wait too long" "$at_listing" "$(refusal 429), \"retryAfter\": 600" \
	"asks to wait 600 s" "--timeout"
hits 1 "is not asked again"
lasting "503 to the end" "$at_listing" "$(refusal 503), \"html\": true" \
	"trouble on its side (HTTP 503)"
lasting "503 from the sign-in service" "$at_token" "$(refusal 503)" "sign-in service has trouble"
lasting "cut again and again" "$at_listing" '"type": "cut", "at": "body"' \
	"cut the connection" "after 6 attempts" "hint: "
lasting "sign-in cut again and again" "$at_token" '"type": "cut", "at": "connect"' \
	"sign-in" "cut the connection"
patience=(--timeout 1)
late="did not answer in time"
lasting "never a byte" "$at_listing" '"type": "hang", "at": "request"' "$late" "--timeout"
lasting "half a body, then nothing" "$at_listing" '"type": "hang", "at": "body"' "$late"
lasting "a byte now and then" "$at_listing" '"type": "drip", "bytes": 1, "intervalMs": 300' "$late"
lasting "a sign-in service that says nothing" "$at_token" '"type": "hang", "at": "request"' \
	"sign-in" "$late"
patience=(--timeout 20 --retry-ms 20)

# ---- wrong answers
for kind in truncated wrong-types deep duplicate-keys empty null array not-json nul-bytes; do
	action="\"type\": \"json\", \"kind\": \"$kind\""
	lasting "listing: $kind" "$at_listing" "$action" "not understood"
	lasting "unwrap: $kind" "$at_unwrap" "$action" "not understood"
	lasting "sign-in: $kind" "$at_token" "$action" "not understood"
	fails 8 "secret: $kind" bounded "$(fault '"auth": "present"' "$action")" \
		"$vault_get" "${vault_options[@]}" --secret found-by-listing
	says "not understood"
done
for framing in chunked content-length; do
	lasting "endless body, $framing" "$at_listing" \
		"\"type\": \"endless-body\", \"framing\": \"$framing\"" "more than 1048576 bytes"
	[[ $out =~ maxrss\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -lt 400000 ]
	result $? "  in little memory"
	hits 1 "and is not asked again"
done
lasting "endless headers" "$at_listing" '"type": "endless-headers"' "127.0.0.1"
lasting "a redirect" "$at_listing" \
	'"type": "redirect", "status": 302, "location": "https://127.0.0.1:'$closed_port'/"' \
	"redirects (HTTP 302)"
lasting "no HTTP at all" "$at_listing" '"type": "raw", "text": "SSH-2.0-OpenSSH_9.2\r\n"' \
	"not understood"
lasting "pages that go round in circles" "$at_listing" '"type": "nextlink", "to": "self"' "circles"
lasting "a link of the wrong type" "$at_listing" '"type": "replace", "set": {"nextLink": 7}' \
	"next page"
wrong='"value.0.id": 5, "value.1.attributes": "x", "value.2.tags": 7'
wrong="\"type\": \"replace\", \"set\": {$wrong}"
ok "single entries of wrong types are skipped" \
	bounded "$(fault "$at_listing" "$wrong" 1)" "${search[@]}"

# ---- the way there
host=(--trust-vault-host 127.0.0.1 --secret found-by-listing --timeout 5)
trusted=("${host[@]}" --ca-file "$VAULT_CA_FILE")
fails 8 "an unknown authority" "$vault_get" --vault "$VAULT_URL_untrusted" "${trusted[@]}"
says "not trusted" "--ca-file"
fails 8 "the throw-away authority without --ca-file" "$vault_get" --vault "$VAULT_URL" "${host[@]}"
says "not trusted" "--ca-file"
fails 8 "a certificate for another host" \
	"$vault_get" --vault "$VAULT_URL_wrong_host" "${trusted[@]}"
says "not trusted"
fails 8 "an expired certificate" "$vault_get" --vault "$VAULT_URL_expired" "${trusted[@]}"
says "expired"
ok "SSL_CERT_FILE in place of the system's bundle" \
	env SSL_CERT_FILE="$VAULT_CA_FILE" "$vault_get" --vault "$VAULT_URL" "${host[@]}"
closed=https://127.0.0.1:$closed_port
fails 8 "nobody listens" "$vault_get" --vault "$closed" "${host[@]}"
says "cannot connect" "port $closed_port" "refused" "hint: "
AZURE_AUTHORITY_HOST=$closed fails 8 "nobody listens where tokens come from" \
	"$vault_get" "${vault_options[@]}" --secret "$id"
says "sign-in" "cannot connect"
run_here "$vault_get" --vault no-such-vault-0-adefuse --secret "$id" --timeout 5
status=$?
# 7 where the name service says that there is no such name, 8 where there is no name service
[ $status = 7 ] || [ $status = 8 ]
result $? "an unknown host ends with 7 or 8"
says "no-such-vault-0-adefuse.vault.azure.net" "hint: "
fails 8 "a proxy that is not there" env https_proxy="http://127.0.0.1:$closed_port" no_proxy= \
	"$vault_get" --vault "$VAULT_URL" "${trusted[@]}"

# ---- large
start=$(date +%s%N)
ok "one among 10,000 secrets" \
	"$vault_get" --vault "$VAULT_URL_many" "${trust_vault[@]}" --id "$id"
echo "# $((($(date +%s%N) - start) / 1000000)) ms, 401 pages"
says "found 1" "lists 10001 secrets"
done_testing
