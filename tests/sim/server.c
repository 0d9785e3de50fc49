/* SPDX-License-Identifier: MIT */
/* The listener: HTTP or TLS, a thread for each connection, one world for all. */
#include "server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "call.h"
#include "control.h"
#include "delivery.h"
#include "engine.h"
#include "faults.h"
#include "identity.h"
#include "managed.h"
#include "reqlog.h"

#define BODY_MAX (8u << 20)
#define CONNECTION_MEMORY (512u << 10) /* room for the big_headers fault */

struct sim_server {
	struct sim_world *world;
	enum sim_server_kind kind;
	struct MHD_Daemon *daemon;
	char *scheme;
	char *url;
	atomic_bool stopping;
};

/* What one request gathers between the server library's calls. */
struct exchange {
	char *uri;
	struct sim_buf body;
	bool started;
	bool too_large;
};

static void *note_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = sim_alloc(sizeof(*exchange));

	(void)cls;
	(void)connection;
	exchange->uri = sim_strdup(uri);
	return exchange;
}

static void completed(void *cls, struct MHD_Connection *connection, void **con_cls,
		      enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *con_cls;

	(void)cls;
	(void)connection;
	(void)code;
	if (!exchange)
		return;
	free(exchange->uri);
	sim_buf_finish(&exchange->body);
	free(exchange);
	*con_cls = NULL;
}

static void answer(const struct sim_server *server, struct sim_request *request,
		   struct sim_reply *reply)
{
	struct sim_world *world = server->world;
	const struct sim_fault *fault;
	int64_t received;

	if (sim_control_handle(world, request, reply))
		return;
	received = world->now_ns;
	fault = sim_faults_match(world->faults, request);
	if (!fault || !sim_fault_before(fault, request, reply)) {
		if (server->kind == SIM_SERVER_METADATA)
			sim_managed_handle(world, request, reply);
		else if (!sim_identity_handle(world, request, reply))
			sim_arm_handle(world, request, reply);
		if (fault)
			sim_fault_after(fault, request, reply);
	}
	sim_log_add(world->log, request, reply, received, sim_fault_name(fault));
}

static void set_date(struct sim_world *world, struct sim_reply *reply)
{
	char date[SIM_TIME_SIZE];

	sim_time_http(date, world->now_ns + reply->date_skew_s * SIM_SECOND);
	sim_reply_header(reply, "Date", date);
}

/* The base URL by the client's own Host header, so that links work by any name of this host. */
static char *base_url(const struct sim_server *server, struct MHD_Connection *connection)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

	if (!host || !*host)
		return sim_strdup(server->url);
	return sim_format("%s://%s", server->scheme, host);
}

static enum MHD_Result serve(struct sim_server *server, struct MHD_Connection *connection,
			     struct exchange *exchange, const char *url, const char *method)
{
	struct sim_world *world = server->world;
	char *base = base_url(server, connection);
	struct sim_request request = {.connection = connection,
				      .method = method,
				      .path = url,
				      .uri = exchange->uri,
				      .base = base,
				      .body = exchange->body};
	struct sim_reply reply = {0};
	enum MHD_Result result;

	if (exchange->too_large) {
		sim_reply_error(&reply, 413, "RequestContentTooLarge",
				"The request content exceeds 8388608 bytes.");
	} else {
		(void)pthread_mutex_lock(&world->lock);
		sim_world_advance(world);
		answer(server, &request, &reply);
		set_date(world, &reply);
		(void)pthread_mutex_unlock(&world->lock);
	}
	result = sim_deliver(connection, &reply, &server->stopping);
	sim_reply_finish(&reply);
	free(base);
	return result;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **con_cls)
{
	struct exchange *exchange = *con_cls;

	(void)version;
	if (!exchange)
		return MHD_NO;
	if (!exchange->started) {
		exchange->started = true;
		return MHD_YES;
	}
	if (*size) {
		if (exchange->body.len + *size > BODY_MAX)
			exchange->too_large = true;
		else
			sim_buf_add(&exchange->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return serve(cls, connection, exchange, url, method);
}

static int resolve(const char *listen, struct addrinfo **ret_address)
{
	const char *colon = strrchr(listen, ':');
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	char *host;
	int code;

	if (!colon)
		return EAI_NONAME;
	host = sim_strndup(listen, (size_t)(colon - listen));
	if (host[0] == '[' && sim_ends(host, "]")) {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	code = getaddrinfo(host, colon + 1, &hints, ret_address);
	free(host);
	return code;
}

/* Own socket, so that the URL can tell the port that was picked. */
static int open_socket(const struct addrinfo *address)
{
	int yes = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, 128) != 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static char *url_of(const char *scheme, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64], port[16];

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return NULL;
	return sim_format(address.ss_family == AF_INET6 ? "%s://[%s]:%s" : "%s://%s:%s", scheme,
			  host, port);
}

static struct MHD_Daemon *start_daemon(struct sim_server *server, int fd, const char *cert,
				       const char *key)
{
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_SUPPRESS_DATE_NO_CLOCK | (cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{cert ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)(uintptr_t)cert},
		{key ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, 0, (void *)(uintptr_t)key},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_URI_LOG_CALLBACK, note_uri, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

struct sim_server *sim_server_start(struct sim_world *world, enum sim_server_kind kind,
				    const char *listen, const char *cert, const char *key,
				    char **ret_error)
{
	struct addrinfo *address = NULL;
	struct sim_server *server;
	int fd, code = resolve(listen, &address);

	if (code != 0) {
		*ret_error = sim_format("%s: %s", listen, gai_strerror(code));
		return NULL;
	}
	fd = open_socket(address);
	freeaddrinfo(address);
	if (fd < 0) {
		*ret_error = sim_format("%s: %s", listen, strerror(errno));
		return NULL;
	}
	server = sim_alloc(sizeof(*server));
	server->world = world;
	server->kind = kind;
	server->scheme = sim_strdup(cert ? "https" : "http");
	server->url = url_of(server->scheme, fd);
	atomic_init(&server->stopping, false);
	if (server->url)
		server->daemon = start_daemon(server, fd, cert, key);
	if (!server->daemon) {
		*ret_error = sim_format("%s: the HTTP server does not start%s", listen,
					cert ? " (is the certificate and its key all right?)" : "");
		(void)close(fd);
		free(server->scheme);
		free(server->url);
		free(server);
		return NULL;
	}
	return server;
}

const char *sim_server_url(const struct sim_server *server)
{
	return server->url;
}

void sim_server_stop(struct sim_server *server)
{
	atomic_store(&server->stopping, true);
	MHD_stop_daemon(server->daemon);
	free(server->scheme);
	free(server->url);
	free(server);
}
