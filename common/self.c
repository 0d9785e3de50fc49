/* SPDX-License-Identifier: MIT */
/* The life of what was found of the monitoring itself. */
#include <stdlib.h>

#include "model.h"
#include "self.h"

struct fleet_self *fleet_self_new(void)
{
	static const struct fleet_self_finding unknown = {.message = "", .hint = ""};
	static const struct fleet_self_worker no_worker = {
		.finding = {.message = "", .hint = ""},
		.pid = FLEET_ABSENT,
		.started_s = FLEET_ABSENT,
		.connections = FLEET_ABSENT,
		.checks = FLEET_ABSENT,
		.programs = FLEET_ABSENT,
		.timeouts = FLEET_ABSENT,
		.crashes = FLEET_ABSENT,
		.lost = FLEET_ABSENT,
		.runners = FLEET_ABSENT,
		.waiting = FLEET_ABSENT,
		.latency_p99_ms = FLEET_ABSENT,
		.written_s = FLEET_ABSENT,
	};
	struct fleet_self *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->version = self->config_path = self->oldest_intent = "";
	self->modules_found = self->policy = self->ledger = self->history = unknown;
	self->worker = no_worker;
	self->open_intents = self->oldest_intent_s = FLEET_ABSENT;
	fleet_arena_init(&self->arena, FLEET_SELF_MAX_MEMORY);
	return self;
}

void fleet_self_free(struct fleet_self *self)
{
	if (!self)
		return;
	fleet_arena_finish(&self->arena);
	free(self);
}
