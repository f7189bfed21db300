#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `adefuse verify`: equal volumes are equal; a libbde that is wrong by one bit is found at that
# byte, and so is one that ends early; what prevents the comparison is named; it can be
# interrupted. Exit codes of each.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
flip=$abs_top_builddir/tests/tools/libbde-flip.so
need mkntfs jq "$MKADE"
[ -e "$flip" ] || {
	disk=$work/disk.img
	make_disk "$disk" --method xts-128 --recovery-password "$recovery_password"
	fails 3 "a build without libbde says so" adefuse verify "$disk"
	says "built without libbde, so it has nothing to compare with" "hint:"
	done_testing
}

disk=$work/disk.vhd
bek=$work/$bek_guid.BEK
make_disk "$disk" --layout gpt --vhd --method xts-128 --guid "$bek_guid" --bek "$bek" \
	--recovery-password "$recovery_password"
start=$(json "$disk.json" .volume.offset)
size=$(json "$disk.json" .volume.size)
before=$(sha_of "$disk")
export RP=$recovery_password

ok "equal" adefuse verify --bek "$bek" "$disk"
says "p3: equal: 24.0 MiB ($size bytes, every sector)" "p1: skipped: not encrypted with BitLocker"
ok "equal, by a recovery password" adefuse verify --recovery-password env:RP --volume 3 "$disk"
says "p3: equal"
never_says "the other volumes are not mentioned" p1
ok "a sample" adefuse verify --bek "$bek" --sample 16 --seed 5 "$disk"
says "p3: equal: 1.0 MiB (1048576 bytes, 16 places of 64 KiB, seed 5)"
ok "a sample without a seed" adefuse verify --bek "$bek" --sample 16 "$disk"
says "places of 64 KiB, seed "
ok "a sample that covers it all" adefuse verify --bek "$bek" --sample 65536 "$disk"
says "every sector"
hash_is "the evidence is unchanged" "$disk" "$before"

# a libbde that has one bit wrong at byte LIBBDE_FLIP_AT of the volume
with_flip=(env LD_PRELOAD="$flip" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}")
# flipped AT OPTIONS...
flipped()
{
	"${with_flip[@]}" LIBBDE_FLIP_AT="$1" "${adefuse_command[@]}" verify --bek "$bek" \
		"${@:2}" "$disk"
}
for at in 0 511 1048576 7777777 $((size - 1)); do
	fails 10 "a bit flipped at byte $at" flipped "$at"
	place="byte $at of the volume, byte $((start + at)) of the disk"
	says "p3: DIFFERENT: first at $place: the bytes differ; 1 bytes differ" \
		"adefuse: error: p3: the engines differ, first at $place" "hint:"
done
ok "no bit flipped" flipped -1
places()
{
	local at
	for at in 0 $((size - 1)); do
		flipped "$at" --sample 4 >/dev/null 2>&1
		[ $? = 10 ] || return 1
	done
}
ok "a sample has the first and the last place" places
found=
for seed in {1..40}; do
	flipped 3000000 --sample 100 --seed "$seed" >/dev/null 2>&1
	[ $? = 10 ] || continue
	found=$seed
	break
done
ok "some seeds find it" test -n "$found"
fails 10 "a seed that found it finds it again" flipped 3000000 --sample 100 --seed "$found"
says "first at byte 3000000 of the volume" "100 places of 64 KiB, seed $found"

# libbde ends where the file system does, which is shorter here; older versions one sector before
small=$work/small.img
make_disk "$small" --method xts-128 --sparse-size 64M --recovery-password "$recovery_password"
fails 10 "libbde ends before the volume" adefuse verify --recovery-password env:RP "$small"
end=$(sed -n 's/.* reads \([0-9]*\) of the .*/\1/p' <<<"$out")
says "reads $end of the 67108864 bytes of this volume" \
	"first at byte $end of the volume, byte $end of the disk: libbde cannot read it" \
	"$((67108864 - end)) bytes differ"
ok "  where the file system does" test "$end" = "$size" -o "$end" = $((size - 512))

# what prevents the comparison
ade_disk "$disk"
if adefuse verify --bek "$bek" "$disk" >"$work/said" 2>&1; then
	out=$(cat "$work/said")
	says "p3: equal"
else
	fails 3 "XTS-256, which this libbde does not open" adefuse verify --bek "$bek" "$disk"
	says "p3: not compared: libbde " \
		" cannot open this volume: invalid tweak key value too small" \
		"adefuse: error: p3 was not compared: libbde" "hint: a newer libbde may open it"
fi
fails 4 "no key" adefuse verify "$disk"
says "p3: no key was given" "$bek_guid"
fails 2 "no such partition" adefuse verify --bek "$bek" --volume 9 "$disk"
says "this disk has no partition 9" "hint:"
fails 3 "a partition without BitLocker" adefuse verify --bek "$bek" --volume 1 "$disk"
says "p1: skipped: not encrypted with BitLocker" "nothing to compare"
make_disk "$work/decrypted.img" --state decrypted --recovery-password "$recovery_password"
fails 3 "a decrypted volume" adefuse verify "$work/decrypted.img"
says "p1: skipped: decrypted" "nothing to compare"
fails 2 "one engine" adefuse verify --engine own --bek "$bek" "$disk"
fails 2 "a seed without a sample" adefuse verify --seed 1 --bek "$bek" "$disk"
fails 2 "no sample" adefuse verify --sample 0 --bek "$bek" "$disk"
fails 2 "a sample that is no number" adefuse verify --sample 3x --bek "$bek" "$disk"
fails 2 "no volume" adefuse verify --volume 0 --bek "$bek" "$disk"
fails 2 "a seed of another command" adefuse mount --seed 1 "$disk" "$work"

# interrupted on a terminal, where the bar says when it is at work
# interrupt AT: at work on a volume that is wrong at this byte; sets $status and $out
interrupt()
{
	local asking bar='\] [0-9]+ % of 24.0 MiB, .*/s, [0-9:]+ left'
	: >"$work/seen"
	"${with_flip[@]}" LIBBDE_FLIP_AT="$1" LIBBDE_DELAY_MS=300 \
		script -qec "exec ${adefuse_command[*]} verify --recovery-password env:RP $small" \
		"$work/typescript" </dev/null >"$work/seen" 2>&1 &
	asking=$!
	ok "a bar on a terminal" wait_until 60 grep -qE "$bar" "$work/seen"
	pkill -INT -P "$asking" -f "verify --recovery-password"
	wait "$asking"
	status=$?
	out=$(cat "$work/seen")
}
if command -v script >/dev/null; then
	make_disk "$small" --method xts-128 --recovery-password "$recovery_password"
	interrupt -1
	is "$status" 130 "Ctrl-C ends it"
	says "interrupted: not everything was compared" "p1: equal so far: " " of 24.0 MiB"
	interrupt 1000
	is "$status" 10 "Ctrl-C after a difference: the difference counts"
	says "interrupted: not everything was compared" "p1: DIFFERENT: first at byte 1000 " \
		"so far: "
else
	skip "a bar on a terminal" "no script(1)"
fi
done_testing
