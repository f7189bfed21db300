#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every state that a disk can be left in × method × sector size: every sector is right, or refused
# where the image maker says that it cannot be known; and what the peers make of the same disk.
# scripts/check prints the rows as a table. Peers are asked only about XTS-128 with sectors of 512,
# or about all disks with ADEFUSE_ALL_PEERS=1.
# shellcheck disable=SC2317 # functions are called by name
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$MKADE" "$bde_cat" mkntfs jq
disk=$work/disk.img
bek=$work/key.BEK

# refused_by_manifest: "OFFSET SIZE" lines of what cannot be known
refused_by_manifest()
{
	json "$disk.json" '(.volume.refused_regions // [])[] | "\(.offset) \(.size)"'
}

# compared [VARIABLE=VALUE]: compare with $plain; "right|wrong|refused OFFSET SIZE" lines go to
# $work/verdict
compared()
{
	local at size
	read -r at size < <(json "$disk.json" '.volume | "\(.offset) \(.size)"')
	env "$@" "$bde_cat" "bek:$bek" "$disk" "$at" "$size" "against:${plain:-$work/plain}" \
		>"$work/verdict" 2>"$work/said"
}

verdicts() { sed -n "s/^$1 //p" "$work/verdict"; }

# within FILE RANGES: each line of FILE ("OFFSET SIZE") lies within one of RANGES
within()
{
	awk 'NR == FNR { from[n++] = $1; to[n - 1] = $1 + $2; next }
		{
			good = 0
			for (i = 0; i < n; i++)
				if ($1 >= from[i] && $1 + $2 <= to[i])
					good = 1
			if (!good) { print "# " $0; bad = 1 }
		}
		END { exit bad }' "$2" "$1"
}

bytes_of()
{
	awk '{ s += $2 } END { print s + 0 }' "$1"
}

# says_of PEER HASH WANT: right, wrong, or without a hash refused
says_of()
{
	case $2 in
	'') peer_words+=" $1:refused" ;;
	"$3") peer_words+=" $1:right" ;;
	*) peer_words+=" $1:WRONG" ;;
	esac
}

# libbde_reads OFFSET SIZE: the hash that it reads through bdemount, whose file is the volume
libbde_reads()
{
	mkdir -p "$work/bde"
	bdemount -o "$1" -s "$bek" "$disk" "$work/bde" >/dev/null 2>&1 || return
	head -c "$2" "$work/bde/bde1" 2>/dev/null | sha_of
	fusermount3 -u "$work/bde" 2>/dev/null || fusermount -u "$work/bde"
}

# dislocker_reads OFFSET SIZE: its hash
dislocker_reads()
{
	local command=(timeout 120 dislocker-file -q -O "$1" -V "$disk" -f "$bek" -- "$work/peer")
	rm -f "$work/peer"
	# it crashes on some of these disks; the inner bash reports that, and to nobody
	if ("${command[@]}"; exit $?) >/dev/null 2>&1 && [ -s "$work/peer" ]; then
		head -c "$2" "$work/peer" | sha_of
	fi
	rm -f "$work/peer"
}

# What peers say of the disk: right, wrong or refused each.
peers()
{
	local at size want
	read -r at size < <(json "$disk.json" '.volume | "\(.offset) \(.size)"')
	want=$(sha_of "$work/plain")
	peer_words=
	if command -v dislocker-file >/dev/null; then
		says_of dislocker "$(dislocker_reads "$at" "$size")" "$want"
	fi
	if command -v bdemount >/dev/null; then
		says_of libbde "$(libbde_reads "$at" "$size")" "$want"
	fi
	if command -v cryptsetup >/dev/null; then
		range "$disk" "$at" "$size" >"$work/peer.img"
		if cryptsetup bitlkDump "$work/peer.img" >"$work/dump" 2>&1; then
			peer_words+=' cryptsetup:reads'
		else
			peer_words+=' cryptsetup:refused'
		fi
		rm -f "$work/peer.img"
	fi
}

# make METHOD MKADE-OPTION...
make()
{
	rm -f "$bek"
	make_disk "$disk" --method "$1" --guid "$bek_guid" --bek "$bek" --plain-out "$work/plain" \
		"${@:2}"
}

# row NAME METHOD SECTOR MKADE-OPTION...: made, every sector right or rightly refused
row()
{
	local name=$1 method=$2 sector=$3 outcome
	shift 3
	export sector
	ok "$name, $method, sectors of $sector: made" make "$method" "$@" || return
	compared
	{ refused_by_manifest; echo "${may_refuse:-}"; } | grep . >"$work/may" || :
	verdicts refused >"$work/refused"
	is "$(verdicts wrong)" "" "  no sector is wrong"
	ok "  only what cannot be known is refused" within "$work/refused" "$work/may"
	if [ -s "$work/may" ]; then
		ok "  and it is refused" test -s "$work/refused"
		outcome="right, $(bytes_of "$work/refused") bytes refused"
	else
		is "$(verdicts right)" "0 $(json "$disk.json" .volume.size)" "  all of it is right"
		outcome="right"
	fi
	peer_words=
	if [ "$sector$method" = 512xts-128 ] || [ "${ADEFUSE_ALL_PEERS:-}" ]; then
		peers
	fi
	echo "# row: $name | $method | $sector | $outcome | ${peer_words# }"
}

# refuses NAME WORDS MKADE-OPTION...: refused by name, and with salvage no sector is wrong
refuses()
{
	local name=$1 words=$2 outcome
	shift 2
	export sector=512
	ok "$name: made" make xts-128 "$@" || return
	fails 3 "  refused" "$bde_cat" "bek:$bek" "$disk"
	says "$words"
	# where it cannot be known, the maker keeps zeros; what is salvaged there must be the file
	# system's own
	compared BDE_CAT_SALVAGE=1
	verdicts wrong >"$work/odd"
	plain=$(ntfs_volume) compared BDE_CAT_SALVAGE=1
	verdicts right >"$work/own"
	ok "  salvaged: no sector is wrong" within "$work/odd" "$work/own"
	compared BDE_CAT_SALVAGE=1
	ok "  and the rest is right" test -n "$(verdicts right)"
	peers
	outcome="refused; salvaged: $(bytes_of <(verdicts right)) bytes right"
	echo "# row: $name | xts-128 | 512 | $outcome | ${peer_words# }"
}

mark=$((11 << 20))
eow=(--eow --chunk 64K --eow-encrypted random)
regions=("${eow[@]}" --eow-region 5M)
for size in 512 4096; do
	for method in xts-128 xts-256 cbc-128 cbc-256 cbc-128-diffuser cbc-256-diffuser; do
		row encrypted $method $size
		row "suspended" $method $size --state suspended
		row "paused decryption (3 to 1)" $method $size --state "converting:3,1,$mark"
		row "paused encryption (5 to 4)" $method $size \
			--state "converting:5,4,$((mark + 4096))"
		row "converting (2 to 4)" $method $size --state "converting:2,4,$mark"
		row "bitmaps, random chunks" $method $size "${regions[@]}"
	done
	row "decrypted" xts-128 $size --state decrypted
	# it is not known on which side of the mark the bytes under way are: both are refused
	may_refuse="$((mark - (1 << 20))) $((2 << 20))" \
		row "interrupted (2 to 4, 1 MiB under way)" xts-128 $size \
		--state "converting:2,4,$mark" --conversion-size 1M
	row "bitmaps, used space only" xts-128 $size --eow --chunk 64K --eow-encrypted used
	row "bitmaps, header plain" xts-128 $size --eow --chunk 256K --eow-region 3M \
		--eow-header plain --eow-encrypted random
	row "bitmaps, header encrypted" xts-128 $size --eow --chunk 256K \
		--eow-header encrypted --eow-encrypted none
	row "bitmaps, all" xts-128 $size --eow --eow-encrypted all
	row "bitmaps, none" xts-128 $size --eow --eow-encrypted none
	row "bitmaps, chunk interrupted" xts-128 $size "${eow[@]}" --eow-log-chunk $((13 << 20))
	row "bitmaps, descriptor 1 damaged" xts-128 $size "${eow[@]}" --eow-damage descriptor1
done
while IFS='|' read -r name damage; do
	refuses "bitmaps, $name" "EOW bitmaps are lost" "${regions[@]}" --eow-damage "$damage"
done <<-END
	newer record damaged|record:2
	newer record damaged, older one out of date|stale-record:2
	both records damaged|records:2
	a bitmap damaged|bitmap:2
	a log damaged|log:2
END
refuses "bitmaps, both descriptors damaged" "cannot tell which" "${regions[@]}" \
	--eow-damage descriptor1 --eow-damage descriptor2
done_testing
