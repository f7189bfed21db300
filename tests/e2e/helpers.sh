#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The helpers of tests/lib.sh and tests/e2e/vault.sh fail when they should, pass when they should,
# and say what they got and what they wanted. Each case is a small test in a shell of its own, so
# that nothing here relies on what it tests.
: "${abs_top_srcdir:?run by make check}" "${abs_top_builddir:?run by make check}"
cases=$(mktemp -d "${TMPDIR:-/tmp}/adefuse-helpers.XXXXXX") || exit 99
trap 'rm -rf "$cases"' EXIT
count=0
failures=0

verdict()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$cases/output"
		failures=$((failures + 1))
	fi
}

# run LIBRARY: the case on standard input, with data of known content; sets $status
run()
{
	{
		echo ". '$abs_top_srcdir/tests/$1' || exit 99"
		echo 'cd "$work" || exit 99'
		echo 'echo '\''{"name": "C", "size": 7, "list": [1, 2], "none": null}'\'' >a.json'
		echo 'printf abc >abc; printf abd >abd; : >empty'
		echo 'abc=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
		cat
		echo done_testing
	} >"$cases/case"
	env -u ADEFUSE_SANITIZED -u ADEFUSE_WRAPPER bash "$cases/case" >"$cases/output" 2>&1
	status=$?
}

# good COMMANDS: every result is good, and the file succeeds
good()
{
	run "${library:-lib.sh}" <<<"$1"
	[ $status = 0 ] && grep -q '^ok 1 - ' "$cases/output" &&
		! grep -q '^not ok' "$cases/output"
	verdict $? "passes: $1"
}

# bad COMMANDS TEXT...: the last result is not good, the file fails and prints each text
bad()
{
	local text last bad=0
	run "${library:-lib.sh}" <<<"$1"
	last=$(grep -E '^(not )?ok ' "$cases/output" | tail -n 1)
	[ $status = 1 ] && [[ $last == 'not ok '* ]] || bad=1
	for text in "${@:2}"; do
		grep -qF -- "$text" "$cases/output" || bad=1
	done
	verdict $bad "fails: $1"
}

# skips COMMANDS PATTERN: the whole file, for this reason
skips()
{
	run lib.sh <<<"$1"
	[[ $status = 0 && $(cat "$cases/output") == "1..0 # SKIP "$2 ]]
	verdict $? "skips: $1"
}

# ---- exit codes and texts
good 'ok "n" true'
bad 'ok "n" false'
bad 'ok "n" sh -c "echo words; exit 3"' '# words'
bad 'ok "n" no-such-command'
good 'fails 3 "n" sh -c "exit 3"'
bad 'fails 3 "n" true' '(exit code 0, not 3)'
bad 'fails 3 "n" sh -c "exit 4"' '(exit code 4, not 3)'
bad 'fails 3 "n" no-such-command' '(exit code 127, not 3)'
good 'ok "n" echo some words; says some "me wo"'
bad 'ok "n" echo some words; says some other' 'not ok 3 -   says: other' '# some words'
bad 'ok "n" true; says word'
good 'ok "n" echo words; never_says "n" other'
bad 'ok "n" echo some words; never_says "n" other some' '# some words'
bad 'ok "n" true; never_says "n" other'
bad 'ok "n" echo words; never_says "n"'
good 'out=kept; holds "n" true; is "$out" kept "n"'
bad 'out=kept; holds "n" [ 2 -lt 1 ]' '# kept'
good 'is "" "" "n"'
bad 'is 1 2 "n"' "# got '1', want '2'"
bad 'is "" 2 "n"' "# got '', want '2'"
good 'skip "n" "why"'

# ---- JSON
good 'json_is "n" a.json .name C .size 7 ".list | length" 2 .none null .list "[1,2]"'
good 'out="{\"a\": true}"; json_is "n" - .a true; is "$out" "{\"a\": true}" "n"'
bad 'json_is "n" a.json .name D' "# .name: got 'C', want 'D'"
bad 'json_is "n" a.json .name C .size 8 .none 0' "# .size: got '7', want '8'" \
	"# .none: got 'null', want '0'"
bad 'json_is "n" a.json .other C' "# .other: got 'null', want 'C'"
bad 'json_is "n" a.json .other ""' "# .other: got 'null', want ''"
bad 'json_is "n" a.json ".name[" C' 'jq failed: '
bad 'json_is "n" a.json ".name | .x" ""' 'jq failed: '
bad 'json_is "n" abc .name ""' 'jq failed: '
bad 'json_is "n" empty .name ""' 'empty has no content'
bad 'json_is "n" missing .name ""' 'missing has no content'
bad 'json_is "n" a.json' 'no path is given'
bad 'json_is "n" a.json .name C .size'
bad 'out=words; json_is "n" - .name C' 'jq failed: '

# ---- hashes and bytes
good 'hash_is "n" abc $abc; hash_is "n" <(printf abc) $abc'
bad 'hash_is "n" abd $abc' "want 'ba7816bf"
bad 'hash_is "n" missing $abc' 'No such file'
bad 'hash_is "n" missing "$(sha_of missing 2>/dev/null)"'
bad 'hash_is "n" abc ""'
good 'echo "{\"volume\": {\"plain_sha256\": \"$abc\"}}" >d.json; plain_is "n" abc volume d'
bad 'echo "{\"volume\": {\"plain_sha256\": \"$abc\"}}" >d.json; plain_is "n" abd volume d'
bad 'echo "{\"volume\": {\"plain_sha256\": \"$abc\"}}" >d.json; plain_is "n" abc disk d'
bad 'plain_is "n" abc volume d'
good 'readers_agree abc $abc'
bad 'readers_agree abd $abc' 'a reader in steps of 511K'
good 'poke abc 2 "\\x64"; ok "n" cmp abc abd; is "$(range abd 1 2)" bd "n"'
good 'zero abc 1 1; ok "n" cmp abc <(printf "a\0c")'

# ---- waiting, mounts, what is missing
good 'ok "n" wait_until 1 true; ok "n" not false'
bad 'ok "n" wait_until 1 false'
bad 'ok "n" not true'
bad 'mkdir at; ok "n" mounted 1 "$work/at"'
bad 'mkdir at; ok "n" unmount "$work/at"'
skips 'need no-such-program; ok "n" true' 'no no-such-program'
skips 'need "$work/missing"; ok "n" true' 'no /*/missing'
good 'need sh /dev/null; ok "n" true'

# ---- the vault's journal
library=e2e/vault.sh
journal='control() { echo "{\"requests\": [{\"auth\": true}, {\"auth\": false}]}"; };'
good "$journal requests_are n .auth 1; journal_is n '.requests | length' 2"
bad "$journal requests_are n .auth 0" "# got '1', want '0'"
bad "$journal requests_are n .other. 0"
bad "$journal journal_is n '.requests | length' 1" "got '2', want '1'"
bad 'control() { return 1; }; requests_are n .auth 0'
bad 'control() { return 1; }; journal_is n .requests ""'
traps='control() { echo "{\"total\": {\"connections\": 1}}"; };'
bad "$traps traps_saw_nothing n" 'got '
good 'out=words; keep_output; no_secret_in_output secret'
bad 'out="a secret"; keep_output; no_secret_in_output other secret' "# got '1', want '0'"
bad 'no_secret_in_output secret'
bad 'mkdir out; key_is_right n'
good 'last_result=0; row a b c; ok n true'

# one result that is not good fails the file, and an early end is noticed
bad 'ok "n" true; ok "n" false'
run lib.sh <<<'ok "n" true; exit 3'
[ $status = 3 ] && ! grep -q '^1\.\.' "$cases/output"
verdict $? "a test that ends early has no plan"
echo "1..$count"
[ $failures = 0 ]
