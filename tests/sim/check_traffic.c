/* SPDX-License-Identifier: MIT */
/*
 * Replays recorded traffic of the real service, in order, against the
 * simulator: same status, same headers, same body byte for byte once ids,
 * times, eTags and signatures are taken out. The recording is read in place.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <check.h>

#include "simtest.h"
#include "../unit/run_suite.h"

#define RECORDING "azure/traffic/hubless-2025-04-01-preview.jsonl"
#define ARM "https://management.azure.com"
#define MAPPED 64

enum way {
	WAY_SKIP,	  /* the exchange is not replayed */
	WAY_EXTRA_HEADER, /* we may send a header the recording does not have */
	WAY_HOLE,	  /* this pattern of the text is replaced before comparing */
	WAY_BODY_PART,	  /* only the part of the recorded body between two marks counts */
	WAY_BODY_HEAD,	  /* only the body up to a mark counts */
};

/* What differs by nature. Nothing else may. */
static const struct difference {
	enum way way;
	int from, to; /* exchange numbers, 0 0 for all */
	const char *what;
	const char *reason;
} differences[] = {
	{WAY_SKIP, 16, 29, "", "the AKS cluster's own creation, polled; not a call of Fleet"},
	{WAY_EXTRA_HEADER, 0, 0, "cache-control", "cut from this recording, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "pragma", "cut from this recording, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "expires", "cut from this recording, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "strict-transport-security", "cut, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "x-content-type-options", "cut, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "x-cache", "cut from this recording, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "x-msedge-ref", "cut from this recording, present in others"},
	{WAY_EXTRA_HEADER, 0, 0, "x-ms-request-id", "dropped by the recorder's filter"},
	{WAY_EXTRA_HEADER, 0, 0, "x-ms-correlation-request-id", "dropped by the filter"},
	{WAY_EXTRA_HEADER, 0, 0, "x-ms-routing-request-id", "dropped by the recorder's filter"},
	{WAY_HOLE, 0, 0, "guid", "operations, gates and callers get their own"},
	{WAY_HOLE, 0, 0, "time", "the virtual clock"},
	{WAY_HOLE, 0, 0, "etag", "changes at every write"},
	{WAY_HOLE, 0, 0, "signature", "cut from the recording; length and form are compared"},
	{WAY_BODY_PART, 12, 12, "\"name\":\"fl-000002\"",
	 "the recorded subscription also held other people's fleets"},
	{WAY_BODY_HEAD, 69, 69, "rapid-1-33-2-", "the last word of a generated run's name"},
};

#define DIFFERENCES (sizeof(differences) / sizeof(differences[0]))

/* Recorded ids and the URLs or names that stand for them here. */
static struct mapping {
	char *recorded;
	char *ours;
} mapped[MAPPED];
static size_t mapped_count;

static bool applies(const struct difference *difference, enum way way, int n)
{
	return difference->way == way &&
	       (!difference->to || (n >= difference->from && n <= difference->to));
}

static const struct difference *find_difference(enum way way, int n, const char *what)
{
	for (size_t i = 0; i < DIFFERENCES; i++)
		if (applies(&differences[i], way, n) &&
		    (!what || strcasecmp(differences[i].what, what) == 0))
			return &differences[i];
	return NULL;
}

static void map(const char *recorded, size_t len, const char *ours)
{
	ck_assert_uint_lt(mapped_count, MAPPED);
	mapped[mapped_count].recorded = strndup(recorded, len);
	mapped[mapped_count++].ours = strdup(ours);
}

static const char *lookup(const char *recorded, size_t len)
{
	/* The newest first: an operation's URL is renewed by every answer. */
	for (size_t i = mapped_count; i-- > 0;)
		if (strlen(mapped[i].recorded) == len &&
		    strncmp(mapped[i].recorded, recorded, len) == 0)
			return mapped[i].ours;
	return NULL;
}

/* d = decimal, h = hex digit; the rest stands for itself. */
static size_t form(const char *text, const char *pattern)
{
	size_t i = 0;

	for (; pattern[i]; i++) {
		bool good = pattern[i] == 'd'	? isdigit((unsigned char)text[i])
			    : pattern[i] == 'h' ? isxdigit((unsigned char)text[i])
						: text[i] == pattern[i];

		if (!good)
			return 0;
	}
	return i;
}

#define GUID "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
#define ETAG "hhhhhhhh-hhhh-0700-hhhh-hhhhhhhh0000"

/* "dddd-dd-ddTdd:dd:dd" with up to 9 digits of a fraction and Z. */
static size_t time_form(const char *text, size_t *ret_digits)
{
	size_t len = form(text, "dddd-dd-ddTdd:dd:dd"), digits = 0;

	if (!len)
		return 0;
	if (text[len] == '.') {
		while (isdigit((unsigned char)text[len + 1 + digits]))
			digits++;
		len += digits + 1;
	}
	*ret_digits = digits;
	return text[len] == 'Z' && digits <= 9 ? len + 1 : 0;
}

/* Takes out what differs by nature; times keep whether they are of the 7 or 9 digit kind. */
static char *holes(const char *text)
{
	char *out = malloc(strlen(text) * 2 + 1);
	size_t at = 0;

	ck_assert_ptr_nonnull(out);
	while (*text) {
		size_t digits = 0, len = form(text, ETAG);
		const char *hole = "<etag>";

		if (!len) {
			len = form(text, GUID);
			hole = "<guid>";
			if (len && strncmp(text, SIMTEST_SUB, len) == 0)
				len = 0;
		}
		if (!len) {
			len = time_form(text, &digits);
			hole = digits > 7 ? "<time9>" : "<time7>";
		}
		if (len) {
			memcpy(out + at, hole, strlen(hole));
			at += strlen(hole);
			text += len;
		} else {
			out[at++] = *text++;
		}
	}
	out[at] = '\0';
	return out;
}

/* A time of 9 digits may by chance be shorter: compare <time7> and <time9> as equal when needed. */
static void compare_text(int n, const char *what, const char *recorded, const char *ours)
{
	char *left = holes(recorded), *right = holes(ours);
	size_t at = 0;

	for (char *side = left; side; side = side == left ? right : NULL)
		for (char *time = side; (time = strstr(time, "<time9>"));)
			time[5] = '7';
	while (left[at] && left[at] == right[at])
		at++;
	ck_assert_msg(left[at] == right[at],
		      "exchange %d, %s: after %zu bytes\nrecorded %.400s\nours     %.400s", n, what,
		      at, left + at, right + at);
	free(left);
	free(right);
}

static void check_body(int n, const char *recorded, const struct simtest_answer *answer)
{
	const struct difference *part = find_difference(WAY_BODY_PART, n, NULL);
	const struct difference *head = find_difference(WAY_BODY_HEAD, n, NULL);
	const char *ours = answer->body ? answer->body : "";

	if (part) {
		/* Ours is a list of that one: its text must stand in the recorded list. */
		char *left = holes(recorded), *right = holes(ours);
		char *start = strchr(right, '['), *end = strrchr(right, ']');

		ck_assert_ptr_nonnull(strstr(ours, part->what));
		*end = '\0';
		ck_assert_msg(strstr(left, start + 1), "exchange %d: %.1000s\nis not in\n%.1000s",
			      n, start + 1, left);
		free(left);
		free(right);
	} else if (head) {
		const char *stop = strstr(recorded, head->what);
		char *left = strndup(recorded, (size_t)(stop - recorded));
		char *right = strndup(ours, strlen(left));

		compare_text(n, "body", left, right);
		free(left);
		free(right);
	} else {
		compare_text(n, "body", recorded, ours);
	}
}

/* "&c=SCRUBBED-2970-CHARS": our parameter must be that long. */
static void check_signature(int n, const char *recorded, const char *ours)
{
	static const char *const names[] = {"&c=", "&s=", "&h="};

	for (size_t i = 0; i < 3; i++) {
		const char *left = strstr(recorded, names[i]), *right = strstr(ours, names[i]);
		size_t want;

		ck_assert_ptr_nonnull(left);
		ck_assert_ptr_nonnull(right);
		want = strtoul(left + strlen("&c=SCRUBBED-"), NULL, 10);
		ck_assert_msg(strcspn(right + 3, "&") == want, "exchange %d: %s is %zu long", n,
			      names[i], strcspn(right + 3, "&"));
	}
	ck_assert_uint_gt(strlen(ours), 3200);
	ck_assert_ptr_nonnull(strstr(ours, "?api-version=2016-03-30&t=6"));
}

/* Poll URLs: the same path after the host, up to the operation's id. */
static void check_url(int n, const char *recorded, const char *ours)
{
	const char *query = strchr(recorded, '?'), *id = query;
	size_t base = strlen(simtest_url()), path;

	while (id[-1] != '/')
		id--;
	path = (size_t)(id - recorded) - strlen(ARM);
	ck_assert_int_eq(strncmp(ours, simtest_url(), base), 0);
	ck_assert_msg(strncmp(ours + base, recorded + strlen(ARM), path) == 0,
		      "exchange %d: %s\n%s", n, recorded, ours);
	check_signature(n, query, ours);
	map(recorded, (size_t)(query - recorded), ours);
}

static void check_header(int n, const char *name, const char *recorded,
			 const struct simtest_answer *answer)
{
	char *ours = simtest_header(answer, name);

	ck_assert_msg(ours != NULL, "exchange %d: no header %s", n, name);
	if (strcmp(name, "azure-asyncoperation") == 0 || strcmp(name, "location") == 0) {
		check_url(n, recorded, ours);
	} else if (strcmp(name, "content-length") == 0) {
		ck_assert_uint_eq(strtoul(ours, NULL, 10), answer->body_len);
	} else if (strcmp(name, "date") == 0) {
		ck_assert_uint_eq(strlen(ours), strlen(recorded));
		ck_assert_str_eq(ours + strlen(ours) - 4, " GMT");
	} else if (strncmp(name, "x-ms-ratelimit", 14) == 0) {
		/* They count down: the same to within one. */
		ck_assert_int_le(labs(strtol(ours, NULL, 10) - strtol(recorded, NULL, 10)), 1);
	} else {
		/* n 49 has a two digit longer region than the others: only the region differs. */
		char *end = strrchr(ours, '/'), *was = strrchr(recorded, '/');

		if (strcmp(name, "x-ms-operation-identifier") == 0 && end && was)
			compare_text(n, name, was, end);
		else
			compare_text(n, name, recorded, ours);
	}
	free(ours);
}

static void check_headers(int n, struct json_object *recorded, const struct simtest_answer *answer)
{
	json_object_object_foreach(recorded, key, values)
	{
		check_header(n, key, json_object_get_string(json_object_array_get_idx(values, 0)),
			     answer);
	}
	for (const char *line = strchr(answer->headers, '\n'); line && line[1] && line[1] != '\r';
	     line = strchr(line + 1, '\n')) {
		size_t len = strcspn(line + 1, ":");
		char *name = strndup(line + 1, len);
		bool known = find_difference(WAY_EXTRA_HEADER, n, name) != NULL;

		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		ck_assert_msg(known || simtest_at(recorded, name), "exchange %d: extra header %s",
			      n, name);
		free(name);
	}
}

/* The recorded URI by our host, our signed URL, or our gate's name. */
static char *our_uri(const char *uri)
{
	const char *query = strchr(uri, '?'), *gate = strstr(uri, "/gates/"), *ours;
	char *out;

	ours = query ? lookup(uri, (size_t)(query - uri)) : NULL;
	if (ours)
		return strdup(ours);
	out = calloc(1, strlen(uri) + strlen(simtest_url()) + 1);
	ck_assert_ptr_nonnull(out);
	memcpy(out, simtest_url(), strlen(simtest_url()));
	memcpy(out + strlen(out), uri + strlen(ARM), strlen(uri) - strlen(ARM));
	if (gate) {
		ours = lookup(gate + 7, 36);
		ck_assert_ptr_nonnull(ours);
		memcpy(strstr(out, "/gates/") + 7, ours, 36);
	}
	return out;
}

/* "Mon, 28 Jul 2025 21:50:05 GMT": all of the recording lies on one day. */
static double second_of(const char *date)
{
	const char *colon = date ? strchr(date, ':') : NULL;

	ck_assert_ptr_nonnull(colon);
	return (double)(strtol(colon - 2, NULL, 10) * 3600 + strtol(colon + 1, NULL, 10) * 60 +
			strtol(colon + 4, NULL, 10));
}

/* The clock follows the recorded dates, but never back and never still. */
static void follow_clock(struct json_object *headers, double *at)
{
	double second =
		second_of(json_object_get_string(simtest_at(simtest_at(headers, "date"), "[0]")));
	char body[96];
	long whole;

	*at = second > *at + 0.5 ? second : *at + 0.5;
	whole = (long)*at;
	(void)snprintf(body, sizeof(body),
		       "{\"set\":\"2025-07-28T%02ld:%02ld:%02ld.%ld23456789Z\"}", whole / 3600,
		       whole / 60 % 60, whole % 60, *at > (double)whole ? 6L : 1L);
	simtest_clock(body);
}

static void replay(struct json_object *exchange, double *at)
{
	int n = json_object_get_int(simtest_at(exchange, "n"));
	struct json_object *response = simtest_at(exchange, "response");
	struct json_object *headers = simtest_at(response, "headers");
	const char *body = simtest_text(exchange, "request.body");
	struct simtest_answer *answer;
	char *uri;

	if (find_difference(WAY_SKIP, n, NULL))
		return;
	follow_clock(headers, at);
	uri = our_uri(simtest_text(exchange, "request.uri"));
	answer = simtest_request(simtest_text(exchange, "request.method"), uri, *body ? body : NULL,
				 NULL, 10);
	ck_assert_msg(answer->status == json_object_get_int(simtest_at(response, "status")),
		      "exchange %d: status %d: %.1000s", n, answer->status,
		      answer->body ? answer->body : "");
	check_body(n, simtest_text(response, "body"), answer);
	check_headers(n, headers, answer);
	/* The list of gates tells our name for the recorded one. */
	if (strstr(uri, "/gates?")) {
		struct json_object *recorded = json_tokener_parse(simtest_text(response, "body"));

		map(simtest_text(recorded, "value[0].name"), 36,
		    simtest_text(answer->json, "value[0].name"));
		json_object_put(recorded);
	}
	simtest_answer_free(answer);
	free(uri);
}

START_TEST(recorded_exchanges)
{
	char *path = simtest_shared(RECORDING), *line = NULL;
	size_t size = 0, count = 0;
	double at = 0;
	FILE *file;

	if (!path)
		return;
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	simtest_start("traffic.json");
	while (getline(&line, &size, file) > 0) {
		struct json_object *exchange = json_tokener_parse(line);

		ck_assert_ptr_nonnull(exchange);
		replay(exchange, &at);
		json_object_put(exchange);
		count++;
	}
	ck_assert_uint_eq(count, 71);
	simtest_stop();
	for (size_t i = 0; i < mapped_count; i++) {
		free(mapped[i].recorded);
		free(mapped[i].ours);
	}
	(void)fclose(file);
	free(line);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("traffic");
	TCase *tcase = tcase_create("traffic");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, recorded_exchanges);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
