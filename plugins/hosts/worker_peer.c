/* SPDX-License-Identifier: MIT */
/*
 * The core at the other end of a connection. It notices that we have closed when it comes back to
 * its poll; a job that it sends before that fails ("Unable to run check"), and Nagios does not look
 * at its service again for ten minutes. Whoever is in poll by then is woken by our end first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker.h"

char worker_peer_state(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char path[64], stat[512];
	const char *end;
	ssize_t len = -1;
	int file;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)peer.pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		len = read(file, stat, sizeof(stat) - 1);
		(void)close(file);
	}
	if (len <= 0)
		return '\0';
	stat[len] = '\0';
	/* proc(5): "pid (name) state ...", and a name may have any character. */
	end = strrchr(stat, ')');
	return end && end[1] == ' ' ? end[2] : '\0';
}

bool worker_peer_sleeps(int fd)
{
	char state = worker_peer_state(fd);

	return state == '\0' || state == 'S';
}
