/* SPDX-License-Identifier: MIT */
/* Failure classes: every code that is known, words where a code has several causes, and that
 * nothing unknown is ever taken for a passing fault. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "run_suite.h"

static const struct {
	const char *code;
	const char *message;
	enum fleet_failure_class class;
} errors[] = {
	{"UpgradeFailed",
	 "Drain node aks-pool1-0 failed: Cannot evict pod as it would violate the pod's disruption "
	 "budget.",
	 FLEET_FAILURE_PDB},
	{"UpgradeFailed", "evicting pod: PodDisruptionBudget web allows 0 disruptions",
	 FLEET_FAILURE_PDB},
	{"PodDrainFailure", "", FLEET_FAILURE_PDB},
	{"UpgradeFailed", "the operation exceeds the quota of standardDSv3Family cores",
	 FLEET_FAILURE_CAPACITY},
	{"UpgradeFailed", "subnet aks-nodes is full", FLEET_FAILURE_CAPACITY},
	{"UpgradeFailed", "something else went wrong", FLEET_FAILURE_UNCLASSIFIED},
	{"UpgradeFailed", "", FLEET_FAILURE_UNCLASSIFIED},
	{"SKUNotAvailable", "", FLEET_FAILURE_CAPACITY},
	{"SkuNotAvailable", "", FLEET_FAILURE_CAPACITY},
	{"AllocationFailed", "", FLEET_FAILURE_CAPACITY},
	{"QuotaExceeded", "", FLEET_FAILURE_CAPACITY},
	{"SubnetIsFull", "", FLEET_FAILURE_CAPACITY},
	{"InsufficientSubnetSize", "", FLEET_FAILURE_CAPACITY},
	{"ReconcileVMSSAgentPoolFailed", "Code=\"AllocationFailed\"", FLEET_FAILURE_CAPACITY},
	{"ReconcileVMSSAgentPoolFailed", "no further details", FLEET_FAILURE_UNCLASSIFIED},
	{"OperationNotAllowed",
	 "Another operation (Upgrading) is in progress, see https://aka.ms/aks-pending-operation",
	 FLEET_FAILURE_TRANSIENT},
	{"operationnotallowed", "another OPERATION is IN PROGRESS", FLEET_FAILURE_TRANSIENT},
	{"OperationNotAllowed",
	 "Operation could not be completed as it results in exceeding "
	 "approved Total Regional Cores quota",
	 FLEET_FAILURE_CAPACITY},
	{"OperationNotAllowed", "the cluster is stopped", FLEET_FAILURE_STOPPED},
	{"OperationNotAllowed", "", FLEET_FAILURE_UNCLASSIFIED},
	{"NodeImageVersionNotAvailable", "target upgrade node image version is not available",
	 FLEET_FAILURE_AVAILABILITY},
	{"AuthorizationFailed", "", FLEET_FAILURE_AUTHORIZATION},
	{"LinkedAuthorizationFailed", "", FLEET_FAILURE_AUTHORIZATION},
	{"K8sVersionNotSupported", "", FLEET_FAILURE_CONFIGURATION},
	{"RequestDisallowedByPolicy", "", FLEET_FAILURE_CONFIGURATION},
	{"BadRequest", "version 1.28 is only available for LTS clusters",
	 FLEET_FAILURE_CONFIGURATION},
	{"BadRequest", "cluster is not on the AKSLongTermSupport plan",
	 FLEET_FAILURE_CONFIGURATION},
	/* What AKS says: of a version that needs the LTS plan, and of one that is gone. */
	{"K8sVersionNotSupported",
	 "Managed cluster aks-1 is on version 1.32.11, which is only available for Long-Term "
	 "Support (LTS). If you intend to onboard to LTS, please ensure the cluster is in Premium "
	 "tier and LTS support plan",
	 FLEET_FAILURE_CONFIGURATION},
	{"OperationNotAllowed",
	 "managed cluster is in Provisioning State(Succeeded) and Power State(Stopped), upgrading "
	 "cannot be performed",
	 FLEET_FAILURE_STOPPED},
	{"OperationNotAllowed",
	 "Operation is not allowed: Another operation (nodepool1 - Updating) is in progress, "
	 "please "
	 "wait for it to finish before starting a new operation",
	 FLEET_FAILURE_TRANSIENT},
	{"EtagMismatch", "Operation is not allowed: Another operation is in progress",
	 FLEET_FAILURE_TRANSIENT},
	/* Unknown codes stay unclassified whatever their words say. */
	{"BrandNewCode", "Another operation is in progress", FLEET_FAILURE_UNCLASSIFIED},
	{"", "Another operation is in progress", FLEET_FAILURE_UNCLASSIFIED},
	/* What needs a person wins over a passing fault in the same text. */
	{"OperationNotAllowed", "Another operation is in progress; subnet nodes is full",
	 FLEET_FAILURE_CAPACITY},
	/* No error at all. */
	{"", "", FLEET_FAILURE_NONE},
	{"None", "No error", FLEET_FAILURE_NONE},
};

START_TEST(errors_have_their_class_and_a_hint)
{
	const struct fleet_error_detail error = {
		.code = errors[_i].code, .message = errors[_i].message, .target = ""};
	struct fleet_failure failure = fleet_failure_of(&error);

	ck_assert_msg(failure.class == errors[_i].class, "%s '%s': %s", error.code, error.message,
		      fleet_failure_class_name(failure.class));
	ck_assert_ptr_nonnull(failure.hint);
	ck_assert_int_eq(failure.hint[0] == '\0', failure.class == FLEET_FAILURE_NONE);
}
END_TEST

/* The word is finer than the class: what a person has to do differs. */
static const struct {
	const char *code, *message, *reason, *hint;
} reasons[] = {
	{"PodDrainFailure", "", "pdb", "disruption budget"},
	{"QuotaExceeded", "", "quota", "quota"},
	{"SubnetIsFull", "", "subnet", "subnet"},
	{"SKUNotAvailable", "", "sku", "VM size"},
	{"OperationNotAllowed", "Another operation is in progress", "busy", "another operation"},
	{"ServiceUnavailable", "", "passing", "passing fault"},
	{"OperationNotAllowed", "the cluster is stopped", "stopped", "start the cluster"},
	{"NodeImageVersionNotAvailable", "", "image", "node image"},
	{"KubernetesVersionNotAvailable", "", "version", "Kubernetes version"},
	{"K8sVersionNotSupported", "which is only available for Long-Term Support (LTS)", "lts",
	 "support plan"},
	{"AgentPoolK8sVersionNotSupported", "only available for Long-Term Support", "lts",
	 "support plan"},
	{"K8sVersionNotSupported", "on version 1.27.9 which is not supported in this region",
	 "unsupported", "cannot go to this version"},
	{"RequestDisallowedByPolicy", "", "policy", "policy"},
	{"AuthorizationFailed", "", "role", "role"},
	{"BrandNewCode", "", "unclassified", "activity log"},
	{"None", "No error", "none", ""},
};

START_TEST(errors_have_a_reason)
{
	const struct fleet_error_detail error = {
		.code = reasons[_i].code, .message = reasons[_i].message, .target = ""};
	struct fleet_failure failure = fleet_failure_of(&error);

	ck_assert_str_eq(failure.reason, reasons[_i].reason);
	ck_assert_msg(strstr(failure.hint, reasons[_i].hint) != NULL, "%s: %s", error.code,
		      failure.hint);
}
END_TEST

START_TEST(a_vague_error_is_told_by_its_details)
{
	const struct fleet_error_detail busy = {.code = "OperationNotAllowed",
						.message = "Another operation is in progress",
						.target = ""};
	const struct fleet_error_detail both[] = {
		busy, {.code = "SubnetIsFull", .message = "", .target = ""}};
	const struct fleet_error_detail odd[] = {busy,
						 {.code = "Mystery", .message = "", .target = ""}};
	struct fleet_error_detail outer = {
		.code = "UpgradeFailed", .message = "", .target = "", .details = &busy};

	outer.detail_count = 1;
	ck_assert_int_eq(fleet_failure_of(&outer).class, FLEET_FAILURE_TRANSIENT);
	outer.details = both;
	outer.detail_count = 2;
	ck_assert_int_eq(fleet_failure_of(&outer).class, FLEET_FAILURE_CAPACITY);
	outer.details = odd;
	ck_assert_int_eq(fleet_failure_of(&outer).class, FLEET_FAILURE_UNCLASSIFIED);
	outer.code = "Mystery";
	outer.details = &busy;
	outer.detail_count = 1;
	ck_assert_int_eq(fleet_failure_of(&outer).class, FLEET_FAILURE_UNCLASSIFIED);
}
END_TEST

START_TEST(deep_details_end)
{
	struct fleet_error_detail chain[40];

	memset(chain, 0, sizeof(chain));
	for (size_t i = 0; i < 40; i++) {
		chain[i].code = "UpgradeFailed";
		chain[i].message = chain[i].target = "";
		chain[i].details = i + 1 < 40 ? &chain[i + 1] : NULL;
		chain[i].detail_count = i + 1 < 40;
	}
	chain[39].code = "SubnetIsFull";
	ck_assert_int_eq(fleet_failure_of(chain).class, FLEET_FAILURE_UNCLASSIFIED);
}
END_TEST

START_TEST(class_names_read_back)
{
	for (int class = FLEET_FAILURE_TRANSIENT; class <= FLEET_FAILURE_UNCLASSIFIED; class ++) {
		const char *name = fleet_failure_class_name((enum fleet_failure_class) class);

		ck_assert_int_eq(fleet_failure_class_from(name), class);
	}
	ck_assert_str_eq(fleet_failure_class_name(FLEET_FAILURE_PDB), "pdb");
	ck_assert_str_eq(fleet_failure_class_name(FLEET_FAILURE_TRANSIENT), "transient");
	ck_assert_int_eq(fleet_failure_class_from("no-such-class"), FLEET_FAILURE_NONE);
	ck_assert_int_eq(fleet_failure_class_from(""), FLEET_FAILURE_NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("failure");
	TCase *tcase = tcase_create("failure");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, errors_have_their_class_and_a_hint, 0,
			    (int)(sizeof(errors) / sizeof(errors[0])));
	tcase_add_loop_test(tcase, errors_have_a_reason, 0,
			    (int)(sizeof(reasons) / sizeof(reasons[0])));
	tcase_add_test(tcase, a_vague_error_is_told_by_its_details);
	tcase_add_test(tcase, deep_details_end);
	tcase_add_test(tcase, class_names_read_back);
	return run_suite(suite);
}
