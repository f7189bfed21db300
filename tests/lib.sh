# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the shell tests share: TAP lines, a work folder that is always cleaned up (mounts and servers too),
# the program under test, made disks, a loopback vault.
#
#   . "$abs_top_srcdir/tests/lib.sh"
#   need root /dev/fuse mkntfs                 skip the whole file when something is missing
#   ok "name" command...                       passes when the command succeeds
#   fails 4 "name" adefuse ...                 passes with that exit code; output in $out
#   done_testing
#
# Under a sanitizer, reports go to files in the work folder and fail the test at its end, because a
# daemon has no terminal to print them on.

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

# A test finds the managed identity that it sets up, never that of the machine it runs on; nobody listens there.
export AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:9
unset IDENTITY_ENDPOINT IDENTITY_HEADER IMDS_ENDPOINT AZURE_FEDERATED_TOKEN_FILE AZURE_CLIENT_CERTIFICATE_PATH

# Extra words in front of the program, such as valgrind's; @WORK@ is the work folder.
ADEFUSE_WRAPPER=${ADEFUSE_WRAPPER:-}
# shellcheck disable=SC2206
adefuse_command=(${ADEFUSE_WRAPPER//@WORK@/$work} "${ADEFUSE:-$abs_top_builddir/adefuse}")
MKADE=${MKADE:-$abs_top_builddir/tests/mkade/mkade}

export ASAN_OPTIONS="log_path=$work/sanitizer:detect_leaks=1:handle_abort=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="log_path=$work/sanitizer:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="log_path=$work/sanitizer:suppressions=$abs_top_srcdir/tests/tsan.supp${TSAN_OPTIONS:+:$TSAN_OPTIONS}"

adefuse()
{
	"${adefuse_command[@]}" "$@"
}

cleanup()
{
	local status=$? at server
	for at in "${mounts[@]}"; do
		fusermount3 -u "$at" 2>/dev/null || umount "$at" 2>/dev/null || umount -l "$at" 2>/dev/null
	done
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

# Skip the file unless all of these are there: "root", files by absolute path, programs by name.
need()
{
	local what
	for what; do
		case $what in
		root) [ "$(id -u)" = 0 ] || skip_all "needs root" ;;
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

# Run a command in this shell, not a subshell, so that functions can remember what they mounted or started.
run_here()
{
	local status
	"$@" >"$work/output" 2>&1
	status=$?
	out=$(tr -d '\0' <"$work/output")
	return $status
}

# skip NAME WHY: one test that cannot be made here
skip()
{
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# can WHAT: whether something can be done here (tests/can); the reason why not is in $reason.
can()
{
	reason=$("$abs_top_srcdir/tests/can" "$@")
}

# Whether mounts can be hidden from the rest of the system; a plain chroot, for one, cannot.
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

# says TEXT...: the last output holds each text, word for word.
says()
{
	local text
	for text; do
		[[ $out == *"$text"* ]]
		result $? "  says: $text"
	done
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

# wait_until SECONDS COMMAND...: for ends that nothing signals, such as another process's exit.
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

# Mount in the background as users do: mount DISK AT [OPTIONS...]
mount_disk()
{
	local disk=$1 at=$2
	shift 2
	mkdir -p "$at"
	mounts+=("$at")
	adefuse mount "$@" "$disk" "$at"
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

sha_of()
{
	sha256sum "$1" | cut -d ' ' -f 1
}

# One value out of a JSON file: json FILE FILTER
json()
{
	jq -r "$2" "$1"
}

# An NTFS volume with a known tree, made once a work folder; $sector says its sector size. Prints its path.
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
	local size
	size=$(stat -c %s "$2") || return
	truncate -s $((1048576 + 2 * size + 1048576)) "$1"
	printf 'label: dos\nstart=2048, size=%d, type=7\nstart=%d, size=%d, type=7\n' $((size / 512)) $((2048 + size / 512)) \
		$((size / 512)) | sfdisk -q "$1" || return
	dd if="$2" of="$1" bs=1M seek=1 conv=notrunc status=none
	dd if="$3" of="$1" bs=1M seek=$((1 + size / 1048576)) conv=notrunc status=none
}

bek_guid=EF7B2F5A-50C6-4637-0001-7F599C12F85C
# shellcheck disable=SC2034 # used by the tests
other_guid=7EB4F531-5FBA-4970-8E2D-C11FD6B0C69D

# A disk as ADE leaves it on a Windows VM: GPT, fixed VHD, XTS-256, startup key and recovery password.
# shellcheck disable=SC2034 # used by the tests
recovery_password=235818-357951-253979-013365-241120-245575-342914-591910
ade_disk()
{
	make_disk "$1" --layout gpt --vhd --method xts-256 --guid "$bek_guid" --bek "$work/$bek_guid.BEK" \
		--recovery-password "$recovery_password"
}

# start_vault CONFIG.json: a loopback vault; sets VAULT_* and signs this shell in as the config's first client.
start_vault()
{
	local config=$1 dir
	dir=$(mktemp -d "$work/vault.XXXXXX")
	mkfifo "$dir/ready"
	node "$abs_top_srcdir/tests/vault/vault.mjs" --config "$config" --dir "$dir" --ready "$dir/ready" \
		--parent $$ --max-seconds 900 </dev/null >"$dir/log" 2>&1 &
	servers+=($!)
	# shellcheck disable=SC2034 # VAULT_READY: the ready line, JSON, for the tests
	if ! read -rt 60 VAULT_READY <"$dir/ready"; then
		sed 's/^/# /' "$dir/log"
		return 1
	fi
	# shellcheck disable=SC1091
	. "$dir/vault.env"
	export AZURE_AUTHORITY_HOST=$VAULT_AUTHORITY
	AZURE_TENANT_ID=$(json "$config" '.tenants[0].id')
	AZURE_CLIENT_ID=$(json "$config" '.clients[0].id')
	AZURE_CLIENT_SECRET=$(json "$config" '.clients[0].secret')
	export AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
	# shellcheck disable=SC2034 # used by the tests
	vault_options=(--vault "$VAULT_URL" --trust-vault-host 127.0.0.1 --ca-file "$VAULT_CA_FILE")
}

# row CREDENTIAL CLOUD OUTCOME: a line of the table that `scripts/check vault` prints, for the test that has just been made.
row()
{
	[ "$last_result" != 0 ] || echo "# row: $1 | $2 | $3"
}

# control PATH [JSON]: tell the vault to misbehave, or ask it what it saw.
control()
{
	curl -sS --fail -H "X-Control-Key: $VAULT_CONTROL_KEY" ${2+-d "$2"} "$VAULT_CONTROL_URL$1"
}
