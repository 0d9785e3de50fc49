/* SPDX-License-Identifier: MIT */
/* Times, durations, ids and foreign text. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void times(const char *text)
{
	static const int64_t year_1000_s = -30610224000, year_10000_s = 253402300800;
	char again[32], people[64];
	int64_t s = 0, back = 1;

	if (fleet_time_parse(text, &s) == 0) {
		fleet_time_format(s, again, 21);
		if (s >= year_1000_s && s < year_10000_s)
			demand(fleet_time_parse(again, &back) == 0 && back == s);
	}
	if (fleet_duration_parse(text, &s) == 0) {
		demand(s >= 0);
		fleet_duration_format(s, people, sizeof(people));
		fleet_duration_format(-s, people, sizeof(people));
	}
}

/* What is printed holds nothing that a core or a terminal acts on, and fits. */
static void clean(const char *text, size_t max)
{
	struct fleet_buf once, twice;

	fleet_buf_init(&once, 1 << 20);
	fleet_buf_init(&twice, 1 << 20);
	fleet_text_clean(&once, text, max);
	demand(once.len <= max && strlen(fleet_buf_text(&once)) == once.len);
	for (size_t i = 0; i < once.len; i++) {
		unsigned char c = (unsigned char)once.data[i];

		demand(c >= ' ' && c != 0x7f && !strchr("|<>&", c));
		demand(c != ' ' || (i > 0 && once.data[i - 1] != ' '));
	}
	fleet_text_clean(&twice, fleet_buf_text(&once), max);
	demand(strcmp(fleet_buf_text(&once), fleet_buf_text(&twice)) == 0);
	fleet_buf_finish(&once);
	fleet_buf_finish(&twice);
}

static void ids(const char *text)
{
	static const char *const keys[] = {"subscriptions", "resourceGroups", "fleets", "a", ""};
	const char *name = fleet_id_name(text);
	char small[4], large[64];

	/* The end of the text, up to the last slash. */
	demand(strlen(name) <= strlen(text) && !strchr(name, '/') &&
	       strcmp(text + strlen(text) - strlen(name), name) == 0);
	demand(fleet_id_equal(text, text));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		demand(strlen(fleet_id_part(text, keys[i], small, sizeof(small))) < sizeof(small));
		demand(!strchr(fleet_id_part(text, keys[i], large, sizeof(large)), '/'));
	}
	if (fleet_name_valid(text, 50))
		demand(strlen(text) >= 1 && strlen(text) <= 50 && !strpbrk(text, "/. _|"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = {0, 1, 3, 4, 16, 80, 1 << 16};
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	times(text);
	ids(text);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		clean(text, sizes[i]);
	free(text);
	return 0;
}
