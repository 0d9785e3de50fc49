/* SPDX-License-Identifier: MIT */
/* What values of the configuration may look like. Patterns are the service's own. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "credential.h"
#include "managed_identity.h"
#include "text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define HEX "0123456789abcdefABCDEF"

/* Is TEXT of FEWEST to MOST bytes, all of SET? */
static bool made_of(const char *text, const char *set, size_t fewest, size_t most)
{
	size_t len = strlen(text);

	return len >= fewest && len <= most && strspn(text, set) == len;
}

static bool is_printable(const char *text, size_t most)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (len >= most || (unsigned char)text[len] < 0x20 || text[len] == 0x7f)
			return false;
	return true;
}

static bool is_path(const char *text)
{
	return text[0] == '/' && is_printable(text, 400);
}

static bool is_guid(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '-' ? text[i] != '-' : !strchr(HEX, text[i]))
			return false;
	return true;
}

static bool is_domain(const char *text)
{
	return made_of(text, LETTERS DIGITS ".-", 1, 253) && strchr(text, '.') && *text != '.' &&
	       *text != '-' && !strstr(text, "..");
}

/* resourceGroupName of the API description. */
static bool is_resource_group(const char *text)
{
	return made_of(text, LETTERS DIGITS "_-.()", 1, 90) && text[strlen(text) - 1] != '.';
}

/* groupId of the management groups API. */
static bool is_management_group(const char *text)
{
	return made_of(text, LETTERS DIGITS "_-.()", 1, 90);
}

/* The api-versions with update runs as fleetmon reads them; a later one may be newer than this. */
static const char *const api_versions[] = {
	"2023-10-15",	      "2024-02-02-preview", "2024-04-01",	  "2024-05-02-preview",
	"2025-03-01",	      "2025-04-01-preview", "2025-08-01-preview", "2026-02-01-preview",
	"2026-03-02-preview", "2026-05-01-preview", "2026-06-01",	  "2026-06-02-preview",
};
#define API_VERSION_COUNT (sizeof(api_versions) / sizeof(api_versions[0]))
#define API_VERSIONS_ALLOWED                                                               \
	"2023-10-15, 2024-02-02-preview, 2024-04-01, 2024-05-02-preview, 2025-03-01, "     \
	"2025-04-01-preview, 2025-08-01-preview, 2026-02-01-preview, 2026-03-02-preview, " \
	"2026-05-01-preview, 2026-06-01, 2026-06-02-preview or a later YYYY-MM-DD[-preview]"

static bool is_api_version(const char *text)
{
	static const char shape[] = "dddd-dd-dd";
	int month, day;

	for (size_t i = 0; i < API_VERSION_COUNT; i++)
		if (strcmp(api_versions[i], text) == 0)
			return true;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	if (text[10] != '\0' && strcmp(text + 10, "-preview") != 0)
		return false;
	month = (text[5] - '0') * 10 + (text[6] - '0');
	day = (text[8] - '0') * 10 + (text[9] - '0');
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	       strncmp(text, api_versions[API_VERSION_COUNT - 1], 10) > 0;
}

/* Is TEXT of LEN bytes host[:port], nothing else? An IPv6 address stands in brackets. */
static bool is_authority(const char *text, size_t len)
{
	char copy[300];
	char *port;
	long number;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (copy[0] == '[') {
		char *bracket = strchr(copy, ']');

		if (!bracket || (bracket[1] != '\0' && bracket[1] != ':'))
			return false;
		port = bracket[1] == ':' ? bracket + 2 : NULL;
		*bracket = '\0';
		if (!made_of(copy + 1, HEX ":.", 2, 45))
			return false;
	} else {
		port = strchr(copy, ':');
		if (port)
			*port++ = '\0';
		if (!made_of(copy, LETTERS DIGITS ".-", 1, 253) || *copy == '.' || *copy == '-')
			return false;
	}
	if (!port)
		return true;
	if (!made_of(port, DIGITS, 1, 5))
		return false;
	number = strtol(port, NULL, 10);
	return number >= 1 && number <= 65535;
}

static bool is_origin(const char *text, const char *scheme, bool slash)
{
	size_t len = strlen(text), skip = strlen(scheme);

	if (slash && len > skip && text[len - 1] == '/')
		len--;
	return len > skip && strncmp(text, scheme, skip) == 0 &&
	       is_authority(text + skip, len - skip);
}

static bool is_variable(const char *text)
{
	return made_of(text, LETTERS DIGITS "_", 1, 200) && !isdigit((unsigned char)*text);
}

static bool is_secret_path(const char *text)
{
	static const char variable[] = "${CREDENTIALS_DIRECTORY}/";

	if (strncmp(text, variable, sizeof(variable) - 1) == 0)
		return is_printable(text, 400) && text[sizeof(variable) - 1] &&
		       !strstr(text, "/../");
	return is_path(text);
}

/* A colon would begin the password. */
static bool is_proxy_user(const char *text)
{
	size_t len = strlen(text);

	for (const char *at = text; *at; at++)
		if (*at < 0x20 || *at == 0x7f || *at == ':')
			return false;
	return len > 0 && len <= 256;
}

static bool is_identity_id(const char *text)
{
	static const char provider[] =
		"/providers/microsoft.managedidentity/userassignedidentities/";
	const char *at = strcasestr(text, provider);

	return strncasecmp(text, "/subscriptions/", 15) == 0 && at &&
	       made_of(at + sizeof(provider) - 1, LETTERS DIGITS "_-", 1, 128) &&
	       made_of(text, LETTERS DIGITS "_-./()", 1, 400);
}

bool fleet_config_valid(enum fleet_config_kind kind, const char *text, const char **ret_allowed)
{
	switch (kind) {
	case FLEET_CONFIG_PATH:
		*ret_allowed = "an absolute path";
		return is_path(text);
	case FLEET_CONFIG_PATH_OR_NONE:
		*ret_allowed = "an absolute path, or \"\" for none";
		return !*text || is_path(text);
	case FLEET_CONFIG_SECRET_PATH:
		*ret_allowed = "an absolute path, or one that begins with "
			       "${CREDENTIALS_DIRECTORY}/";
		return is_secret_path(text);
	case FLEET_CONFIG_WORD:
		*ret_allowed = "a name of at most 63 letters, digits, hyphens and underscores";
		return made_of(text, LETTERS DIGITS "_-", 1, 63);
	case FLEET_CONFIG_MANAGEMENT_GROUP:
		*ret_allowed = "the id of a management group: 1 to 90 letters, digits and _-.()";
		return is_management_group(text);
	case FLEET_CONFIG_GUID:
		*ret_allowed = "an id such as 00000000-0000-0000-0000-000000000000";
		return is_guid(text);
	case FLEET_CONFIG_TENANT:
		*ret_allowed = "a tenant id such as 00000000-0000-0000-0000-000000000000, or a "
			       "domain such as contoso.onmicrosoft.com";
		return is_guid(text) || is_domain(text);
	case FLEET_CONFIG_RESOURCE_GROUP:
		*ret_allowed = "1 to 90 letters, digits and _-.(), without a full stop at the end";
		return is_resource_group(text);
	case FLEET_CONFIG_FLEET_NAME:
		*ret_allowed = "1 to 63 lower case letters, digits and hyphens, a letter or digit "
			       "at both ends";
		return fleet_name_valid(text, 63);
	case FLEET_CONFIG_API_VERSION:
		*ret_allowed = API_VERSIONS_ALLOWED;
		return is_api_version(text);
	case FLEET_CONFIG_ORIGIN:
		*ret_allowed = "https://host or https://host:port, without a path or user";
		return is_origin(text, "https://", false);
	case FLEET_CONFIG_AUDIENCE:
		*ret_allowed = "https://host, without a path or user; a slash may end it";
		return is_origin(text, "https://", true);
	case FLEET_CONFIG_PROXY:
		*ret_allowed = "http://host:port without a user, \"environment\" for https_proxy, "
			       "or \"\" for none";
		return !*text || strcmp(text, "environment") == 0 ||
		       is_origin(text, "http://", true);
	case FLEET_CONFIG_PROXY_USER:
		*ret_allowed = "a name of printable characters without a colon";
		return is_proxy_user(text);
	case FLEET_CONFIG_ENVIRONMENT:
		*ret_allowed = "the name of an environment variable";
		return is_variable(text);
	case FLEET_CONFIG_RESOURCE_ID:
		*ret_allowed = "the id of a user assigned identity: /subscriptions/.../providers/"
			       "Microsoft.ManagedIdentity/userAssignedIdentities/NAME";
		return is_identity_id(text);
	case FLEET_CONFIG_ALGORITHM:
		*ret_allowed = "\"PS256\" or \"RS256\"";
		return strcmp(text, "PS256") == 0 || strcmp(text, "RS256") == 0;
	case FLEET_CONFIG_IDENTITY_SOURCE:
		*ret_allowed = "\"imds\", \"app_service\" or \"azure_arc\"";
		return fleet_managed_identity_knows(text);
	case FLEET_CONFIG_TYPE:
		*ret_allowed = "a type of credential";
		return fleet_credential_type(text) != NULL;
	case FLEET_CONFIG_SWITCH:
		*ret_allowed = "true or false";
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	case FLEET_CONFIG_SECONDS:
		*ret_allowed = "a duration such as 90s, 30m, 4h or 2d";
		return is_printable(text, 100);
	}
	return false;
}

unsigned fleet_config_unsafe_line(const char *text, size_t len)
{
	static const char include[] = "@include";
	unsigned line = 1;

	if (memchr(text, '\0', len))
		return line;
	for (const char *at = text; *at; at++) {
		at += strspn(at, " \t\r\f\v");
		if (strncmp(at, include, sizeof(include) - 1) == 0)
			return line;
		at += strcspn(at, "\n");
		if (!*at)
			break;
		line++;
	}
	return 0;
}
