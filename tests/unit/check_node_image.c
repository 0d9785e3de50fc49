/* SPDX-License-Identifier: MIT */
/* Dates in the names of node images, and names that have none. */
#include <check.h>
#include <stdlib.h>

#include "node_image.h"
#include "run_suite.h"

static const struct {
	const char *version;
	int64_t date_s;
} images[] = {
	{"AKSUbuntu-2204gen2containerd-202504.16.0", 1744761600},     /* 2025-04-16 */
	{"AKSUbuntu-2204gen2containerd-202510.03.0", 1759449600},     /* 2025-10-03 */
	{"AKSAzureLinux-V2gen2-202502.26.0", 1740528000},	      /* 2025-02-26 */
	{"AKSUbuntu-1604-2020.10.08", 1602115200},		      /* 2020-10-08 */
	{"AKSWindows-2022-containerd-20348.3091.250117", 1737072000}, /* 2025-01-17 */
	{"AKSUbuntu-2204gen2containerd-202402.29.0", 1709164800},     /* a leap day */
	{"AKSUbuntu-2204gen2containerd-202502.29.0", 0},	      /* no such day */
	{"AKSUbuntu-2204gen2containerd-202513.01.0", 0},
	{"AKSUbuntu-2204gen2containerd-202500.01.0", 0},
	{"AKSUbuntu-2204gen2containerd-190001.01.0", 0},
	{"AKSUbuntu-2204gen2containerd-202504.16.0.1", 0},
	{"AKSUbuntu-2204gen2containerd-202504.16.0x", 0},
	{"AKSUbuntu-edge", 0},
	{"AKSUbuntu-", 0},
	{"-", 0},
	{"", 0},
	{"99999999999999999999.99.9", 0},
};

START_TEST(a_date_is_read_or_there_is_none)
{
	ck_assert_msg(fleet_node_image_date_s(images[_i].version) == images[_i].date_s, "%s: %lld",
		      images[_i].version, (long long)fleet_node_image_date_s(images[_i].version));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("node_image");
	TCase *tcase = tcase_create("node_image");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_date_is_read_or_there_is_none, 0,
			    (int)(sizeof(images) / sizeof(images[0])));
	return run_suite(suite);
}
