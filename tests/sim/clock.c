/* SPDX-License-Identifier: MIT */
/* The virtual clock and the time formats of the service. */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now = {0};

	/* Both clocks exist on every Linux; a failure would leave time at zero. */
	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SIM_SECOND + now.tv_nsec;
}

int64_t sim_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t sim_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void sim_clock_init(struct sim_clock *clock, int64_t start_ns, double factor)
{
	clock->base_ns = start_ns;
	clock->anchor_ns = sim_monotonic_ns();
	clock->factor = factor;
}

int64_t sim_clock_now(const struct sim_clock *clock)
{
	int64_t real = sim_monotonic_ns() - clock->anchor_ns;

	if (clock->factor == 0)
		return clock->base_ns;
	if (clock->factor * (double)real >= (double)(SIM_TIME_MAX - clock->base_ns))
		return SIM_TIME_MAX;
	if (clock->factor == 1)
		return clock->base_ns + real;
	return clock->base_ns + (int64_t)((double)real * clock->factor);
}

void sim_clock_set(struct sim_clock *clock, int64_t now_ns)
{
	sim_clock_init(clock, now_ns, clock->factor);
}

void sim_clock_set_factor(struct sim_clock *clock, double factor)
{
	sim_clock_init(clock, sim_clock_now(clock), factor);
}

static int64_t floor_div(int64_t value, int64_t by)
{
	int64_t quotient = value / by;

	return value % by < 0 ? quotient - 1 : quotient;
}

/* Gregorian calendar arithmetic on days since 1970-01-01, valid for all years used here. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

int sim_time_weekday(int64_t ns)
{
	int64_t days = floor_div(ns, SIM_DAY);

	return (int)(((days + 4) % 7 + 7) % 7);
}

int64_t sim_time_day_second(int64_t ns)
{
	return (ns - floor_div(ns, SIM_DAY) * SIM_DAY) / SIM_SECOND;
}

void sim_time_format(char ret_text[SIM_TIME_SIZE], int64_t ns, int digits)
{
	int64_t year, month, day, second = sim_time_day_second(ns);
	int64_t fraction = ns - floor_div(ns, SIM_SECOND) * SIM_SECOND;
	char tail[16];
	int len;

	date_of(floor_div(ns, SIM_DAY), &year, &month, &day);
	(void)snprintf(tail, sizeof(tail), "%09lld", (long long)fraction);
	len = digits < 9 ? digits : 9;
	while (len > 0 && tail[len - 1] == '0')
		len--;
	tail[len] = '\0';
	(void)snprintf(ret_text, SIM_TIME_SIZE, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld%s%sZ",
		       (long long)year, (long long)month, (long long)day,
		       (long long)(second / 3600), (long long)(second / 60 % 60),
		       (long long)(second % 60), len ? "." : "", tail);
}

void sim_time_http(char ret_text[SIM_TIME_SIZE], int64_t ns)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t year, month, day, second = sim_time_day_second(ns);

	date_of(floor_div(ns, SIM_DAY), &year, &month, &day);
	(void)snprintf(ret_text, SIM_TIME_SIZE, "%s, %02lld %s %04lld %02lld:%02lld:%02lld GMT",
		       days[sim_time_weekday(ns)], (long long)day, months[month - 1],
		       (long long)year, (long long)(second / 3600), (long long)(second / 60 % 60),
		       (long long)(second % 60));
}

/* Reads exactly count digits at *text. */
static bool take_number(const char **text, int count, int64_t *ret_value)
{
	int64_t value = 0;

	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + (**text - '0');
	}
	*ret_value = value;
	return true;
}

static bool take_char(const char **text, const char *any)
{
	if (!**text || !strchr(any, **text))
		return false;
	(*text)++;
	return true;
}

static bool take_fraction(const char **text, int64_t *ret_ns)
{
	int64_t unit = SIM_SECOND / 10, value = 0;

	if (!take_char(text, "."))
		return true;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
		value += unit * (**text - '0');
	*ret_ns = value;
	return true;
}

static bool take_offset(const char **text, int64_t *ret_seconds)
{
	int64_t hours, minutes, sign;

	if (take_char(text, "Zz"))
		return true;
	sign = **text == '-' ? -1 : 1;
	if (!take_char(text, "+-") || !take_number(text, 2, &hours) || !take_char(text, ":") ||
	    !take_number(text, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool sim_time_parse(const char *text, int64_t *ret_ns)
{
	int64_t year, month, day, hour, minute, second, fraction = 0, offset = 0;

	if (!text || !take_number(&text, 4, &year) || !take_char(&text, "-") ||
	    !take_number(&text, 2, &month) || !take_char(&text, "-") ||
	    !take_number(&text, 2, &day) || !take_char(&text, "Tt ") ||
	    !take_number(&text, 2, &hour) || !take_char(&text, ":") ||
	    !take_number(&text, 2, &minute) || !take_char(&text, ":") ||
	    !take_number(&text, 2, &second) || !take_fraction(&text, &fraction) ||
	    !take_offset(&text, &offset) || *text)
		return false;
	/* Nanoseconds in 64 bits end in 2262; SIM_TIME_MAX stays well inside. */
	if (year < 1970 || year >= 2150 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_ns = ((days_of(year, month, day) * 24 + hour) * 3600 + minute * 60 + second - offset) *
			  SIM_SECOND +
		  fraction;
	return true;
}
