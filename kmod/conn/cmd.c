// SPDX-License-Identifier: GPL-2.0-only
/* Commands of a connection's send queue, which go between messages. */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "base/compat.h"
#include "conn.h"
#include "tx.h"
#include "wire/wire_v1.h"

/* So many bytes of commands may wait, and so many are few enough to go on. */
#define CMD_BYTES_MAX		SZ_64K
#define CMD_BYTES_LOW		SZ_16K

/* The first chunk of commands, and one behind others. */
#define CHUNK_FIRST		512
#define CHUNK_NEXT		SZ_4K

/**
 * struct zmq_cmd_chunk - whole commands of the send queue
 * @node: in conn->tx->cmds
 * @size: room in @data
 * @len: bytes in @data
 * @data: encoded frames
 */
struct zmq_cmd_chunk {
	struct list_head	node;
	u32			size;
	u32			len;
	u8			data[];
};

static void chunk_put(struct zmq_cmd_chunk *chunk, const void *head,
		      size_t head_len, const void *tail, size_t tail_len)
{
	memcpy(chunk->data + chunk->len, head, head_len);
	chunk->len += head_len;
	if (tail_len)
		memcpy(chunk->data + chunk->len, tail, tail_len);
	chunk->len += tail_len;
}

/* Under tx->qlock. Return: the last chunk if it has room, NULL, or -EAGAIN. */
static struct zmq_cmd_chunk *cmd_room(struct zmq_conn *conn, size_t len)
{
	struct zmq_cmd_chunk *chunk;

	if (conn->tx->cmd_bytes >= CMD_BYTES_MAX) {
		set_bit(ZMQ_CONN_CMD_FULL, &conn->flags);
		return ERR_PTR(-EAGAIN);
	}
	if (list_empty(&conn->tx->cmds))
		return NULL;
	chunk = list_last_entry(&conn->tx->cmds, struct zmq_cmd_chunk, node);
	return chunk->size - chunk->len < len ? NULL : chunk;
}

/**
 * zmq_conn_queue_cmd() - queue a command, to go before the next message
 * @conn: the connection
 * @head: encoded frame, or its beginning
 * @head_len: bytes in @head
 * @tail: the rest of the frame
 * @tail_len: bytes in @tail
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows. The caller flushes, or queues io_work.
 * Return: 0; -EAGAIN if too many wait, then zmq_conn_ops.cmd_room() follows;
 * -ENOMEM.
 */
int zmq_conn_queue_cmd(struct zmq_conn *conn, const void *head, size_t head_len,
		       const void *tail, size_t tail_len, gfp_t gfp)
{
	size_t size = READ_ONCE(conn->tx->cmd_bytes) ? CHUNK_NEXT : CHUNK_FIRST;
	size_t len = head_len + tail_len;
	struct zmq_cmd_chunk *chunk;
	struct mem_cgroup *memcg;

	spin_lock_bh(&conn->tx->qlock);
	chunk = cmd_room(conn, len);
	if (!IS_ERR_OR_NULL(chunk)) {
		chunk_put(chunk, head, head_len, tail, tail_len);
		conn->tx->cmd_bytes += len;
	}
	spin_unlock_bh(&conn->tx->qlock);
	if (chunk)
		return PTR_ERR_OR_ZERO(chunk);

	size = max_t(size_t, size - sizeof(*chunk), len);
	/* A PONG is for the owner to pay, whoever is interrupted. */
	memcg = set_active_memcg(zmq_sock_memcg(conn->owner->tasks.sk));
	chunk = kmalloc(sizeof(*chunk) + size, gfp | __GFP_ACCOUNT);
	set_active_memcg(memcg);
	if (!chunk)
		return -ENOMEM;
	chunk->size = size;
	chunk->len = 0;
	chunk_put(chunk, head, head_len, tail, tail_len);
	spin_lock_bh(&conn->tx->qlock);
	list_add_tail(&chunk->node, &conn->tx->cmds);
	conn->tx->cmd_bytes += len;
	spin_unlock_bh(&conn->tx->qlock);
	return 0;
}

/**
 * zmq_conn_send_sub() - queue a subscription or its end
 * @conn: the connection, whose handshake is done
 * @topic: the prefix
 * @len: bytes in @topic
 * @subscribe: or unsubscribe
 *
 * Context: Process context, socket lock held.
 * Return: as zmq_conn_queue_cmd().
 */
int zmq_conn_send_sub(struct zmq_conn *conn, const u8 *topic, size_t len,
		      bool subscribe)
{
	u8 head[ZMQ_CMD_SUB_MAX];
	size_t n;

	if (conn->session->minor)
		n = zmq_cmd_put_sub(head, subscribe, len);
	else if (conn->session->framing == ZMQ_FRAMING_V1)
		n = zmq_v1_put_sub(head, subscribe, len);
	else
		n = zmq_msg_put_sub(head, subscribe, len);
	return zmq_conn_queue_cmd(conn, head, n, topic, len, GFP_KERNEL);
}

static void chunk_sent(struct zmq_conn *conn, struct zmq_cmd_chunk *chunk)
{
	bool room = false;

	spin_lock_bh(&conn->tx->qlock);
	list_del(&chunk->node);
	conn->tx->cmd_bytes -= chunk->len;
	if (conn->tx->cmd_bytes <= CMD_BYTES_LOW)
		room = test_and_clear_bit(ZMQ_CONN_CMD_FULL, &conn->flags);
	spin_unlock_bh(&conn->tx->qlock);
	kfree(chunk);
	if (!room)
		return;
	set_bit(ZMQ_CONN_CMD_ROOM, &conn->flags);
	zmq_task_run(&conn->task);
}

/**
 * zmq_conn_send_cmds() - give the first commands to the stream
 * @conn: the connection, which has some
 *
 * They stay in the list meanwhile: before it refuses them for want of memory, a
 * stream without anything under way says that it is writable, and whoever hears
 * of it looks for something to send.
 *
 * Context: As for zmq_conn_tx_give().
 * Return: as zmq_conn_tx_give().
 */
int zmq_conn_send_cmds(struct zmq_conn *conn)
{
	struct zmq_cmd_chunk *chunk;
	struct msghdr m = {};
	struct kvec kv;
	bool more;
	int ret;

	/* Nobody appends to it from now on. */
	spin_lock_bh(&conn->tx->qlock);
	chunk = list_first_entry(&conn->tx->cmds, struct zmq_cmd_chunk, node);
	chunk->size = chunk->len;
	more = !list_is_singular(&conn->tx->cmds);
	spin_unlock_bh(&conn->tx->qlock);

	kv.iov_base = chunk->data + conn->tx->off;
	kv.iov_len = chunk->len - conn->tx->off;
	iov_iter_kvec(&m.msg_iter, ITER_SOURCE, &kv, 1, kv.iov_len);
	ret = zmq_conn_tx_give(conn, &m, kv.iov_len, more);
	if (ret > 0)
		conn->tx->off += ret;
	if (conn->tx->off == chunk->len) {
		conn->tx->off = 0;
		chunk_sent(conn, chunk);
	}
	conn->tx->in_cmd = conn->tx->off;
	return ret;
}

/**
 * zmq_conn_free_cmds() - drop all commands
 * @conn: the connection, whose stream was stopped
 *
 * Context: Process context.
 */
void zmq_conn_free_cmds(struct zmq_conn *conn)
{
	struct zmq_cmd_chunk *chunk, *next;
	LIST_HEAD(cmds);

	spin_lock_bh(&conn->tx->qlock);
	list_splice_init(&conn->tx->cmds, &cmds);
	conn->tx->cmd_bytes = 0;
	clear_bit(ZMQ_CONN_CMD_FULL, &conn->flags);
	spin_unlock_bh(&conn->tx->qlock);
	list_for_each_entry_safe(chunk, next, &cmds, node)
		kfree(chunk);
}
