/* SPDX-License-Identifier: MIT */
/* Memory that outlives the worker. Whatever is changed last makes a change hold. */
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "worker_journal.h"

struct worker_journal *worker_journal_new(void)
{
	/* Most of it is never touched, and then it is none. */
	void *memory = mmap(NULL, sizeof(struct worker_journal), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void worker_journal_free(struct worker_journal *journal)
{
	if (journal)
		(void)munmap(journal, sizeof(*journal));
}

/* Both ends of a range change at once, after all that came before. */
static void set_range(union worker_range *range, size_t at, size_t len)
{
	const union worker_range changed = {.at = (uint32_t)at, .len = (uint32_t)len};

	atomic_signal_fence(memory_order_seq_cst);
	*(volatile uint64_t *)&range->word = changed.word;
	atomic_signal_fence(memory_order_seq_cst);
}

static void set_moving(struct worker_journal *journal, bool is_moving)
{
	atomic_signal_fence(memory_order_seq_cst);
	journal->is_moving = is_moving;
	atomic_signal_fence(memory_order_seq_cst);
}

void worker_journal_clear(struct worker_journal *journal)
{
	for (size_t i = 0; i < WORKER_SLOTS; i++)
		journal->lens[i] = 0;
	journal->next_slot = 0;
	worker_journal_take(journal, journal->in_range.len - journal->in_range.at);
	set_range(&journal->out_range, 0, 0);
	journal->is_ready = false;
}

const char *worker_journal_in(const struct worker_journal *journal, size_t *ret_len)
{
	*ret_len = journal->in_range.len - journal->in_range.at;
	return journal->in + journal->in_range.at;
}

/* Has what is untaken begin at the start of its buffer. The two places do not overlap: it is less
 * than a message, and what was taken before it is more. */
static void move_in(struct worker_journal *journal)
{
	const size_t at = journal->in_range.at, len = journal->in_range.len, rest = len - at;

	memcpy(journal->in, journal->in + at, rest);
	set_moving(journal, true);
	set_range(&journal->in_range, 0, rest);
	memset(journal->in + rest, 0, len - rest);
	set_moving(journal, false);
}

char *worker_journal_room(struct worker_journal *journal)
{
	if (journal->in_range.len > WORKER_IN_MAX - WORKER_CHUNK)
		move_in(journal);
	return journal->in + journal->in_range.len;
}

void worker_journal_came(struct worker_journal *journal, size_t len)
{
	set_range(&journal->in_range, journal->in_range.at, journal->in_range.len + len);
}

void worker_journal_take(struct worker_journal *journal, size_t len)
{
	const size_t end = journal->in_range.len;

	set_range(&journal->in_range, journal->in_range.at + len, end);
	if (journal->in_range.at < end || end == 0)
		return;
	/* Nothing is left: the buffer begins anew. */
	memset(journal->in, 0, end);
	set_range(&journal->in_range, 0, 0);
}

void worker_journal_recover(struct worker_journal *journal)
{
	static const char end[] = {1, 0, 0, 0};
	const size_t counted = journal->in_range.len;
	size_t last = WORKER_IN_MAX;

	if (journal->is_moving) {
		memset(journal->in + counted, 0, WORKER_IN_MAX - counted);
		set_moving(journal, false);
	}
	while (last > counted && journal->in[last - 1] == '\0')
		last--;
	if (last == counted)
		return;
	/* The last byte that is no NUL is the 1 of a message's end, unless a part of one came. */
	if (journal->in[last - 1] == end[0] && last + 3 <= WORKER_IN_MAX)
		last += 3;
	worker_journal_came(journal, last - counted);
}

int worker_journal_note(struct worker_journal *journal, const char *message, size_t len)
{
	size_t at = journal->next_slot;

	if (len > WORKER_SLOT_BYTES)
		return -1;
	/* The first free one: what is never used takes no memory. */
	while (at < WORKER_SLOTS && journal->lens[at])
		at++;
	journal->next_slot = at;
	if (at == WORKER_SLOTS)
		return -1;
	memcpy(journal->notes[at], message, len);
	journal->is_started[at] = false;
	atomic_signal_fence(memory_order_seq_cst);
	journal->lens[at] = (uint32_t)len;
	return (int)at;
}

bool worker_journal_has(const struct worker_journal *journal, const char *message, size_t len)
{
	for (size_t i = 0; i < WORKER_SLOTS; i++)
		if (journal->lens[i] == len && memcmp(journal->notes[i], message, len) == 0)
			return true;
	return false;
}

void worker_journal_forget(struct worker_journal *journal, int slot)
{
	if (slot < 0)
		return;
	journal->lens[slot] = 0;
	if ((size_t)slot < journal->next_slot)
		journal->next_slot = (size_t)slot;
}

const char *worker_journal_out(const struct worker_journal *journal, size_t *ret_len)
{
	*ret_len = journal->out_range.len - journal->out_range.at;
	return journal->out + journal->out_range.at;
}

bool worker_journal_add(struct worker_journal *journal, const char *bytes, size_t len)
{
	const size_t at = journal->out_range.at, rest = journal->out_range.len - at;

	/* What is not sent is moved only to where it does not overlap itself: while it is copied it
	 * has to stay. */
	if (journal->out_range.len + len > WORKER_OUT_MAX && rest <= at) {
		memcpy(journal->out, journal->out + at, rest);
		set_range(&journal->out_range, 0, rest);
	}
	if (journal->out_range.len + len > WORKER_OUT_MAX)
		return false;
	memcpy(journal->out + journal->out_range.len, bytes, len);
	set_range(&journal->out_range, journal->out_range.at, journal->out_range.len + len);
	return true;
}

void worker_journal_sent(struct worker_journal *journal, size_t n)
{
	const size_t at = journal->out_range.at + n, len = journal->out_range.len;

	if (at == len)
		set_range(&journal->out_range, 0, 0);
	else
		set_range(&journal->out_range, at, len);
}
