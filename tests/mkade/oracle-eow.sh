#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Volumes of Windows 8 and later that are partly encrypted: bitmaps say which chunks are
# ciphertext.
#
# No peer reads them (Debian 12: libbde does not know the volume's GUID, dislocker says that it is
# not supported; cryptsetup gives the key, and refuses to map them). So their disks are put
# together here a second way: a chunk is either as in the plaintext or as on the same disk fully
# encrypted, made with the same seed, and dislocker reads that one. A volume made by Windows, where
# there is one, shows that the structures are Windows' own: --show finds the same fields in it, and
# all CRCs are right.

. "${abs_top_srcdir:?run by make check}/tests/mkade/peers.sh" || exit 99

real=$real_images/eow-partial.img.gz

# Runs of ciphertext as OFFSET SIZE lines: what the manifest says, and what --show reads.
manifest_runs() {
	field '.volume.eow as $e |
		$e.regions[] | "\(.offset) \(.size) \($e.chunk) \(.bits)"' | awk '{
		for (i = 1; i <= length($4); i++) {
			at = $1 + (i - 1) * $3
			n = i == length($4) ? $1 + $2 - at : $3
			if (substr($4, i, 1) == "1") { if (!size) from = at; size += n }
			if (size && (substr($4, i, 1) == "0" || i == length($4))) {
				printf "%.0f %.0f\n", from, size; size = 0 }
		}
	}'
}

shown_runs() { # IMAGE
	"$mkade" --show "$1" | sed -n 's/^region[0-9]*[.]run[0-9]* \(.*\) ciphertext$/\1/p'
}

wrong_crcs() {
	"$mkade" --show d.img | sed -n 's/[.]crc_right .* 0x0$//p' | tr '\n' ' '
}

put_together() { # PLAIN FULLY-ENCRYPTED
	cp "$1" expected.img
	while read -r at size; do
		dd if="$2" of=expected.img bs=1M iflag=skip_bytes,count_bytes oflag=seek_bytes \
			conv=notrunc status=none skip="$at" seek="$at" count="$size"
	done < <(manifest_runs)
	# shellcheck disable=SC2046 # one word a number
	same_elsewhere expected.img d.img 0 8192 $(zero_ranges)
}

header_is() { # IMAGE OFFSET: the relocated header is what this image has there
	cmp <(range d.img "$(field .volume.header_offset)" 8192) <(range "$1" "$2" 8192)
}

# The made disk, its description, and what --show reads off it are all the same.
agrees() { # NAME NTFS MKADE-OPTION...
	local name=$1 ntfs=$2 header
	shift 2
	make --volume "$ntfs" --seed 7 --bek k.bek "$@" full.img
	header=$(field .volume.header_offset)
	ok "$name: made" make --volume "$ntfs" --seed 7 --bek k.bek "$@" --eow \
		--plain-out p.raw "${eow[@]}" d.img
	ok "$name: plaintext is the one hashed" has_hash p.raw "$(field .volume.plain_sha256)"
	ok "$name: every chunk as it should be" put_together p.raw full.img
	ok "$name: --show reads the bitmaps" diff <(manifest_runs) <(shown_runs d.img)
	ok "$name: all CRCs are right" test "$(wrong_crcs)" = ''
	if manifest_runs | grep -q "^$header "; then
		ok "$name: relocated header is ciphertext" header_is full.img "$header"
	else
		ok "$name: relocated header is plaintext" header_is "$ntfs" 0
	fi
}

everywhere() {
	local method
	make --volume a.ntfs --seed 7 --bek k.bek --method xts-128 full.img
	ok "fully encrypted with this seed: dislocker" by_dislocker full.img -f k.bek
	for method in xts-128 cbc-256-diffuser; do
		eow=(--chunk 64K --eow-encrypted random)
		agrees "$method" a.ntfs --method $method
	done
	ok "regions do not begin at multiples of the chunk" test \
		"$(field '[.volume.eow | .regions[].offset % .chunk] | min')" -gt 0
	ok "last chunks are partial" test \
		"$(field '[.volume.eow | .regions[].size % .chunk] | max')" -gt 0
	eow=(--chunk 64K --eow-encrypted random)
	agrees "4096-byte sectors" a4.ntfs --method xts-256
	eow=()
	agrees "chunks as Windows'" a.ntfs
	field_is "they are 8 MiB" .volume.eow.chunk 8388608
	eow=(--chunk 192K --eow-region 1000K --eow-encrypted random --eow-header plain)
	agrees "many regions" a.ntfs
	ok "more than 30" test "$(field '.volume.eow.regions | length')" -gt 30
	eow=(--chunk 64K --eow-encrypted "0-4M,20M-21M,30M-" --eow-header encrypted)
	agrees "ranges" a.ntfs
	ok "a chunk that a range only touches is ciphertext" test \
		"$(manifest_runs | head -n 1)" = "8192 4194304"
	eow=(--chunk 64K --eow-encrypted none)
	agrees "none" a.ntfs --state converting:2,4,0
	field_is "state as told" '.volume | "\(.states) \(.encrypted_size)"' '[2,4] 0'
}

# Chunks without a used cluster stay plaintext, and all files come back.
used_space() {
	eow=(--chunk 64K --eow-encrypted used)
	agrees "used space only" a.ntfs
	ok "used space only: some chunks are not" test \
		"$(field '[.volume.eow.regions[] | .chunks - .encrypted_chunks] | add')" -gt 100
	ok "used space only: files are intact" files_intact p.raw a.list
}

damaged() { # DAMAGE WRONG-CRCS REFUSED-REGIONS
	make --volume a.ntfs --seed 7 --bek k.bek --eow --chunk 64K --eow-encrypted random \
		--eow-damage "$1" d.img
	ok "$1: these CRCs are wrong" test "$(wrong_crcs)" = "$2"
	field_is "$1: refused" '[.volume.refused_regions[] | .size] | add // 0' "$3"
	"$mkade" --fix-crc d.img 1 2 3
	ok "$1: --fix-crc leaves EOW alone when told" test "$(wrong_crcs)" = "$2"
	"$mkade" --fix-crc d.img eow
	ok "$1: --fix-crc" test "$(wrong_crcs)" = ''
}

zeros_in() { # FROM TO
	field "[.volume.zero_regions[] | select(.offset >= $1 and .offset < $2) | .size] |
		add // 0"
}

damage() {
	local first last
	make --volume a.ntfs --seed 7 --bek k.bek --eow --chunk 64K d.img
	first=$(field ".volume.eow.regions[0] | \"\(.offset) \(.offset + .size)\"")
	last=$(field ".volume.eow.regions[2] | \"\(.offset) \(.offset + .size)\"")
	# shellcheck disable=SC2086 # two words
	first=$((${first#* } - ${first% *} - $(zeros_in $first)))
	# shellcheck disable=SC2086
	last=$((${last#* } - ${last% *} - $(zeros_in $last)))
	damaged descriptor1 'eow1 ' 0
	damaged descriptor2 'eow2 ' 0
	damaged records 'bitmap0.record1 bitmap0.record2 ' $first
	damaged records:2 'bitmap2.record1 bitmap2.record2 ' $last
	damaged bitmap 'bitmap0 ' $first
	damaged log 'bitmap0.log.entry1 bitmap0.log.entry2 ' $first
	damaged records:1 'bitmap1.record1 bitmap1.record2 ' 8192
	damaged stale-record:0 'bitmap0.record1 ' 32768
	damaged record:0 'bitmap0.record1 ' 0

	make --volume a.ntfs --seed 7 --bek k.bek --eow --chunk 64K --eow-encrypted random \
		--eow-damage descriptor1 --eow-damage descriptor2 d.img
	ok "both descriptors: all is refused" test "$(field \
		'[.volume.refused_regions[] | .size] | add')" -gt $((33554432 - 8192 - 300000))
}

# Two records: the older one is the other way round, unless the newer one is damaged.
records() {
	eow=(--chunk 64K --eow-encrypted random --eow-damage record)
	make --volume a.ntfs --seed 7 --bek k.bek full.img
	make --volume a.ntfs --seed 7 --bek k.bek --eow --plain-out p.raw "${eow[@]}" d.img
	ok "newer record damaged: the disk is as the older one says" put_together p.raw full.img
	ok "newer record damaged: --show goes by the older one" diff <(manifest_runs) \
		<(shown_runs d.img)
	"$mkade" --fix-crc d.img
	ok "newer record mended: it says something else" not diff -q <(manifest_runs) \
		<(shown_runs d.img)
	find_field bitmap0.record1.sequence
	newer=$value
	find_field bitmap0.record2.sequence
	ok "the older one is the one before" test $((newer - value)) = 1
	find_field bitmap0.record1.bits
	ok "bits after the last are 1" last_bits_are_set bitmap0.record2 $((value))
}

last_bits_are_set() { # RECORD BITS
	find_field "$1.map"
	local words=$((($2 + 31) / 32)) word
	word=${value:$(((words - 1) * 8)):8}
	word=$((0x${word:6:2}${word:4:2}${word:2:2}${word:0:2}))
	((word >> $2 % 32 == (1 << (32 - $2 % 32)) - 1))
}

# A chunk whose conversion was interrupted: named by the log's newest entry, and half converted.
interrupted() {
	local chunk=$((8192 + 320 * 65536)) log
	make --volume a.ntfs --seed 7 --bek k.bek full.img
	make --volume a.ntfs --seed 7 --bek k.bek --eow --chunk 64K --eow-log-chunk 20990000 \
		--plain-out p.raw d.img
	field_is "interrupted: listed" '.volume.refused_regions' \
		"[{\"offset\":$chunk,\"size\":65536}]"
	ok "interrupted: first half is plaintext" cmp <(range d.img $chunk 32768) \
		<(range a.ntfs $chunk 32768)
	ok "interrupted: second half is ciphertext" cmp <(range d.img $((chunk + 32768)) 32768) \
		<(range full.img $((chunk + 32768)) 32768)
	ok "interrupted: zeros in the expected plaintext" cmp -n 65536 /dev/zero \
		<(range p.raw $chunk 65536)
	find_field bitmap0.log.entry2.chunk
	ok "interrupted: in the log" test $((value)) = $chunk
	find_field bitmap0.log.entry2.sequence
	newer=$value
	find_field bitmap0.log.entry1.sequence
	ok "interrupted: by the newer entry" test $((newer)) -gt $((value))
	log=$(field '.volume.eow.regions[0].log')
	ok "interrupted: the log has the ciphertext's beginnings" cmp \
		<(for i in {0..127}; do range full.img $((chunk + 512 * i)) 16; done) \
		<(range d.img $((log + 512 + 3072 + 512)) 2048)

	make --volume a.ntfs --seed 7 --bek k.bek --eow --chunk 64K \
		--eow-log-chunk "$(field .volume.header_offset)" d.img
	field_is "interrupted in the relocated header: the front is refused" \
		.volume.refused_regions '[{"offset":0,"size":8192}]'
}

peers_refuse() {
	make --volume a.ntfs --bek k.bek --method xts-128 --eow d.img
	ok "libbde does not open it" not bdemount -s k.bek d.img mnt
	ok "dislocker does not" not dislocker-file -V d.img -f k.bek -- peer.raw
	ok "cryptsetup gives the key" by_cryptsetup d.img k.bek
}

# What an own reading of the sample came to, byte by byte; its plaintext then has the known hash.
windows_own() {
	if [[ ! -e $real ]]; then
		skip "volume made by Windows" "no $real"
		return
	fi
	gzip -dc "$real" >d.img
	ok "volume made by Windows: all CRCs are right" test "$(wrong_crcs)" = ''
	ok "volume made by Windows: its bitmaps" diff - <("$mkade" --show d.img |
		sed -n 's/^\(region[0-9]*[.]run[0-9]*\) /\1 /p') <<-END
		region0.run0 8192 35643392 plaintext
		region1.run0 35651584 8192 plaintext
		region2.run0 35659776 167772160 plaintext
		region2.run1 203431936 102686720 ciphertext
		region3.run0 306118656 268435456 ciphertext
		region4.run0 574554112 268435456 ciphertext
		region5.run0 842989568 229638144 ciphertext
	END
	cp d.img mended.img
	"$mkade" --fix-crc mended.img
	ok "volume made by Windows: --fix-crc changes nothing" cmp d.img mended.img
}

make_volumes() {
	"$mkntfs_sh" --size 32M --list a.list a.ntfs &&
		"$mkntfs_sh" --size 32M --sector 4096 a4.ntfs
}

volumes_by make_volumes
everywhere
used_space
damage
records
interrupted
peers_refuse
windows_own
done_testing
