#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one test, with a time limit, and leave nothing of it behind:  limit.py COMMAND [ARGUMENT...]

Every test of `make check` runs under this (tests/local.mk). It
  - starts the test with the default action for every signal: nohup, `&` in a script, and services
    leave SIGINT or SIGHUP ignored, and a shell cannot trap those again;
  - starts it in a session and a process group of its own, without a terminal;
  - ends it after ADEFUSE_TEST_LIMIT seconds (1800; four times that under sanitizers, valgrind or
    emulation): SIGTERM first, then, 20 seconds later (ADEFUSE_TEST_GRACE), SIGKILL;
  - collects what the test started, also what went into the background: it is the parent of orphans
    (PR_SET_CHILD_SUBREAPER). What still runs 10 seconds after the test is killed, and is a failure;
  - gives the test a TMPDIR of its own, unmounts what is still mounted below it, and removes it.

The exit code is the test's; 1 when the test was fine and something was left over; 124 at the limit.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LEFTOVER_GRACE = 10
LIBC = ctypes.CDLL(None, use_errno=True)


def limit_seconds():
    if os.environ.get('ADEFUSE_TEST_LIMIT'):
        return float(os.environ['ADEFUSE_TEST_LIMIT'])
    slow = os.environ.get('ADEFUSE_SANITIZED') or os.environ.get('ADEFUSE_WRAPPER')
    return 7200 if slow else 1800


def say(text):
    """A line for the test's log, on a line of its own; the reader may have exited first."""
    try:
        os.write(1, f'\n{text}\n'.encode())
    except OSError:
        pass


def start(command, folder):
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) is not None:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        os.execvpe(command[0], command, dict(os.environ, TMPDIR=folder))
    except OSError as error:
        say(f'Bail out! {command[0]}: {os.strerror(error.errno)}')
    os._exit(127)


class Processes:
    """The test and all that came of it."""

    def __init__(self, main):
        self.main = main
        self.status = None  # of the test, when it has ended

    def reap(self):
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.main:
                    self.status = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            pass

    def descendants(self):
        """Process numbers below this one that still run, by number with the command."""
        parents = {}
        for name in os.listdir('/proc'):
            if name.isdigit():
                try:
                    with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                        fields = re.match(r'\d+ \((.*)\) (\S) (\d+)', file.read(), re.S)
                    if fields[2] not in 'ZX':
                        parents[int(name)] = (int(fields[3]), fields[1])
                except OSError:
                    pass  # it has just ended
        mine = {os.getpid()}
        more = mine
        while more:
            more = {pid for pid, (parent, _) in parents.items() if parent in mine} - mine
            mine |= more
        return {pid: parents[pid][1] for pid in mine - {os.getpid()}}

    def wait(self, seconds, ended, signals=()):
        """Until ended() is true, or for so long; the number of a signal that comes ends it, too."""
        end = time.monotonic() + seconds
        while True:
            self.reap()
            left = end - time.monotonic()
            if ended() or left <= 0:
                return None
            # what another process's child does is no signal for this one: look again soon
            pause = left if signals else min(left, 0.2)
            came = signal.sigtimedwait({signal.SIGCHLD, *signals}, pause)
            if came and came.si_signo in signals:
                return came.si_signo

    def kill_group(self, number):
        try:
            os.killpg(self.main, number)
        except ProcessLookupError:
            pass

    def kill_all(self):
        """SIGKILL until nothing is left; a process that is being killed can still start one."""
        for _ in range(100):
            left = self.descendants()
            if not left:
                return
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.wait(0.1, lambda: not self.descendants())


def mounts_below(folder):
    """Mount points below a folder, the innermost first."""
    with open('/proc/self/mountinfo', encoding='utf-8', errors='replace') as file:
        places = [line.split()[4] for line in file]
    places = [re.sub(r'\\(\d{3})', lambda octal: chr(int(octal[1], 8)), place) for place in places]
    return [place for place in reversed(places) if place.startswith(folder + '/')]


def clean_up(folder):
    """Unmount and remove; the places that were still mounted."""
    mounted = mounts_below(folder)
    for place in mounted:
        for command in ['fusermount3', '-u', '-z', place], ['umount', '-l', place]:
            try:
                if subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0:
                    break
            except FileNotFoundError:
                pass
    if not mounts_below(folder):
        shutil.rmtree(folder, ignore_errors=True)
    return mounted


def run(command, folder):
    """The exit code for a test; 128 and more when a signal ended it."""
    limit = limit_seconds()
    # Those that are ignored stay so: a nohup of all the checks is not to be undone by this.
    signals = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
               if signal.getsignal(number) != signal.SIG_IGN]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, *signals])
    test = Processes(start(command, folder))
    came = test.wait(limit, lambda: test.status is not None, signals)
    if test.status is None:
        reason = signal.Signals(came).name if came else \
            f'not finished after {limit:g} s, which is the limit (ADEFUSE_TEST_LIMIT)'
        say(f'Bail out! {" ".join(command)}: {reason}; ending it')
        test.kill_group(signal.SIGTERM)
        test.wait(float(os.environ.get('ADEFUSE_TEST_GRACE', 20)), lambda: test.status is not None)
        for pid, name in sorted(test.descendants().items()):
            say(f'# killed: {pid} {name}')
        test.kill_all()
        for place in clean_up(folder):
            say(f'# unmounted: {place}')
        return 128 + came if came else 124
    test.wait(LEFTOVER_GRACE, lambda: not test.descendants())
    left = [f'killed: {pid} {name}' for pid, name in sorted(test.descendants().items())]
    test.kill_all()
    left += [f'unmounted: {place}' for place in clean_up(folder)]
    for line in left:
        say(f'# left over after the test, {line}')
    code = test.status if test.status >= 0 else 128 - test.status
    return code or (1 if left else 0)


def main():
    if len(sys.argv) < 2:
        sys.exit('usage: limit.py COMMAND [ARGUMENT...]')
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    folder = os.path.realpath(tempfile.mkdtemp(prefix='adefuse-'))
    os.chmod(folder, 0o711)  # some tests run commands in it as another user
    try:
        code = run(sys.argv[1:], folder)
    finally:
        clean_up(folder)
    sys.exit(code)


if __name__ == '__main__':
    main()
