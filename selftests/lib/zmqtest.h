/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the AF_ZMQ selftests share: bounded socket helpers, a ZMTP peer made
 * of a plain TCP socket, and looks at the kernel's own accounts.
 *
 * Nothing here waits longer than ZT_DEADLINE_MS: under an emulator with KASAN
 * everything takes a hundred times longer than on a desk, a hang takes for
 * ever.
 */
#ifndef _ZMQTEST_H
#define _ZMQTEST_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/in.h>
#include <linux/bpf.h>
#include <linux/zmq.h>

#define ZT_DEADLINE_MS	20000
#define ZT_SOCKETS_MAX	2048

typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

/* env.c: the test's surroundings */

int zt_setup(const char *test);
int zt_teardown(void);
int zt_netns(void);
bool zt_is_wanted(const char *test);
int zt_stride(void);
u64 zt_now_ms(void);
bool zt_eventually(bool (*holds)(void *arg), void *arg);
bool zt_never(bool (*holds)(void *arg), void *arg, int ms);

pid_t zt_child(int (*fn)(void *arg), void *arg);
bool zt_reap(pid_t pid);
bool zt_wait_asleep(pid_t tid);
void *zt_shared(size_t len);

struct zt_sockstat {
	long inuse;
	long orphan;
	long tw;
	long alloc;
};

int zt_sockstat(struct zt_sockstat *st);
long zt_snmp_tcp(const char *field);
long zt_counter(const char *name);
long zt_module_refs(void);
int zt_proc_rows(void);
long zt_proc_sum(const char *field, int *up);
bool zt_wait_unread(long msgs);
int zt_direct_peers(void);
void zt_tell(void);

/* policy.c: what the kernel counts, limits and allows */

bool zt_counts(const char *name, long more_than);
int zt_sysctl(const char *name, const char *value);
int zt_sysctl_global(const char *name, const char *value);
int zt_sysctl_global_get(const char *name, char *value, size_t size);
bool zt_as_nobody(int (*fn)(void *arg), void *arg);
int zt_cgroup_make(const char *cgroup);
bool zt_cgroup_remove(const char *cgroup);
int zt_cgroup_enter(const char *cgroup);
int zt_cgroup_set(const char *cgroup, const char *file, const char *value);
long zt_cgroup_get(const char *cgroup, const char *file, const char *key);
int zt_cgroup_attach(int dir, enum bpf_attach_type type,
		     const struct bpf_insn *insns, int nr);

/* sock.c: AF_ZMQ sockets */

#define ZT_LAST	false
#define ZT_MORE	true

int zt_family(void);
int zt_socket(int pattern);
int zt_wait_for_ever(int fd);
int zt_setint(int fd, int option, int value);
int zt_getint(int fd, int option);
int zt_settext(int fd, int option, const char *text);
int zt_bind(int fd, const char *endpoint);
int zt_connect(int fd, const char *endpoint);
int zt_bind_any(int fd, const char *endpoint, char *bound);
int zt_listening(int pattern, const char *endpoint, char *bound);
int zt_connected(int pattern, const char *endpoint);
int zt_direct_socket(int pattern);
int zt_direct_listening(int pattern, const char *endpoint);
int zt_direct_connected(int pattern, const char *endpoint);
int zt_port(const char *endpoint);
int zt_free_port(void);
const char *zt_nth_bind(const char *endpoint, int i);

short zt_poll(int fd, short events, int ms);
bool zt_becomes(int fd, short events);
bool zt_lacks(int fd, short events);

int zt_send(int fd, const void *data, size_t len, int flags);
int zt_puts(int fd, const char *text, int flags);
ssize_t zt_recv(int fd, void *buf, size_t len, int flags, int *msg_flags);
bool zt_got(int fd, const void *data, size_t len, bool more);
bool zt_gets(int fd, const char *text, bool more);
u32 zt_put_numbers(int fd, u32 count, int flags);
u32 zt_get_numbers(int fd, u32 count);
int zt_drain(int fd);
int zt_subscribe(int sub, const char *topic);
int zt_unsubscribe(int sub, const char *topic);
bool zt_told(int xpub, char how, const char *topic);
long zt_fill(int fd, const void *data, size_t len, long limit);

void zt_pattern(void *buf, size_t len, u64 seed);
bool zt_pattern_ok(const void *buf, size_t len, u64 seed);

/* batch.c: whole messages, many a call */

#define ZT_BATCH_MAX	512

struct zt_batch {
	struct zmq_frame_desc	desc[ZT_BATCH_MAX];
	unsigned int		nr;
	struct zmq_frames_need	need;
	int			flags;
};

ssize_t zt_send_frames(int fd, const void *data, size_t len,
		       const struct zmq_frame_desc *desc, unsigned int nr,
		       int flags);
ssize_t zt_recv_frames(int fd, void *data, size_t len, struct zt_batch *b,
		       unsigned int max, int flags);

/* uring.c: io_uring, one send at a time */

struct io_uring_cqe;
struct io_uring_sqe;

struct zt_uring {
	int fd;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	u32 *sq_tail;
	u32 *sq_array;
	u32 sq_mask;
	u32 *cq_head;
	u32 *cq_tail;
	u32 cq_mask;
};

int zt_uring_open(struct zt_uring *u);
int zt_uring_register(struct zt_uring *u, void *buf, size_t len);
int zt_uring_submit(struct zt_uring *u, const struct io_uring_sqe *sqe);
bool zt_uring_wait(struct zt_uring *u, struct io_uring_cqe *cqe, int ms);

/* peer.c: a ZMTP peer that is a plain TCP or UNIX socket */

#define ZP_MORE		1
#define ZP_LONG		2
#define ZP_COMMAND	4
#define ZP_BODY_MAX	70000
#define ZP_GREETING	64

struct zp_frame {
	int flags;
	size_t len;
	unsigned char body[ZP_BODY_MAX];
};

int zp_listen(int rcvbuf, int *port);
int zp_listen_any(int rcvbuf, char *ep);
int zp_listen_at(const char *ep);
int zp_accept(int listener);
bool zp_pending(int listener, int ms);
int zp_dial(int port, int rcvbuf);
int zp_dial_at(const char *ep);
bool zp_has_vsock(void);
int zp_pair(bool tcp, int ends[2]);
int zp_write(int fd, const void *data, size_t len);
int zp_read(int fd, void *data, size_t len);
size_t zp_greeting(unsigned char *buf, int minor, const char *mechanism);
size_t zp_header(unsigned char *buf, int flags, u64 len);
size_t zp_ready_body(unsigned char *buf, const char *type, const void *id,
		     size_t idlen);
int zp_greet(int fd, int minor);
int zp_send(int fd, int flags, const void *data, size_t len);
int zp_puts(int fd, int flags, const char *text);
int zp_command(int fd, const char *name, const void *data, size_t len);
int zp_recv(int fd, struct zp_frame *f);
bool zp_got(int fd, int flags, const void *data, size_t len);
bool zp_gets(int fd, int flags, const char *text);
bool zp_is_command(const struct zp_frame *f, const char *name,
		   const void *data, size_t len);
bool zp_got_command(int fd, const char *name, const char *text);
bool zp_got_ready(int fd, const char *type);
int zp_handshake(int fd, const char *own, const char *theirs);
int zp_handshake_id(int fd, int minor, const char *own, const char *theirs,
		    const void *id, size_t idlen);
int zp_peer(int port, const char *own, const char *theirs);
int zp_peer_at(const char *ep, const char *own, const char *theirs);
int zp_accept_peer(int listener, const char *own, const char *theirs);
bool zp_sync(int fd);
bool zp_reflects(int fd, int peer, const char * const *frames, int n);
bool zp_closed(int fd);
bool zp_silent(int fd);
int zp_lose_all(int fd);
int zp_lose_data(int fd);
int zp_lose_nothing(int fd);

/* link.c: two namespaces and the link between them */

#define ZT_NEAR		"10.77.0.1"
#define ZT_FAR		"10.77.0.2"

struct zt_link {
	int near;
	int far;
};

int zt_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
int zt_in(int ns);
int zt_link(struct zt_link *l);
int zt_netem(const struct zt_link *l, const char *how);
long zt_mib(const char *field);
long zt_netstat(const char *group, const char *field);
long zt_queued(void);

/* flow.c: numbered messages, all accounted for */

struct zt_kind {
	int tx;
	int rx;
	const char *tx_name;
	const char *rx_name;
	bool answers;		/* each message has an answer, one at a time */
	bool drops;		/* what finds no room is dropped */
};

struct zt_flow {
	const struct zt_kind *kind;
	const struct zt_link *link;	/* or NULL: all in this namespace */
	int tx;
	int rx;
	u32 next;		/* number to send */
	int last;		/* number received, -1 at first */
	long accepted;
	long delivered;
	long reported_before;
};

void zt_flow_begin(struct zt_flow *f);
long zt_flow_reported(const struct zt_flow *f);
bool zt_flow_balances(struct zt_flow *f);
int zt_flow_send(struct zt_flow *f, size_t len, int flags);
bool zt_flow_recv(struct zt_flow *f);
bool zt_flow_get(struct zt_flow *f, int count);
bool zt_flow_pass(struct zt_flow *f, int count, size_t len);
int zt_flow_burst(struct zt_flow *f, int count, size_t len);
bool zt_flow_starts(struct zt_flow *f);

/* nsid.c: which network namespaces have gone */

int zt_nsid_watch(void);
int zt_nsid_assign(int nl, pid_t pid);
int zt_nsid_wait_gone(int nl, int count);

#endif /* _ZMQTEST_H */
