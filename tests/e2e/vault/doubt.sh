#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a vault gives is not believed: a BEK for another disk, one with another identifier inside, a
# cut one, one whose key is wrong, none at all. Each is refused by name, and the search goes on to
# the next candidate until the right one opens the disk.
. "${abs_top_srcdir:?run by make check}/tests/e2e/vault.sh" || exit 99
need mkntfs node openssl jq curl python3 "$MKADE"

disk=$work/os.vhd
ade_disk "$disk"
mkdir "$work/out"
make_disk "$work/other.img" --layout bare --guid "$other_guid" --bek "$work/other.BEK"
# bek OUT PYTHON: the right file, changed: its bytes are `b`, its identifier `i`, another one `o`
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
bads=(other inner cut headless wrong-key size random)

# ---- the vaults: bad files alone, and before the right one, which is always the oldest, wrapped
# of FILE SECONDS [MORE]: a version with the disk's identifier in its tags
of()
{
	ade "$1.BEK" "\"fileName\": \"$bek_guid.BEK\"${3-}" "\"created\": $2"
}
right=$(of "$bek_guid" 1600000000 ', "kek": "kek"')
# versions BAD...: and the right one
versions()
{
	local at=1700000000 bad all=()
	for bad; do
		all+=("$(of "$bad" $at)")
		at=$((at - 1))
	done
	secret "$bek_guid" "${all[@]}" "$right"
}
# secrets BAD...: and the right one
secrets()
{
	local at=1700000000 bad
	for bad; do
		secret "s-$bad" "$(of "$bad" $at)"
		at=$((at - 1))
	done
	secret s-right "$right"
}
vaults()
{
	local bad alone
	for bad in "${bads[@]}"; do
		alone=$(secret "$bek_guid" "$(of "$bad" 1700000000)")
		echo "{\"name\": \"alone-$bad\", \"secrets\": [$alone]}"
		echo "{\"name\": \"older-$bad\", $kek, \"secrets\": [$(versions "$bad")]}"
	done
	echo "{\"name\": \"all-versions\", $kek, \"secrets\": [$(versions "${bads[@]}")]}"
	echo "{\"name\": \"by-tag\", $kek, \"secrets\": [$(with_commas secrets "${bads[@]}")]}"
}
cat >"$work/config.json" <<END
{ "tenants": [{"id": "$tenant"}],
  "clients": [{"id": "$client", "secret": "s3cret~1"}],
  "vaults": [$(with_commas vaults)] }
END
ok "the loopback vault is up" start_vault "$work/config.json" || done_testing

# key VAULT [OPTION...]
key()
{
	local url=VAULT_URL_${1//-/_}
	rm -f "$work"/out/*
	"${adefuse_command[@]}" key -vv --vault "${!url}" "${trust_vault[@]}" --timeout 20 \
		--out "$work/out" "${@:2}" "$disk" </dev/null
}
declare -A why=(
	[other]="is the startup key {$other_guid}"
	[inner]="is the startup key {$other_guid}"
	[wrong-key]="does not open"
	[cut]="it ends at byte 100 of 156"
	[headless]="damaged BEK file: "
	[size]="damaged BEK file: wrong size"
	[random]="damaged BEK file: "
)
for bad in "${bads[@]}"; do
	fails 4 "$bad, and no other candidate" key "alone-$bad"
	says "${why[$bad]}" "hint: "
	out=$(grep 'adefuse: error: ' <<<"$out")
	holds "  and the error itself says why" contains "${why[$bad]}"
	is "$(find "$work/out" -type f | wc -l)" 0 "  nothing is written"
	ok "$bad, and an older version" key "older-$bad"
	key_is_right "  and has the right key"
done
ok "seven versions that are wrong, then the right one" key all-versions
key_is_right "  and has the right key"
ok "seven secrets that are wrong, then the right one" key by-tag
key_is_right "  and has the right key"
is "$(grep -c "trying secret 's-" <<<"$out")" 8 "  each was tried once"
ok "the same by the name of the machine" key by-tag --vm vm01
key_is_right "  and has the right key"
done_testing
