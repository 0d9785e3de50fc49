/* SPDX-License-Identifier: MIT */
/*
 * What is under way on one connection to the core, in memory that the worker shares with the
 * connection's holder: the worker's heir when it is killed (worker_heir.c). Bytes that came and are
 * no whole message yet, jobs without an answer, and answers that are not sent yet. It is sound
 * after each single instruction: whatever takes several is made to hold by one last store.
 */
#ifndef FLEETMON_WORKER_JOURNAL_H
#define FLEETMON_WORKER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker_message.h"

#define WORKER_CHUNK ((size_t)64 << 10) /* bytes read at once */
#define WORKER_IN_MAX (2 * WORKER_MESSAGE_MAX + WORKER_CHUNK)
#define WORKER_OUT_MAX ((size_t)16 << 20)
#define WORKER_SLOTS 4096
/* A longer job is lost with the worker: its core has to run it. With enable_environment_macros=1 a
 * job has all macros of Nagios, among them two outputs of 8 KiB. */
#define WORKER_SLOT_BYTES ((size_t)32 << 10)

/* Part of a buffer, from AT up to LEN; in one word, which changes in one store. */
union worker_range {
	struct {
		uint32_t at, len;
	};
	uint64_t word;
};

struct worker_journal {
	bool is_ready;	  /* the core has registered us */
	bool is_moving;	  /* what is past IN's length was counted before */
	size_t next_slot; /* none before it is free */
	union worker_range in_range, out_range;
	uint32_t lens[WORKER_SLOTS];   /* of the messages, 0: free */
	bool is_started[WORKER_SLOTS]; /* an action that runs, or has run */
	char notes[WORKER_SLOTS][WORKER_SLOT_BYTES];
	char in[WORKER_IN_MAX]; /* zero from the end of its range on */
	char out[WORKER_OUT_MAX];
};

/* An empty journal that is shared with children; NULL when there is no memory. */
struct worker_journal *worker_journal_new(void);
void worker_journal_free(struct worker_journal *journal);
void worker_journal_clear(struct worker_journal *journal);

/* What came and was not taken; *RET_LEN becomes how many bytes. */
const char *worker_journal_in(const struct worker_journal *journal, size_t *ret_len);
/* Where the next WORKER_CHUNK bytes may be received. Less than WORKER_MESSAGE_MAX may be untaken.
 */
char *worker_journal_room(struct worker_journal *journal);
/* Counts LEN bytes that were received there. */
void worker_journal_came(struct worker_journal *journal, size_t len);
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
/* What is to be sent; *RET_LEN becomes how many bytes. */
const char *worker_journal_out(const struct worker_journal *journal, size_t *ret_len);
/* Of which N bytes were sent. */
void worker_journal_sent(struct worker_journal *journal, size_t n);

#endif
