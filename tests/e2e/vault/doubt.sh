#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a vault gives out is not believed: a BEK for another disk, one with another identifier inside, a cut one, one whose key is
# wrong, none at all. Each is refused by name, and the search goes on to the next candidate until the right one opens the disk.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need mkntfs node openssl jq curl python3 "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/other.BEK"
# bek OUT PYTHON: the right file's bytes as `b`, its identifier as `i` and another one as `o`, changed
bek()
{
	python3 - "$work/$bek_guid.BEK" "$work/$1" "$bek_guid" "$other_guid" "$2" <<'END'
import sys, uuid
b = bytearray(open(sys.argv[1], "rb").read())
i, o = (uuid.UUID(text).bytes_le for text in sys.argv[3:5])
assert i in b and len(b) > 140
exec(sys.argv[5])
open(sys.argv[2], "wb").write(b)
END
}
bek inner.BEK 'b = b.replace(i, o)'
bek cut.BEK 'b = b[:100]'
bek headless.BEK 'b = b[48:]'
bek wrong-key.BEK 'b[-1] ^= 1'
bek size.BEK 'b[0] += 8'
bek random.BEK 'b = bytearray(range(156))'
bads=(other.BEK inner.BEK cut.BEK headless.BEK wrong-key.BEK size.BEK random.BEK)

ade() { printf '{"ade": {"file": "%s", "fileName": "%s.BEK", "machine": "VM01", "volume": "C:\\\\"%s}, "created": %s}' "$1" "$bek_guid" "$3" "$2"; }
# The right one is always the oldest; `key` wraps it.
versions() { local at=1700000000 bad; for bad; do ade "$bad" $at ''; echo ,; at=$((at - 1)); done; ade "$bek_guid.BEK" 1600000000 ', "kek": "kek"'; }
secrets() { local at=1700000000 bad; for bad; do echo "{\"name\": \"s-${bad%.BEK}\", \"versions\": [$(ade "$bad" $at '')]},"; at=$((at - 1)); done; }
vaults=
for bad in "${bads[@]}"; do
	name=${bad%.BEK}
	vaults+="{\"name\": \"alone-$name\", \"secrets\": [{\"name\": \"$bek_guid\", \"versions\": [$(ade "$bad" 1700000000 '')]}]},
	{\"name\": \"older-$name\", \"keys\": [{\"name\": \"kek\", \"versions\": [{\"bits\": 2048}]}],
	 \"secrets\": [{\"name\": \"$bek_guid\", \"versions\": [$(versions "$bad")]}]},"
done
cat >"$work/config.json" <<END
{ "tenants": [{"id": "11111111-2222-3333-4444-555555555555"}],
  "clients": [{"id": "aaaaaaaa-0000-0000-0000-000000000001", "secret": "s3cret~1"}],
  "vaults": [$vaults
    {"name": "all-versions", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
     "secrets": [{"name": "$bek_guid", "versions": [$(versions "${bads[@]}")]}]},
    {"name": "by-tag", "keys": [{"name": "kek", "versions": [{"bits": 2048}]}],
     "secrets": [$(secrets "${bads[@]}") {"name": "s-right", "versions": [$(ade "$bek_guid.BEK" 1600000000 ', "kek": "kek"')]}]}]
}
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing

# key VAULT [OPTION...]
key()
{
	local url=VAULT_URL_${1//-/_}
	rm -f "$work"/out/*
	"${adefuse_command[@]}" key -vv --vault "${!url}" "${vault_options[@]:2}" --timeout 20 --out "$work/out" "${@:2}" "$disk" </dev/null
}
right() { is "$(sha_of "$work/out/$bek_guid.BEK" 2>&1)" "$(sha_of "$work/$bek_guid.BEK")" "  and has the right key"; }
declare -A why=(
	[other]="is the startup key {$other_guid}" [inner]="is the startup key {$other_guid}" [wrong-key]="does not open"
	[cut]="it ends at byte 100 of 156" [headless]="damaged BEK file: " [size]="damaged BEK file: wrong size" [random]="damaged BEK file: "
)
for bad in "${bads[@]}"; do
	name=${bad%.BEK}
	fails 4 "$name, and no other candidate" key "alone-$name"
	says "${why[$name]}" "hint: "
	[[ $(grep 'adefuse: error: ' <<<"$out") == *"${why[$name]}"* ]]
	result $? "  and the error itself says why"
	is "$(find "$work/out" -type f | wc -l)" 0 "  nothing is written"
	ok "$name, and an older version" key "older-$name"
	right
done
ok "seven versions that are wrong, then the right one" key all-versions
right
ok "seven secrets that are wrong, then the right one" key by-tag
right
is "$(grep -c "trying secret 's-" <<<"$out")" 8 "  each was tried once"
ok "the same by the name of the machine" key by-tag --vm vm01
right
done_testing
