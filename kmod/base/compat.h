/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows that kernel APIs differ. Kbuild probes the headers
 * and defines ZMQ_HAVE_*; versions are never compared, since distributions
 * backport.
 */
#ifndef _ZMQ_COMPAT_H
#define _ZMQ_COMPAT_H

#include <linux/fs_struct.h>
#include <linux/hrtimer.h>
#include <linux/mount.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp.h>

#ifdef ZMQ_HAVE_LINUX_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#ifdef ZMQ_HAVE_SOCKADDR_UNSIZED
#define zmq_sockaddr sockaddr_unsized
#else
#define zmq_sockaddr sockaddr
#endif

#ifndef ZMQ_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* Let sock_diag show a socket as part of the one with that inode. */
static inline void zmq_set_ino(struct socket *sock, unsigned long ino)
{
	SOCK_INODE(sock)->i_ino = ino;
#ifdef ZMQ_HAVE_SK_INO
	WRITE_ONCE(sock->sk->sk_ino, ino);
#endif
}

/* Memory of a device cannot be parsed by the CPU. */
#ifdef ZMQ_HAVE_SKB_FRAGS_READABLE
#define zmq_skb_readable(skb) skb_frags_readable(skb)
#else
#define zmq_skb_readable(skb) true
#endif

/* Where there is no such flag, queues without WQ_UNBOUND are of the CPUs. */
#ifndef ZMQ_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

/* What a proc_handler is given. */
#ifdef ZMQ_HAVE_CONST_CTL_TABLE
#define zmq_ctl_table const struct ctl_table
#else
#define zmq_ctl_table struct ctl_table
#endif

#ifdef ZMQ_HAVE_SYSCTL_SZ
#define zmq_register_net_sysctl(net, path, table, n) \
	register_net_sysctl_sz(net, path, table, n)
#else
#define zmq_register_net_sysctl(net, path, table, n) \
	register_net_sysctl(net, path, table)
#endif

/* How a file system's mount maps user ids; for vfs_unlink(). */
#ifdef ZMQ_HAVE_MNT_IDMAP
#define zmq_mnt_map(mnt) mnt_idmap(mnt)
#else
#define zmq_mnt_map(mnt) mnt_user_ns(mnt)
#endif

static inline void zmq_fs_init(struct fs_struct *fs)
{
	fs->users = 1;
#ifdef ZMQ_HAVE_FS_SEQLOCK
	seqlock_init(&fs->seq);
#else
	spin_lock_init(&fs->lock);
	seqcount_spinlock_init(&fs->seq, &fs->lock);
#endif
}

static inline struct mem_cgroup *zmq_sock_memcg(const struct sock *sk)
{
#ifdef CONFIG_MEMCG
	return sk->sk_memcg;
#else
	return NULL;
#endif
}

/* SO_PASSCRED. Where it is a bit of the sock, setsockopt() refuses it to
 * families that are not known to have it, so that a socket serves it itself.
 */
#ifdef ZMQ_HAVE_SK_SCM_CREDENTIALS
#define zmq_own_sol_socket(sock) set_bit(SOCK_CUSTOM_SOCKOPT, &(sock)->flags)

static inline bool zmq_passcred(const struct sock *sk)
{
	return sk->sk_scm_credentials;
}

static inline void zmq_set_passcred(struct sock *sk, bool on)
{
	sk->sk_scm_credentials = on;
}
#else
#define zmq_own_sol_socket(sock) do { } while (0)

static inline bool zmq_passcred(const struct sock *sk)
{
	return test_bit(SOCK_PASSCRED, &sk->sk_socket->flags);
}

static inline void zmq_set_passcred(struct sock *sk, bool on)
{
	assign_bit(SOCK_PASSCRED, &sk->sk_socket->flags, on);
}
#endif

/* Whether senders are told that a UNIX socket, or who is accepted by it, takes no
 * descriptors. Where they cannot be, zmq_child_has_files() finds those.
 */
static inline void zmq_refuse_files(struct sock *sk)
{
#ifdef ZMQ_HAVE_SK_SCM_RIGHTS
	sk->sk_scm_rights = false;
#endif
}

/* Whether a UNIX socket wants the names of senders, or tells its own. */
static inline bool zmq_scm_credentials(const struct sock *sk)
{
#ifdef ZMQ_HAVE_SK_SCM_CREDENTIALS
	return sk->sk_scm_credentials || sk->sk_scm_pidfd;
#else
#ifdef SOCK_PASSPIDFD
	if (test_bit(SOCK_PASSPIDFD, &sk->sk_socket->flags))
		return true;
#endif
	return test_bit(SOCK_PASSCRED, &sk->sk_socket->flags);
#endif
}

/* As tcp_sendmsg_locked() with a bvec of pages, which TCP refers to. */
#ifdef ZMQ_HAVE_TCP_SENDPAGE
static inline int zmq_tcp_send_pages(struct sock *sk, struct msghdr *m,
				     size_t len)
{
	const struct bio_vec *bv = m->msg_iter.bvec;
	int flags, ret, sent = 0;

	for (; sent < len; bv++) {
		flags = m->msg_flags;
		if (sent + bv->bv_len < len)
			flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
		ret = tcp_sendpage_locked(sk, bv->bv_page, bv->bv_offset,
					  bv->bv_len, flags);
		if (ret < 0)
			return sent ?: ret;
		sent += ret;
		if (ret < bv->bv_len)
			break;
	}
	return sent;
}
#else
static inline int zmq_tcp_send_pages(struct sock *sk, struct msghdr *m,
				     size_t len)
{
	m->msg_flags |= MSG_SPLICE_PAGES;
	return tcp_sendmsg_locked(sk, m, len);
}
#endif

/* How sendfile() and splice() say that they give pages. */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES 0
#endif
#ifndef MSG_SENDPAGE_NOTLAST
#define MSG_SENDPAGE_NOTLAST 0
#endif
#define ZMQ_MSG_PAGES (MSG_SPLICE_PAGES | MSG_SENDPAGE_NOTLAST)

/* Whoever is told that memory which an skb refers to is free. */
#ifdef ZMQ_HAVE_UBUF_INFO_OPS
static inline void zmq_ubuf_set_ops(struct ubuf_info *ubuf,
				    const struct ubuf_info_ops *ops)
{
	ubuf->ops = ops;
}

static inline bool zmq_ubuf_has_ops(const struct ubuf_info *ubuf,
				    const struct ubuf_info_ops *ops)
{
	return ubuf->ops == ops;
}

static inline void zmq_ubuf_complete(struct ubuf_info *ubuf,
				     struct sk_buff *skb, bool success)
{
	ubuf->ops->complete(skb, ubuf, success);
}
#else
struct ubuf_info_ops {
	void (*complete)(struct sk_buff *skb, struct ubuf_info *ubuf,
			 bool success);
};

static inline void zmq_ubuf_set_ops(struct ubuf_info *ubuf,
				    const struct ubuf_info_ops *ops)
{
	ubuf->callback = ops->complete;
}

static inline bool zmq_ubuf_has_ops(const struct ubuf_info *ubuf,
				    const struct ubuf_info_ops *ops)
{
	return ubuf->callback == ops->complete;
}

static inline void zmq_ubuf_complete(struct ubuf_info *ubuf,
				     struct sk_buff *skb, bool success)
{
	ubuf->callback(skb, ubuf, success);
}
#endif

/* One that the socket's error queue gets a notification from. */
static inline struct ubuf_info *zmq_msg_zerocopy_alloc(struct sock *sk,
						       size_t size)
{
#ifdef ZMQ_HAVE_ZEROCOPY_DEVMEM
	return msg_zerocopy_realloc(sk, size, NULL, false);
#else
	return msg_zerocopy_realloc(sk, size, NULL);
#endif
}

#ifdef ZMQ_HAVE_ASSIGN_STR_DST
#define zmq_assign_str(dst, src) __assign_str(dst)
#else
#define zmq_assign_str(dst, src) __assign_str(dst, src)
#endif

#endif /* _ZMQ_COMPAT_H */
