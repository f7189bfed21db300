# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
# Shared by the image maker's own tests: tests/lib.sh, and one function for each peer that compares
# what it reads with the manifest m.json of the last image. They run in the work folder.
. "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
set -o pipefail
need "$MKADE" jq dislocker-file dislocker-fuse bdemount cryptsetup ntfs-3g mkntfs mkfs.vfat \
	fsck.vfat sgdisk fdisk qemu-img fusermount3 openssl
[[ -c /dev/fuse && -w /dev/fuse ]] || skip_all "/dev/fuse cannot be used"

mkade=$(realpath "$MKADE")
mkntfs_sh=${MKNTFS:-$abs_top_srcdir/tests/mkade/mkntfs.sh}
password='anaconda 123'
cd "$work" || exit 1
mkdir mnt
mounts+=("$work/mnt")
unmount() { # in place of lib.sh's, which waits for an adefuse to end
	fusermount3 -u mnt 2>/dev/null || fusermount -u mnt 2>/dev/null || umount mnt
}

field() { # JQ-PATH of the manifest
	json m.json "$1"
}

field_is() { # NAME JQ-PATH WANT
	json_is "$1" m.json "$2" "$3"
}

has_hash() { # FILE SHA256
	local got
	got=$(sha_of "$1")
	[[ $got == "$2" ]] || {
		echo "plaintext has SHA-256 $got, expected $2"
		return 1
	}
}

by_dislocker() { # IMAGE KEY-OPTION...
	local image=$1
	shift
	rm -f peer.raw
	dislocker-file -V "$image" -O "$(field .volume.offset)" "$@" -- peer.raw &&
		has_hash peer.raw "$(field .volume.plain_sha256)"
}

by_bdemount() { # IMAGE KEY-OPTION...
	local image=$1 status=0
	shift
	bdemount -o "$(field .volume.offset)" "$@" "$image" mnt </dev/null || return
	has_hash mnt/bde1 "$(field .volume.plain_sha256)" || status=1
	unmount
	return "$status"
}

# The 128-bit diffuser key datum has room for two 256-bit keys, and half of each is used.
expected_fvek() {
	local fvek
	fvek=$(field .volume.fvek)
	if [[ $(field .volume.method) == cbc-128-diffuser ]]; then
		echo "${fvek:0:32}${fvek:64:32}"
	else
		echo "$fvek"
	fi
}

by_cryptsetup() { # IMAGE KEY-FILE
	local got
	got=$(cryptsetup -q bitlkDump --dump-volume-key --key-file "$2" "$1" |
		sed -n '/^MK dump:/,$ { s/^MK dump://; p }' | tr -d ' \t\n')
	[[ $got == "$(expected_fvek)" ]] || {
		echo "FVEK '$got', expected '$(expected_fvek)'"
		return 1
	}
}

make() { # mkade's options
	"$mkade" --manifest m.json "$@"
}

files_intact() { # VOLUME LIST
	local status=0 list
	list=$(realpath "$2")
	ntfs-3g -o ro,streams_interface=windows "$1" mnt || return
	(cd mnt && sha256sum --quiet -c "$list") || status=1
	grep -q ZoneId=3 mnt/one-byte:Zone.Identifier || status=1
	[[ $(find mnt -type f | wc -l) == $(wc -l <"$list") ]] || status=1
	unmount
	return "$status"
}

same_elsewhere() { # A B [OFFSET SIZE]...: equal but for these ranges
	(cmp -l "$1" "$2" 2>&1 || true) | awk -v ranges="${*:3}" '
		BEGIN { n = split(ranges, r, " ") }
		!/^ *[0-9]+ +[0-7]+ +[0-7]+$/ { print; bad = 1; exit }
		{ for (i = 1; i < n; i += 2) if ($1 > r[i] && $1 <= r[i] + r[i + 1]) next
		  print "differs at", $1 - 1; bad = 1; exit }
		END { exit bad }'
}

zero_ranges() {
	field '.volume.zero_regions[] | "\(.offset) \(.size)"' | tr '\n' ' '
}

# NAME of a field: sets at, len and value from --show of d.img.
find_field() {
	read -r _ at len value < <("$mkade" --show d.img | grep "^$1 ")
}

# COMMAND...: it makes the volumes; without them there is nothing to test.
volumes_by() {
	"$@"
	case $? in
	0) ;;
	77) skip_all "volumes cannot be made" ;;
	*)
		echo "Bail out! volumes cannot be made"
		exit 1
		;;
	esac
}
