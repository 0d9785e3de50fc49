/* SPDX-License-Identifier: MIT */
/* Which operations are demanded of a credential, and for whom. */
#include <string.h>

#include "demand.h"
#include "report.h"

#define NAMES_SHOWN 6

static bool is_action_name(const char *name)
{
	return *name && strcmp(name, "*") != 0;
}

/* Is the check module, or the action, of this NAME one whose permissions must be there? */
static bool is_wanted(const struct fleet_self *self, const struct fleet_option_list *wanted,
		      const char *name, bool is_action)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->at[i], name) == 0)
			return true;
	if (wanted->count)
		return false;
	for (size_t i = 0; is_action && i < self->policy_action_count; i++)
		if (strcmp(self->policy_actions[i], name) == 0)
			return true;
	return !is_action;
}

/* What the module of this name needs, 0 when there is none that loads. */
static uint32_t needs_of(const struct fleet_self *self, const char *name)
{
	for (size_t i = 0; i < self->module_count; i++)
		if (self->modules[i].is_action && strcmp(self->modules[i].name, name) == 0)
			return self->modules[i].needs;
	return 0;
}

static void add_name(struct fleet_buf *out, size_t *count, const char *name)
{
	if (*count < NAMES_SHOWN)
		fleet_report_name(out, *count, name);
	(*count)++;
}

size_t fleet_right_users(const struct fleet_right *right, const struct fleet_self *self,
			 const struct fleet_option_list *wanted, bool is_action,
			 struct fleet_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; !is_action && i < self->module_count; i++) {
		const struct fleet_self_module *module = &self->modules[i];

		if (!module->is_action && is_wanted(self, wanted, module->name, false) &&
		    fleet_right_is_needed(right, module->needs, ""))
			add_name(out, &count, module->name);
	}
	/* An action is known by the operation it ends in, whether there is a module or not. */
	for (const struct fleet_right *at = fleet_rights; is_action && at->operation; at++)
		if (is_action_name(at->action) && is_wanted(self, wanted, at->action, true) &&
		    fleet_right_is_needed(right, needs_of(self, at->action), at->action))
			add_name(out, &count, at->action);
	fleet_report_more(out, count, count < NAMES_SHOWN ? count : NAMES_SHOWN);
	return count;
}

bool fleet_right_is_user(const struct fleet_self *self, const char *name, bool *ret_is_action)
{
	for (size_t i = 0; i < self->module_count; i++)
		if (!self->modules[i].is_action && strcmp(self->modules[i].name, name) == 0) {
			*ret_is_action = false;
			return true;
		}
	for (const struct fleet_right *at = fleet_rights; at->operation; at++)
		if (is_action_name(at->action) && strcmp(at->action, name) == 0) {
			*ret_is_action = true;
			return true;
		}
	return false;
}
