/* SPDX-License-Identifier: MIT */
/* The process of a host: descriptors, signals, the alarm of last resort, and the one printout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "file.h"
#include "host.h"
#include "text.h"

const struct fleet_option fleet_host_option_table[] = {
	FLEET_OPT(
		struct fleet_host_options, fleet, TEXT, 'H', "fleet", "NAME", NULL,
		"fleet of the configuration (for the module estate: estate); may be left out when "
		"there is only one"),
	FLEET_OPT(struct fleet_host_options, config, TEXT, 0, "config", "FILE", NULL,
		  "configuration to read instead of the installed one"),
	FLEET_OPT(struct fleet_host_options, module_dir, TEXT, 0, "module-dir", "DIR", NULL,
		  "further directory of modules: absolute, and not writable by others"),
	FLEET_OPT(struct fleet_host_options, timeout_s, DURATION, 't', "timeout", "DURATION", NULL,
		  "time for everything; the configuration has the default"),
	FLEET_OPT(struct fleet_host_options, verbosity, COUNT, 'v', "verbose", NULL, NULL,
		  "say more: every part, then requests, then their headers"),
	FLEET_OPT(struct fleet_host_options, check_config, FLAG, 0, "check-config", NULL, NULL,
		  "check the configuration and the files it names, and end"),
	FLEET_OPT(struct fleet_host_options, list, FLAG, 0, "list", NULL, NULL,
		  "list the modules, and end"),
	FLEET_OPT(struct fleet_host_options, describe, FLAG, 0, "describe", NULL, NULL,
		  "describe the module and its options as JSON, and end"),
	FLEET_OPT(struct fleet_host_options, help, FLAG, 'h', "help", NULL, NULL,
		  "show this help, and end"),
	FLEET_OPT(struct fleet_host_options, version, FLAG, 'V', "version", NULL, NULL,
		  "show the version, and end"),
	FLEET_OPT_END,
};

/* What the signal handler needs: it may allocate and format nothing, and gets no argument. */
static struct {
	char line[256];
	size_t len;
	int level;
	volatile sig_atomic_t printing;
} last_resort;

/* Replaces descriptors that are closed, so that no file of ours becomes one of them. Standard
 * output is replaced by something that cannot be written: printing must fail then. */
static void replace_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", flags | O_NOCTTY) != fd)
			_exit(FLEET_LEVEL_UNKNOWN);
	}
}

void fleet_host_prepare(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	replace_descriptors();
	fleet_process_harden();
	(void)umask(077);
	(void)sigemptyset(&ignore.sa_mask);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

static void on_alarm(int number)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	(void)number;
	/* A verdict that is half out, or a reader that does not read, leaves nothing to say. */
	if (last_resort.printing || poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
		_exit(FLEET_LEVEL_UNKNOWN);
	if (write(STDOUT_FILENO, last_resort.line, last_resort.len) != (ssize_t)last_resort.len)
		_exit(FLEET_LEVEL_UNKNOWN);
	_exit(last_resort.level);
}

void fleet_host_pause(void)
{
	const struct itimerval off = {{0, 0}, {0, 0}};

	(void)setitimer(ITIMER_REAL, &off, NULL);
}

void fleet_host_alarm(const char *name, struct fleet_deadline at, enum fleet_level level)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {{0, 0}, {0, 0}};
	int64_t left = fleet_deadline_left_ms(at);
	char upper[64];
	sigset_t set;
	int n;

	fleet_host_pause();
	(void)fleet_text_clean_into(upper, sizeof(upper), name);
	for (char *c = upper; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	n = snprintf(last_resort.line, sizeof(last_resort.line),
		     "%s %s - timeout: no verdict before -t ended; look for a disk or file system "
		     "that hangs, or give -t more time\n",
		     upper, fleet_level_name(level));
	last_resort.len = n > 0 ? (size_t)n : 0;
	last_resort.level = (int)level;

	(void)sigfillset(&action.sa_mask);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (left < 1)
		left = 1;
	timer.it_value.tv_sec = left / 1000;
	timer.it_value.tv_usec = left % 1000 * 1000;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

int fleet_host_print(const char *text, size_t len, enum fleet_level level)
{
	last_resort.printing = 1;
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FLEET_LEVEL_UNKNOWN;
		text += n;
		len -= (size_t)n;
	}
	return (int)level;
}

int fleet_host_fail(const char *name, enum fleet_level level, const struct fleet_error *error)
{
	static const char no_memory[] = "FLEETMON UNKNOWN - memory ran out\n";
	struct fleet_result *result = fleet_result_new(name);
	struct fleet_print print = {0};
	struct fleet_buf out;
	int code;

	fleet_buf_init(&out, (size_t)16 << 10);
	if (result)
		fleet_result_error(result, level, error);
	if (!result || fleet_result_print(result, &print, &out))
		code = fleet_host_print(no_memory, sizeof(no_memory) - 1, FLEET_LEVEL_UNKNOWN);
	else
		code = fleet_host_print(out.data, out.len, fleet_result_level(result));
	fleet_buf_finish(&out);
	fleet_result_free(result);
	return code;
}
