/* SPDX-License-Identifier: MIT */
/* The queries of an estate, and what becomes of their rows. */
#include <ctype.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "estate.h"
#include "resource_graph.h"
#include "text.h"

/*
 * Types are lower case in the index, and compared without case all the same; a name is never looked
 * for with "contains", which takes fleet-10 for fleet-1. Only columns that every table has are
 * named. Every row says in "part" what it is.
 */
#define TYPE "microsoft.containerservice/fleets"

/* clang-format off */

/* The newest time at which anything in WHAT began or ended. */
#define CHANGED(WHAT)                                                                              \
	"max(coalesce(todatetime(" WHAT ".status.completedTime),"                                  \
	" todatetime(" WHAT ".status.startTime)))"

/* failureCount is looked for in both places where the service's own documents have it. */
#define RUNS                                                                                       \
	"aksresources"                                                                             \
	" | where type =~ '" TYPE "/updateruns'"                                                   \
	" | extend state = tostring(properties.status.status.state),"                              \
	" startTime = tostring(properties.status.status.startTime),"                               \
	" completedTime = tostring(properties.status.status.completedTime),"                       \
	" upgradeType = tostring(properties.managedClusterUpdate.upgrade.type),"                   \
	" profileId = tostring(properties.autoUpgradeProfileId),"                                  \
	" strategyId = tostring(properties.updateStrategyId)"                                      \
	" | extend ended = coalesce(todatetime(completedTime), todatetime(startTime))"

/* Runs that have not ended, by any word that is not known to be an end, and those that ended within
 * the time that %lld seconds are. A Failed run without any time is never left out. */
#define RUNS_THAT_MATTER RUNS                                                                      \
	" | where state !in~ ('Completed', 'Skipped', 'Failed', 'Stopped')"                        \
	" or ended > ago(%llds) or (state =~ 'Failed' and isnull(ended))"                          \
	" | extend failureCount = coalesce(toint(properties.status.failureCount),"                 \
	" toint(properties.status.status.failureCount)),"                                          \
	" errorCode = tostring(properties.status.status.error.code),"                              \
	" errorMessage = substring(tostring(properties.status.status.error.message), 0, 300)"

/* The worst first: where rows are cut, the least is lost. The id makes the order of pages stable. */
#define IN_ORDER                                                                                   \
	" | extend rank = case(state =~ 'Failed', 0, state =~ 'Stopping', 1,"                      \
	" state =~ 'Completed', 2, state =~ 'Stopped', 3, state =~ 'Skipped', 5,"                    \
	" state =~ 'NotStarted', 6, 4)"               \
	" | order by rank asc, id asc"

#define RUN_COLUMNS                                                                                \
	" | project id, part = 'run', state, startTime, completedTime, upgradeType, profileId,"    \
	" strategyId, failureCount,"                                                               \
	" error = bag_pack('code', errorCode, 'message', errorMessage)"

/* A wait after a stage that goes on. */
#define WAITS "tostring(stages.afterStageWaitStatus.status.state) in~ ('Running', 'Pending')"

static const char *const queries[FLEET_ESTATE_QUERY_COUNT] = {
	[FLEET_ESTATE_QUERY_FLEETS] =
		"resources"
		" | where type =~ '" TYPE "'"
		" | summarize number = count()"
		" | extend part = 'fleets'",
	[FLEET_ESTATE_QUERY_COUNTS] =
		"aksresources"
		" | where type in~ ('" TYPE "/updateruns', '" TYPE "/gates')"
		" | extend part = iff(type =~ '" TYPE "/gates', 'gates', 'runs')"
		" | extend state = iff(part == 'gates', tostring(properties.state),"
		" tostring(properties.status.status.state))"
		" | summarize number = count() by part, state"
		" | order by part asc, state asc",
	/* A word in the text of the tree keeps Completed runs without failures from being taken
	 * apart; the counts then decide. */
	[FLEET_ESTATE_QUERY_MEMBERS] =
		RUNS_THAT_MATTER
		" | extend saysFailed = iff(tostring(properties.status) has 'Failed', 1, 0)"
		" | where state !~ 'NotStarted' and (state !~ 'Completed' or saysFailed == 1)"
		" | extend stages = properties.status.stages"
		" | mv-expand stages limit 400"
		" | extend groups = stages.groups"
		" | mv-expand groups limit 400"
		" | extend members = groups.members"
		" | mv-expand members limit 400"
		" | extend memberState = tostring(members.status.state),"
		" isFailed = iff(tostring(members.status.state) =~ 'Failed', 1, 0)"
		" | extend failedMember = iff(isFailed == 1, tostring(members.name), ''),"
		" failedCode = iff(isFailed == 1, tostring(members.status.error.code), ''),"
		" failedMessage = iff(isFailed == 1,"
		" substring(tostring(members.status.error.message), 0, 300), '')"
		" | summarize members = countif(isnotempty(memberState)),"
		" membersFailed = countif(memberState =~ 'Failed'),"
		" membersPending = countif(memberState =~ 'Pending'),"
		" membersRunning = countif(memberState =~ 'Running'),"
		" widestGroup = max(array_length(groups.members)),"
		" arg_max(isFailed, failedMember, failedCode, failedMessage),"
		" runningSince = min(todatetime(iff(memberState =~ 'Running',"
		" tostring(members.status.startTime), ''))),"
		" memberChanged = " CHANGED("members") ", groupChanged = " CHANGED("groups")
		", stageChanged = " CHANGED("stages")
		", waitSince = max(todatetime(iff(" WAITS ","
		" tostring(stages.afterStageWaitStatus.status.startTime), '')))"
		", waitSeconds = max(iff(" WAITS ","
		" toint(stages.afterStageWaitStatus.waitDurationInSeconds), 0))"
		" by id, state, startTime, completedTime, upgradeType, profileId, strategyId,"
		" failureCount, errorCode, errorMessage, saysFailed"
		" | where state !~ 'Completed' or membersFailed > 0 or failureCount > 0"
		" or widestGroup > 400"
		IN_ORDER
		RUN_COLUMNS
		", members, membersFailed, membersPending, membersRunning, widestGroup, saysFailed,"
		" failedMember, failure = bag_pack('code', failedCode, 'message', failedMessage),"
		" runningSince, memberChanged, groupChanged, stageChanged, waitSince, waitSeconds",
	[FLEET_ESTATE_QUERY_RUNS] =
		RUNS_THAT_MATTER
		" | where state !~ 'Completed' or failureCount > 0"
		IN_ORDER
		RUN_COLUMNS,
	[FLEET_ESTATE_QUERY_GATES] =
		"aksresources"
		" | where type =~ '" TYPE "/gates'"
		" | extend state = tostring(properties.state)"
		" | where state !in~ ('Completed', 'Skipped')"
		" | extend target = properties.target"
		" | project id, part = 'gate', state,"
		" displayName = tostring(properties.displayName),"
		" gateType = tostring(properties.gateType), runId = tostring(target.id),"
		" runName = tostring(target.updateRunProperties.name),"
		" stageName = tostring(target.updateRunProperties.stage),"
		" groupName = tostring(target.updateRunProperties.group),"
		" absoluteStartTime ="
		" tostring(properties.scheduledStartProperties.absoluteStartTime)"
		" | order by id asc",
	/* Of each profile and strategy with a run that a newer one may have replaced: when the
	 * newest began that has ended. */
	[FLEET_ESTATE_QUERY_LINES] =
		RUNS
		" | where isnull(ended) or ended > ago(%llds)"
		" | extend fleetId = tostring(split(tolower(id), '/updateruns/')[0]),"
		" maker = tolower(iff(isnotempty(profileId), profileId, strategyId)),"
		" isOver = state in~ ('Completed', 'Failed'),"
		" isWorse = state in~ ('Failed', 'Stopped', 'Skipped', 'NotStarted')"
		" or (state =~ 'Completed' and tostring(properties.status) has 'Failed')"
		" | where isnotempty(maker)"
		" | summarize startTime = max(todatetime(iff(isOver, startTime, ''))),"
		" worse = countif(isWorse) by fleetId, upgradeType, maker"
		" | where worse > 0 and isnotnull(startTime)"
		" | project id = strcat_delim('|', fleetId, upgradeType, maker), part = 'line',"
		" startTime"
		" | order by id asc",
};
/* clang-format on */

void fleet_estate_kql(enum fleet_estate_query query, int64_t recent_s, struct fleet_buf *out)
{
	static const char seconds[] = "%lld";
	const char *text = queries[query], *at = strstr(text, seconds);

	if (!at) {
		(void)fleet_buf_adds(out, text);
		return;
	}
	(void)fleet_buf_add(out, text, (size_t)(at - text));
	(void)fleet_buf_addf(out, seconds, (long long)recent_s);
	(void)fleet_buf_adds(out, at + sizeof(seconds) - 1);
}

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(row, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* What makes ROW unique: two queries give the same run, and pages may repeat one. */
static int make_key(struct json_object *row, struct fleet_buf *key)
{
	const char *part = text_of(row, "part"), *id = text_of(row, "id");

	if (strcmp(part, "run") == 0 || strcmp(part, "gate") == 0 || strcmp(part, "line") == 0) {
		(void)fleet_buf_adds(key, id);
		for (size_t i = 0; i < key->len; i++)
			key->data[i] = (char)tolower((unsigned char)key->data[i]);
		return *id ? 0 : FLEET_E_PROTOCOL;
	}
	if (strcmp(part, "cut") == 0)
		return fleet_buf_addf(key, "cut %s", text_of(row, "message"));
	if (strcmp(part, "runs") == 0 || strcmp(part, "gates") == 0)
		return fleet_buf_addf(key, "%s %s", part, text_of(row, "state"));
	if (strcmp(part, "fleets") != 0 && strcmp(part, "scope") != 0)
		return FLEET_E_PROTOCOL;
	return fleet_buf_adds(key, part);
}

static int put_text(struct json_object *row, const char *key, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (!value || json_object_object_add(row, key, value)) {
		json_object_put(value);
		return FLEET_E_NOMEM;
	}
	return 0;
}

int fleet_estate_add(struct fleet_payload_writer *writer, struct json_object *row,
		     struct fleet_error *error)
{
	struct fleet_buf key;
	int rc = FLEET_E_PROTOCOL;

	fleet_buf_init(&key, FLEET_MAX_TEXT);
	if (json_object_is_type(row, json_type_object))
		rc = make_key(row, &key);
	if (rc == FLEET_E_PROTOCOL)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL,
				     "a row of Resource Graph is none that was asked for");
	else if (rc || put_text(row, "name", fleet_buf_text(&key)))
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a row");
	else
		rc = fleet_payload_add_json(writer, row, error);
	fleet_buf_finish(&key);
	return rc;
}

/* Adds a row of our own: PART, and TEXT or SECONDS (FLEET_ABSENT for none) under KEY. */
static int add_own(struct fleet_payload_writer *writer, const char *part, const char *key,
		   const char *text, int64_t seconds, struct fleet_error *error)
{
	struct json_object *row = json_object_new_object();
	struct json_object *number = NULL;
	int rc = row ? put_text(row, "part", part) : FLEET_E_NOMEM;

	if (!rc && text)
		rc = put_text(row, key, text);
	if (!rc && !text) {
		number = json_object_new_int64(seconds);
		if (!number || json_object_object_add(row, key, number)) {
			json_object_put(number);
			rc = FLEET_E_NOMEM;
		}
	}
	if (rc)
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a row");
	else
		rc = fleet_estate_add(writer, row, error);
	json_object_put(row);
	return rc;
}

int fleet_estate_add_cut(struct fleet_payload_writer *writer, struct fleet_error *error,
			 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return add_own(writer, "cut", "message", text, FLEET_ABSENT, error);
}

/* The rows of one query on their way into the payload. */
struct intake {
	struct fleet_payload_writer *writer;
	size_t rows;
	bool is_full;
};

static int take_row(struct json_object *row, void *context, struct fleet_error *error)
{
	struct intake *intake = context;

	if (intake->rows >= FLEET_ESTATE_MAX_ROWS) {
		intake->is_full = true;
		return fleet_error_set(error, FLEET_E_LIMIT, "more rows than are taken");
	}
	intake->rows++;
	return fleet_estate_add(intake->writer, row, error);
}

/* What QUERY is about, for people. */
static const char *subject_of(enum fleet_estate_query query)
{
	switch (query) {
	case FLEET_ESTATE_QUERY_FLEETS:
		return "fleets";
	case FLEET_ESTATE_QUERY_COUNTS:
		return "states";
	case FLEET_ESTATE_QUERY_MEMBERS:
		return "runs with their members";
	case FLEET_ESTATE_QUERY_RUNS:
		return "runs";
	case FLEET_ESTATE_QUERY_GATES:
		return "gates";
	case FLEET_ESTATE_QUERY_LINES:
		return "profiles and strategies with runs that ended";
	}
	return "rows";
}

/* What follows from how QUERY went: less than everything is said, not failed. */
static int conclude(const struct intake *intake, enum fleet_estate_query query, int rc,
		    const struct fleet_resource_graph_info *info, struct fleet_error *error)
{
	char why[300];

	if (rc && intake->is_full)
		return fleet_estate_add_cut(intake->writer, error,
					    "there are more %s that matter than the %d that are "
					    "looked at: name fewer subscriptions or management "
					    "groups for this estate",
					    subject_of(query), FLEET_ESTATE_MAX_ROWS);
	if (rc == FLEET_E_SERVICE && query == FLEET_ESTATE_QUERY_MEMBERS && error &&
	    error->http_status == 400) {
		(void)fleet_text_clean_into(why, sizeof(why), error->message);
		return fleet_estate_add_cut(intake->writer, error,
					    "the service did not count the members of the runs: %s",
					    why);
	}
	if (!rc && info->incomplete)
		return fleet_estate_add_cut(intake->writer, error,
					    "the service left some %s out of its answer",
					    subject_of(query));
	return rc;
}

static int ask(struct fleet_arm *arm, const struct fleet_config_estate *estate,
	       enum fleet_estate_query which, struct fleet_deadline deadline,
	       struct fleet_payload_writer *writer, struct fleet_error *error)
{
	struct fleet_resource_graph_query query = {
		.subscriptions = estate->subscriptions,
		.subscription_count = estate->subscription_count,
		.management_groups = estate->management_groups,
		.management_group_count = estate->management_group_count,
	};
	struct fleet_resource_graph_info info = {.quota_left = FLEET_ABSENT};
	struct intake intake = {.writer = writer};
	struct fleet_error scratch;
	struct fleet_buf kql;
	int rc;

	if (!error)
		error = &scratch;
	fleet_buf_init(&kql, FLEET_RESOURCE_GRAPH_QUERY);
	fleet_estate_kql(which, estate->recent_s, &kql);
	query.query = fleet_buf_text(&kql);
	rc = kql.failed ? fleet_error_set(error, FLEET_E_NOMEM, "no memory for a query")
			: fleet_resource_graph_query(arm, &query, deadline, take_row, &intake,
						     &info, error);
	fleet_buf_finish(&kql);
	return conclude(&intake, which, rc, &info, error);
}

int fleet_estate_list(struct fleet_arm *arm, const struct fleet_config_estate *estate,
		      struct fleet_deadline deadline, struct fleet_payload_writer *writer,
		      struct fleet_error *error)
{
	int rc = add_own(writer, "scope", "recentSeconds", NULL, estate->recent_s, error);

	for (int query = 0; !rc && query < FLEET_ESTATE_QUERY_COUNT; query++)
		rc = ask(arm, estate, (enum fleet_estate_query)query, deadline, writer, error);
	return rc;
}
