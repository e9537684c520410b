/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of level SOL_ZMQ: what the table says of each, and their values. */
#ifndef _ZMQ_OPTION_H
#define _ZMQ_OPTION_H

#include <linux/sockptr.h>
#include "sock.h"

enum {
	ZMQ_KIND_INT,		/* int in struct zmq_opts */
	ZMQ_KIND_BOOL,		/* bool there, an int to the user */
	ZMQ_KIND_S64,		/* s64 or u64 there */
	ZMQ_KIND_BYTES,		/* u8 array there, with its length in a u8 */
	ZMQ_KIND_HEAP,		/* likewise, of memory of its own */
	ZMQ_KIND_TEXT,		/* char array there, a string to the user */
	ZMQ_KIND_DECIS,		/* int in tenths of a second there, ms to the user */
	ZMQ_KIND_TIMEO,		/* int there, applied to the sock */
	ZMQ_KIND_COMPUTED,	/* see get_computed() */
	ZMQ_KIND_ENDPOINT,	/* text of an endpoint, see set_endpoint() */
	ZMQ_KIND_ANSWER,	/* two endpoints, see resolve.c */
	ZMQ_KIND_FILTER,	/* an id, see option_filter.c */
	ZMQ_KIND_ATTACH,	/* a file descriptor */
	ZMQ_KIND_INPROC_NS,	/* -1 or a file descriptor, see enter_inproc_ns() */
	ZMQ_KIND_ZEROCOPY,	/* a flag of the sock */
	ZMQ_KIND_ABORT,		/* a command without a value */
	ZMQ_KIND_MONITOR,	/* opens a file, see monitor.c */
	ZMQ_KIND_PAT_INT,	/* the pattern's own */
	ZMQ_KIND_PAT_BYTES,
};

enum {
	ZMQ_OPTION_SET		= 1 << 0,
	ZMQ_OPTION_GET		= 1 << 1,
};

/**
 * struct zmq_option - an option
 * @number: ZMQ_...
 * @kind: ZMQ_KIND_...
 * @access: ZMQ_OPTION_SET, ZMQ_OPTION_GET
 * @types: socket types that have it, a bit each; 0 for all
 * @off: of the value in struct zmq_opts; ZMQ_KIND_FILTER: which filter
 * @len_off: of its length there, ZMQ_KIND_BYTES and ZMQ_KIND_HEAP
 * @min: least value, or length
 * @max: greatest value, or length without a terminating NUL
 * @init: default
 */
struct zmq_option {
	u16	number;
	u8	kind;
	u8	access;
	u16	types;
	u16	off;
	u16	len_off;
	s64	min;
	s64	max;
	s64	init;
};

/* A value on its way to the user. */
union zmq_option_value {
	int	i;
	s64	q;
	u8	bytes[ZMQ_EP_TEXT];
};

extern const struct zmq_option zmq_options[];
extern const unsigned int zmq_options_nr;

void zmq_option_store(struct zmq_opts *opts, const struct zmq_option *opt,
		      s64 val);
int zmq_option_store_bytes(struct zmq_opts *opts, const struct zmq_option *opt,
			   const u8 *val, size_t len);
int zmq_option_load(const struct zmq_opts *opts, const struct zmq_option *opt,
		    union zmq_option_value *value);
int zmq_option_set_filter(struct zmq_sock *zsk, const struct zmq_option *opt,
			  sockptr_t optval, unsigned int optlen);

#endif /* _ZMQ_OPTION_H */
