# SPDX-License-Identifier: GPL-3.0-or-later
# What every test runs under: it ends a test at its limit and leaves nothing of it behind.
. "$abs_top_srcdir/tests/lib.sh"
need python3 setsid

limit=("$abs_top_srcdir/tests/limit.py" bash)
export TMPDIR=$work
unset ADEFUSE_SANITIZED ADEFUSE_WRAPPER

# running NAME: whether a process of the test below still runs
running()
{
	pgrep -f "sleep-of-$test_id-$1" >/dev/null
}
test_id=$$

# A test that hangs: it ignores SIGTERM, and has started a server in the background, in a session
# of its own, that ignores it as well.
cat >"$work/hangs" <<END
trap '' TERM HUP
echo "ok 1 - began"
setsid bash -c "exec -a sleep-of-$test_id-server sleep 1000" &
mkdir "\$TMPDIR/mnt"
! mount -t tmpfs none "\$TMPDIR/mnt" 2>/dev/null || echo "# mounted"
echo "\$TMPDIR" >$work/folder
bash -c "exec -a sleep-of-$test_id-test sleep 1000"
wait
END
ADEFUSE_TEST_LIMIT=1 ADEFUSE_TEST_GRACE=1 fails 124 "a test that hangs is ended" \
	"${limit[@]}" "$work/hangs"
says "ok 1 - began" "Bail out!" "not finished after 1 s, which is the limit (ADEFUSE_TEST_LIMIT)"
fails 1 "  what it ran is ended" running test
fails 1 "  its server is ended, which had ignored SIGTERM" running server
fails 1 "  nothing is mounted there" grep -F "$(cat "$work/folder")" /proc/self/mounts
fails 1 "  its folder is removed" test -e "$(cat "$work/folder")"

# A shell's own cleaning up comes first.
cat >"$work/cleans" <<'END'
trap 'echo cleaned up; exit 130' TERM
sleep 1000 &
wait
END
ADEFUSE_TEST_LIMIT=1 fails 124 "a test gets SIGTERM first" "${limit[@]}" "$work/cleans"
says "cleaned up"

cat >"$work/leaves" <<END
setsid bash -c "exec -a sleep-of-$test_id-left sleep 1000" &
END
fails 1 "a test that leaves a server behind fails" "${limit[@]}" "$work/leaves"
says "left over after the test, killed:"
fails 1 "  the server is ended" running left

echo 'exit 77' >"$work/skips"
fails 77 "a test's exit code is kept" "${limit[@]}" "$work/skips"
echo 'kill -SEGV $$' >"$work/crashes"
fails 139 "a signal's, too" "${limit[@]}" "$work/crashes"
fails 127 "a command that is missing is an error" "${limit[0]}" /no/such/command
says "Bail out! /no/such/command: No such file or directory"

# As nohup, '&' in a script and services start the checks.
cat >"$work/signals" <<'END'
trap 'echo "HUP trapped"' HUP
trap 'echo "INT trapped"; exit 0' INT
kill -HUP $$
kill -INT $$
exit 1
END
ignoring()
{
	(
		trap '' INT HUP
		exec "$@"
	)
}
ok "a test can trap signals that its starter ignored" ignoring "${limit[@]}" "$work/signals"
says "HUP trapped" "INT trapped"

# interrupted SIGNAL: end the wrapper with a signal while its test runs
interrupted()
{
	local pid
	mkfifo "$work/ready.$1"
	cat >"$work/waits" <<-END
		trap 'echo stopped; exit 0' TERM
		echo >$work/ready.$1
		sleep 1000 &
		wait
	END
	"${limit[@]}" "$work/waits" &
	pid=$!
	read -rt 30 _ <"$work/ready.$1"
	kill "-$1" $pid
	wait $pid
}
fails 143 "SIGTERM for the wrapper ends the test" interrupted TERM
says "stopped" "SIGTERM; ending it"

# A signal for a whole group ends the reader of the log first.
sed '/began/d; s/ || echo .*//' "$work/hangs" >"$work/silent"
unheard()
{
	"${limit[@]}" "$work/silent" | true
	return "${PIPESTATUS[0]}"
}
ADEFUSE_TEST_LIMIT=1 ADEFUSE_TEST_GRACE=1 fails 124 "a test that nobody listens to is ended" unheard
fails 1 "  its server is ended" running server
fails 1 "  its folder is removed" test -e "$(cat "$work/folder")"

done_testing
