/* SPDX-License-Identifier: MIT */
/* The program itself, as a function. */
int fleet_action_main(int argc, char **argv);
#define main fleet_action_main
#include "../../plugins/hosts/fleet_action.c"
