/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_MIB_H
#define _ZMQ_MIB_H

#include <linux/percpu.h>

struct seq_file;

enum zmq_mib_field {
	ZMQ_MIB_NONE,		/* not a counter: no reason, in tracepoints */
#define ZMQ_MIB(_field, _name)	ZMQ_MIB_##_field,
#include "mib_fields.h"
#undef ZMQ_MIB
	__ZMQ_MIB_MAX
};

/**
 * struct zmq_mib - one CPU's share of a namespace's counters
 * @fields: indexed by enum zmq_mib_field
 */
struct zmq_mib {
	unsigned long	fields[__ZMQ_MIB_MAX];
};

/**
 * zmq_mib_add - count
 * @mib: the namespace's counters
 * @field: which of them
 * @n: how many
 *
 * Context: Any, also softirq and with preemption enabled.
 */
static inline void zmq_mib_add(struct zmq_mib __percpu *mib,
			       enum zmq_mib_field field, unsigned long n)
{
	this_cpu_add(mib->fields[field], n);
}

struct zmq_mib __percpu *zmq_mib_alloc(void);
void zmq_mib_free(struct zmq_mib __percpu *mib);
unsigned long zmq_mib_sum(struct zmq_mib __percpu *mib,
			  enum zmq_mib_field field);
const char *zmq_mib_name(enum zmq_mib_field field);
void zmq_mib_seq_show(struct seq_file *seq, struct zmq_mib __percpu *mib);

#endif /* _ZMQ_MIB_H */
