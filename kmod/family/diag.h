/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_DIAG_H
#define _ZMQ_DIAG_H

int zmq_diag_init(int family);
void zmq_diag_exit(void);

#endif /* _ZMQ_DIAG_H */
