/* SPDX-License-Identifier: MIT */
/*
 * As much of a monitoring core as fleet_broker.so sees: the names that it looks up, an I/O loop, a
 * log in memory, and the order in which both cores load, start, end and unload. FAKE_NAEMON makes
 * it a Naemon, else it is a Nagios; FAKE_LACKS leaves out a function, FAKE_MUTE the log.
 */
#ifndef FLEETMON_FAKE_CORE_H
#define FLEETMON_FAKE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef FAKE_NAEMON
#define FAKE_NAME "Naemon"
#define FAKE_VERSION "1.5.2"
#else
#define FAKE_NAME "Nagios"
#define FAKE_VERSION "4.4.6"
#endif

/* ---- What the module finds, and the test sets */

extern const char *fake_version;
extern int __neb_api_version; /* as of a module that was loaded before */
extern unsigned long event_broker_options;
extern char *qh_socket_path;
extern void *nagios_iobs;
const char *get_program_version(void);
int neb_register_callback(int type, void *module, int priority, int (*call)(int, void *));
int neb_deregister_callback(int type, int (*call)(int, void *));
int iobroker_register(void *set, int fd, void *arg, int (*call)(int, int, void *));
int iobroker_unregister(void *set, int fd);
void logit(int type, int display, const char *format, ...);
void nm_log(int type, const char *format, ...);

/* ---- What the test drives */

/* Calls into the module, by kind, with their times. */
enum fake_call {
	FAKE_LOAD,
	FAKE_INIT,
	FAKE_START,
	FAKE_PACKET,
	FAKE_TIMER,
	FAKE_STOP,
	FAKE_DEINIT,
	FAKE_OTHER, /* not the module's: for comparison */
	FAKE_CALL_COUNT,
};

/* dlopen with the core's own flags; the interface number it says goes to *RET_API. */
bool fake_open(const char *path, int *ret_api);
/* Returns what nebmodule_init does. */
int fake_init(const char *args);
void fake_event(int type); /* of NEBCALLBACK_PROCESS_DATA */
/* The end as both cores do it: callbacks forgotten, deinit, dlclose. False when it stays mapped. */
bool fake_close(void);
/* Times CALL as one of FAKE_OTHER. */
void fake_time(void (*call)(void));
/* nebmodule_deinit alone. */
void fake_deinit(void);

/* The event loop, until DONE(ARG) is true or so many ms have gone; returns whether it is. */
bool fake_loop(int ms, bool (*done)(const char *), const char *arg);
size_t fake_registered(void);	 /* descriptors in the loop */
size_t fake_lines_of_call(void); /* the most lines that one call logged */

void fake_forget(void);			    /* the lines of the log */
size_t fake_lines(void);		    /* since then */
const char *fake_line(const char *holding); /* the last one with this text, or NULL */
bool fake_logged(const char *holding);
bool fake_log_is_clean(void); /* no line with a control character, none too long */

/*
 * A table of the times. Returns whether no call of the event loop waited for anything, and at most
 * SLOW of them used more than 1 ms of a processor; SIZE_MAX for no limit. (On the clock a call also
 * takes what the machine gave to others, which is nobody's doing here.)
 */
bool fake_print_times(size_t slow);

#endif
