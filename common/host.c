/* SPDX-License-Identifier: MIT */
/* The process of a host: descriptors, signals, the alarm of last resort, and the one printout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

/* A packet for whoever collects verdicts: a byte, then the line. */
struct last_line {
	char first; /* the exit code, and that nothing follows */
	char line[256];
	size_t len;
};

/* What the signal handlers need: they may allocate and format nothing, and get no argument. */
static struct {
	struct last_line timeouts[2]; /* one holds while the other is written */
	volatile sig_atomic_t timeout;
	struct last_line crash;
	volatile sig_atomic_t printing;
} last_resort;

/* Where verdicts go. */
static struct {
	int fd;
	struct fleet_buf *collected; /* NULL: FD takes them as they are */
	bool is_guarded;
	char name[64]; /* of the module, for a verdict on itself */
} verdicts = {.fd = STDOUT_FILENO};

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
	static bool is_prepared;
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (is_prepared)
		return;
	is_prepared = true;
	replace_descriptors();
	fleet_process_harden();
	(void)umask(077);
	(void)sigemptyset(&ignore.sa_mask);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

/* Writes LAST and ends the process with its code. */
static void say_last(const struct last_line *last)
{
	struct pollfd reader = {.fd = verdicts.fd, .events = POLLOUT};
	const size_t before = verdicts.collected ? 1 : 0;
	const char *bytes = (const char *)last + offsetof(struct last_line, line) - before;
	size_t len = last->len + before;

	/* A verdict that is half out, or a reader that does not read, leaves nothing to say. */
	if (last_resort.printing || poll(&reader, 1, 0) != 1 || !(reader.revents & POLLOUT))
		_exit(FLEET_LEVEL_UNKNOWN);
	if (write(verdicts.fd, bytes, len) != (ssize_t)len)
		_exit(FLEET_LEVEL_UNKNOWN);
	_exit(last->first & ~FLEET_HOST_LAST);
}

static void on_alarm(int number)
{
	(void)number;
	say_last(&last_resort.timeouts[last_resort.timeout]);
}

/* Writes NAME in capitals, as a first line begins. */
static void to_upper(const char *name, char upper[64])
{
	(void)fleet_text_clean_into(upper, 64, name);
	for (char *c = upper; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
}

static void set_last_line(struct last_line *last, int level, const char *name, const char *text)
{
	char upper[64];
	int n;

	to_upper(name, upper);
	last->first = (char)(level | FLEET_HOST_LAST);
	n = snprintf(last->line, sizeof(last->line), "%s %s - %s\n", upper,
		     fleet_level_name((enum fleet_level)level), text);
	last->len = n > 0 && (size_t)n < sizeof(last->line) ? (size_t)n : 0;
}

/* What a module writes to standard output by itself ends in a file that is only looked at. The real
 * one gets another descriptor. */
static void hide_output(void)
{
	int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int trap = memfd_create("stdout", MFD_CLOEXEC);

	if (own >= 0 && trap >= 0 && dup2(trap, STDOUT_FILENO) == STDOUT_FILENO) {
		verdicts.fd = own;
		own = -1;
	}
	if (trap >= 0)
		(void)close(trap);
	if (own >= 0)
		(void)close(own);
}

/* A module that takes all memory gets none at last, before the machine has none. The sanitizers'
 * own memory is more than that. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur <= FLEET_HOST_MEMORY)
		return;
	limit.rlim_cur = FLEET_HOST_MEMORY;
	(void)setrlimit(RLIMIT_AS, &limit);
#endif
}

#if !defined(__SANITIZE_ADDRESS__)
static void on_crash(int number)
{
	(void)number;
	say_last(&last_resort.crash);
}

#endif

/* A stack that ran over is no place for a handler to run on. */
static void catch_crashes(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	static char stack[(size_t)32 << 10];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

	(void)sigfillset(&action.sa_mask);
	if (sigaltstack(&other, NULL) != 0)
		return;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
#endif
}

void fleet_host_guard(const char *name)
{
	(void)snprintf(verdicts.name, sizeof(verdicts.name), "%s", name);
	set_last_line(&last_resort.crash, FLEET_LEVEL_UNKNOWN, name,
		      "the module crashed and was ended; whoever wrote it needs to know: try the "
		      "same command in a debugger");
	if (verdicts.is_guarded)
		return;
	verdicts.is_guarded = true;
	limit_memory();
	catch_crashes();
	hide_output();
}

void fleet_host_collect(struct fleet_buf *collected, int fd)
{
	fleet_host_guard("check_fleet");
	if (verdicts.fd != STDOUT_FILENO)
		(void)close(verdicts.fd);
	verdicts.fd = fd;
	verdicts.collected = collected;
}

void fleet_host_pause(void)
{
	const struct itimerval off = {{0, 0}, {0, 0}};

	(void)setitimer(ITIMER_REAL, &off, NULL);
}

/* Once: who calls whom when the time is over. */
static void hear_alarm(void)
{
	static bool is_heard;
	struct sigaction action = {.sa_handler = on_alarm};
	sigset_t set;

	if (is_heard)
		return;
	is_heard = true;
	(void)sigfillset(&action.sa_mask);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void fleet_host_alarm(const char *name, struct fleet_deadline at, enum fleet_level level)
{
	const sig_atomic_t next = !last_resort.timeout;
	struct itimerval timer = {{0, 0}, {0, 0}};
	int64_t left = fleet_deadline_left_ms(at);

	set_last_line(&last_resort.timeouts[next], (int)level, name,
		      "timeout: no verdict before -t ended; look for a disk or file system "
		      "that hangs, or give -t more time");
	last_resort.timeout = next;
	hear_alarm();
	if (left < 1)
		left = 1;
	timer.it_value.tv_sec = left / 1000;
	timer.it_value.tv_usec = left % 1000 * 1000;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Bytes that something else than us wrote to standard output; forgets them. */
static size_t stray_output(void)
{
	struct stat about;

	if (!verdicts.is_guarded || verdicts.fd == STDOUT_FILENO)
		return 0;
	(void)fflush(stdout);
	if (fstat(STDOUT_FILENO, &about) != 0 || about.st_size <= 0)
		return 0;
	/* A module may have closed it, or worse: then it says so again, which is right. */
	if (ftruncate(STDOUT_FILENO, 0) == 0)
		(void)lseek(STDOUT_FILENO, 0, SEEK_SET);
	return (size_t)about.st_size;
}

int fleet_host_print(const char *text, size_t len, enum fleet_level level)
{
	size_t stray = stray_output();
	struct last_line garbage;
	char why[160];

	if (stray > 0) {
		(void)snprintf(why, sizeof(why),
			       "the module wrote %zu byte%s to standard output by itself, so "
			       "nothing it says is believed; whoever wrote it needs to know",
			       stray, stray == 1 ? "" : "s");
		set_last_line(&garbage, FLEET_LEVEL_UNKNOWN, verdicts.name, why);
		text = garbage.line;
		len = garbage.len;
		level = FLEET_LEVEL_UNKNOWN;
	}
	if (verdicts.collected)
		return fleet_buf_add(verdicts.collected, text, len) ? FLEET_LEVEL_UNKNOWN
								    : (int)level;
	last_resort.printing = 1;
	while (len > 0) {
		ssize_t n = write(verdicts.fd, text, len);

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
