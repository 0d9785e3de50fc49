/* SPDX-License-Identifier: MIT */
/*
 * Runs a module on saved answers of the service: replay MODULE CASE, where CASE is a folder
 * with runs.json and what else the module needs (gates.json, members.json, profiles.json,
 * strategies.json, clusters.json, fleet.json), each a list answer (estate.json one of Resource
 * Graph), and self.json (see self_file.h); "now" is the time; "args" has one argument a line;
 * "stale" makes the answers old: seconds and the reason; "previous/" holds lists that were read
 * before, and may say when in "now". Prints what a host would print, and "exit N". A third argument
 * is another format: json, openmetrics or explain. Of an action module it prints the plan;
 * "api-version" is the one that its fleet is asked with.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json.h>

#include "buf.h"
#include "estate.h"
#include "module.h"
#include "output.h"
#include "payload.h"
#include "replay_plan.h"
#include "self_file.h"

#define MAX_ARGS 64
#define FLEET_ID                                                                       \
	"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-fleet/" \
	"providers/Microsoft.ContainerService/fleets/contoso"

static void die(const char *what, const char *path)
{
	(void)fprintf(stderr, "replay: %s: %s\n", path, what);
	exit(99);
}

/* Reads DIR/NAME; false when there is no such file. */
static bool slurp(const char *dir, const char *name, struct fleet_buf *out)
{
	char path[1024], chunk[4096];
	size_t n;
	FILE *file;

	fleet_buf_init(out, (size_t)64 << 20);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (fleet_buf_add(out, chunk, n))
			die("too large", path);
	if (ferror(file))
		die("cannot be read", path);
	(void)fclose(file);
	return true;
}

static int64_t time_of(const char *dir)
{
	struct fleet_buf text;
	int64_t now = 0;

	if (!slurp(dir, "now", &text) || text.len < 2)
		die("no time in \"now\"", dir);
	text.data[strcspn(text.data, "\n")] = '\0';
	if (fleet_time_parse(text.data, &now))
		die("not a time in \"now\"", dir);
	fleet_buf_finish(&text);
	return now;
}

/* When the lists in DIR, "previous/", were read; 0 when it does not matter. */
static int64_t time_before(const char *dir)
{
	char path[1100];

	(void)snprintf(path, sizeof(path), "%s/now", dir);
	return access(path, R_OK) == 0 ? time_of(dir) : 0;
}

/* Adds what ANSWER holds. Returns 0 or what was wrong with it. */
static int add_answer(struct fleet_payload_writer *writer, struct json_object *answer,
		      struct json_object *list, struct fleet_error *error)
{
	bool is_estate = writer->kind == FLEET_KIND_ESTATE;
	struct json_object *cut = NULL;
	int rc = 0;

	for (size_t i = 0; !rc && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		rc = is_estate ? fleet_estate_add(writer, item, error)
			       : fleet_payload_add_json(writer, item, error);
	}
	if (!rc && is_estate && json_object_object_get_ex(answer, "resultTruncated", &cut) &&
	    strcmp(json_object_get_string(cut), "true") == 0)
		rc = fleet_estate_add_cut(writer, error,
					  "the service left rows out of an answer that was saved");
	return rc;
}

/* The payload of DIR/FILE as a snapshot would hold it; false when there is no such file. */
static bool payload_of(const char *dir, const char *file, enum fleet_kind kind, int64_t now_s,
		       const struct fleet_payload *previous, struct fleet_buf *out)
{
	struct fleet_payload_writer writer;
	struct json_object *answer = NULL, *list = NULL;
	struct fleet_error error;
	struct fleet_buf text;

	fleet_buf_init(out, (size_t)64 << 20);
	if (!slurp(dir, file, &text))
		return false;
	if (fleet_json_parse(fleet_buf_text(&text), text.len, &answer, &error))
		die(error.message, file);
	if ((!json_object_object_get_ex(answer, "value", &list) &&
	     !json_object_object_get_ex(answer, "data", &list)) ||
	    !json_object_is_type(list, json_type_array))
		die("no list \"value\" or \"data\"", file);
	if (fleet_payload_writer_init(&writer, kind))
		die("no memory", file);
	if (add_answer(&writer, answer, list, &error))
		die(error.message, file);
	if (fleet_payload_write(&writer, previous, now_s, out))
		die("no payload", file);
	fleet_payload_writer_finish(&writer);
	json_object_put(answer);
	fleet_buf_finish(&text);
	return true;
}

struct staleness {
	int64_t age_s;
	bool is_stale;
	struct fleet_buf text;
	const char *reason;
};

static void read_staleness(const char *dir, struct staleness *stale)
{
	char *rest;

	memset(stale, 0, sizeof(*stale));
	stale->reason = "";
	if (!slurp(dir, "stale", &stale->text))
		return;
	stale->is_stale = true;
	stale->text.data[strcspn(stale->text.data, "\n")] = '\0';
	stale->age_s = strtoll(stale->text.data, &rest, 10);
	stale->reason = rest + strspn(rest, " ");
}

static void add_list(struct fleet_view *view, const char *dir, const char *file,
		     enum fleet_kind kind, const struct staleness *stale)
{
	struct fleet_view_source source = {.read_s = fleet_view_now_s(view) - stale->age_s,
					   .stale = stale->is_stale,
					   .reason = stale->reason,
					   .reads_left = 16499};
	char correlation_id[64];
	struct fleet_buf before, payload;
	struct fleet_payload previous;
	char earlier[1024];
	bool has_previous;
	void *bytes;

	(void)snprintf(correlation_id, sizeof(correlation_id),
		       "c0ffee00-0000-0000-0000-00000000000%d", (int)kind);
	source.correlation_id = correlation_id;
	(void)snprintf(earlier, sizeof(earlier), "%s/previous", dir);
	has_previous = payload_of(earlier, file, kind, time_before(earlier), NULL, &before) &&
		       fleet_payload_open(before.data, before.len, &previous) == 0;
	if (!payload_of(dir, file, kind, source.read_s, has_previous ? &previous : NULL, &payload))
		return;
	bytes = malloc(payload.len + 1);
	if (!bytes)
		die("no memory", file);
	memcpy(bytes, payload.data, payload.len);
	if (fleet_view_add(view, bytes, 0, bytes, payload.len, &source))
		die("not a payload", file);
	fleet_buf_finish(&payload);
	fleet_buf_finish(&before);
}

static void add_self(struct fleet_view *view, const char *dir)
{
	struct json_object *value = NULL;
	struct fleet_error error;
	struct fleet_buf text;

	if (!slurp(dir, "self.json", &text))
		die("no self.json", dir);
	if (fleet_json_parse(fleet_buf_text(&text), text.len, &value, &error))
		die(error.message, dir);
	fleet_view_set_self(view, self_from_json(value));
	json_object_put(value);
	fleet_buf_finish(&text);
}

static void set_api_version(struct fleet_view *view, const char *dir)
{
	struct fleet_buf text;

	if (slurp(dir, "api-version", &text) && text.len)
		text.data[strcspn(text.data, "\n")] = '\0';
	if (fleet_view_set_api_version(view, text.len ? text.data : "2026-06-01"))
		die("no memory", dir);
	fleet_buf_finish(&text);
}

static struct fleet_view *view_of(const char *dir, uint32_t needs)
{
	struct fleet_view *view = fleet_view_new("prod", FLEET_ID, time_of(dir));
	struct staleness stale;

	if (!view)
		die("no memory", dir);
	read_staleness(dir, &stale);
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		char file[64];

		(void)snprintf(file, sizeof(file), "%s.json",
			       fleet_kind_word((enum fleet_kind)kind));
		if ((needs & (1u << kind)) != 0)
			add_list(view, dir, file, (enum fleet_kind)kind, &stale);
	}
	fleet_buf_finish(&stale.text);
	if (needs & FLEET_NEEDS_SELF)
		add_self(view, dir);
	set_api_version(view, dir);
	return view;
}

/* The lines of "args" as argv; -v is the host's. Returns the verbosity. */
static int args_of(const char *dir, struct fleet_buf *text, char **argv, int *ret_argc)
{
	char *save = NULL;
	int verbosity = 0, argc = 0;
	static char name[] = "check_fleet";

	argv[argc++] = name;
	if (slurp(dir, "args", text) && text->len)
		for (char *line = strtok_r(text->data, "\n", &save); line && argc < MAX_ARGS;
		     line = strtok_r(NULL, "\n", &save)) {
			if (strcmp(line, "-v") == 0)
				verbosity++;
			else
				argv[argc++] = line;
		}
	*ret_argc = argc;
	return verbosity;
}

static const struct fleet_module *module_of(const char *name)
{
	const char *dir = getenv("MODULES_DIR");
	char path[1024];
	fleet_module_function *function;
	void *object;

	(void)snprintf(path, sizeof(path), "%s/%s.so", dir ? dir : ".", name);
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object)
		die(dlerror(), path);
	*(void **)&function = dlsym(object, FLEET_MODULE_SYMBOL);
	if (!function)
		die("no module", path);
	return function();
}

/* Runs MODULE on the case in DIR and prints it as ABOUT says. Returns its level. */
static enum fleet_level replay(const struct fleet_module *module, const char *dir,
			       struct fleet_output *about, struct fleet_buf *out)
{
	struct fleet_result *result = fleet_result_new(module->name);
	void *values = calloc(1, module->options_size + 1);
	struct fleet_view *view = view_of(dir, module->needs);
	struct fleet_option_set set;
	struct fleet_error error;
	enum fleet_level level = FLEET_LEVEL_OK;
	char *words[MAX_ARGS + 1];
	struct fleet_buf args;
	int count, rc;

	if (!result || !values)
		die("no memory", dir);
	about->verbosity = args_of(dir, &args, words, &count);
	words[count] = NULL;
	if (fleet_options_init(&set, module->options, values, &error))
		die(error.message, module->name);
	rc = fleet_options_argv(&set, 1, count, words, &error);
	if (!rc)
		rc = fleet_options_read_files(&set, &error);
	if (module->kind == FLEET_MODULE_ACTION) {
		replay_plan(module, view, values, rc, &error, out);
		goto out;
	}
	if (!rc)
		rc = module->run(view, values, result, &error);
	if (rc)
		fleet_result_error(result, FLEET_LEVEL_UNKNOWN, &error);
	about->module = module;
	about->options = &set;
	about->view = view;
	about->fleet = fleet_view_fleet(view);
	about->fleet_id = fleet_view_fleet_id(view);
	about->now_s = fleet_view_now_s(view);
	if (fleet_output(result, about, out))
		die("no memory", dir);
	level = fleet_result_level(result);
out:
	fleet_options_finish(&set);
	fleet_buf_finish(&args);
	fleet_view_free(view);
	fleet_result_free(result);
	free(values);
	return level;
}

int main(int argc, char **argv)
{
	const struct fleet_module *module = argc == 3 || argc == 4 ? module_of(argv[1]) : NULL;
	const char *format = argc == 4 ? argv[3] : "plugin";
	struct fleet_output about = {.program = "check_fleet", .error_option = ""};
	enum fleet_level level;
	struct fleet_buf out;

	if (!module) {
		(void)fputs("usage: replay MODULE CASE [json|openmetrics|explain]\n", stderr);
		return 99;
	}
	about.explain = strcmp(format, "explain") == 0;
	if (strcmp(format, "json") == 0)
		about.format = FLEET_FORMAT_JSON;
	else if (strcmp(format, "openmetrics") == 0)
		about.format = FLEET_FORMAT_OPENMETRICS;
	fleet_buf_init(&out, FLEET_OUTPUT_MAX);
	level = replay(module, argv[2], &about, &out);
	(void)fputs(fleet_buf_text(&out), stdout);
	if (module->kind == FLEET_MODULE_CHECK)
		(void)printf("exit %d\n", (int)level);
	fleet_buf_finish(&out);
	return 0;
}
