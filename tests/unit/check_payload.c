/* SPDX-License-Identifier: MIT */
/* Payloads: caps at the cap and one over, damaged bytes, what is carried over between two reads. */
#include <stdio.h>
#include <stdlib.h>

#include "model_fixture.h"
#include "payload_private.h"

/* COUNT copies of ITEM between FRONT and BACK, as one resource. */
static void repeat(struct fleet_buf *json, const char *front, const char *item, size_t count,
		   const char *back)
{
	fleet_buf_clear(json);
	(void)fleet_buf_adds(json, front);
	for (size_t i = 0; i < count; i++) {
		if (i)
			(void)fleet_buf_adds(json, ",");
		(void)fleet_buf_adds(json, item);
	}
	(void)fleet_buf_adds(json, back);
	ck_assert(!json->failed);
}

#define IN_STAGES "{\"name\":\"r\",\"properties\":{\"status\":{\"stages\":["
#define OUT_STAGES "]}}}"

static const struct {
	const char *what, *front, *item, *back;
	size_t cap;
	enum fleet_kind kind;
} caps[] = {
	{"stages", IN_STAGES, "{}", OUT_STAGES, FLEET_MAX_STAGES, FLEET_KIND_RUNS},
	{"groups", IN_STAGES "{\"groups\":[", "{}", "]}" OUT_STAGES, FLEET_MAX_GROUPS,
	 FLEET_KIND_RUNS},
	{"members", IN_STAGES "{\"groups\":[{\"members\":[", "{}", "]}]}" OUT_STAGES,
	 FLEET_MAX_MEMBERS, FLEET_KIND_RUNS},
	{"gates", IN_STAGES "{\"beforeGates\":[", "{}", "]}" OUT_STAGES, FLEET_MAX_GATES,
	 FLEET_KIND_RUNS},
	{"details",
	 "{\"name\":\"r\",\"properties\":{\"status\":{\"status\":{\"error\":{\"details\":[", "{}",
	 "]}}}}}", FLEET_MAX_DETAILS, FLEET_KIND_RUNS},
	{"versions",
	 "{\"name\":\"p\",\"properties\":{\"autoUpgradeProfileStatus\":{"
	 "\"lastTriggerUpgradeVersions\":[",
	 "\"1.33\"", "]}}}", FLEET_MAX_VERSIONS, FLEET_KIND_PROFILES},
};

START_TEST(lists_at_their_cap_and_one_over)
{
	struct fleet_buf json;
	struct fleet_error error;
	struct fixture f;

	fleet_buf_init(&json, FLEET_MAX_BODY);
	repeat(&json, caps[_i].front, caps[_i].item, caps[_i].cap, caps[_i].back);
	fixture_of(&f, caps[_i].kind, json.data);
	fixture_finish(&f);
	repeat(&json, caps[_i].front, caps[_i].item, caps[_i].cap + 1, caps[_i].back);
	ck_assert_int_eq(fixture_refused(caps[_i].kind, json.data, &error), FLEET_E_LIMIT);
	ck_assert_msg(strstr(error.message, "too long"), "%s: %s", caps[_i].what, error.message);
	fleet_buf_finish(&json);
}
END_TEST

START_TEST(texts_and_labels_at_their_cap_and_one_over)
{
	struct fleet_buf json;
	struct fleet_error error;
	struct fixture f;

	fleet_buf_init(&json, FLEET_MAX_BODY);
	for (size_t over = 0; over < 2; over++) {
		fleet_buf_clear(&json);
		(void)fleet_buf_adds(&json, "{\"name\":\"r\",\"id\":\"");
		for (size_t i = 0; i < FLEET_MAX_TEXT + over; i++)
			(void)fleet_buf_add(&json, "x", 1);
		(void)fleet_buf_adds(&json, "\"}");
		ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, json.data, &error),
				 over ? FLEET_E_LIMIT : 0);
		fleet_buf_clear(&json);
		(void)fleet_buf_adds(&json,
				     "{\"name\":\"m\",\"properties\":{\"labels\":{\"z\":null");
		for (size_t i = 1; i < FLEET_MAX_LABELS + over; i++)
			(void)fleet_buf_addf(&json, ",\"k%zu\":\"v\"", i);
		(void)fleet_buf_adds(&json, "}}}");
		ck_assert_int_eq(fixture_refused(FLEET_KIND_MEMBERS, json.data, &error),
				 over ? FLEET_E_LIMIT : 0);
	}
	fleet_buf_finish(&json);
	fixture_of(&f, FLEET_KIND_MEMBERS,
		   "{\"name\":\"m\",\"properties\":{\"labels\":{\"team\":\"a\",\"none\":null}}}");
	ck_assert_uint_eq(f.item.member.label_count, 2);
	ck_assert_str_eq(f.item.member.labels[0].key, "team");
	ck_assert_str_eq(f.item.member.labels[0].value, "a");
	ck_assert_str_eq(f.item.member.labels[1].value, "");
	fixture_finish(&f);
}
END_TEST

START_TEST(items_depth_and_bytes_at_their_cap_and_one_over)
{
	struct json_object *value;
	struct fleet_error error;
	struct fixture f;
	char json[64];
	char *deep;

	fixture_init(&f, FLEET_KIND_GATES);
	for (int i = 0; i < FLEET_MAX_ITEMS; i++) {
		(void)snprintf(json, sizeof(json), "{\"name\":\"g%d\"}", i);
		ck_assert_int_eq(fixture_add(&f, json), 0);
	}
	ck_assert_int_eq(fixture_add(&f, "{\"name\":\"more\"}"), FLEET_E_LIMIT);
	fixture_write(&f, NULL, 0);
	ck_assert_uint_eq(f.payload.count, FLEET_MAX_ITEMS);
	fixture_finish(&f);

	for (int depth = FLEET_MAX_DEPTH; depth <= FLEET_MAX_DEPTH + 1; depth++) {
		char text[4 * FLEET_MAX_DEPTH] = "";

		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		value = NULL;
		ck_assert_int_eq(fleet_json_parse(text, (size_t)depth * 2, &value, &error),
				 depth > FLEET_MAX_DEPTH ? FLEET_E_LIMIT : 0);
		json_object_put(value);
	}
	deep = malloc(FLEET_MAX_BODY + 1);
	ck_assert_ptr_nonnull(deep);
	memset(deep, ' ', FLEET_MAX_BODY + 1);
	memcpy(deep, "{}", 2);
	ck_assert_int_eq(fleet_json_parse(deep, FLEET_MAX_BODY + 1, &value, &error), FLEET_E_LIMIT);
	ck_assert_int_eq(fleet_json_parse(deep, FLEET_MAX_BODY, &value, &error), 0);
	json_object_put(value);
	free(deep);
}
END_TEST

static const char sample[] = "{\"name\":\"r1\",\"id\":\"/f/updateRuns/"
			     "r1\",\"eTag\":\"\\\"1\\\"\",\"systemData\":{\"createdAt\":"
			     "\"2026-01-01T00:00:00Z\"},\"properties\":{\"autoUpgradeProfileId\":"
			     "\"/f/autoUpgradeProfiles/p\","
			     "\"status\":{\"status\":{\"state\":\"Odd\",\"startTime\":\"2026-01-"
			     "02T00:00:00Z\"},\"stages\":[{"
			     "\"name\":\"s\",\"groups\":[{\"name\":\"g\",\"members\":[{\"name\":"
			     "\"m\",\"message\":\"hello\","
			     "\"status\":{\"state\":\"Running\"}}]}]}]}}}";

START_TEST(an_item_is_described_without_decoding_it)
{
	struct fleet_payload_item item;
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS, sample);
	ck_assert_int_eq(fleet_payload_item(&f.payload, 0, &item), 0);
	ck_assert_str_eq(item.name, "r1");
	ck_assert_str_eq(item.profile, "p");
	ck_assert_int_eq(item.state, FLEET_UPDATE_OTHER);
	ck_assert_int_eq(item.created_s, 1767225600);
	ck_assert_int_eq(item.start_s, 1767312000);
	ck_assert_int_eq(fleet_payload_item(&f.payload, 1, &item), FLEET_E_PROTOCOL);
	fixture_finish(&f);
}
END_TEST

/* Reads all there is of some bytes: must neither crash nor run away, whatever they are. */
static void read_all(const unsigned char *bytes, size_t len)
{
	struct fleet_payload payload;
	struct fleet_payload_item item;
	struct fleet_arena arena;
	union fleet_item out;

	if (fleet_payload_open(bytes, len, &payload))
		return;
	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	for (size_t i = 0; i < payload.count; i++) {
		if (!fleet_payload_item(&payload, i, &item))
			ck_assert_uint_lt(strlen(item.name), len);
		(void)fleet_payload_decode(&payload, i, &arena, &out);
	}
	fleet_arena_finish(&arena);
}

START_TEST(cut_and_damaged_bytes_do_no_harm)
{
	unsigned char *copy;
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS, sample);
	for (size_t len = 0; len <= f.bytes.len; len++) {
		/* A block of exactly that size, so that a sanitizer sees a byte too far. */
		copy = malloc(len + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, f.bytes.data, len);
		read_all(copy, len);
		if (len) {
			copy[len - 1] = '\0';
			read_all(copy, len);
		}
		free(copy);
	}
	copy = malloc(f.bytes.len);
	ck_assert_ptr_nonnull(copy);
	for (size_t at = 0; at < f.bytes.len; at++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			memcpy(copy, f.bytes.data, f.bytes.len);
			copy[at] ^= (unsigned char)(1u << bit);
			read_all(copy, f.bytes.len);
		}
	}
	free(copy);
	fixture_finish(&f);
}
END_TEST

/* Run r1 in STATE with member message MESSAGE, read at NOW_S after PREVIOUS. */
static void read_again(struct fixture *f, const char *state, const char *message,
		       const struct fleet_payload *previous, int64_t now_s,
		       struct fleet_payload_item *ret_item)
{
	char json[512];

	(void)snprintf(json, sizeof(json),
		       "{\"name\":\"r1\",\"eTag\":\"\\\"%lld\\\"\",\"properties\":{\"status\":{"
		       "\"status\":{"
		       "\"state\":\"%s\"},\"stages\":[{\"groups\":[{\"members\":[{\"name\":\"m\","
		       "\"message\":\"%s\",\"status\":{\"state\":\"Pending\"}}]}]}]}}}",
		       (long long)now_s, state, message);
	fixture_init(f, FLEET_KIND_RUNS);
	ck_assert_int_eq(fixture_add(f, json), 0);
	fixture_write(f, previous, now_s);
	ck_assert_int_eq(fleet_payload_item(&f->payload, 0, ret_item), 0);
}

START_TEST(changes_are_remembered_over_reads)
{
	struct fixture first, second, third, fourth;
	struct fleet_payload_item item;

	read_again(&first, "Running", "a", NULL, 100, &item);
	ck_assert_int_eq(item.changed_s, 0);
	ck_assert_int_eq(item.first_seen_s, 0);
	/* A new eTag and a new text are no progress. */
	read_again(&second, "Running", "b", &first.payload, 200, &item);
	ck_assert_int_eq(item.changed_s, 0);
	read_again(&third, "Pending", "b", &second.payload, 300, &item);
	ck_assert_int_eq(item.changed_s, 300);
	read_again(&fourth, "Pending", "c", &third.payload, 400, &item);
	ck_assert_int_eq(item.changed_s, 300);
	ck_assert_int_eq(item.first_seen_s, 0);
	fixture_finish(&first);
	fixture_finish(&second);
	fixture_finish(&third);
	fixture_finish(&fourth);
}
END_TEST

START_TEST(a_new_item_knows_when_it_was_first_seen)
{
	struct fixture before, after;
	struct fleet_payload_item item;

	fixture_init(&before, FLEET_KIND_GATES);
	fixture_write(&before, NULL, 50);
	fixture_init(&after, FLEET_KIND_GATES);
	ck_assert_int_eq(
		fixture_add(&after, "{\"name\":\"g\",\"properties\":{\"state\":\"Pending\"}}"), 0);
	fixture_write(&after, &before.payload, 70);
	ck_assert_int_eq(fleet_payload_item(&after.payload, 0, &item), 0);
	ck_assert_int_eq(item.first_seen_s, 70);
	ck_assert_int_eq(item.changed_s, 0);
	fixture_finish(&before);
	fixture_finish(&after);
}
END_TEST

/* What changes the progress of a run, and what does not. */
START_TEST(progress_is_what_moves)
{
	static const struct {
		const char *json;
		bool moves;
	} cases[] = {
#define AT(TREE) "{\"name\":\"r\",\"properties\":{\"status\":{\"stages\":[" TREE "]}}}"
#define MEMBER(FIELDS) AT("{\"groups\":[{\"members\":[{" FIELDS "}]}]}")
#define GATED(FIELDS) AT("{\"beforeGates\":[{" FIELDS "}]}")
		{AT("{\"status\":{\"state\":\"Running\"}}"), true},
		{AT("{\"status\":{\"state\":\"NewWord\"}}"), true},
		{AT("{\"status\":{\"startTime\":\"2026-01-01T00:00:00Z\"}}"), true},
		{AT("{\"status\":{\"completedTime\":\"2026-01-01T00:00:00Z\"}}"), true},
		{AT("{\"status\":{\"error\":{\"code\":\"C\"}}}"), true},
		{AT("{\"failureCount\":1}"), true},
		{AT("{\"afterStageWaitStatus\":{\"status\":{\"state\":\"Running\"}}}"), true},
		{MEMBER("\"operationId\":\"op\""), true},
		{MEMBER("\"status\":{\"state\":\"Failed\"}"), true},
		{GATED("\"gateId\":\"/g\""), true},
		{GATED("\"status\":{\"state\":\"Completed\"}"), true},
		{AT("{\"status\":{\"error\":{\"message\":\"in 5 minutes\"}}}"), false},
		{MEMBER("\"message\":\"in 4 minutes\""), false},
		{MEMBER("\"clusterResourceId\":\"/c\""), false},
		{GATED("\"displayName\":\"d\""), false},
		{"{\"name\":\"r\",\"eTag\":\"1\",\"properties\":{\"status\":{\"stages\":[{}]}}}",
		 false},
		{"{\"name\":\"r\",\"systemData\":{\"lastModifiedBy\":\"b\",\"lastModifiedAt\":"
		 "\"2026-01-01T00:00:00Z\"},\"properties\":{\"status\":{\"stages\":[{}]}}}",
		 false},
	};
	struct fleet_payload_item item;
	uint64_t plain[3];

	/* The same tree without the field, as deep as the case is. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const trees[] = {AT("{}"), MEMBER(""), GATED("")};
		struct fixture f;

		fixture_of(&f, FLEET_KIND_RUNS, trees[i]);
		ck_assert_int_eq(fleet_payload_item(&f.payload, 0, &item), 0);
		plain[i] = item.progress;
		fixture_finish(&f);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t shape = strstr(cases[i].json, "members")	      ? 1
			       : strstr(cases[i].json, "beforeGates") ? 2
								      : 0;
		struct fixture f;

		fixture_of(&f, FLEET_KIND_RUNS, cases[i].json);
		ck_assert_int_eq(fleet_payload_item(&f.payload, 0, &item), 0);
		ck_assert_msg((item.progress != plain[shape]) == cases[i].moves, "%s",
			      cases[i].json);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(a_damaged_or_foreign_previous_is_none)
{
	struct fixture before, after, gates;
	struct fleet_payload_item item;
	size_t entries;

	fixture_init(&before, FLEET_KIND_RUNS);
	ck_assert_int_eq(fixture_add(&before, "{\"name\":\"a\"}"), 0);
	ck_assert_int_eq(fixture_add(&before, "{\"name\":\"b\"}"), 0);
	fixture_write(&before, NULL, 50);
	/* The second entry says that its name lies far away. */
	entries = (size_t)(before.payload.index - before.payload.bytes);
	memset(before.bytes.data + entries + 64, 0x7f, 64);
	fixture_init(&after, FLEET_KIND_RUNS);
	ck_assert_int_eq(fixture_add(&after, "{\"name\":\"a\",\"properties\":{\"status\":{"
					     "\"status\":{\"state\":\"Running\"}}}}"),
			 0);
	ck_assert_int_eq(fixture_add(&after, "{\"name\":\"c\"}"), 0);
	fixture_write(&after, &before.payload, 70);
	fixture_init(&gates, FLEET_KIND_GATES);
	ck_assert_int_eq(fixture_add(&gates, "{\"name\":\"a\"}"), 0);
	fixture_write(&gates, &after.payload, 90);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(fleet_payload_item(&after.payload, i, &item), 0);
		ck_assert_int_eq(item.first_seen_s, 0);
		ck_assert_int_eq(item.changed_s, 0);
	}
	ck_assert_int_eq(fleet_payload_item(&gates.payload, 0, &item), 0);
	ck_assert_int_eq(item.first_seen_s, 0);
	fixture_finish(&before);
	fixture_finish(&after);
	fixture_finish(&gates);
}
END_TEST

START_TEST(another_stamp_is_another_format)
{
	struct fleet_payload payload;
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS, sample);
	/* Mark, stamp and kind: 8, 8 and 4 bytes. */
	for (size_t bit = 0; bit < 20 * 8; bit++) {
		f.bytes.data[bit / 8] ^= (char)(1u << bit % 8);
		ck_assert_int_eq(fleet_payload_open(f.bytes.data, f.bytes.len, &payload),
				 FLEET_E_PROTOCOL);
		f.bytes.data[bit / 8] ^= (char)(1u << bit % 8);
	}
	ck_assert_int_eq(fleet_payload_open(f.bytes.data, f.bytes.len, &payload), 0);
	for (int a = 0; a < FLEET_KIND_COUNT; a++) {
		for (int b = 0; b < a; b++)
			ck_assert_uint_ne(fleet_table_stamp((enum fleet_kind)a),
					  fleet_table_stamp((enum fleet_kind)b));
	}
	fixture_finish(&f);
}
END_TEST

/* What decoding says to a struct that was packed as it stands, which no JSON could give. */
static int unpacked(enum fleet_kind kind, const void *in)
{
	const struct fleet_table *table = fleet_table_of(kind);
	struct fleet_arena arena;
	struct fleet_buf out;
	union fleet_item item;
	uint64_t progress = 0;
	int rc;

	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	fleet_table_pack(table, in, &out, &progress);
	memset(&item, 0, sizeof(item));
	rc = fleet_table_unpack(table, (const unsigned char *)out.data, out.len, &arena, &item);
	fleet_buf_finish(&out);
	fleet_arena_finish(&arena);
	return rc;
}

START_TEST(numbers_and_depth_of_a_file_are_bounded)
{
	struct fleet_error_detail details[100];
	struct fleet_run run;

	memset(&run, 0, sizeof(run));
	fleet_table_defaults(fleet_table_of(FLEET_KIND_RUNS), &run);
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), 0);
	run.failure_count = INT32_MAX;
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), 0);
	run.failure_count = (int64_t)INT32_MAX + 1;
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), FLEET_E_PROTOCOL);
	run.failure_count = INT64_MIN + 1;
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), FLEET_E_PROTOCOL);
	run.failure_count = 0;
	run.status.start_s = INT64_MAX;
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), FLEET_E_PROTOCOL);
	run.status.start_s = 253402300799; /* the last second of the year 9999 */
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), 0);
	for (size_t i = 0; i < 100; i++)
		details[i] = (struct fleet_error_detail){"c", "", "", &details[i + 1], i < 99};
	run.status.error = details[95];
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), 0);
	run.status.error = details[0];
	ck_assert_int_eq(unpacked(FLEET_KIND_RUNS, &run), FLEET_E_PROTOCOL);
}
END_TEST

START_TEST(many_items_are_found_again)
{
	struct fixture before, after;
	struct fleet_payload_item item;
	char json[96];

	fixture_init(&before, FLEET_KIND_GATES);
	fixture_init(&after, FLEET_KIND_GATES);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(json, sizeof(json),
			       "{\"name\":\"g%d\",\"properties\":{\"state\":\"Pending\"}}", i);
		ck_assert_int_eq(fixture_add(&before, json), 0);
		(void)snprintf(json, sizeof(json),
			       "{\"name\":\"g%d\",\"properties\":{\"state\":\"%s\"}}", 1999 - i,
			       i % 2 ? "Pending" : "Completed");
		ck_assert_int_eq(fixture_add(&after, json), 0);
	}
	fixture_write(&before, NULL, 1);
	fixture_write(&after, &before.payload, 9);
	for (size_t i = 0; i < 2000; i++) {
		ck_assert_int_eq(fleet_payload_item(&after.payload, i, &item), 0);
		ck_assert_int_eq(item.changed_s, i % 2 ? 0 : 9);
	}
	fixture_finish(&before);
	fixture_finish(&after);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("payload");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, lists_at_their_cap_and_one_over, 0,
			    (int)(sizeof(caps) / sizeof(caps[0])));
	tcase_add_test(all, texts_and_labels_at_their_cap_and_one_over);
	tcase_add_test(all, items_depth_and_bytes_at_their_cap_and_one_over);
	tcase_add_test(all, an_item_is_described_without_decoding_it);
	tcase_add_test(all, cut_and_damaged_bytes_do_no_harm);
	tcase_add_test(all, changes_are_remembered_over_reads);
	tcase_add_test(all, a_new_item_knows_when_it_was_first_seen);
	tcase_add_test(all, progress_is_what_moves);
	tcase_add_test(all, a_damaged_or_foreign_previous_is_none);
	tcase_add_test(all, another_stamp_is_another_format);
	tcase_add_test(all, numbers_and_depth_of_a_file_are_bounded);
	tcase_add_test(all, many_items_are_found_again);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
