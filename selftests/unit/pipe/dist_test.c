// SPDX-License-Identifier: GPL-2.0-only
#include "blocks.h"
#include "pipe/dist.h"

/* Make the peers whose digits are in @peers receivers. */
static void add(struct stand *s, struct hlist_head *to, const char *peers)
{
	for (; *peers; peers++)
		zmq_dist_add(&s->core, s->peers[*peers - '0']->pipe, to);
}

static void distribute(struct stand *s, struct hlist_head *to, bool more)
{
	s->msg.bytes = ++s->sent;
	zmq_dist_send(&s->core, to, &s->msg, more);
	CHECK(hlist_empty(to));
}

/* The last message went to these peers and to no other, once to each. */
static void check_got(struct stand *s, const char *peers)
{
	unsigned int i;
	bool want, got;

	for (i = 0; i < s->nr; i++) {
		want = strchr(peers, '0' + i);
		got = s->peers[i]->last == s->sent;
		if (got != want)
			test_note("peer %u, message %u", i, s->sent);
		CHECK_EQ(got, want);
	}
}

static void send_to(struct stand *s, const char *peers, const char *got)
{
	HLIST_HEAD(to);

	zmq_dist_begin(&s->core);
	add(s, &to, peers);
	distribute(s, &to, false);
	check_got(s, got);
}

TEST(dist_once, "dist: a receiver gets a message once, however often it matched")
{
	struct stand s;

	stand_init(&s, 4);
	send_to(&s, "0202002", "02");
	CHECK(s.peers[0]->got == 1 && s.peers[2]->got == 1);
	send_to(&s, "1112", "12");
	CHECK(s.peers[1]->got == 1 && s.peers[2]->got == 2);
	send_to(&s, "0123", "0123");
	CHECK(!s.core.drops.counter);
	stand_exit(&s);
}

TEST(dist_unmarked, "dist: with marks, who did not match is the receiver")
{
	HLIST_HEAD(to);
	struct stand s;

	stand_init(&s, 5);
	zmq_dist_begin(&s.core);
	CHECK(zmq_dist_mark(&s.core, s.peers[1]->pipe));
	CHECK(!zmq_dist_mark(&s.core, s.peers[1]->pipe));
	CHECK(zmq_dist_mark(&s.core, s.peers[3]->pipe));
	zmq_dist_add_unmarked(&s.core, &to);
	distribute(&s, &to, false);
	check_got(&s, "024");
	/* The marks hold for one fan-out, and one that came later has none. */
	stand_join(&s);
	zmq_dist_begin(&s.core);
	zmq_dist_add_unmarked(&s.core, &to);
	zmq_dist_add_unmarked(&s.core, &to);
	distribute(&s, &to, false);
	check_got(&s, "012345");
	stand_exit(&s);
}

TEST(dist_wrap, "dist: numbers of fan-outs start again without anybody being left out")
{
	struct stand s;
	unsigned int i;

	stand_init(&s, 3);
	send_to(&s, "01", "01");
	/* Both remember 1, which is the number of the next one, too. */
	s.core.dist_gen = U32_MAX;
	send_to(&s, "012", "012");
	s.core.dist_gen = U32_MAX - 2;
	for (i = 0; i < 6; i++)
		send_to(&s, "0120", "012");
	CHECK(s.core.dist_gen && s.core.dist_gen < 6);
	/* One that joins before any fan-out is not taken for marked. */
	s.core.dist_gen = U32_MAX;
	stand_join(&s);
	send_to(&s, "33", "3");
	CHECK_EQ(s.peers[3]->got, 1);
	stand_exit(&s);
}

TEST(dist_full, "dist: who is full gets nothing of the message, the others all of it")
{
	struct stand s;

	stand_init(&s, 3);
	s.core.opts.snd_hwm = 2;
	send_to(&s, "0", "0");
	send_to(&s, "012", "012");
	send_to(&s, "012", "12");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_TXDROPFULL), 1);
	CHECK(s.peers[0]->pipe->drops == 1 && !s.peers[1]->pipe->drops);
	CHECK_EQ(s.core.drops.counter, 1);
	send_to(&s, "012", "");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_TXDROPFULL), 4);
	CHECK_EQ(s.core.drops.counter, 4);
	zmq_pipe_tx_done(s.peers[0]->pipe, 2);
	send_to(&s, "012", "0");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_TXDROPNOPEER), 0);
	stand_exit(&s);
}

TEST(dist_dead, "dist: a dead pipe is no receiver, and one that dies then gets nothing")
{
	HLIST_HEAD(to);
	struct stand s;

	stand_init(&s, 4);
	stand_leave(s.peers[0]);
	send_to(&s, "012", "12");
	CHECK(!s.core.drops.counter);
	zmq_dist_begin(&s.core);
	add(&s, &to, "123");
	/* Softirq may see the end of a connection at any time. */
	zmq_pipe_hangup(s.peers[2]->pipe);
	distribute(&s, &to, false);
	check_got(&s, "13");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_TXDROPNOPEER), 1);
	CHECK_EQ(s.peers[2]->pipe->drops, 1);
	stand_exit(&s);
}

TEST(dist_nobody, "dist: a message that nobody wants is counted once")
{
	HLIST_HEAD(to);
	struct stand s;

	stand_init(&s, 2);
	zmq_dist_begin(&s.core);
	distribute(&s, &to, false);
	check_got(&s, "");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_TXDROPNOPEER), 1);
	CHECK_EQ(s.core.drops.counter, 0);
	stand_exit(&s);
}

TEST(dist_nomem, "dist: memory that one write lacks is one peer's loss")
{
	struct stand s;

	stand_init(&s, 3);
	s.peers[1]->err = -ENOMEM;
	send_to(&s, "012", "02");
	CHECK_EQ(stand_count(&s, ZMQ_MIB_NOMEM), 1);
	CHECK(s.peers[1]->pipe->drops == 1 && !s.peers[1]->flushed);
	CHECK_EQ(s.peers[1]->pipe->tx_msgs.counter, 0);
	s.peers[1]->err = 0;
	send_to(&s, "012", "012");
	stand_exit(&s);
}

TEST(dist_flush, "dist: receivers are flushed, and told whether more follows")
{
	HLIST_HEAD(to);
	struct stand s;

	stand_init(&s, 3);
	zmq_dist_begin(&s.core);
	add(&s, &to, "02");
	distribute(&s, &to, true);
	CHECK(s.peers[0]->later == 1 && !s.peers[0]->flushed);
	CHECK(!s.peers[1]->later && !s.peers[1]->flushed);
	send_to(&s, "1", "1");
	CHECK(s.peers[1]->flushed == 1 && !s.peers[1]->later);
	stand_exit(&s);
}

TEST(dist_nodrop, "dist: the check of NODROP finds the first full receiver that lives")
{
	HLIST_HEAD(to);
	struct stand s;

	stand_init(&s, 4);
	s.core.opts.snd_hwm = 1;
	CHECK(!zmq_dist_full(&to));
	send_to(&s, "123", "123");
	zmq_dist_begin(&s.core);
	add(&s, &to, "0");
	CHECK(!zmq_dist_full(&to));
	add(&s, &to, "13");
	CHECK(zmq_dist_full(&to) == s.peers[3]->pipe);
	zmq_pipe_hangup(s.peers[3]->pipe);
	CHECK(zmq_dist_full(&to) == s.peers[1]->pipe);
	/* Full, but no receiver. */
	zmq_pipe_tx_done(s.peers[1]->pipe, 1);
	CHECK(!zmq_dist_full(&to));
	distribute(&s, &to, false);
	check_got(&s, "01");
	stand_exit(&s);
}

/* List operations of a message to every @step-th of @peers. */
static unsigned long cost(unsigned int peers, unsigned int step)
{
	unsigned long start;
	struct stand s;
	HLIST_HEAD(to);
	unsigned int i;

	stand_init(&s, peers);
	start = shim_list_ops;
	zmq_dist_begin(&s.core);
	for (i = 0; i < peers; i += step)
		zmq_dist_add(&s.core, s.peers[i]->pipe, &to);
	CHECK(!zmq_dist_full(&to));
	distribute(&s, &to, false);
	start = shim_list_ops - start;
	stand_exit(&s);
	return start;
}

TEST(dist_scale, "dist: the cost is the receivers', whatever the number of pipes")
{
	unsigned long few = cost(10, 1);

	CHECK(few > 0);
	CHECK_EQ(cost(10000, 1000), few);
	CHECK_EQ(cost(10000, 1), few * 1000);
}

/* The model: an array of who matched. */
#define MODEL_PEERS 10
#define MODEL_HWM 4

struct dist_model {
	unsigned int	queued[MODEL_PEERS];
	unsigned int	got[MODEL_PEERS];
	unsigned int	drops[MODEL_PEERS];
	bool		full[MODEL_PEERS];
	bool		left[MODEL_PEERS];
};

static void model_expect(struct dist_model *m, const bool *receiver,
			 const bool *late)
{
	unsigned int i;

	for (i = 0; i < MODEL_PEERS; i++) {
		if (!receiver[i] || (m->left[i] && !late[i]))
			continue;
		if (m->full[i] || late[i]) {
			m->drops[i]++;
			continue;
		}
		m->got[i]++;
		m->full[i] = ++m->queued[i] >= MODEL_HWM;
	}
}

static void model_send(struct dist_model *m, struct stand *s, u64 *seed)
{
	bool match[MODEL_PEERS] = { false }, late[MODEL_PEERS] = { false };
	bool invert = test_random(seed) % 2;
	unsigned int i, n;
	HLIST_HEAD(to);

	zmq_dist_begin(&s->core);
	for (n = test_random(seed) % 12; n; n--) {
		i = test_random(seed) % MODEL_PEERS;
		if (invert)
			CHECK_EQ(zmq_dist_mark(&s->core, s->peers[i]->pipe), !match[i]);
		else
			zmq_dist_add(&s->core, s->peers[i]->pipe, &to);
		match[i] = true;
	}
	if (invert) {
		zmq_dist_add_unmarked(&s->core, &to);
		for (i = 0; i < MODEL_PEERS; i++)
			match[i] = !match[i];
	}
	i = test_random(seed) % 500;
	if (i < MODEL_PEERS && !m->left[i]) {
		zmq_pipe_hangup(s->peers[i]->pipe);
		m->left[i] = true;
		late[i] = match[i];
	}
	model_expect(m, match, late);
	distribute(s, &to, false);
	for (i = 0; i < MODEL_PEERS; i++)
		CHECK(s->peers[i]->got == m->got[i] &&
		      s->peers[i]->pipe->drops == m->drops[i]);
}

TEST(dist_model, "dist: 50000 random fan-outs against an array of who matched")
{
	struct dist_model m = { };
	struct stand s;
	u64 seed = 3;
	int step, i;

	stand_init(&s, MODEL_PEERS);
	s.core.opts.snd_hwm = MODEL_HWM;
	for (step = 0; step < 50000; step++) {
		if (step % 5000 == 4999) {
			stand_exit(&s);
			memset(&m, 0, sizeof(m));
			stand_init(&s, MODEL_PEERS);
			s.core.opts.snd_hwm = MODEL_HWM;
			s.core.dist_gen = U32_MAX - test_random(&seed) % 8;
		}
		model_send(&m, &s, &seed);
		i = test_random(&seed) % MODEL_PEERS;
		if (m.left[i] || !m.full[i])
			continue;
		zmq_pipe_tx_done(s.peers[i]->pipe, m.queued[i]);
		m.queued[i] = 0;
		m.full[i] = false;
	}
	stand_exit(&s);
}
