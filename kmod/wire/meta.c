// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/compat.h"
#include "meta.h"

#define ZMQ_PROP_NAME_MAX	255
#define ZMQ_PROP_VALUE_MAX	0x7fffffff

int zmq_meta_next(const u8 *list, size_t size, size_t *pos,
		  struct zmq_prop *prop)
{
	const u8 *p = list + *pos;
	size_t left = size - *pos;

	if (!left)
		return 0;
	prop->name_len = *p++;
	left--;
	if (left < prop->name_len)
		return -EPROTO;
	prop->name = p;
	p += prop->name_len;
	left -= prop->name_len;
	if (left < 4)
		return -EPROTO;
	prop->value_len = get_unaligned_be32(p);
	p += 4;
	left -= 4;
	if (left < prop->value_len)
		return -EPROTO;
	prop->value = p;
	*pos = size - left + prop->value_len;
	return 1;
}

bool zmq_meta_is(const struct zmq_prop *prop, const char *name)
{
	size_t i;

	if (strlen(name) != prop->name_len)
		return false;
	for (i = 0; i < prop->name_len; i++) {
		if (tolower(prop->name[i]) != tolower((u8)name[i]))
			return false;
	}
	return true;
}

int zmq_meta_find(const u8 *list, size_t size, const char *name,
		  struct zmq_prop *prop)
{
	size_t pos = 0;
	int ret;

	do {
		ret = zmq_meta_next(list, size, &pos, prop);
	} while (ret > 0 && !zmq_meta_is(prop, name));
	return ret;
}

ssize_t zmq_meta_put(u8 *buf, size_t size, const char *name,
		     const void *value, size_t len)
{
	size_t name_len = strlen(name);

	if (!name_len || name_len > ZMQ_PROP_NAME_MAX ||
	    len > ZMQ_PROP_VALUE_MAX)
		return -EINVAL;
	if (size < 1 + name_len + 4 || size - (1 + name_len + 4) < len)
		return -EMSGSIZE;
	*buf++ = name_len;
	memcpy(buf, name, name_len);
	buf += name_len;
	put_unaligned_be32(len, buf);
	if (len)
		memcpy(buf + 4, value, len);
	return 1 + name_len + 4 + len;
}
