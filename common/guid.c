/* SPDX-License-Identifier: MIT */
/* Random ids of requests and assertions. */
#include <stdio.h>
#include <sys/random.h>

#include "guid.h"

int fleet_guid(char out[FLEET_GUID], struct fleet_error *error)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return fleet_error_set(error, FLEET_E_INTERNAL, "the system gives no random bytes");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(out, FLEET_GUID,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
	return 0;
}
