// SPDX-License-Identifier: GPL-2.0-only
#include "blocks.h"
#include "pipe/fq.h"

/* Whose messages come next, each a digit. */
static void check_order(struct stand *s, const char *peers)
{
	int peer;

	for (; *peers; peers++) {
		peer = stand_read(s);
		CHECK_EQ(peer, *peers - '0');
		if (peer < 0)
			return;
	}
}

TEST(fq_nothing, "fq: nothing to read")
{
	struct zmq_frame f;
	struct stand s;

	stand_init(&s, 0);
	CHECK(!zmq_fq_next(&s.core));
	CHECK_EQ(zmq_fq_peek(&s.core, &f), -EAGAIN);
	stand_join(&s);
	CHECK_EQ(zmq_fq_peek(&s.core, &f), -EAGAIN);
	stand_exit(&s);
}

TEST(fq_turns, "fq: ready pipes take turns, a whole message each")
{
	struct stand s;
	unsigned int i;

	stand_init(&s, 3);
	for (i = 0; i < 9; i++)
		peer_sends(s.peers[i / 3], 1 + i % 4);
	check_order(&s, "012012012");
	CHECK_EQ(stand_read(&s), -EAGAIN);
	stand_exit(&s);
}

TEST(fq_whole, "fq: a message is read to its end, whoever becomes ready meanwhile")
{
	struct got_frame f;
	struct stand s;
	unsigned int i;

	stand_init(&s, 3);
	peer_sends(s.peers[1], 4);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(stand_read_frame(&s, &f), 0);
		CHECK(f.peer == 1 && f.frame == i);
		peer_sends(s.peers[i % 3], 2);
	}
	/* 1 was served last, so it waits behind who came before its end. */
	check_order(&s, "0210");
	CHECK_EQ(stand_read(&s), -EAGAIN);
	stand_exit(&s);
}

TEST(fq_out_of_turn, "fq: a message that a pattern reads out of turn is read to its end, too")
{
	struct got_frame f;
	struct zmq_frame reply;
	struct stand s;
	unsigned int i;

	stand_init(&s, 3);
	for (i = 0; i < 6; i++)
		peer_sends(s.peers[i % 3], 3);
	CHECK_EQ(zmq_pipe_peek_frame(s.peers[2]->pipe, &reply), 0);
	zmq_fq_consume(&s.core, &reply);
	for (i = 1; i < 3; i++) {
		CHECK_EQ(stand_read_frame(&s, &f), 0);
		CHECK(f.peer == 2 && f.frame == i);
	}
	check_order(&s, "01201");
	stand_exit(&s);
}

TEST(fq_partial, "fq: a message of which the end is missing makes nobody ready")
{
	struct stand s;

	stand_init(&s, 2);
	peer_sends_frames(s.peers[0], 0, 2, 3);
	CHECK_EQ(stand_read(&s), -EAGAIN);
	peer_sends(s.peers[1], 1);
	check_order(&s, "1");
	CHECK_EQ(stand_read(&s), -EAGAIN);
	peer_sends(s.peers[1], 1);
	peer_sends_frames(s.peers[0], 2, 3, 3);
	check_order(&s, "10");
	stand_exit(&s);
}

TEST(fq_newcomer, "fq: a newly ready pipe is served after all that wait, and only once")
{
	struct stand s;
	unsigned int i;

	stand_init(&s, 5);
	for (i = 0; i < 40; i++)
		peer_sends(s.peers[i % 4], 1 + i % 2);
	check_order(&s, "01230");
	for (i = 0; i < 3; i++)
		peer_sends(s.peers[4], 1);
	check_order(&s, "123041230412304");
	/* One that had nothing for a while has no turns saved up. */
	check_order(&s, "12301230");
	peer_sends(s.peers[4], 2);
	check_order(&s, "12304");
	stand_exit(&s);
}

TEST(fq_dead, "fq: what a dead pipe sent is read, the message that it began is not")
{
	struct got_frame f;
	struct stand s;

	stand_init(&s, 2);
	peer_sends(s.peers[0], 3);
	peer_sends(s.peers[0], 1);
	peer_sends_frames(s.peers[0], 0, 2, 3);
	peer_sends(s.peers[1], 1);
	CHECK_EQ(stand_read_frame(&s, &f), 0);
	CHECK_EQ(f.peer, 0);
	stand_leave(s.peers[0]);
	CHECK_EQ(stand_count(&s, ZMQ_MIB_RXDROPPARTIAL), 1);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 0 && f.frame == 1);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 0 && f.frame == 2);
	CHECK(!f.more);
	check_order(&s, "10");
	CHECK_EQ(s.core.nr_pipes, 1);
	CHECK_EQ(stand_read(&s), -EAGAIN);
	CHECK(!s.core.rx_pipe);
	stand_exit(&s);
}

TEST(fq_conflate, "fq: of a conflating pipe the last message is read, one begun to its end")
{
	struct got_frame f;
	struct peer *peer;
	struct stand s;
	unsigned int i;

	stand_init(&s, 1);
	peer = s.peers[0];
	peer->pipe->conflate = true;
	for (i = 0; i < 3; i++)
		peer_sends(peer, 2);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 2 && !f.frame);
	peer_sends(peer, 3);
	peer_sends(peer, 3);
	peer_sends_frames(peer, 0, 1, 2);
	CHECK_EQ(zmq_pipe_rx_msgs(peer->pipe), 1);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 2 && !f.more);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 4 && !f.frame);
	peer_sends_frames(peer, 1, 2, 2);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 4 && f.frame == 1);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 4 && !f.more);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 5 && !f.frame);
	CHECK(!stand_read_frame(&s, &f) && f.msg == 5 && !f.more);
	CHECK_EQ(stand_read(&s), -EAGAIN);
	CHECK_EQ(stand_count(&s, ZMQ_MIB_CONFLATED), 3);
	CHECK_EQ(s.charged, 0);
	stand_exit(&s);
}

TEST(fq_wrap, "fq: a queue goes on where what it counts begins again from 0")
{
	struct zmq_rxq *q;
	struct stand s;
	unsigned int i;

	stand_init(&s, 1);
	q = &s.peers[0]->pipe->rxq;
	q->put_msgs = -2;
	q->read_msgs = -2;
	q->runs.bytes = -9;
	q->read_bytes = -9;
	q->gone_bytes = -9;
	q->runs.charged = -9;
	q->gone_charged = -9;
	for (i = 0; i < 4; i++)
		peer_sends(s.peers[0], 2);
	peer_sends_frames(s.peers[0], 0, 1, 2);
	CHECK_EQ(zmq_pipe_rx_msgs(s.peers[0]->pipe), 4);
	CHECK_EQ(zmq_pipe_rx_charged(s.peers[0]->pipe), s.charged);
	check_order(&s, "000");
	stand_leave(s.peers[0]);
	CHECK_EQ(zmq_pipe_rx_charged(s.peers[0]->pipe), s.charged);
	check_order(&s, "0");
	CHECK_EQ(stand_read(&s), -EAGAIN);
	CHECK_EQ(zmq_pipe_rx_charged(s.peers[0]->pipe), 0);
	CHECK_EQ(s.charged, 0);
	stand_exit(&s);
}

static int no_namesakes(struct zmq_core *core, struct zmq_pipe *pipe)
{
	return pipe->id_len && pipe->id[0] == 'X' ? -EEXIST : 0;
}

static void forget(struct zmq_core *core, struct zmq_pipe *pipe)
{
}

TEST(fq_refused, "fq: a dialed peer that was refused is asked who it is when it comes again")
{
	struct zmq_pipe *pipe;
	struct stand s;

	stand_init(&s, 1);
	s.core.by_id = true;
	s.ops.attach = no_namesakes;
	s.ops.detach = forget;
	pipe = s.peers[0]->pipe;
	CHECK_EQ(zmq_pipe_meet(pipe, 1, -1, (const u8 *)"A", 1), 0);
	CHECK_EQ(zmq_pipe_meet(pipe, 1, -1, (const u8 *)"X", 1), -EEXIST);
	/* What it sent before is of who it was. */
	CHECK(pipe->id_len == 1 && pipe->id[0] == 'A');
	CHECK_EQ(zmq_pipe_meet(pipe, 1, -1, (const u8 *)"X", 1), -EEXIST);
	CHECK_EQ(zmq_pipe_meet(pipe, 1, -1, (const u8 *)"Y", 1), 0);
	peer_sends(s.peers[0], 1);
	check_order(&s, "0");
	stand_exit(&s);
}

TEST(fq_skip, "fq: a skipped message counts as served, also after its first frame")
{
	struct got_frame f;
	struct stand s;
	unsigned int i;

	stand_init(&s, 2);
	for (i = 0; i < 6; i++)
		peer_sends(s.peers[i / 3], 3);
	zmq_fq_skip(&s.core, zmq_fq_next(&s.core), ZMQ_MIB_RXDROPFILTER);
	CHECK_EQ(stand_count(&s, ZMQ_MIB_RXDROPFILTER), 1);
	CHECK_EQ(stand_read_frame(&s, &f), 0);
	CHECK(f.peer == 1 && f.msg == 0 && f.more);
	zmq_fq_skip(&s.core, zmq_fq_next(&s.core), ZMQ_MIB_RXDROPSTALE);
	CHECK_EQ(stand_count(&s, ZMQ_MIB_RXDROPSTALE), 1);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 0 && f.msg == 1 && !f.frame);
	/* Somebody else's message goes, the one that is read stays. */
	zmq_fq_skip(&s.core, s.peers[1]->pipe, ZMQ_MIB_RXDROPFILTER);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 0 && f.msg == 1 && f.frame == 1);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 0 && f.msg == 1 && !f.more);
	CHECK(!stand_read_frame(&s, &f) && f.peer == 1 && f.msg == 2 && !f.frame);
	stand_exit(&s);
}

/* List operations for a whole message of each peer in turn. */
static unsigned long cost(unsigned int peers, unsigned int *most)
{
	unsigned long before, start;
	struct stand s;
	unsigned int i;

	stand_init(&s, peers);
	for (i = 0; i < 2 * peers; i++)
		peer_sends(s.peers[i % peers], 1);
	*most = 0;
	start = shim_list_ops;
	for (i = 0; i < peers; i++) {
		before = shim_list_ops;
		CHECK_EQ(stand_read(&s), i);
		if (shim_list_ops - before > *most)
			*most = shim_list_ops - before;
	}
	start = shim_list_ops - start;
	stand_exit(&s);
	return start / peers;
}

TEST(fq_scale, "fq: 10000 ready pipes cost what 10 cost")
{
	unsigned int few_most, many_most;
	unsigned long few, many;

	few = cost(10, &few_most);
	many = cost(10000, &many_most);
	CHECK(few > 0);
	CHECK_EQ(many, few);
	CHECK_EQ(many_most, few_most);
}

/*
 * The model: a ready pipe has a ticket, drawn when it became ready or when its
 * last message was read; the lowest one is next.
 */
#define MODEL_PEERS 12

struct fq_model {
	unsigned long	ticket[MODEL_PEERS];
	unsigned int	whole[MODEL_PEERS];
	unsigned int	read[MODEL_PEERS];
	unsigned int	begun[MODEL_PEERS];
	unsigned int	frames[MODEL_PEERS];
	bool		left[MODEL_PEERS];
	unsigned long	next;
	int		current;
	unsigned int	frame;
};

static int model_first(const struct fq_model *m)
{
	int i, first = -1;

	for (i = 0; i < MODEL_PEERS; i++) {
		if (m->whole[i] && (first < 0 || m->ticket[i] < m->ticket[first]))
			first = i;
	}
	return first;
}

static void model_send(struct fq_model *m, struct stand *s, u64 *seed)
{
	unsigned int i = test_random(seed) % MODEL_PEERS, to;

	if (m->left[i])
		return;
	if (!m->begun[i])
		m->frames[i] = 1 + test_random(seed) % 4;
	to = m->begun[i] + 1 + test_random(seed) % (m->frames[i] - m->begun[i]);
	peer_sends_frames(s->peers[i], m->begun[i], to, m->frames[i]);
	m->begun[i] = to % m->frames[i];
	if (!m->begun[i] && !m->whole[i]++)
		m->ticket[i] = m->next++;
}

static void model_served(struct fq_model *m)
{
	m->whole[m->current]--;
	m->read[m->current]++;
	m->ticket[m->current] = m->next++;
	m->current = -1;
	m->frame = 0;
}

static void model_read(struct fq_model *m, struct stand *s)
{
	struct got_frame f;
	int err;

	err = stand_read_frame(s, &f);
	if (m->current < 0)
		m->current = model_first(m);
	CHECK_EQ(err, m->current < 0 ? -EAGAIN : 0);
	if (err)
		return;
	CHECK(f.peer == m->current && f.msg == m->read[m->current] &&
	      f.frame == m->frame);
	m->frame++;
	if (!f.more)
		model_served(m);
}

static void model_skip(struct fq_model *m, struct stand *s)
{
	struct zmq_pipe *pipe = zmq_fq_next(&s->core);

	if (m->current < 0)
		m->current = model_first(m);
	CHECK_EQ(!pipe, m->current < 0);
	if (!pipe)
		return;
	CHECK(pipe == s->peers[m->current]->pipe);
	zmq_fq_skip(&s->core, pipe, ZMQ_MIB_RXDROPFILTER);
	model_served(m);
}

TEST(fq_model, "fq: 100000 random steps against a search for the longest waiting")
{
	struct fq_model m = { .current = -1 };
	struct stand s;
	u64 seed = 1;
	int step, i;

	stand_init(&s, MODEL_PEERS);
	for (step = 0; step < 100000; step++) {
		switch (test_random(&seed) % 16) {
		case 0 ... 5:
			model_send(&m, &s, &seed);
			break;
		case 6:
			model_skip(&m, &s);
			break;
		case 7:
			if (step % 1000 < 990)
				break;
			i = test_random(&seed) % MODEL_PEERS;
			m.left[i] = true;
			stand_leave(s.peers[i]);
			break;
		default:
			model_read(&m, &s);
		}
		if (step % 10000 == 9999) {
			stand_exit(&s);
			m = (struct fq_model){ .current = -1 };
			stand_init(&s, MODEL_PEERS);
		}
	}
	stand_exit(&s);
}
