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
#include "reader.h"
#include "rendezvous.h"

/* What one read asks for, and the least that it gets and is charged. */
#define READ_SIZE	SZ_32K
#define READ_MIN	SZ_2K

/* How long to wait for memory. */
#define SEND_RETRY_NS	(20 * NSEC_PER_MSEC)

/**
 * struct polled - a link that is told when its child may be read
 * @in: the reader
 * @frag: memory for what is received next; under @in.lock
 * @wait: in the child's wait queue
 */
struct polled {
	struct zmq_reader	in;
	struct page_frag	frag;
	wait_queue_entry_t	wait;
};

static struct polled *polled(const struct zmq_link *link)
{
	return container_of(link, struct polled, in.link);
}

/* Called with the lock of the wait queue, in any context. */
static int polled_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
		       void *key)
{
	struct polled *p = container_of(wait, struct polled, wait);
	struct zmq_link *link = &p->in.link;
	struct zmq_conn *conn = link->conn;
	__poll_t events = key_to_poll(key);

	if (!events || events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ||
	    zmq_unix_has_files(link->sock->sk))
		zmq_task_run(&conn->task);
	if (events & EPOLLIN)
		zmq_conn_readable_later(link);
	if (events & EPOLLOUT &&
	    test_and_clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags))
		zmq_conn_kick(conn);
	return 0;
}

static void polled_detach(struct zmq_link *link)
{
	remove_wait_queue(sk_sleep(link->sock->sk), &polled(link)->wait);
	clear_bit(ZMQ_CONN_TX_BLOCKED, &link->conn->flags);
}

/**
 * zmq_polled_forget() - drop what was received, and memory for more
 * @link: a polled one
 *
 * Context: Process context.
 */
void zmq_polled_forget(struct zmq_link *link)
{
	struct polled *p = polled(link);

	mutex_lock(&p->in.lock);
	kfree_skb(p->in.skb);
	p->in.skb = NULL;
	if (p->frag.page)
		put_page(p->frag.page);
	p->frag.page = NULL;
	mutex_unlock(&p->in.lock);
}

static void polled_free(struct zmq_link *link)
{
	zmq_polled_forget(link);
	zmq_child_release(link->sock);
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
	if (zmq_unix_has_files(sock->sk))
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

static int fill(struct zmq_reader *reader)
{
	struct polled *p = container_of(reader, struct polled, in);

	return zmq_polled_recv(reader->link.sock, &p->frag, &reader->skb);
}

/**
 * zmq_polled_send_later() - let io_work send when there may be memory again
 * @conn: the connection
 *
 * Context: Process context, tx->lock held.
 */
void zmq_polled_send_later(struct zmq_conn *conn)
{
	hrtimer_start(&conn->retry_timer, ns_to_ktime(SEND_RETRY_NS),
		      HRTIMER_MODE_REL_SOFT);
}

static int polled_send(struct zmq_link *link, struct msghdr *m, size_t len)
{
	struct zmq_conn *conn = link->conn;
	int ret;

	if (!zmq_sender_may_run(&conn->sender)) {
		zmq_conn_kick(conn);
		return -EAGAIN;
	}
	ret = zmq_sender_sendmsg(&conn->sender, link->sock, m);
	if (ret == -ENOMEM || ret == -ENOBUFS) {
		zmq_polled_send_later(conn);
		return ret;
	}
	if (ret != -EAGAIN)
		return ret;
	set_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Room made before the bit was set wakes nobody, so look again. */
	smp_mb__after_atomic();
	ret = zmq_sender_sendmsg(&conn->sender, link->sock, m);
	if (ret > 0)
		clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	return ret;
}

static const struct zmq_stream_ops polled_stream = {
	.detach		= polled_detach,
	.free		= polled_free,
	.meet		= zmq_rendezvous_offer,
	.token		= zmq_rendezvous_token,
	.up		= zmq_rendezvous_meet,
	.part		= zmq_rendezvous_withdraw,
	.lock		= zmq_reader_lock,
	.unlock		= zmq_reader_unlock,
	.read		= zmq_reader_read,
	.send		= polled_send,
};

/**
 * zmq_polled_link() - zmq_transport.link
 * @conn: the connection
 * @sock: the child, which is the link's from now on
 *
 * Context: Process context, socket lock held.
 * Return: the link; or NULL, and the child is released.
 */
struct zmq_link *zmq_polled_link(struct zmq_conn *conn, struct socket *sock)
{
	struct polled *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p) {
		zmq_child_release(sock);
		return NULL;
	}
	zmq_reader_init(&p->in, conn, &polled_stream, sock, fill);
	init_waitqueue_func_entry(&p->wait, polled_wake);
	add_wait_queue(sk_sleep(sock->sk), &p->wait);
	return &p->in.link;
}
