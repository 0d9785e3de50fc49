/* SPDX-License-Identifier: MIT */
/* fleetsim: simulates the Azure Kubernetes Fleet Manager service on a port of this machine. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario.h"
#include "server.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

#define PEM_MAX ((size_t)1 << 20)

struct options {
	const char *scenario;
	const char *listen;
	const char *tls;
	const char *portfile;
	const char *metadata;
};

static void usage(FILE *out)
{
	fputs("Usage: fleetsim --scenario FILE [--listen ADDRESS:PORT] [--tls CERT,KEY]\n"
	      "                [--metadata ADDRESS:PORT] [--portfile FILE]\n"
	      "Simulates the Azure Kubernetes Fleet Manager service, its tokens included.\n"
	      "\n"
	      "  -s, --scenario FILE        what there is at the start, see fleetsim(1)\n"
	      "  -l, --listen ADDRESS:PORT  default 127.0.0.1:0, port 0 is any free one\n"
	      "  -t, --tls CERT,KEY         PEM files; without it plain HTTP\n"
	      "  -m, --metadata ADDRESS:PORT  managed identities, by plain HTTP\n"
	      "  -p, --portfile FILE        write the port number there when ready\n"
	      "  -V, --version              print the version\n"
	      "  -h, --help                 print this\n"
	      "\n"
	      "Prints its base URL when ready, then that of --metadata. Ends on SIGTERM or "
	      "SIGINT.\n",
	      out);
}

/* 0: go on; else the exit status plus one. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"scenario", required_argument, NULL, 's'},
		{"listen", required_argument, NULL, 'l'},
		{"tls", required_argument, NULL, 't'},
		{"metadata", required_argument, NULL, 'm'},
		{"portfile", required_argument, NULL, 'p'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:l:t:m:p:Vh", longs, NULL)) != -1) {
		if (c == 's') {
			options->scenario = optarg;
		} else if (c == 'l') {
			options->listen = optarg;
		} else if (c == 't') {
			options->tls = optarg;
		} else if (c == 'm') {
			options->metadata = optarg;
		} else if (c == 'p') {
			options->portfile = optarg;
		} else if (c == 'V') {
			puts("fleetsim " PACKAGE_VERSION);
			return 1;
		} else if (c == 'h') {
			usage(stdout);
			return 1;
		} else {
			usage(stderr);
			return 3;
		}
	}
	if (options->scenario && optind == argc)
		return 0;
	usage(stderr);
	return 3;
}

static char *read_pem(const char *path)
{
	char *text = sim_read_file(path, PEM_MAX);

	if (!text)
		fprintf(stderr, "fleetsim: %s: %s\n", path, strerror(errno));
	return text;
}

static bool read_tls(const char *both, char **ret_cert, char **ret_key)
{
	const char *comma = both ? strchr(both, ',') : NULL;
	char *path;

	if (!both)
		return true;
	if (!comma) {
		fputs("fleetsim: --tls needs CERT,KEY\n", stderr);
		return false;
	}
	path = sim_strndup(both, (size_t)(comma - both));
	*ret_cert = read_pem(path);
	*ret_key = read_pem(comma + 1);
	free(path);
	return *ret_cert && *ret_key;
}

/* Written aside and renamed: a reader sees no file or a whole one. */
static bool write_port(const char *path, const char *url)
{
	char *aside = sim_format("%s.new", path);
	FILE *file = fopen(aside, "we");
	bool good = file && fprintf(file, "%s\n", strrchr(url, ':') + 1) > 0;

	if (file && fclose(file) != 0)
		good = false;
	if (good && rename(aside, path) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "fleetsim: %s: %s\n", path, strerror(errno));
	free(aside);
	return good;
}

static struct sim_server *start(struct sim_world *world, enum sim_server_kind kind,
				const char *listen, const char *cert, const char *key)
{
	char *error = NULL;
	struct sim_server *server = sim_server_start(world, kind, listen, cert, key, &error);

	if (!server) {
		fprintf(stderr, "fleetsim: %s\n", error);
		free(error);
	}
	return server;
}

/* In one call: who reads the first line finds the second. */
static bool say_urls(const struct sim_server *server, const struct sim_server *metadata)
{
	char *text = sim_format("%s\n%s%s", sim_server_url(server),
				metadata ? sim_server_url(metadata) : "", metadata ? "\n" : "");
	bool good = fputs(text, stdout) >= 0 && fflush(stdout) == 0;

	free(text);
	if (!good)
		fputs("fleetsim: standard output is closed\n", stderr);
	return good;
}

static int run(struct sim_world *world, const struct options *options, const char *cert,
	       const char *key, const sigset_t *ends)
{
	struct sim_server *server, *metadata = NULL;
	int signal_number, status = 1;

	server = start(world, SIM_SERVER_SERVICE, options->listen, cert, key);
	if (!server)
		return 1;
	if (options->metadata)
		metadata = start(world, SIM_SERVER_METADATA, options->metadata, NULL, NULL);
	if ((metadata || !options->metadata) &&
	    (!options->portfile || write_port(options->portfile, sim_server_url(server))) &&
	    say_urls(server, metadata)) {
		(void)sigwait(ends, &signal_number);
		status = 0;
	}
	if (metadata)
		sim_server_stop(metadata);
	sim_server_stop(server);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {.listen = "127.0.0.1:0"};
	char *cert = NULL, *key = NULL, *error = NULL;
	struct sim_world world;
	int status = parse_options(argc, argv, &options);
	sigset_t ends;

	if (status)
		return status - 1;
	/* Blocked before any thread exists, so that only sigwait sees them. */
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	if (pthread_sigmask(SIG_BLOCK, &ends, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		fputs("fleetsim: signals cannot be set up\n", stderr);
		return 1;
	}
	if (!read_tls(options.tls, &cert, &key)) {
		free(cert);
		free(key);
		return 1;
	}
	sim_world_init(&world);
	if (sim_scenario_load(&world, options.scenario, &error)) {
		status = run(&world, &options, cert, key, &ends);
	} else {
		fprintf(stderr, "fleetsim: %s\n", error);
		free(error);
		status = 1;
	}
	sim_world_finish(&world);
	free(cert);
	free(key);
	return status;
}
