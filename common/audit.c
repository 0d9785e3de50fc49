/* SPDX-License-Identifier: MIT */
/* One line of JSON for each decision: written whole in one call, so that lines of several processes
 * never mix, and synced. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "file.h"
#include "json_build.h"
#include "text.h"

#define MAX_LINE ((size_t)64 << 10)
#define LOCK_WAIT_MS 500
#define LOCK_POLL_MS 5

/* A text that may be foreign; left out when there is none. */
static void put_text(struct fleet_json *line, const char *key, const char *text)
{
	if (text)
		fleet_json_text(line, key, text);
}

static void put_time(struct fleet_json *line, const char *key, int64_t at_s)
{
	if (at_s)
		fleet_json_time(line, key, at_s);
}

static void put_event(struct fleet_json *line, const struct fleet_event *event)
{
	struct fleet_json part = fleet_json_object();

	fleet_json_truth(&part, "manual", event->manual);
	put_text(&part, "state", event->state);
	put_text(&part, "state_type", event->state_type);
	put_text(&part, "host_state", event->host_state);
	put_text(&part, "attempt", event->attempt);
	put_text(&part, "max_attempts", event->max_attempts);
	put_text(&part, "downtime", event->downtime);
	put_text(&part, "host_downtime", event->host_downtime);
	put_text(&part, "acknowledged", event->acknowledged);
	put_text(&part, "flapping", event->flapping);
	put_text(&part, "percent_change", event->percent_change);
	put_text(&part, "problem_id", event->problem_id);
	fleet_json_nest(line, "event", &part);
}

static void put_plan(struct fleet_json *line, const struct fleet_plan *plan)
{
	put_text(line, "action", fleet_verb_name(plan->verb));
	put_text(line, "target", plan->target);
	if (*plan->run)
		put_text(line, "run", plan->run);
	put_text(line, "etag", plan->etag);
	put_text(line, "signature", plan->signature);
	fleet_json_number(line, "members_left", plan->members_left);
	fleet_json_number(line, "members_failed", plan->members_failed);
}

static void put_decision(struct fleet_json *line, const struct fleet_decision *decision)
{
	struct fleet_json rules = fleet_json_array();

	put_text(line, "rule", decision->rule);
	put_text(line, "reason", decision->reason);
	put_time(line, "retry_at", decision->retry_at_s);
	if (decision->permission) {
		put_text(line, "permission", decision->permission->name);
		put_text(line, "permission_at", decision->permission->where);
	}
	for (size_t i = 0; i < decision->rule_count; i++) {
		struct fleet_json rule = fleet_json_object();

		put_text(&rule, "rule", decision->rules[i].rule);
		fleet_json_truth(&rule, "passed", decision->rules[i].passed);
		put_text(&rule, "input", decision->rules[i].input);
		fleet_json_nest(&rules, NULL, &rule);
	}
	fleet_json_nest(line, "rules", &rules);
}

static void put_states(struct fleet_json *line, const struct fleet_audit *audit)
{
	if (audit->state_before)
		put_text(line, "state_before", audit->state_before);
	else if (audit->plan)
		put_text(line, "state_before", fleet_update_state_name(audit->plan->state_before));
	put_text(line, "state_after", audit->state_after);
}

/* What caused it, at one place whoever asked. */
static void put_cause(struct fleet_json *line, const struct fleet_audit *audit)
{
	const char *alert = audit->alert;

	if (!alert && audit->event && !audit->event->manual)
		alert = audit->event->problem_id;
	if (alert && *alert)
		put_text(line, "alert", alert);
	if (audit->deferred)
		fleet_json_number(line, "deferred", audit->deferred);
	if (audit->event)
		put_event(line, audit->event);
}

/* Appends the line for AUDIT to OUT. Returns 0 or FLEET_E_NOMEM. */
static int format(const struct fleet_audit *audit, struct fleet_buf *out)
{
	struct fleet_json line = fleet_json_object();
	char node[256] = "";
	int rc;

	(void)gethostname(node, sizeof(node) - 1);
	put_time(&line, "time", audit->at_s);
	put_text(&line, "node", node);
	fleet_json_number(&line, "uid", (int64_t)geteuid());
	fleet_json_number(&line, "pid", (int64_t)getpid());
	put_text(&line, "fleet", audit->fleet);
	put_text(&line, "fleet_id", audit->fleet_id);
	put_text(&line, "outcome", audit->outcome);
	if (audit->decision)
		put_decision(&line, audit->decision);
	if (audit->plan)
		put_plan(&line, audit->plan);
	else if (audit->action)
		put_text(&line, "action", audit->action);
	put_states(&line, audit);
	put_text(&line, "detail", audit->detail);
	put_text(&line, "correlation_id", audit->correlation_id);
	if (audit->request_id && *audit->request_id)
		put_text(&line, "request_id", audit->request_id);
	put_text(&line, "change_ref", audit->change_ref);
	put_cause(&line, audit);
	rc = fleet_json_write(&line, false, out);
	fleet_json_finish(&line);
	return rc;
}

/* What syslog gets is for people: the decision, not each rule. */
static void tell_syslog(const struct fleet_audit *audit)
{
	const struct fleet_plan *plan = audit->plan;
	const struct fleet_decision *decision = audit->decision;
	struct fleet_buf text;

	fleet_buf_init(&text, 900);
	(void)fleet_buf_addf(&text, "%s: fleet %s", audit->outcome, audit->fleet);
	if (plan)
		(void)fleet_buf_addf(&text, ", %s %s", fleet_verb_name(plan->verb), plan->target);
	if (decision && *decision->rule)
		(void)fleet_buf_addf(&text, ", rule %s", decision->rule);
	if (decision && decision->permission)
		(void)fleet_buf_addf(&text, ", permission %s", decision->permission->name);
	if (audit->detail && *audit->detail) {
		(void)fleet_buf_adds(&text, ": ");
		fleet_text_clean(&text, audit->detail, 400);
	}
	if (audit->correlation_id && *audit->correlation_id) {
		(void)fleet_buf_adds(&text, ", correlation id ");
		fleet_text_clean(&text, audit->correlation_id, 64);
	}
	openlog("fleet_action", LOG_PID, LOG_DAEMON);
	syslog(LOG_NOTICE, "%s", fleet_buf_text(&text));
	closelog();
	fleet_buf_finish(&text);
}

static int unusable(const char *path, const char *what, struct fleet_error *error)
{
	return fleet_error_set(error, FLEET_E_STATE, "the audit log %s %s", path, what);
}

/* Opens the file NAME in DIRECTORY, or makes it. Returns a descriptor or a negative code. */
static int open_log(int directory, const char *name, const char *path, struct fleet_error *error)
{
	const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = openat(directory, name, flags);
	struct stat about;

	if (fd < 0 && errno == ENOENT) {
		fd = openat(directory, name, flags | O_CREAT | O_EXCL, 0640);
		/* The host's umask is narrower than what those who read the log need. */
		if (fd >= 0 && fchmod(fd, 0640) != 0) {
			(void)close(fd);
			return unusable(path, "cannot be made readable", error);
		}
		/* Another process may have been faster. */
		if (fd < 0 && errno == EEXIST)
			fd = openat(directory, name, flags);
	}
	if (fd < 0)
		return fleet_error_set(error, FLEET_E_STATE,
				       "the audit log %s cannot be opened: %s", path,
				       strerror(errno));
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
	    (about.st_uid == 0 || about.st_uid == geteuid()) &&
	    !(about.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	(void)close(fd);
	return unusable(path,
			"is not a regular file of root's or the user's that runs this, which "
			"nobody else may write",
			error);
}

/* A line that another process is writing looks torn until it is whole. Whoever may read the log can
 * hold this lock for ever: it is waited for, but not needed. */
static void lock_shortly(int fd)
{
	struct fleet_deadline deadline = fleet_deadline_in(LOCK_WAIT_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) != 0 && fleet_deadline_sleep(deadline, LOCK_POLL_MS))
		;
}

/* Does the file end within a line, because a disk was full? */
static bool is_torn(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static int append(const char *path, const char *text, size_t len, struct fleet_error *error)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int directory = -1, fd, rc;
	ssize_t written;

	if (!slash || (size_t)(slash - path) >= sizeof(folder))
		return unusable(path, "has no absolute name", error);
	(void)snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
		       path);
	/* A folder that others write in would let them put the log aside. */
	rc = fleet_dir_open(folder, FLEET_FILE_CONFIG, false, &directory, error);
	if (rc) {
		fleet_error_hint(error,
				 "make %s with mode 0750 for the user that runs this, or set "
				 "audit_log = \"\" for syslog only",
				 folder);
		if (error)
			error->code = FLEET_E_STATE;
		return FLEET_E_STATE;
	}
	fd = open_log(directory, slash + 1, path, error);
	(void)close(directory);
	if (fd < 0)
		return fd;
	lock_shortly(fd);
	if (is_torn(fd) && write(fd, "\n", 1) != 1)
		rc = unusable(path, "cannot be written", error);
	errno = 0;
	written = rc ? 0 : write(fd, text, len);
	if (!rc && (written < 0 || (size_t)written != len))
		rc = fleet_error_set(error, FLEET_E_STATE, "the audit log %s cannot be written: %s",
				     path, errno ? strerror(errno) : strerror(ENOSPC));
	if (!rc && fsync(fd) != 0)
		rc = fleet_error_set(error, FLEET_E_STATE, "the audit log %s cannot be synced: %s",
				     path, strerror(errno));
	if (close(fd) != 0 && !rc)
		rc = unusable(path, "cannot be closed", error);
	return rc;
}

int fleet_audit_write(const char *path, const struct fleet_audit *audit, struct fleet_error *error)
{
	struct fleet_buf out;
	int rc = 0;

	tell_syslog(audit);
	if (!*path)
		return 0;
	fleet_buf_init(&out, MAX_LINE);
	if (format(audit, &out))
		rc = fleet_error_set(error, FLEET_E_STATE, "no memory for a line of the audit log");
	else
		rc = append(path, out.data, out.len, error);
	fleet_buf_finish(&out);
	return rc;
}
