// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "mech_null.h"
#include "session.h"

#define ZMQ_READY_NAME	"\5READY"

static int zmq_null_start(struct zmq_session *s, u8 *out, size_t outsize)
{
	const size_t name_len = sizeof(ZMQ_READY_NAME) - 1;
	u8 hdr[ZMQ_HDR_MAX];
	size_t hdr_len;
	int props;

	if (outsize < ZMQ_HDR_MAX + name_len)
		return -ENOBUFS;
	props = zmq_session_put_props(s, out + ZMQ_HDR_MAX + name_len,
				      outsize - ZMQ_HDR_MAX - name_len);
	if (props < 0)
		return props;
	hdr_len = zmq_hdr_put(hdr, name_len + props, ZMTP_COMMAND);
	memmove(out + hdr_len + name_len, out + ZMQ_HDR_MAX + name_len, props);
	memcpy(out, hdr, hdr_len);
	memcpy(out + hdr_len, ZMQ_READY_NAME, name_len);
	return hdr_len + name_len + props;
}

static int zmq_null_command(struct zmq_session *s, const struct zmq_cmd *cmd,
			    u8 *out, size_t outsize)
{
	int ret;

	if (cmd->type != ZMQ_CMD_READY)
		return zmq_session_fail(s, -EPROTO, "command out of order");
	ret = zmq_session_take_props(s, cmd->data, cmd->len);
	if (!ret)
		zmq_session_complete(s);
	return ret;
}

const struct zmq_mech_ops zmq_mech_null = {
	.name		= "NULL",
	.start		= zmq_null_start,
	.command	= zmq_null_command,
};
