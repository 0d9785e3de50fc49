/* SPDX-License-Identifier: MIT */
/* What the simulator's own tests share: a child process, requests to it, and JSON paths. */
#include "simtest.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>
#include <curl/curl.h>

static pid_t child;
static char url[256], metadata_url[256];
static char scenario_file[64];

struct memory {
	char *data;
	size_t len;
};

static char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_text(const char *format, ...)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	va_list args;

	ck_assert_ptr_nonnull(out);
	va_start(args, format);
	ck_assert_int_ge(vfprintf(out, format, args), 0);
	va_end(args);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void read_line(int fd, char line[256])
{
	size_t at = 0;
	char c;

	while (at + 1 < 256 && read(fd, &c, 1) == 1 && c != '\n')
		line[at++] = c;
	line[at] = '\0';
	ck_assert_msg(at > 0, "the simulator did not start");
}

void simtest_start_file(const char *path)
{
	const char *program = getenv("FLEETSIM");
	int ends[2];

	ck_assert_msg(program != NULL, "FLEETSIM does not name the simulator");
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) < 0)
			_exit(126);
		(void)close(ends[0]);
		(void)close(ends[1]);
		/* A test that fails half way must not leave its simulator behind. */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
			_exit(126);
		execl(program, program, "--scenario", path, "--metadata", "127.0.0.1:0",
		      (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	read_line(ends[0], url);
	read_line(ends[0], metadata_url);
	(void)close(ends[0]);
}

void simtest_start(const char *scenario)
{
	const char *top = getenv("top_srcdir");
	char *path = format_text("%s/tests/data/scenarios/%s", top ? top : ".", scenario);

	simtest_start_file(path);
	free(path);
}

void simtest_start_text(const char *text)
{
	int fd;

	(void)snprintf(scenario_file, sizeof(scenario_file), "/tmp/simtest-XXXXXX");
	fd = mkstemp(scenario_file);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
	simtest_start_file(scenario_file);
}

void simtest_stop(void)
{
	int status = 0;

	ck_assert_int_eq(kill(child, SIGTERM), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = 0;
	if (scenario_file[0])
		(void)unlink(scenario_file);
	scenario_file[0] = '\0';
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "the simulator ended with wait status %d", status);
}

const char *simtest_url(void)
{
	return url;
}

const char *simtest_metadata_url(void)
{
	return metadata_url;
}

char *simtest_shared(const char *relative)
{
	const char *shared = getenv("FLEETMON_SHARED"), *top = getenv("top_srcdir");
	char *path = shared ? format_text("%s/%s", shared, relative)
			    : format_text("%s/../shared/%s", top ? top : ".", relative);

	if (access(path, R_OK) == 0)
		return path;
	printf("SKIP: %s is not there\n", path);
	(void)fflush(stdout);
	free(path);
	return NULL;
}

static size_t take(char *data, size_t size, size_t count, void *cls)
{
	struct memory *memory = cls;
	char *grown = realloc(memory->data, memory->len + size * count + 1);

	if (!grown)
		return 0;
	memory->data = grown;
	memcpy(memory->data + memory->len, data, size * count);
	memory->len += size * count;
	memory->data[memory->len] = '\0';
	return size * count;
}

static struct curl_slist *header_list(const char *const *headers)
{
	struct curl_slist *list = NULL;
	bool token = true;

	for (size_t i = 0; headers && headers[i]; i++) {
		if (strncasecmp(headers[i], "Authorization:", 14) == 0)
			token = false;
		list = curl_slist_append(list, headers[i]);
		ck_assert_ptr_nonnull(list);
	}
	if (token)
		list = curl_slist_append(list, "Authorization: Bearer test-token");
	list = curl_slist_append(list, "Content-Type: application/json");
	/* No "Expect: 100-continue": it only slows the tests down. */
	list = curl_slist_append(list, "Expect:");
	ck_assert_ptr_nonnull(list);
	return list;
}

static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(64);
	struct json_object *json;

	ck_assert_ptr_nonnull(tokener);
	json = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(json);
		json = NULL;
	}
	json_tokener_free(tokener);
	return json;
}

struct simtest_answer *simtest_request(const char *method, const char *path, const char *body,
				       const char *const *headers, long timeout_s)
{
	struct simtest_answer *answer = calloc(1, sizeof(*answer));
	struct memory head = {0}, text = {0};
	struct curl_slist *list = header_list(headers);
	CURL *curl = curl_easy_init();
	char *full = strncmp(path, "http", 4) == 0 ? format_text("%s", path)
						   : format_text("%s%s", url, path);
	long status = 0;

	ck_assert_ptr_nonnull(answer);
	ck_assert_ptr_nonnull(curl);
	(void)curl_easy_setopt(curl, CURLOPT_URL, full);
	(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "simtest/1");
	if (body || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0)
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
	answer->curl_code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &answer->seconds);
	answer->status = (int)status;
	answer->headers = head.data;
	answer->body = text.data;
	answer->body_len = text.len;
	if (text.len)
		answer->json = parse(text.data, text.len);
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	free(full);
	return answer;
}

void simtest_answer_free(struct simtest_answer *answer)
{
	if (!answer)
		return;
	json_object_put(answer->json);
	free(answer->headers);
	free(answer->body);
	free(answer);
}

char *simtest_header(const struct simtest_answer *answer, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = answer->headers; line && *line;) {
		const char *end = strchr(line, '\n');

		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1;
			size_t size;

			while (*value == ' ')
				value++;
			size = strcspn(value, "\r\n");
			return strndup(value, size);
		}
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

struct simtest_answer *simtest_fleet(const char *method, const char *path, const char *version,
				     const char *body, int want_status)
{
	char *full = format_text("%s%s%sapi-version=%s", SIMTEST_FLEET, path,
				 strchr(path, '?') ? "&" : "?", version);
	struct simtest_answer *answer = simtest_request(method, full, body, NULL, 10);

	ck_assert_msg(answer->status == want_status, "%s %s: status %d, not %d: %.1000s", method,
		      full, answer->status, want_status, answer->body ? answer->body : "");
	free(full);
	return answer;
}

struct json_object *simtest_run(const char *run, const char *version)
{
	char *path = format_text("/updateRuns/%s", run);
	struct simtest_answer *answer = simtest_fleet("GET", path, version, NULL, 200);
	struct json_object *properties = json_object_get(simtest_at(answer->json, "properties"));

	ck_assert_ptr_nonnull(properties);
	simtest_answer_free(answer);
	free(path);
	return properties;
}

void simtest_control(const char *method, const char *path, const char *body, int want_status)
{
	struct simtest_answer *answer = simtest_request(method, path, body, NULL, 30);

	ck_assert_msg(answer->status == want_status, "%s %s: status %d: %.1000s", method, path,
		      answer->status, answer->body ? answer->body : "");
	simtest_answer_free(answer);
}

void simtest_clock(const char *json)
{
	simtest_control("POST", "/_sim/clock", json, 200);
}

void simtest_fault(const char *json)
{
	simtest_control("POST", "/_sim/faults", json, 200);
}

struct json_object *simtest_at(struct json_object *object, const char *path)
{
	while (object && *path) {
		char key[128];
		size_t len = strcspn(path, ".[");

		if (*path == '[') {
			char *end;
			size_t index = strtoul(path + 1, &end, 10);

			object = json_object_is_type(object, json_type_array)
					 ? json_object_array_get_idx(object, index)
					 : NULL;
			path = end + 1;
		} else {
			struct json_object *value = NULL;

			ck_assert_uint_lt(len, sizeof(key));
			memcpy(key, path, len);
			key[len] = '\0';
			if (!json_object_is_type(object, json_type_object) ||
			    !json_object_object_get_ex(object, key, &value))
				return NULL;
			object = value;
			path += len;
		}
		if (*path == '.')
			path++;
	}
	return object;
}

const char *simtest_text(struct json_object *object, const char *path)
{
	struct json_object *value = simtest_at(object, path);

	return value ? json_object_get_string(value) : "";
}

void simtest_expect(const char *method, const char *path, const char *body,
		    const char *const *headers, int status, const char *code)
{
	struct simtest_answer *answer = simtest_request(method, path, body, headers, 10);

	ck_assert_msg(answer->status == status, "%s %s: %d, not %d: %.500s", method, path,
		      answer->status, status, answer->body ? answer->body : "");
	if (code)
		ck_assert_msg(strcmp(simtest_text(answer->json, "error.code"), code) == 0,
			      "%s %s: %.500s", method, path, answer->body);
	simtest_answer_free(answer);
}

void simtest_expect_fleet(const char *method, const char *path, const char *version,
			  const char *body, int status, const char *code)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s%s%sapi-version=%s", SIMTEST_FLEET, path,
		       strchr(path, '?') ? "&" : "?", version);
	simtest_expect(method, full, body, NULL, status, code);
}
