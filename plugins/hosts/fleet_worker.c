/* SPDX-License-Identifier: MIT */
/* fleet_worker: runs the core's checks of fleets and event handlers without a fork for each. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
		      "actions that run at the same time, and as many checks that need a shell"),
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

bool worker_find_plugin(struct worker *worker)
{
	const struct fleet_stamp none = {0};
	struct fleet_stamp own = fleet_stamp_read(worker->program);

	worker->is_outdated = false;
	worker->plugin = fleet_stamp_read(PLUGINDIR "/check_fleet");
	if (fleet_stamp_is(&worker->plugin, &none))
		worker_log(worker, "there is no " PLUGINDIR "/check_fleet: each check runs as a "
				   "program of its own");
	return fleet_stamp_is(&own, &worker->own);
}

/* Remembers which file we run, to see when it is replaced. */
static void find_ourselves(struct worker *worker)
{
	ssize_t len = readlink("/proc/self/exe", worker->program, sizeof(worker->program) - 1);

	worker->program[len > 0 ? len : 0] = '\0';
	worker->own = fleet_stamp_read(worker->program);
}

/* Says why nothing comes of it: on standard error, and to the broker, which has the core log it. */
static int give_up(const struct worker_options *options, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int give_up(const struct worker_options *options, int code, const char *format, ...)
{
	char line[600], packet[640];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0)
		return code;
	(void)fprintf(stderr, "fleet_worker: %s\n", line);
	n = snprintf(packet, sizeof(packet), "exit: %s", line);
	if (n > 0 && options->broker_fd >= 0)
		(void)send((int)options->broker_fd, packet, strlen(packet), MSG_NOSIGNAL);
	return code;
}

/* Root gives up its rights for good. Returns 0, or the exit code when it cannot, or nobody said for
 * whose. */
static int drop_rights(const struct worker_options *options)
{
	const char *name = options->user;
	const struct passwd *user;

	if (geteuid() != 0 && !name)
		return 0;
	if (!name)
		return give_up(options, 1, "started by root: say whom to become, as --user nagios");
	errno = 0;
	user = getpwnam(name);
	if (!user)
		return give_up(options, 1, "there is no user %.100s", name);
	if (geteuid() == user->pw_uid && user->pw_uid != 0)
		return 0;
	if (user->pw_uid == 0)
		return give_up(options, 1, "%.100s is root: say whom to become instead", name);
	if (initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0 || setuid(0) == 0)
		return give_up(options, 1, "cannot become %.100s: %s", name, strerror(errno));
	return 0;
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
		code = give_up(&worker->options, 1, "cannot begin: %s", strerror(errno));
	} else {
		code = worker_loop(worker);
	}
	for (size_t i = 0; i < 2; i++)
		worker_core_free(worker, worker->cores[i]);
	worker_runners_free(worker);
	if (worker->listener >= 0)
		(void)close(worker->listener);
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
	int code;

	if (options->help)
		return help();
	if (options->version) {
		static const char version[] = "fleet_worker v" PACKAGE_VERSION " (fleetmon)\n";

		return fleet_host_print(version, sizeof(version) - 1, FLEET_LEVEL_OK);
	}
	if (!options->query_socket)
		return give_up(options, 3,
			       "say where the core listens, as --query-socket "
			       "/var/lib/nagios4/rw/nagios.qh; see --help");
	close_others((int)options->broker_fd);
	/* The broker sees our end by it, so nobody else may hold it. */
	if (options->broker_fd >= 0 && fcntl((int)options->broker_fd, F_SETFD, FD_CLOEXEC) != 0)
		return give_up(options, 1, "the broker's socket: %s", strerror(errno));
	if (options->broker_fd >= 0 && !leave_parent())
		return give_up(options, 1, "cannot leave the core: %s", strerror(errno));
	code = drop_rights(options);
	if (code)
		return code;
	if (chdir("/") != 0)
		return give_up(options, 1, "cannot enter /: %s", strerror(errno));
	(void)prctl(PR_SET_NAME, "fleet_worker");
	return work(worker);
}

int main(int argc, char **argv)
{
	static struct worker worker;
	struct fleet_option_set set = {0};
	struct fleet_error error;
	int code;

	if (argc == 3 && strcmp(argv[1], "--runner") == 0)
		return runner_main(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--transport") == 0) {
		fleet_host_prepare();
		return worker_transport_main();
	}
	worker.mask = umask(077);
	/* Who ignores it has children that nobody can wait for; a shell may leave it so. */
	(void)signal(SIGCHLD, SIG_DFL);
	fleet_host_prepare();
	find_ourselves(&worker);
	worker.listener = -1;
	worker.transport_end = -1;
	worker.options.broker_fd = -1;
	worker.epoll = -1;
	worker.signals.fd = -1;
	worker.broker.fd = -1;
	if (fleet_options_init(&set, option_table, &worker.options, &error) ||
	    fleet_options_argv(&set, 1, argc, argv, &error)) {
		code = give_up(&worker.options, 3, "%s; see --help", error.message);
	} else {
		code = begin(&worker);
	}
	fleet_options_finish(&set);
	return code;
}
