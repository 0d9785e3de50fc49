/* SPDX-License-Identifier: MIT */
/* Which monitoring core we are in, its functions, and its log. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

struct version {
	long major, minor, patch;
};

static void *find(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

/* ISO C knows no way from void * to a function; POSIX promises that the bytes are one. */
#define FIND_FUNCTION(function, name)                         \
	do {                                                  \
		void *found_ = find(name);                    \
		memcpy(&(function), &found_, sizeof(found_)); \
	} while (0)

/* "4.4.6", "1.5.2-1", "1.4.1.g3d2c": what cannot be read is 0. */
static struct version read_version(const char *text)
{
	struct version version = {0, 0, 0};
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return version;
	version.major = strtol(text, &end, 10);
	if (end[0] == '.' && end[1] >= '0' && end[1] <= '9')
		version.minor = strtol(end + 1, &end, 10);
	if (end[0] == '.' && end[1] >= '0' && end[1] <= '9')
		version.patch = strtol(end + 1, &end, 10);
	return version;
}

static const char *program_version(void)
{
	const char *(*get_program_version)(void);

	FIND_FUNCTION(get_program_version, "get_program_version");
	return get_program_version ? get_program_version() : NULL;
}

static bool is_naemon(void)
{
	return find("nm_log") != NULL;
}

int broker_api_version(void)
{
	/* By the headers of each release: Naemon counts, Nagios has said 4 since 4.0. */
	static const struct {
		struct version since;
		int api;
	} naemons[] = {{{1, 5, 0}, 8}, {{1, 4, 3}, 7}, {{1, 4, 2}, 6}, {{1, 1, 0}, 5}};
	struct version is;

	if (!is_naemon())
		return 4;
	is = read_version(program_version());
	for (size_t i = 0; i < sizeof(naemons) / sizeof(naemons[0]); i++) {
		const struct version *since = &naemons[i].since;

		if (is.major != since->major) {
			if (is.major > since->major)
				return naemons[i].api;
		} else if (is.minor != since->minor) {
			if (is.minor > since->minor)
				return naemons[i].api;
		} else if (is.patch >= since->patch) {
			return naemons[i].api;
		}
	}
	return 4;
}

int broker_core_find(struct broker_core *ret_core, char *why, size_t size)
{
	struct broker_core core = {.name = is_naemon() ? "Naemon" : "Nagios"};
	const char *missing = NULL;
	struct version is;

	core.version = program_version();
	is = read_version(core.version);
	if (!core.version || is.major != (is_naemon() ? 1 : 4)) {
		(void)snprintf(why, size, "this core is %s %.40s", core.name,
			       core.version ? core.version : "without get_program_version()");
		return -1;
	}
	FIND_FUNCTION(core.register_callback, "neb_register_callback");
	FIND_FUNCTION(core.deregister_callback, "neb_deregister_callback");
	FIND_FUNCTION(core.register_fd, "iobroker_register");
	FIND_FUNCTION(core.unregister_fd, "iobroker_unregister");
	core.io_set = find("nagios_iobs");
	core.query_socket = find("qh_socket_path");
	core.options = find("event_broker_options");
	if (!find("nm_log") && !find("logit"))
		missing = "a function for its log";
	else if (!core.register_callback)
		missing = "neb_register_callback";
	else if (!core.deregister_callback)
		missing = "neb_deregister_callback";
	else if (!core.register_fd)
		missing = "iobroker_register";
	else if (!core.unregister_fd)
		missing = "iobroker_unregister";
	else if (!core.io_set)
		missing = "nagios_iobs";
	if (missing) {
		(void)snprintf(why, size, "this %s %.40s lacks %s", core.name, core.version,
			       missing);
		return -1;
	}
	*ret_core = core;
	return 0;
}

/* How many bytes the printable character at TEXT has, 0 when there is none. */
static size_t character(const unsigned char *text, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t value;
	size_t size;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] < 0x7f ? 1 : 0;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	size = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (size > len)
		return 0;
	value = text[0] & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	/* Controls, separators of lines, and what turns the direction of text. */
	if (value < 0xa0 || (value >= 0x2028 && value <= 0x202e) ||
	    (value >= 0x2066 && value <= 0x2069) || value == 0xfeff || (value & 0xfffe) == 0xfffe)
		return 0;
	return size;
}

void broker_clean(char *out, size_t size, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t to = 0;

	for (size_t i = 0; i < len;) {
		size_t n = character(in + i, len - i);

		if (to + (n > 0 ? n : 1) >= size)
			break;
		if (n == 0) {
			out[to++] = '?';
			i++;
			continue;
		}
		memcpy(out + to, in + i, n);
		to += n;
		i += n;
	}
	out[to] = '\0';
}

void broker_log(enum broker_level level, const char *format, ...)
{
	void (*nm_log)(int type, const char *format, ...);
	void (*logit)(int type, int display, const char *format, ...);
	char line[BROKER_LINE] = "fleetmon: ";
	size_t begun = strlen(line);
	va_list args;

	va_start(args, format);
	if (vsnprintf(line + begun, sizeof(line) - begun, format, args) < 0)
		line[begun] = '\0';
	va_end(args);
	FIND_FUNCTION(nm_log, "nm_log");
	FIND_FUNCTION(logit, "logit");
	if (nm_log)
		nm_log((int)level, "%s", line);
	else if (logit)
		/* To the console too when something is wrong: that is where an operator is. */
		logit((int)level, level != BROKER_INFO, "%s", line);
}
