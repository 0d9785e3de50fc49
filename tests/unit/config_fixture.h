/* SPDX-License-Identifier: MIT */
/* A folder with a configuration, for each test a fresh one. */
#ifndef FLEETMON_TESTS_CONFIG_FIXTURE_H
#define FLEETMON_TESTS_CONFIG_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "folder.h"

#define GUID "11111111-2222-3333-4444-555555555555"
#define SECRET                                                                  \
	"credentials: { r: { type = \"client_secret\"; tenant = \"" GUID "\"; " \
	"client_id = \"" GUID "\"; secret_file = \"/etc/x\"; }; };\n"

static char folder[200];
static char file[300];
static struct fleet_config *config;
static struct fleet_error error;

static inline void write_file(const char *name, const char *text)
{
	char path[600];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static inline void setup(void)
{
	char path[300];

	folder_make(folder, sizeof(folder));
	(void)snprintf(file, sizeof(file), "%s/fleetmon.conf", folder);
	(void)snprintf(path, sizeof(path), "%s/conf.d", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	config = NULL;
}

static inline void teardown(void)
{
	fleet_config_free(config);
	folder_remove(folder);
}

static inline int load(const char *text)
{
	write_file("fleetmon.conf", text);
	fleet_config_free(config);
	config = NULL;
	return fleet_config_load(file, &config, &error);
}

/* An error that says all of the words, ended by NULL. */
static inline void check_refused(const char *const *words)
{
	ck_assert_int_eq(error.code, FLEET_E_CONFIG);
	for (; *words; words++)
		ck_assert_msg(strstr(error.message, *words) != NULL, "\"%s\" lacks \"%s\"",
			      error.message, *words);
}
#define REFUSED(...) check_refused((const char *const[]){__VA_ARGS__, NULL})

#endif
