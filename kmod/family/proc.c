// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/zmq: a line for each socket, followed by an indented one for each
 * endpoint that it listens on and for each of its peers. /proc/net/zmq_snmp: the
 * counters of mib.h.
 *
 * A line's position is made of the numbers of its socket and of what it tells:
 * reading goes on there, whatever has come and gone in between, and holds no lock
 * from one line to the next.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/string_helpers.h>
#include "base/mem.h"
#include "conn/mech.h"
#include "pipe/inproc.h"
#include "pipe/stat.h"
#include "proc.h"
#include "socket/sock.h"
#include "transport/listener.h"

/* What a line tells of a socket, in this order. */
enum line {
	LINE_SOCK,
	LINE_NAME,
	LINE_LISTENER,
	LINE_PEER,
	LINES
};

/* 0 is the heading. */
#define POS(sock, line, number) \
	(((loff_t)(sock) + 1) << 32 | (loff_t)(line) << 30 | (number))
#define POS_SOCK(pos)	((unsigned long)((pos) >> 32) - 1)
#define POS_LINE(pos)	((unsigned int)(pos) >> 30)
#define POS_NUMBER(pos)	((unsigned int)(pos) & ((1U << 30) - 1))

/**
 * struct zmq_proc_iter - the line that comes next
 * @p: the namespace, first
 * @zsk: the socket, held from start to stop; NULL for the heading
 * @line: what is told of it
 * @number: which of them
 * @admin: 1 if the reader has CAP_NET_ADMIN, -1 if not, 0 if nobody asked yet
 */
struct zmq_proc_iter {
	struct seq_net_private	p;
	struct zmq_sock		*zsk;
	enum line		line;
	unsigned long		number;
	int			admin;
};

static struct zmq_net *seq_zmq_net(struct seq_file *seq)
{
	return zmq_net(seq_file_net(seq));
}

/* Whether there is such a line with this number or a higher one, which it is
 * then.
 */
static bool has_line(struct zmq_proc_iter *iter)
{
	struct zmq_core *core = &iter->zsk->core;

	switch (iter->line) {
	case LINE_NAME:
		return zmq_roster_next(&core->names, &iter->number);
	case LINE_LISTENER:
		return zmq_roster_next(&core->owner.listener_roster,
				       &iter->number);
	case LINE_PEER:
		return zmq_roster_next(&core->roster, &iter->number);
	default:
		return !iter->number;
	}
}

static bool find_line(struct zmq_proc_iter *iter)
{
	for (; iter->line < LINES; iter->line++, iter->number = 0)
		if (has_line(iter))
			return true;
	return false;
}

static void leave_sock(struct zmq_proc_iter *iter)
{
	if (iter->zsk)
		sock_put(&iter->zsk->sk);
	iter->zsk = NULL;
}

/* Go to the first line that is at @pos or behind. */
static void *seek(struct seq_file *seq, loff_t *pos)
{
	struct zmq_proc_iter *iter = seq->private;
	struct zmq_net *zn = seq_zmq_net(seq);
	unsigned long sock = POS_SOCK(*pos);

	iter->line = POS_LINE(*pos);
	iter->number = POS_NUMBER(*pos);
	for (;;) {
		iter->zsk = zmq_sock_next(zn, &sock);
		if (!iter->zsk)
			return NULL;
		if (sock != POS_SOCK(*pos)) {
			iter->line = LINE_SOCK;
			iter->number = 0;
		}
		if (find_line(iter))
			break;
		leave_sock(iter);
		*pos = POS(++sock, LINE_SOCK, 0);
		iter->line = LINE_SOCK;
		iter->number = 0;
		cond_resched();
	}
	*pos = POS(sock, iter->line, iter->number);
	return iter;
}

static void *zmq_seq_start(struct seq_file *seq, loff_t *pos)
{
	struct zmq_proc_iter *iter = seq->private;

	iter->zsk = NULL;
	return *pos ? seek(seq, pos) : SEQ_START_TOKEN;
}

static void *zmq_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct zmq_proc_iter *iter = seq->private;

	if (v == SEQ_START_TOKEN) {
		*pos = POS(0, LINE_SOCK, 0);
		return seek(seq, pos);
	}
	iter->number++;
	if (find_line(iter)) {
		*pos = POS(POS_SOCK(*pos), iter->line, iter->number);
		return iter;
	}
	leave_sock(iter);
	*pos = POS(POS_SOCK(*pos) + 1, LINE_SOCK, 0);
	return seek(seq, pos);
}

static void zmq_seq_stop(struct seq_file *seq, void *v)
{
	leave_sock(seq->private);
}

/* Routing ids and names of ZMQ_INPROC_NS are for the socket's user. */
static bool may_see(struct seq_file *seq, const struct zmq_sock *zsk)
{
	struct zmq_proc_iter *iter = seq->private;

	if (uid_eq(seq->file->f_cred->fsuid, READ_ONCE(zsk->sk.sk_uid)))
		return true;
	if (!iter->admin)
		iter->admin = file_ns_capable(seq->file,
					      seq_file_net(seq)->user_ns,
					      CAP_NET_ADMIN) ? 1 : -1;
	return iter->admin > 0;
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

static void show_sock(struct seq_file *seq, struct zmq_sock *zsk)
{
	struct zmq_owner *owner = &zsk->core.owner;
	struct zmq_core *core = &zsk->core;
	bool see = may_see(seq, zsk);
	struct sock *sk = &zsk->sk;
	struct zmq_diag_info info;

	zmq_stat_core(core, &info);
	seq_printf(seq, "%-6s %8llu %5u %5u %7llu %8llu %8llu %7llu %8llu %5llu",
		   core->pattern->name, (u64)sock_i_ino(sk),
		   from_kuid_munged(seq_user_ns(seq), READ_ONCE(sk->sk_uid)),
		   info.peers, info.rx_msgs, info.rx_bytes, info.rx_mem,
		   info.tx_msgs, info.tx_mem, info.drops);
	spin_lock_bh(&owner->lock);
	show_endpoint(seq, see || !zsk->last_private ?
		      zsk->last_endpoint ?: "" : "");
	spin_unlock_bh(&owner->lock);
	if (READ_ONCE(zsk->closed))
		seq_puts(seq, " draining");
	seq_putc(seq, '\n');
}

static void show_listen(struct seq_file *seq, const char *endpoint)
{
	seq_putc(seq, ' ');
	show_endpoint(seq, endpoint);
	seq_puts(seq, " listen\n");
}

static int show_name(struct seq_file *seq, struct zmq_sock *zsk,
		     unsigned long number)
{
	unsigned long found = number;
	char text[ZMQ_EP_TEXT];
	struct zmq_endpoint ep;
	bool private;

	if (!zmq_inproc_next(&zsk->core, &found, &ep, &private) ||
	    found != number)
		return SEQ_SKIP;
	if (zmq_endpoint_format(&ep, text, sizeof(text)) < 0 ||
	    (private && !may_see(seq, zsk)))
		*text = 0;
	show_listen(seq, text);
	return 0;
}

static int show_listener(struct seq_file *seq, struct zmq_sock *zsk,
			 unsigned long number)
{
	struct zmq_owner *owner = &zsk->core.owner;
	const struct zmq_listener *listener;
	unsigned long found = number;
	int err = SEQ_SKIP;

	spin_lock_bh(&owner->lock);
	listener = zmq_roster_next(&owner->listener_roster, &found);
	if (listener && found == number) {
		show_listen(seq, listener->endpoint);
		err = 0;
	}
	spin_unlock_bh(&owner->lock);
	return err;
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
	const struct zmq_mech_ops *mech = READ_ONCE(conn->session->mech);
	u8 reason = READ_ONCE(conn->reason);

	seq_printf(seq, " mech=%s last=%s", mech ? mech->name : "-",
		   reason == ZMQ_MIB_NONE ? "-" : zmq_mib_name(reason));
}

static void show_id(struct seq_file *seq, const struct zmq_pipe *pipe,
		    bool see)
{
	int i;

	seq_puts(seq, see ? " id=" : " id=?");
	for (i = 0; see && i < pipe->id_len; i++)
		seq_printf(seq, "%02x", pipe->id[i]);
}

static void show_pipe(struct seq_file *seq, const struct zmq_pipe *pipe,
		      bool see)
{
	const struct zmq_pattern *type = zmq_pattern_find(pipe->peer_type);
	const struct zmq_opts *opts = &pipe->core->opts;
	struct zmq_diag_peer peer;

	zmq_stat_pipe(pipe, &peer);
	seq_putc(seq, ' ');
	show_endpoint(seq, pipe->endpoint && (see || !pipe->private) ?
			   pipe->endpoint : "");
	seq_printf(seq, " %s %s %s", pipe->dialed ? "connect" : "bind",
		   pipe_state(pipe), type ? type->name : "-");
	show_id(seq, pipe, see);
	seq_printf(seq, " rx_msgs=%u rx_bytes=%llu tx_msgs=%u",
		   peer.rx_msgs, peer.rx_bytes, peer.tx_msgs);
	seq_printf(seq, " rcvhwm=%d sndhwm=%d drops=%llu rx=%llu tx=%llu topics=%u",
		   READ_ONCE(opts->rcv_hwm), READ_ONCE(opts->snd_hwm),
		   peer.drops, peer.rx_total, peer.tx_total, peer.topics);
	seq_printf(seq, " tx_bytes=%llu reconnects=%u error=%d",
		   peer.tx_bytes, peer.reconnects, peer.error);
	if (pipe->conn)
		show_conn(seq, pipe->conn);
	if (peer.flags & ZMQ_DIAG_F_DIRECT)
		seq_puts(seq, " direct");
	seq_putc(seq, '\n');
}

static int show_peer(struct seq_file *seq, struct zmq_sock *zsk,
		     unsigned long number)
{
	struct zmq_core *core = &zsk->core;
	bool see = may_see(seq, zsk);
	unsigned long found = number;
	struct zmq_pipe *pipe;
	int err = SEQ_SKIP;

	pipe = zmq_pipe_next(core, &found);
	if (!pipe)
		return err;
	if (found == number) {
		spin_lock_bh(&core->lock);
		show_pipe(seq, pipe, see);
		spin_unlock_bh(&core->lock);
		err = 0;
	}
	zmq_pipe_put(pipe);
	return err;
}

static int zmq_seq_show(struct seq_file *seq, void *v)
{
	struct zmq_proc_iter *iter = seq->private;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "type      inode   uid pipes rx_msgs rx_bytes   rx_mem tx_msgs   tx_mem drops endpoint\n");
		return 0;
	}
	switch (iter->line) {
	case LINE_NAME:
		return show_name(seq, iter->zsk, iter->number);
	case LINE_LISTENER:
		return show_listener(seq, iter->zsk, iter->number);
	case LINE_PEER:
		return show_peer(seq, iter->zsk, iter->number);
	default:
		show_sock(seq, iter->zsk);
		return 0;
	}
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
	seq_printf(seq, "Zmq%-29s\t%ld\n", "MemPages", zmq_mem_pages());
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
