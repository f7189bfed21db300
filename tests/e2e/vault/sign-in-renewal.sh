#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tokens that end in the middle of a session: they are renewed before they end, and once more when
# a vault refuses one earlier than it said; a device code is asked for once, and its refresh token
# gets the rest. A vault that refuses all of them ends the search.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl timeout "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
secret='very~secret.value1'
# The key is found by its tag alone, on the last of 12 pages; tokens live for two seconds.
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}], "tokenLifetime": 2,
  "clients": [{"id": "$client", "secret": "$secret",
    "certificates": [{"make": "app"}], "federated": [{"make": "pod"}]}],
  "identities": [{"name": "vm", "kind": "system"}],
  "managed": {"imds": {}, "appService": {}},
  "device": {"interval": 1, "answer": "approve"},
  "vaults": [
    {"name": "contoso-kv", "pageSize": 3, "fill": {"count": 33, "kind": "mixed"}, $kek,
     "secrets": [$(secret zz-by-tag "$(ade "$bek_guid.BEK" '"kek": "kek"')")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
sign_out
fake_az 'echo x >>"$work/az-runs"
echo "{\"accessToken\": \"$(get_token)\", \"expires_on\": $(($(date +%s) + 2))}"'
ways_to_sign_in

# key WAY [OPTION...]
key()
{
	local variables
	read -ra variables <<<"${with[$1]}"
	rm -f "$work/out/$bek_guid.BEK"
	timeout 120 env "${variables[@]}" "${adefuse_command[@]}" key -vv "${vault_options[@]}" \
		--credential "${as[$1]}" --timeout 20 --out "$work/out" "${@:2}" "$disk" </dev/null
}
# opens NAME WAY [OPTION...]
opens()
{
	forget requests
	: >"$work/az-runs"
	ok "$1" key "${@:2}"
	forget fault
	key_is_right "  and has the key"
}
more() # NAME COUNT LEAST
{
	holds "  $1: $2, more than $3" [ "$2" -gt "$3" ]
}
tokens()
{
	requests '(.endpoint | IN("token", "imds", "appservice")) and .status == 200 and
		(.url | test("devicecode") | not)'
}
challenged='.endpoint == "vault" and .status == 401'
code_requests='.url | test("devicecode")'
# 12 pages, each of which takes 400 ms
slow_listing()
{
	change /fault "$(fault "$listing" '"type": "delay", "ms": 400')"
}
# the fifth page refuses the token
fifth_page_refuses() # [MORE]
{
	change /fault "{\"match\": {$listing}, \"nth\": 5,
		\"action\": {$(refusal 401 Unauthorized)${1-}}}"
}
later_pages="$with_token"', "path": "/secrets\\?.*skiptoken"'

for way in secret certificate workload imds appservice cli device; do
	# ---- a listing that takes longer than a token lives
	slow_listing
	opens "$way: a listing that outlives its tokens" $way
	more "tokens were got" "$(tokens)" 2
	requests_are "  in time: the only refusal is the challenge" "$challenged" 1
	row "$way" "custom authority" "renewed before it ends"
	[ $way != cli ] || more "az was run" "$(wc -l <"$work/az-runs")" 2

	# ---- the same token is refused all at once, amid the listing
	fifth_page_refuses ', "headers": {"WWW-Authenticate": "Bearer"}'
	opens "$way: a token that is refused from now on, amid the listing" $way
	says "is not accepted any more; getting a new one"
	requests_are "  which did happen" .fault 1
	row "$way" "custom authority" "401 amid a listing: got anew"

	# ---- the vault takes nothing from then on: it ends, and soon
	change /fault "$(fault "$later_pages" "$(refusal 401 Unauthorized)")"
	forget requests
	fails 5 "$way: every token is refused from the second page on" key $way
	forget fault
	says "does not accept the token" "hint: "
	requests_are "  after one more try" .fault 2
done

# ---- the refresh token of a device code
slow_listing
opens "device code: one code for all of it" device
requests_are "  one was asked for" "$code_requests" 1
is "$(grep -c 'enter the code' <<<"$out")" 1 "  and shown"
more "the refresh token was used" "$(requests '.grant == "refresh_token"')" 1
requests_are "  and taken each time" '.grant == "refresh_token" and .status != 200' 0
# revoked by an administrator: the third answer of the token endpoint is the first renewal's
revoked='{\"error\": \"invalid_grant\", \"error_codes\": [50173]}'
change /fault "{\"match\": {\"endpoint\": \"token\", \"path\": \"/token\$\"}, \"nth\": 2,
	\"action\": {$(refusal 400), \"body\": \"$revoked\"}}"
fifth_page_refuses
opens "a refresh token that is revoked" device
requests_are "  a second code is asked for" "$code_requests" 2
is "$(grep -c 'enter the code' <<<"$out")" 2 "  and shown"

# ---- a ready token cannot be renewed: it is tried once more, and that is said
get_token >"$work/token"
slow_listing
fails 5 "a ready token that ends amid the listing" key token
forget fault
says "refuses the given token" "hint: "
row token "custom authority" "ends amid a listing: exit 5"
done_testing
