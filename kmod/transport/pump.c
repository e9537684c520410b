// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a stream that user space made, and may still have, carries bytes. Any use
 * of it may have to wait for as long as its user likes: for its lock, which he
 * holds in a page fault, or for SO_LINGER. So work of the socket's own lane
 * moves bytes between the stream and two queues, and nobody else touches it.
 */

#include <linux/fs.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "child.h"
#include "polled.h"
#include "pump.h"
#include "reader.h"

/* Bytes on their way to the stream, at the most. A power of two. */
#define TX_RING		SZ_64K
/* Bytes from it that nobody has read, before it is read no more. */
#define RX_MOST		SZ_128K
/* What one run reads. */
#define RX_PASS		SZ_256K

/* How long to wait for memory. */
#define RETRY		(HZ / 50)
/* How long what was given may take that is still here at the end. */
#define END_WAIT	(5 * HZ)

/**
 * struct zmq_pump - moves the bytes of a stream
 * @ref: references: of the link, of queued work, and its own until @over
 * @sk: the AF_ZMQ socket, held
 * @sender: of a UNIX stream: who attached it
 * @sock: the stream, with a reference to its file until @over
 * @lane: where @work runs
 * @work: moves bytes, then ends it
 * @timer: runs it again
 * @wait: in the stream's wait queue
 * @lock: protects @link
 * @link: whom to tell, or NULL
 * @rx: received and not read
 * @rx_bytes: how much; under @rx.lock
 * @frag: memory for what is received next; of @work
 * @eof: nothing more will be received
 * @ring: bytes to be sent
 * @head: where the next ones go; of conn->tx->lock
 * @tail: where those begin that the stream has not got; of @work
 * @broken: the stream takes no more
 * @finished: nothing more will be put into the ring
 * @shut: and the stream was told; of @work
 * @left: the link has let go
 * @deadline: jiffies when what is left is given up
 * @over: the stream is gone; of @work
 */
struct zmq_pump {
	refcount_t		ref;
	struct sock		*sk;
	struct zmq_sender	sender;
	struct socket		*sock;
	struct zmq_lane		*lane;
	struct work_struct	work;
	struct timer_list	timer;
	wait_queue_entry_t	wait;
	spinlock_t		lock; /* see locking.rst, 7 */
	struct zmq_link		*link;
	struct sk_buff_head	rx;
	unsigned int		rx_bytes;
	struct page_frag	frag;
	bool			eof;
	u8			*ring;
	u32			head;
	u32			tail;
	bool			broken;
	bool			finished;
	bool			shut;
	bool			left;
	unsigned long		deadline;
	bool			over;
};

/**
 * struct pump_link - a link whose child only its pump touches
 * @in: the reader
 * @pump: the pump
 */
struct pump_link {
	struct zmq_reader	in;
	struct zmq_pump		*pump;
};

static struct zmq_pump *pump_of(const struct zmq_link *link)
{
	return container_of(link, struct pump_link, in.link)->pump;
}

static void pump_put(struct zmq_pump *pump)
{
	struct sock *sk = pump->sk;

	if (!refcount_dec_and_test(&pump->ref))
		return;
	skb_queue_purge(&pump->rx);
	if (pump->frag.page)
		put_page(pump->frag.page);
	kvfree(pump->ring);
	zmq_sender_put(&pump->sender);
	zmq_lane_put(pump->lane);
	kfree(pump);
	sock_put(sk);
}

/* Any context: the last reference is never dropped here. */
static void pump_kick(struct zmq_pump *pump)
{
	refcount_inc(&pump->ref);
	if (!queue_work(pump->lane->wq, &pump->work))
		refcount_dec(&pump->ref);
}

static void pump_timeout(struct timer_list *timer)
{
	pump_kick(container_of(timer, struct zmq_pump, timer));
}

/* Called with the lock of the wait queue, in any context. */
static int pump_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
		     void *key)
{
	pump_kick(container_of(wait, struct zmq_pump, wait));
	return 0;
}

static void tell_received(struct zmq_pump *pump)
{
	spin_lock_bh(&pump->lock);
	if (pump->link) {
		zmq_conn_readable_later(pump->link);
		if (READ_ONCE(pump->eof))
			zmq_task_run(&pump->link->conn->task);
	}
	spin_unlock_bh(&pump->lock);
}

static void tell_room(struct zmq_pump *pump)
{
	spin_lock_bh(&pump->lock);
	if (pump->link && test_and_clear_bit(ZMQ_CONN_TX_BLOCKED,
					     &pump->link->conn->flags))
		zmq_conn_kick(pump->link->conn);
	spin_unlock_bh(&pump->lock);
}

/* Also while nothing is read: what was sent may be the socket itself. */
static void refuse_files(struct zmq_pump *pump)
{
	if (!zmq_unix_has_files(pump->sock->sk))
		return;
	spin_lock_bh(&pump->lock);
	if (pump->link)
		zmq_task_run(&pump->link->conn->task);
	spin_unlock_bh(&pump->lock);
}

static bool rx_full(struct zmq_pump *pump)
{
	return READ_ONCE(pump->rx_bytes) >= RX_MOST;
}

static void put_received(struct zmq_pump *pump, struct sk_buff *skb)
{
	spin_lock_bh(&pump->rx.lock);
	__skb_queue_tail(&pump->rx, skb);
	WRITE_ONCE(pump->rx_bytes, pump->rx_bytes + skb->len);
	spin_unlock_bh(&pump->rx.lock);
}

/* The stream waits for us in no other case than that we are about to return. */
static void receive(struct zmq_pump *pump)
{
	struct sk_buff *skb;
	bool some = false;
	int ret, got = 0;

	while (!pump->eof && !rx_full(pump) && got < RX_PASS) {
		ret = zmq_polled_recv(pump->sock, &pump->frag, &skb);
		if (ret == -EAGAIN)
			break;
		if (ret == -ENOMEM || ret == -ENOBUFS) {
			mod_timer(&pump->timer, jiffies + RETRY);
			break;
		}
		some = true;
		if (ret <= 0) {
			/* Pairs with smp_load_acquire() in pump_fill(). */
			smp_store_release(&pump->eof, true);
			break;
		}
		got += ret;
		put_received(pump, skb);
	}
	if (some)
		tell_received(pump);
	if (got >= RX_PASS)
		pump_kick(pump);
}

static int give(struct zmq_pump *pump, u32 tail, u32 len)
{
	u32 off = tail % TX_RING;
	u32 first = min_t(u32, len, TX_RING - off);
	struct kvec kv[2] = {
		{ .iov_base = pump->ring + off, .iov_len = first },
		{ .iov_base = pump->ring, .iov_len = len - first },
	};
	struct msghdr m = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };

	iov_iter_kvec(&m.msg_iter, ITER_SOURCE, kv, first < len ? 2 : 1, len);
	return zmq_sender_sendmsg(&pump->sender, pump->sock, &m);
}

/* Whoever finds no room is told of it by the stream's wait queue. */
static void transmit(struct zmq_pump *pump)
{
	u32 head, tail = pump->tail;
	bool some = false;
	int ret;

	while (!pump->broken) {
		/* Pairs with smp_store_release() in pump_send(). */
		head = smp_load_acquire(&pump->head);
		if (head == tail)
			break;
		ret = give(pump, tail, head - tail);
		if (ret == -EAGAIN)
			break;
		if (ret == -ENOMEM || ret == -ENOBUFS) {
			mod_timer(&pump->timer, jiffies + RETRY);
			break;
		}
		some = true;
		if (ret > 0) {
			tail += ret;
			/* Pairs with smp_load_acquire() in ring_put(). */
			smp_store_release(&pump->tail, tail);
		} else if (ret < 0) {
			WRITE_ONCE(pump->broken, true);
		}
		cond_resched();
	}
	if (!some)
		return;
	/* Pairs with the one in pump_send(). */
	smp_mb();
	tell_room(pump);
}

static void shut_half(struct zmq_pump *pump)
{
	/* Pairs with smp_store_release() in pump_finish(). */
	if (pump->shut || !smp_load_acquire(&pump->finished) ||
	    pump->head != pump->tail)
		return;
	pump->shut = true;
	kernel_sock_shutdown(pump->sock, SHUT_WR);
}

/* With unread data in it TCP would be reset instead of closed. */
static void discard(struct zmq_pump *pump)
{
	struct sk_buff *skb;
	int ret, got = 0;

	while (got < RX_PASS) {
		ret = zmq_polled_recv(pump->sock, &pump->frag, &skb);
		if (ret <= 0)
			break;
		kfree_skb(skb);
		got += ret;
	}
}

/**
 * zmq_pump_release_file() - let go of a socket that came as a file
 * @sock: the socket
 *
 * If nobody else has it, SO_LINGER would keep its memory and a thread waiting.
 * If somebody has, what he asked for is his own affair.
 *
 * Context: Process context of a kernel thread that may wait for the user.
 */
void zmq_pump_release_file(struct socket *sock)
{
	struct file *file = sock->file;

	if (file_count(file) == 1)
		zmq_child_no_linger(sock->sk);
	__fput_sync(file);
}

/* A stream that user space made and may still have ends all the same. */
static void end(struct zmq_pump *pump)
{
	if (pump->over)
		return;
	if (pump->head != pump->tail && !pump->broken &&
	    time_before(jiffies, pump->deadline)) {
		mod_timer(&pump->timer, pump->deadline);
		return;
	}
	pump->over = true;
	remove_wait_queue(sk_sleep(pump->sock->sk), &pump->wait);
	timer_delete_sync(&pump->timer);
	discard(pump);
	kernel_sock_shutdown(pump->sock, SHUT_RDWR);
	zmq_pump_release_file(pump->sock);
	pump_put(pump);
}

static void pump_work(struct work_struct *work)
{
	struct zmq_pump *pump = container_of(work, struct zmq_pump, work);
	struct mem_cgroup *memcg;

	memcg = set_active_memcg(zmq_sock_memcg(pump->sk));
	/* Pairs with smp_store_release() in pump_free(). */
	if (!smp_load_acquire(&pump->left)) {
		refuse_files(pump);
		receive(pump);
		transmit(pump);
		shut_half(pump);
	} else if (!pump->over) {
		transmit(pump);
		end(pump);
	}
	set_active_memcg(memcg);
	pump_put(pump);
}

static struct zmq_pump *pump_new(struct sock *sk, struct socket *sock,
				 struct zmq_lane *lane)
{
	struct zmq_pump *pump = kzalloc(sizeof(*pump), GFP_KERNEL_ACCOUNT);

	if (!pump)
		return NULL;
	pump->ring = kvmalloc(TX_RING, GFP_KERNEL_ACCOUNT);
	if (!pump->ring) {
		kfree(pump);
		return NULL;
	}
	refcount_set(&pump->ref, 2);
	pump->sk = sk;
	sock_hold(sk);
	pump->sock = sock;
	if (sock->sk->sk_family == AF_UNIX)
		zmq_sender_current(&pump->sender);
	pump->lane = lane;
	zmq_lane_get(lane);
	INIT_WORK(&pump->work, pump_work);
	timer_setup(&pump->timer, pump_timeout, 0);
	init_waitqueue_func_entry(&pump->wait, pump_wake);
	spin_lock_init(&pump->lock);
	skb_queue_head_init(&pump->rx);
	return pump;
}

static void pump_detach(struct zmq_link *link)
{
	struct zmq_pump *pump = pump_of(link);

	spin_lock_bh(&pump->lock);
	pump->link = NULL;
	spin_unlock_bh(&pump->lock);
	clear_bit(ZMQ_CONN_TX_BLOCKED, &link->conn->flags);
}

static void pump_free(struct zmq_link *link)
{
	const struct zmq_conn *conn = link->conn;
	struct zmq_pump *pump = pump_of(link);

	kfree_skb(zmq_reader(link)->skb);
	pump->deadline = jiffies + END_WAIT;
	if (conn->lingering && time_after(conn->linger_end, pump->deadline))
		pump->deadline = conn->linger_end;
	/* Pairs with smp_load_acquire() in pump_work(). */
	smp_store_release(&pump->left, true);
	pump_kick(pump);
	pump_put(pump);
}

static int pump_fill(struct zmq_reader *reader)
{
	struct zmq_pump *pump = pump_of(&reader->link);
	bool was_full, eof;

	/* Pairs with smp_store_release() in receive(). */
	eof = smp_load_acquire(&pump->eof);
	spin_lock_bh(&pump->rx.lock);
	was_full = rx_full(pump);
	reader->skb = __skb_dequeue(&pump->rx);
	if (reader->skb)
		WRITE_ONCE(pump->rx_bytes, pump->rx_bytes - reader->skb->len);
	spin_unlock_bh(&pump->rx.lock);
	if (!reader->skb)
		return eof ? 0 : -EAGAIN;
	if (was_full && !rx_full(pump))
		pump_kick(pump);
	return reader->skb->len;
}

static int ring_put(struct zmq_pump *pump, struct msghdr *m, size_t len)
{
	u32 head = pump->head, off = head % TX_RING;
	/* Pairs with smp_store_release() in transmit(). */
	u32 room = TX_RING - (head - smp_load_acquire(&pump->tail));
	size_t n = min_t(size_t, len, room);
	size_t first = min_t(size_t, n, TX_RING - off);

	if (!copy_from_iter_full(pump->ring + off, first, &m->msg_iter) ||
	    !copy_from_iter_full(pump->ring, n - first, &m->msg_iter))
		return -EFAULT;
	/* Pairs with smp_load_acquire() in transmit(). */
	smp_store_release(&pump->head, head + n);
	return n;
}

static int pump_send(struct zmq_link *link, struct msghdr *m, size_t len)
{
	struct zmq_pump *pump = pump_of(link);
	struct zmq_conn *conn = link->conn;
	int n;

	if (READ_ONCE(pump->broken))
		return -EPIPE;
	n = ring_put(pump, m, len);
	if (n)
		return n;
	set_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	/* Pairs with the one in transmit(): room made before it wakes nobody. */
	smp_mb__after_atomic();
	n = ring_put(pump, m, len);
	if (n > 0)
		clear_bit(ZMQ_CONN_TX_BLOCKED, &conn->flags);
	return n ?: -EAGAIN;
}

static void pump_finish(struct zmq_link *link)
{
	struct zmq_pump *pump = pump_of(link);

	/* Pairs with smp_load_acquire() in shut_half(). */
	smp_store_release(&pump->finished, true);
	pump_kick(pump);
}

static void pump_tx_end(struct zmq_link *link)
{
	struct zmq_pump *pump = pump_of(link);

	if (pump->head != READ_ONCE(pump->tail))
		pump_kick(pump);
}

static const struct zmq_stream_ops pump_stream = {
	.late		= true,
	.detach		= pump_detach,
	.free		= pump_free,
	.lock		= zmq_reader_lock,
	.unlock		= zmq_reader_unlock,
	.tx_end		= pump_tx_end,
	.read		= zmq_reader_read,
	.send		= pump_send,
	.finish		= pump_finish,
};

/**
 * zmq_pump_link() - let a pump carry the bytes of a stream
 * @conn: the connection
 * @sock: the stream, with a reference to its file, which is the link's from now
 *	on
 * @lane: where to do it
 *
 * Context: Process context, socket lock held.
 * Return: the link; or NULL, and the reference is gone.
 */
struct zmq_link *zmq_pump_link(struct zmq_conn *conn, struct socket *sock,
			       struct zmq_lane *lane)
{
	struct pump_link *pl = kzalloc(sizeof(*pl), GFP_KERNEL_ACCOUNT);
	struct zmq_pump *pump;

	pump = pl ? pump_new(conn->owner->tasks.sk, sock, lane) : NULL;
	if (!pump) {
		kfree(pl);
		sockfd_put(sock);
		return NULL;
	}
	zmq_reader_init(&pl->in, conn, &pump_stream, sock, pump_fill);
	pl->pump = pump;
	pump->link = &pl->in.link;
	add_wait_queue(sk_sleep(sock->sk), &pump->wait);
	/* Something may have come before that. */
	pump_kick(pump);
	return &pl->in.link;
}
