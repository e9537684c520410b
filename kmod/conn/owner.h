/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket as its connections see it. */
#ifndef _ZMQ_OWNER_H
#define _ZMQ_OWNER_H

#include <linux/hrtimer.h>
#include "base/opts.h"
#include "base/roster.h"
#include "base/task.h"
#include "base/types.h"

struct file;
struct zmq_conn_ops;
struct zmq_event;
struct zmq_lane;

/**
 * struct zmq_owner - the socket as its connections see it
 * @tasks: work that needs the socket lock; tasks.sk is the socket
 * @zn: what its network namespace has, which lives as long as the socket
 * @opts: option values
 * @ops: whom connections tell about what happens
 * @face: a file of the socket's user, for firewalls that look for it in
 *	children; NULL while there are none of IP; constant then
 * @given: what ZMQ_USE_FD was given, held, or NULL; socket lock
 * @given_file: its file, held, or NULL if it is a UNIX socket; socket lock
 * @event: who watches what happens, or NULL; socket lock
 * @type: socket type
 * @wire_id: tell peers our routing id
 * @raw: streams carry bytes without ZMTP; constant once there is an endpoint
 * @raw_notify: their beginning and end are received as empty messages
 * @handshaking: accepted connections in ZMQ_CONN_HANDSHAKE, the oldest first;
 *	socket lock
 * @handshakes: how many those are
 * @peers: connections, and pipes without one that are not gone: inproc, or
 *	with something unread
 * @nr_listeners: length of @listeners; socket lock
 * @lock: protects @conns and @listeners from who reads them without the socket
 *	lock
 * @conns: every connection; changed under the socket lock and @lock
 * @conn_roster: the same connections, for who reads them one after another
 * @listener_roster: likewise @listeners; taken away under @lock
 * @listeners: bound endpoints; changed under the socket lock and @lock
 * @lane: where work runs that what user space made may keep waiting, once there
 *	is any; socket lock
 * @fanouts: messages to many peers that were sent; socket lock
 * @fanout_end: when the last one had been; socket lock
 * @fanout_gap: from there to the next one, ns; socket lock
 * @fanout_gap_before: the gap before that, ns; socket lock
 * @resolving: questions for addresses that are open; socket lock
 * @discarded: bytes that came for connections that only linger
 * @spare_run: a run that was read, for the next small message, or NULL
 * @flush_lock: protects @flushing to @flush_timer
 * @flushing: @flush_timer is set, or @flush_work is under way, which sets it
 *	again; one of them has a reference to the socket
 * @unflushed: connections whose queue waits for company, by when it is sent
 * @flush_timer: when the first one is
 * @flush_work: sends them
 */
struct zmq_owner {
	struct zmq_task_queue		tasks;
	struct zmq_net			*zn;
	const struct zmq_opts		*opts;
	const struct zmq_conn_ops	*ops;
	struct file			*face;
	struct sock			*given;
	struct file			*given_file;
	void			(*event)(struct zmq_owner *owner,
					 const struct zmq_event *event);
	u8				type;
	bool				wire_id;
	bool				raw;
	bool				raw_notify;
	struct list_head		handshaking;
	unsigned int			handshakes;
	atomic_t			peers;
	int				nr_listeners;
	spinlock_t			lock; /* see locking.rst, 6 */
	struct list_head		conns;
	struct zmq_roster		conn_roster;
	struct zmq_roster		listener_roster;
	struct list_head		listeners;
	struct zmq_lane			*lane;
	u32				fanouts;
	ktime_t				fanout_end;
	s64				fanout_gap;
	s64				fanout_gap_before;
	unsigned int			resolving;
	atomic_long_t			discarded;
	struct sk_buff			*spare_run;
	spinlock_t			flush_lock; /* see locking.rst, 8 */
	bool				flushing;
	struct list_head		unflushed;
	struct hrtimer			flush_timer;
	struct work_struct		flush_work;
};

void zmq_owner_init(struct zmq_owner *owner, struct sock *sk,
		    const struct zmq_opts *opts,
		    const struct zmq_conn_ops *ops);
struct zmq_lane *zmq_owner_lane(struct zmq_owner *owner);
int zmq_owner_peer_room(struct zmq_owner *owner);
struct zmq_conn *zmq_conn_next(struct zmq_owner *owner, unsigned long *number);
void zmq_conn_limit_handshakes(struct zmq_owner *owner);

#endif /* _ZMQ_OWNER_H */
