/* SPDX-License-Identifier: MIT */
/* Times, durations, ids, and what becomes of foreign text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "error.h"
#include "text.h"
#include "run_suite.h"

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t s;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2000-03-01T00:00:00Z", 951868800},
		{"1999-12-31T23:59:60Z", 946684800},
		{"2100-03-01T00:00:00Z", 4107542400},
		{"1969-12-31T23:59:59Z", -1},
		{"2025-09-23T02:50:21.2604165+00:00", 1758595821},
		{"2025-09-22T21:50:21.1-05:00", 1758595821},
	};
	static const char *const bad[] = {
		"",
		"2025-04-23",
		"2025-04-23T18:15:53",
		"2025-04-23 18:15:53Z",
		"2025-13-01T00:00:00Z",
		"2025-02-29T00:00:00Z",
		"2025-04-31T00:00:00Z",
		"2025-04-23T24:00:00Z",
		"2025-04-23T18:60:00Z",
		"2025-04-23T18:15:53.Z",
		"2025-04-23T18:15:53Zx",
		"2025-04-23T18:15:53+0000",
		"0000-00-00T00:00:00Z",
		"+025-04-23T18:15:53Z",
	};
	int64_t s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(fleet_time_parse(good[i].text, &s) == 0, "%s", good[i].text);
		ck_assert_int_eq(s, good[i].s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = 42;
		ck_assert_msg(fleet_time_parse(bad[i], &s) == FLEET_E_INVAL, "%s", bad[i]);
		ck_assert_int_eq(s, 42);
	}
}
END_TEST

START_TEST(every_day_of_a_century_comes_back)
{
	char text[32];
	int64_t s;

	for (int64_t day = 0; day < 36525 * 2; day++) {
		fleet_time_format(day * 86400 + 3661, text, sizeof(text));
		/* check notes down each assertion that holds, which would take longest. */
		if (fleet_time_parse(text, &s) != 0 || s != day * 86400 + 3661)
			ck_abort_msg("%s", text);
	}
}
END_TEST

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t s;
	} good[] = {{"0", 0},	    {"90", 90},	     {"90s", 90},
		    {"30m", 1800},  {"4h", 14400},   {"2d", 172800},
		    {"1w", 604800}, {"1h30m", 5400}, {"1d12h", 129600}};
	static const char *const bad[] = {"",
					  "m",
					  "-5m",
					  "1.5h",
					  "5 m",
					  "5x",
					  "1h30",
					  "+5s",
					  "h1",
					  "99999999999999999999",
					  "9223372036854775807w"};
	int64_t s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(fleet_duration_parse(good[i].text, &s) == 0, "%s", good[i].text);
		ck_assert_int_eq(s, good[i].s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(fleet_duration_parse(bad[i], &s) == FLEET_E_INVAL, "%s", bad[i]);
}
END_TEST

START_TEST(durations_for_people)
{
	static const struct {
		int64_t s;
		const char *text;
	} cases[] = {{0, "0s"},		{45, "45s"},	   {725, "12m 5s"},
		     {720, "12m"},	{12000, "3h 20m"}, {7200, "2h"},
		     {187200, "2d 4h"}, {172800, "2d"},	   {-90, "-1m 30s"}};
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fleet_duration_format(cases[i].s, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(foreign_text_cannot_break_out)
{
	static const struct {
		const char *raw, *clean;
	} cases[] = {
		{"plain", "plain"},
		{"a|b", "a/b"},
		{"two\nlines\r\n", "two lines"},
		{"  many \t\v blanks  ", "many blanks"},
		{"<script>x & y</script>", "(script)x + y(/script)"},
		{"esc\033[31mred\033[0m", "esc [31mred [0m"},
		{"bell\a del\x7f end", "bell del end"},
		{"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"},
		{"bad\xff\xfe utf", "bad?? utf"},
		{"over\xc0\xaflong", "over??long"},
		{"half\xe2\x82", "half??"},
		{"surrogate\xed\xa0\x80", "surrogate???"},
		{"c1\xc2\x9b"
		 "31m",
		 "c1??31m"},
		{"bidi\xe2\x80\xae"
		 "x",
		 "bidi???x"},
		{"emoji\xf0\x9f\x9a\x80", "emoji\xf0\x9f\x9a\x80"},
		{"", ""},
		{"\n\n", ""},
	};
	char out[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(fleet_text_clean_into(out, sizeof(out), cases[i].raw),
				 cases[i].clean);
}
END_TEST

START_TEST(cuts_are_shown_and_fit)
{
	const char *raw = "gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f";
	size_t len = strlen(raw);
	char out[64];

	for (size_t size = 1; size <= len + 1; size++) {
		fleet_text_clean_into(out, size, raw);
		ck_assert_uint_lt(strlen(out), size);
		if (size > len) {
			ck_assert_str_eq(out, raw);
		} else if (size > 4) {
			size_t kept = strlen(out) - 3;

			ck_assert_str_eq(out + kept, "...");
			ck_assert_int_eq(strncmp(out, raw, kept), 0);
			/* Never within a character. */
			ck_assert_int_ne((unsigned char)raw[kept] & 0xc0, 0x80);
		}
	}
}
END_TEST

START_TEST(ids)
{
	const char *id = "/subscriptions/s1/resourcegroups/Rg/providers/Microsoft.ContainerService/"
			 "fleets/f/updateRuns/r1";
	char out[16];

	ck_assert_str_eq(fleet_id_name(id), "r1");
	ck_assert_str_eq(fleet_id_name("no-slash"), "");
	ck_assert_str_eq(fleet_id_part(id, "resourceGroups", out, sizeof(out)), "Rg");
	ck_assert_str_eq(fleet_id_part(id, "subscriptions", out, sizeof(out)), "s1");
	ck_assert_str_eq(fleet_id_part(id, "members", out, sizeof(out)), "");
	ck_assert_str_eq(fleet_id_part(id, "providers", out, sizeof(out)), "");
	ck_assert_str_eq(fleet_id_part(id, "updateRuns", out, 2), "");
	/* A resource group may be called as a key is. */
	id = "/subscriptions/s1/resourceGroups/fleets/providers/Microsoft.X/fleets/subscriptions";
	ck_assert_str_eq(fleet_id_part(id, "resourceGroups", out, sizeof(out)), "fleets");
	ck_assert_str_eq(fleet_id_part(id, "fleets", out, sizeof(out)), "subscriptions");
	ck_assert_str_eq(fleet_id_part(id, "subscriptions", out, sizeof(out)), "s1");
	ck_assert_str_eq(fleet_id_part(id, "providers", out, sizeof(out)), "Microsoft.X");
	ck_assert_str_eq(fleet_id_part("/fleets2/no/fleets/f", "fleets", out, sizeof(out)), "f");
	ck_assert_str_eq(fleet_id_part("/fleets", "fleets", out, sizeof(out)), "");
	ck_assert_str_eq(fleet_id_part("fleets/f", "fleets", out, sizeof(out)), "");
	ck_assert_str_eq(fleet_id_part("", "fleets", out, sizeof(out)), "");
	id = "/subscriptions/s1/resourcegroups/Rg";
	ck_assert(fleet_id_equal("/subscriptions/X/resourceGroups/a",
				 "/subscriptions/x/resourcegroups/A"));
	ck_assert(!fleet_id_equal("/a/b", "/a/bc"));
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = {"a", "0", "a-b", "auto-p-1-33-2-x"};
	static const char *const bad[] = {"",	 "-a",	"a-",  "A",	  "a_b",
					  "a.b", "a/b", "a b", "\xc3\xbc"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert(fleet_name_valid(good[i], 50));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!fleet_name_valid(bad[i], 50), "%s", bad[i]);
	ck_assert(fleet_name_valid("abc", 3));
	ck_assert(!fleet_name_valid("abcd", 3));
}
END_TEST

START_TEST(buffers_stop_at_their_cap)
{
	struct fleet_buf buf;

	fleet_buf_init(&buf, 10);
	ck_assert_str_eq(fleet_buf_text(&buf), "");
	ck_assert_int_eq(fleet_buf_adds(&buf, "12345"), 0);
	ck_assert_int_eq(fleet_buf_addf(&buf, "%d", 67890), 0);
	ck_assert_int_eq(fleet_buf_adds(&buf, ""), 0);
	ck_assert_int_eq(fleet_buf_add(&buf, "x", 1), FLEET_E_LIMIT);
	ck_assert(buf.failed);
	ck_assert_str_eq(fleet_buf_text(&buf), "1234567890");
	fleet_buf_clear(&buf);
	ck_assert_int_eq(fleet_buf_adds(&buf, "again"), 0);
	fleet_buf_wipe(&buf);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_uint_eq(buf.cap, 10);
	fleet_buf_finish(&buf);
}
END_TEST

START_TEST(arenas_stop_at_their_cap)
{
	struct fleet_arena arena;
	char *text;

	fleet_arena_init(&arena, 1024);
	text = fleet_arena_text(&arena, "hello", 3);
	ck_assert_str_eq(text, "hel");
	ck_assert_ptr_nonnull(fleet_arena_alloc(&arena, 0, 8));
	ck_assert_ptr_null(fleet_arena_alloc(&arena, SIZE_MAX, 2));
	ck_assert_ptr_null(fleet_arena_alloc(&arena, 1, 1024));
	ck_assert_ptr_nonnull(fleet_arena_alloc(&arena, 1, 512));
	fleet_arena_finish(&arena);
}
END_TEST

START_TEST(errors_are_one_safe_line)
{
	struct fleet_error error;

	ck_assert_int_eq(fleet_error_set(&error, FLEET_E_SERVICE, "a|b\n%s", "<c>"),
			 FLEET_E_SERVICE);
	ck_assert_str_eq(error.message, "a/b (c)");
	ck_assert_str_eq(error.hint, "");
	fleet_error_hint(&error, "do\n%s", "this");
	ck_assert_str_eq(error.hint, "do this");
	ck_assert_int_eq(fleet_error_set(NULL, FLEET_E_NOMEM, "x"), FLEET_E_NOMEM);
	fleet_error_hint(NULL, "x");
}
END_TEST

START_TEST(deadlines_only_come_nearer)
{
	struct fleet_deadline deadline = fleet_deadline_in(50);

	ck_assert_int_le(fleet_deadline_left_ms(deadline), 50);
	ck_assert_int_le(fleet_deadline_within(deadline, 100000).at_ms, deadline.at_ms);
	ck_assert(!fleet_deadline_sleep(deadline, 100000));
	ck_assert_int_eq(fleet_deadline_left_ms(deadline), 0);
	ck_assert_int_gt(fleet_deadline_left_ms(fleet_deadline_in(INT64_MAX)), 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text and base");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, times);
	tcase_add_test(all, every_day_of_a_century_comes_back);
	tcase_add_test(all, durations);
	tcase_add_test(all, durations_for_people);
	tcase_add_test(all, foreign_text_cannot_break_out);
	tcase_add_test(all, cuts_are_shown_and_fit);
	tcase_add_test(all, ids);
	tcase_add_test(all, names);
	tcase_add_test(all, buffers_stop_at_their_cap);
	tcase_add_test(all, arenas_stop_at_their_cap);
	tcase_add_test(all, errors_are_one_safe_line);
	tcase_add_test(all, deadlines_only_come_nearer);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
