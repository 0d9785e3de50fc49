/* SPDX-License-Identifier: MIT */
/*
 * Stands in for fleet_worker in tests of fleet_broker.so: checks what it was started with, goes
 * into the background, and does what the words after its options say.
 *
 *   note=FILE    a line to FILE for each thing that happens: "start PID", "stop PID", "end PID"
 *   status=N     ends with this status before it goes into the background
 *   linger       does not go into the background
 *   query=PATH   the query socket that it should have been given
 *   garbage      sends lines that no log should have as they are
 *   flood=N      sends N lines as fast as it can
 *   live=MS      ends after so long, with the packet "exit: tired"
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BROKER_FD 3

static const char *note_path;

static void note(const char *what)
{
	FILE *file = note_path ? fopen(note_path, "a") : NULL;

	if (!file)
		return;
	(void)fprintf(file, "%s %ld\n", what, (long)getpid());
	(void)fclose(file);
}

/* A flood waits until there is room: the broker reads as slowly as it likes. */
static void say(const char *text, size_t len)
{
	struct pollfd socket = {.fd = BROKER_FD, .events = POLLOUT};

	while (send(BROKER_FD, text, len, MSG_NOSIGNAL) < 0 && errno == EAGAIN)
		(void)poll(&socket, 1, -1);
}

static void say_text(const char *text)
{
	say(text, strlen(text));
}

static void expect(bool is_right, const char *wrong)
{
	char line[200];

	if (is_right)
		return;
	(void)snprintf(line, sizeof(line), "bad: %s", wrong);
	say_text(line);
}

static bool is_packet_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET;
}

/* The core's descriptors may be here, as a real core's are, but none of the broker's own. */
static void check_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat is, null;

	expect(dir != NULL, "/proc/self/fd cannot be read");
	while (dir && (entry = readdir(dir))) {
		char link[64], to[64] = "";
		long fd = strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || fd <= BROKER_FD || fd == dirfd(dir))
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
		if (readlink(link, to, sizeof(to) - 1) < 0)
			continue;
		expect(!strstr(to, "timerfd") && !is_packet_socket((int)fd),
		       "it inherited a descriptor of the broker's");
	}
	if (dir)
		(void)closedir(dir);
	expect(!stat("/dev/null", &null), "there is no /dev/null");
	for (int fd = 0; fd < BROKER_FD; fd++)
		expect(!fstat(fd, &is) && is.st_rdev == null.st_rdev, "0, 1, 2 are not /dev/null");
}

static void check_start(int argc, char **argv)
{
	int flags = fcntl(BROKER_FD, F_GETFL);
	sigset_t mask;

	expect(argc >= 5 && !strcmp(argv[1], "--query-socket") && !strcmp(argv[3], "--broker-fd") &&
		       !strcmp(argv[4], "3"),
	       "the arguments are not --query-socket PATH --broker-fd 3");
	expect(is_packet_socket(BROKER_FD), "3 is no SOCK_SEQPACKET socket");
	expect(flags >= 0 && (flags & O_NONBLOCK), "3 may block");
	expect(getsid(0) == getpid(), "it has no session of its own");
	expect(!sigprocmask(SIG_SETMASK, NULL, &mask), "the mask cannot be read");
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (number == 32 || number == 33)
			continue;
		expect(sigismember(&mask, number) == 0, "a signal is blocked");
		if (!sigaction(number, NULL, &action))
			/* A sanitizer has handlers by now. */
			expect(action.sa_handler != SIG_IGN, "a signal is ignored");
	}
	check_descriptors();
}

static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, name, len) && word[len] == '=' ? word + len + 1 : NULL;
}

static void say_garbage(void)
{
	static const char controls[] = "a\001b\nc\033[31md\177e%s%n",
			  bytes[] = "caf\303\251 \377\300\257 \355\240\200 \302\205 \342\200\256 "
				    "\360\237\232\242 \360\237";
	char lots[3000];

	say(controls, sizeof(controls) - 1);
	say(bytes, sizeof(bytes) - 1);
	memset(lots, 'x', sizeof(lots));
	say(lots, sizeof(lots));
}

/* Until the broker lets go, or for LIVE_MS; -1 is for ever. */
static void serve(int live_ms)
{
	struct pollfd socket = {.fd = BROKER_FD, .events = POLLIN};
	char packet[64];
	ssize_t len;

	for (;;) {
		if (poll(&socket, 1, live_ms) == 0) {
			say_text("exit: tired");
			note("end");
			return;
		}
		len = recv(BROKER_FD, packet, sizeof(packet), 0);
		if (len == 4 && !memcmp(packet, "stop", 4))
			note("stop");
		if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
			note("end");
			return;
		}
	}
}

int main(int argc, char **argv)
{
	bool linger = false, garbage = false;
	const char *query = NULL;
	long flood = 0, live_ms = -1;
	char line[80];

	for (int i = 5; i < argc; i++) {
		if (value_of(argv[i], "note"))
			note_path = value_of(argv[i], "note");
		else if (value_of(argv[i], "query"))
			query = value_of(argv[i], "query");
		else if (value_of(argv[i], "status"))
			return (int)strtol(value_of(argv[i], "status"), NULL, 10);
		else if (value_of(argv[i], "flood"))
			flood = strtol(value_of(argv[i], "flood"), NULL, 10);
		else if (value_of(argv[i], "live"))
			live_ms = strtol(value_of(argv[i], "live"), NULL, 10);
		else if (!strcmp(argv[i], "linger"))
			linger = true;
		else if (!strcmp(argv[i], "garbage"))
			garbage = true;
	}
	check_start(argc, argv);
	expect(!query || !strcmp(argv[2], query), "it has another query socket");
	if (!linger) {
		pid_t pid = fork();

		if (pid != 0)
			_exit(pid < 0);
	}
	note("start");
	(void)snprintf(line, sizeof(line), "ready: a fake worker, pid %ld", (long)getpid());
	say_text(line);
	if (garbage)
		say_garbage();
	for (long i = 0; i < flood; i++) {
		(void)snprintf(line, sizeof(line), "line %ld", i);
		say_text(line);
	}
	serve((int)live_ms);
	return 0;
}
