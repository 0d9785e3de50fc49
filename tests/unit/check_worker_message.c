/* SPDX-License-Identifier: MIT */
/* Messages of a monitoring core. What is expected is what Nagios Core writes and reads: the ends
 * and pairs of lib/worker.c and lib/kvvec.c, the keys of base/workers.c. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/hosts/worker_message.h"
#include "error.h"
#include "run_suite.h"

#define END "\1\0\0" /* and the NUL of the literal */
#define JOB "job_id=7\0type=0\0command=/p/check_fleet run --fleet f\0timeout=10\0"
#define LEN(LITERAL) (sizeof(LITERAL) - 1)
#define COUNT(LIST) (sizeof(LIST) / sizeof((LIST)[0]))

static struct fleet_buf out;

static void setup(void)
{
	fleet_buf_init(&out, (size_t)4 << 20);
}

static void teardown(void)
{
	fleet_buf_finish(&out);
}

/* ---- Where a message ends */

START_TEST(a_message_in_pieces)
{
	static const char message[] = JOB END;
	size_t whole = 99;

	for (size_t len = 0; len < sizeof(message); len++) {
		ck_assert_int_eq(worker_message_find(message, len, &whole), -1);
		ck_assert_uint_eq(whole, 99);
	}
	ck_assert_int_eq(worker_message_find(message, sizeof(message), &whole), (long)LEN(JOB));
	ck_assert_uint_eq(whole, sizeof(message));
}
END_TEST

START_TEST(several_messages_at_once)
{
	static const char bytes[] = "a=1\0" END "\0b=\0" END "\0" END "\0c";
	size_t at = 0, whole = 0;

	ck_assert_int_eq(worker_message_find(bytes, LEN(bytes), &whole), 4);
	at += whole;
	ck_assert_uint_eq(at, 8);
	ck_assert_int_eq(worker_message_find(bytes + at, LEN(bytes) - at, &whole), 3);
	at += whole;
	ck_assert_int_eq(worker_message_find(bytes + at, LEN(bytes) - at, &whole), 0);
	at += whole;
	ck_assert_int_eq(worker_message_find(bytes + at, LEN(bytes) - at, &whole), -1);
	ck_assert_int_eq(bytes[at], 'c');
}
END_TEST

/* A value may hold the byte 1, last too: the three NULs make an end of it. */
START_TEST(the_first_byte_of_an_end_within_values)
{
	static const char bytes[] = "a=\1\0b=\1\1x\1\0" END;
	static const char short_of_it[] = "a=\1\0\0b=\1\0c=1\0";
	size_t whole = 0;

	ck_assert_int_eq(worker_message_find(bytes, sizeof(bytes), &whole), 11);
	ck_assert_uint_eq(whole, 15);
	ck_assert_int_eq(worker_message_find(short_of_it, LEN(short_of_it), &whole), -1);
}
END_TEST

/* ---- What is a job */

struct reading {
	const char *name, *bytes;
	size_t len;
	bool is_job;
	long timeout_s;
};
#define READING(NAME, LITERAL, IS_JOB, TIMEOUT)              \
	{                                                    \
		NAME, LITERAL, LEN(LITERAL), IS_JOB, TIMEOUT \
	}
#define C "command=x\0"
#define I "job_id=0\0"

static const struct reading readings[] = {
	READING("as a core writes it", JOB, true, 10),
	READING("in another order", C "timeout=3\0" I, true, 3),
	/* lib/worker.c: "jobs without a timeout get a default of 60 seconds" */
	READING("no timeout", C I, true, 60),
	READING("a timeout of 0", C I "timeout=0\0", true, 60),
	/* base/workers.c writes %u: what a negative one in the configuration becomes. */
	READING("the longest timeout", C I "timeout=4294967295\0", true, WORKER_TIMEOUT_MAX_S),
	READING("one more than fits", C I "timeout=2147483648\0", true, WORKER_TIMEOUT_MAX_S),
	READING("just what fits", C I "timeout=2147483647\0", true, 2147483647),
	READING("as long as a number can be", C I "timeout=9223372036854775807\0", true,
		WORKER_TIMEOUT_MAX_S),
	READING("longer", C I "timeout=9223372036854775808\0", false, 0),
	READING("a timeout that is none", C I "timeout=\0", false, 0),
	READING("a negative one", C I "timeout=-1\0", false, 0),
	READING("one with a sign", C I "timeout=+1\0", false, 0),
	READING("one with a blank", C I "timeout= 1\0", false, 0),
	READING("one with a tail", C I "timeout=10s\0", false, 0),
	READING("another notation", C I "timeout=0x10\0", false, 0),
	READING("no job_id", C "timeout=1\0", false, 0),
	READING("a job_id that is none", C "job_id=x\0", false, 0),
	READING("a negative job_id", C "job_id=-1\0", false, 0),
	READING("an empty job_id", C "job_id=\0", false, 0),
	READING("no command", I "timeout=1\0", false, 0),
	READING("an empty command", I "command=\0", true, 60),
	READING("keys that begin alike", "commands=x\0" I "command\0", false, 0),
	READING("a key of which one is the end", "a_command=x\0" I, false, 0),
	READING("unknown keys", "x=1\0" C "=\0y\0" I, true, 60),
	READING("no NUL at the end", C "job_id=0", false, 0),
	READING("nothing", "", false, 0),
	READING("NULs", "\0\0\0\0", false, 0),
};

START_TEST(what_is_a_job)
{
	const struct reading *row = &readings[_i];
	struct worker_request request = {.timeout_s = -99};
	/* In memory of its own, so that a sanitizer sees a byte too far. */
	char *bytes = malloc(row->len ? row->len : 1);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, row->bytes, row->len);
	ck_assert_msg(worker_message_read(bytes, row->len, &request) == row->is_job, "%s",
		      row->name);
	ck_assert_int_eq(request.timeout_s, row->is_job ? row->timeout_s : -99);
	free(bytes);
}
END_TEST

START_TEST(the_parts_of_a_job)
{
	static const char bytes[] = JOB "env=NAGIOS_A=b c\nNAGIOS_D=\n\0";
	struct worker_request request;

	ck_assert(worker_message_read(bytes, LEN(bytes), &request));
	ck_assert_str_eq(request.command, "/p/check_fleet run --fleet f");
	ck_assert_str_eq(request.env, "NAGIOS_A=b c\nNAGIOS_D=\n");
	ck_assert_ptr_eq(request.bytes, bytes);
	ck_assert_uint_eq(request.len, LEN(bytes));
	ck_assert(worker_message_read(JOB, LEN(JOB), &request));
	ck_assert_ptr_null(request.env);
}
END_TEST

START_TEST(a_command_with_any_byte)
{
	static const char bytes[] = I "command=/p/c '\1\2=\xff\n' =\0timeout=2\0";
	struct worker_request request;

	ck_assert(worker_message_read(bytes, LEN(bytes), &request));
	ck_assert_str_eq(request.command, "/p/c '\1\2=\xff\n' =");
}
END_TEST

/* ---- Answers */

static struct worker_request request_of(const char *bytes, size_t len)
{
	struct worker_request request;

	ck_assert(worker_message_read(bytes, len, &request));
	return request;
}
#define REQUEST(LITERAL) request_of(LITERAL, LEN(LITERAL))

static void demand(const char *bytes, size_t len)
{
	ck_assert_uint_eq(out.len, len);
	ck_assert_mem_eq(out.data, bytes, len);
}
#define DEMAND(LITERAL) demand(LITERAL, sizeof(LITERAL))

START_TEST(a_whole_answer)
{
	const struct worker_request request = REQUEST(JOB);
	const struct worker_answer answer = {.start = {1700000000, 900000},
					     .stop = {1700000002, 400007},
					     .wait_status = 2 << 8,
					     .out = "RUN CRITICAL - x | a=1\nmore\n",
					     .out_len = 28,
					     .err = "oh",
					     .err_len = 2};

	ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
	DEMAND(JOB "wait_status=512\0start=1700000000.900000\0stop=1700000002.400007\0"
		   "runtime=1.500007\0exited_ok=1\0outerr=oh\0"
		   "outstd=RUN CRITICAL - x | a=1\nmore\n\0" END);
}
END_TEST

/* base/workers.c: ETIME is "timed out", and an error makes exited_ok what it is. */
START_TEST(an_answer_of_a_job_whose_time_is_over)
{
	const struct worker_request request = REQUEST(JOB);
	const struct worker_answer answer = {.start = {5, 0},
					     .stop = {15, 1},
					     .wait_status = 9,
					     .error_code = ETIME,
					     .out = "",
					     .err = ""};

	ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
	DEMAND(JOB "wait_status=9\0start=5.000000\0stop=15.000001\0runtime=10.000001\0"
		   "exited_ok=0\0error_code=62\0outerr=\0outstd=\0" END);
}
END_TEST

#define TAIL                                                                            \
	"wait_status=0\0start=0.000000\0stop=0.000000\0runtime=0.000000\0exited_ok=1\0" \
	"outerr="

/* Neither the macros, which a core does not want back, nor a pair that ends its reading. */
START_TEST(pairs_that_are_left_out)
{
	static const char bytes[] =
		"env=A=1\n\0" I "\0type=4\0\0environment=x\0env\0" C "env=B=2\n\0";
	const struct worker_request request = REQUEST(bytes);
	const struct worker_answer answer = {.out = "", .err = ""};

	ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
	DEMAND(I "type=4\0environment=x\0env\0" C TAIL "\0outstd=\0" END);
}
END_TEST

/* lib/worker.c, strip_nul_bytes: the output is what stands before the first NUL. */
START_TEST(nuls_in_the_output)
{
	static const struct {
		const char *out;
		size_t len;
		const char *want;
	} rows[] = {
		{"a\0b", 3, "a"}, {"\0ab", 3, ""},  {"ab\0", 3, "ab"},
		{"\0", 1, ""},	  {"abc", 2, "ab"}, {"a\1\0\0\0job_id=1", 13, "a\1"},
	};
	const struct worker_request request = REQUEST(I C);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct worker_answer answer = {.out = rows[i].out,
						     .out_len = rows[i].len,
						     .err = rows[i].out,
						     .err_len = rows[i].len};
		size_t whole = 0, want = strlen(rows[i].want);
		const char *text;

		fleet_buf_clear(&out);
		ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
		/* One message, and its end is the only one. */
		ck_assert_int_ge(worker_message_find(out.data, out.len, &whole), 0);
		ck_assert_uint_eq(whole, out.len);
		text = out.data + out.len - 4 - 1 - want;
		ck_assert_str_eq(text, rows[i].want);
		ck_assert_mem_eq(text - 7, "outstd=", 7);
		ck_assert_mem_eq(text - 8 - want - 7, "outerr=", 7);
	}
}
END_TEST

START_TEST(output_is_capped)
{
	const struct worker_request request = REQUEST(I C);
	const size_t most = WORKER_OUTPUT_MAX;
	char *text = malloc(most + 1);
	size_t lens[3];

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', most + 1);
	for (size_t i = 0; i < 3; i++) {
		const struct worker_answer answer = {
			.out = text, .out_len = most - 1 + i, .err = text, .err_len = most - 1 + i};

		fleet_buf_clear(&out);
		ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
		lens[i] = out.len;
	}
	ck_assert_uint_eq(lens[1], lens[0] + 2);
	ck_assert_uint_eq(lens[2], lens[1]);
	/* Nagios reads answers into 1 MiB. */
	ck_assert_uint_lt(lens[1], (size_t)1 << 20);
	free(text);
}
END_TEST

/* Past the cap of what waits to be sent nothing of it counts. */
START_TEST(an_answer_that_does_not_fit)
{
	const struct worker_request request = REQUEST(JOB);
	const struct worker_answer answer = {.out = "text", .out_len = 4, .err = ""};
	struct fleet_buf small;
	size_t len;

	ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
	len = out.len;
	for (size_t cap = 0; cap <= len; cap++) {
		fleet_buf_init(&small, cap);
		ck_assert_int_eq(worker_message_answer(&request, &answer, &small),
				 cap < len ? FLEET_E_LIMIT : 0);
		fleet_buf_finish(&small);
	}
}
END_TEST

/* A clock that was set back while the job ran. */
START_TEST(a_job_that_ended_before_it_began)
{
	const struct worker_request request = REQUEST(I C);
	const struct worker_answer answer = {
		.start = {100, 500000}, .stop = {99, 0}, .out = "", .err = ""};

	ck_assert_int_eq(worker_message_answer(&request, &answer, &out), 0);
	DEMAND(I C "wait_status=0\0start=100.500000\0stop=99.000000\0runtime=-1.500000\0"
		   "exited_ok=1\0outerr=\0outstd=\0" END);
}
END_TEST

START_TEST(a_line_for_the_log)
{
	ck_assert_int_eq(worker_message_log("hello", &out), 0);
	DEMAND("log=hello\0" END);
	fleet_buf_finish(&out);
	fleet_buf_init(&out, 13);
	ck_assert_int_eq(worker_message_log("hello", &out), FLEET_E_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_message");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_message_in_pieces);
	tcase_add_test(all, several_messages_at_once);
	tcase_add_test(all, the_first_byte_of_an_end_within_values);
	tcase_add_loop_test(all, what_is_a_job, 0, (int)COUNT(readings));
	tcase_add_test(all, the_parts_of_a_job);
	tcase_add_test(all, a_command_with_any_byte);
	tcase_add_test(all, a_whole_answer);
	tcase_add_test(all, an_answer_of_a_job_whose_time_is_over);
	tcase_add_test(all, pairs_that_are_left_out);
	tcase_add_test(all, nuls_in_the_output);
	tcase_add_test(all, output_is_capped);
	tcase_add_test(all, an_answer_that_does_not_fit);
	tcase_add_test(all, a_job_that_ended_before_it_began);
	tcase_add_test(all, a_line_for_the_log);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
