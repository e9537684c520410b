/* SPDX-License-Identifier: GPL-2.0-only */
/* zmqperf: what its files share. */
#ifndef _ZMQPERF_H
#define _ZMQPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define ENDPOINT_MAX	126
#define BATCH_MAX	1024

struct backend;
struct mode;
struct run;

enum style { STYLE_SEND, STYLE_MMSG, STYLE_FRAMES, STYLE_URING, STYLE_ZC };
enum wait {
	WAIT_RECV, WAIT_SELECT, WAIT_POLL, WAIT_EPOLL, WAIT_URING, WAIT_ZMQ_POLL
};

enum transport { OVER_TCP, OVER_IPC, OVER_INPROC };

/**
 * struct pattern - two socket types that talk to each other
 * @name: on the command line
 * @near: type of the end that asks, sends or publishes, a number of ZMTP's
 * @far: type of the other one
 */
struct pattern {
	const char *name;
	int near;
	int far;
};

/* Number of messages is per phase; @size is that of each message's body. */
struct options {
	const struct backend *backend;
	const struct mode *mode;
	const struct pattern *pattern;
	enum transport transport;
	enum style style;
	enum wait wait;
	size_t size;
	unsigned int count;
	unsigned int warmup;
	unsigned int batch;
	unsigned int peers;
	unsigned int window;
	unsigned int subs;
	unsigned int rate;
	unsigned int timeout;
	bool epoll;
	bool direct;
	bool each;
	bool miss;
	bool json;
};

/* options.c */
void options_parse(struct options *o, int argc, char **argv);
const char *style_name(enum style style);
const char *wait_name(enum wait wait);
const char *transport_name(enum transport transport);
noreturn void usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
noreturn void die_errno(const char *what);
void *xcalloc(size_t n, size_t size);

/**
 * struct msg - a received message
 * @data: its body, valid until the next call for the same port
 * @len: bytes of it
 */
struct msg {
	const unsigned char *data;
	size_t len;
};

/* A socket of a back end. */
struct port {
	const struct options *o;
	int type;
	int fd;
	int epfd;
	unsigned char *buf;
	void *own;
};

/**
 * struct backend - a way to exchange messages
 * @name: on the command line
 * @refuses: tells why it cannot do what the options ask for, or %NULL
 * @open: a new socket of a type of ZMTP's
 * @listen: waits for peers at @where, which is then changed to where it does
 * @accepted: returns when there are @n peers
 * @dial: makes a peer of who listens at @where
 * @subscribe: lets messages with this prefix pass; all others do not
 * @send: passes one message on, to all peers if the type is PUB
 * @reclaim: style zc: waits until what the slot-th buffer of a batch holds is
 *	needed no more; the n-th message is sent from buffer n modulo the batch
 * @send_many: passes @n messages on, that lie one behind the other
 * @recv: takes a message; false if none is there and @wait is false
 * @recv_many: waits for one message and takes those that are there
 * @await: waits in epoll until there is a message
 * @serve: waits in epoll, answers the requests that are there with their own
 *	bodies and returns their number
 * @readable: a descriptor that is readable when there may be a message
 * @poll_any: waits for a message at one of @n ports by the back end's own call
 *	and returns its index; %NULL if there is none
 * @edge: the descriptor of @readable tells that only once
 *
 * None of them returns an error: a benchmark that fails ends.
 */
struct backend {
	const char *name;
	const char *(*refuses)(const struct options *o);
	void (*open)(struct port *p);
	void (*listen)(struct port *p, char *where);
	void (*accepted)(struct port *p, unsigned int n);
	void (*dial)(struct port *p, const char *where);
	void (*subscribe)(struct port *p, const void *prefix, size_t len);
	void (*send)(struct port *p, const void *data, size_t len);
	void (*reclaim)(struct port *p, unsigned int slot);
	void (*send_many)(struct port *p, const void *data, size_t len,
			  unsigned int n);
	bool (*recv)(struct port *p, struct msg *m, bool wait);
	unsigned int (*recv_many)(struct port *p, struct msg *m,
				  unsigned int max);
	void (*await)(struct port *p);
	unsigned int (*serve)(struct port *p);
	int (*readable)(struct port *p);
	unsigned int (*poll_any)(struct port **ports, unsigned int n);
	bool edge;
};

extern const struct backend backend_azmq, backend_libzmq;
extern const struct backend backend_tcp, backend_unix;

/* port.c */
struct port *port_open(const struct run *r);
void ports_listen(struct run *r);
void ports_dial(struct run *r);
int port_epoll(struct port *p, int fd, uint32_t which);

/* loop.c */
struct loop;
struct loop *loop_new(const struct options *o, struct port **ports,
		      unsigned int n);
unsigned int loop_wait(struct loop *l);

/* uring.c */
void uring_send_many(struct port *p, const void *data, size_t len,
		     unsigned int n);
unsigned int uring_recv_many(struct port *p, struct msg *m, unsigned int max);

/* zc.c */
void zc_send(const struct options *o, int fd, const void *data, size_t len);
void zc_reclaim(const struct options *o, int fd, unsigned int slot);

/* raw.c: connections of plain sockets, for two back ends */

/* What was read and not taken yet lies from @start to @end in @buf. */
struct conn {
	const struct options *o;
	int fd;
	unsigned char *buf;
	size_t room;
	size_t start;
	size_t end;
};

/**
 * struct raw_ops - how messages are told apart on a connection
 * @send: one message
 * @recv: one message; false if none is there and @wait is false
 * @held: a message that needs no system call is there
 */
struct raw_ops {
	void (*send)(struct conn *c, const void *data, size_t len);
	bool (*recv)(struct conn *c, struct msg *m, bool wait);
	bool (*held)(const struct conn *c);
};

void raw_open(struct port *p, const struct raw_ops *ops, int listener);
void raw_accepted(struct port *p, unsigned int n);
void raw_add(struct port *p, int fd);
struct conn *raw_conn(struct port *p);
void raw_subscribe(struct port *p, const void *prefix, size_t len);
void raw_send(struct port *p, const void *data, size_t len);
void raw_send_many(struct port *p, const void *data, size_t len,
		   unsigned int n);
bool raw_recv(struct port *p, struct msg *m, bool wait);
unsigned int raw_recv_many(struct port *p, struct msg *m, unsigned int max);
void raw_await(struct port *p);
unsigned int raw_serve(struct port *p);
int raw_readable(struct port *p);

/* payload.c: what messages contain */

#define SEQ_SYNC	UINT64_MAX		/* are you there? */
#define SEQ_START	(UINT64_MAX - 1)	/* the next one is number 0 */

void payload_init(unsigned char *buf, size_t len);
void payload_number(unsigned char *buf, size_t len, uint64_t seq);
void payload_check(const struct msg *m, size_t len, uint64_t seq);
void payload_check_all(const struct msg *m, size_t len, uint64_t seq);

/* counters.c: what the machine did meanwhile */

struct counters {
	uint64_t wall;
	uint64_t idle;
	uint64_t near_cpu;
	uint64_t far_cpu;
	uint64_t switches;
	uint64_t segments;
	uint64_t syscalls;
	bool has_idle;
	bool has_segments;
	bool has_syscalls;
};

/* stats.c: a sample per operation */

struct stats {
	uint64_t *sample;
	unsigned int n;
	unsigned int room;
};

void stats_init(struct stats *s, unsigned int room);
struct stats *stats_shared(unsigned int room);
void stats_reset(struct stats *s);
void stats_add(struct stats *s, uint64_t ns);
void stats_sort(struct stats *s);
uint64_t stats_percentile(const struct stats *s, double percent);
uint64_t now_ns(void);

/**
 * struct result - what a run has measured
 * @timed: of the phase in which time was taken
 * @counted: of the phase in which system calls were counted
 * @timed_ops: operations in the first
 * @counted_ops: operations in the second
 * @latency: a sample for each operation of the first, or none
 */
struct result {
	struct counters timed;
	struct counters counted;
	uint64_t timed_ops;
	uint64_t counted_ops;
	struct stats latency;
};

/* ends.c: the two ends of a run, in two processes or two threads */

enum phase { PHASE_WARMUP, PHASE_TIMED, PHASE_COUNTED, PHASES };

/**
 * struct run - what both ends know
 * @o: the options
 * @phase: which one it is
 * @seq: number of the next message, at each end its own
 * @latency: where samples of time are put
 * @near: the near end's
 * @where: endpoint, once somebody listens
 * @ports: of this end
 * @buf: room for a batch of messages
 * @check: for what was received
 */
struct run {
	const struct options *o;
	enum phase phase;
	uint64_t seq;
	struct stats *latency;
	bool near;
	char *where;
	struct port **ports;
	unsigned char *buf;
	void (*check)(const struct msg *m, size_t len, uint64_t seq);
};

void ends_run(const struct options *o, struct result *res);
void ends_meet(const struct run *r);
bool ends_called(const struct run *r, int ms);
void ends_call(const struct run *r);
int ends_far_clock(void);
bool ends_are_threads(void);

void counters_init(void);
void counters_open(struct counters *c, bool syscalls);
void counters_close(struct counters *c, bool syscalls);

/**
 * struct mode - a workload
 * @name: on the command line
 * @unit: what an operation is called
 * @patterns: names of those it takes, the default first
 * @far_times: samples of time are taken by the other end, one an operation
 * @check: ends the program if the options make no sense
 * @near_open: opens the sockets of the end that asks or sends
 * @far_open: of the other one
 * @near: does its part of @n operations
 * @far: does its part
 * @ops: operations in a phase of @n rounds; %NULL if as many
 */
struct mode {
	const char *name;
	const char *unit;
	const char * const *patterns;
	bool far_times;
	void (*check)(const struct options *o);
	void (*near_open)(struct run *r);
	void (*far_open)(struct run *r);
	void (*near)(struct run *r, unsigned int n);
	void (*far)(struct run *r, unsigned int n);
	uint64_t (*ops)(const struct options *o, unsigned int n);
};

extern const struct mode mode_lat, mode_thr, mode_fanout, mode_rpc;
extern const struct mode mode_scale, mode_subs, mode_paced;
extern const struct mode mode_events, mode_quotes;

/* sync.c: publishers and subscribers find each other */
void sync_publisher(struct run *r);
void sync_subscriber(struct run *r, unsigned int n);

/* output.c */
void output(const struct options *o, struct result *res);

#endif /* _ZMQPERF_H */
