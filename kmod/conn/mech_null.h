/* SPDX-License-Identifier: GPL-2.0-only */
/* The NULL mechanism: no authentication, no encryption. */
#ifndef _ZMQ_MECH_NULL_H
#define _ZMQ_MECH_NULL_H

#include "mech.h"

extern const struct zmq_mech_ops zmq_mech_null;

#endif /* _ZMQ_MECH_NULL_H */
