/* SPDX-License-Identifier: MIT */
/* Times of the week: a period becomes one flag for each minute of a week, which no case of wrapping
 * days or hours can get wrong. */
#include <string.h>
#include <strings.h>

#include "period.h"

#define DAY_MINUTES 1440
#define WEEK_MINUTES (7 * DAY_MINUTES)
#define WEEK_SECONDS ((int64_t)WEEK_MINUTES * 60)

struct week {
	bool open[WEEK_MINUTES]; /* from Monday 00:00 */
};

static void skip_blanks(const char **cursor)
{
	*cursor += strspn(*cursor, " \t");
}

/* Takes C with blanks before it, or nothing at all. */
static bool read_char(const char **cursor, char c)
{
	const char *at = *cursor;

	skip_blanks(&at);
	if (*at != c)
		return false;
	*cursor = at + 1;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_day(const char **cursor, int *ret_day)
{
	static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

	skip_blanks(cursor);
	for (int i = 0; i < 7; i++) {
		if (strncasecmp(*cursor, days[i], 3) != 0 || is_letter((*cursor)[3]))
			continue;
		*cursor += 3;
		*ret_day = i;
		return true;
	}
	return false;
}

static bool read_two_digits(const char **cursor, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < 2; i++, (*cursor)++) {
		if (**cursor < '0' || **cursor > '9')
			return false;
		value = value * 10 + (**cursor - '0');
	}
	*ret_value = value;
	return true;
}

/* Reads "HH:MM" as minutes of the day, 00:00 to 24:00. */
static bool read_time(const char **cursor, int *ret_minute)
{
	int hour, minute;

	skip_blanks(cursor);
	if (!read_two_digits(cursor, &hour) || **cursor != ':')
		return false;
	(*cursor)++;
	if (!read_two_digits(cursor, &minute) || minute > 59)
		return false;
	*ret_minute = hour * 60 + minute;
	return *ret_minute <= DAY_MINUTES;
}

/* Reads one item, "Mon-Fri 08:00-18:00" or "08:00-18:00", into WEEK. */
static bool read_item(const char **cursor, struct week *week)
{
	int first = 0, last = 6, from, to;

	skip_blanks(cursor);
	if (is_letter(**cursor)) {
		if (!read_day(cursor, &first))
			return false;
		last = first;
		if (read_char(cursor, '-') && !read_day(cursor, &last))
			return false;
		if (**cursor != ' ' && **cursor != '\t')
			return false;
	}
	if (!read_time(cursor, &from) || !read_char(cursor, '-') || !read_time(cursor, &to))
		return false;
	/* Equal times could mean a whole day or nothing: nobody should have to guess. */
	if (from == to || from == DAY_MINUTES)
		return false;
	if (to < from)
		to += DAY_MINUTES;
	for (int day = first;; day = (day + 1) % 7) {
		for (int minute = from; minute < to; minute++)
			week->open[(day * DAY_MINUTES + minute) % WEEK_MINUTES] = true;
		if (day == last)
			return true;
	}
}

/* Reads PERIOD, which is not "". */
static bool read_period(const char *period, struct week *week)
{
	memset(week, 0, sizeof(*week));
	do {
		if (!read_item(&period, week))
			return false;
	} while (read_char(&period, ','));
	skip_blanks(&period);
	return *period == '\0';
}

/* Seconds since Monday 00:00 UTC; the epoch was a Thursday. */
static int second_of_week(int64_t now_s)
{
	int64_t s = now_s % WEEK_SECONDS + (int64_t)3 * DAY_MINUTES * 60;

	return (int)((s + WEEK_SECONDS) % WEEK_SECONDS);
}

int fleet_period_contains(const char *period, int64_t now_s, bool *ret_inside)
{
	struct week week;

	if (!*period) {
		*ret_inside = true;
		return 0;
	}
	if (!read_period(period, &week))
		return FLEET_E_INVAL;
	*ret_inside = week.open[second_of_week(now_s) / 60];
	return 0;
}

int fleet_period_next(const char *period, int64_t now_s, int64_t *ret_s)
{
	struct week week;
	int second, minute, wait = 0;

	if (!*period) {
		*ret_s = now_s;
		return 0;
	}
	if (!read_period(period, &week))
		return FLEET_E_INVAL;
	second = second_of_week(now_s);
	minute = second / 60;
	/* A period that could be read is open at some minute, so this ends. */
	while (!week.open[(minute + wait) % WEEK_MINUTES])
		wait++;
	*ret_s = wait ? now_s - second % 60 + (int64_t)wait * 60 : now_s;
	return 0;
}
