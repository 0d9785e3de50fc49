/* SPDX-License-Identifier: MIT */
/* Reading and comparing Kubernetes versions. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kube_version.h"
#include "text.h"

#define MAX_DIGITS 6

/* Reads a number and moves *AT behind it. */
static bool take_number(const char **at, int64_t *ret_value)
{
	size_t len = strspn(*at, "0123456789");
	int64_t value = 0;

	if (len == 0 || len > MAX_DIGITS)
		return false;
	for (; len > 0; len--, (*at)++)
		value = value * 10 + (**at - '0');
	*ret_value = value;
	return true;
}

bool fleet_kube_version_parse(const char *text, struct fleet_kube_version *ret_version)
{
	struct fleet_kube_version version = {.patch = -1};

	if (tolower((unsigned char)*text) == 'v')
		text++;
	if (!take_number(&text, &version.major) || *text++ != '.' ||
	    !take_number(&text, &version.minor))
		return false;
	if (*text == '.') {
		text++;
		if (!take_number(&text, &version.patch))
			return false;
	}
	/* What the service adds: "-akslts". */
	if (*text && *text != '-')
		return false;
	*ret_version = version;
	return true;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int fleet_kube_version_compare(const struct fleet_kube_version *a,
			       const struct fleet_kube_version *b)
{
	int order = compare_numbers(a->major, b->major);

	if (!order)
		order = compare_numbers(a->minor, b->minor);
	if (!order && a->patch >= 0 && b->patch >= 0)
		order = compare_numbers(a->patch, b->patch);
	return order;
}

bool fleet_kube_version_end(const char *text, const struct fleet_kube_version *version,
			    int64_t *ret_s)
{
	struct fleet_kube_version minor;
	char name[32], date[32];
	const char *sign = strchr(text, '=');

	if (!sign || (size_t)(sign - text) >= sizeof(name) || strlen(sign + 1) != 10)
		return false;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(sign - text), text);
	(void)snprintf(date, sizeof(date), "%.10sT00:00:00Z", sign + 1);
	if (!fleet_kube_version_parse(name, &minor) || fleet_time_parse(date, ret_s))
		return false;
	*ret_s += 86400;
	return !version || (minor.major == version->major && minor.minor == version->minor);
}
