/* SPDX-License-Identifier: MIT */
/* What a worker that is killed leaves to its heir: nothing twice, nothing lost. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../plugins/hosts/worker_journal.h"
#include "run_suite.h"

static const char job[] = "job_id=7\0type=0\0command=/x/check_fleet runs\0timeout=10";
static const char end[] = {1, 0, 0, 0};

static struct worker_journal *journal;

static void begin(void)
{
	journal = worker_journal_new();
	ck_assert_ptr_nonnull(journal);
}

static void finish(void)
{
	worker_journal_free(journal);
}

/* As recv does it, and then the process is killed before it counts what came. */
static void receive_uncounted(const char *bytes, size_t len)
{
	memcpy(worker_journal_room(journal), bytes, len);
}

static void receive(const char *bytes, size_t len)
{
	receive_uncounted(bytes, len);
	worker_journal_came(journal, len);
}

static void receive_message_uncounted(void)
{
	char whole[sizeof(job) + sizeof(end)];

	memcpy(whole, job, sizeof(job));
	memcpy(whole + sizeof(job), end, sizeof(end));
	receive_uncounted(whole, sizeof(whole));
}

static size_t in_len(void)
{
	size_t len;

	(void)worker_journal_in(journal, &len);
	return len;
}

static size_t out_len(void)
{
	size_t len;

	(void)worker_journal_out(journal, &len);
	return len;
}

START_TEST(a_child_sees_what_the_parent_noted_later)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		for (int i = 0; i < 5000 && !worker_journal_has(journal, job, sizeof(job)); i++)
			(void)usleep(1000);
		_exit(worker_journal_has(journal, job, sizeof(job)) ? 0 : 1);
	}
	ck_assert_int_ge(worker_journal_note(journal, job, sizeof(job)), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_job_is_noted_until_it_is_forgotten)
{
	int slot = worker_journal_note(journal, job, sizeof(job));

	ck_assert_int_ge(slot, 0);
	ck_assert(worker_journal_has(journal, job, sizeof(job)));
	ck_assert(!worker_journal_has(journal, job, sizeof(job) - 1));
	worker_journal_forget(journal, slot);
	ck_assert(!worker_journal_has(journal, job, sizeof(job)));
	worker_journal_forget(journal, -1);
}
END_TEST

START_TEST(a_full_journal_and_a_long_job_have_no_slot)
{
	static char longest[WORKER_SLOT_BYTES + 1];

	ck_assert_int_eq(worker_journal_note(journal, longest, sizeof(longest)), -1);
	for (int i = 0; i < WORKER_SLOTS; i++)
		ck_assert_int_ge(worker_journal_note(journal, longest, sizeof(longest) - 1), 0);
	ck_assert_int_eq(worker_journal_note(journal, job, sizeof(job)), -1);
	worker_journal_forget(journal, 17);
	ck_assert_int_eq(worker_journal_note(journal, job, sizeof(job)), 17);
}
END_TEST

START_TEST(bytes_that_came_uncounted_are_found)
{
	receive_message_uncounted();
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), sizeof(job) + sizeof(end));
	/* Counted once: looking again adds nothing. */
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), sizeof(job) + sizeof(end));
}
END_TEST

START_TEST(a_part_that_came_uncounted_is_continued)
{
	size_t len;

	receive_uncounted(job, 12);
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), 12);
	receive(job + 12, sizeof(job) - 12);
	receive_uncounted(end, sizeof(end));
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), sizeof(job) + sizeof(end));
	ck_assert_mem_eq(worker_journal_in(journal, &len), job, sizeof(job));
}
END_TEST

START_TEST(what_was_taken_does_not_come_back)
{
	receive_message_uncounted();
	worker_journal_recover(journal);
	worker_journal_take(journal, in_len());
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), 0);
}
END_TEST

/* Part of a message stays, and is moved: its bytes are the same, and nothing comes back that was
 * taken, even when the process is killed in the middle of it. */
START_TEST(a_long_message_finds_room)
{
	static char chunk[WORKER_CHUNK];
	size_t len;

	for (int round = 0; round < 100; round++) {
		memset(chunk, 'a' + round % 26, sizeof(chunk));
		receive(chunk, sizeof(chunk));
		if (round % 12 == 11)
			worker_journal_take(journal, in_len() - 7);
		ck_assert_int_eq(worker_journal_in(journal, &len)[len - 1], 'a' + round % 26);
		ck_assert_uint_lt(len, WORKER_MESSAGE_MAX);
	}
	(void)worker_journal_room(journal);
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), len);
	/* Killed after it was moved, before the old place was cleared. */
	memset(journal->in + journal->in_range.len, 'x', 1000);
	journal->is_moving = true;
	worker_journal_recover(journal);
	ck_assert_uint_eq(in_len(), len);
}
END_TEST

START_TEST(what_is_never_used_takes_no_memory)
{
	for (int i = 0; i < 3 * WORKER_SLOTS; i++) {
		int slot = worker_journal_note(journal, job, sizeof(job));

		ck_assert_int_eq(slot, 0);
		worker_journal_forget(journal, slot);
	}
}
END_TEST

START_TEST(answers_stay_until_they_are_sent)
{
	static char answer[WORKER_OUT_MAX / 4];
	const char *bytes;
	size_t len;

	memset(answer, 'a', sizeof(answer));
	for (int i = 0; i < 4; i++)
		ck_assert(worker_journal_add(journal, answer, sizeof(answer)));
	ck_assert(!worker_journal_add(journal, "b", 1));
	worker_journal_sent(journal, 2 * sizeof(answer) + 1);
	ck_assert(worker_journal_add(journal, "b", 1));
	bytes = worker_journal_out(journal, &len);
	ck_assert_uint_eq(len, 2 * sizeof(answer));
	ck_assert_int_eq(bytes[0], 'a');
	ck_assert_int_eq(bytes[len - 1], 'b');
	worker_journal_sent(journal, len);
	ck_assert_uint_eq(out_len(), 0);
}
END_TEST

START_TEST(a_new_connection_begins_with_nothing)
{
	(void)worker_journal_note(journal, job, sizeof(job));
	receive(job, sizeof(job));
	(void)worker_journal_add(journal, "b", 1);
	journal->is_ready = true;
	worker_journal_clear(journal);
	worker_journal_recover(journal);
	ck_assert(!worker_journal_has(journal, job, sizeof(job)));
	ck_assert_uint_eq(in_len() + out_len(), 0);
	ck_assert(!journal->is_ready);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_journal");
	TCase *tests = tcase_create("worker_journal");

	tcase_add_checked_fixture(tests, begin, finish);
	tcase_add_test(tests, a_child_sees_what_the_parent_noted_later);
	tcase_add_test(tests, a_job_is_noted_until_it_is_forgotten);
	tcase_add_test(tests, a_full_journal_and_a_long_job_have_no_slot);
	tcase_add_test(tests, bytes_that_came_uncounted_are_found);
	tcase_add_test(tests, a_part_that_came_uncounted_is_continued);
	tcase_add_test(tests, what_was_taken_does_not_come_back);
	tcase_add_test(tests, a_long_message_finds_room);
	tcase_add_test(tests, what_is_never_used_takes_no_memory);
	tcase_add_test(tests, answers_stay_until_they_are_sent);
	tcase_add_test(tests, a_new_connection_begins_with_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
