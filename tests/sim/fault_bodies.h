/* SPDX-License-Identifier: MIT */
/* Bodies that hurt a careless client. */
#ifndef FLEETSIM_FAULT_BODIES_H
#define FLEETSIM_FAULT_BODIES_H

#include <json-c/json.h>

#include "text.h"

/* Each appends to an empty buffer. */
void sim_body_huge(struct sim_buf *out, size_t bytes);
void sim_body_deep(struct sim_buf *out, size_t depth);
void sim_body_duplicate_keys(struct sim_buf *out, struct json_object *value);
void sim_body_wrong_types(struct sim_buf *out, struct json_object *value);

/* A gzip stream that unpacks to a JSON list of the given number of bytes. */
void sim_body_gzip_bomb(struct sim_buf *out, size_t bytes);

#endif
