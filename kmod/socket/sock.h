/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_SOCK_H
#define _ZMQ_SOCK_H

#include <net/sock.h>
#include "base/mem.h"
#include "pattern/pattern.h"
#include "wire/sockaddr.h"

/**
 * struct zmq_name - an address as user space gave it
 * @len: bytes in @addr
 * @addr: the address
 */
struct zmq_name {
	int	len;
	u8	addr[];
};

/**
 * struct zmq_names - what getsockname or getpeername says, NULL for nothing
 * @given: with ZMQ_NAME_FORM 0: the last address in the form the caller gave it
 * @addr: with 1: the last one of the family that the first one decided
 */
struct zmq_names {
	struct zmq_name	*given;
	struct zmq_name	*addr;
};

/**
 * struct zmq_half - who is in the middle of a message
 * @sender: whose process began the one that is being sent, or an earlier one
 * @reader: likewise the one that is being read
 * @refused: a frame of the first was refused, and may come again; it had
 * @len: so many bytes
 * @digest: a sum over them
 * @more: MSG_MORE
 */
struct zmq_half {
	struct pid	*sender;
	struct pid	*reader;
	size_t		len;
	u32		digest;
	bool		refused;
	bool		more;
};

/**
 * struct zmq_sock - an AF_ZMQ socket
 * @sk: the socket, first
 * @ledger: its account, see struct zmq_mem_sock
 * @core: its pipes and routing
 * @tx: the message that send() is building; socket lock
 * @half: whose it is, and whose the one that recv() is in; socket lock
 * @place: in zmq_net(net)->socks
 * @last_endpoint: ZMQ_LAST_ENDPOINT, canonical text, or NULL; set under
 *	core.owner.lock
 * @last_private: it is a name of ZMQ_INPROC_NS
 * @listed: @place is valid
 * @local: of binds
 * @remote: of connects
 * @name_family: of addresses that are told, 0 while any may be
 * @monitors: who is told what happens; socket lock
 * @poll_missed: somebody who polls found the socket lock taken; under the
 *	socket's own spinlock
 * @rcvmore: the last frame received has more behind it
 * @closed: release() ran; what is left drains
 * @orphan: it drains and is counted in zmq_net(net)->nr_orphans
 * @orphan_node: in the list of those
 * @drop_task: ends the draining
 */
struct zmq_sock {
	struct sock		sk;
	struct sock		ledger;
	struct zmq_core		core;
	struct zmq_msg		tx;
	struct zmq_half		half;
	u32			place;
	char			*last_endpoint;
	struct zmq_names	local;
	struct zmq_names	remote;
	u16			name_family;
	struct list_head	monitors;
	bool			last_private;
	bool			listed;
	bool			poll_missed;
	bool			rcvmore;
	bool			closed;
	bool			orphan;
	struct list_head	orphan_node;
	struct zmq_task		drop_task;
};

static_assert(offsetof(struct zmq_sock, ledger) ==
	      offsetof(struct zmq_mem_sock, ledger));

static inline struct zmq_sock *zmq_sk(const struct sock *sk)
{
	return container_of(sk, struct zmq_sock, sk);
}

/* sock.c; the socket lock is held in all but init, release and next */
struct zmq_sock *zmq_sock_next(struct zmq_net *zn, unsigned long *number);
int zmq_sock_init(struct zmq_sock *zsk, const struct zmq_pattern *pattern);
int zmq_sock_release(struct socket *sock);
int zmq_sock_bind(struct zmq_sock *zsk, struct zmq_endpoint *ep);
int zmq_sock_connect(struct zmq_sock *zsk, struct zmq_endpoint *ep);
int zmq_sock_unbind(struct zmq_sock *zsk, const struct zmq_endpoint *ep);
int zmq_sock_disconnect(struct zmq_sock *zsk, const struct zmq_endpoint *ep);
int zmq_sock_can_recv(struct zmq_sock *zsk);

/* frame_tx.c, frame_rx.c: one frame */
struct zmq_patience;
struct zmq_peercred;

void zmq_sock_forget_message(struct zmq_sock *zsk);
bool zmq_sock_may_send(struct zmq_sock *zsk);
int zmq_sock_wait_to_send(struct zmq_sock *zsk, struct msghdr *m,
			  struct zmq_patience *patience);
int zmq_sock_put_frame(struct zmq_sock *zsk, struct msghdr *m, size_t len);
int zmq_sock_copy_frame(const struct zmq_frame *f, struct iov_iter *to,
			size_t len);
const struct zmq_peercred *zmq_sock_sender(const struct zmq_frame *f);
int zmq_sock_put_cred(struct msghdr *m, const struct zmq_peercred *pc);

/* tx.c, rx.c, poll.c: the calls */
int zmq_sock_sendmsg(struct socket *sock, struct msghdr *m, size_t len);
int zmq_sock_recvmsg(struct socket *sock, struct msghdr *m, size_t size,
		     int flags);
void zmq_sock_poll_release(struct zmq_sock *zsk);
__poll_t zmq_sock_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait);

/* name.c */
int zmq_sock_use(struct zmq_sock *zsk, struct zmq_endpoint *ep, int family,
		 bool peer);
void zmq_sock_names_free(struct zmq_sock *zsk);
int zmq_sock_getname(struct socket *sock, struct sockaddr *addr, int peer);
void zmq_sock_tell_name(const struct zmq_sock *zsk, struct msghdr *m,
			struct zmq_pipe *pipe);
int zmq_sock_take_name(struct zmq_sock *zsk, const struct msghdr *m,
		       u32 *number);

/* half.c */
void zmq_sock_half_sent(struct zmq_sock *zsk, bool first);
void zmq_sock_half_refused(struct zmq_sock *zsk, const struct msghdr *m,
			   const struct iov_iter *from, size_t len, int err);
void zmq_sock_half_check(struct zmq_sock *zsk, const struct msghdr *m,
			 size_t len);
void zmq_sock_half_abort(struct zmq_sock *zsk);
void zmq_sock_half_read(struct zmq_sock *zsk);
void zmq_sock_half_drop(struct zmq_sock *zsk);
void zmq_sock_half_exit(struct zmq_sock *zsk);

/* shut.c */
int zmq_sock_shutdown(struct socket *sock, int how);

/* orphan.c */
void zmq_sock_init_module(void);
void zmq_sock_exit_module(void);
void zmq_sock_orphan_init(struct zmq_sock *zsk);
bool zmq_sock_orphan_begin(struct zmq_sock *zsk);
void zmq_sock_orphan_end(struct zmq_sock *zsk);

/* frames_tx.c, frames_rx.c: whole messages */
int zmq_sock_find_frames(struct msghdr *m, size_t len,
			 const struct zmq_frame_desc **desc, unsigned int *nr);
ssize_t zmq_sock_send_frames(struct zmq_sock *zsk, struct msghdr *m,
			     const struct zmq_frame_desc *desc, unsigned int nr,
			     struct zmq_patience *patience);
ssize_t zmq_sock_recv_frames(struct zmq_sock *zsk, struct msghdr *m,
			     size_t size, int flags,
			     struct zmq_patience *patience);

/* option.c */
void zmq_opts_init(struct zmq_opts *opts, const struct zmq_pattern *pattern);
void zmq_opts_free(struct zmq_opts *opts);
int zmq_sock_setsockopt(struct socket *sock, int level, int optname,
			sockptr_t optval, unsigned int optlen);
int zmq_sock_getsockopt(struct socket *sock, int level, int optname,
			char __user *optval, int __user *optlen);

/* ioctl.c */
int zmq_sock_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int zmq_sock_compat_ioctl(struct socket *sock, unsigned int cmd,
			  unsigned long arg);

#endif /* _ZMQ_SOCK_H */
