// SPDX-License-Identifier: GPL-2.0-only
/* How bytes are read that have to be fetched, as those of TCP do not. */

#include "reader.h"

/* What one pass reads, whoever sends more meanwhile. */
#define READ_PASS	SZ_256K

/**
 * zmq_reader_init() - as zmq_link_init()
 * @reader: where a larger structure begins, zeroed
 * @conn: the connection
 * @ops: how bytes are carried
 * @sock: the child
 * @fill: see struct zmq_reader
 *
 * Context: Process context, socket lock held.
 */
void zmq_reader_init(struct zmq_reader *reader, struct zmq_conn *conn,
		     const struct zmq_stream_ops *ops, struct socket *sock,
		     int (*fill)(struct zmq_reader *reader))
{
	zmq_link_init(&reader->link, conn, ops, sock);
	mutex_init(&reader->lock);
	reader->fill = fill;
}

/**
 * zmq_reader_lock() - zmq_stream_ops.lock
 * @link: of a reader
 *
 * Context: Process context.
 */
void zmq_reader_lock(struct zmq_link *link)
{
	mutex_lock(&zmq_reader(link)->lock);
}

/**
 * zmq_reader_unlock() - zmq_stream_ops.unlock
 * @link: of a reader
 *
 * Context: Process context.
 */
void zmq_reader_unlock(struct zmq_link *link)
{
	mutex_unlock(&zmq_reader(link)->lock);
}

static void read_nothing(struct zmq_reader *reader, int err)
{
	struct zmq_task *task = &reader->link.conn->task;

	if (err == -ENOMEM) {
		zmq_task_run_after(task, ZMQ_CONN_RX_RETRY);
		return;
	}
	reader->link.dry = true;
	if (err == -EAGAIN || reader->link.eof)
		return;
	WRITE_ONCE(reader->link.eof, true);
	zmq_task_run(task);
}

/**
 * zmq_reader_read() - zmq_stream_ops.read
 * @link: of a reader
 * @desc: of the actor
 * @actor: is given what was received
 *
 * Context: Process context, the reader's lock held.
 * Return: the bytes that the actor has taken.
 */
int zmq_reader_read(struct zmq_link *link, read_descriptor_t *desc,
		    sk_read_actor_t actor)
{
	struct zmq_reader *reader = zmq_reader(link);
	int total = 0, ret = 0;
	unsigned int left;

	link->dry = false;
	while (desc->count && total < READ_PASS) {
		if (!reader->skb) {
			reader->off = 0;
			ret = reader->fill(reader);
			if (ret <= 0) {
				read_nothing(reader, ret);
				break;
			}
		}
		left = reader->skb->len - reader->off;
		ret = actor(desc, reader->skb, reader->off, left);
		if (ret <= 0)
			break;
		total += ret;
		reader->off += ret;
		if (ret < left)
			continue;
		consume_skb(reader->skb);
		reader->skb = NULL;
	}
	return total;
}
