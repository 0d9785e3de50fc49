/* SPDX-License-Identifier: MIT */
/*
 * A payload is one list of a fleet (its runs, its gates ...) in the compact form that snapshots
 * hold and views read: what the model needs, not the raw JSON. Each item can be decoded by itself,
 * so a check pays for the run it looks at and not for the hundred others.
 *
 * One table of fields (fields.c) drives everything here: reading JSON, packing, unpacking, hashing.
 * A new field of the service is one new row there.
 */
#ifndef FLEETMON_PAYLOAD_H
#define FLEETMON_PAYLOAD_H

#include "arena.h"
#include "buf.h"
#include "error.h"
#include "model.h"

struct json_object;

/* A list being made from the service's answers. */
struct fleet_payload_writer {
	enum fleet_kind kind;
	size_t count;
	struct fleet_buf index; /* an entry for each item */
	struct fleet_buf body;	/* names and packed items */
	uint32_t *slots;	/* by hash of the name: item + 1; an item that two pages repeat
				   counts once */
	size_t slot_count;
};

/* A payload that lies in memory; nothing is copied, BYTES must live as long as the payload. */
struct fleet_payload {
	enum fleet_kind kind;
	size_t count;
	const unsigned char *bytes;
	size_t len;
	const unsigned char *index; /* where the entries of the items begin */
};

/* What can be known of an item without decoding it. */
struct fleet_payload_item {
	const char *name;	       /* clusters, whose names repeat: the id in lower case */
	enum fleet_update_state state; /* runs only, else ABSENT */
	int64_t created_s;	       /* systemData.createdAt, 0 when absent */
	int64_t start_s;	       /* runs: when it started, 0 when it has not */
	const char *profile;	       /* runs: name of the auto-upgrade profile, "" when none */
	uint64_t progress;    /* hash of what counts as progress: states, times, operations,
				 gates; not message texts, which may carry a countdown */
	int64_t changed_s;    /* when we saw PROGRESS change, 0 while we never saw it change */
	int64_t first_seen_s; /* when we first saw this item, 0 when unknown */
	int64_t last_s;	      /* runs: the newest start or end in the tree, 0 when it has none */
	uint64_t line;	      /* runs: the same for runs of one upgrade type and one profile, else
				 one strategy: they follow each other; 0 for other kinds */
	bool is_clean;	      /* runs: Completed, and nothing in it is worth a word */
};

/* Starts a payload of KIND. Finish with fleet_payload_writer_finish whatever happens. */
int fleet_payload_writer_init(struct fleet_payload_writer *writer, enum fleet_kind kind);
void fleet_payload_writer_finish(struct fleet_payload_writer *writer);

/*
 * Adds one resource as the service sent it. Fields of any api-version since 2023-10-15 are
 * understood, unknown ones ignored; a field of the wrong JSON type, an item without a name, or
 * anything over a cap of model.h is an error that names the path ("properties.status.stages[3]").
 * Returns 0, FLEET_E_PROTOCOL, FLEET_E_LIMIT or FLEET_E_NOMEM.
 */
int fleet_payload_add_json(struct fleet_payload_writer *writer, struct json_object *resource,
			   struct fleet_error *error);

/* Adds ITEM, a struct of the writer's kind (struct fleet_run for runs, ...) in which no text is
 * NULL. One of a name that is there already changes nothing. Returns as fleet_payload_add_json. */
int fleet_payload_add(struct fleet_payload_writer *writer, const void *item,
		      struct fleet_error *error);

/*
 * Ends the list and appends the whole payload to OUT. Where PREVIOUS (may be NULL) holds an item of
 * the same name, its first_seen_s is carried over, and changed_s too when the progress hash is the
 * same; when the hash differs changed_s is NOW_S. Items that PREVIOUS lacks get first_seen_s NOW_S
 * when there is a PREVIOUS, 0 when there is none; rows of an estate get NOW_S in both cases.
 */
int fleet_payload_write(struct fleet_payload_writer *writer, const struct fleet_payload *previous,
			int64_t now_s, struct fleet_buf *out);

/* Opens a payload in memory, checking every length before use (the bytes count as hostile).
 * Returns 0 or FLEET_E_PROTOCOL. */
int fleet_payload_open(const void *bytes, size_t len, struct fleet_payload *ret_payload);

/* Describes item I. Texts point into the payload. Returns 0 or FLEET_E_PROTOCOL. */
int fleet_payload_item(const struct fleet_payload *payload, size_t i,
		       struct fleet_payload_item *ret_item);

/* Room for a decoded item of any kind; each begins with its resource. */
union fleet_item {
	struct fleet_resource resource;
	struct fleet_fleet fleet;
	struct fleet_run run;
	struct fleet_member member;
	struct fleet_gate gate;
	struct fleet_profile profile;
	struct fleet_strategy strategy;
	struct fleet_cluster cluster;
	struct fleet_estate_row estate;
	struct fleet_history_item history;
	struct fleet_action_item action;
};

/*
 * Decodes item I into OUT, a struct of the payload's kind (struct fleet_run for runs, ...); lists
 * go to ARENA, texts point into the payload. Returns 0, FLEET_E_PROTOCOL or FLEET_E_NOMEM.
 */
int fleet_payload_decode(const struct fleet_payload *payload, size_t i, struct fleet_arena *arena,
			 void *out);

/* The size of the struct that a KIND decodes to (sizeof(struct fleet_run), ...). */
size_t fleet_kind_size(enum fleet_kind kind);

/*
 * Parses TEXT (LEN bytes) as one JSON value with the caps of model.h; trailing bytes are an error,
 * a UTF-8 BOM is skipped. The caller owns the result and frees it with json_object_put.
 * Returns 0, FLEET_E_PROTOCOL (with what is wrong and where) or FLEET_E_LIMIT.
 */
int fleet_json_parse(const char *text, size_t len, struct json_object **ret_value,
		     struct fleet_error *error);

/* The same for what a person wrote into a file; messages say so. */
int fleet_json_parse_file(const char *text, size_t len, struct json_object **ret_value,
			  struct fleet_error *error);

/*
 * Reads an error body in any of the shapes ARM and the resource provider use: {"error":{...}}, a
 * bare {"code","message"}, an operation's {"status","error"}, an odata error, "message" as
 * {lang,value}; what its details and inner errors add stands in brackets behind the message. Fills
 * service_code and message of ERROR, leaves them when there is nothing to read.
 */
void fleet_json_error(struct json_object *body, char *code, size_t code_size, char *message,
		      size_t message_size);

#endif
