/* SPDX-License-Identifier: MIT */
/* Why clusters fail to update: the service's error codes, what class each is, and what to do. */
#ifndef FLEETMON_FAILURE_H
#define FLEETMON_FAILURE_H

#include <stdbool.h>

#include "model.h"

enum fleet_failure_class {
	FLEET_FAILURE_NONE = 0,
	FLEET_FAILURE_TRANSIENT,     /* another operation in progress, a passing fault */
	FLEET_FAILURE_AVAILABILITY,  /* image or version not in the region yet */
	FLEET_FAILURE_PDB,	     /* a pod disruption budget blocks a drain */
	FLEET_FAILURE_CAPACITY,	     /* quota, SKU, allocation, subnet full */
	FLEET_FAILURE_STOPPED,	     /* the cluster is powered off */
	FLEET_FAILURE_CONFIGURATION, /* LTS mismatch, unsupported version, policy */
	FLEET_FAILURE_AUTHORIZATION,
	FLEET_FAILURE_UNCLASSIFIED, /* a code we do not know: a person decides */
};
#define FLEET_FAILURE_COUNT 9

struct fleet_failure {
	enum fleet_failure_class class;
	const char *hint;   /* what to do, "" when there is nothing to say; static */
	const char *reason; /* one word, finer than the class: "pdb", "quota", "subnet", "sku",
			       "busy", "passing", "stopped", "image", "version", "lts",
			       "unsupported", "policy", "role", "unclassified", "none"; static */
};

/*
 * Classifies an error of a member by its code, then, where a code is used for several causes
 * (UpgradeFailed, OperationNotAllowed), by words of its message. Pure.
 */
struct fleet_failure fleet_failure_of(const struct fleet_error_detail *error);

/* What to do about ERROR where its code is known, else OTHERWISE. */
const char *fleet_failure_hint(const struct fleet_error_detail *error, const char *otherwise);

/* "transient", "pdb", ...: the word that policy files and output use. Static. */
const char *fleet_failure_class_name(enum fleet_failure_class class);

/* The class that WORD names, or FLEET_FAILURE_NONE. */
enum fleet_failure_class fleet_failure_class_from(const char *word);

#endif
