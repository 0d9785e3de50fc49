/* SPDX-License-Identifier: MIT */
#include "worker_lives.h"

#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 60000
#define MOST_BRIEF 3 /* then it is done without */

void worker_lives_began(struct worker_lives *lives, int64_t now_ms)
{
	lives->began_ms = now_ms;
}

void worker_lives_ended(struct worker_lives *lives, int64_t now_ms, bool is_useless)
{
	bool is_brief = now_ms - lives->began_ms < WORKER_LIVES_LONG_MS;

	if (is_useless) {
		lives->brief = MOST_BRIEF;
		lives->due_ms = INT64_MAX;
		return;
	}
	/* After one that could do its work the next is due at once. */
	if (!is_brief)
		lives->pause_ms = 0;
	else
		lives->pause_ms = lives->brief == 0 ? FIRST_PAUSE_MS : 2 * lives->pause_ms;
	if (lives->pause_ms > LONGEST_PAUSE_MS)
		lives->pause_ms = LONGEST_PAUSE_MS;
	if (!is_brief)
		lives->brief = 0;
	else if (lives->brief < MOST_BRIEF)
		lives->brief++;
	lives->due_ms = now_ms + lives->pause_ms;
}

bool worker_lives_are_vain(const struct worker_lives *lives)
{
	return lives->brief >= MOST_BRIEF;
}

bool worker_lives_is_proven(const struct worker_lives *lives, int64_t now_ms)
{
	return now_ms - lives->began_ms >= WORKER_LIVES_LONG_MS;
}
