/* SPDX-License-Identifier: MIT */
/*
 * The core's query handler by the socket that it listens on. Nagios, when its configuration has no
 * query_socket=, keeps the path that it was built with to itself; but it listens before it loads
 * modules, and the kernel tells where.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "broker.h"

/* The path that the descriptor NAME listens on, in ADDRESS; "" when it does not on a path. */
static const char *listens_on(const char *name, struct sockaddr_un *address)
{
	/* Of a path that fills sun_path the kernel would leave out the NUL. */
	socklen_t len = sizeof(*address) - 1, int_len = sizeof(int);
	int fd = (int)strtol(name, NULL, 10), is_listening = 0;

	memset(address, 0, sizeof(*address));
	if (name[0] != '.' && !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &int_len) &&
	    is_listening && !getsockname(fd, (struct sockaddr *)address, &len) &&
	    len <= sizeof(*address) && address->sun_family == AF_UNIX &&
	    address->sun_path[0] == '/')
		return address->sun_path;
	return "";
}

bool broker_query_socket(char *path, size_t size)
{
	/* Both cores call it so; other modules listen as well, on sockets of other names. */
	static const char ending[] = ".qh";
	const size_t ending_len = strlen(ending);
	size_t named = 0, others = 0;
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct sockaddr_un address;
		const char *found = listens_on(entry->d_name, &address);
		size_t len = strlen(found);
		bool is_named = len > ending_len && !strcmp(found + len - ending_len, ending);

		if (len == 0 || len >= size || (named > 0 && !is_named))
			continue;
		*(is_named ? &named : &others) += 1;
		memcpy(path, found, len + 1);
	}
	if (dir)
		(void)closedir(dir);
	return named == 1 || (named == 0 && others == 1);
}
