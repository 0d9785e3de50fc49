/* SPDX-License-Identifier: MIT */
/*
 * The one table of fields: for every struct of the model where each field stands in the service's
 * JSON and in the struct. Reading JSON, packing, unpacking and hashing all walk it. Private to the
 * payload code.
 */
#ifndef FLEETMON_FIELDS_H
#define FLEETMON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

enum fleet_field_type {
	FLEET_FIELD_TEXT,   /* const char * */
	FLEET_FIELD_TIME,   /* int64_t seconds, from a date-time text */
	FLEET_FIELD_INT,    /* int64_t, from a number or a text of digits: both occur */
	FLEET_FIELD_BOOL,   /* bool */
	FLEET_FIELD_HAS,    /* bool: the path is there; not read further */
	FLEET_FIELD_STATE,  /* struct fleet_status: state and state_text */
	FLEET_FIELD_STRUCT, /* a struct inside this one */
	FLEET_FIELD_LIST,   /* pointer and count, from an array */
	FLEET_FIELD_MAP,    /* pointer and count of struct fleet_label, from an object */
};

struct fleet_table;

struct fleet_field {
	enum fleet_field_type type;
	const char *path; /* dotted, from the object of the table; "" is that value itself */
	size_t offset;
	size_t count_offset;	       /* LIST, MAP */
	const struct fleet_table *sub; /* STRUCT, LIST, MAP */
	size_t max;		       /* LIST, MAP: most items */
	bool progress;		       /* part of what counts as a change of the run */
	bool second;		       /* another place for a field that an earlier row packs */
	bool number;		       /* TEXT: a whole number will do as well */
};

struct fleet_table {
	const char *name;
	size_t size;
	const struct fleet_field *fields;
	size_t count;
};

/* The table of a kind. */
const struct fleet_table *fleet_table_of(enum fleet_kind kind);

/* A number that differs whenever a table differs: payloads carry it, so that one made by another
 * version is never misread. */
uint64_t fleet_table_stamp(enum fleet_kind kind);

#endif
