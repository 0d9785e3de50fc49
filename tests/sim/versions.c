/* SPDX-License-Identifier: MIT */
/* The api-versions of the Fleet resource provider and what each of them has. */
#include "versions.h"

#include <string.h>

/*
 * From the API descriptions of each version. Previews and stable versions are
 * not one line of descent: 2025-03-01 is newer than 2025-02 previews but has no
 * gates, which 2025-04-01-preview brought and 2026-06-01 made stable.
 */
#define F2024_02 (SIM_HAS_SKIP | SIM_HAS_HUB)
#define F2024_05 (F2024_02 | SIM_HAS_PROFILES)
#define F2025_03 (F2024_05 | SIM_HAS_GENERATE)
#define F2025_04 (F2025_03 | SIM_HAS_GATES)
#define F2026_02 (F2025_04 | SIM_HAS_CONCURRENCY)
#define F2026_05 (F2026_02 | SIM_HAS_FAILURES)

static const struct sim_version versions[] = {
	{"2023-10-15", 0},
	{"2024-02-02-preview", F2024_02},
	{"2024-04-01", F2024_02},
	{"2024-05-02-preview", F2024_05},
	{"2025-03-01", F2025_03},
	{"2025-04-01-preview", F2025_04},
	{"2025-08-01-preview", F2025_04},
	{"2026-02-01-preview", F2026_02},
	{"2026-03-02-preview", F2026_02},
	{"2026-05-01-preview", F2026_05 | SIM_HAS_FAILURES_TEXT},
	{"2026-06-01", F2026_02},
	{"2026-06-02-preview", F2026_05 | SIM_HAS_ABSOLUTE_START},
};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

const struct sim_version *sim_version_find(const char *name)
{
	for (size_t i = 0; i < VERSION_COUNT; i++)
		if (sim_ieq(versions[i].name, name))
			return &versions[i];
	return NULL;
}

const struct sim_version *sim_version_newest(void)
{
	return sim_version_find("2026-06-01");
}

char *sim_version_list(unsigned features)
{
	struct sim_buf out = {0};

	sim_buf_puts(&out, "");
	for (size_t i = 0; i < VERSION_COUNT; i++)
		if ((versions[i].features & features) == features)
			sim_buf_printf(&out, "%s%s", out.len ? ", " : "", versions[i].name);
	return out.data;
}

bool sim_version_is_date(const char *name)
{
	static const char form[] = "dddd-dd-dd";

	if (!name || strlen(name) < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? !(name[i] >= '0' && name[i] <= '9') : name[i] != '-')
			return false;
	return name[sizeof(form) - 1] == '\0' || name[sizeof(form) - 1] == '-';
}
