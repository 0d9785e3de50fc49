/* SPDX-License-Identifier: MIT */
/*
 * What is under way on one connection to the core, in memory that the worker shares with the
 * connection's holder: the worker's heir when it is killed (worker_heir.c). Bytes that came and are
 * no whole message yet, jobs without an answer, and answers that are not sent yet.
 */
#ifndef FLEETMON_WORKER_JOURNAL_H
#define FLEETMON_WORKER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker_message.h"

#define WORKER_CHUNK ((size_t)64 << 10) /* bytes read at once */
#define WORKER_IN_MAX (WORKER_MESSAGE_MAX + WORKER_CHUNK)
#define WORKER_OUT_MAX ((size_t)16 << 20)
#define WORKER_SLOTS 4096
#define WORKER_SLOT_BYTES 2032 /* a longer job is lost with the worker: its core has to run it */

struct worker_slot {
	uint32_t len;	     /* of the message, 0: free */
	uint32_t is_started; /* an action that runs, or has run */
	char bytes[WORKER_SLOT_BYTES];
};

struct worker_journal {
	bool is_ready; /* the core has registered us */
	size_t in_len;
	size_t out_len, out_sent;
	size_t next; /* slot that is looked at first */
	struct worker_slot slots[WORKER_SLOTS];
	char in[WORKER_IN_MAX]; /* zero from in_len on */
	char out[WORKER_OUT_MAX];
};

/* An empty journal that is shared with children; NULL when there is no memory. */
struct worker_journal *worker_journal_new(void);
void worker_journal_free(struct worker_journal *journal);
void worker_journal_clear(struct worker_journal *journal);

/* Forgets the first LEN bytes that came. */
void worker_journal_take(struct worker_journal *journal, size_t len);

/* Counts bytes in that came but were not counted, when whoever read them was killed. */
void worker_journal_recover(struct worker_journal *journal);

/* Notes a job, a message of LEN bytes. Returns its slot, -1 when there is none for it. */
int worker_journal_note(struct worker_journal *journal, const char *message, size_t len);
/* Is there a note of this very message? */
bool worker_journal_has(const struct worker_journal *journal, const char *message, size_t len);
void worker_journal_forget(struct worker_journal *journal, int slot);

/* Adds LEN bytes to what is to be sent. False when there is no room. */
bool worker_journal_add(struct worker_journal *journal, const char *bytes, size_t len);
/* Of which N bytes were sent. */
void worker_journal_sent(struct worker_journal *journal, size_t n);

#endif
