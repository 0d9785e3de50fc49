/* SPDX-License-Identifier: MIT */
/* A shared object that is no module. */
#include "odd.h"

ODD_EXPORT int some_other_function(void);
int some_other_function(void)
{
	return 1;
}
