/* SPDX-License-Identifier: MIT */
/* Why a member is Pending. The service promises no words, so this looks for what its texts must
 * name: a version, an image, a window and when it opens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "health.h"
#include "text.h"

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* WORD by itself: "AKSWindows-2022" and a member called "window-1" are no windows. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word))
		if ((at == text || !is_word_byte(at[-1])) && !is_word_byte(at[len]))
			return true;
	return false;
}

static bool names_image(const char *text)
{
	return strcasestr(text, "NodeImageVersionNotAvailable") ||
	       (strcasestr(text, "node image") && strcasestr(text, "not available"));
}

static bool names_version(const char *text)
{
	if (strcasestr(text, "release") &&
	    (strcasestr(text, "release-tracker") || strcasestr(text, "release tracker") ||
	     strcasestr(text, "releases.aks.azure.com")))
		return true;
	return strcasestr(text, "version") && strcasestr(text, "available") &&
	       (strcasestr(text, "kubernetes version") || strcasestr(text, "k8s version") ||
		strcasestr(text, "VersionNotAvailable"));
}

static bool names_window(const char *text)
{
	return strcasestr(text, "maintenance window") || strcasestr(text, "maintenancewindow") ||
	       strcasestr(text, "maintenance configuration") ||
	       ((has_word(text, "window") || has_word(text, "windows")) &&
		(has_word(text, "open") || has_word(text, "opens") || has_word(text, "opening") ||
		 has_word(text, "closed")));
}

/* Digits as in "dddd-dd-dd": d for a digit, anything else for itself, T also for a blank. */
static bool looks_like(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		bool is_digit = *text >= '0' && *text <= '9';

		if (*pattern == 'd' ? !is_digit
				    : *text != *pattern && !(*pattern == 'T' && *text == ' '))
			return false;
	}
	return true;
}

/* The offset after a time in Go's or RFC 3339's way: "Z", "+02:00", " +0200 CEST"; UTC if none. */
static void copy_zone(const char *text, char *out, size_t size)
{
	(void)snprintf(out, size, "Z");
	if (*text == ' ')
		text++;
	if (*text != '+' && *text != '-')
		return;
	if (looks_like(text + 1, "dd:dd"))
		(void)snprintf(out, size, "%.6s", text);
	else if (looks_like(text + 1, "dddd"))
		(void)snprintf(out, size, "%.3s:%.2s", text, text + 3);
}

/* "2026-01-02T22:00:00.5Z", "2026-01-02 22:00:00 +0000 UTC", "2026-01-02 22:00". */
static bool read_iso(const char *text, int64_t *ret_s)
{
	char zone[8], copy[40];
	const char *seconds = ":00", *rest = text + 16;

	if (!looks_like(text, "dddd-dd-ddTdd:dd"))
		return false;
	if (looks_like(rest, ":dd")) {
		seconds = rest;
		rest += 3;
		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0123456789");
	}
	copy_zone(rest, zone, sizeof(zone));
	(void)snprintf(copy, sizeof(copy), "%.10sT%.5s%.3s%s", text, text + 11, seconds, zone);
	return fleet_time_parse(copy, ret_s) == 0;
}

/* "02 Jan 2026 22:00:00 GMT", as in HTTP and RFC 1123. */
static bool read_rfc1123(const char *text, int64_t *ret_s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char zone[8], copy[40], month[4];
	const char *found;

	if (!looks_like(text, "dd ") || strlen(text) < 20 ||
	    !looks_like(text + 6, " dddd dd:dd:dd"))
		return false;
	(void)snprintf(month, sizeof(month), "%.3s", text + 3);
	found = strstr(months, month);
	if (!found || (found - months) % 3 != 0)
		return false;
	copy_zone(text + 20, zone, sizeof(zone));
	(void)snprintf(copy, sizeof(copy), "%.4s-%02d-%.2sT%.8s%s", text + 7,
		       (int)((found - months) / 3 + 1), text, text + 12, zone);
	return fleet_time_parse(copy, ret_s) == 0;
}

static bool first_time(const char *text, int64_t *ret_s)
{
	for (; *text; text++)
		if (read_iso(text, ret_s) || read_rfc1123(text, ret_s))
			return true;
	return false;
}

/* The time that TEXT names as the next opening, 0 when it names none. A time behind the word "next"
 * wins over others: the text may name the current time too. */
static int64_t next_opening(const char *text)
{
	const char *next = strcasestr(text, "next");
	int64_t at = 0;

	if (next && first_time(next, &at))
		return at;
	return first_time(text, &at) ? at : 0;
}

enum fleet_cause fleet_pending_cause(const struct fleet_member_status *member, int64_t *ret_until_s)
{
	const char *const texts[] = {member->status.error.code, member->status.error.message,
				     member->message};
	enum fleet_cause cause = FLEET_CAUSE_PENDING;
	int64_t until = 0;

	for (size_t i = 0; i < 3 && cause == FLEET_CAUSE_PENDING; i++) {
		if (names_image(texts[i]))
			cause = FLEET_CAUSE_IMAGE;
		else if (names_version(texts[i]))
			cause = FLEET_CAUSE_VERSION;
		else if (names_window(texts[i]))
			cause = FLEET_CAUSE_WINDOW;
	}
	for (size_t i = 1; i < 3 && cause == FLEET_CAUSE_WINDOW && until <= 0; i++)
		until = next_opening(texts[i]);
	*ret_until_s = until > 0 ? until : 0;
	return cause;
}
