/* SPDX-License-Identifier: MIT */
/* What was found of credentials -> parts of a result. */
#include <stdio.h>
#include <string.h>

#include "demand.h"
#include "identities.h"
#include "model.h"
#include "report.h"
#include "text.h"

/* What the parts of one answer share. */
struct judging {
	const struct fleet_self *self;
	const char *fleet_id;
	const struct fleet_identity_opts *opts;
	struct fleet_parts *parts;
	struct fleet_identity_report *report;
	int64_t now_s;
};

static void judge_service(struct judging *judging, const struct fleet_self_identity *identity)
{
	const struct fleet_identity_opts *opts = judging->opts;
	const struct fleet_self_finding *service = &identity->service;

	if (service->state == FLEET_SELF_GOOD) {
		fleet_parts_add(judging->parts, "service", FLEET_LEVEL_OK, NULL, identity->name,
				"the service answers credential %s", identity->name);
	} else if (service->state != FLEET_SELF_BAD) {
		return; /* the token's part says why nobody was asked */
	} else if (service->code == FLEET_E_THROTTLED) {
		fleet_parts_add(judging->parts, "throttled", (enum fleet_level)opts->on_throttled,
				"on-throttled", identity->name, "credential %s is throttled: %s",
				identity->name, service->message);
		fleet_parts_next(judging->parts, service->hint, "ask less often: raise ttl");
	} else {
		fleet_parts_add(judging->parts, "service", (enum fleet_level)opts->on_unreachable,
				"on-unreachable", identity->name, "no answer for credential %s: %s",
				identity->name, service->message);
		fleet_parts_next(judging->parts, service->hint,
				 "look at network, proxy and the service's own health");
	}
}

/* Why FINDING is not known, without what the service's own part says already. */
static const char *why_unknown(const struct fleet_self_identity *identity,
			       const struct fleet_self_finding *finding)
{
	if (identity->service.state != FLEET_SELF_BAD)
		return finding->message;
	return identity->service.code == FLEET_E_THROTTLED ? "the service throttles"
							   : "nobody answered";
}

static void judge_certificate(struct judging *judging, const struct fleet_self_identity *identity)
{
	struct fleet_identity_report *report = judging->report;
	int64_t left_s;
	char left[32];

	if (identity->certificate_expires_s == FLEET_ABSENT)
		return;
	left_s = identity->certificate_expires_s - judging->now_s;
	if (report->certificate_left_s == FLEET_ABSENT || left_s < report->certificate_left_s)
		report->certificate_left_s = left_s;
	fleet_duration_format(left_s < 0 ? -left_s : left_s, left, sizeof(left));
	fleet_parts_add(judging->parts, "certificate", FLEET_LEVEL_OK, "certificate-warning",
			identity->name, "the certificate of credential %s %s %s%s", identity->name,
			left_s < 0 ? "expired" : "holds for", left, left_s < 0 ? " ago" : "");
	fleet_parts_measure(judging->parts, &judging->opts->certificate, left_s, "s");
	fleet_parts_next(judging->parts, "",
			 "add a new certificate to the application before: az ad app credential "
			 "reset --append");
}

static void judge_token(struct judging *judging, const struct fleet_self_identity *identity)
{
	const struct fleet_self_finding *token = &identity->token;
	int64_t left_s = identity->token_expires_s - judging->now_s;
	char left[32];

	if (token->state == FLEET_SELF_BAD) {
		fleet_parts_add(judging->parts, "credential", FLEET_LEVEL_CRITICAL, NULL,
				identity->name, "%s cannot sign in: %s", identity->use,
				token->message);
		fleet_parts_next(judging->parts, token->hint,
				 "see the credential in the configuration");
	} else if (token->state == FLEET_SELF_UNKNOWN) {
		fleet_parts_add(judging->parts, "not-known", FLEET_LEVEL_UNKNOWN, NULL,
				identity->name, "whether the %s can sign in is not known: %s",
				identity->use, why_unknown(identity, token));
	} else if (identity->token_expires_s == FLEET_ABSENT) {
		fleet_parts_add(judging->parts, "credential", FLEET_LEVEL_OK, NULL, identity->name,
				"credential %s has a token that does not say when it expires",
				identity->name);
	}
	/* Of one that is refused it is told too: that may be why. */
	if (identity->token_expires_s == FLEET_ABSENT)
		return;
	fleet_duration_format(left_s < 0 ? -left_s : left_s, left, sizeof(left));
	fleet_parts_add(judging->parts, "token", FLEET_LEVEL_OK, "warning", identity->name,
			"the token of credential %s %s %s%s", identity->name,
			left_s < 0 ? "expired" : "holds for", left, left_s < 0 ? " ago" : "");
	fleet_parts_measure(judging->parts, &judging->opts->token, left_s, "s");
	fleet_parts_next(judging->parts, "",
			 "it was not renewed: see whether the secret still holds, or who renews "
			 "the file");
}

static void add_try(struct judging *judging, const struct fleet_self_identity *identity,
		    bool is_read)
{
	const char *id = judging->fleet_id;
	char line[sizeof(judging->report->tries[0])];

	if (!fleet_report_is_plain(id))
		return;
	(void)snprintf(line, sizeof(line),
		       "try: az role assignment create --assignee %s --role '%s' --scope %s",
		       fleet_report_is_plain(identity->principal) ? identity->principal
								  : "OBJECT-ID",
		       is_read ? "Reader" : "Azure Kubernetes Fleet Manager Contributor Role", id);
	for (size_t i = 0; i < judging->report->try_count; i++)
		if (strcmp(judging->report->tries[i], line) == 0)
			return;
	if (judging->report->try_count < FLEET_IDENTITY_TRIES)
		(void)snprintf(judging->report->tries[judging->report->try_count++], sizeof(line),
			       "%s", line);
}

static bool is_read(const char *operation)
{
	static const char tail[] = "/read";
	size_t len = strlen(operation);

	return len >= sizeof(tail) && strcmp(operation + len - (sizeof(tail) - 1), tail) == 0;
}

/* USERS need RIGHT: does the credential have it? */
static void judge_right(struct judging *judging, const struct fleet_self_identity *identity,
			const struct fleet_right *right, const char *users)
{
	const struct fleet_identity_opts *opts = judging->opts;
	bool is_here = right->scope == FLEET_RIGHT_ON_FLEET;
	const char *rule = is_here ? "permission" : "permission-elsewhere";

	if (fleet_right_is_allowed(identity->permissions, identity->permission_count,
				   right->operation)) {
		fleet_parts_add(judging->parts, rule, FLEET_LEVEL_OK, NULL, right->operation,
				"credential %s has %s, needed for %s", identity->name,
				right->operation, users);
	} else if (is_here) {
		judging->report->missing += judging->report->missing != FLEET_ABSENT;
		add_try(judging, identity, is_read(right->operation));
		fleet_parts_add(judging->parts, rule, (enum fleet_level)opts->on_missing_permission,
				"on-missing-permission", right->operation,
				"credential %s lacks %s, needed for %s", identity->name,
				right->operation, users);
		fleet_parts_next(judging->parts, "",
				 "give the credential a role with that operation on the fleet; it "
				 "takes up to 30 minutes to work");
	} else {
		fleet_parts_add(judging->parts, rule, (enum fleet_level)opts->on_missing_elsewhere,
				"on-missing-elsewhere", right->operation,
				"credential %s lacks %s as far as the fleet shows it, needed for "
				"%s",
				identity->name, right->operation, users);
		fleet_parts_next(judging->parts, "",
				 "give it a role with that operation on what the clusters are in; "
				 "if it has one on each of them, set --on-missing-elsewhere ok");
	}
}

static void judge_rights(struct judging *judging, const struct fleet_self_identity *identity,
			 bool is_action)
{
	const struct fleet_self_finding *rights = &identity->rights;
	bool is_demanded = false;

	for (const struct fleet_right *right = fleet_rights; right->operation; right++) {
		struct fleet_buf users;

		if (right->scope == FLEET_RIGHT_SPARE)
			continue;
		fleet_buf_init(&users, 800);
		if (fleet_right_users(right, judging->self, &judging->opts->wanted, is_action,
				      &users)) {
			is_demanded = true;
			if (rights->state == FLEET_SELF_GOOD)
				judge_right(judging, identity, right, fleet_buf_text(&users));
		}
		fleet_buf_finish(&users);
	}
	if (rights->state == FLEET_SELF_GOOD || !is_demanded)
		return;
	judging->report->missing = FLEET_ABSENT;
	if (rights->state == FLEET_SELF_BAD) {
		if (rights->code == FLEET_E_FORBIDDEN)
			add_try(judging, identity, !is_action);
		fleet_parts_add(
			judging->parts, "permissions-refused",
			(enum fleet_level)judging->opts->on_refused_permissions,
			"on-refused-permissions", identity->name,
			rights->code == FLEET_E_NOTFOUND
				? "credential %s finds no such fleet: %s"
				: "credential %s has no role on the fleet, or one that does "
				  "not let it see its permissions: %s",
			identity->name, rights->message);
		fleet_parts_next(judging->parts, "",
				 rights->code == FLEET_E_NOTFOUND
					 ? "check subscription, resource_group and fleet in the "
					   "configuration"
					 : "give it a role on the fleet; it takes up to 30 minutes "
					   "to work");
	} else {
		fleet_parts_add(
			judging->parts, "not-known", FLEET_LEVEL_UNKNOWN, NULL, identity->name,
			"what credential %s may do is not known: %s", identity->name,
			identity->token.state == FLEET_SELF_BAD ? "it cannot sign in"
								: why_unknown(identity, rights));
	}
}

/* The clock and the head-room, as the newest answer to any of the credentials tells them. */
static void judge_answer(struct judging *judging, size_t identities)
{
	const struct fleet_identity_opts *opts = judging->opts;
	char amount[32];

	for (size_t i = 0; i < identities; i++) {
		const struct fleet_self_identity *identity = &judging->self->identities[i];

		if (judging->report->skew_s == FLEET_ABSENT && identity->skew_s != FLEET_ABSENT)
			judging->report->skew_s = identity->skew_s;
		if (identity->reads_left != FLEET_ABSENT &&
		    (judging->report->reads_left == FLEET_ABSENT ||
		     identity->reads_left < judging->report->reads_left))
			judging->report->reads_left = identity->reads_left;
	}
	if (judging->report->skew_s == FLEET_ABSENT) {
		fleet_parts_add(judging->parts, "not-known", FLEET_LEVEL_UNKNOWN, NULL, "",
				"how far the clock is off is not known: the service told no time");
	} else {
		int64_t off_s = judging->report->skew_s < 0 ? -judging->report->skew_s
							    : judging->report->skew_s;

		fleet_duration_format(off_s, amount, sizeof(amount));
		fleet_parts_add(judging->parts, "clock-skew", FLEET_LEVEL_OK, "skew-warning", "",
				"this machine's clock is %s%s the service's",
				off_s ? amount : "the same as",
				!off_s			      ? ""
				: judging->report->skew_s < 0 ? " behind"
							      : " ahead of");
		fleet_parts_measure(judging->parts, &opts->skew, off_s, "s");
		fleet_parts_next(judging->parts, "", "set the clock; see chronyc tracking");
	}
	if (judging->report->reads_left == FLEET_ABSENT)
		return;
	fleet_parts_add(judging->parts, "reads-left", FLEET_LEVEL_OK, "reads-warning", "",
			"%lld read request%s left before the service throttles",
			(long long)judging->report->reads_left,
			judging->report->reads_left == 1 ? " is" : "s are");
	fleet_parts_measure(judging->parts, &opts->reads, judging->report->reads_left, "");
	fleet_parts_next(judging->parts, "",
			 "ask less often: raise ttl, or give fleetmon a credential of its own");
}

int fleet_identities_check(const struct fleet_self *self, const struct fleet_identity_opts *opts,
			   struct fleet_error *error)
{
	bool is_action;

	for (size_t i = 0; i < opts->wanted.count; i++) {
		const char *name = opts->wanted.at[i];

		if (!fleet_right_is_user(self, name, &is_action))
			return fleet_error_set(error, FLEET_E_INVAL,
					       "--for %.64s: there is no such check module or "
					       "action",
					       name);
		if (is_action && self->identity_count < 2)
			return fleet_error_set(error, FLEET_E_INVAL,
					       "--for %.64s: the fleet has no operator to act with",
					       name);
	}
	return 0;
}

void fleet_identities_judge(const struct fleet_self *self, const char *fleet_id, int64_t now_s,
			    const struct fleet_identity_opts *opts, struct fleet_parts *parts,
			    struct fleet_identity_report *ret_report)
{
	struct judging judging = {.self = self,
				  .fleet_id = fleet_id,
				  .opts = opts,
				  .parts = parts,
				  .report = ret_report,
				  .now_s = now_s};
	size_t count = self->identity_count;

	memset(ret_report, 0, sizeof(*ret_report));
	ret_report->skew_s = ret_report->reads_left = FLEET_ABSENT;
	ret_report->certificate_left_s = FLEET_ABSENT;
	if (opts->only_reader && count > 1)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		const struct fleet_self_identity *identity = &self->identities[i];

		/* One credential for both is told of once. */
		if (i == 0 || strcmp(identity->name, self->identities[0].name) != 0) {
			judge_token(&judging, identity);
			judge_certificate(&judging, identity);
			judge_service(&judging, identity);
		}
		judge_rights(&judging, identity, i > 0);
	}
	judge_answer(&judging, count);
}
