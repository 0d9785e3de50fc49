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

void worker_journal_clear(struct worker_journal *journal)
{
	for (size_t i = 0; i < WORKER_SLOTS; i++)
		journal->slots[i].len = 0;
	worker_journal_take(journal, journal->in_len);
	journal->out_len = 0;
	journal->out_sent = 0;
	journal->is_ready = false;
}

void worker_journal_take(struct worker_journal *journal, size_t len)
{
	size_t rest = journal->in_len - len;

	memmove(journal->in, journal->in + len, rest);
	memset(journal->in + rest, 0, len);
	journal->in_len = rest;
}

void worker_journal_recover(struct worker_journal *journal)
{
	static const char end[] = {1, 0, 0, 0};
	size_t last = WORKER_IN_MAX;

	while (last > journal->in_len && journal->in[last - 1] == '\0')
		last--;
	if (last == journal->in_len)
		return;
	/* The last byte that is no NUL is the 1 of a message's end, unless a part of one came. */
	if (journal->in[last - 1] == end[0] && last + 3 <= WORKER_IN_MAX)
		last += 3;
	journal->in_len = last;
}

int worker_journal_note(struct worker_journal *journal, const char *message, size_t len)
{
	if (len > WORKER_SLOT_BYTES)
		return -1;
	for (size_t i = 0; i < WORKER_SLOTS; i++) {
		size_t at = (journal->next + i) % WORKER_SLOTS;
		struct worker_slot *slot = &journal->slots[at];

		if (slot->len)
			continue;
		memcpy(slot->bytes, message, len);
		slot->is_started = 0;
		atomic_signal_fence(memory_order_release);
		slot->len = (uint32_t)len;
		journal->next = at + 1;
		return (int)at;
	}
	return -1;
}

bool worker_journal_has(const struct worker_journal *journal, const char *message, size_t len)
{
	for (size_t i = 0; i < WORKER_SLOTS; i++)
		if (journal->slots[i].len == len &&
		    memcmp(journal->slots[i].bytes, message, len) == 0)
			return true;
	return false;
}

void worker_journal_forget(struct worker_journal *journal, int slot)
{
	if (slot >= 0)
		journal->slots[slot].len = 0;
}

bool worker_journal_add(struct worker_journal *journal, const char *bytes, size_t len)
{
	if (journal->out_sent > 0 && journal->out_len + len > WORKER_OUT_MAX) {
		memmove(journal->out, journal->out + journal->out_sent,
			journal->out_len - journal->out_sent);
		journal->out_len -= journal->out_sent;
		journal->out_sent = 0;
	}
	if (journal->out_len + len > WORKER_OUT_MAX)
		return false;
	memcpy(journal->out + journal->out_len, bytes, len);
	atomic_signal_fence(memory_order_release);
	journal->out_len += len;
	return true;
}

void worker_journal_sent(struct worker_journal *journal, size_t n)
{
	journal->out_sent += n;
	if (journal->out_sent == journal->out_len) {
		journal->out_len = 0;
		journal->out_sent = 0;
	}
}
