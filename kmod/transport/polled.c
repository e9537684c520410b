// SPDX-License-Identifier: GPL-2.0-only
/*
 * How any other stream socket of ours carries bytes: a worker reads when the
 * socket wakes whoever polls it.
 */

#include <linux/bvec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "child.h"
#include "polled.h"
#include "rendezvous.h"

/* What one read asks for, and the least that it gets and is charged. */
#define READ_SIZE	SZ_32K
#define READ_MIN	SZ_2K
/* What one pass reads, whoever fills the child meanwhile. */
#define READ_PASS	SZ_256K

/* How long to wait for memory. */
#define SEND_RETRY_NS	(20 * NSEC_PER_MSEC)

/* Called with the lock of the wait queue, in any context. */
static int polled_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
		       void *key)
{
	struct zmq_conn *conn = container_of(wait, struct zmq_conn, wait);
	__poll_t events = key_to_poll(key);

	if (!events || events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ||
	    zmq_polled_has_files(conn))
		zmq_task_run(&conn->task);
	if (events & EPOLLIN)
		zmq_conn_readable_later(conn);
	if (events & EPOLLOUT &&
	    test_and_clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags))
		zmq_conn_kick(conn);
	return 0;
}

/**
 * zmq_polled_install() - zmq_stream_ops.install
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_polled_install(struct zmq_conn *conn)
{
	init_waitqueue_func_entry(&conn->wait, polled_wake);
	add_wait_queue(sk_sleep(conn->sock->sk), &conn->wait);
}

/**
 * zmq_polled_forget() - drop what was received
 * @conn: the connection
 *
 * Context: Process context, rx_lock held.
 */
void zmq_polled_forget(struct zmq_conn *conn)
{
	kfree_skb(conn->rx_skb);
	conn->rx_skb = NULL;
	if (conn->rx_frag.page)
		put_page(conn->rx_frag.page);
	conn->rx_frag.page = NULL;
}

/**
 * zmq_polled_uninstall() - zmq_stream_ops.uninstall
 * @conn: the connection
 *
 * Context: Process context, socket lock held.
 */
void zmq_polled_uninstall(struct zmq_conn *conn)
{
	remove_wait_queue(sk_sleep(conn->sock->sk), &conn->wait);

	mutex_lock(&conn->rx_lock);
	zmq_polled_forget(conn);
	mutex_unlock(&conn->rx_lock);
	clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
}

/**
 * zmq_polled_has_files() - zmq_stream_ops.has_files
 * @conn: the connection
 *
 * Context: Any, while the connection has its child.
 * Return: true if the child was sent some that have not been read.
 */
bool zmq_polled_has_files(const struct zmq_conn *conn)
{
	return zmq_child_has_files(conn->sock->sk);
}

/**
 * zmq_polled_lock() - zmq_stream_ops.lock
 * @conn: the connection
 *
 * Context: Process context.
 */
void zmq_polled_lock(struct zmq_conn *conn)
{
	mutex_lock(&conn->rx_lock);
}

/**
 * zmq_polled_unlock() - zmq_stream_ops.unlock
 * @conn: the connection
 *
 * Context: Process context.
 */
void zmq_polled_unlock(struct zmq_conn *conn)
{
	mutex_unlock(&conn->rx_lock);
}

/**
 * zmq_polled_recv() - receive from a stream
 * @sock: the stream
 * @frag: where to; the caller's, for one call after the other
 * @res: set to what was received
 *
 * A page that no run refers to is used again.
 *
 * Context: Process context.
 * Return: the bytes received, 0 at the end of the stream, or an error.
 */
int zmq_polled_recv(struct socket *sock, struct page_frag *frag,
		    struct sk_buff **res)
{
	struct msghdr m = {};
	struct sk_buff *skb;
	struct bio_vec bv;
	int ret;

	/* Nobody closes in a worker what the peer would have it close. */
	if (zmq_child_has_files(sock->sk))
		return -EAGAIN;
	skb = alloc_skb(0, GFP_KERNEL_ACCOUNT);
	if (!skb)
		return -ENOMEM;
	if (!skb_page_frag_refill(READ_MIN, frag, GFP_KERNEL_ACCOUNT)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	bv.bv_page = frag->page;
	bv.bv_offset = frag->offset;
	bv.bv_len = min_t(u32, READ_SIZE, frag->size - frag->offset);
	iov_iter_bvec(&m.msg_iter, ITER_DEST, &bv, 1, bv.bv_len);
	ret = sock_recvmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret <= 0) {
		kfree_skb(skb);
		return ret;
	}
	get_page(frag->page);
	skb_add_rx_frag(skb, 0, frag->page, frag->offset, ret,
			max_t(int, ret, READ_MIN));
	frag->offset += ALIGN(ret, SMP_CACHE_BYTES);
	*res = skb;
	return ret;
}

/**
 * zmq_polled_fill() - receive from the child
 * @conn: the connection, whose rx_skb is NULL
 *
 * Context: Process context, rx_lock held.
 * Return: as zmq_polled_recv(), into rx_skb.
 */
int zmq_polled_fill(struct zmq_conn *conn)
{
	conn->rx_off = 0;
	return zmq_polled_recv(conn->sock, &conn->rx_frag, &conn->rx_skb);
}

static void read_nothing(struct zmq_conn *conn, int err)
{
	if (err == -ENOMEM) {
		zmq_task_run_after(&conn->task, ZMQ_CONN_RX_RETRY);
		return;
	}
	conn->rx_dry = true;
	if (err == -EAGAIN || conn->rx_eof)
		return;
	WRITE_ONCE(conn->rx_eof, true);
	zmq_task_run(&conn->task);
}

/**
 * zmq_polled_read() - zmq_stream_ops.read
 * @conn: the connection
 * @desc: of the actor
 * @actor: is given what was received
 * @fill: receives, as zmq_polled_fill()
 *
 * Context: Process context, rx_lock held.
 * Return: the bytes that the actor has taken.
 */
int zmq_polled_read(struct zmq_conn *conn, read_descriptor_t *desc,
		    sk_read_actor_t actor, int (*fill)(struct zmq_conn *conn))
{
	int total = 0, ret = 0;
	unsigned int left;

	conn->rx_dry = false;
	while (desc->count && total < READ_PASS) {
		if (!conn->rx_skb) {
			ret = fill(conn);
			if (ret <= 0) {
				read_nothing(conn, ret);
				break;
			}
		}
		left = conn->rx_skb->len - conn->rx_off;
		ret = actor(desc, conn->rx_skb, conn->rx_off, left);
		if (ret <= 0)
			break;
		total += ret;
		conn->rx_off += ret;
		if (ret < left)
			continue;
		consume_skb(conn->rx_skb);
		conn->rx_skb = NULL;
	}
	return total;
}

static int polled_read(struct zmq_conn *conn, read_descriptor_t *desc,
		       sk_read_actor_t actor)
{
	return zmq_polled_read(conn, desc, actor, zmq_polled_fill);
}

/**
 * zmq_polled_drained() - zmq_stream_ops.drained
 * @conn: the connection
 *
 * Context: Process context, rx_lock held.
 * Return: true if the last read left nothing.
 */
bool zmq_polled_drained(const struct zmq_conn *conn)
{
	return conn->rx_dry;
}

/**
 * zmq_polled_send_later() - let io_work send when there may be memory again
 * @conn: the connection
 *
 * Context: Process context, tx_lock held.
 */
void zmq_polled_send_later(struct zmq_conn *conn)
{
	hrtimer_start(&conn->retry_timer, ns_to_ktime(SEND_RETRY_NS),
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * zmq_polled_send() - give bytes to the child
 * @conn: the connection
 * @m: the bytes
 *
 * Context: Process context, tx_lock held.
 * Return: as zmq_stream_ops.send.
 */
int zmq_polled_send(struct zmq_conn *conn, struct msghdr *m)
{
	int ret;

	if (!zmq_sender_may_run(&conn->sender)) {
		zmq_conn_kick(conn);
		return -EAGAIN;
	}
	ret = zmq_sender_sendmsg(&conn->sender, conn->sock, m);
	if (ret == -ENOMEM || ret == -ENOBUFS) {
		zmq_polled_send_later(conn);
		return ret;
	}
	if (ret != -EAGAIN)
		return ret;
	set_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Room made before the bit was set wakes nobody, so look again. */
	smp_mb__after_atomic();
	ret = zmq_sender_sendmsg(&conn->sender, conn->sock, m);
	if (ret > 0)
		clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	return ret;
}

static int polled_send(struct zmq_conn *conn, struct msghdr *m, size_t len)
{
	return zmq_polled_send(conn, m);
}

const struct zmq_stream_ops zmq_polled_stream = {
	.install	= zmq_polled_install,
	.uninstall	= zmq_polled_uninstall,
	.release	= zmq_child_drop,
	.meet		= zmq_rendezvous_offer,
	.token		= zmq_rendezvous_token,
	.up		= zmq_rendezvous_meet,
	.part		= zmq_rendezvous_withdraw,
	.has_files	= zmq_polled_has_files,
	.lock		= zmq_polled_lock,
	.unlock		= zmq_polled_unlock,
	.read		= polled_read,
	.drained	= zmq_polled_drained,
	.send		= polled_send,
};
