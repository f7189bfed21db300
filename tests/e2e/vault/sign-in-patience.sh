#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A managed identity endpoint that never answers, in each way that there is: where the ways to sign
# in are tried in turn, the next one has its turn after the second that the sign of life is given;
# where it is asked for, the user is told within --timeout.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl python3 timeout "$MKADE"
# a network of its own, in which 169.254.169.254 swallows everything: it is reached by a cable
# whose other end nobody reads
! command -v ip >/dev/null || own_namespace network
black_hole()
{
	ip link add near type veth peer name far &&
		ip addr add 10.99.99.1/24 dev near &&
		ip link set near up &&
		ip link set far up &&
		ip neigh add 10.99.99.2 lladdr 02:00:00:00:00:02 dev near nud permanent &&
		ip route add 169.254.169.254 via 10.99.99.2
}
[ -z "${in_namespace:-}" ] || ip link set lo up

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
secret='s3cret~1'
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "$secret"}],
  "identities": [{"name": "vm", "kind": "system"}], "managed": {"imds": {}},
  "vaults": [{"name": "contoso-kv", $kek, "secrets": [
    $(secret "$bek_guid" "$(ade "$bek_guid.BEK" '"kek": "kek"')")]}] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing
sign_out
mkfifo "$work/ready"
python3 "$abs_top_srcdir/tests/tools/silent.py" "$work/ready" $$ \
	</dev/null >/dev/null 2>"$work/silent.err" &
servers+=($!)
read -rt 20 never_accepts never_answers drops no_token <"$work/ready"
ok "the silent servers are up" test -n "${no_token:-}" || done_testing
get_token >"$work/token"
fake_az 'cat <<END
{"accessToken": "$(cat "$work/token")", "expires_on": 4000000000, "tenant": "$tenant"}
END'

# key SECONDS [VARIABLE=VALUE...] [OPTION...]: within that time; sets $took, in ms
key()
{
	local within=$1 variables=() start status
	shift
	while [[ ${1-} == [A-Z]*=* ]]; do
		variables+=("$1")
		shift
	done
	[ -z "${no_endpoint:-}" ] ||
		variables=(-u AZURE_POD_IDENTITY_AUTHORITY_HOST "${variables[@]}")
	start=$(date +%s%N)
	timeout "$within" env "${variables[@]}" "${adefuse_command[@]}" key -vv \
		"${vault_options[@]}" --force --out "$work/out" "$@" "$disk" </dev/null
	status=$?
	took=$((($(date +%s%N) - start) / 1000000))
	return $status
}
within() # LEAST MOST
{
	[ $took -ge "$1" ] && [ $took -le "$2" ]
	result $? "  within --timeout ($took ms)"
}
# silent NAME [VARIABLE=VALUE]: nothing ever comes from there
silent()
{
	local name=$1 at=("${@:2}")
	rm -f "$work/out/$bek_guid.BEK"
	ok "$name: auto goes on to the Azure CLI" key 30 "PATH=$work/bin:$PATH" "${at[@]}"
	key_is_right "  which has the key"
	holds "  after the second it was given, not before ($took ms)" [ $took -ge 900 ]
	row managed "custom authority" "$name: auto goes on after $took ms"
	fails 5 "$name: auto without another way" key 30 "PATH=$nowhere" "${at[@]}"
	says "  managed identity   this machine has no managed identity endpoint"
}
imds_at() # PORT
{
	echo "AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:$1"
}
asked_for=(--credential managed --timeout 3)
late="the managed identity endpoint '127.0.0.1' did not answer in time"

for one in "never accepts=$never_accepts" "never answers=$never_answers"; do
	name="IMDS ${one%=*}"
	endpoint=$(imds_at "${one#*=}")
	silent "$name" "$endpoint"
	fails 8 "$name: asked for" key 30 "$endpoint" "${asked_for[@]}"
	says "$late" "hint: " "--timeout"
	within 2900 8000
	row managed "custom authority" "$name: exit 8 after $took ms"
done
silent "IMDS drops each SYN" "$(imds_at "$drops")"
fails 5 "IMDS drops each SYN: asked for" key 30 "$(imds_at "$drops")" "${asked_for[@]}"
says "managed identity: this machine has no managed identity endpoint" \
	"hint: it exists on Azure VMs"
within 2900 8000
fails 8 "a sign of life, and never a token" \
	key 30 "PATH=$nowhere" "$(imds_at "$no_token")" --timeout 3
says "$late" "hint: "
fails 8 "App Service never answers" \
	key 30 "IDENTITY_ENDPOINT=http://127.0.0.1:$never_answers/msi/token" IDENTITY_HEADER=x \
	--timeout 3
says "$late"
within 2900 8000

# ---- cut connections pass, or are reported as what they are
imds="AZURE_POD_IDENTITY_AUTHORITY_HOST=$VAULT_IMDS"
cuts() # COUNT WHERE
{
	change /fault "$(fault '"endpoint": "imds"' "\"type\": \"cut\", \"at\": \"$2\"" "$1")"
}
for at in connect headers body; do
	cuts 1 $at
	ok "IMDS cuts the connection once, at $at" key 30 "$imds" --credential managed
	says "the managed identity endpoint cut the connection; asking again"
done
cuts 100 body
fails 8 "IMDS cuts the connection each time" key 30 "$imds" "${asked_for[@]}"
says "managed identity: '127.0.0.1' cut the connection" "hint: "

if [ -n "${in_namespace:-}" ] && black_hole 2>"$work/ip.err"; then
	no_endpoint=1
	silent "169.254.169.254 swallows all"
	fails 5 "169.254.169.254 swallows all: asked for" key 30 "${asked_for[@]}"
	says "managed identity: this machine has no managed identity endpoint"
	within 2900 8000
	ip route replace unreachable 169.254.169.254
	fails 5 "169.254.169.254 is unreachable" key 30 "PATH=$nowhere"
	says "  managed identity   this machine has no managed identity endpoint"
	within 0 900
else
	skip "169.254.169.254 swallows all" "needs root, a network namespace and ip"
fi
done_testing
