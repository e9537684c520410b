/* SPDX-License-Identifier: GPL-2.0-only */
/* ZMTP metadata: the property lists of READY and INITIATE. */
#ifndef _ZMQ_META_H
#define _ZMQ_META_H

#include <linux/types.h>

/**
 * struct zmq_prop - one property; points into the list
 * @name: the name, not NUL-terminated
 * @value: the value, any bytes
 * @value_len: bytes of @value
 * @name_len: bytes of @name, possibly 0
 */
struct zmq_prop {
	const u8	*name;
	const u8	*value;
	u32		value_len;
	u8		name_len;
};

/**
 * zmq_meta_next() - iterate over a property list
 * @list: the list
 * @size: bytes of @list
 * @pos: where to go on, 0 at first
 * @prop: the result
 *
 * Return: 1 with a property in @prop, 0 at the end, -EPROTO when a property
 * runs over the end of the list.
 */
int zmq_meta_next(const u8 *list, size_t size, size_t *pos,
		  struct zmq_prop *prop);

/**
 * zmq_meta_is() - compare a property's name, ignoring ASCII case
 * @prop: the property
 * @name: the name
 *
 * Return: true if the names are the same.
 */
bool zmq_meta_is(const struct zmq_prop *prop, const char *name);

/**
 * zmq_meta_find() - look up a property; the first of several counts
 * @list: the list
 * @size: bytes of @list
 * @name: the name, any case
 * @prop: the result
 *
 * Return: 1 found, 0 not there, -EPROTO malformed before it was found.
 */
int zmq_meta_find(const u8 *list, size_t size, const char *name,
		  struct zmq_prop *prop);

/**
 * zmq_meta_put() - append a property
 * @buf: where it goes
 * @size: bytes of room at @buf
 * @name: the name, 1 to 255 bytes
 * @value: the value, may be NULL when @len is 0
 * @len: bytes of @value
 *
 * Return: bytes written, -EMSGSIZE when there is no room, -EINVAL for a name
 * or a value that the format cannot hold.
 */
ssize_t zmq_meta_put(u8 *buf, size_t size, const char *name,
		     const void *value, size_t len);

#endif /* _ZMQ_META_H */
