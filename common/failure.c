/* SPDX-License-Identifier: MIT */
/* The table of the service's error codes. A code that stands for several causes is told apart by
 * words of its message; anything else stays unclassified, because only a known passing fault may
 * ever be retried without a person. */
#include <string.h>
#include <strings.h>

#include "failure.h"

#define DETAIL_DEPTH 4
#define MESSAGE_READ 4000 /* bytes of a message that are searched for words */

struct rule {
	const char *code;  /* NULL: any of the codes in ambiguous[] */
	const char *words; /* must all be in the message, separated by "+"; NULL for none */
	enum fleet_failure_class class;
	const char *hint;
};

static const char hint_pdb[] = "a disruption budget blocks the drain: free it or add replicas";
static const char hint_quota[] = "raise the quota or free cores";
static const char hint_sku[] = "the VM size cannot be had there now: wait or change it";
static const char hint_subnet[] = "the subnet has no free addresses for surge nodes: enlarge it";
static const char hint_busy[] = "another operation was in progress: let it end";
static const char hint_passing[] = "a passing fault of the service";
static const char hint_stopped[] = "start the cluster or skip the member";
static const char hint_image[] =
	"the node image is not in the region yet: wait, or skip the member";
static const char hint_version[] =
	"the Kubernetes version is not in the region yet: wait, or skip the member";
static const char hint_lts[] =
	"the cluster's support plan does not fit the version: change the plan or skip it";
static const char hint_unsupported[] = "the cluster cannot go to this version: skip it";
static const char hint_policy[] = "a policy or lock forbids the change: have it lifted";
static const char hint_role[] = "an identity lacks a role on the named scope: grant it";
static const char hint_look[] = "see the cluster's activity log for the cause, then decide";

/* These codes say only that an operation failed; the message says why. */
static const char *const ambiguous[] = {
	"UpgradeFailed",
	"OperationNotAllowed",
	"ReconcileVMSSAgentPoolFailed",
	"AgentPoolUpgradeFailed",
	"ControlPlaneUpgradeFailed",
	"BadRequest",
	"InvalidParameter",
	"Conflict",
	"InternalOperationError",
	"EtagMismatch",
};

static const struct rule rules[] = {
	{"PodDrainFailure", NULL, FLEET_FAILURE_PDB, hint_pdb},
	{"UnsatisfiablePDB", NULL, FLEET_FAILURE_PDB, hint_pdb},
	{"NodeImageVersionNotAvailable", NULL, FLEET_FAILURE_AVAILABILITY, hint_image},
	{"KubernetesVersionNotAvailable", NULL, FLEET_FAILURE_AVAILABILITY, hint_version},
	{"SKUNotAvailable", NULL, FLEET_FAILURE_CAPACITY, hint_sku},
	{"AllocationFailed", NULL, FLEET_FAILURE_CAPACITY, hint_sku},
	{"ZonalAllocationFailed", NULL, FLEET_FAILURE_CAPACITY, hint_sku},
	{"OverconstrainedAllocationRequest", NULL, FLEET_FAILURE_CAPACITY, hint_sku},
	{"OverconstrainedZonalAllocationRequest", NULL, FLEET_FAILURE_CAPACITY, hint_sku},
	{"QuotaExceeded", NULL, FLEET_FAILURE_CAPACITY, hint_quota},
	{"InsufficientVCPUQuota", NULL, FLEET_FAILURE_CAPACITY, hint_quota},
	{"ErrCode_InsufficientVCPUQuota", NULL, FLEET_FAILURE_CAPACITY, hint_quota},
	{"PublicIPCountLimitReached", NULL, FLEET_FAILURE_CAPACITY, hint_quota},
	{"SubnetIsFull", NULL, FLEET_FAILURE_CAPACITY, hint_subnet},
	{"InsufficientSubnetSize", NULL, FLEET_FAILURE_CAPACITY, hint_subnet},
	{"InsufficientAgentPoolMaxPodsPerAgentPool", NULL, FLEET_FAILURE_CAPACITY, hint_subnet},
	{"AuthorizationFailed", NULL, FLEET_FAILURE_AUTHORIZATION, hint_role},
	{"LinkedAuthorizationFailed", NULL, FLEET_FAILURE_AUTHORIZATION, hint_role},
	{"RequestDisallowedByPolicy", NULL, FLEET_FAILURE_CONFIGURATION, hint_policy},
	{"ScopeLocked", NULL, FLEET_FAILURE_CONFIGURATION, hint_policy},
	{"K8sVersionNotSupported", NULL, FLEET_FAILURE_CONFIGURATION, hint_unsupported},
	{"AgentPoolK8sVersionNotSupported", NULL, FLEET_FAILURE_CONFIGURATION, hint_unsupported},
	{"ServiceUnavailable", NULL, FLEET_FAILURE_TRANSIENT, hint_passing},
	{"GatewayTimeout", NULL, FLEET_FAILURE_TRANSIENT, hint_passing},
	{"TooManyRequests", NULL, FLEET_FAILURE_TRANSIENT, hint_passing},
	/* What needs a person comes first: a message may name a passing fault as well. */
	{NULL, "disruption budget", FLEET_FAILURE_PDB, hint_pdb},
	{NULL, "poddisruptionbudget", FLEET_FAILURE_PDB, hint_pdb},
	{NULL, "unsatisfiablepdb", FLEET_FAILURE_PDB, hint_pdb},
	{NULL, "drain+pdb", FLEET_FAILURE_PDB, hint_pdb},
	{NULL, "quota", FLEET_FAILURE_CAPACITY, hint_quota},
	{NULL, "subnet+full", FLEET_FAILURE_CAPACITY, hint_subnet},
	{NULL, "subnet+address", FLEET_FAILURE_CAPACITY, hint_subnet},
	{NULL, "skunotavailable", FLEET_FAILURE_CAPACITY, hint_sku},
	{NULL, "allocationfailed", FLEET_FAILURE_CAPACITY, hint_sku},
	{NULL, "allocation failed", FLEET_FAILURE_CAPACITY, hint_sku},
	{NULL, "insufficient capacity", FLEET_FAILURE_CAPACITY, hint_sku},
	{NULL, "authorizationfailed", FLEET_FAILURE_AUTHORIZATION, hint_role},
	{NULL, "does not have authorization", FLEET_FAILURE_AUTHORIZATION, hint_role},
	{NULL, "cluster+is stopped", FLEET_FAILURE_STOPPED, hint_stopped},
	{NULL, "cluster+in stopped state", FLEET_FAILURE_STOPPED, hint_stopped},
	{NULL, "power state+stopped", FLEET_FAILURE_STOPPED, hint_stopped},
	{NULL, "powerstate+stopped", FLEET_FAILURE_STOPPED, hint_stopped},
	{NULL, "cluster+not running", FLEET_FAILURE_STOPPED, hint_stopped},
	{NULL, "long-term support", FLEET_FAILURE_CONFIGURATION, hint_lts},
	{NULL, "long term support", FLEET_FAILURE_CONFIGURATION, hint_lts},
	{NULL, "akslongtermsupport", FLEET_FAILURE_CONFIGURATION, hint_lts},
	{NULL, "only available for lts", FLEET_FAILURE_CONFIGURATION, hint_lts},
	{NULL, "version+not supported", FLEET_FAILURE_CONFIGURATION, hint_unsupported},
	{NULL, "disallowed by policy", FLEET_FAILURE_CONFIGURATION, hint_policy},
	{NULL, "node image+not available in region", FLEET_FAILURE_AVAILABILITY, hint_image},
	{NULL, "kubernetes version+not available in region", FLEET_FAILURE_AVAILABILITY,
	 hint_version},
	{NULL, "another operation+in progress", FLEET_FAILURE_TRANSIENT, hint_busy},
	{NULL, "aks-pending-operation", FLEET_FAILURE_TRANSIENT, hint_busy},
};

static const struct {
	enum fleet_failure_class class;
	const char *name;
} names[] = {
	{FLEET_FAILURE_NONE, "none"},
	{FLEET_FAILURE_TRANSIENT, "transient"},
	{FLEET_FAILURE_AVAILABILITY, "availability"},
	{FLEET_FAILURE_PDB, "pdb"},
	{FLEET_FAILURE_CAPACITY, "capacity"},
	{FLEET_FAILURE_STOPPED, "stopped"},
	{FLEET_FAILURE_CONFIGURATION, "configuration"},
	{FLEET_FAILURE_AUTHORIZATION, "authorization"},
	{FLEET_FAILURE_UNCLASSIFIED, "unclassified"},
};

/* The first bytes of TEXT in lower case, so that thirty searches need not fold case each. */
static void lower(char *out, const char *text)
{
	size_t len = strnlen(text, MESSAGE_READ);

	for (size_t i = 0; i < len; i++)
		out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	out[len] = '\0';
}

static bool words_match(const char *message, const char *words)
{
	size_t message_len = strlen(message);

	while (*words) {
		size_t len = strcspn(words, "+");

		if (!memmem(message, message_len, words, len))
			return false;
		words += len + (words[len] == '+');
	}
	return true;
}

static bool is_ambiguous(const char *code)
{
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(ambiguous[0]); i++)
		if (strcasecmp(code, ambiguous[i]) == 0)
			return true;
	return false;
}

static bool rule_matches(const struct rule *rule, const char *code, const char *message,
			 bool several)
{
	if (rule->code)
		return strcasecmp(code, rule->code) == 0;
	return several && words_match(message, rule->words);
}

static struct fleet_failure classify(const struct fleet_error_detail *error, int depth)
{
	struct fleet_failure failure = {FLEET_FAILURE_UNCLASSIFIED, hint_look};
	bool several = is_ambiguous(error->code);
	char message[MESSAGE_READ + 1];

	lower(message, several ? error->message : "");
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rule_matches(&rules[i], error->code, message, several))
			continue;
		failure.class = rules[i].class;
		failure.hint = rules[i].hint;
		return failure;
	}
	/* The cause of a vague error may be one of its details; a passing one counts only if
	 * nothing else is among them. */
	for (size_t i = 0; several && depth < DETAIL_DEPTH && i < error->detail_count; i++) {
		struct fleet_failure inner = classify(&error->details[i], depth + 1);

		if (inner.class == FLEET_FAILURE_UNCLASSIFIED)
			return (struct fleet_failure){FLEET_FAILURE_UNCLASSIFIED, hint_look};
		if (failure.class == FLEET_FAILURE_UNCLASSIFIED ||
		    failure.class == FLEET_FAILURE_TRANSIENT)
			failure = inner;
	}
	return failure;
}

struct fleet_failure fleet_failure_of(const struct fleet_error_detail *error)
{
	if (!fleet_error_detail_is_set(error))
		return (struct fleet_failure){FLEET_FAILURE_NONE, ""};
	return classify(error, 0);
}

const char *fleet_failure_class_name(enum fleet_failure_class class)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].class == class)
			return names[i].name;
	return "unclassified";
}

enum fleet_failure_class fleet_failure_class_from(const char *word)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, word) == 0)
			return names[i].class;
	return FLEET_FAILURE_NONE;
}
