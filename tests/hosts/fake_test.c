/* SPDX-License-Identifier: MIT */
/*
 * fleet_broker.so in a fake core: what it takes and refuses, and that it starts, watches, restarts
 * and ends its worker without ever holding up the core. "measure N [MiB]" prints the times of N
 * starts in a core of that size instead. FLEET_BROKER is the module, FAKE_WORKER the fake worker;
 * FLEET_WORKER the real one, for those tests that work with it.
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_core.h"

#define PATH_SIZE 4096	  /* PATH_MAX, as realpath() wants it */
#define PATIENCE_MS 30000 /* machines that run tests are busy */
#define LOOP_START 105
#define LOOP_END 106

static int passed, failed;
static char broker_path[PATH_SIZE], worker_path[PATH_SIZE], real_path[PATH_SIZE];
static char folder[] = "/tmp/broker.XXXXXX";
static char note_path[sizeof(folder) + 8];

static void check(bool is_right, const char *what)
{
	const char *last = fake_lines() > 0 ? fake_line("") : "no line";

	if (is_right) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL  %s (the last line of the log: %s)\n", what, last);
}

/* The arguments of the module that start the fake worker with WORDS. */
static const char *with(const char *words)
{
	static char args[16384];

	(void)snprintf(args, sizeof(args), "worker=%s -- note=%s %s", worker_path, note_path,
		       words);
	return args;
}

static bool load(const char *args)
{
	int api;

	fake_forget();
	return fake_open(broker_path, &api) && fake_init(args) == 0;
}

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		(void)closedir(dir);
	return count;
}

static bool has_no_child(const char *unused)
{
	(void)unused;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* How often the worker has noted WHAT; the last pid goes to *RET_PID. */
static size_t noted(const char *what, pid_t *ret_pid)
{
	FILE *file = fopen(note_path, "r");
	char line[80];
	size_t count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, what, strlen(what)))
			continue;
		count++;
		*ret_pid = (pid_t)strtol(line + strlen(what), NULL, 10);
	}
	if (file)
		(void)fclose(file);
	return count;
}

static bool is_noted(const char *what)
{
	pid_t pid;

	return noted(what, &pid) > 0;
}

static bool has_gone(const char *pid)
{
	return kill((pid_t)strtol(pid, NULL, 10), 0) < 0;
}

static void wait_for_end(pid_t pid, const char *what)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%ld", (long)pid);
	check(fake_loop(PATIENCE_MS, has_gone, text), what);
}

/* ---- */

static void test_versions(void)
{
	static const struct {
		const char *version;
		int api;
		bool is_taken;
	} table[] = {
#ifdef FAKE_NAEMON
		{"1.0.0", 4, true},	  {"1.0.10", 4, true},	{"1.1.0", 5, true},
		{"1.2.4", 5, true},	  {"1.4.1", 5, true},	{"1.4.2", 6, true},
		{"1.4.3", 7, true},	  {"1.4.4-1", 7, true}, {"1.5.0", 8, true},
		{"1.5.2.g1a2b", 8, true}, {"1.12.0", 8, true},	{"2.0.0", 8, false},
		{"0.9.1", 4, false},	  {"", 4, false},	{"naemon", 4, false},
		{NULL, 4, false},
#else
		{"4.0.8", 4, true}, {"4.4.6", 4, true},	 {"4.5.12", 4, true},
		{"4.10", 4, true},  {"5.0.0", 4, false}, {"3.5.1", 4, false},
		{"", 4, false},	    {"40.1", 4, false},	 {NULL, 4, false},
#endif
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char what[80];
		int api = 0;

		fake_version = table[i].version;
		fake_forget();
		(void)snprintf(what, sizeof(what), "interface of version %s", fake_version);
		check(fake_open(broker_path, &api) && api == table[i].api, what);
		(void)snprintf(what, sizeof(what), "version %s is %s", fake_version,
			       table[i].is_taken ? "taken" : "refused");
		check((fake_init(with("")) == 0) == table[i].is_taken, what);
		check(table[i].is_taken ||
			      fake_logged("fleet_broker.so knows Nagios Core 4 and Naemon 1"),
		      "a refusal names what is supported");
		check(fake_lines() == 1, "in one line");
		check(fake_close(), "it is unloaded");
	}
	check(__neb_api_version == 4711, "the variable of another module is left alone");
	fake_version = FAKE_VERSION;
}

/* A core that lacks what the module needs; with FAKE_MUTE nobody hears why. */
static void test_refusal(void)
{
	int api = 0;

	check(fake_open(broker_path, &api) && api == 4, "it is opened");
	check(fake_init(with("")) == -1, "it refuses");
#ifdef FAKE_MUTE
	check(fake_lines() == 0, "in silence");
#else
	check(fake_logged("lacks iobroker_unregister; fleet_broker.so knows"), "it says why");
#endif
	check(fake_close(), "it is unloaded");
}

/* What is wrong here must not end the core, which a refusal does: a line, and no worker. */
static void idles(const char *args, const char *line)
{
	check(load(args), line);
	check(fake_logged(line), line);
	fake_event(LOOP_START);
	check(fake_registered() == 0 || fake_logged("No worker is started") == false,
	      "nothing is started");
	check(fake_close(), "it is unloaded");
}

static void test_arguments(void)
{
	char *socket = qh_socket_path;

	idles("color=blue", "its arguments are query_socket=PATH");
	idles("worker=fleet_worker", "worker= is not an absolute path");
	idles("query_socket=", "its arguments are");
	qh_socket_path = NULL;
	idles(NULL, "query socket is not found");
	check(load("query_socket=/run/other.qh"), "query_socket= replaces the core's");
	check(!fake_logged("No worker"), "query_socket= is enough");
	check(fake_close(), "it is unloaded");
	qh_socket_path = socket;
	event_broker_options = 0;
	idles(NULL, "event_broker_options do not include 1");
	event_broker_options = ~0UL;
}

/* A socket of ours below the folder, "" for one without a path; -1 when there can be none. */
static int open_socket(const char *name, bool is_listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = name[0] ? sizeof(address) : sizeof(address.sun_family);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || (is_listening && listen(fd, 5)))
		return -1;
	return fd;
}

static void remove_socket(int fd, const char *name)
{
	char path[sizeof(folder) + 120];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)close(fd);
	(void)unlink(path);
}

static void finds(const char *name)
{
	char words[300];

	(void)snprintf(words, sizeof(words), "query=%s/%s", folder, name);
	check(load(with(words)), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready"), "a worker is started");
	check(!fake_logged("bad:"), "with the socket on which the core listens");
	fake_event(LOOP_END);
	check(fake_loop(PATIENCE_MS, has_no_child, NULL), "there is no child");
	check(fake_close(), "it is unloaded");
}

/* A core that keeps the path to itself: what it listens on tells, as long as it is no guess. */
static void test_query_socket(void)
{
	static char longest[sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(folder)];
	const struct {
		const char *names[3], *found;
	} table[] = {
		{{"core.qh"}, "core.qh"},
		{{"live", "core.qh", "other"}, "core.qh"},
		{{"core.qh", "live"}, "core.qh"},
		{{"live"}, "live"},
		{{longest}, longest},
		{{"live", "other"}, NULL},
		{{"core.qh", "live", "other.qh"}, NULL},
	};
	struct sockaddr_in nowhere = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	/* What is none: by the internet, without a path, and one that does not listen. */
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), nameless = open_socket("", true),
	    asleep = open_socket("asleep.qh", false);
	char *given = qh_socket_path;

	qh_socket_path = NULL;
	memset(longest, 'x', sizeof(longest) - 1);
	check(tcp >= 0 && !bind(tcp, (struct sockaddr *)&nowhere, sizeof(nowhere)) &&
		      !listen(tcp, 5) && nameless >= 0 && asleep >= 0,
	      "there are other sockets");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int fds[3] = {-1, -1, -1};

		for (size_t j = 0; j < 3 && table[i].names[j]; j++) {
			fds[j] = open_socket(table[i].names[j], true);
			check(fds[j] >= 0, "there is a socket");
		}
		if (table[i].found)
			finds(table[i].found);
		else
			idles(NULL, "query socket is not found");
		for (size_t j = 0; j < 3 && table[i].names[j]; j++)
			remove_socket(fds[j], table[i].names[j]);
	}
	idles(NULL, "query socket is not found");
	remove_socket(asleep, "asleep.qh");
	(void)close(nameless);
	(void)close(tcp);
	qh_socket_path = given;
}

static void test_life(void)
{
	size_t fds = count_fds();
	pid_t pid = 0;

	check(load(with("")), "it is loaded");
	check(fake_logged("in " FAKE_NAME " " FAKE_VERSION), "it says in which core");
	(void)fake_loop(200, NULL, NULL);
	check(!is_noted("start") && fake_registered() == 0, "nothing starts before the event loop");
	fake_event(100);
	check(fake_registered() == 0, "nor when the core only says that it starts");
	fake_event(LOOP_START);
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready"), "it starts with the loop");
	check(!fake_logged("bad:"), "the worker finds what it was promised");
	check(fake_loop(PATIENCE_MS, has_no_child, NULL), "the core has no child");
	check(noted("start", &pid) == 1, "one worker");
	fake_event(LOOP_END);
	check(fake_registered() == 0, "the end of the loop leaves nothing in it");
	fake_event(LOOP_END);
	fake_event(103);
	check(fake_loop(PATIENCE_MS, is_noted, "stop"), "the worker is told to stop");
	wait_for_end(pid, "the worker ends");
	check(fake_close(), "it is unloaded");
	check(count_fds() == fds, "no descriptor is left");
}

static void kill_worker(const char *line)
{
	size_t before;
	pid_t pid = 0;

	before = noted("start", &pid);
	fake_forget();
	check(pid > 1 && kill(pid, SIGKILL) == 0, "the worker can be killed");
	check(fake_loop(PATIENCE_MS, fake_logged, line), line);
	check(fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready"), "it is started again");
	check(noted("start", &pid) == before + 1, "once");
}

static void test_restart(void)
{
	check(load(with("")), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready"), "it starts");
	kill_worker("is gone and did not say why; it is started again in 1 s");
	kill_worker("it is started again in 2 s");
	kill_worker("it is started again in 4 s");
	fake_event(LOOP_END);
	check(fake_close() && has_no_child(NULL), "it is unloaded and there is no child");
}

static void test_reason(const char *words, const char *reason)
{
	check(load(words), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, reason), reason);
	fake_event(LOOP_END);
	check(fake_loop(PATIENCE_MS, has_no_child, NULL), "there is no child");
	check(fake_close(), "it is unloaded");
}

static void test_log(void)
{
	const char *line;

	check(load(with("garbage")), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "xxxxx"), "lines are taken");
	check(fake_log_is_clean(), "no control character, no line too long");
	check(fake_logged("fleetmon: a?b?c?[31md?e%s%n"), "a format is only text");
	line = fake_line("caf");
	check(line && strstr(line, "caf\303\251 ???") && strstr(line, " \360\237\232\242 ??") &&
		      !strstr(line, "\302\205") && !strstr(line, "\342\200\256"),
	      "UTF-8 stays, what is none goes");
	fake_event(LOOP_END);
	check(fake_close(), "it is unloaded");

	check(load(with("flood=2000")), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "line 3"), "the flood begins");
	(void)fake_loop(2500, NULL, NULL);
	check(fake_lines_of_call() <= 16, "at most 16 lines at a wakeup");
	check(fake_lines() <= 5 * 16, "and 16 a second");
	fake_event(LOOP_END);
	check(fake_registered() == 0, "the end does not wait for the rest");
	check(fake_close(), "it is unloaded");
}

/* Ends that come before what they end is there. */
static void test_early_ends(void)
{
	size_t fds = count_fds();
	int left = 0;

	for (int i = 0; i < 100; i++) {
		void *set = nagios_iobs;

		if (!load(with(i % 2 ? "linger" : "")))
			check(false, "it is loaded");
		fake_event(LOOP_START);
		if (i % 4 < 2)
			fake_event(LOOP_END);
		if (i % 4 < 2)
			nagios_iobs = NULL; /* as at the end of a core */
		if (!fake_close())
			check(false, "it is unloaded");
		nagios_iobs = set;
		if (fake_registered() != 0)
			check(false, "nothing is left in the loop");
		left += !has_no_child(NULL);
		if (!fake_loop(PATIENCE_MS, has_no_child, NULL))
			check(false, "no process stays");
	}
	printf("      ends at once: %d of 100 times the core had to wait for our process\n", left);
	check(count_fds() == fds, "no descriptor is left by ends at once");
	check(load(with("linger")), "it is loaded");
	fake_event(LOOP_START);
	check(fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready"), "a worker that lingers");
	fake_event(LOOP_END);
	check(fake_close(), "it is unloaded");
	check(fake_loop(PATIENCE_MS, has_no_child, NULL), "a worker that lingers is ended");
}

/* Loads, starts, ends and unloads as at a reload, TIMES times. */
static void restart(int times, bool is_counted)
{
	const char *args = with("");
	static char real[8192];

	if (real_path[0]) {
		(void)snprintf(real, sizeof(real), "worker=%s", real_path);
		args = real;
	}
	for (int i = 0; i < times; i++) {
		bool is_right = load(args);

		fake_event(LOOP_START);
		is_right = is_right && fake_loop(PATIENCE_MS, fake_logged, "fleetmon: ready");
		is_right = is_right && fake_loop(PATIENCE_MS, has_no_child, NULL);
		fake_event(LOOP_END);
		is_right = fake_close() && is_right && fake_registered() == 0;
		if (!is_right || is_counted)
			check(is_right, "a restart");
	}
}

static void test_restarts(void)
{
	size_t fds, heap, starts;
	pid_t pid = 0;

	restart(3, false);
	fds = count_fds();
	heap = mallinfo2().uordblks;
	starts = noted("start", &pid);
	restart(100, false);
	check(count_fds() == fds, "100 restarts leave no descriptor");
	check(mallinfo2().uordblks == heap, "nor memory");
	check(has_no_child(NULL), "nor a child");
	if (!real_path[0])
		check(noted("start", &pid) == starts + 100, "each starts one worker");
	wait_for_end(pid, "and the last worker has ended");
}

static pid_t spawned;

static void spawn(void)
{
	static char status[] = "status=0";
	char *const argv[] = {worker_path, worker_path, worker_path, worker_path,
			      worker_path, status,	NULL};

	if (posix_spawn(&spawned, worker_path, NULL, NULL, argv, environ))
		spawned = 0;
}

static bool measure(int times, size_t mib)
{
	char *memory = malloc(mib << 20);

	if (!memory)
		return false;
	memset(memory, 1, mib << 20);
	restart(times, false);
	for (int i = 0; i < times; i++) {
		fake_time(spawn);
		check(spawned > 0 && waitpid(spawned, NULL, 0) == spawned, "it can be spawned");
	}
	/* Read once, so that it is there to the end. */
	printf("a core of %zu MiB%s, %d starts\n", mib, memory[mib] == 1 ? "" : "?", times);
	free(memory);
	/* A virtual processor may lose some ms to others and count them as the program's. */
	return fake_print_times((size_t)times / 25);
}

/* The absolute path of what VARIABLE names, or else of IN_BUILD in the build folder. */
static bool find_file(char *to, const char *variable, const char *in_build)
{
	const char *given = getenv(variable), *build = getenv("top_builddir");
	char path[PATH_SIZE];

	if (given)
		(void)snprintf(path, sizeof(path), "%s", given);
	else
		(void)snprintf(path, sizeof(path), "%s/%s", build ? build : ".", in_build);
	if (realpath(path, to))
		return true;
	printf("no %s: set %s\n", path, variable);
	return false;
}

int main(int argc, char **argv)
{
	static char socket[] = "/nowhere/core.qh";
#if defined(FAKE_LACKS) || defined(FAKE_MUTE)
	bool is_poor = true;
#else
	bool is_poor = false;
#endif
	bool is_fast = true;

	qh_socket_path = socket;
	if (!find_file(broker_path, "FLEET_BROKER", "plugins/hosts/.libs/fleet_broker.so") ||
	    !find_file(worker_path, "FAKE_WORKER", "tests/hosts/fake_worker") ||
	    (getenv("FLEET_WORKER") && !find_file(real_path, "FLEET_WORKER", "")))
		return 1;
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(note_path, sizeof(note_path), "%s/note", folder);
	if (argc >= 3 && !strcmp(argv[1], "measure")) {
		size_t mib = argc > 3 ? strtoul(argv[3], NULL, 10) : 1024;

		is_fast = measure((int)strtol(argv[2], NULL, 10), mib);
	} else if (is_poor) {
		test_refusal();
	} else {
		test_versions();
		test_arguments();
		test_life();
		test_query_socket();
		test_restart();
		test_reason(with("live=100"),
			    "fake_worker ended: tired; it is started again in 1 s");
		test_reason(with("status=3"), "fake_worker ended with status 3");
		test_reason("worker=/nowhere/fleet_worker",
			    "cannot be started: No such file or directory");
		test_log();
		test_early_ends();
		test_restarts();
		/* That no call waits holds on any machine; how long one takes is for measure. */
		is_fast = fake_print_times(SIZE_MAX);
	}
	(void)unlink(note_path);
	(void)rmdir(folder);
	/* The machine can make any call wait once, for a page or a lock of its own. */
	if (!is_fast && failed == 0 && !getenv("FAKE_AGAIN") && !setenv("FAKE_AGAIN", "1", 1)) {
		printf("once more, to see whether it waits again\n");
		(void)fflush(stdout);
		(void)execv("/proc/self/exe", argv);
	}
	check(is_fast, "no call waits for anything, and when measured uses more than 1 ms");
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
