# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034 # used by the tests
# What the shell tests share: TAP results, a work folder that is always cleaned up (mounts and
# servers too), the program under test, made disks. tests/e2e/vault.sh adds a loopback vault.
#
#   . "${abs_top_srcdir:?run by make check}/tests/lib.sh" || exit 99
#   need root /dev/fuse mkntfs              skip the whole file when something is missing
#   ok "name" command...                    passes when the command succeeds; output in $out
#   fails 4 "name" adefuse ...              passes with exactly this exit code; output in $out
#   says "text"...                          passes when the last output has each text
#   never_says "name" "text"...             passes when the last output has none of them
#   holds "name" [ "$a" -lt 7 ]             as ok, but leaves $out alone
#   is "got" "want" "name"                  passes when they are equal
#   json_is "name" FILE '.path' 'want'      passes when the JSON has that value there
#   hash_is "name" FILE SHA256              passes when the file has that hash
#   plain_is "name" FILE volume "$disk"     passes when it is the plaintext that mkade encrypted
#   done_testing
#
# tests/e2e/helpers.sh shows that each of them can fail. Under a sanitizer, reports go to files in
# the work folder and fail the test at its end, because a daemon has no terminal to print them on.

set -u
export LC_ALL=C.UTF-8
: "${abs_top_srcdir:?run by make check}" "${abs_top_builddir:?run by make check}"

test_count=0
test_failures=0
last_result=0
out=
work=$(mktemp -d "${TMPDIR:-/tmp}/adefuse-test.XXXXXX") || exit 99
mounts=()
servers=()

# A port of 127.0.0.1 on which nobody listens; need() skips the file if somebody does.
closed_port=1
# A folder that is not there, for a PATH without programs and for files that cannot be opened.
nowhere=$work/no-such-folder

# A test finds the managed identity that it sets up, never that of the machine it runs on.
export AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:$closed_port
unset IDENTITY_ENDPOINT IDENTITY_HEADER IMDS_ENDPOINT
unset AZURE_FEDERATED_TOKEN_FILE AZURE_CLIENT_CERTIFICATE_PATH

# Extra words in front of the program, such as valgrind's; @WORK@ is the work folder.
ADEFUSE_WRAPPER=${ADEFUSE_WRAPPER:-}
# shellcheck disable=SC2206
adefuse_command=(${ADEFUSE_WRAPPER//@WORK@/$work} "${ADEFUSE:-$abs_top_builddir/adefuse}")
MKADE=${MKADE:-$abs_top_builddir/tests/mkade/mkade}

# The folder of real volumes made by Windows, which are not part of the project.
real_images=${ADEFUSE_REAL_IMAGES:-$abs_top_srcdir/../shared/images}

# reports_to VARIABLE OPTIONS: a sanitizer writes its reports into the work folder
reports_to()
{
	export "$1=log_path=$work/sanitizer:$2${!1:+:${!1}}"
}
reports_to ASAN_OPTIONS detect_leaks=1:handle_abort=1
reports_to UBSAN_OPTIONS print_stacktrace=1
reports_to TSAN_OPTIONS "suppressions=$abs_top_srcdir/tests/tsan.supp"

adefuse()
{
	"${adefuse_command[@]}" "$@"
}

cleanup()
{
	local status=$? at server
	for at in "${mounts[@]}"; do
		fusermount3 -u "$at" || umount "$at" || umount -l "$at"
	done 2>/dev/null
	for server in "${servers[@]}"; do
		kill "$server" 2>/dev/null
	done
	rm -rf --one-file-system "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# Skip the file unless all of these are there: "root", files by absolute path, programs by name,
# "closed_port".
need()
{
	local what
	for what; do
		case $what in
		root) [ "$(id -u)" = 0 ] || skip_all "needs root" ;;
		closed_port)
			! (: </dev/tcp/127.0.0.1/$closed_port) 2>/dev/null ||
				skip_all "somebody listens on port $closed_port"
			;;
		/*) [ -e "$what" ] || skip_all "no $what" ;;
		*) command -v "$what" >/dev/null || skip_all "no $what" ;;
		esac
	done
}

result()
{
	local status=$1 name=$2
	test_count=$((test_count + 1))
	last_result=$status
	if [ "$status" = 0 ]; then
		echo "ok $test_count - $name"
	else
		echo "not ok $test_count - $name"
		test_failures=$((test_failures + 1))
		[ -z "$out" ] || printf '%s\n' "$out" | head -n 40 | sed 's/^/# /'
	fi
}

# Run a command in this shell, not in a subshell, so that functions can remember what they mounted
# or started.
run_here()
{
	local status
	"$@" >"$work/output" 2>&1
	status=$?
	out=$(tr -d '\0' <"$work/output")
	return $status
}

# skip NAME WHY: one test that cannot be run here
skip()
{
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# can WHAT: whether something can be done here (tests/can); if not, the log says why.
can()
{
	local reason
	reason=$("$abs_top_srcdir/tests/can" "$@") && return
	echo "# $reason"
	return 1
}

# Whether mounts can be hidden from the rest of the system; in a chroot, for one, they cannot.
has_own_mounts()
{
	can own-mounts
}

# ok NAME COMMAND...: passes when the command succeeds. Its output is kept in $out.
ok()
{
	local name=$1 status
	shift
	run_here "$@"
	status=$?
	result $status "$name"
	return $status
}

# fails CODE NAME COMMAND...: passes with exactly this exit code.
fails()
{
	local want=$1 name=$2 status
	shift 2
	run_here "$@"
	status=$?
	[ "$status" = "$want" ] || out="$out"$'\n'"(exit code $status, not $want)"
	[ "$status" = "$want" ]
	result $? "$name"
}

# says TEXT...: the last output has each text, word for word.
says()
{
	local text
	for text; do
		holds "  says: $text" contains "$text"
	done
}

contains()
{
	[[ $out == *"$1"* ]]
}

# never_says NAME TEXT...: there is a last output, and it has none of these texts.
never_says()
{
	local name=$1 text found=0
	shift
	for text; do
		! contains "$text" || found=1
	done
	[ $found = 0 ] && [ -n "$out" ] && [ $# -gt 0 ]
	result $? "$name"
}

# holds NAME COMMAND...: passes when the command succeeds. $out stays what it was.
holds()
{
	local name=$1
	shift
	"$@"
	result $? "$name"
}

# is GOT WANT NAME
is()
{
	local kept=$out
	out="got '$1', want '$2'"
	[ "$1" = "$2" ]
	result $? "$3"
	out=$kept
}

# json_is NAME FILE PATH WANT [PATH WANT]...: each jq path of a JSON file has this value: a string
# as it is, all else as compact JSON. FILE - is the last output.
json_is()
{
	local name=$1 file=$2 kept=$out got differ=
	shift 2
	if [ "$file" = - ]; then
		file=$work/last.json
		printf '%s\n' "$out" >"$file"
	fi
	[ -s "$file" ] && [ $# -ge 2 ] || differ="$file has no content, or no path is given"$'\n'
	while [ $# -ge 2 ]; do
		got=$(jq -rc "$1" "$file" 2>&1) || got="jq failed: $got"
		[ "$got" = "$2" ] || differ+="$1: got '$got', want '$2'"$'\n'
		shift 2
	done
	out=$differ
	[ -z "$differ" ] && [ $# = 0 ]
	result $? "$name"
	out=$kept
}

# hash_is NAME FILE SHA256
hash_is()
{
	is "$(sha_of "$2" 2>&1)" "$3" "$1"
}

# plain_is NAME FILE disk|volume DISK: FILE has the hash of the plaintext in DISK's manifest.
plain_is()
{
	hash_is "$1" "$2" "$(json "$4.json" ".$3.plain_sha256")"
}

# Report what sanitizers and valgrind found, wherever it was printed.
check_reports()
{
	local report found=0
	for report in "$work"/sanitizer.* "$work"/valgrind.*; do
		[ -s "$report" ] || continue
		found=1
		sed 's/^/# /' "$report" | head -n 60
	done
	if [ -n "${ADEFUSE_WRAPPER:-}${ADEFUSE_SANITIZED:-}" ]; then
		out=
		result $found "no sanitizer or valgrind report"
	fi
}

done_testing()
{
	local at
	for at in "${mounts[@]}"; do
		if mountpoint -q "$at"; then
			unmount "$at"
		fi
	done
	check_reports
	echo "1..$test_count"
	[ "$test_failures" = 0 ]
	exit
}

not()
{
	! "$@"
}

# wait_until SECONDS COMMAND...: for what nothing signals, such as another process's exit.
wait_until()
{
	local tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		read -rt 0.05 <> <(:) || :
	done
}

# Mount in the background as users do: mount_disk DISK AT [OPTIONS...]
mount_disk()
{
	local disk=$1 at=$2
	shift 2
	mkdir -p "$at"
	mounts+=("$at")
	adefuse mount "$@" "$disk" "$at"
}

# mounted SECONDS AT: wait until something is mounted there.
mounted()
{
	wait_until "$1" mountpoint -q "$2"
}

process_of()
{
	pgrep -f "adefuse mount .*$1\$" || :
}

gone()
{
	[ -z "$(process_of "$1")" ]
}

# Unmount and wait until the server has ended, so that its reports are complete.
unmount()
{
	local server
	fusermount3 -u "$1" || return 1
	wait_until 30 gone "$1" && return
	# what is it waiting for?
	for server in $(process_of "$1"); do
		tr '\0' ' ' <"/proc/$server/cmdline"
		grep -E '^(State|Threads)' "/proc/$server/status"
		head -n 8 "/proc/$server"/task/*/stack
	done
	return 1
}

# sha_of [FILE]: its SHA-256, or that of standard input
sha_of()
{
	sha256sum "${1:--}" | cut -d ' ' -f 1
}

# readers_agree FILE SHA256: several readers at once, in steps that fit no sector, all read this.
readers_agree()
{
	local size pids=()
	for size in 1M 3333 65537 511K; do
		dd if="$1" bs=$size iflag=fullblock status=none | sha_of >"$work/sum.$size" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for size in 1M 3333 65537 511K; do
		is "$(cat "$work/sum.$size")" "$2" "a reader in steps of $size beside others"
	done
}

# poke FILE OFFSET BYTES: overwrite bytes, given as printf's %b takes them.
poke()
{
	printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# zero FILE OFFSET LENGTH
zero()
{
	dd if=/dev/zero of="$1" iflag=count_bytes oflag=seek_bytes seek="$2" count="$3" \
		conv=notrunc status=none
}

# range FILE OFFSET LENGTH: these bytes of it
range()
{
	dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" bs=1M status=none
}

# One value of a JSON file: json FILE PATH
json()
{
	jq -r "$2" "$1"
}

# An NTFS volume with a known tree, made once in a work folder; $sector is its sector size. Prints
# its path.
ntfs_volume()
{
	local sector=${sector:-512}
	local file=$work/ntfs-$sector.img
	if [ ! -e "$file" ]; then
		bash "$abs_top_srcdir/tests/mkade/mkntfs.sh" --size 24M --sector "$sector" \
			--tree full --list "$file.list" "$file" >&2 || return 1
	fi
	echo "$file"
}

# small_volume OUT: a small NTFS volume, such as System Reserved
small_volume()
{
	truncate -s 8M "$1" && mkntfs -F -f -q "$1" >/dev/null 2>&1
}

# make_disk OUT [MKADE OPTIONS...]: an ADE-like disk with its manifest beside it (OUT.json).
make_disk()
{
	local disk=$1
	shift
	"$MKADE" --volume "$(ntfs_volume)" --manifest "$disk.json" --seed 7 "$@" "$disk"
}

# two_partitions OUT A B: an MBR disk of two images of one size, from 1 MiB on.
two_partitions()
{
	local size sectors
	size=$(stat -c %s "$2") || return
	sectors=$((size / 512))
	truncate -s $((1048576 + 2 * size + 1048576)) "$1"
	sfdisk -q "$1" <<-END || return
		label: dos
		start=2048, size=$sectors, type=7
		start=$((2048 + sectors)), size=$sectors, type=7
	END
	dd if="$2" of="$1" bs=1M seek=1 conv=notrunc status=none
	dd if="$3" of="$1" bs=1M seek=$((1 + size / 1048576)) conv=notrunc status=none
}

bek_guid=EF7B2F5A-50C6-4637-0001-7F599C12F85C
other_guid=7EB4F531-5FBA-4970-8E2D-C11FD6B0C69D
recovery_password=235818-357951-253979-013365-241120-245575-342914-591910
other_recovery_password=404558-436711-420860-678557-638220-018909-039941-695321

# ade_disk OUT: a disk as ADE leaves it on a Windows VM: GPT, fixed VHD, XTS-256, startup key and
# recovery password.
ade_disk()
{
	make_disk "$1" --layout gpt --vhd --method xts-256 --guid "$bek_guid" \
		--bek "$work/$bek_guid.BEK" --recovery-password "$recovery_password"
}

# unpack_real_images: the volumes that Windows made, as $work/NAME.img, and their keys
unpack_real_images()
{
	tar -xJf "$real_images/real-bitlocker.tar.xz" -C "$work" &&
		find "$work" -mindepth 2 -type f -exec mv -t "$work" {} +
}

real_image_names()
{
	sed -n 's/^\[\(.*\)\]$/\1/p' "$work/images.conf"
}

# setting IMAGE NAME: what images.conf says of a real image
setting()
{
	awk -F = -v section="[$1]" -v name="$2" '/^\[/ { inside = $0 == section }
		inside && $1 == name { print $2 }' "$work/images.conf"
}
