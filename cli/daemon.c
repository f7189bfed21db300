/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Background operation; see daemon.h. */
#include "cli/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/terminal/logger.h"

/* The child's exit code, or that it was ready and goes on without us. */
static int wait_for_child(pid_t child, int from_child)
{
	char ready;
	ssize_t got;
	int status;

	do {
		got = read(from_child, &ready, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 1)
		return 0;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return ERR_OTHER;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("the background process was killed by signal %d", WTERMSIG(status));
	return ERR_OTHER;
}

int daemon_fork(struct daemon *ret_daemon, int *ret_exit, struct err *err)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, ERR_OTHER, errno, "pipe");
	child = fork();
	if (child < 0) {
		int error = errno;

		(void)close(ends[0]);
		(void)close(ends[1]);
		return err_errno(err, ERR_OTHER, error, "fork");
	}
	if (child == 0) {
		(void)close(ends[0]);
		ret_daemon->pipe = ends[1];
		return 0;
	}
	(void)close(ends[1]);
	*ret_exit = wait_for_child(child, ends[0]);
	(void)close(ends[0]);
	return 1;
}

void daemon_ready(struct daemon *daemon)
{
	int null;

	if (daemon->pipe < 0)
		return;
	logger_to_syslog();
	(void)setsid();
	if (chdir("/") != 0)
		log_debug("chdir: %s", strerrordesc_np(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			(void)close(null);
	}
	/* whoever ended the command while it was at work wants no mount afterwards */
	if (write(daemon->pipe, "", 1) < 0) {
		log_warning("the command exited before the mount was ready: unmounting");
		(void)kill(getpid(), SIGTERM);
	}
	(void)close(daemon->pipe);
	daemon->pipe = -1;
}
