/* SPDX-License-Identifier: MIT */
/* Node image versions: the date in their names. Pure. */
#ifndef FLEETMON_NODE_IMAGE_H
#define FLEETMON_NODE_IMAGE_H

#include <stdint.h>

/*
 * The date in the name of a node image, midnight UTC in seconds since the epoch; 0 when there is
 * none that can be read: "AKSUbuntu-2204gen2containerd-202504.16.0" (16 April 2025),
 * "AKSUbuntu-1604-2020.10.08", and of Windows images "AKSWindows-2022-containerd-20348.3091.250117"
 * (17 January 2025).
 */
int64_t fleet_node_image_date_s(const char *version);

#endif
