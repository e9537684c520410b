/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_TIME64_H
#define _SHIM_TIME64_H

#define MSEC_PER_SEC	1000L

#endif
