/* SPDX-License-Identifier: MIT */
/* The fake core itself: see fake_core.h. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake_core.h"

#define MAX_FDS 64
#define MAX_LINES 512
#define LINE_SIZE 1300
#define MAX_SAMPLES 4096
#define LINE_MAX_LEN 1010 /* a packet and the prefix */

/* That a module and the core have a variable of the same name is what a test is about. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_odr_violation=0";
}

const char *fake_version = FAKE_VERSION;
int __neb_api_version = 4711;
unsigned long event_broker_options = ~0UL;
char *qh_socket_path;
static int the_set;
void *nagios_iobs = &the_set;

static struct {
	void *handle;
	int (*callback)(int, void *);
	void *registered; /* handle that the callback was registered with */
} module;

static struct {
	int fd;
	int (*call)(int, int, void *);
	void *arg;
} loop[MAX_FDS];
static size_t loop_count;

static char lines[MAX_LINES][LINE_SIZE];
static size_t line_count, most_lines;

static struct {
	double wall_us[MAX_SAMPLES], cpu_us;
	size_t count, slow;
	long waits;
} times[FAKE_CALL_COUNT];

/* ---- Times */

struct moment {
	struct timespec wall, cpu;
	struct rusage usage;
	size_t lines;
};

static void look(struct moment *moment)
{
	moment->lines = line_count;
	if (getrusage(RUSAGE_THREAD, &moment->usage) ||
	    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &moment->cpu) ||
	    clock_gettime(CLOCK_MONOTONIC, &moment->wall))
		abort();
}

static double us_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) * 1e6 + (double)(b->tv_nsec - a->tv_nsec) / 1e3;
}

static void note_time(enum fake_call call, const struct moment *since)
{
	struct moment now;
	double cpu_us;

	look(&now);
	cpu_us = us_between(&since->cpu, &now.cpu);
	if (times[call].count < MAX_SAMPLES)
		times[call].wall_us[times[call].count++] = us_between(&since->wall, &now.wall);
	if (cpu_us > times[call].cpu_us)
		times[call].cpu_us = cpu_us;
	times[call].slow += cpu_us > 1000;
	times[call].waits += now.usage.ru_nvcsw - since->usage.ru_nvcsw;
	if (now.lines - since->lines > most_lines)
		most_lines = now.lines - since->lines;
}

void fake_time(void (*call)(void))
{
	struct moment since;

	look(&since);
	call();
	note_time(FAKE_OTHER, &since);
}

static int compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

bool fake_print_times(size_t slow)
{
	static const char *const names[] = {
		"dlopen", "nebmodule_init",  "event loop starts", "packet",
		"timer",  "event loop ends", "nebmodule_deinit",  "(posix_spawn)"};
	size_t slow_count = 0;
	long waits = 0;

	printf("%-20s %6s %10s %10s %12s %9s %6s\n", "call", "calls", "median us", "max us",
	       "max CPU us", "over 1 ms", "waits");
	for (int i = 0; i < FAKE_CALL_COUNT; i++) {
		size_t count = times[i].count;

		if (count == 0)
			continue;
		qsort(times[i].wall_us, count, sizeof(double), compare);
		printf("%-20s %6zu %10.1f %10.1f %12.1f %9zu %6ld\n", names[i], count,
		       times[i].wall_us[count / 2], times[i].wall_us[count - 1], times[i].cpu_us,
		       times[i].slow, times[i].waits);
		/* To load and unload is the core's own doing, not of its loop. */
		if (i == FAKE_LOAD || i == FAKE_DEINIT || i == FAKE_OTHER)
			continue;
		waits += times[i].waits;
		slow_count += times[i].slow;
	}
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	slow_count = 0;
#endif
	return waits == 0 && slow_count <= slow;
}

/* ---- What the module finds */

const char *get_program_version(void)
{
	return fake_version;
}

int neb_register_callback(int type, void *handle, int priority, int (*call)(int, void *))
{
	if (type != 0 || handle != module.handle || priority < 0 || !call || module.callback)
		return -1;
	module.callback = call;
	module.registered = handle;
	return 0;
}

int neb_deregister_callback(int type, int (*call)(int, void *))
{
	if (type != 0 || !module.callback || call != module.callback)
		return -1;
	module.callback = NULL;
	return 0;
}

int iobroker_register(void *set, int fd, void *arg, int (*call)(int, int, void *))
{
	if (set != &the_set || fd < 0 || !call || loop_count >= MAX_FDS)
		return -1;
	for (size_t i = 0; i < loop_count; i++)
		if (loop[i].fd == fd)
			return -1;
	loop[loop_count].fd = fd;
	loop[loop_count].call = call;
	loop[loop_count].arg = arg;
	loop_count++;
	return 0;
}

#ifndef FAKE_LACKS
int iobroker_unregister(void *set, int fd)
{
	if (set != &the_set)
		return -1;
	for (size_t i = 0; i < loop_count; i++) {
		if (loop[i].fd != fd)
			continue;
		loop[i] = loop[--loop_count];
		return 0;
	}
	return -1;
}
#endif

#ifndef FAKE_MUTE
__attribute__((format(printf, 1, 0))) static void add_line(const char *format, va_list args)
{
	char *line = lines[line_count % MAX_LINES];

	line_count++;
	if (vsnprintf(line, LINE_SIZE, format, args) < 0)
		line[0] = '\0';
}

#ifdef FAKE_NAEMON
__attribute__((format(printf, 2, 3))) void nm_log(int type, const char *format, ...)
#else
__attribute__((format(printf, 3, 4))) void logit(int type, int display, const char *format, ...)
#endif
{
	va_list args;

#ifndef FAKE_NAEMON
	(void)display;
#endif
	va_start(args, format);
	if (type == 1 || type == 2 || type == 262144)
		add_line(format, args);
	va_end(args);
}
#endif

/* ---- What the test drives */

static bool find_function(void *function, const char *name)
{
	void *found = dlsym(module.handle, name);

	memcpy(function, &found, sizeof(found));
	return found != NULL;
}

bool fake_open(const char *path, int *ret_api)
{
	struct moment since;
	const int *api;

	look(&since);
#ifdef FAKE_NAEMON
	module.handle = dlopen(path, RTLD_NOW);
#else
	module.handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
#endif
	note_time(FAKE_LOAD, &since);
	if (!module.handle) {
		printf("%s\n", dlerror());
		return false;
	}
	api = dlsym(module.handle, "__neb_api_version");
	*ret_api = api ? *api : -1;
	return api != NULL;
}

int fake_init(const char *args)
{
	char *own = args ? strdup(args) : NULL;
	int (*init)(int, char *, void *);
	struct moment since;
	int rc;

	if (!find_function(&init, "nebmodule_init"))
		return -2;
	look(&since);
	rc = init(0, own, module.handle);
	note_time(FAKE_INIT, &since);
	free(own);
	return rc;
}

void fake_event(int type)
{
	struct {
		int type, flags, attr;
		struct timeval when;
	} data = {.type = type};
	struct moment since;

	if (!module.callback)
		return;
	look(&since);
	(void)module.callback(0, &data);
	note_time(type == 105 ? FAKE_START : FAKE_STOP, &since);
}

void fake_deinit(void)
{
	int (*deinit)(int, int);
	struct moment since;

	if (!find_function(&deinit, "nebmodule_deinit"))
		return;
	look(&since);
	(void)deinit(1, 2);
	note_time(FAKE_DEINIT, &since);
}

bool fake_close(void)
{
	Dl_info info;
	void *place;

	place = dlsym(module.handle, "nebmodule_init");
	module.callback = NULL;
	fake_deinit();
	if (dlclose(module.handle))
		return false;
	module.handle = NULL;
	return dladdr(place, &info) == 0 || !strstr(info.dli_fname, "fleet_broker");
}

bool fake_loop(int ms, bool (*done)(const char *), const char *arg)
{
	struct timespec begin, now;

	if (clock_gettime(CLOCK_MONOTONIC, &begin))
		abort();
	for (;;) {
		struct pollfd fds[MAX_FDS];
		size_t count = loop_count;
		long spent_ms;

		if (done && done(arg))
			return true;
		if (clock_gettime(CLOCK_MONOTONIC, &now))
			abort();
		spent_ms = (long)(us_between(&begin, &now) / 1000);
		if (spent_ms >= ms)
			return false;
		for (size_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){.fd = loop[i].fd, .events = POLLIN};
		if (poll(fds, count, ms - spent_ms < 20 ? (int)(ms - spent_ms) : 20) < 0 &&
		    errno != EINTR)
			return false;
		/* As the cores do: a descriptor may have gone, or be another, since the poll. */
		for (size_t i = 0; i < count; i++) {
			for (size_t j = 0; fds[i].revents && j < loop_count; j++) {
				socklen_t len = sizeof(int);
				struct moment since;
				int fd = fds[i].fd, type;
				bool is_socket;

				if (loop[j].fd != fd)
					continue;
				is_socket = !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
				look(&since);
				(void)loop[j].call(fd, fds[i].revents, loop[j].arg);
				note_time(is_socket ? FAKE_PACKET : FAKE_TIMER, &since);
				break;
			}
		}
	}
}

size_t fake_registered(void)
{
	return loop_count;
}

size_t fake_lines_of_call(void)
{
	return most_lines;
}

void fake_forget(void)
{
	line_count = most_lines = 0;
}

size_t fake_lines(void)
{
	return line_count;
}

const char *fake_line(const char *holding)
{
	size_t kept = line_count < MAX_LINES ? line_count : MAX_LINES;

	for (size_t i = 0; i < kept; i++) {
		const char *line = lines[(line_count - 1 - i) % MAX_LINES];

		if (strstr(line, holding))
			return line;
	}
	return NULL;
}

bool fake_logged(const char *holding)
{
	return fake_line(holding) != NULL;
}

bool fake_log_is_clean(void)
{
	size_t kept = line_count < MAX_LINES ? line_count : MAX_LINES;

	for (size_t i = 0; i < kept; i++) {
		const char *line = lines[i];

		if (strncmp(line, "fleetmon: ", 10) || strlen(line) > LINE_MAX_LEN)
			return false;
		for (; *line; line++)
			if ((unsigned char)*line < 0x20 || *line == 0x7f)
				return false;
	}
	return true;
}
