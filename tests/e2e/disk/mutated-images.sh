#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whole disks with random damage in their tables, boot sectors, metadata and footers, half of them
# with valid checksums: each is served or refused within 10 s and 256 MiB, info.json is JSON, and
# what a key opens has the right bytes.
#
#   ADEFUSE_ROUNDS=1000    more rounds (40)
#   ADEFUSE_SEED=N         begin with this one; a failure names its own
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
need root /dev/fuse mkntfs jq xxd "$MKADE"
# the program, not the shell's word
gnu_time=$(type -P time) || skip_all "no time"

rounds=${ADEFUSE_ROUNDS:-40}
first=${ADEFUSE_SEED:-1}
memory_limit=262144 # KiB
bek=$work/$bek_guid.BEK
at=$work/mnt
mkdir "$at" "$work/out"

# ---- disks, and the windows of each that are worth damaging: "offset length kind"
small_volume "$work/system.img"
disks=(bare mbr gpt eow watermark)
windows_of()
{
	local disk=$1 offset size
	offset=$(json "$disk.json" .volume.offset)
	size=$(json "$disk.json" .disk.file_size)
	echo "$offset 512 boot"
	json "$disk.json" ".volume.metadata_offsets[] + $offset" | sed 's/$/ 2048 copy/'
	[ "$offset" = 0 ] || echo "0 512 table"
	json "$disk.json" '.volume.eow // empty | .descriptors[],
		(.regions[] | .bitmap, .bitmap + 512, .bitmap + 1024, .log, .log + 512)' |
		sed 's/$/ 512 eow/'
	case $disk in
	*gpt*) printf '%s 512 table\n' 512 1024 $((size - 1024)) $((size - 512)) ;;
	esac
}
for layout in "${disks[@]}"; do
	case $layout in
	eow) options=(--layout bare --eow --chunk 64K --eow-region 5M --eow-encrypted random) ;;
	watermark) options=(--layout bare --state "converting:3,1,9M") ;;
	*) options=(--layout "$layout") ;;
	esac
	[ "$layout" != mbr ] || options+=(--system "$work/system.img")
	[ "$layout" != gpt ] || options+=(--vhd)
	make_disk "$work/$layout" "${options[@]}" --plain-out "$work/$layout.plain" \
		--method xts-256 --guid "$bek_guid" --bek "$bek" \
		--recovery-password "$recovery_password" >/dev/null
	windows_of "$work/$layout" >"$work/$layout.windows"
	cp "$work/$layout" "$work/$layout.whole"
	sha_of "$work/$layout" >"$work/$layout.sum"
done

# Numbers below 2^30 from bash's own generator: the same seed makes the same damage.
random()
{
	number=$(((RANDOM << 15 | RANDOM) % $1))
}

# Remember the windows, so that few rounds need a copy of the disk: those in which checksums were
# repaired, for which mkade believes what the damaged structures say of their place and size.
keep()
{
	local offset length
	while read -r offset length _; do
		range "$1" "$offset" "$length" >"$work/kept.$offset"
	done <"$1.windows"
}
restore()
{
	local offset
	if [ $fixed = 1 ]; then
		cp "$1.whole" "$1"
		return
	fi
	while read -r offset _; do
		dd if="$work/kept.$offset" of="$1" oflag=seek_bytes seek="$offset" \
			conv=notrunc status=none
	done <"$1.windows"
}

# poke_hex DISK OFFSET HEX
poke_hex()
{
	printf '%s' "$3" | xxd -r -p | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

damage_once()
{
	local disk=$1 window offset length kind place bytes
	local values=(00 ff 7f 80 01 0000 ffff 0080 ffffffff 00000000 00000080
		ffffffffffffff7f 0000000000000000 ffffffffffffffff)
	mapfile -t window <"$disk.windows"
	random ${#window[@]}
	read -r offset length kind <<<"${window[number]}"
	random "$length"
	place=$number
	random 3
	if [ "$number" = 0 ]; then
		random 256
		printf -v bytes '%02x' "$number"
	else
		random ${#values[@]}
		bytes=${values[number]}
	fi
	# nothing outside the window, which is put back afterwards
	bytes=${bytes:0:2 * (length - place)}
	poke_hex "$disk" $((offset + place)) "$bytes"
	random 2
	# the same in each copy, so that none can stand in for another
	[ "$kind$number" = copy1 ] || return 0
	while read -r offset _ kind; do
		[ "$kind" != copy ] || poke_hex "$disk" $((offset + place)) "$bytes"
	done <"$disk.windows"
}

damage()
{
	local disk=$1 times
	random 6
	for ((times = number; times >= 0; times--)); do
		damage_once "$disk"
	done
	random 2
	if [ "$number" != 0 ]; then
		fixed=1
		"$MKADE" --fix-crc "$disk" >/dev/null 2>&1 || :
		# a bitmap with a repaired checksum may truly say something else: its bytes are not
		# judged
		random 2
		if [ "$layout$number" = eow1 ]; then
			"$MKADE" --fix-crc "$disk" eow >/dev/null 2>&1 || :
			forged=1
		fi
	fi
	random 8
	[ "$number" != 0 ] || zero "$disk" "$(json "$disk.json" .volume.offset)" 512
}

wrong()
{
	echo "# seed $seed, $layout: $*"
	findings=$((findings + 1))
}

# within_memory WHAT KIB: sanitizers need more
within_memory()
{
	[ "${2:-0}" -le "$memory_limit" ] || [ -n "${ADEFUSE_SANITIZED:-}" ] ||
		wrong "$1: $2 KiB of memory"
}

# bounded NAME CODES COMMAND...: ends in time with one of these exit codes
bounded()
{
	local name=$1 codes=$2 status used
	shift 2
	"$gnu_time" -o "$work/used" -f %M timeout -k 5 10 "${adefuse_command[@]}" "$@" \
		>"$work/said" 2>"$work/errors" </dev/null
	status=$?
	used=$(tail -n 1 "$work/used" 2>/dev/null)
	[[ " $codes " == *" $status "* ]] ||
		wrong "$name: exit code $status: $(head -c 300 "$work/errors")"
	within_memory "$name" "$used"
	return $status
}

# look_at FILE PAGE: it is right, or an error
look_at()
{
	local file=$1 place=$(($2 * 4096))
	timeout 10 dd if="$at/$file" of="$work/got" bs=4096 skip="$2" count=1 2>/dev/null || {
		[ $? != 124 ] || wrong "$file at $place: takes longer than 10 s"
		return
	}
	opened=$((opened + 1))
	[ $forged = 0 ] || return
	cmp -s -n "$(stat -c %s "$work/got")" "$work/got" "$work/$layout.plain" 0 $place ||
		wrong "$file at $place: wrong bytes"
}

# What a key opened is right wherever it is looked at; what cannot be known is an error.
look()
{
	local file page size whole
	whole=$(stat -c %s "$work/$layout.plain")
	while read -r file; do
		size=$(stat -c %s "$at/$file")
		[ "$size" -le "$whole" ] || size=$whole
		random 256
		for page in 0 $((size * number / 256 / 4096)) $((size / 2 / 4096)) \
			$(((size - 1) / 4096)); do
			look_at "$file" $page
		done
	done < <(json "$at/info.json" \
		'.volumes[] | select(.opened_by != null and .file != null) | .file')
	for file in "$at"/*; do
		dd if="$file" of=/dev/null bs=64K count=2 2>/dev/null || :
	done
}

mount_and_look()
{
	local server used
	bounded mount "0 3 4" mount "${salvage[@]}" --bek "$bek" "$work/$layout" "$at" || return
	jq -e .schema_version "$at/info.json" >/dev/null 2>&1 || wrong "info.json is not JSON"
	look
	server=$(pgrep -n -f "mount .*$at\$")
	used=$(awk '/^VmHWM/ { print $2 }' "/proc/${server:-0}/status" 2>/dev/null)
	within_memory "the server" "$used"
	unmount "$at" || wrong "does not end after unmounting"
}

one_round()
{
	RANDOM=$seed
	random ${#disks[@]}
	layout=${disks[number]}
	local disk=$work/$layout
	forged=0
	fixed=0
	salvage=()
	random 2
	[ "$number" = 0 ] || salvage=(--salvage)
	keep "$disk"
	damage "$disk"
	if bounded info "0 3" info --json "${salvage[@]}" --bek "$bek" "$disk"; then
		jq -e .schema_version "$work/said" >/dev/null 2>&1 ||
			wrong "info --json is not JSON"
		shown=$((shown + 1))
	fi
	bounded key "0 3 4" key "${salvage[@]}" --bek "$bek" --out "$work/out" --force "$disk"
	[ $((seed % 3)) != 0 ] || mount_and_look
	restore "$disk"
}

findings=0
shown=0
opened=0
mounts+=("$at")
for ((seed = first; seed < first + rounds; seed++)); do
	one_round
done
out=
is "$findings" 0 "$rounds damaged disks from seed $first on: served or refused"
holds "info shows what is left of them ($shown)" [ "$shown" -gt $((rounds / 4)) ]
holds "and keys still open some (read in $opened places)" [ "$opened" -gt $((rounds / 12)) ]
for layout in "${disks[@]}"; do
	hash_is "$layout: nothing has changed but by the damage, which was undone" \
		"$work/$layout" "$(cat "$work/$layout.sum")"
done
done_testing
