# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2317 # functions are called by name
# Volumes that the image maker wrote, which shares no code with bde/, decode to the plaintext it kept: every
# method, sector size, layout, protector and state. Then what is wrong with them is told apart.
# shellcheck source=tests/lib.sh disable=SC2154 # set by make check
. "$abs_top_srcdir/tests/lib.sh"

bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$MKADE" "$bde_cat" mkntfs ntfs-3g mkfs.fat jq
password='Grün – 密码 🔑'
recovery=235818-357951-253979-013365-241120-245575-342914-591910
ids=(EF7B2F5A-50C6-4637-0001-7F599C12F85C EF7B2F5A-50C6-4637-0002-7F599C12F85C)
export PASSWORD=$password RECOVERY=$recovery

# The volume on a disk, by its manifest.
volume_of()
{
	json "$1.json" '.volume | "\(.offset) \(.size)"'
}

# decodes NAME KEY DISK: what comes out is the plaintext that the maker kept.
decodes()
{
	local name=$1 key=$2 disk=$3 got
	# shellcheck disable=SC2046 # words
	got=$("$bde_cat" "$key" "$disk" $(volume_of "$disk") 2>"$work/said" | sha256sum | cut -d ' ' -f 1)
	out=$(cat "$work/said")
	[ "$got" = "$(json "$disk.json" .volume.plain_sha256)" ]
	result $? "$name"
}

all_protectors()
{
	echo --tpm --guid "${ids[0]}" --bek "$work/${ids[0]}.BEK" --bek-layout 180 --guid "${ids[1]}" --bek "$work/${ids[1]}.BEK"
}

# The sum of a part that the moved header and a metadata copy's place are in.
part_of()
{
	# shellcheck disable=SC2046 # words
	"$bde_cat" "$1" "$2" $(volume_of "$2") 0 1048576 2>"$work/said" | sha256sum | cut -d ' ' -f 1
}

# The whole with one key; a part with the others, which lead to the same FVEK or to none.
decodes_with_all()
{
	local name=$1 disk=$2 part key
	decodes "$name, BEK of 156 bytes" "bek:$work/${ids[0]}.BEK" "$disk"
	part=$(part_of "bek:$work/${ids[0]}.BEK" "$disk")
	for key in "bek:$work/${ids[1]}.BEK" recovery:RECOVERY password:PASSWORD; do
		is "$(part_of "$key" "$disk")" "$part" "$name, ${key%%:*}"
	done
}

try()
{
	local name=$1 disk=$work/disk.img
	shift
	# shellcheck disable=SC2046 # words
	ok "$name: made" make_disk "$disk" "$@" $(all_protectors) --recovery-password "$recovery" --password "$password"
	decodes_with_all "$name" "$disk"
	rm -f "$disk"
}

for sector in 512 4096; do
	for method in xts-128 xts-256 cbc-128 cbc-256 cbc-128-diffuser cbc-256-diffuser; do
		try "$method, sectors of $sector" --method "$method"
	done
done
sector=512

bash "$abs_top_srcdir/tests/mkade/mkntfs.sh" --size 8M --tree none "$work/system.img" >/dev/null 2>&1
try 'MBR' --layout mbr --system "$work/system.img"
try 'GPT in a fixed VHD' --layout gpt --vhd
sector=4096 try 'GPT with sectors of 4096' --layout gpt
try 'auto-unlock key beside the volume key' --auto-unlock
try 'large header' --header-sectors 4096

truncate -s 64M "$work/fat.img"
mkfs.fat -F 32 "$work/fat.img" >/dev/null 2>&1
disk=$work/togo.img
ok 'To Go: made' "$MKADE" --volume "$work/fat.img" --togo --method xts-128 --password "$password" --manifest "$disk.json" --seed 3 "$disk"
decodes 'To Go' password:PASSWORD "$disk"
ok 'To Go: info' "$bde_cat" info "$disk"
says 'to_go 1'

disk=$work/state.img
ok 'two passwords: made' make_disk "$disk" --password other --password "$password"
decodes 'two passwords, the second' password:PASSWORD "$disk"
for version in 1 3 261; do
	ok "suspended, clear key of datum version $version: made" make_disk "$disk" --state suspended --clear-key --clear-key-version $version
	decodes "suspended, clear key of datum version $version" clear "$disk"
done
ok 'suspended: info' "$bde_cat" info "$disk"
says 'state encrypted, protection suspended'
ok 'decrypted: made' make_disk "$disk" --state decrypted --recovery-password "$recovery"
decodes 'decrypted, without a key' none "$disk"

# A sparse volume of 4 TiB: its written parts, and zeros that are not read as one whole.
disk=$work/huge.img
ok '4 TiB: made' make_disk "$disk" --sparse-size 4T --recovery-password "$recovery"
json "$disk.json" '.extents[] | "\(.offset) \(.size) \(.sha256)"' | tail -n 40 >"$work/extents"
wrong=0
while read -r from length sha; do
	# shellcheck disable=SC2046 # words
	got=$("$bde_cat" recovery:RECOVERY "$disk" $(volume_of "$disk") "$from" "$length" 2>/dev/null | sha256sum | cut -d ' ' -f 1)
	[ "$got" = "$sha" ] || wrong=$((wrong + 1))
done <"$work/extents"
is "$wrong" 0 "4 TiB: $(wc -l <"$work/extents") written parts"
rm -f "$disk"

# What does not fit, and what is damaged.
disk=$work/disk.img
bek=$work/${ids[0]}.BEK
# shellcheck disable=SC2046 # words
make_disk "$disk" $(all_protectors) --recovery-password "$recovery" >/dev/null 2>&1
"$MKADE" --show "$disk" >"$work/show"

field()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/show"
}

# poke OFFSET HEX...: change bytes of the disk.
poke()
{
	local at=$1
	shift
	printf '%b' "$(printf '\\x%s' "$@")" | dd of="$disk" bs=1 seek="$at" conv=notrunc status=none
}

no_output()
{
	"$@" >"$work/out"
	local status=$?
	[ ! -s "$work/out" ] || echo 'something was written'
	return "$status"
}

refuses()
{
	local code=$1 name=$2 key=$3
	# shellcheck disable=SC2046 # words
	fails "$code" "$name" no_output "$bde_cat" "$key" "$disk" $(volume_of "$disk")
}

RECOVERY=404558-436711-420860-678557-638220-018909-039941-695321 refuses 4 'another recovery password' recovery:RECOVERY
says 'does not fit' "recovery password {"
RECOVERY=235818-357951-253979-013366-241120-245575-342914-591910 refuses 4 'a typing error' recovery:RECOVERY
says 'group 4'
PASSWORD=wrong-password refuses 4 'a password on a disk without' password:PASSWORD
says 'this volume has no password'
make_disk "$work/other.img" --guid 7EB4F531-5FBA-4970-8E2D-C11FD6B0C69D --bek "$work/other.BEK" >/dev/null 2>&1
refuses 4 'the BEK of another disk' "bek:$work/other.BEK"
says '{7EB4F531-5FBA-4970-8E2D-C11FD6B0C69D}' "{${ids[0]}}" "{${ids[1]}}"
cp "$bek" "$work/damaged.BEK"
printf 'x' | dd of="$work/damaged.BEK" bs=1 seek=150 conv=notrunc status=none
refuses 4 'a BEK with a changed key' "bek:$work/damaged.BEK"
says "has the identifier of startup key {${ids[0]}}"
head -c 100 "$bek" >"$work/short.BEK"
refuses 4 'a BEK that is cut off' "bek:$work/short.BEK"
says 'ends at byte 100'
refuses 4 'no clear key' clear
says 'no clear key'

cp "$disk" "$disk.keep"
poke "$(field copy1.meta.time)" a5 5a
"$MKADE" --fix-crc "$disk" 1
refuses 3 'metadata changed by someone who repaired the checksum' "bek:$bek"
says 'does not have the hash'
for copy in 1 2 3; do
	cp "$disk.keep" "$disk"
	poke $(($(field copy$copy.block.size) + 60)) ff ee
	decodes "copy $copy damaged" "bek:$bek" "$disk"
done
done_testing
