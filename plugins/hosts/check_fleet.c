/* SPDX-License-Identifier: MIT */
/* check_fleet: a monitoring plugin that runs one check module on one fleet. */
#include "check.h"

int main(int argc, char **argv)
{
	return check_call(argc, argv, NULL);
}
