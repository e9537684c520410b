// SPDX-License-Identifier: GPL-2.0-only
/* vsock://: sockets between a virtual machine and its host. */

#include <linux/net.h>
#include "child.h"
#include "polled.h"

static int vsock_create(struct zmq_owner *owner, const struct zmq_endpoint *ep,
			struct socket **res)
{
	return zmq_child_create(owner, AF_VSOCK, 0, res);
}

static int vsock_listen(struct socket *sock, struct zmq_endpoint *ep,
			int backlog)
{
	int err;

	err = zmq_child_bind(sock, ep);
	if (err)
		return err;
	err = zmq_child_name(sock, ep);
	if (err)
		return err;
	return kernel_listen(sock, backlog);
}

const struct zmq_transport zmq_vsock_transport = {
	.link		= zmq_polled_link,
	.create		= vsock_create,
	.listen		= vsock_listen,
	.connect	= zmq_child_connect,
};
