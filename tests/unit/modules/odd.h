/* SPDX-License-Identifier: MIT */
/* For modules that tests want refused, or made as older and newer versions would. */
#ifndef FLEETMON_TESTS_ODD_H
#define FLEETMON_TESTS_ODD_H

#include "module.h"

#define ODD_EXPORT __attribute__((visibility("default")))

/* The one function, returning a module of the fields that are given. */
#define ODD_MODULE(...)                                                  \
	ODD_EXPORT const struct fleet_module *fleetmon_module_v1(void);  \
	const struct fleet_module *fleetmon_module_v1(void)              \
	{                                                                \
		static const struct fleet_module module = {__VA_ARGS__}; \
		return &module;                                          \
	}                                                                \
	struct fleet_module

static const struct fleet_option odd_options[] __attribute__((unused)) = {FLEET_OPT_END};

static inline int odd_run(struct fleet_view *view, const void *options, struct fleet_result *result,
			  struct fleet_error *error)
{
	(void)view;
	(void)options;
	(void)error;
	fleet_result_summary(result, "fine");
	return 0;
}

#endif
