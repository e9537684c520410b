// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/zmq: a line for each socket, followed by an indented one for each
 * of its peers. /proc/net/zmq_snmp: the counters of mib.h.
 *
 * A line's position is the number of its socket, from 1, in the upper half and
 * its place among the socket's lines in the lower one: reading goes on there,
 * whatever has come and gone in between.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/string_helpers.h>
#include "listener.h"
#include "mech.h"
#include "proc.h"
#include "sock.h"
#include "stat.h"

#define POS_SOCK(pos)	((u32)((pos) >> 32))
#define POS_LINE(pos)	((u32)(pos))
#define POS(sock)	((loff_t)(sock) << 32)

/**
 * struct zmq_proc_iter - the line that comes next
 * @p: the namespace, first
 * @zsk: the socket, or NULL for the heading
 * @pipe: the peer, or NULL for the line of the socket itself
 *
 * The list of sockets is locked from start to stop, a socket's pipes are while
 * @pipe is set.
 */
struct zmq_proc_iter {
	struct seq_net_private	p;
	struct zmq_sock		*zsk;
	struct zmq_pipe		*pipe;
};

static struct zmq_net *seq_zmq_net(struct seq_file *seq)
{
	return zmq_net(seq_file_net(seq));
}

/* Go to pipe number @n of the socket, from 0; its pipes are locked if it has
 * so many.
 */
static bool enter_pipes(struct zmq_proc_iter *iter, u32 n)
{
	struct zmq_core *core = &iter->zsk->core;
	struct zmq_pipe *pipe;

	spin_lock(&core->lock);
	list_for_each_entry(pipe, &core->pipes, node) {
		if (!n--) {
			iter->pipe = pipe;
			__release(&core->lock);	/* leave_pipes() unlocks */
			return true;
		}
	}
	spin_unlock(&core->lock);
	return false;
}

static void leave_pipes(struct zmq_proc_iter *iter)
{
	iter->pipe = NULL;
	__acquire(&iter->zsk->core.lock);
	spin_unlock(&iter->zsk->core.lock);
}

static bool next_pipe(struct zmq_proc_iter *iter)
{
	if (!iter->pipe)
		return enter_pipes(iter, 0);
	if (!list_is_last(&iter->pipe->node, &iter->zsk->core.pipes)) {
		iter->pipe = list_next_entry(iter->pipe, node);
		return true;
	}
	leave_pipes(iter);
	return false;
}

static void *next_sock(struct zmq_proc_iter *iter, loff_t *pos)
{
	*pos = POS(POS_SOCK(*pos) + 1);
	iter->zsk = hlist_entry_safe(iter->zsk->net_node.next, struct zmq_sock,
				     net_node);
	return iter->zsk;
}

static void *zmq_seq_start(struct seq_file *seq, loff_t *pos)
	__acquires(&zn->socks_lock)
{
	struct zmq_proc_iter *iter = seq->private;
	struct zmq_net *zn = seq_zmq_net(seq);
	u32 n = POS_SOCK(*pos);

	iter->zsk = NULL;
	iter->pipe = NULL;
	spin_lock_bh(&zn->socks_lock);
	if (!n)
		return SEQ_START_TOKEN;

	hlist_for_each_entry(iter->zsk, &zn->socks, net_node)
		if (!--n)
			break;
	if (!iter->zsk)
		return NULL;
	if (POS_LINE(*pos) && !enter_pipes(iter, POS_LINE(*pos) - 1))
		return next_sock(iter, pos);
	return iter;
}

static void *zmq_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct zmq_proc_iter *iter = seq->private;
	struct zmq_net *zn = seq_zmq_net(seq);

	if (v == SEQ_START_TOKEN) {
		*pos = POS(1);
		iter->zsk = hlist_entry_safe(zn->socks.first, struct zmq_sock,
					     net_node);
		return iter->zsk;
	}
	++*pos;
	if (next_pipe(iter))
		return iter;
	return next_sock(iter, pos);
}

static void zmq_seq_stop(struct seq_file *seq, void *v)
	__releases(&zn->socks_lock)
{
	struct zmq_proc_iter *iter = seq->private;
	struct zmq_net *zn = seq_zmq_net(seq);

	if (iter->pipe)
		leave_pipes(iter);
	spin_unlock_bh(&zn->socks_lock);
}

/* Names of inproc:// are any bytes. */
static void show_endpoint(struct seq_file *seq, const char *endpoint)
{
	seq_putc(seq, ' ');
	if (*endpoint)
		seq_escape_str(seq, endpoint,
			       ESCAPE_OCTAL | ESCAPE_NP | ESCAPE_APPEND, " \\");
	else
		seq_putc(seq, '-');
}

/* Where the socket listens, or the last endpoint it used. */
static void show_endpoints(struct seq_file *seq, struct zmq_sock *zsk)
{
	struct zmq_owner *owner = &zsk->core.owner;
	struct zmq_listener *listener;

	spin_lock(&owner->lock);
	if (list_empty(&owner->listeners))
		show_endpoint(seq, zsk->last_endpoint);
	list_for_each_entry(listener, &owner->listeners, node)
		show_endpoint(seq, listener->endpoint);
	spin_unlock(&owner->lock);
}

static void show_sock(struct seq_file *seq, struct zmq_sock *zsk)
{
	struct zmq_core *core = &zsk->core;
	struct sock *sk = &zsk->sk;
	struct zmq_diag_info info;

	zmq_stat_core(core, &info);
	seq_printf(seq, "%-6s %8llu %5u %4d %5u %7llu %8llu %8llu %7llu %8llu %5llu",
		   core->pattern->name, (u64)sock_i_ino(sk),
		   from_kuid_munged(seq_user_ns(seq), READ_ONCE(sk->sk_uid)),
		   refcount_read(&sk->sk_refcnt), info.peers, info.rx_msgs,
		   info.rx_bytes, info.rx_mem, info.tx_msgs, info.tx_mem,
		   info.drops);
	show_endpoints(seq, zsk);
	if (READ_ONCE(zsk->closed))
		seq_puts(seq, " draining");
	seq_putc(seq, '\n');
}

static const char *pipe_state(const struct zmq_pipe *pipe)
{
	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return "dead";
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags))
		return "full";
	return test_bit(ZMQ_PIPE_UP, &pipe->flags) ? "up" : "down";
}

static void show_conn(struct seq_file *seq, const struct zmq_conn *conn)
{
	const struct zmq_mech_ops *mech = READ_ONCE(conn->session.mech);
	u8 reason = READ_ONCE(conn->reason);

	seq_printf(seq, " mech=%s last=%s", mech ? mech->name : "-",
		   reason == ZMQ_MIB_NONE ? "-" : zmq_mib_name(reason));
	if (READ_ONCE(conn->duct))
		seq_puts(seq, " direct");
}

static void show_pipe(struct seq_file *seq, const struct zmq_pipe *pipe)
{
	const struct zmq_pattern *type = zmq_pattern_find(pipe->peer_type);
	const struct zmq_opts *opts = &pipe->core->opts;
	struct zmq_diag_peer peer;
	int i;

	zmq_stat_pipe(pipe, &peer);
	seq_putc(seq, ' ');
	show_endpoint(seq, pipe->endpoint ?: "");
	seq_printf(seq, " %s %s %s id=", pipe->dialed ? "connect" : "bind",
		   pipe_state(pipe), type ? type->name : "-");
	for (i = 0; i < pipe->id_len; i++)
		seq_printf(seq, "%02x", pipe->id[i]);
	seq_printf(seq, " rx_msgs=%u rx_bytes=%llu tx_msgs=%u",
		   peer.rx_msgs, peer.rx_bytes, peer.tx_msgs);
	seq_printf(seq, " rcvhwm=%d sndhwm=%d drops=%llu rx=%llu tx=%llu topics=%u",
		   READ_ONCE(opts->rcv_hwm), READ_ONCE(opts->snd_hwm),
		   peer.drops, peer.rx_total, peer.tx_total, peer.topics);
	seq_printf(seq, " tx_bytes=%llu reconnects=%u error=%d",
		   peer.tx_bytes, peer.reconnects, peer.error);
	if (pipe->conn)
		show_conn(seq, pipe->conn);
	seq_putc(seq, '\n');
}

static int zmq_seq_show(struct seq_file *seq, void *v)
{
	struct zmq_proc_iter *iter = seq->private;

	if (v == SEQ_START_TOKEN)
		seq_puts(seq, "type      inode   uid refs pipes rx_msgs rx_bytes   rx_mem tx_msgs   tx_mem drops endpoint\n");
	else if (iter->pipe)
		show_pipe(seq, iter->pipe);
	else
		show_sock(seq, iter->zsk);
	return 0;
}

static const struct seq_operations zmq_seq_ops = {
	.start	= zmq_seq_start,
	.next	= zmq_seq_next,
	.stop	= zmq_seq_stop,
	.show	= zmq_seq_show,
};

static int zmq_snmp_show(struct seq_file *seq, void *v)
{
	struct zmq_net *zn = zmq_net(seq_file_single_net(seq));

	zmq_mib_seq_show(seq, zn->mib);
	seq_printf(seq, "Zmq%-29s\t%d\n", "SocketsInUse",
		   atomic_read(&zn->nr_sockets));
	seq_printf(seq, "Zmq%-29s\t%d\n", "Orphans",
		   atomic_read(&zn->nr_orphans));
	return 0;
}

/**
 * zmq_proc_net_init() - make a namespace's files
 * @net: the namespace, its struct zmq_net ready
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_proc_net_init(struct net *net)
{
	if (!IS_ENABLED(CONFIG_PROC_FS))
		return 0;
	if (!proc_create_net("zmq", 0444, net->proc_net, &zmq_seq_ops,
			     sizeof(struct zmq_proc_iter)))
		return -ENOMEM;
	if (!proc_create_net_single("zmq_snmp", 0444, net->proc_net,
				    zmq_snmp_show, NULL)) {
		remove_proc_entry("zmq", net->proc_net);
		return -ENOMEM;
	}
	return 0;
}

/**
 * zmq_proc_net_exit() - remove a namespace's files
 * @net: the namespace
 *
 * Context: Process context.
 */
void zmq_proc_net_exit(struct net *net)
{
	remove_proc_entry("zmq_snmp", net->proc_net);
	remove_proc_entry("zmq", net->proc_net);
}
