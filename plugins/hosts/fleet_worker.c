/* SPDX-License-Identifier: MIT */
/* fleet_worker: runs the core's checks of fleets and event handlers without a fork for each. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "host.h"
#include "runner.h"
#include "worker.h"

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct worker_options, query_socket, TEXT, 'q', "query-socket", "PATH", NULL,
		  "query handler socket of the core, as query_socket in its configuration"),
	FLEET_OPT(struct worker_options, config, TEXT, 0, "config", "FILE", NULL,
		  "configuration that says where figures are left, instead of the installed one; "
		  "a check reads what its own command says"),
	FLEET_OPT(struct worker_options, user, TEXT, 'u', "user", "NAME", NULL,
		  "whom to become when started by root: the core's user"),
	FLEET_OPT_INT(struct worker_options, max_runners, 0, "max-checks", "128", 1, 1000,
		      "checks that run at the same time; more wait for their turn"),
	FLEET_OPT_INT(struct worker_options, max_programs, 0, "max-programs", "64", 1, 1000,
		      "actions, and commands that need a shell, that run at the same time"),
	FLEET_OPT_INT(struct worker_options, broker_fd, 0, "broker-fd", "-1", -1, 1000,
		      "given by fleet_broker.so: its socket"),
	FLEET_OPT(struct worker_options, help, FLAG, 'h', "help", NULL, NULL,
		  "show this help, and end"),
	FLEET_OPT(struct worker_options, version, FLAG, 'V', "version", NULL, NULL,
		  "show the version, and end"),
	FLEET_OPT_END,
};

static int help(void)
{
	struct fleet_buf out;
	int code;

	fleet_buf_init(&out, 8192);
	(void)fleet_buf_adds(&out,
			     "Usage: fleet_worker --query-socket PATH [options]\n\n"
			     "Runs the checks (check_fleet) and event handlers (fleet_action) of "
			     "a Nagios Core 4\nor Naemon without a fork and exec for each. When it "
			     "is gone, the core runs them by\nitself. SIGHUP: reads configuration "
			     "and modules anew. SIGTERM: ends in order.\n\n");
	fleet_options_help(option_table, &out);
	code = fleet_host_print(fleet_buf_text(&out), out.len, FLEET_LEVEL_OK);
	fleet_buf_finish(&out);
	return code;
}

/* Root gives up its rights for good. False when it cannot, or nobody said for whose. */
static bool drop_rights(const char *name)
{
	const struct passwd *user;

	if (geteuid() != 0 && !name)
		return true;
	if (!name) {
		(void)fprintf(stderr, "fleet_worker: started by root: say whom to become, as "
				      "--user nagios\n");
		return false;
	}
	errno = 0;
	user = getpwnam(name);
	if (!user) {
		(void)fprintf(stderr, "fleet_worker: there is no user %s\n", name);
		return false;
	}
	if (geteuid() == user->pw_uid && user->pw_uid != 0)
		return true;
	if (user->pw_uid == 0 || initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0 || setuid(0) == 0) {
		(void)fprintf(stderr, "fleet_worker: cannot become %s%s%s\n", name,
			      errno ? ": " : "", errno ? strerror(errno) : "");
		return false;
	}
	return true;
}

/* What we were started with is not ours, except for KEEP. */
static void close_others(int keep)
{
	const long most = sysconf(_SC_OPEN_MAX);

	for (int fd = 3; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++)
		if (fd != keep)
			(void)close(fd);
}

/* Started by the core's own process, as its broker does, we become nobody's child: so the core
 * never has a zombie, and no signal to its children is for us. */
static bool leave_parent(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid > 0)
		_exit(0);
	if (pid < 0 || setsid() < 0)
		return false;
	while (getppid() == parent)
		(void)usleep(1000);
	return true;
}

/* Finds the check_fleet that we stand in for. */
void worker_find_plugin(struct worker *worker)
{
	struct stat about;

	worker->plugin_device = 0;
	worker->plugin_inode = 0;
	if (stat(PLUGINDIR "/check_fleet", &about) != 0) {
		worker_log(worker,
			   "there is no " PLUGINDIR "/check_fleet (%s): each check runs as a "
			   "program of its own",
			   strerror(errno));
		return;
	}
	worker->plugin_device = about.st_dev;
	worker->plugin_inode = about.st_ino;
}

static int work(struct worker *worker)
{
	int code;

	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->waiting_end = &worker->waiting;
	worker->figures.started_s = fleet_now_s();
	worker->cores[0] = worker_core_new("check_fleet", false);
	worker->cores[1] = worker_core_new("fleet_action", true);
	if (worker->epoll < 0 || !worker->cores[0] || !worker->cores[1]) {
		(void)fprintf(stderr, "fleet_worker: cannot begin: %s\n", strerror(errno));
		code = 1;
	} else {
		code = worker_loop(worker);
	}
	for (size_t i = 0; i < 2; i++)
		worker_core_free(worker, worker->cores[i]);
	worker_runners_free(worker);
	worker_figures_free(worker);
	worker_unwatch(worker, &worker->signals);
	worker_unwatch(worker, &worker->broker);
	if (worker->epoll >= 0)
		(void)close(worker->epoll);
	return code;
}

static int begin(struct worker *worker)
{
	const struct worker_options *options = &worker->options;

	if (options->help)
		return help();
	if (options->version) {
		static const char version[] = "fleet_worker v" PACKAGE_VERSION " (fleetmon)\n";

		return fleet_host_print(version, sizeof(version) - 1, FLEET_LEVEL_OK);
	}
	if (!options->query_socket) {
		(void)fprintf(stderr, "fleet_worker: say where the core listens, as --query-socket "
				      "/var/lib/nagios4/rw/nagios.qh; see --help\n");
		return 3;
	}
	close_others((int)options->broker_fd);
	if (options->broker_fd >= 0 && !leave_parent())
		return 1;
	if (!drop_rights(options->user) || chdir("/") != 0)
		return 1;
	(void)prctl(PR_SET_NAME, "fleet_worker");
	return work(worker);
}

int main(int argc, char **argv)
{
	static struct worker worker;
	struct fleet_option_set set = {0};
	struct fleet_error error;
	int code;

	if (argc == 2 && strcmp(argv[1], "--runner") == 0)
		return runner_main();
	fleet_host_prepare();
	worker.epoll = -1;
	worker.signals.fd = -1;
	worker.broker.fd = -1;
	if (fleet_options_init(&set, option_table, &worker.options, &error) ||
	    fleet_options_argv(&set, 1, argc, argv, &error)) {
		(void)fprintf(stderr, "fleet_worker: %s; see --help\n", error.message);
		code = 3;
	} else {
		code = begin(&worker);
	}
	fleet_options_finish(&set);
	return code;
}
