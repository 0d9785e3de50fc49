/* SPDX-License-Identifier: MIT */
/* Whether whoever listens at a socket sleeps: a process of our own that does so until told to work.
 */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/hosts/worker.h"
#include "folder.h"
#include "run_suite.h"

__attribute__((noreturn)) static void listen_and_sleep(const struct sockaddr_un *address, int ready)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char byte = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A name may look like what comes after it. */
	(void)prctl(PR_SET_NAME, "core) R 1 (");
	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
	    listen(fd, 5) != 0 || write(ready, &byte, 1) != 1)
		_exit(1);
	if (read(ready, &byte, 1) != 1)
		_exit(1);
	for (volatile unsigned i = 0;; i++)
		continue;
}

static bool becomes(int fd, bool wanted)
{
	for (int i = 0; i < 2000; i++) {
		if (worker_peer_sleeps(fd) == wanted)
			return true;
		(void)poll(NULL, 0, 5);
	}
	return false;
}

START_TEST(test_states)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[80], byte = 0;
	int pair[2], fd;
	pid_t child;

	folder_make(folder, sizeof(folder));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		listen_and_sleep(&address, pair[1]);
	ck_assert_int_eq(read(pair[0], &byte, 1), 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);

	ck_assert_msg(becomes(fd, true), "who waits sleeps");
	ck_assert_int_eq(write(pair[0], &byte, 1), 1);
	ck_assert_msg(becomes(fd, false), "who works does not");
	for (int i = 0; i < 100; i++)
		ck_assert_msg(!worker_peer_sleeps(fd), "who works goes on to do so");
	/* Nothing can be found out of one that is no more. */
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert(worker_peer_sleeps(fd));
	(void)close(fd);
	(void)close(pair[0]);
	(void)close(pair[1]);
	folder_remove(folder);
}
END_TEST

START_TEST(test_no_socket)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert(worker_peer_sleeps(ends[0]));
	ck_assert(worker_peer_sleeps(-1));
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_peer");
	TCase *tests = tcase_create("worker_peer");

	tcase_add_test(tests, test_states);
	tcase_add_test(tests, test_no_socket);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
