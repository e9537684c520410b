// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"
#include "clock.h"

static unsigned int freed;

static void count_free(struct zmq_link *link)
{
	CHECK(link->sock);
	freed++;
}

static void count_detach(struct zmq_link *link)
{
	CHECK_EQ(link->ref.refs, 1);
}

static void lock(struct zmq_link *link)
{
}

static int read_all(struct zmq_link *link, read_descriptor_t *desc,
		    sk_read_actor_t actor)
{
	return actor(desc, NULL, 0, 1);
}

static const struct zmq_stream_ops other = {
	.direct		= true,
	.late		= true,
	.detach		= count_detach,
	.free		= count_free,
	.lock		= lock,
	.unlock		= lock,
	.read		= read_all,
};

static struct zmq_link *other_link(struct bed *bed)
{
	struct zmq_link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	zmq_link_init(link, &bed->conn, &other, &bed->sock);
	freed = 0;
	return link;
}

TEST(link_last, "link: the child goes with the last reference, whoever has it")
{
	struct zmq_link *link;
	struct bed bed;

	bed_init(&bed);
	link = other_link(&bed);
	CHECK_EQ(bed.conn.ref.refs, 2);
	zmq_link_set(&bed.conn, link);
	CHECK(zmq_link_get(&bed.conn) == link);
	zmq_link_set(&bed.conn, &bed.link);
	zmq_link_drop(link);
	CHECK_EQ(freed, 0);
	zmq_link_put(link);
	CHECK_EQ(freed, 0);
	CHECK(clock_work());
	CHECK_EQ(freed, 1);
	CHECK_EQ(bed.conn.ref.refs, 1);
	bed_exit(&bed);
}

TEST(link_take, "link: one that is taken from its connection goes at once")
{
	struct bed bed;

	bed_init(&bed);
	zmq_link_set(&bed.conn, other_link(&bed));
	zmq_link_end(&bed.conn, false);
	CHECK_EQ(freed, 1);
	CHECK(!zmq_conn_link(&bed.conn) && !zmq_link_get(&bed.conn));
	/* There is nothing to be done without one. */
	zmq_link_stop(&bed.conn);
	zmq_link_end(&bed.conn, false);
	zmq_link_set(&bed.conn, &bed.link);
	bed_exit(&bed);
}

TEST(link_late, "link: where bytes come late the child does not tell the end")
{
	struct zmq_link *link;
	struct bed bed;

	bed_init(&bed);
	CHECK(!zmq_link_ended(&bed.link));
	bed.tcp.inet.sk.sk_shutdown = RCV_SHUTDOWN;
	CHECK(zmq_link_ended(&bed.link));
	link = other_link(&bed);
	CHECK(!zmq_link_ended(link));
	link->eof = true;
	CHECK(zmq_link_ended(link));
	zmq_link_drop(link);
	CHECK_EQ(freed, 1);
	bed_exit(&bed);
}
