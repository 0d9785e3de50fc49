/* SPDX-License-Identifier: MIT */
/* Tokens out of answers, and their life out of every form that services have given it. */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "credential.h"
#include "model.h"
#include "text.h"
#include "token_answer.h"

/* What the life of a token is taken for when the answer does not say it in a way we read. */
#define UNKNOWN_LIFE_S 600

const char *fleet_token_text(struct json_object *body, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(body, json_type_object) ||
	    !json_object_object_get_ex(body, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* The number at KEY, also when it is given as a text; FLEET_ABSENT when it is none. */
static int64_t number_at(struct json_object *body, const char *key)
{
	struct json_object *value = NULL;
	const char *text;
	char *end = NULL;
	long long number;

	if (!json_object_object_get_ex(body, key, &value))
		return FLEET_ABSENT;
	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_string))
		return FLEET_ABSENT;
	text = json_object_get_string(value);
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno || end == text || *end ? FLEET_ABSENT : number;
}

/* "11/05/2021 15:18:31 +00:00", or with AM or PM: month, day, year, always UTC. */
static int64_t american_date_s(const char *text)
{
	struct tm tm = {0};
	time_t time_s;

	text = strptime(text, "%m/%d/%Y %H:%M:%S", &tm);
	if (!text)
		return FLEET_ABSENT;
	if (strncasecmp(text, " AM", 3) == 0 || strncasecmp(text, " PM", 3) == 0) {
		if (tm.tm_hour < 1 || tm.tm_hour > 12)
			return FLEET_ABSENT;
		tm.tm_hour = tm.tm_hour % 12 + (tolower((unsigned char)text[1]) == 'p' ? 12 : 0);
		text += 3;
	}
	if (*text && strcmp(text, " +00:00") != 0)
		return FLEET_ABSENT;
	time_s = timegm(&tm);
	return time_s > 0 ? time_s : FLEET_ABSENT;
}

static int64_t date_s(const char *text)
{
	int64_t time_s;

	if (fleet_time_parse(text, &time_s) == 0)
		return time_s;
	time_s = fleet_http_date_s(text);
	return time_s > 0 ? time_s : american_date_s(text);
}

int64_t fleet_token_life(struct json_object *body, int64_t now_s)
{
	int64_t life_s = number_at(body, "expires_in");

	if (life_s <= 0) {
		int64_t expires_s = number_at(body, "expires_on");

		if (expires_s == FLEET_ABSENT)
			expires_s = date_s(fleet_token_text(body, "expires_on"));
		life_s = expires_s == FLEET_ABSENT || expires_s <= now_s ? UNKNOWN_LIFE_S
									 : expires_s - now_s;
	}
	return life_s > FLEET_MAX_TOKEN_LIFE_S ? FLEET_MAX_TOKEN_LIFE_S : life_s;
}

int fleet_token_accept(const struct fleet_config_credential *credential, const char *service,
		       struct json_object *body, struct fleet_buf *token, int64_t *ret_life_s,
		       struct fleet_error *error)
{
	const char *type = fleet_token_text(body, "token_type");
	int rc;

	if (type[0] && strcasecmp(type, "Bearer") != 0)
		return fleet_error_set(error, FLEET_E_AUTH,
				       "credential %s (%s): %s gave a token of type %.40s, Bearer "
				       "is needed",
				       credential->name, credential->where, service, type);
	(void)fleet_buf_adds(token, fleet_token_text(body, "access_token"));
	rc = fleet_credential_check_token(credential, token, error);
	if (!rc)
		*ret_life_s = fleet_token_life(body, fleet_now_s());
	return rc;
}

void fleet_token_forget(struct json_object *body)
{
	static const char *const names[] = {"access_token", "accessToken"};
	static const char blank[FLEET_MAX_TOKEN];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct json_object *value = NULL;
		int len;

		if (!json_object_is_type(body, json_type_object) ||
		    !json_object_object_get_ex(body, names[i], &value) ||
		    !json_object_is_type(value, json_type_string))
			continue;
		len = json_object_get_string_len(value);
		if (len > 0 && (size_t)len <= sizeof(blank))
			(void)json_object_set_string_len(value, blank, len);
	}
}
