// SPDX-License-Identifier: GPL-2.0-only
/* Which transport an endpoint's scheme means. */

#include "transport.h"

static const struct zmq_transport * const transports[] = {
	[ZMQ_TCP]	= &zmq_tcp_transport,
	[ZMQ_IPC]	= &zmq_ipc_transport,
	[ZMQ_VSOCK]	= &zmq_vsock_transport,
};

/**
 * zmq_transport_find() - the transport of a scheme
 * @scheme: any but inproc, which has no streams
 *
 * Context: Any.
 * Return: the transport.
 */
const struct zmq_transport *zmq_transport_find(enum zmq_scheme scheme)
{
	return transports[scheme];
}

/**
 * zmq_transport_resolve() - fill in what an endpoint only names
 * @net: where it is looked for
 * @ep: the endpoint, not inproc
 *
 * Context: Process context.
 * Return: 0, or -ENODEV for a device that is not there or has no address.
 */
int zmq_transport_resolve(struct net *net, struct zmq_endpoint *ep)
{
	const struct zmq_transport *transport = transports[ep->transport];

	return transport->resolve ? transport->resolve(net, ep) : 0;
}
