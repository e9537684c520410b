// SPDX-License-Identifier: GPL-2.0-only
/*
 * libzmq, used as its documentation says. A message is sent by zmq_send()
 * and received by zmq_msg_recv(), which saves libzmq a copy.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>
#include "zmqperf.h"

/* A peer's identity, and the message that was received last. */
struct lz {
	void *socket;
	zmq_msg_t id;
	zmq_msg_t msg;
};

static void *context;

static const char *libzmq_refuses(const struct options *o)
{
	if (o->style != STYLE_SEND)
		return "libzmq has no call for many messages";
	return NULL;
}

static noreturn void die_zmq(const char *what)
{
	die("%s: %s", what, zmq_strerror(zmq_errno()));
}

static void set_int(struct port *p, int option, int value)
{
	struct lz *z = p->own;

	if (zmq_setsockopt(z->socket, option, &value, sizeof(value)))
		die_zmq("zmq_setsockopt");
}

/* Threads that share the context open their first sockets in turn. */
static void *the_context(const struct options *o)
{
	static int lock;

	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
	if (!context) {
		context = zmq_ctx_new();
		zmq_ctx_set(context, ZMQ_MAX_SOCKETS, o->peers + 16);
	}
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	return context;
}

static void libzmq_open(struct port *p)
{
	struct lz *z = xcalloc(1, sizeof(*z));

	p->own = z;
	z->socket = zmq_socket(the_context(p->o), p->type);
	if (!z->socket)
		die_zmq("zmq_socket");
	set_int(p, ZMQ_LINGER, 0);
	if (p->type == ZMQ_PUB)
		set_int(p, ZMQ_XPUB_NODROP, 1);
	/* Subscriptions are messages to it, which it drops when too many. */
	if (p->type == ZMQ_SUB)
		set_int(p, ZMQ_SNDHWM, 0);
	if (p->type == ZMQ_PUB)
		set_int(p, ZMQ_RCVHWM, 0);
	zmq_msg_init(&z->id);
	zmq_msg_init(&z->msg);
}

static void libzmq_listen(struct port *p, char *where)
{
	static const char * const any[] = {
		[OVER_TCP] = "tcp://127.0.0.1:*",
		[OVER_IPC] = "ipc://*",
		[OVER_INPROC] = "inproc://zmqperf",
	};
	struct lz *z = p->own;
	size_t len = ENDPOINT_MAX;

	if (zmq_bind(z->socket, any[p->o->transport]))
		die_zmq(any[p->o->transport]);
	if (zmq_getsockopt(z->socket, ZMQ_LAST_ENDPOINT, where, &len))
		die_zmq("ZMQ_LAST_ENDPOINT");
}

static void libzmq_accepted(struct port *p, unsigned int n)
{
	(void)p;
	(void)n;
}

static void libzmq_dial(struct port *p, const char *where)
{
	struct lz *z = p->own;

	if (zmq_connect(z->socket, where))
		die_zmq(where);
}

static void libzmq_subscribe(struct port *p, const void *prefix, size_t len)
{
	struct lz *z = p->own;

	if (zmq_setsockopt(z->socket, ZMQ_SUBSCRIBE, prefix, len))
		die_zmq("ZMQ_SUBSCRIBE");
}

static void libzmq_send(struct port *p, const void *data, size_t len)
{
	struct lz *z = p->own;

	if (zmq_send(z->socket, data, len, 0) != (int)len)
		die_zmq("zmq_send");
}

static void libzmq_send_many(struct port *p, const void *data, size_t len,
			     unsigned int n)
{
	const unsigned char *at = data;

	for (; n--; at += len)
		libzmq_send(p, at, len);
}

static bool take(struct lz *z, zmq_msg_t *msg, int flags)
{
	if (zmq_msg_recv(msg, z->socket, flags) >= 0)
		return true;
	if (flags != ZMQ_DONTWAIT || zmq_errno() != EAGAIN)
		die_zmq("zmq_msg_recv");
	return false;
}

static bool libzmq_recv(struct port *p, struct msg *m, bool wait)
{
	struct lz *z = p->own;

	if (!take(z, &z->msg, wait ? 0 : ZMQ_DONTWAIT))
		return false;
	m->data = zmq_msg_data(&z->msg);
	m->len = zmq_msg_size(&z->msg);
	return true;
}

static unsigned int libzmq_recv_many(struct port *p, struct msg *m,
				     unsigned int max)
{
	(void)max;
	libzmq_recv(p, m, true);
	return 1;
}

static int libzmq_readable(struct port *p)
{
	struct lz *z = p->own;
	size_t len = sizeof(int);
	int fd;

	if (zmq_getsockopt(z->socket, ZMQ_FD, &fd, &len))
		die_zmq("ZMQ_FD");
	return fd;
}

static unsigned int libzmq_poll_any(struct port **ports, unsigned int n)
{
	static zmq_pollitem_t *items;
	unsigned int i;

	if (!items) {
		items = xcalloc(n, sizeof(*items));
		for (i = 0; i < n; i++) {
			items[i].socket = ((struct lz *)ports[i]->own)->socket;
			items[i].events = ZMQ_POLLIN;
		}
	}
	if (zmq_poll(items, n, -1) < 1)
		die_zmq("zmq_poll");
	for (i = 0; !items[i].revents; i++)
		;
	return i;
}

/* ZMQ_FD says that ZMQ_EVENTS may have changed, and only once. */
static void libzmq_await(struct port *p)
{
	struct lz *z = p->own;
	struct epoll_event ev;
	size_t len;
	int events;

	if (p->epfd < 0)
		port_epoll(p, libzmq_readable(p), 0);
	for (;;) {
		len = sizeof(events);
		if (zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &len))
			die_zmq("ZMQ_EVENTS");
		if (events & ZMQ_POLLIN)
			return;
		if (epoll_wait(p->epfd, &ev, 1, -1) != 1)
			die_errno("epoll_wait");
	}
}

static unsigned int libzmq_serve(struct port *p)
{
	struct lz *z = p->own;
	unsigned int served = 0;

	libzmq_await(p);
	while (take(z, &z->id, ZMQ_DONTWAIT)) {
		take(z, &z->msg, 0);
		if (zmq_msg_send(&z->id, z->socket, ZMQ_SNDMORE) < 0 ||
		    zmq_msg_send(&z->msg, z->socket, 0) < 0)
			die_zmq("zmq_msg_send");
		served++;
	}
	return served;
}

const struct backend backend_libzmq = {
	.name = "libzmq",
	.refuses = libzmq_refuses,
	.open = libzmq_open,
	.listen = libzmq_listen,
	.accepted = libzmq_accepted,
	.dial = libzmq_dial,
	.subscribe = libzmq_subscribe,
	.send = libzmq_send,
	.send_many = libzmq_send_many,
	.recv = libzmq_recv,
	.recv_many = libzmq_recv_many,
	.await = libzmq_await,
	.serve = libzmq_serve,
	.readable = libzmq_readable,
	.poll_any = libzmq_poll_any,
	.edge = true,
};
