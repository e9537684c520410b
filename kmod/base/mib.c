// SPDX-License-Identifier: GPL-2.0-only
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include "mib.h"

static const char * const zmq_mib_names[] = {
#define ZMQ_MIB(_field, _name) \
	[ZMQ_MIB_##_field] = _name,
#include "mib_fields.h"
#undef ZMQ_MIB
};

static_assert(ARRAY_SIZE(zmq_mib_names) == __ZMQ_MIB_MAX);

/**
 * zmq_mib_alloc - counters for a namespace, all zero
 *
 * Context: Process context, may sleep.
 * Return: the counters, or NULL.
 */
struct zmq_mib __percpu *zmq_mib_alloc(void)
{
	return alloc_percpu_gfp(struct zmq_mib, GFP_KERNEL_ACCOUNT);
}

/**
 * zmq_mib_free - free what zmq_mib_alloc() made
 * @mib: the counters, or NULL
 *
 * Context: Process context. Nobody counts any more.
 */
void zmq_mib_free(struct zmq_mib __percpu *mib)
{
	free_percpu(mib);
}

/**
 * zmq_mib_sum - the value of a counter
 * @mib: the namespace's counters
 * @field: which of them
 *
 * Context: Any.
 * Return: the sum over all CPUs; what is counted meanwhile may be missing.
 */
unsigned long zmq_mib_sum(struct zmq_mib __percpu *mib,
			  enum zmq_mib_field field)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mib, cpu)->fields[field]);
	return sum;
}

/**
 * zmq_mib_name - what a counter is called
 * @field: which of them, not ZMQ_MIB_NONE
 *
 * Context: Any.
 * Return: the name.
 */
const char *zmq_mib_name(enum zmq_mib_field field)
{
	return zmq_mib_names[field];
}

/**
 * zmq_mib_seq_show - write /proc/net/zmq_snmp
 * @seq: where to
 * @mib: the namespace's counters
 *
 * One "ZmqName value" per line, the format of /proc/net/snmp6.
 *
 * Context: Process context.
 */
void zmq_mib_seq_show(struct seq_file *seq, struct zmq_mib __percpu *mib)
{
	int i;

	for (i = ZMQ_MIB_NONE + 1; i < __ZMQ_MIB_MAX; i++)
		seq_printf(seq, "Zmq%-29s\t%lu\n", zmq_mib_names[i],
			   zmq_mib_sum(mib, i));
}
