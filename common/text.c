/* SPDX-License-Identifier: MIT */
/* Times, durations, ARM ids and foreign text: pure, and strict with what comes from outside. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "error.h"
#include "text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads exactly N digits at *CURSOR within MIN..MAX. */
static bool number(const char **cursor, int n, int min, int max, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*cursor)++) {
		if (!is_digit(**cursor))
			return false;
		value = value * 10 + (**cursor - '0');
	}
	*ret_value = value;
	return value >= min && value <= max;
}

static bool literal(const char **cursor, char c)
{
	if (**cursor != c)
		return false;
	(*cursor)++;
	return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; timegm would take 31 February. */
static int64_t days_from_civil(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t y = year - (month <= 2);
	int64_t leaps = y / 4 - y / 100 + y / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);

	return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + day - 1;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool offset_parse(const char **cursor, int64_t *ret_offset_s)
{
	int hours, minutes, sign;

	if (literal(cursor, 'Z') || literal(cursor, 'z')) {
		*ret_offset_s = 0;
		return true;
	}
	sign = **cursor == '-' ? -1 : 1;
	if (!literal(cursor, '+') && !literal(cursor, '-'))
		return false;
	if (!number(cursor, 2, 0, 23, &hours) || !literal(cursor, ':') ||
	    !number(cursor, 2, 0, 59, &minutes))
		return false;
	*ret_offset_s = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
	return true;
}

int fleet_time_parse(const char *text, int64_t *ret_s)
{
	int year, month, day, hour, minute, second;
	int64_t offset_s;

	if (!number(&text, 4, 1, 9999, &year) || !literal(&text, '-') ||
	    !number(&text, 2, 1, 12, &month) || !literal(&text, '-') ||
	    !number(&text, 2, 1, days_in_month(year, month), &day) ||
	    !(literal(&text, 'T') || literal(&text, 't')) || !number(&text, 2, 0, 23, &hour) ||
	    !literal(&text, ':') || !number(&text, 2, 0, 59, &minute) || !literal(&text, ':') ||
	    !number(&text, 2, 0, 60, &second))
		return FLEET_E_INVAL;
	if (literal(&text, '.')) {
		if (!is_digit(*text))
			return FLEET_E_INVAL;
		while (is_digit(*text))
			text++;
	}
	if (!offset_parse(&text, &offset_s) || *text)
		return FLEET_E_INVAL;
	*ret_s = days_from_civil(year, month, day) * 86400 + (int64_t)hour * 3600 +
		 (int64_t)minute * 60 + second - offset_s;
	return 0;
}

void fleet_time_format(int64_t s, char *text, size_t size)
{
	time_t at = (time_t)s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(text, size, "?");
}

static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	}
	return 0;
}

int fleet_duration_parse(const char *text, int64_t *ret_s)
{
	int64_t total = 0;

	if (!*text)
		return FLEET_E_INVAL;
	for (bool first = true; *text; first = false) {
		int64_t n = 0, unit;

		if (!is_digit(*text))
			return FLEET_E_INVAL;
		for (; is_digit(*text); text++) {
			if (__builtin_mul_overflow(n, 10, &n) ||
			    __builtin_add_overflow(n, *text - '0', &n))
				return FLEET_E_INVAL;
		}
		unit = *text ? unit_seconds(*text++) : first ? 1 : 0;
		if (!unit || __builtin_mul_overflow(n, unit, &n) ||
		    __builtin_add_overflow(total, n, &total))
			return FLEET_E_INVAL;
	}
	*ret_s = total;
	return 0;
}

void fleet_duration_format(int64_t s, char *text, size_t size)
{
	const char *sign = s < 0 ? "-" : "";
	uint64_t u = s < 0 ? -(uint64_t)s : (uint64_t)s;
	unsigned long long days = u / 86400, hours = u / 3600 % 24, minutes = u / 60 % 60,
			   seconds = u % 60;

	if (days)
		(void)snprintf(text, size, hours ? "%s%llud %lluh" : "%s%llud", sign, days, hours);
	else if (hours)
		(void)snprintf(text, size, minutes ? "%s%lluh %llum" : "%s%lluh", sign, hours,
			       minutes);
	else if (minutes)
		(void)snprintf(text, size, seconds ? "%s%llum %llus" : "%s%llum", sign, minutes,
			       seconds);
	else
		(void)snprintf(text, size, "%s%llus", sign, seconds);
}

/* Length of the well-formed UTF-8 sequence at P (at most LEFT bytes), 0 when it is none. C1
 * controls, surrogates and over-long forms count as none. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t code;

	if (n == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	code = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if ((n == 2 && code < 0xa0) || (n == 3 && code < 0x800) || (n == 4 && code < 0x10000) ||
	    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code == 0x2028 ||
	    code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return 0;
	return n;
}

static char replacement(unsigned char c)
{
	switch (c) {
	case '|':
		return '/';
	case '<':
		return '(';
	case '>':
		return ')';
	case '&':
		return '+';
	}
	return (char)c;
}

void fleet_text_clean(struct fleet_buf *buf, const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text), room = max, start = buf->len, cut = buf->len;
	bool blank = false;

	while (left) {
		size_t n = utf8_length(p, left);
		char one = n == 1 ? replacement(*p) : '?';
		const char *piece = n > 1 ? (const char *)p : &one;
		size_t len = n ? n : 1;

		if (n == 1 && (*p <= ' ' || *p == 0x7f)) {
			blank = buf->len > start;
			p++;
			left--;
			continue;
		}
		if (room < len + blank) {
			buf->len = cut;
			if (buf->data)
				buf->data[cut] = '\0';
			if (max >= 3)
				(void)fleet_buf_adds(buf, "...");
			return;
		}
		if (blank && fleet_buf_adds(buf, " "))
			return;
		if (fleet_buf_add(buf, piece, n > 1 ? n : 1))
			return;
		room -= len + blank;
		blank = false;
		if (room >= 3)
			cut = buf->len;
		p += len;
		left -= len;
	}
}

char *fleet_text_clean_into(char *out, size_t size, const char *text)
{
	struct fleet_buf buf;

	if (!size)
		return out;
	fleet_buf_init(&buf, size - 1);
	fleet_text_clean(&buf, text, size - 1);
	(void)snprintf(out, size, "%s", fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return out;
}

const char *fleet_id_name(const char *id)
{
	const char *slash = strrchr(id, '/');

	return slash ? slash + 1 : "";
}

char *fleet_id_part(const char *id, const char *key, char *out, size_t size)
{
	size_t key_len = strlen(key);

	if (!size)
		return out;
	out[0] = '\0';
	/* Keys and values take turns: a resource group may well be called "fleets". */
	while (*id == '/') {
		const char *name = id + 1, *value;
		size_t name_len = strcspn(name, "/"), len;

		if (name[name_len] != '/')
			break;
		value = name + name_len + 1;
		len = strcspn(value, "/");
		if (name_len == key_len && strncasecmp(name, key, key_len) == 0) {
			if (len < size) {
				memcpy(out, value, len);
				out[len] = '\0';
			}
			break;
		}
		id = value + len;
	}
	return out;
}

bool fleet_id_equal(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool fleet_name_valid(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len > max || text[0] == '-' || text[len - 1] == '-')
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

uint64_t fleet_text_hash(uint64_t hash, const char *text)
{
	do {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 'A' && byte <= 'Z')
			byte = (unsigned char)(byte + ('a' - 'A'));
		hash = (hash ^ byte) * 0x100000001b3u;
	} while (*text++);
	return hash;
}
