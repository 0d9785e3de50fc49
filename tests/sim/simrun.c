/* SPDX-License-Identifier: MIT */
/* What the tests of the run engine share: act on a run of fleet1, look at its parts. */
#include "simrun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "simtest.h"

void simrun_post(const char *run, const char *action, const char *body, int want)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/updateRuns/%s/%s", run, action);
	simtest_answer_free(simtest_fleet("POST", path, SIMTEST_PREVIEW, body, want));
}

void simrun_start(const char *run)
{
	simrun_post(run, "start", NULL, 200);
}

void simrun_step(long seconds)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"step_s\":%ld}", seconds);
	simtest_clock(body);
}

void simrun_expect(const char *run, const char *path, const char *want)
{
	struct json_object *properties = simtest_run(run, SIMTEST_PREVIEW);
	char full[256];

	(void)snprintf(full, sizeof(full), "status.%s", path);
	ck_assert_msg(strcmp(simtest_text(properties, full), want) == 0,
		      "%s %s: '%.500s', not '%s'", run, path, simtest_text(properties, full), want);
	json_object_put(properties);
}

void simrun_state(const char *run, const char *part, const char *want)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s%sstatus.state", part, *part ? "." : "");
	simrun_expect(run, path, want);
}

void simrun_contains(const char *run, const char *path, const char *part)
{
	struct json_object *properties = simtest_run(run, SIMTEST_PREVIEW);
	char full[256];

	(void)snprintf(full, sizeof(full), "status.%s", path);
	ck_assert_msg(strstr(simtest_text(properties, full), part), "%s %s: '%.500s' has no '%s'",
		      run, path, simtest_text(properties, full), part);
	json_object_put(properties);
}

char *simrun_pending_gate(size_t n)
{
	struct simtest_answer *answer = simtest_fleet("GET", "/gates?$filter=state%20eq%20Pending",
						      SIMTEST_PREVIEW, NULL, 200);
	char path[32], *name;

	(void)snprintf(path, sizeof(path), "value[%zu].name", n);
	name = strdup(simtest_text(answer->json, path));
	simtest_answer_free(answer);
	return name;
}

void simrun_approve(void)
{
	char *name = simrun_pending_gate(0), path[64];

	ck_assert_str_ne(name, "");
	(void)snprintf(path, sizeof(path), "/gates/%s", name);
	simtest_answer_free(simtest_fleet("PATCH", path, SIMTEST_PREVIEW,
					  "{\"properties\":{\"state\":\"Completed\"}}", 200));
	free(name);
}

void simrun_skip(const char *run, const char *type, const char *name)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"targets\":[{\"type\":\"%s\",\"name\":\"%s\"}]}",
		       type, name);
	simrun_post(run, "skip", body, 200);
}
