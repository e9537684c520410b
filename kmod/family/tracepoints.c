// SPDX-License-Identifier: GPL-2.0-only
/* On the top floor: the events name the states of a connection. */
#include "conn/conn.h"

#define CREATE_TRACE_POINTS
#include "base/trace.h"
