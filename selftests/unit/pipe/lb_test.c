// SPDX-License-Identifier: GPL-2.0-only
#include "blocks.h"
#include "pipe/lb.h"

/* Send a message; returns the number of the peer that got it, or the error. */
static int deliver(struct stand *s, bool more)
{
	struct peer *peer, *to = NULL;
	unsigned int i;
	int err;

	s->msg.bytes = ++s->sent;
	err = zmq_lb_send(&s->core, &s->msg, more);
	if (err)
		return err;
	for (i = 0; i < s->nr; i++) {
		peer = s->peers[i];
		if (peer->last != s->sent)
			continue;
		CHECK(!to);
		to = peer;
	}
	CHECK(to && s->msg.pipe == to->pipe);
	/* As zmq_msg_reset() does it. */
	zmq_pipe_put(s->msg.pipe);
	s->msg.pipe = NULL;
	return to ? to->number : -ENOENT;
}

static void check_order(struct stand *s, const char *peers)
{
	for (; *peers; peers++)
		CHECK_EQ(deliver(s, false), *peers - '0');
}

TEST(lb_nobody, "lb: nobody to send to")
{
	struct stand s;

	stand_init(&s, 0);
	CHECK_EQ(zmq_lb_can_send(&s.core), -EAGAIN);
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), -EAGAIN);
	CHECK(!s.msg.pipe);
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	stand_join(&s);
	CHECK_EQ(zmq_lb_can_send(&s.core), 0);
	check_order(&s, "00");
	stand_leave(s.peers[0]);
	CHECK_EQ(zmq_lb_can_send(&s.core), -EAGAIN);
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	stand_exit(&s);
}

TEST(lb_turns, "lb: pipes take turns, and a new one comes last")
{
	struct stand s;

	stand_init(&s, 3);
	check_order(&s, "01201");
	stand_join(&s);
	check_order(&s, "2013201320");
	stand_leave(s.peers[3]);
	check_order(&s, "120120");
	stand_exit(&s);
}

TEST(lb_flush, "lb: who got the message is flushed, and told whether more follows")
{
	struct stand s;

	stand_init(&s, 2);
	CHECK_EQ(deliver(&s, true), 0);
	CHECK_EQ(deliver(&s, false), 1);
	CHECK(s.peers[0]->later == 1 && !s.peers[0]->flushed);
	CHECK(s.peers[1]->flushed == 1 && !s.peers[1]->later);
	stand_exit(&s);
}

TEST(lb_full, "lb: a full pipe is left out and comes back as the last in turn")
{
	struct stand s;

	stand_init(&s, 3);
	s.core.opts.snd_hwm = 4;
	check_order(&s, "012012012012");
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	CHECK_EQ(zmq_lb_can_send(&s.core), -EAGAIN);
	/* Credit comes back at the low-water mark, not before. */
	zmq_pipe_tx_done(s.peers[1]->pipe, 1);
	CHECK_EQ(zmq_lb_can_send(&s.core), -EAGAIN);
	zmq_pipe_tx_done(s.peers[1]->pipe, 1);
	CHECK_EQ(deliver(&s, false), 1);
	zmq_pipe_tx_done(s.peers[0]->pipe, 4);
	zmq_pipe_tx_done(s.peers[2]->pipe, 4);
	check_order(&s, "102");
	CHECK_EQ(deliver(&s, false), 0);
	zmq_pipe_tx_done(s.peers[1]->pipe, 4);
	check_order(&s, "2012012");
	CHECK_EQ(deliver(&s, false), 1);
	CHECK_EQ(deliver(&s, false), 1);
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	stand_exit(&s);
}

TEST(lb_chosen, "lb: the pipe chosen at the first frame gets the message")
{
	struct stand s;

	stand_init(&s, 3);
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	CHECK(s.msg.pipe == s.peers[0]->pipe);
	/* Whatever happens to the others. */
	stand_leave(s.peers[1]);
	stand_join(&s);
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	CHECK(s.msg.pipe == s.peers[0]->pipe);
	check_order(&s, "0230");
	stand_exit(&s);
}

TEST(lb_death, "lb: if the chosen pipe dies, all of the message goes to another")
{
	struct stand s;

	stand_init(&s, 3);
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	CHECK(s.msg.pipe == s.peers[0]->pipe);
	stand_leave(s.peers[0]);
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	CHECK(s.msg.pipe == s.peers[1]->pipe);
	CHECK_EQ(deliver(&s, false), 1);
	CHECK_EQ(s.peers[0]->got, 0);

	/* Also one of which only softirq knows that it is gone. */
	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	CHECK(s.msg.pipe == s.peers[2]->pipe);
	zmq_pipe_hangup(s.peers[2]->pipe);
	CHECK_EQ(deliver(&s, false), 1);
	CHECK_EQ(s.peers[2]->got, 0);

	CHECK_EQ(zmq_lb_begin(&s.core, &s.msg), 0);
	stand_leave(s.peers[1]);
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	CHECK(!s.msg.pipe);
	/* The message is still whole for who comes next. */
	stand_join(&s);
	CHECK_EQ(deliver(&s, false), 3);
	stand_exit(&s);
}

TEST(lb_refusal, "lb: a write that finds no room moves the message on, once to each")
{
	struct stand s;

	stand_init(&s, 4);
	s.peers[0]->err = -EAGAIN;
	s.peers[1]->err = -EPIPE;
	CHECK_EQ(deliver(&s, false), 2);
	s.peers[2]->err = -EAGAIN;
	s.peers[3]->err = -EAGAIN;
	CHECK_EQ(deliver(&s, false), -EAGAIN);
	CHECK(!s.msg.pipe);
	s.peers[3]->err = 0;
	CHECK_EQ(deliver(&s, false), 3);
	CHECK_EQ(s.peers[2]->got, 1);
	stand_exit(&s);
}

TEST(lb_nomem, "lb: another error is the caller's, and nobody else is tried")
{
	struct stand s;

	stand_init(&s, 2);
	s.peers[0]->err = -ENOMEM;
	CHECK_EQ(deliver(&s, false), -ENOMEM);
	CHECK(s.msg.pipe == s.peers[0]->pipe);
	CHECK(!s.peers[0]->flushed && !s.peers[1]->got);
	CHECK_EQ(s.peers[0]->pipe->tx_msgs.counter, 0);
	s.peers[0]->err = 0;
	CHECK_EQ(deliver(&s, false), 0);
	stand_exit(&s);
}

static unsigned long cost(unsigned int peers, unsigned int *most)
{
	unsigned long before, start;
	struct stand s;
	unsigned int i;

	stand_init(&s, peers);
	*most = 0;
	start = shim_list_ops;
	for (i = 0; i < peers; i++) {
		before = shim_list_ops;
		s.msg.bytes = i + 1;
		CHECK_EQ(zmq_lb_send(&s.core, &s.msg, false), 0);
		CHECK(s.msg.pipe == s.peers[i]->pipe);
		zmq_pipe_put(s.msg.pipe);
		s.msg.pipe = NULL;
		if (shim_list_ops - before > *most)
			*most = shim_list_ops - before;
	}
	start = shim_list_ops - start;
	stand_exit(&s);
	return start / peers;
}

/* All but one are full, and the search must not see them. */
static unsigned long cost_full(unsigned int peers)
{
	unsigned long start;
	struct stand s;
	unsigned int i;

	stand_init(&s, peers);
	s.core.opts.snd_hwm = 1;
	for (i = 0; i < peers; i++) {
		s.msg.bytes = i + 1;
		CHECK_EQ(zmq_lb_send(&s.core, &s.msg, false), 0);
		zmq_pipe_put(s.msg.pipe);
		s.msg.pipe = NULL;
	}
	zmq_pipe_tx_done(s.peers[peers / 2]->pipe, 1);
	start = shim_list_ops;
	CHECK_EQ(zmq_lb_send(&s.core, &s.msg, false), 0);
	CHECK(s.msg.pipe == s.peers[peers / 2]->pipe);
	start = shim_list_ops - start;
	stand_exit(&s);
	return start;
}

TEST(lb_scale, "lb: 10000 pipes cost what 10 cost, writable or full")
{
	unsigned int few_most, many_most;
	unsigned long few, many;

	few = cost(10, &few_most);
	many = cost(10000, &many_most);
	CHECK(few > 0);
	CHECK_EQ(many, few);
	CHECK_EQ(many_most, few_most);
	few = cost_full(10);
	CHECK(few > 0);
	CHECK_EQ(cost_full(10000), few);
}

/*
 * The model: a pipe with credit has a ticket, drawn when it got its credit or
 * its last message; the lowest one is next.
 */
#define MODEL_PEERS 12
#define MODEL_HWM 5

struct lb_model {
	unsigned long	ticket[MODEL_PEERS];
	unsigned int	queued[MODEL_PEERS];
	bool		full[MODEL_PEERS];
	bool		left[MODEL_PEERS];
	unsigned long	next;
	int		chosen;
};

static bool model_writable(const struct lb_model *m, int i)
{
	return !m->full[i] && !m->left[i];
}

static int model_choose(struct lb_model *m)
{
	int i, first = -1;

	if (m->chosen >= 0 && model_writable(m, m->chosen))
		return m->chosen;
	for (i = 0; i < MODEL_PEERS; i++) {
		if (model_writable(m, i) &&
		    (first < 0 || m->ticket[i] < m->ticket[first]))
			first = i;
	}
	m->chosen = first;
	return first;
}

static void model_send(struct lb_model *m, struct stand *s)
{
	int want = model_choose(m);

	CHECK_EQ(zmq_lb_can_send(&s->core), want < 0 ? -EAGAIN : 0);
	CHECK_EQ(deliver(s, false), want < 0 ? -EAGAIN : want);
	if (want < 0)
		return;
	m->ticket[want] = m->next++;
	m->full[want] = ++m->queued[want] >= MODEL_HWM;
	m->chosen = -1;
}

static void model_begin(struct lb_model *m, struct stand *s)
{
	int want = model_choose(m);

	CHECK_EQ(zmq_lb_begin(&s->core, &s->msg), want < 0 ? -EAGAIN : 0);
	CHECK(s->msg.pipe == (want < 0 ? NULL : s->peers[want]->pipe));
}

static void model_sent(struct lb_model *m, struct stand *s, u64 *seed)
{
	unsigned int i = test_random(seed) % MODEL_PEERS, n;

	if (!m->queued[i] || m->left[i])
		return;
	n = 1 + test_random(seed) % m->queued[i];
	zmq_pipe_tx_done(s->peers[i]->pipe, n);
	m->queued[i] -= n;
	if (m->full[i] && m->queued[i] <= (MODEL_HWM + 1) / 2) {
		m->full[i] = false;
		m->ticket[i] = m->next++;
	}
}

static void model_leave(struct lb_model *m, struct stand *s, u64 *seed)
{
	unsigned int i = test_random(seed) % MODEL_PEERS;

	if (m->chosen >= 0 && test_random(seed) % 2)
		i = m->chosen;
	if (m->left[i])
		return;
	if (test_random(seed) % 2)
		stand_leave(s->peers[i]);
	else
		zmq_pipe_hangup(s->peers[i]->pipe);
	m->left[i] = true;
}

static void model_start(struct lb_model *m, struct stand *s)
{
	int i;

	stand_init(s, MODEL_PEERS);
	s->core.opts.snd_hwm = MODEL_HWM;
	memset(m, 0, sizeof(*m));
	m->chosen = -1;
	for (i = 0; i < MODEL_PEERS; i++)
		m->ticket[i] = m->next++;
}

TEST(lb_model, "lb: 100000 random steps against a search for the longest waiting")
{
	struct lb_model m;
	struct stand s;
	u64 seed = 2;
	int step;

	model_start(&m, &s);
	for (step = 0; step < 100000; step++) {
		switch (test_random(&seed) % 16) {
		case 0 ... 6:
			model_send(&m, &s);
			break;
		case 7 ... 9:
			model_begin(&m, &s);
			break;
		case 10:
			if (step % 1000 > 980)
				model_leave(&m, &s, &seed);
			break;
		default:
			model_sent(&m, &s, &seed);
		}
		if (step % 10000 == 9999) {
			stand_exit(&s);
			model_start(&m, &s);
		}
	}
	stand_exit(&s);
}
