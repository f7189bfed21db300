#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks made by fdisk, sgdisk and qemu-img: our view of them is compared with those programs' own,
# before and after damage, and the commands that our hints name are run.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
show_disk=$abs_top_builddir/tests/tools/show-disk
need fdisk sfdisk sgdisk qemu-img jq "$show_disk"

# shown FILE PATH: values of what show-disk says, which is JSON
shown()
{
	"$show_disk" "$1" | jq -rc "$2"
}

# ours FILE: a line for each partition: number, offset, size, type
ours()
{
	shown "$1" 'select(.number) | [.number, .offset, .size, .type] | @tsv'
}

# make_table FILE SECTOR_SIZE: a 64 MiB disk with the table of the sfdisk script on standard input
make_table()
{
	truncate -s 64M "$1"
	cat >"$work/script"
	printf 'I\n%s\nw\n' "$work/script" | fdisk -b "$2" "$1" >/dev/null 2>&1
}

# dump FILE: as an sfdisk script, whatever the sector size is
dump()
{
	rm -f "$work/dump"
	printf 'O\n%s\nq\n' "$work/dump" | fdisk -b "$2" "$1" >/dev/null 2>&1
	cat "$work/dump"
}

# of_fdisk FILE SECTOR_SIZE: the same as ours, as fdisk sees it; extended partitions are no volumes
of_fdisk()
{
	dump "$1" "$2" | sed -nE -e '/ : start=/!d; s/^.*\.img([0-9]+) : start= */\1 /' \
		-e 's/, size= *([0-9]+), type=([^,]*).*/ \1 \2/p' |
		awk -v sector="$2" '$4 !~ /^(5|f|85)$/ {
			printf "%d\t%.0f\t%.0f\t%s\n", $1, $2 * sector, $3 * sector, $4 }'
}

# of_sfdisk FILE: the same from its JSON; it knows sectors of 512 bytes only
of_sfdisk()
{
	sfdisk --json "$1" | jq -rc --arg file "$1" '
		.partitiontable.partitions[]
		| select(.type as $t | ["5", "f", "85"] | index($t) | not)
		| [(.node | ltrimstr($file) | tonumber), .start * 512, .size * 512, .type] | @tsv'
}

# names_ours FILE, names_fdisk FILE SECTOR_SIZE: what else a GPT holds
names_ours()
{
	shown "$1" 'select(.id).id, (select(.number) | .uuid + " " + .name)'
}

names_fdisk()
{
	dump "$1" "$2" | sed -n -e 's/^label-id: //p' -e '/ : start=/!d' \
		-e '/name=/!s/$/, name=""/' -e 's/.*, uuid=\([^,]*\).*, name="\(.*\)".*/\1 \2/p'
}

# of_sgdisk FILE: number, first and last sector
of_sgdisk()
{
	sgdisk -p "$1" | awk '/^Number/ { table = 1; next } table { print $1, $2, $3 }'
}

ours_in_sectors()
{
	shown "$1" \
		'select(.number) | "\(.number) \(.offset / 512) \((.offset + .size) / 512 - 1)"'
}

summary()
{
	shown "$1" 'select(.scheme) | "\(.format) \(.scheme) \(.sector_size)"'
}

warnings()
{
	shown "$1" 'select(.warning).warning'
}

# same_but NAME FILE WANT WARNING: the partitions are still WANT, and the only warning has WARNING
same_but()
{
	is "$(ours "$2")" "$3" "$1: same partitions"
	out=$(warnings "$2")
	[ "$(wc -l <<<"$out")" = 1 ] && contains "$4"
	result $? "$1: warns '$4'"
}

# zeroed FILE OFFSET LENGTH: $broken is a copy of it with zeros there
broken=$work/broken.img
zeroed()
{
	cp "$1" "$broken"
	zero "$broken" "$2" "$3"
}

gpt_made_by_fdisk()
{
	local sector=$1 file=$work/gpt-$1.img want size
	local reserved=E3C9E316-0B5C-4DB8-817D-F92DF00215AE
	make_table "$file" "$sector" <<-END
		label: gpt
		size=1M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI system partition"
		size=2M, type=$reserved, name="Microsoft reserved partition"
		size=40M, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name="Basic data partition"
		7: size=3M, type=DE94BBA4-06D1-4D40-A16A-BFD50179D6AC
	END
	size=$(stat -c %s "$file")
	want=$(of_fdisk "$file" "$sector")
	is "$(wc -l <<<"$want")" 4 "fdisk GPT $sector: four partitions"
	is "$(summary "$file")" "raw gpt $sector" "fdisk GPT $sector: recognised"
	is "$(ours "$file")" "$want" "fdisk GPT $sector: same partitions"
	is "$(names_ours "$file")" "$(names_fdisk "$file" "$sector")" \
		"fdisk GPT $sector: same names and GUIDs"
	is "$(warnings "$file")" "" "fdisk GPT $sector: no warning"

	zeroed "$file" "$sector" 16
	same_but "GPT $sector, signature of the primary" "$broken" "$want" "primary GPT is damaged"
	zeroed "$file" $((2 * sector)) 64
	same_but "GPT $sector, entries of the primary" "$broken" "$want" "primary GPT is damaged"
	is "$(of_fdisk "$broken" "$sector")" "$want" "GPT $sector: fdisk repairs it the same way"
	zeroed "$file" $((size - sector)) "$sector"
	same_but "GPT $sector, backup" "$broken" "$want" "backup GPT is damaged"
	zeroed "$file" 0 512
	same_but "GPT $sector, protective MBR" "$broken" "$want" "protective MBR is damaged"
	cp "$file" "$broken"
	truncate -s 46M "$broken"
	out=$(warnings "$broken")
	says "GPT was made for $size bytes" "partition 7 is cut off"
	is "$(ours "$broken" | head -n 3)" "$(head -n 3 <<<"$want")" \
		"GPT $sector, cut off: what is there stays"
}

mbr_made_by_fdisk()
{
	local sector=$1 file=$work/mbr-$1.img want
	make_table "$file" "$sector" <<-END
		label: dos
		label-id: 0xcafe1234
		size=1M, type=7, bootable
		size=2M, type=27
		size=50M, type=f
		size=1M, type=83
		size=4M, type=7
		size=3M, type=82
		size=2M, type=b
	END
	want=$(of_fdisk "$file" "$sector")
	is "$(wc -l <<<"$want")" 6 "fdisk MBR $sector: six volumes"
	is "$(summary "$file")" "raw mbr $sector" "fdisk MBR $sector: recognised"
	is "$(ours "$file")" "$want" "fdisk MBR $sector: same partitions, logical ones too"
	is "$(shown "$file" 'select(.id).id')" 0xcafe1234 "fdisk MBR $sector: disk signature"
	is "$(warnings "$file")" "" "fdisk MBR $sector: no warning"
	# a new logical partition in place of another: the chain is not in the order of the disk
	printf 'd\n6\nn\n\n+1M\nw\n' | fdisk -b "$sector" "$file" >/dev/null 2>&1
	want=$(of_fdisk "$file" "$sector")
	is "$(wc -l <<<"$want")" 6 "fdisk MBR $sector: one deleted, one added"
	is "$(ours "$file")" "$want" "fdisk MBR $sector: same partitions after that"
}

gpt_made_by_sgdisk()
{
	local file=$work/sgdisk.img want number
	local options=()
	truncate -s 64M "$file"
	for number in 1 2 3 5 8 13 21 34 55 89 144; do
		options+=(--new "$number:+$((number % 7 * 100))K:+$((300 + number))K")
	done
	sgdisk --clear --resize-table=256 --set-alignment=1 "${options[@]}" "$file" >/dev/null
	want=$(of_sgdisk "$file")
	is "$(wc -l <<<"$want")" 11 "sgdisk GPT: eleven partitions among 256 entries"
	is "$(ours_in_sectors "$file")" "$want" "sgdisk GPT: same partitions"
	is "$(warnings "$file")" "" "sgdisk GPT: no warning"
	sgdisk --change-name "5:Größe \"C\" €" "$file" >/dev/null
	is "$(shown "$file" 'select(.number == 5).name')" \
		"$(sgdisk --info 5 "$file" | sed -n "s/^Partition name: '\(.*\)'$/\1/p")" \
		"sgdisk GPT: same name beyond ASCII"
	want=$(ours "$file")
	sgdisk --hybrid=1:5 "$file" >/dev/null
	same_but "sgdisk hybrid MBR" "$file" "$want" "the MBR is a hybrid"
	# moved to a larger disk, the backup stays where it was, until its table is moved too
	truncate -s 80M "$file"
	same_but "sgdisk, grown disk" "$file" "$want" "the MBR is a hybrid"
	sgdisk --move-second-header "$file" >/dev/null
	zero "$file" 512 512
	is "$(ours "$file")" "$want" "sgdisk, grown disk with its backup moved: found there"
	sgdisk --zap "$file" >/dev/null 2>&1
	is "$(summary "$file")" "raw mbr 512" "sgdisk --zap: what the hybrid MBR lists is left"
	sgdisk --zap-all "$file" >/dev/null 2>&1
	is "$(summary "$file")" "raw none 512" "sgdisk --zap-all: no table is left"
}

# same_size NAME FILE: qemu-img sees a disk as large as we do
same_size()
{
	local want
	want=$(qemu-img info -f vpc --output=json "$2" | jq '."virtual-size"')
	is "$(shown "$2" 'select(.size and .scheme).size')" "$want" "$1: same size"
}

# A fixed VHD made by qemu-img: same size, same partitions, same bytes.
vhd_made_by_qemu()
{
	local raw=$work/gpt-512.img file=$work/fixed.vhd want
	want=$(ours "$raw")
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on "$raw" "$file"
	is "$(summary "$file")" "vhd (fixed) gpt 512" "qemu-img fixed VHD: recognised"
	same_size "qemu-img fixed VHD" "$file"
	is "$(ours "$file")" "$want" "qemu-img fixed VHD: same partitions"
	is "$(warnings "$file")" "" "qemu-img fixed VHD: no warning"
	qemu-img convert -f raw -O vpc -o subformat=fixed "$raw" "$work/chs.vhd"
	same_size "qemu-img fixed VHD of a size rounded to the geometry" "$work/chs.vhd"
	is "$(ours "$work/chs.vhd")" "$want" \
		"qemu-img fixed VHD of a rounded size: same partitions"
	zero "$file" $((64 * 1048576)) 512
	same_but "fixed VHD, footer overwritten" "$file" "$want" "VHD footer is lost"
	truncate -s 64M "$file"
	same_but "fixed VHD, footer cut off" "$file" "$want" "no VHD footer"
}

# refused FILE TEXT MADE: by name, with a hint whose command, when it is run here, makes the disk
# MADE
refused()
{
	local file=$1 text=$2 made=$3 hint
	fails 3 "${file##*/}: refused" "$show_disk" "$file"
	says "$text"
	hint=$(sed -n 's/^hint: [^:]*: //p' <<<"$out")
	rm -f "$made"
	(cd "$work" && bash -c "$hint") >/dev/null 2>&1
	cmp -n $((64 * 1048576)) "$work/gpt-512.img" "$made"
	result $? "  and its hint makes the disk: $hint"
}

formats_of_qemu()
{
	local raw=$work/gpt-512.img format
	for format in vhdx qcow qcow2 vmdk vdi; do
		qemu-img convert -f raw -O "$format" "$raw" "$work/disk.$format"
		refused "$work/disk.$format" "a ${format^^} image" "$work/disk.raw"
	done
	qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$raw" "$work/stream.vmdk"
	refused "$work/stream.vmdk" "a VMDK image" "$work/disk.raw"
	qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat "$raw" "$work/flat.vmdk"
	refused "$work/flat.vmdk" "descriptor of a VMDK" "$work/disk.raw"
	qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on "$raw" \
		"$work/dynamic.vhd"
	refused "$work/dynamic.vhd" "a dynamic VHD" "$work/disk.raw"
	truncate -s -512 "$work/dynamic.vhd"
	refused "$work/dynamic.vhd" "a dynamic VHD" "$work/disk.raw"
}

compressed_files()
{
	local tool
	local -A suffix=([gzip]=gz [xz]=xz [bzip2]=bz2 [zstd]=zst)
	for tool in gzip xz bzip2 zstd; do
		if ! command -v "$tool" >/dev/null; then
			skip "compressed with $tool" "no $tool"
			continue
		fi
		"$tool" -c <"$work/gpt-512.img" >"$work/packed.${suffix[$tool]}"
		refused "$work/packed.${suffix[$tool]}" "compressed with $tool" "$work/packed"
	done
	tar -C "$work" -cf "$work/packed.tar" gpt-512.img
	fails 3 "packed.tar: refused" "$show_disk" "$work/packed.tar"
	says "a tar archive" "tar -xf"
}

for sector in 512 4096; do
	gpt_made_by_fdisk $sector
	mbr_made_by_fdisk $sector
done
for table in gpt mbr; do
	is "$(ours "$work/$table-512.img")" "$(of_sfdisk "$work/$table-512.img")" \
		"sfdisk --json agrees on the $table"
done
gpt_made_by_sgdisk
vhd_made_by_qemu
formats_of_qemu
compressed_files
done_testing
