/* SPDX-License-Identifier: MIT */
/* What a transport was opened with: copied, compared, forgotten. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "transport_easy.h"

static const char system_ca_path[] = "/etc/ssl/certs";

/* Does the directory hold certificates under their hashes ("3513523f.0")? */
static bool is_hashed(const char *path)
{
	DIR *directory = opendir(path);
	bool found = false;
	struct dirent *entry;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory)) != NULL) {
		const char *name = entry->d_name;

		found = strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
			isdigit((unsigned char)name[9]);
	}
	(void)closedir(directory);
	return found;
}

static char *copy_or_null(const char *text)
{
	return text && text[0] ? strdup(text) : NULL;
}

static void wipe(char *text)
{
	if (text)
		fleet_wipe(text, strlen(text));
	free(text);
}

void fleet_easy_settings_finish(struct fleet_easy_settings *settings)
{
	free(settings->ca_file);
	free(settings->ca_path);
	wipe(settings->proxy); /* it may hold a password */
	wipe(settings->proxy_user);
	wipe(settings->proxy_password);
	memset(settings, 0, sizeof(*settings));
}

int fleet_easy_settings_init(struct fleet_easy_settings *settings, const struct fleet_tls *tls,
			     struct fleet_error *error)
{
	memset(settings, 0, sizeof(*settings));
	settings->is_configured = tls->ca_file[0] || tls->ca_path[0];
	settings->ca_file = copy_or_null(tls->ca_file);
	settings->ca_path = copy_or_null(tls->ca_path);
	settings->proxy = strdup(tls->proxy);
	settings->proxy_user = copy_or_null(tls->proxy_user);
	settings->proxy_password = copy_or_null(tls->proxy_password);
	settings->own_trust = settings->is_configured;
	/* Reading a whole bundle costs 17 ms, looking one hash up next to nothing. */
	if (!settings->is_configured && is_hashed(system_ca_path)) {
		settings->ca_path = strdup(system_ca_path);
		settings->own_trust = true;
	}
	if (!settings->proxy || (tls->ca_file[0] && !settings->ca_file) ||
	    (tls->ca_path[0] && !settings->ca_path) ||
	    (tls->proxy_user[0] && !settings->proxy_user) ||
	    (tls->proxy_password[0] && !settings->proxy_password) ||
	    (settings->own_trust && !settings->ca_file && !settings->ca_path)) {
		fleet_easy_settings_finish(settings);
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the transport");
	}
	return 0;
}

static bool is_copy(const char *copy, const char *text)
{
	return strcmp(copy ? copy : "", text) == 0;
}

bool fleet_easy_settings_equal(const struct fleet_easy_settings *settings,
			       const struct fleet_tls *tls)
{
	return is_copy(settings->is_configured ? settings->ca_file : "", tls->ca_file) &&
	       is_copy(settings->is_configured ? settings->ca_path : "", tls->ca_path) &&
	       is_copy(settings->proxy, tls->proxy) &&
	       is_copy(settings->proxy_user, tls->proxy_user) &&
	       is_copy(settings->proxy_password, tls->proxy_password);
}
