/* SPDX-License-Identifier: MIT */
/* Reads dates out of the names of node images. */
#include <stdio.h>
#include <string.h>

#include "node_image.h"
#include "text.h"

static const char digits[] = "0123456789";

static int number(const char *text, size_t len)
{
	int value = 0;

	for (size_t i = 0; i < len; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static int64_t date_of(int year, int month, int day)
{
	char text[48];
	int64_t s = 0;

	/* Nothing is older than the service, so this is a number and no date. */
	if (year < 2017 || year > 2099)
		return 0;
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, day);
	return fleet_time_parse(text, &s) ? 0 : s;
}

int64_t fleet_node_image_date_s(const char *version)
{
	const char *part[3] = {"", "", ""};
	size_t len[3] = {0, 0, 0};
	const char *at = version;

	/* What follows the last separator: up to three numbers with dots between them. */
	for (const char *c = version; *c; c++)
		if (*c == '-' || *c == ':')
			at = c + 1;
	for (size_t i = 0; i < 3; i++) {
		part[i] = at;
		len[i] = strspn(at, digits);
		at += len[i];
		if (*at != '.')
			break;
		at++;
	}
	if (*at != '\0')
		return 0;
	if (len[0] == 6 && len[1] == 2)
		return date_of(number(part[0], 4), number(part[0] + 4, 2), number(part[1], 2));
	if (len[0] == 4 && len[1] == 2 && len[2] == 2)
		return date_of(number(part[0], 4), number(part[1], 2), number(part[2], 2));
	/* Windows: its build, the build's revision, and a date without the century. */
	if (len[0] == 5 && len[1] > 0 && len[2] == 6)
		return date_of(2000 + number(part[2], 2), number(part[2] + 2, 2),
			       number(part[2] + 4, 2));
	return 0;
}
