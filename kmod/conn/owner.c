// SPDX-License-Identifier: GPL-2.0-only
/* The socket as its connections see it. */

#include "base/drop.h"
#include "base/lane.h"
#include "base/net.h"
#include "conn.h"

/**
 * zmq_owner_init() - prepare a socket for connections
 * @owner: the part of the socket that they see
 * @sk: the socket
 * @opts: its options
 * @ops: whom connections tell
 *
 * Context: Any.
 */
void zmq_owner_init(struct zmq_owner *owner, struct sock *sk,
		    const struct zmq_opts *opts,
		    const struct zmq_conn_ops *ops)
{
	zmq_task_queue_init(&owner->tasks, sk);
	owner->zn = zmq_net(sock_net(sk));
	owner->opts = opts;
	owner->ops = ops;
	owner->raw_notify = true;
	spin_lock_init(&owner->lock);
	INIT_LIST_HEAD(&owner->conns);
	zmq_roster_init(&owner->conn_roster);
	zmq_roster_init(&owner->listener_roster);
	INIT_LIST_HEAD(&owner->handshaking);
	INIT_LIST_HEAD(&owner->listeners);
	zmq_owner_flush_init(owner);
}

/**
 * zmq_conn_next() - find the first connection from a number on
 * @owner: the socket
 * @number: where to begin; set to the number of what was found
 *
 * Context: Any.
 * Return: the connection, with a reference, or NULL.
 */
struct zmq_conn *zmq_conn_next(struct zmq_owner *owner, unsigned long *number)
{
	struct zmq_conn *conn;

	rcu_read_lock();
	while ((conn = zmq_roster_next(&owner->conn_roster, number)) &&
	       !refcount_inc_not_zero(&conn->ref))
		++*number;
	rcu_read_unlock();
	return conn;
}

/**
 * zmq_owner_lane() - where what may have to wait for the user is done
 * @owner: the socket
 *
 * Context: Process context, socket lock held.
 * Return: the lane, which lives as long as the socket, or an error pointer of
 *	zmq_lane_new().
 */
struct zmq_lane *zmq_owner_lane(struct zmq_owner *owner)
{
	struct zmq_lane *lane = owner->lane;

	if (lane)
		return lane;
	lane = zmq_lane_new(owner->tasks.sk);
	if (!IS_ERR(lane))
		owner->lane = lane;
	return lane;
}

/**
 * zmq_owner_peer_room() - whether a socket may have another peer
 * @owner: the socket
 *
 * Context: Any.
 * Return: 0 or -ENOBUFS.
 */
int zmq_owner_peer_room(struct zmq_owner *owner)
{
	if (atomic_read(&owner->peers) < ZMQ_INT_LIMIT(owner->zn, peers_max))
		return 0;
	zmq_drop(owner->tasks.sk, NULL, ZMQ_MIB_PEERLIMIT, 1);
	return -ENOBUFS;
}

/**
 * zmq_conn_limit_handshakes() - make room for an accepted connection
 * @owner: the socket
 *
 * If there are too many that have not completed their handshake, the one that
 * has been at it for the longest time goes: peers that are what they seem need
 * a moment, and those who only hold places cannot keep others out.
 *
 * Context: Process context, socket lock held.
 */
void zmq_conn_limit_handshakes(struct zmq_owner *owner)
{
	struct zmq_conn *conn;

	if (owner->handshakes < ZMQ_INT_LIMIT(owner->zn, handshakes_max))
		return;
	conn = list_first_entry(&owner->handshaking, struct zmq_conn,
				handshake_node);
	zmq_conn_lost(conn, ZMQ_MIB_HSLIMIT, EUSERS);
}
