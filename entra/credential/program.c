/* SPDX-License-Identifier: GPL-3.0-or-later */
/* posix_spawn, two pipes and a deadline; see program.h. */
#include "entra/credential/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	/* A signal wakes poll(); this bounds the wait when the signal came just before. */
	POLL_MS = 200,
	GRACE_MS = 1000,
};

struct stream {
	int fd; /* ours; -1 when at its end */
	struct secret *text;
	bool cut; /* beyond the cap: dropped instead of refused */
};

struct child {
	pid_t pid;
	struct stream output;
	struct stream message;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void program_result_clear(struct program_result *result)
{
	secret_free(result->output);
	secret_free(result->message);
	*result = (struct program_result){0};
}

static int spawn(char *const argv[], int output, int message, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t reset;
	int result;

	result = posix_spawn_file_actions_init(&actions);
	if (result != 0)
		return -result;
	result = posix_spawnattr_init(&attributes);
	if (result != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -result;
	}
	sigemptyset(&none);
	sigemptyset(&reset);
	sigaddset(&reset, SIGPIPE);
	result = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&actions, message, STDERR_FILENO);
	if (result == 0)
		result = posix_spawnattr_setpgroup(&attributes, 0);
	if (result == 0)
		result = posix_spawnattr_setsigmask(&attributes, &none);
	if (result == 0)
		result = posix_spawnattr_setsigdefault(&attributes, &reset);
	if (result == 0)
		result = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
								       POSIX_SPAWN_SETSIGMASK |
								       POSIX_SPAWN_SETSIGDEF);
	if (result == 0)
		result = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -result;
}

static int start(char *const argv[], struct child *child)
{
	int output[2] = {-1, -1};
	int message[2] = {-1, -1};
	int result = 0;

	child->output.text = secret_new(0);
	child->message.text = secret_new(0);
	child->message.cut = true;
	if (!child->output.text || !child->message.text)
		return -ENOMEM;
	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(message, O_CLOEXEC) != 0)
		result = -errno;
	if (result == 0)
		result = spawn(argv, output[1], message[1], &child->pid);
	close_fd(&output[1]);
	close_fd(&message[1]);
	child->output.fd = output[0];
	child->message.fd = message[0];
	return result;
}

static int drain(struct stream *stream)
{
	char buffer[4096];
	ssize_t n = read(stream->fd, buffer, sizeof(buffer));
	size_t room = PROGRAM_OUTPUT_MAX - secret_size(stream->text);
	int result = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0) {
		close_fd(&stream->fd);
		return 0;
	}
	if ((size_t)n > room && !stream->cut)
		result = -EMSGSIZE;
	else
		result = secret_append(&stream->text, buffer, (size_t)n < room ? (size_t)n : room);
	secret_wipe(buffer, sizeof(buffer));
	return result;
}

static int collect(struct child *child, uint64_t deadline, const volatile sig_atomic_t *interrupted)
{
	while (child->output.fd >= 0 || child->message.fd >= 0) {
		struct pollfd fds[2] = {
			{.fd = child->output.fd, .events = POLLIN},
			{.fd = child->message.fd, .events = POLLIN},
		};
		int result;

		if (interrupted && *interrupted)
			return -EINTR;
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
			return -errno;
		result = fds[0].revents ? drain(&child->output) : 0;
		if (result == 0 && fds[1].revents)
			result = drain(&child->message);
		if (result != 0)
			return result;
	}
	return 0;
}

/*
 * After its output has ended the program may still run: until the deadline, and for a second at
 * least.
 */
static int reap(struct child *child, uint64_t deadline, int *ret_status)
{
	static const struct timespec pause = {.tv_nsec = 5000000};
	int status = 0;

	if (deadline < clock_ms() + GRACE_MS)
		deadline = clock_ms() + GRACE_MS;
	for (;;) {
		pid_t pid = waitpid(child->pid, &status, WNOHANG);

		if (pid == child->pid)
			break;
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	child->pid = 0;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

static void end(struct child *child)
{
	if (child->pid > 0) {
		(void)kill(-child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close_fd(&child->output.fd);
	close_fd(&child->message.fd);
	secret_free(child->output.text);
	secret_free(child->message.text);
}

int program_run(char *const argv[], int64_t timeout_ms, const volatile sig_atomic_t *interrupted,
		struct program_result *ret_result)
{
	struct child child = {.output.fd = -1, .message.fd = -1};
	uint64_t deadline = clock_ms() + (uint64_t)timeout_ms;
	int status = 0;
	int result = start(argv, &child);

	if (result == 0)
		result = collect(&child, deadline, interrupted);
	if (result == 0)
		result = reap(&child, deadline, &status);
	if (result == 0) {
		ret_result->status = status;
		ret_result->output = TAKE(child.output.text);
		ret_result->message = TAKE(child.message.text);
	}
	end(&child);
	return result;
}
