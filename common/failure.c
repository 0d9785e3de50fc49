/* SPDX-License-Identifier: MIT */
/* The table of the service's error codes. A code that stands for several causes is told apart by
 * words of its message; anything else stays unclassified, because only a known passing fault may
 * ever be retried without a person. */
#include <string.h>
#include <strings.h>

#include "failure.h"

#define DETAIL_DEPTH 4
#define MESSAGE_READ 4000 /* bytes of a message that are searched for words */

/* A cause of failures: what people call it, its class, and what to do about it. */
struct reason {
	const char *word;
	enum fleet_failure_class class;
	const char *hint;
};

static const struct reason pdb = {"pdb", FLEET_FAILURE_PDB,
				  "a disruption budget blocks the drain: free it or add replicas"};
static const struct reason quota = {"quota", FLEET_FAILURE_CAPACITY,
				    "raise the quota or free cores"};
static const struct reason sku = {"sku", FLEET_FAILURE_CAPACITY,
				  "the VM size cannot be had there now: wait or change it"};
static const struct reason subnet = {
	"subnet", FLEET_FAILURE_CAPACITY,
	"the subnet has no free addresses for surge nodes: enlarge it"};
static const struct reason busy = {"busy", FLEET_FAILURE_TRANSIENT,
				   "another operation was in progress: let it end"};
static const struct reason passing = {"passing", FLEET_FAILURE_TRANSIENT,
				      "a passing fault of the service"};
static const struct reason stopped = {"stopped", FLEET_FAILURE_STOPPED,
				      "start the cluster or skip the member"};
static const struct reason image = {
	"image", FLEET_FAILURE_AVAILABILITY,
	"the node image is not in the region yet: wait, or skip the member"};
static const struct reason version = {
	"version", FLEET_FAILURE_AVAILABILITY,
	"the Kubernetes version is not in the region yet: wait, or skip the member"};
static const struct reason lts = {
	"lts", FLEET_FAILURE_CONFIGURATION,
	"the cluster's support plan does not fit the version: change the plan or skip it"};
static const struct reason unsupported = {"unsupported", FLEET_FAILURE_CONFIGURATION,
					  "the cluster cannot go to this version: skip it"};
static const struct reason policy = {"policy", FLEET_FAILURE_CONFIGURATION,
				     "a policy or lock forbids the change: have it lifted"};
static const struct reason role = {"role", FLEET_FAILURE_AUTHORIZATION,
				   "an identity lacks a role on the named scope: grant it"};
static const struct reason look = {"unclassified", FLEET_FAILURE_UNCLASSIFIED,
				   "see the cluster's activity log for the cause, then decide"};
static const struct reason none = {"none", FLEET_FAILURE_NONE, ""};

struct rule {
	const char *code;  /* NULL: any of the codes in ambiguous[] */
	const char *words; /* must all be in the message, separated by "+"; NULL for none */
	const struct reason *reason;
};

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
	{"PodDrainFailure", NULL, &pdb},
	{"UnsatisfiablePDB", NULL, &pdb},
	{"NodeImageVersionNotAvailable", NULL, &image},
	{"KubernetesVersionNotAvailable", NULL, &version},
	{"SKUNotAvailable", NULL, &sku},
	{"AllocationFailed", NULL, &sku},
	{"ZonalAllocationFailed", NULL, &sku},
	{"OverconstrainedAllocationRequest", NULL, &sku},
	{"OverconstrainedZonalAllocationRequest", NULL, &sku},
	{"QuotaExceeded", NULL, &quota},
	{"InsufficientVCPUQuota", NULL, &quota},
	{"ErrCode_InsufficientVCPUQuota", NULL, &quota},
	{"PublicIPCountLimitReached", NULL, &quota},
	{"SubnetIsFull", NULL, &subnet},
	{"InsufficientSubnetSize", NULL, &subnet},
	{"InsufficientAgentPoolMaxPodsPerAgentPool", NULL, &subnet},
	{"AuthorizationFailed", NULL, &role},
	{"LinkedAuthorizationFailed", NULL, &role},
	{"RequestDisallowedByPolicy", NULL, &policy},
	{"ScopeLocked", NULL, &policy},
	/* Azure says the same of a version that only a support plan lacks. */
	{"K8sVersionNotSupported", "long-term support", &lts},
	{"AgentPoolK8sVersionNotSupported", "long-term support", &lts},
	{"K8sVersionNotSupported", NULL, &unsupported},
	{"AgentPoolK8sVersionNotSupported", NULL, &unsupported},
	{"ServiceUnavailable", NULL, &passing},
	{"GatewayTimeout", NULL, &passing},
	{"TooManyRequests", NULL, &passing},
	/* What needs a person comes first: a message may name a passing fault as well. */
	{NULL, "disruption budget", &pdb},
	{NULL, "poddisruptionbudget", &pdb},
	{NULL, "unsatisfiablepdb", &pdb},
	{NULL, "drain+pdb", &pdb},
	{NULL, "quota", &quota},
	{NULL, "subnet+full", &subnet},
	{NULL, "subnet+address", &subnet},
	{NULL, "skunotavailable", &sku},
	{NULL, "allocationfailed", &sku},
	{NULL, "allocation failed", &sku},
	{NULL, "insufficient capacity", &sku},
	{NULL, "authorizationfailed", &role},
	{NULL, "does not have authorization", &role},
	{NULL, "cluster+is stopped", &stopped},
	{NULL, "cluster+in stopped state", &stopped},
	{NULL, "power state+stopped", &stopped},
	{NULL, "powerstate+stopped", &stopped},
	{NULL, "cluster+not running", &stopped},
	{NULL, "long-term support", &lts},
	{NULL, "long term support", &lts},
	{NULL, "akslongtermsupport", &lts},
	{NULL, "only available for lts", &lts},
	{NULL, "version+not supported", &unsupported},
	{NULL, "disallowed by policy", &policy},
	{NULL, "node image+not available in region", &image},
	{NULL, "kubernetes version+not available in region", &version},
	{NULL, "another operation+in progress", &busy},
	{NULL, "aks-pending-operation", &busy},
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
	if (rule->code ? strcasecmp(code, rule->code) != 0 : !several)
		return false;
	return !rule->words || words_match(message, rule->words);
}

static const struct reason *classify(const struct fleet_error_detail *error, int depth)
{
	const struct reason *found = &look;
	bool several = is_ambiguous(error->code);
	char message[MESSAGE_READ + 1];

	lower(message, error->message);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rule_matches(&rules[i], error->code, message, several))
			return rules[i].reason;
	/* The cause of a vague error may be one of its details; a passing one counts only if
	 * nothing else is among them. */
	for (size_t i = 0; several && depth < DETAIL_DEPTH && i < error->detail_count; i++) {
		const struct reason *inner = classify(&error->details[i], depth + 1);

		if (inner->class == FLEET_FAILURE_UNCLASSIFIED)
			return &look;
		if (found->class == FLEET_FAILURE_UNCLASSIFIED ||
		    found->class == FLEET_FAILURE_TRANSIENT)
			found = inner;
	}
	return found;
}

struct fleet_failure fleet_failure_of(const struct fleet_error_detail *error)
{
	const struct reason *reason = fleet_error_detail_is_set(error) ? classify(error, 0) : &none;

	return (struct fleet_failure){
		.class = reason->class, .hint = reason->hint, .reason = reason->word};
}

const char *fleet_failure_hint(const struct fleet_error_detail *error, const char *otherwise)
{
	struct fleet_failure failure = fleet_failure_of(error);
	bool is_known =
		failure.class != FLEET_FAILURE_NONE && failure.class != FLEET_FAILURE_UNCLASSIFIED;

	return is_known ? failure.hint : otherwise;
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
