/* SPDX-License-Identifier: MIT */
/* Runs check after check. Configuration, modules and answers stay from one to the next. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "host.h"
#include "runner.h"
#include "transport_shared.h"

#define FD_ENOUGH 256			      /* descriptors of a runner; it needs a dozen */
#define MEMORY_ENOUGH (FLEET_HOST_MEMORY / 2) /* bytes; near the limit modules get none */

/* The words of a packet of LEN bytes. Returns how many, 0 when it is none of ours. */
static int words_of(char *packet, size_t len, char *words[RUNNER_WORDS + 1])
{
	size_t count = 0;

	if (len == 0 || packet[len - 1] != '\0')
		return 0;
	for (char *word = packet; word < packet + len; word += strlen(word) + 1) {
		if (count == RUNNER_WORDS)
			return 0;
		words[count++] = word;
	}
	words[count] = NULL;
	return (int)count;
}

/* Did modules leave so much behind that a new process has to take over? By exec nobody would ever
 * have noticed. */
static bool is_worn_out(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return false; /* its own memory is more than all */
#endif
	char line[128] = ""; /* "PAGES OTHER ..." (proc(5)) */
	int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	int next = fcntl(RUNNER_FD, F_DUPFD_CLOEXEC, 0);
	ssize_t n = statm < 0 ? -1 : read(statm, line, sizeof(line) - 1);

	if (statm >= 0)
		(void)close(statm);
	if (next >= 0)
		(void)close(next);
	return next < 0 || next >= FD_ENOUGH || n <= 0 ||
	       strtoul(line, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) > MEMORY_ENOUGH;
}

/* Sends the exit code CODE, whether we end, and what was collected. */
static bool answer(int code, bool is_last, const struct fleet_buf *verdict)
{
	char first = (char)(code | (is_last ? FLEET_HOST_LAST : 0));
	size_t len = verdict->len < WORKER_OUTPUT_MAX ? verdict->len : WORKER_OUTPUT_MAX;
	struct iovec parts[] = {{&first, 1}, {verdict->data, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	for (;;) {
		ssize_t n = sendmsg(RUNNER_FD, &message, MSG_NOSIGNAL);

		if (n >= 0 || errno != EINTR)
			return n >= 0;
	}
}

/* Has all requests go through the transport process at ADDRESS, hexadecimal digits, whose socket is
 * our parent's. When that was killed already nothing is: our parent is another by now. */
static void share_connections(const char *digits)
{
	char address[FLEET_TRANSPORT_ADDRESS];
	size_t len = strlen(digits) / 2;

	if (len > sizeof(address))
		return;
	for (size_t i = 0; i < len; i++) {
		const char pair[] = {digits[2 * i], digits[2 * i + 1], '\0'};

		address[i] = (char)strtoul(pair, NULL, 16);
	}
	if (len > 0)
		fleet_transport_shared_at(address, len, getppid());
}

int runner_main(const char *address)
{
	static char packet[RUNNER_PACKET], *words[RUNNER_WORDS + 1];
	struct fleet_keep *keep = fleet_keep_new();
	struct fleet_buf verdict;
	bool is_last = false;

	if (!keep || chdir("/") != 0)
		return 1;
	(void)prctl(PR_SET_NAME, "fleet_runner");
	share_connections(address);
	(void)fcntl(RUNNER_FD, F_SETFD, FD_CLOEXEC);
	fleet_buf_init(&verdict, (size_t)2 << 20);
	fleet_host_collect(&verdict, RUNNER_FD);
	while (!is_last) {
		ssize_t n = recv(RUNNER_FD, packet, sizeof(packet), 0);
		int argc, code;

		if (n < 0 && errno == EINTR)
			continue;
		argc = n > 0 ? words_of(packet, (size_t)n, words) : 0;
		if (argc == 0)
			break;
		fleet_keep_refresh(keep);
		code = check_call(argc, words, keep);
		fleet_host_pause();
		is_last = is_worn_out();
		if (!answer(code, is_last, &verdict))
			break;
		fleet_buf_clear(&verdict);
	}
	fleet_buf_finish(&verdict);
	fleet_keep_free(keep);
	return 0;
}
