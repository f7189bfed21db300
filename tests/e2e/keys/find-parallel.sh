#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a search asks for at the same time: all that is needed anyway, at most eight requests; in
# which order the answers come, what is not asked for, and how often somebody signs in. Under
# ThreadSanitizer too. The vault proves it: a gathering keeps its answers back until so many
# requests wait for one, which would be for ever if they came one after another.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need node openssl jq curl "$vault_get"

guid()
{
	printf '%08X-AAAA-BBBB-CCCC-000000000000' "$1"
}
for n in 1 2; do
	head -c 160 /dev/urandom >"$work/$n.BEK"
done

# ---- the vault: names of identifiers with an older version; a machine's drives and identifiers by
# tag, each with an older secret
old='"created": 1500000000'
new='"created": 1600000000'
wraps='"kek": "kek"'
letters=(C D E F G H I J K L M N)
secrets()
{
	local n file_name
	for n in {1..12}; do
		secret "$(guid "$n")" "$(ade 1.BEK "$wraps" "$old")" "$(ade 2.BEK "$wraps" "$new")"
	done
	export machine=VM02 volume
	for n in "${letters[@]}"; do
		volume="$n:\\\\"
		secret "vm-$n-old" "$(ade 1.BEK '' "$old")"
		secret "vm-$n" "$(ade 2.BEK "$wraps, \"vault\": \"kek-kv\"" "$new")"
	done
	machine=VM03 volume='C:\\'
	for n in 21 22 23; do
		file_name="\"fileName\": \"$(guid $n).BEK\""
		secret "tag-$n-old" "$(ade 1.BEK "$file_name" "$old")"
		secret "tag-$n" "$(ade 2.BEK "$file_name" "$new")"
	done
	secret plain '{"value": "eA"}'
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [
    {"name": "contoso-kv", $kek, "secrets": [$(with_commas secrets)]},
    {"name": "kek-kv", $kek}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
get=("$vault_get" "${vault_options[@]}" --retry-ms 1)

# ids FROM TO: options
ids()
{
	local n
	for ((n = $1; n <= $2; n++)); do
		printf -- '--id %s ' "$(guid "$n")"
	done
}
read -ra twelve <<<"$(ids 1 12)"
read -ra two <<<"$(ids 1 2)"
read -ra tagged <<<"$(ids 21 23)"

# during FAULT COMMAND...: with that fault; what the vault said of the fault is in $work/fault then
during()
{
	with_fault "$1" note_fault "${@:2}"
}
note_fault()
{
	local status
	"$@"
	status=$?
	control /fault >"$work/fault"
	return $status
}
# gathering N PATH [METHOD]: of requests with a token
gathering()
{
	fault "\"path\": \"$2\", \"method\": \"${3:-GET}\", \"auth\": \"present\"" \
		"\"type\": \"gather\", \"requests\": $1"
}
# most N NAME: at most so many requests were gathered
most()
{
	json_is "  $2" "$work/fault" '[.. | .most? // empty] | max' "$1"
}
# taken NAMES NAME: the secrets whose keys came, in this order
taken()
{
	local got
	got=$(sed -nE 's/^(bek|rejected|would try( besides)?) name=([^ ]*).*/\3/p' <<<"$out")
	is "$(paste -sd ' ' <<<"$got")" "$1" "  $2"
}
counted() # CONDITION COUNT NAME
{
	requests_are "  $3" "$1" "$2"
}
signs_in='.endpoint == "token"'
asks='.endpoint == "vault" and .auth'
is_challenged='.endpoint == "vault" and (.auth | not)'
order=$(sed 's/--id //g; s/ $//' <<<"$(ids 1 12)")
identifiers='"path": "^/secrets/0", "auth": "present"'

# ---- identifiers
ok "eight names at once" during "$(gathering 8 '^/secrets/0')" "${get[@]}" "${twelve[@]}"
says "found 12"
most 8 "which waited together"
taken "$order" "in the order of the identifiers"
counted "$signs_in" 1 "one sign-in"
counted "$is_challenged" 1 "one challenge"
counted "$asks" 24 "each got once, and unwrapped once"
ok "eight unwraps at once" during "$(gathering 8 unwrapkey POST)" "${get[@]}" "${twelve[@]}"
says "found 12"
ok "never more than eight" during \
	"$(fault "$with_token" '"type": "gather", "requests": 9, "ms": 700')" \
	"${get[@]}" "${twelve[@]}"
most 8 "waited at once, though nine would have been answered sooner"
ok "none of them fits: the older versions, in order" during "$(gathering 2 '^/secrets/0')" \
	"${get[@]}" "${two[@]}" --expect "$work/1.BEK"
taken "$(guid 1) $(guid 1) $(guid 2) $(guid 2)" "each after its own"
says "found 2"
ok "eight listings of versions at once, in a preview" during "$(gathering 8 versions)" \
	"${get[@]}" "${twelve[@]}" --preview
taken "$order" "in the order of the identifiers"
counted "$asks" 12 "and no other request"

# ---- by machine
newest=$(printf 'vm-%s ' "${letters[@]}")
older=$(printf 'vm-%s-old ' "${letters[@]}")
ok "eight keys of a machine at once, with their KEK in another vault" during \
	"$(gathering 8 '^/keys/kek/' POST)" "${get[@]}" --vm vm02
says "found 24"
taken "$newest${older% }" "the newest of each drive letter first"
counted "$is_challenged" 2 "one challenge for each vault"
counted "$signs_in" 1 "one sign-in for both"
ok "for an identifier: the newest of each letter at once, of the older ones nothing" \
	during "$(gathering 8 '^/secrets/vm-.([/?]|$)')" "${get[@]}" --vm vm02 --id "$(guid 99)"
journal_is "  before each of the newest had been tried" '
	[.requests[] | select(.auth and .method == "GET")] |
	(map(select(.url | test("^/secrets/vm-.[?]")) | .n) | max) <
	(map(select(.url | test("^/secrets/vm-.-old")) | .n) | min)' true
ok "by tags: the newest of each identifier at once" during "$(gathering 3 '^/secrets/tag')" \
	"${get[@]}" "${tagged[@]}"
taken "tag-21 tag-22 tag-23" "in order"
counted '.url | test("-old")' 0 "and no older one"
ok "an older one after the newer one has failed" during "$(gathering 3 '^/secrets/tag')" \
	"${get[@]}" "${tagged[@]}" --expect "$work/1.BEK"
taken "tag-21 tag-21-old tag-22 tag-22-old tag-23 tag-23-old" "in order"

# ---- what goes wrong
# five: no request alone uses up its tries with them, in whatever order they come
ok "throttled: those that are try again" during "$(fault "$identifiers" "$(refusal 429)" 5)" \
	"${get[@]}" "${twelve[@]}"
says "found 12"
taken "$order" "in the same order"
counted "$asks" 29 "five more requests"
is "$(grep -avE '^(adefuse: (debug|info|warning): |bek name=|found |maxrss )' <<<"$out")" "" \
	"  no line of the log is torn"
fails 6 "one of them is refused: an error if nothing else was found" during \
	"$(fault "$identifiers" "$(refusal 403 Forbidden ForbiddenByFirewall)")" \
	"${get[@]}" "${twelve[@]}"
says "its firewall does not allow"
fails 5 "sign-in fails: reported once" during \
	"$(fault '"endpoint": "token"' "$(refusal 401)")" "${get[@]}" "${twelve[@]}"
counted "$signs_in" 1 "one attempt"
counted "$asks" 0 "nothing asked of the vault"
fails 5 "a refused token: reported, and not tried with another" during \
	"$(fault "$with_token" "$(refusal 401 Unauthorized '' 'AKV10022: no')")" \
	"${get[@]}" "${twelve[@]}"
counted "$signs_in" 1 "one sign-in"

# misunderstood COMMAND...: the first identifier's answer is no JSON, besides other faults
misunderstood()
{
	change /fault "$(fault '"path": "^/secrets/00000001-", "auth": "present"' \
		'"type": "json", "kind": "not-json"')"
	"$@"
}
before=$(date +%s%N)
fails 8 "an error ends a search at once: requests without an answer, too" during \
	"$(fault '"path": "^/secrets/000000(0[2-9A-F])", "auth": "present"' '"type": "hang"')" \
	misunderstood "${get[@]}" "${twelve[@]}"
took=$((($(date +%s%N) - before) / 1000000))
says "is not understood"
ok "  within seconds ($took ms), far from the 30 s of an attempt" test "$took" -lt 15000

mkfifo "$work/go"
"${get[@]}" "${twelve[@]}" --twice <"$work/go" >"$work/twice" 2>&1 &
pid=$!
exec 9>"$work/go"
wait_until 60 grep -q once "$work/twice"
change /tokens '{"expireAll": true}'
forget requests
change /fault "$(gathering 8 '^/secrets/0')"
echo go >&9
exec 9>&-
ok "a token refused to eight at once" wait $pid
counted "$signs_in" 1 "is renewed once"
is "$(grep -c '^bek ' "$work/twice")" 24 "  and all twelve come again"
done_testing
