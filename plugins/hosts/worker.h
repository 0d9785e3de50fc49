/* SPDX-License-Identifier: MIT */
/*
 * fleet_worker: takes jobs from a monitoring core's query handler and answers them. One process,
 * one loop, no thread: this process runs no module, opens no connection to the service and reads no
 * answer of it. What can crash, hang or grow happens in processes of its own (runners, programs).
 */
#ifndef FLEETMON_WORKER_H
#define FLEETMON_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

#include "buf.h"
#include "file.h"
#include "transport_shared.h"
#include "worker_command.h"
#include "worker_journal.h"
#include "worker_lives.h"
#include "worker_message.h"

struct worker;

/* The longest that a worker which ends, or its heir, waits for a moment in which nothing is under
 * way; then the core has to see to what is left. */
#define WORKER_LONGEST_MS (10 * 60 * 1000)

struct worker_options {
	const char *query_socket; /* of the core */
	const char *config;	  /* fleetmon.conf, for where figures are left */
	const char *user;	  /* whom root becomes */
	int64_t max_runners;	  /* checks at the same time */
	int64_t max_programs;	  /* actions at the same time, and as many checks by program */
	int64_t broker_fd;	  /* a socket to fleet_broker.so, -1 for none */
	bool help, version;
};

/* Something the loop waits for. READY is called when FD can be read or written, or has ended. */
struct worker_watch {
	int fd; /* -1: not watched */
	void (*ready)(struct worker *worker, struct worker_watch *watch, uint32_t events);
};

/* A check that a runner does, one that is a program of its own, an action; how many kinds. */
enum worker_job_kind { WORKER_CHECK, WORKER_PROGRAM, WORKER_ACTION, WORKER_KINDS };

/* One job, from the core's message to the answer. */
struct worker_job {
	struct worker_job *next;  /* of those that wait, or of those that run */
	struct worker_core *core; /* NULL when the core that asked is gone: nobody waits for it */
	struct worker_request request;
	char *message; /* owned; what REQUEST points into */
	int slot;      /* of the core's journal, -1 for none */
	struct worker_command command;
	enum worker_job_kind kind;
	struct timeval start;
	int64_t start_ms, deadline_ms; /* on the monotonic clock */
	struct worker_runner *runner;  /* that runs it, NULL while none does */
	/* A program that runs. */
	pid_t pid; /* 0 for none */
	struct worker_watch streams[2];
	struct fleet_buf out, err;
	bool is_action;	  /* it may change something: it is not killed before its own alarm has rung
			   */
	bool is_answered; /* the core was told that its time is over; it still runs */
};

#define WORKER_OLD_TRANSPORTS 4

/* A transport process that was told to end. */
struct worker_old_transport {
	pid_t pid; /* 0 for none */
	int64_t kill_ms;
};

/* What is counted from the start of the process, and how things are. */
struct worker_figures {
	int64_t started_s;
	uint64_t checks, programs;	  /* answered */
	uint64_t timeouts, crashes, lost; /* LOST: the core went away before the answer */
	uint64_t latency_ms_max;
	uint64_t latencies[24]; /* how many answers took less than 2^i milliseconds */
	uint64_t registrations, disconnects;
	uint64_t runners_started;
};

struct worker {
	struct worker_options options;
	int epoll;
	struct worker_core *cores[2]; /* check_fleet, fleet_action */
	struct worker_job *waiting, **waiting_end;
	struct worker_job *running; /* programs; a check is its runner's */
	size_t running_programs[2]; /* checks, actions */
	struct worker_runner *runners;
	size_t runner_count;
	struct worker_watch signals, broker;
	struct worker_figures figures;
	struct worker_job *ended; /* freed when the loop comes round */
	char *cache_dir;	  /* where figures are left, NULL for nowhere; owned */
	int64_t figures_ms;	  /* when they were left there */
	bool is_figureless;	  /* they could not be, which was said */
	bool is_outdated;	  /* check_fleet is another than it was, which was said */
	bool is_runnerless;	  /* no runner can be started, which was said */
	bool is_stopping;
	bool is_heir;		   /* of a worker that was killed: see worker_heir.c */
	struct fleet_stamp plugin; /* of the installed check_fleet, whose work runners do */
	struct fleet_stamp own;	   /* of the file that we run */
	char program[1024];	   /* its path */
	mode_t mask;		   /* the file mode mask that we were started with */
	/* The transport process. */
	pid_t transport;   /* 0 for none */
	int listener;	   /* its socket, ours so that the address stays; -1 for none */
	int transport_end; /* closed to end it */
	char address[FLEET_TRANSPORT_ADDRESS];
	size_t shared_len;  /* of ADDRESS */
	size_t address_len; /* the same, or 0: runners have connections of their own */
	struct worker_lives transport_lives;
	struct worker_watch transport_words; /* its standard error */
	int transport_lines;		     /* of it that are still logged */
	char transport_said[256];	     /* the last one */
	struct worker_old_transport old_transports[WORKER_OLD_TRANSPORTS];
};

/* ---- worker_loop.c */

/* Watches FD for EVENTS (EPOLLIN, ...). False when it cannot be watched. */
bool worker_watch(struct worker *worker, struct worker_watch *watch, int fd, uint32_t events);
void worker_watch_change(struct worker *worker, struct worker_watch *watch, uint32_t events);
/* Stops watching and closes the descriptor. */
void worker_unwatch(struct worker *worker, struct worker_watch *watch);

/* Runs until all is done. Returns the exit code. */
int worker_loop(struct worker *worker);

/* What the loop does over and over, one round. False when it cannot wait. */
bool worker_round(struct worker *worker);
bool worker_hear_signals(struct worker *worker);

/* ---- worker_heir.c: the holder, when the worker was killed */

int worker_heir_main(struct worker *worker, struct worker_core *core);

/* Says TEXT to whoever reads our log: the core's log by way of the broker, else standard error. */
void worker_log(struct worker *worker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- worker_core.c: a connection to the core for each plugin */

/* The one for commands of PLUGIN; its jobs that are no checks run as programs. NULL when memory ran
 * out. It connects when worker_core_tick is called, and again whenever it has to. */
struct worker_core *worker_core_new(const char *plugin, bool is_action);
void worker_core_free(struct worker *worker, struct worker_core *core);
/* Does what is due at NOW_MS; returns when something will be next. */
int64_t worker_core_tick(struct worker *worker, struct worker_core *core, int64_t now_ms);
/* A child of ours has ended. True when it was this connection's holder. */
bool worker_core_reap(struct worker_core *core, pid_t pid);
/* Sends the answer to JOB. */
void worker_core_answer(struct worker_core *core, const struct worker_job *job,
			const struct worker_answer *answer);
/* Notes that JOB, an action, is being started. */
void worker_core_started(const struct worker_job *job);
bool worker_core_has_started(const struct worker_job *job);
/* For a heir: takes over the connection, and the jobs without an answer. */
bool worker_core_inherit(struct worker *worker, struct worker_core *core);
/* Is there nothing to read and nothing to send, and nothing about to come? */
bool worker_core_is_quiet(const struct worker_core *core);
/* Closes the connection at once if it is quiet; then nothing else can be done with CORE. */
bool worker_core_leave(struct worker_core *core);
/* Lets the core go, SETTLE_MS from now at the earliest, in the next moment in which nothing is
 * under way: what the core has sent by then is done and answered, since it throws away what becomes
 * of it otherwise. */
void worker_core_stop(struct worker *worker, struct worker_core *core, int64_t settle_ms);
bool worker_core_is_closed(const struct worker_core *core);
bool worker_core_is_ready(const struct worker_core *core);
bool worker_core_is_action(const struct worker_core *core);

/* ---- worker_peer.c */

/* The state of the process that listens at the other end of the socket FD, as in /proc ('R' runs,
 * 'S' sleeps, ...), NUL when that cannot be found out. */
char worker_peer_state(int fd);
/* Does it wait for something, as a core does between its jobs? True also when nobody can tell. */
bool worker_peer_sleeps(int fd);

/* ---- worker_jobs.c */

/* Takes a message of CORE, LEN bytes, as a job. False when it is none. */
bool worker_job_take(struct worker *worker, struct worker_core *core, const char *message,
		     size_t len, int slot);
/* Does a job of CORE wait or run? */
bool worker_jobs_has(const struct worker *worker, const struct worker_core *core);
/* Starts what can be started. */
void worker_jobs_dispatch(struct worker *worker);
/* Answers JOB and forgets it. */
void worker_job_answer(struct worker *worker, struct worker_job *job, const char *out,
		       size_t out_len, const char *err, size_t err_len, int wait_status);
/* The time of JOB is over: says so to the core. The caller sees to what runs. */
void worker_job_expired(struct worker *worker, struct worker_job *job, int wait_status);
/* Forgets JOB, which is in no list any more. */
void worker_job_free(struct worker *worker, struct worker_job *job);
/* CORE has gone: nobody waits for its jobs. Checks that wait or run are dropped, actions go on. */
void worker_jobs_orphan(struct worker *worker, const struct worker_core *core);
/* Ends what is over its time; returns when the next is due. */
int64_t worker_jobs_tick(struct worker *worker, int64_t now_ms);
bool worker_jobs_are_done(const struct worker *worker);
size_t worker_jobs_waiting(const struct worker *worker);

/* ---- worker_runner.c: processes that run checks, one at a time */

/* Gives JOB to a runner. False when all are busy and there may be no more, or when it has to be a
 * program, as its kind then says. */
bool worker_runner_give(struct worker *worker, struct worker_job *job);
bool worker_runner_reap(struct worker *worker, pid_t pid, int status);
int64_t worker_runners_tick(struct worker *worker, int64_t now_ms);
/* Those that run a check end after it, the others now: the next ones read everything anew. */
void worker_runners_renew(struct worker *worker);
/* Drops the checks of CORE that run: their processes are ended. */
void worker_runners_orphan(struct worker *worker, const struct worker_core *core);
/* Does one run a check of CORE? */
bool worker_runners_has(const struct worker *worker, const struct worker_core *core);
size_t worker_runners_busy(const struct worker *worker);
void worker_runners_free(struct worker *worker);

/* ---- worker_transport.c: the process that keeps the connections to the service */

void worker_transport_begin(struct worker *worker);
int64_t worker_transport_tick(struct worker *worker, int64_t now_ms);
bool worker_transport_reap(struct worker *worker, pid_t pid, int status);
/* The next one takes its place, and reads certificates anew; it ends when what runs has ended. */
void worker_transport_renew(struct worker *worker);
/* Ends it, at our own end. */
void worker_transport_end(struct worker *worker);
/* "fleet_worker --transport": serves the socket at descriptor 3 until 4 ends. Returns the exit
 * code. */
int worker_transport_main(void);

/* ---- worker_program.c: programs for actions, and for commands that need more */

/* Starts JOB's command. False when it cannot be started; errno says why. */
bool worker_program_start(struct worker *worker, struct worker_job *job);
bool worker_program_reap(struct worker *worker, pid_t pid, int status);
int64_t worker_programs_tick(struct worker *worker, int64_t now_ms);

/* ---- worker_figures.c */

void worker_figures_count(struct worker *worker, const struct worker_job *job, int64_t now_ms);
int64_t worker_figures_tick(struct worker *worker, int64_t now_ms);
void worker_figures_remove(const struct worker *worker);
/* Looks up in the configuration where figures are left. */
void worker_figures_find(struct worker *worker);
void worker_figures_free(struct worker *worker);

/* ---- fleet_worker.c */

/* Finds the installed check_fleet, which runners stand in for. False when another fleet_worker has
 * been installed over ours: what it runs may fit us no more. */
bool worker_find_plugin(struct worker *worker);

#endif
