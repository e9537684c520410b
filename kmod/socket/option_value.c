// SPDX-License-Identifier: GPL-2.0-only
/* The values of options, in struct zmq_opts. */

#include <linux/slab.h>
#include "option.h"

/**
 * zmq_option_store() - set an option that is a number
 * @opts: the values
 * @opt: the option
 * @val: its value, in range
 *
 * Context: Any; socket lock held if anybody else knows the socket.
 */
void zmq_option_store(struct zmq_opts *opts, const struct zmq_option *opt,
		      s64 val)
{
	void *field = (void *)opts + opt->off;

	switch (opt->kind) {
	case ZMQ_KIND_INT:
	case ZMQ_KIND_TIMEO:
		WRITE_ONCE(*(int *)field, val);
		break;
	case ZMQ_KIND_DECIS:
		WRITE_ONCE(*(int *)field, (int)val / 100);
		break;
	case ZMQ_KIND_BOOL:
		WRITE_ONCE(*(bool *)field, val);
		break;
	case ZMQ_KIND_S64:
		WRITE_ONCE(*(s64 *)field, val);
		break;
	}
}

/**
 * zmq_opts_init() - give every option its default
 * @opts: the values
 * @pattern: the socket's pattern
 *
 * Context: Any; nobody else knows the socket.
 */
void zmq_opts_init(struct zmq_opts *opts, const struct zmq_pattern *pattern)
{
	const struct zmq_option *opt;

	memset(opts, 0, sizeof(*opts));
	for (opt = zmq_options; opt < zmq_options + zmq_options_nr; opt++)
		if (opt->init)
			zmq_option_store(opts, opt, opt->init);
	if (pattern->flags & ZMQ_PAT_NO_LINGER)
		opts->linger = 0;
}

/**
 * zmq_opts_free() - undo zmq_opts_init()
 * @opts: the values
 *
 * Context: Any; nobody knows the socket any more.
 */
void zmq_opts_free(struct zmq_opts *opts)
{
	kfree(opts->ipc_filters);
	kfree(opts->connect_routing_id);
}

static int store_on_heap(struct zmq_opts *opts, const struct zmq_option *opt,
			 const u8 *val, size_t len)
{
	u8 **field = (void *)opts + opt->off;
	u8 *copy;

	copy = kmemdup(val, len, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	kfree(*field);
	*field = copy;
	*((u8 *)opts + opt->len_off) = len;
	return 0;
}

/**
 * zmq_option_store_bytes() - set an option that is a string of bytes
 * @opts: the values
 * @opt: the option
 * @val: its value
 * @len: bytes in it, in range
 *
 * Context: Process context, socket lock held.
 * Return: 0, -ENOMEM, or -EINVAL for a zero byte in a text.
 */
int zmq_option_store_bytes(struct zmq_opts *opts, const struct zmq_option *opt,
			   const u8 *val, size_t len)
{
	void *field = (void *)opts + opt->off;

	switch (opt->kind) {
	case ZMQ_KIND_BYTES:
		memcpy(field, val, len);
		*((u8 *)opts + opt->len_off) = len;
		return 0;
	case ZMQ_KIND_HEAP:
		return store_on_heap(opts, opt, val, len);
	default:	/* ZMQ_KIND_TEXT */
		if (memchr(val, 0, len))
			return -EINVAL;
		memset(field, 0, opt->max + 1);
		memcpy(field, val, len);
		return 0;
	}
}

/**
 * zmq_option_load() - get an option that is stored here
 * @opts: the values
 * @opt: the option
 * @value: gets its value
 *
 * Context: Socket lock held.
 * Return: the size of the value.
 */
int zmq_option_load(const struct zmq_opts *opts, const struct zmq_option *opt,
		    union zmq_option_value *value)
{
	const void *field = (const void *)opts + opt->off;
	int len;

	switch (opt->kind) {
	case ZMQ_KIND_DECIS:
		value->i = *(const int *)field * 100;
		return sizeof(value->i);
	case ZMQ_KIND_BOOL:
		value->i = *(const bool *)field;
		return sizeof(value->i);
	case ZMQ_KIND_S64:
		value->q = *(const s64 *)field;
		return sizeof(value->q);
	case ZMQ_KIND_BYTES:
		len = *((const u8 *)opts + opt->len_off);
		memcpy(value->bytes, field, len);
		return len;
	case ZMQ_KIND_TEXT:
		return strscpy(value->bytes, field, opt->max + 1) + 1;
	default:	/* ZMQ_KIND_INT */
		value->i = *(const int *)field;
		return sizeof(value->i);
	}
}
