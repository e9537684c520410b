// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of hosts. There is no resolver here: before each attempt to connect to
 * a name monitors are asked, and whoever has the socket may answer.
 */

#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include "conn/event.h"
#include "dialer.h"
#include "resolve.h"
#include "transport.h"

#define ANSWER_MS	30000

/* Questions of a socket that are open. So many fit into a monitor's memory,
 * whatever the length of their names.
 */
#define OPEN_MAX	128

/**
 * enum zmq_question - what is known of the address of a connection's name
 * @ZMQ_QUESTION_NONE: nobody wants to know
 * @ZMQ_QUESTION_OPEN: monitors are asked
 * @ZMQ_QUESTION_ANSWERED: conn->ep has it, an attempt is to be made
 * @ZMQ_QUESTION_HOPELESS: there is none, the attempt is to fail
 */
enum zmq_question {
	ZMQ_QUESTION_NONE,
	ZMQ_QUESTION_OPEN,
	ZMQ_QUESTION_ANSWERED,
	ZMQ_QUESTION_HOPELESS,
};

/**
 * struct zmq_answer - what ZMQ_RESOLVED said
 * @asked: the endpoint with the name
 * @found: the same with an address
 * @none: there is none
 */
struct zmq_answer {
	struct zmq_endpoint	asked;
	struct zmq_endpoint	found;
	bool			none;
};

/* One that is bound to no device has 0. */
static int create(struct zmq_conn *conn, int family, struct zmq_link **res,
		  int *device)
{
	const struct zmq_transport *transport = zmq_dialer(conn)->transport;
	struct socket *sock;
	int err;

	conn->ep->addr.family = family;
	err = transport->create(conn->owner, conn->ep, &sock);
	if (err)
		return err;
	*device = sock->sk->sk_bound_dev_if;
	*res = transport->link(conn, sock);
	return *res ? 0 : -ENOMEM;
}

/**
 * zmq_resolve_children() - make what connects to a name
 * @conn: the connection
 *
 * A TCP socket that was connected by one family of addresses is not fit for the
 * other, so there is a child for each. Both are made here, and not by a worker
 * when an address is known, since policy may bind sockets of the caller's cgroup
 * to a device when they are made.
 *
 * Context: Process context of connect(), socket lock held.
 * Return: 0 or an errno of socket(2).
 */
int zmq_resolve_children(struct zmq_conn *conn)
{
	bool ipv6 = conn->ep->addr.family == AF_INET6;
	struct zmq_dialer *dialer = zmq_dialer(conn);
	struct zmq_link *link;
	int err;

	if (ipv6) {
		err = create(conn, AF_INET6, &dialer->spare,
			     &dialer->spare_device);
		if (err && err != -EAFNOSUPPORT)
			return err;
	}
	err = create(conn, AF_INET, &link, &dialer->device);
	if (err)
		return err;
	zmq_link_set(conn, link);
	return 0;
}

static bool is_known(const struct zmq_conn *conn)
{
	return !zmq_inaddr_any(&conn->ep->addr);
}

/**
 * zmq_resolve_ask() - ask for the address of a connection's name
 * @conn: the connection, connecting
 *
 * No answer in time is a failure like that of any other attempt to connect.
 *
 * Context: Process context, socket lock held.
 * Return: 0, or -EAGAIN if too many questions are open.
 */
int zmq_resolve_ask(struct zmq_conn *conn)
{
	struct zmq_owner *owner = conn->owner;
	unsigned int ms = READ_ONCE(owner->opts->connect_timeout);

	/* Nobody can tell a closed socket where the name has gone. */
	if (conn->lingering && is_known(conn)) {
		conn->dial->question = ZMQ_QUESTION_ANSWERED;
		zmq_task_run(&conn->task);
		return 0;
	}
	if (owner->resolving == OPEN_MAX)
		return -EAGAIN;
	owner->resolving++;
	conn->dial->question = ZMQ_QUESTION_OPEN;
	ms = ms ? min_t(unsigned int, ms, ANSWER_MS) : ANSWER_MS;
	zmq_conn_set_timer(conn, ms);
	zmq_event_conn(conn, ZMQ_EVENT_RESOLVE, ms);
	return 0;
}

/**
 * zmq_resolve_end() - nobody needs to know where a connection goes any more
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_resolve_end(struct zmq_conn *conn)
{
	if (conn->dial->question == ZMQ_QUESTION_OPEN)
		conn->owner->resolving--;
	conn->dial->question = ZMQ_QUESTION_NONE;
}

/* The connect() of a link-local address has bound a child to its device. */
static void bind_to(struct sock *sk, int device)
{
	lock_sock(sk);
	if (sk->sk_bound_dev_if != device) {
		WRITE_ONCE(sk->sk_bound_dev_if, device);
		sk_dst_reset(sk);
	}
	release_sock(sk);
}

static int choose_child(struct zmq_conn *conn)
{
	struct zmq_link *link = zmq_conn_link(conn);
	struct zmq_dialer *dialer = zmq_dialer(conn);

	if (link->sock->sk->sk_family != conn->ep->addr.family) {
		if (!dialer->spare)
			return -ENODEV;
		swap(link, dialer->spare);
		swap(dialer->device, dialer->spare_device);
		zmq_link_set(conn, link);
	}
	bind_to(link->sock->sk, dialer->device);
	return 0;
}

/**
 * zmq_resolve_result() - end a question that is answered
 * @conn: the connection, connecting, with a question
 *
 * Context: Process context, socket lock held.
 * Return: 0 if the child can be connected to conn->ep, -EINPROGRESS without an
 *	answer, or -ENODEV if there is no address, or of a family that the
 *	connection was not made for.
 */
int zmq_resolve_result(struct zmq_conn *conn)
{
	const u8 question = conn->dial->question;
	int err;

	if (question == ZMQ_QUESTION_OPEN &&
	    !(conn->lingering && is_known(conn)))
		return -EINPROGRESS;
	if (question == ZMQ_QUESTION_HOPELESS)
		return -ENODEV;
	err = choose_child(conn);
	if (!err)
		zmq_resolve_end(conn);
	return err;
}

/* The child of IPv6 must never be connected by IPv4. */
static void unmap(union zmq_inaddr *addr)
{
	const struct sockaddr_in6 in6 = addr->in6;

	if (in6.sin6_family != AF_INET6 || !ipv6_addr_v4mapped(&in6.sin6_addr))
		return;
	memset(addr, 0, sizeof(*addr));
	addr->in4.sin_family = AF_INET;
	addr->in4.sin_port = in6.sin6_port;
	addr->in4.sin_addr.s_addr = in6.sin6_addr.s6_addr32[3];
}

static int parse_found(struct net *net, struct zmq_answer *answer,
		       const char *text, size_t len, bool ipv6)
{
	unsigned int flags = ZMQ_EP_CONNECT | (ipv6 ? ZMQ_EP_IPV6 : 0);
	struct zmq_endpoint *found = &answer->found;
	int err;

	err = zmq_endpoint_parse(found, text, len, flags);
	if (err)
		return err;
	if (found->transport != ZMQ_TCP)
		return -EINVAL;
	unmap(&found->addr);
	if (found->has_src || zmq_inaddr_any(&found->addr) ||
	    zmq_endpoint_port(&found->addr) !=
	    zmq_endpoint_port(&answer->asked.addr))
		return -EINVAL;
	return zmq_transport_resolve(net, found);
}

/* "tcp://name:1", NUL, "tcp://10.0.0.1:1"; nothing behind the NUL if the name
 * has no address.
 */
static int parse_answer(struct zmq_owner *owner, struct zmq_answer *answer,
			const char *text, size_t len)
{
	const size_t asked = strnlen(text, len);
	int err;

	if (asked == len)
		return -EINVAL;
	err = zmq_endpoint_parse(&answer->asked, text, asked,
				 ZMQ_EP_CONNECT | ZMQ_EP_IPV6 | ZMQ_EP_NAMES);
	if (err)
		return err;
	if (!zmq_endpoint_is_named(&answer->asked))
		return -EINVAL;
	text += asked + 1;
	len -= asked + 1;
	if (len && !text[len - 1])
		len--;
	answer->none = !len;
	if (answer->none)
		return 0;
	return parse_found(sock_net(owner->tasks.sk), answer, text, len,
			   READ_ONCE(owner->opts->ipv6));
}

/* The attempt is the worker's, as every other one but the first. */
static void use_answer(struct zmq_conn *conn, const struct zmq_answer *answer)
{
	zmq_resolve_end(conn);
	conn->dial->question = ZMQ_QUESTION_HOPELESS;
	if (!answer->none) {
		conn->ep->addr = answer->found.addr;
		conn->dial->question = ZMQ_QUESTION_ANSWERED;
	}
	zmq_task_run(&conn->task);
}

static int find_asking(struct zmq_owner *owner, const struct zmq_answer *answer)
{
	struct zmq_conn *conn;
	int err = -ENOENT;

	list_for_each_entry(conn, &owner->conns, node) {
		cond_resched();
		if (!conn->dial || !zmq_endpoint_equal(conn->ep, &answer->asked))
			continue;
		if (conn->dial->question == ZMQ_QUESTION_OPEN) {
			use_answer(conn, answer);
			err = 0;
		} else if (err) {
			err = -EALREADY;
		}
	}
	return err;
}

/**
 * zmq_resolve_answer() - set ZMQ_RESOLVED
 * @owner: the socket
 * @answer: an endpoint with a name, a NUL, and the same with an address, or
 *	nothing if there is none
 * @len: bytes of @answer
 *
 * It is for all connections to the name that wait.
 *
 * Context: Process context, socket lock held.
 * Return: 0; -ENOENT if no such endpoint is connected to; -EALREADY if none to
 *	it waits for an answer; -EINVAL for what is no answer; -ENODEV for IPv6
 *	without ZMQ_IPV6 and for an unknown zone; -EPROTONOSUPPORT,
 *	-ENAMETOOLONG or -ENOMEM.
 */
int zmq_resolve_answer(struct zmq_owner *owner, const char *answer, size_t len)
{
	struct zmq_answer *parsed;
	int err;

	parsed = kmalloc(sizeof(*parsed), GFP_KERNEL_ACCOUNT);
	if (!parsed)
		return -ENOMEM;
	err = parse_answer(owner, parsed, answer, len);
	if (!err)
		err = find_asking(owner, parsed);
	kfree(parsed);
	return err;
}
