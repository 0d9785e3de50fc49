/* SPDX-License-Identifier: MIT */
/* What the token services answer, which is nearly the same everywhere, and never quite. */
#ifndef FLEETMON_TOKEN_ANSWER_H
#define FLEETMON_TOKEN_ANSWER_H

#include <stdint.h>

#include "buf.h"
#include "config.h"
#include "error.h"

struct json_object;

/* The text at KEY of the object BODY, "" when it has none. Belongs to BODY. */
const char *fleet_token_text(struct json_object *body, const char *key);

/*
 * For how many seconds from NOW_S a token holds, by "expires_in", else "expires_on" (seconds as a
 * number or a text; the date of RFC 3339, of HTTP, "11/05/2021 15:18:31 +00:00" or "1/2/2026
 * 3:04:05 PM +00:00"). At most FLEET_MAX_TOKEN_LIFE_S; ten minutes when nothing can be read.
 */
int64_t fleet_token_life(struct json_object *body, int64_t now_s);

/* Takes the token out of the good answer BODY of SERVICE ("the token service"), and its life.
 * Returns 0 or FLEET_E_AUTH. */
int fleet_token_accept(const struct fleet_config_credential *credential, const char *service,
		       struct json_object *body, struct fleet_buf *token, int64_t *ret_life_s,
		       struct fleet_error *error);

/* Overwrites the token in BODY: json-c keeps its own copy until the object is freed, and does not
 * wipe it. */
void fleet_token_forget(struct json_object *body);

#endif
