#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a search asks for at the same time: all that is needed anyway, eight requests at most; in which order it comes, what
# is not asked for, and how often somebody signs in. Under ThreadSanitizer too. The vault proves what it says: a gathering
# keeps its answers back until so many requests wait for one, which would be for ever if they came one after another.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
get=$abs_top_builddir/tests/tools/vault-get
need node openssl jq curl "$get"

client=aaaaaaaa-0000-0000-0000-000000000001
guid() { printf '%08X-AAAA-BBBB-CCCC-000000000000' "$1"; }
for n in 1 2; do head -c 160 /dev/urandom >"$work/$n.BEK"; done
ade() { printf '{"ade": {"file": "%s.BEK", "machine": "%s", "volume": "%s:\\\\"%s}%s}' "$1" "$2" "$3" "${4:-}" "${5:-}"; }
secrets()
{
	local n letter
	for n in $(seq 12); do
		printf '{"name": "%s", "versions": [%s, %s]},' "$(guid "$n")" "$(ade 1 VM01 C ', "kek": "kek"' ', "created": 1500000000')" \
			"$(ade 2 VM01 C ', "kek": "kek"' ', "created": 1600000000')"
	done
	for letter in C D E F G H I J K L M N; do
		printf '{"name": "vm-%s-old", "versions": [%s]},' "$letter" "$(ade 1 VM02 "$letter" '' ', "created": 1500000000')"
		printf '{"name": "vm-%s", "versions": [%s]},' "$letter" "$(ade 2 VM02 "$letter" ', "kek": "kek", "vault": "kek-kv"' ', "created": 1600000000')"
	done
	for n in 21 22 23; do
		printf '{"name": "tag-%s-old", "versions": [%s]},' "$n" "$(ade 1 VM03 C ", \"fileName\": \"$(guid $n).BEK\"" ', "created": 1500000000')"
		printf '{"name": "tag-%s", "versions": [%s]},' "$n" "$(ade 2 VM03 C ", \"fileName\": \"$(guid $n).BEK\"" ', "created": 1600000000')"
	done
	printf '{"name": "plain", "versions": [{"value": "eA"}]}'
}
cat >"$work/config.json" <<END2
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [
   {"name": "contoso-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}], "secrets": [$(secrets)]},
   {"name": "kek-kv", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}]}
  ] }
END2
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
common=("${vault_options[@]}" --retry-ms 1)
all() { local n; for n in $(seq "$@"); do printf -- '--id %s ' "$(guid "$n")"; done; }
read -ra twelve <<<"$(all 12)"
read -ra two <<<"$(all 2)"
read -ra tagged <<<"$(all 21 23)"

# during FAULT COMMAND...: run it; the vault's journal of it alone is in $work/requests, the fault in $work/fault
during()
{
	local fault=$1 status
	shift
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null
	control /fault "$fault" >/dev/null
	"$@"
	status=$?
	control /requests >"$work/requests"
	control /fault >"$work/fault"
	curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/fault" >/dev/null
	return $status
}
counted() { is "$(jq "[.requests[] | select($1)] | length" "$work/requests")" "$2" "  $3"; }
most() { is "$(jq '[.. | .most? // empty] | max' "$work/fault")" "$1" "  $2"; }
taken() { is "$(sed -n 's/^\(bek\|rejected\|would try\( besides\)\?\) name=\([^ ]*\).*/\3/p' <<<"$out" | paste -sd ' ')" "$1" "  $2"; }
order=$(for n in $(seq 12); do guid "$n"; echo; done | paste -sd ' ')
# gathering N PATH [METHOD]: of requests with a token
gathering() { printf '{"match":{"path":"%s","method":"%s","auth":"present"},"action":{"type":"gather","requests":%s}}' "$2" "${3:-GET}" "$1"; }
lasting() { printf '{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"gather","requests":9,"ms":700}}'; }

# ---- identifiers
ok "eight names at once" during "$(gathering 8 '^/secrets/0')" "$get" "${common[@]}" "${twelve[@]}"
says "found 12"
most 8 "which waited together"
taken "$order" "in the order of the identifiers"
counted '.endpoint == "token"' 1 "one sign-in"
counted '.endpoint == "vault" and (.auth | not)' 1 "one challenge"
counted '.endpoint == "vault" and .auth' 24 "each got once, and unwrapped once"
ok "eight unwraps at once" during "$(gathering 8 unwrapkey POST)" "$get" "${common[@]}" "${twelve[@]}"
says "found 12"
ok "never more than eight" during "$(lasting)" "$get" "${common[@]}" "${twelve[@]}"
most 8 "waited at once, though nine would have been answered sooner"
ok "none of them fits: the older versions, in order" during "$(gathering 2 '^/secrets/0')" "$get" "${common[@]}" "${two[@]}" --expect "$work/1.BEK"
taken "$(guid 1) $(guid 1) $(guid 2) $(guid 2)" "each after its own"
says "found 2"
ok "eight listings of versions at once, in a preview" during "$(gathering 8 versions)" "$get" "${common[@]}" "${twelve[@]}" --preview
taken "$order" "in the order of the identifiers"
counted '.endpoint == "vault" and .auth' 12 "and no other request"

# ---- by machine
newest=$(printf 'vm-%s ' C D E F G H I J K L M N)
ok "eight of a machine's at once, with their KEK in another vault" during "$(gathering 8 '^/keys/kek/' POST)" "$get" "${common[@]}" --vm vm02
says "found 24"
taken "$newest$(printf 'vm-%s-old ' C D E F G H I J K L M N | sed 's/ $//')" "the newest of each drive letter first"
counted '.endpoint == "vault" and (.auth | not)' 2 "one challenge for each vault"
counted '.endpoint == "token"' 1 "one sign-in for both"
ok "for an identifier: the newest of each letter at once, of the older ones nothing" \
	during "$(gathering 8 '^/secrets/vm-.([/?]|$)')" "$get" "${common[@]}" --vm vm02 --id "$(guid 99)"
is "$(jq '[.requests[] | select(.auth and .method == "GET")]
	| (map(select(.url | test("^/secrets/vm-.[?]")) | .n) | max) < (map(select(.url | test("^/secrets/vm-.-old")) | .n) | min)' \
	"$work/requests")" true "  before each of the newest had been tried"
ok "by tags: the newest of each identifier at once" during "$(gathering 3 '^/secrets/tag')" "$get" "${common[@]}" "${tagged[@]}"
taken "tag-21 tag-22 tag-23" "in order"
counted '.url | test("-old")' 0 "and no older one"
ok "an older one after the newer one has failed" during "$(gathering 3 '^/secrets/tag')" "$get" "${common[@]}" "${tagged[@]}" --expect "$work/1.BEK"
taken "tag-21 tag-21-old tag-22 tag-22-old tag-23 tag-23-old" "in order"

# ---- what goes wrong
# five: no request alone uses up its tries with them, in whatever order they come
ok "throttled: those that are try again" during '{"match":{"path":"^/secrets/0","auth":"present"},"count":5,"action":{"type":"error","status":429}}' \
	"$get" "${common[@]}" "${twelve[@]}"
says "found 12"
taken "$order" "in the same order"
counted '.endpoint == "vault" and .auth' 29 "five more requests"
is "$(grep -avE '^(adefuse: (debug|info|warning): |bek name=|found |maxrss )' <<<"$out")" "" "  no line of the log is torn"
fails 6 "one of them is refused: an error, when nothing else was found" during \
	'{"match":{"path":"^/secrets/0","auth":"present"},"action":{"type":"error","status":403,"code":"Forbidden","inner":"ForbiddenByFirewall"}}' \
	"$get" "${common[@]}" "${twelve[@]}"
says "its firewall does not allow"
fails 5 "nobody can sign in: said once" during '{"match":{"endpoint":"token"},"action":{"type":"error","status":401}}' "$get" "${common[@]}" "${twelve[@]}"
counted '.endpoint == "token"' 1 "one attempt"
counted '.endpoint == "vault" and .auth' 0 "nothing asked of the vault"
fails 5 "a token that is refused: said, not tried with another" during \
	'{"match":{"endpoint":"vault","auth":"present"},"action":{"type":"error","status":401,"code":"Unauthorized","message":"AKV10022: no"}}' \
	"$get" "${common[@]}" "${twelve[@]}"
counted '.endpoint == "token"' 1 "one sign-in"
before=$(date +%s%N)
fails 8 "what ends a search ends what was begun: nobody waits for the silent" during \
	"{\"match\":{\"path\":\"^/secrets/000000(0[2-9A-F])\",\"auth\":\"present\"},\"action\":{\"type\":\"hang\"}}" \
	bash -c '
	curl -sS --fail -H "X-Control-Key: $1" -d "{\"match\":{\"path\":\"^/secrets/00000001-\",\"auth\":\"present\"},\"action\":{\"type\":\"json\",\"kind\":\"not-json\"}}" "$2/fault" >/dev/null
	shift 2; exec "$@"' - "$VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL" "$get" "${common[@]}" "${twelve[@]}"
took=$((($(date +%s%N) - before) / 1000000))
says "is not understood"
ok "  within seconds ($took ms), far from the 30 s of an attempt" test "$took" -lt 15000

mkfifo "$work/go"
"$get" "${common[@]}" "${twelve[@]}" --twice <"$work/go" >"$work/twice" 2>&1 &
pid=$!
exec 9>"$work/go"
wait_until 60 grep -q once "$work/twice"
control /tokens '{"expireAll":true}' >/dev/null
curl -sS -X DELETE -H "X-Control-Key: $VAULT_CONTROL_KEY" "$VAULT_CONTROL_URL/requests" >/dev/null
control /fault "$(gathering 8 '^/secrets/0')" >/dev/null
echo go >&9
exec 9>&-
ok "a token refused to eight at once" wait $pid
control /requests >"$work/requests"
counted '.endpoint == "token"' 1 "is renewed once"
is "$(grep -c '^bek ' "$work/twice")" 24 "  and all twelve come again"
done_testing
