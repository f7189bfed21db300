#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2317 # functions are called by name
# Every state that a disk can be left in × method × sector size: every sector is right, or refused where the image
# maker says that nobody can tell; and what the peers make of the same disk. The rows are printed as a table by
# scripts/check. Peers are asked about XTS-128 with sectors of 512 alone, all of them with ADEFUSE_ALL_PEERS=1.
# shellcheck source=tests/lib.sh disable=SC2154 # set by make check
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99

bde_cat=${BDE_CAT:-$abs_top_builddir/tests/tools/bde-cat}
need "$MKADE" "$bde_cat" mkntfs jq
disk=$work/disk.img
bek=$work/key.BEK

# refused_by_manifest: "OFFSET SIZE" lines of what nobody can tell
refused_by_manifest()
{
	json "$disk.json" '(.volume.refused_regions // [])[] | "\(.offset) \(.size)"'
}

# compared [VARIABLE=VALUE]: run the comparison; "right|wrong|refused OFFSET SIZE" lines in $work/verdict
compared()
{
	env "$@" "$bde_cat" "bek:$bek" "$disk" "$(json "$disk.json" .volume.offset)" "$(json "$disk.json" .volume.size)" \
		"against:${plain:-$work/plain}" >"$work/verdict" 2>"$work/said"
}

verdicts() { sed -n "s/^$1 //p" "$work/verdict"; }

# Whether each line of $1 ("OFFSET SIZE") lies within one of $2: what is refused is what may be.
within()
{
	awk 'NR == FNR { from[n++] = $1; to[n - 1] = $1 + $2; next }
		{ good = 0; for (i = 0; i < n; i++) if ($1 >= from[i] && $1 + $2 <= to[i]) good = 1; if (!good) { print "# " $0; bad = 1 } }
		END { exit bad }' "$2" "$1"
}

# libbde through bdemount, whose file is the volume.
libbde_reads()
{
	local got=
	mkdir -p "$work/bde"
	if bdemount -o "$1" -s "$bek" "$disk" "$work/bde" >/dev/null 2>&1; then
		got=$(head -c "$2" "$work/bde/bde1" 2>/dev/null | sha256sum | cut -d ' ' -f 1)
		fusermount3 -u "$work/bde" 2>/dev/null || fusermount -u "$work/bde"
	fi
	case $got in
	'') peer_words+=' libbde:refused' ;;
	"$3") peer_words+=' libbde:right' ;;
	*) peer_words+=' libbde:WRONG' ;;
	esac
}

# What peers say of the disk: right, wrong or refused each.
peers()
{
	local at size got want
	at=$(json "$disk.json" .volume.offset) size=$(json "$disk.json" .volume.size)
	want=$(sha_of "$work/plain")
	peer_words=
	if command -v dislocker-file >/dev/null; then
		rm -f "$work/peer"
		# it dies of some of these disks, which bash would tell: the inner one, to nobody
		if (timeout 120 dislocker-file -q -O "$at" -V "$disk" -f "$bek" -- "$work/peer"; exit $?) >/dev/null 2>&1 && [ -s "$work/peer" ]; then
			got=$(head -c "$size" "$work/peer" | sha256sum | cut -d ' ' -f 1)
			[ "$got" = "$want" ] && peer_words+=' dislocker:right' || peer_words+=' dislocker:WRONG'
		else
			peer_words+=' dislocker:refused'
		fi
		rm -f "$work/peer"
	fi
	if command -v bdemount >/dev/null; then
		libbde_reads "$at" "$size" "$want"
	fi
	if command -v cryptsetup >/dev/null; then
		head -c "$((at + size))" "$disk" | tail -c "$size" >"$work/peer.img"
		cryptsetup bitlkDump "$work/peer.img" >"$work/dump" 2>&1 && peer_words+=' cryptsetup:reads' || peer_words+=' cryptsetup:refused'
		rm -f "$work/peer.img"
	fi
}

# row NAME METHOD SECTOR MKADE-OPTION...: made, every sector right or rightly refused
row()
{
	local name=$1 method=$2 sector=$3 outcome
	shift 3
	export sector
	rm -f "$bek"
	ok "$name, $method, sectors of $sector: made" make_disk "$disk" --method "$method" --guid "$bek_guid" --bek "$bek" \
		--plain-out "$work/plain" "$@" || return
	compared
	{ refused_by_manifest; echo "${may_refuse:-}"; } | grep . >"$work/may" || :
	verdicts refused >"$work/refused"
	is "$(verdicts wrong)" "" "  no sector is wrong"
	ok "  only what nobody can tell is refused" within "$work/refused" "$work/may"
	if [ -s "$work/may" ]; then
		ok "  which is refused indeed" test -s "$work/refused"
		outcome="right, $(awk '{ s += $2 } END { print s + 0 }' "$work/refused") bytes refused"
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
	local name=$1 words=$2
	shift 2
	export sector=512
	rm -f "$bek"
	ok "$name: made" make_disk "$disk" --method xts-128 --guid "$bek_guid" --bek "$bek" --plain-out "$work/plain" "$@" || return
	fails 3 "  refused" "$bde_cat" "bek:$bek" "$disk"
	says "$words"
	# where nobody can tell the maker keeps zeros; what is salvaged there must be the file system's own
	compared BDE_CAT_SALVAGE=1
	verdicts wrong >"$work/odd"
	plain=$(ntfs_volume) compared BDE_CAT_SALVAGE=1
	verdicts right >"$work/own"
	ok "  salvaged: no sector is wrong" within "$work/odd" "$work/own"
	compared BDE_CAT_SALVAGE=1
	ok "  and the rest is right" test -n "$(verdicts right)"
	peers
	echo "# row: $name | xts-128 | 512 | refused; salvaged: $(verdicts right | awk '{ s += $2 } END { print s }') bytes right | ${peer_words# }"
}

mark=$((11 << 20))
for sector_size in 512 4096; do
	for method in xts-128 xts-256 cbc-128 cbc-256 cbc-128-diffuser cbc-256-diffuser; do
		row encrypted $method $sector_size
		row "suspended" $method $sector_size --state suspended
		row "paused decryption (3 to 1)" $method $sector_size --state "converting:3,1,$mark"
		row "paused encryption (5 to 4)" $method $sector_size --state "converting:5,4,$((mark + 4096))"
		row "converting (2 to 4)" $method $sector_size --state "converting:2,4,$mark"
		row "bitmaps, random chunks" $method $sector_size --eow --chunk 64K --eow-region 5M --eow-encrypted random
	done
	row "decrypted" xts-128 $sector_size --state decrypted
	# on which side of the mark the bytes under way lie is not known: both are refused, the maker has one
	may_refuse="$((mark - (1 << 20))) $((2 << 20))" row "interrupted (2 to 4, 1 MiB under way)" xts-128 $sector_size --state "converting:2,4,$mark" --conversion-size 1M
	row "bitmaps, used space only" xts-128 $sector_size --eow --chunk 64K --eow-encrypted used
	row "bitmaps, header plain" xts-128 $sector_size --eow --chunk 256K --eow-region 3M --eow-header plain --eow-encrypted random
	row "bitmaps, header encrypted" xts-128 $sector_size --eow --chunk 256K --eow-header encrypted --eow-encrypted none
	row "bitmaps, all" xts-128 $sector_size --eow --eow-encrypted all
	row "bitmaps, none" xts-128 $sector_size --eow --eow-encrypted none
	row "bitmaps, chunk interrupted" xts-128 $sector_size --eow --chunk 64K --eow-encrypted random --eow-log-chunk $((13 << 20))
	row "bitmaps, descriptor 1 damaged" xts-128 $sector_size --eow --chunk 64K --eow-encrypted random --eow-damage descriptor1
done
eow=(--eow --chunk 64K --eow-region 5M --eow-encrypted random)
refuses "bitmaps, newer record damaged" "EOW bitmaps are lost" "${eow[@]}" --eow-damage record:2
refuses "bitmaps, newer record damaged, older one behind" "EOW bitmaps are lost" "${eow[@]}" --eow-damage stale-record:2
refuses "bitmaps, both records damaged" "EOW bitmaps are lost" "${eow[@]}" --eow-damage records:2
refuses "bitmaps, a bitmap damaged" "EOW bitmaps are lost" "${eow[@]}" --eow-damage bitmap:2
refuses "bitmaps, a log damaged" "EOW bitmaps are lost" "${eow[@]}" --eow-damage log:2
refuses "bitmaps, both descriptors damaged" "cannot tell which" "${eow[@]}" --eow-damage descriptor1 --eow-damage descriptor2
done_testing
