// SPDX-License-Identifier: GPL-2.0-only
/* Peers known by a routing id, which stands before what they send and get. */

#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include "pattern.h"
#include "peers.h"
#include "pipe/fq.h"
#include "pipe/lb.h"
#include "pipe/peername.h"

#define NAME_LEN	5

struct id {
	const u8	*data;
	u8		len;
};

static u32 hash_id(const void *data, u32 len, u32 seed)
{
	const struct id *id = data;

	return jhash(id->data, id->len, seed);
}

static u32 hash_pipe(const void *data, u32 len, u32 seed)
{
	const struct zmq_pipe *pipe = data;

	return jhash(pipe->id, pipe->id_len, seed);
}

static int cmp_pipe(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct zmq_pipe *pipe = obj;
	const struct id *id = arg->key;

	return pipe->id_len != id->len ||
	       memcmp(pipe->id, id->data, id->len);
}

static const struct rhashtable_params table_params = {
	.head_offset		= offsetof(struct zmq_pipe, id_node),
	.hashfn			= hash_id,
	.obj_hashfn		= hash_pipe,
	.obj_cmpfn		= cmp_pipe,
	.automatic_shrinking	= true,
};

static u32 hash_name(const void *data, u32 len, u32 seed)
{
	const struct zmq_peername *name = data;

	return jhash(name->addr, name->len, seed);
}

static int cmp_name(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct zmq_peername *name = obj;
	const struct id *addr = arg->key;

	return name->len != addr->len ||
	       memcmp(name->addr, addr->data, addr->len);
}

static const struct rhashtable_params name_params = {
	.head_offset		= offsetof(struct zmq_peername, node),
	.hashfn			= hash_id,
	.obj_hashfn		= hash_name,
	.obj_cmpfn		= cmp_name,
	.automatic_shrinking	= true,
};

static int peers_init(struct zmq_peers *peers)
{
	int err;

	peers->next_id = get_random_u32();
	xa_init_flags(&peers->numbers, XA_FLAGS_ALLOC1);
	err = rhashtable_init(&peers->names, &name_params);
	if (err)
		return err;
	err = rhashtable_init(&peers->table, &table_params);
	if (err)
		rhashtable_destroy(&peers->names);
	return err;
}

/**
 * zmq_peers_alloc() - make core->priv of a pattern that knows its peers
 * @core: the socket's core
 * @size: its size, with the struct zmq_peers that it begins with
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_peers_alloc(struct zmq_core *core, size_t size)
{
	int err;

	err = zmq_pattern_alloc(core, size);
	if (err)
		return err;
	err = peers_init(core->priv);
	if (err)
		zmq_pattern_free(core);
	return err;
}

/**
 * zmq_peers_free() - undo zmq_peers_alloc()
 * @core: the socket's core, without peers
 *
 * Context: Process context.
 */
void zmq_peers_free(struct zmq_core *core)
{
	struct zmq_peers *peers = core->priv;

	xa_destroy(&peers->numbers);
	rhashtable_destroy(&peers->table);
	rhashtable_destroy(&peers->names);
	zmq_pattern_free(core);
}

/**
 * zmq_peers_find() - look a peer up
 * @peers: the peers
 * @id: its routing id
 * @len: bytes in @id
 *
 * Context: Socket lock held.
 * Return: its pipe, or NULL.
 */
struct zmq_pipe *zmq_peers_find(struct zmq_peers *peers, const u8 *id, u8 len)
{
	struct id key = { .data = id, .len = len };

	return rhashtable_lookup_fast(&peers->table, &key, table_params);
}

/**
 * zmq_peers_add() - know a peer by the routing id of its pipe
 * @peers: the peers, of which none has that id
 * @pipe: the pipe
 *
 * Context: Socket lock held.
 * Return: 0 or an errno of rhashtable.
 */
int zmq_peers_add(struct zmq_peers *peers, struct zmq_pipe *pipe)
{
	int err;

	err = xa_alloc_cyclic(&peers->numbers, &pipe->number, pipe,
			      XA_LIMIT(1, U32_MAX), &peers->next_number,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	err = rhashtable_insert_fast(&peers->table, &pipe->id_node,
				     table_params);
	if (err)
		xa_erase(&peers->numbers, pipe->number);
	return err;
}

/**
 * zmq_peers_name() - give a peer a routing id that begins with 0
 * @peers: the peers
 * @pipe: its pipe
 *
 * Context: Socket lock held.
 * Return: 0, -ENOMEM or an errno of rhashtable.
 */
int zmq_peers_name(struct zmq_peers *peers, struct zmq_pipe *pipe)
{
	u8 id[NAME_LEN] = { };
	__be32 n;
	int err;

	do {
		n = cpu_to_be32(peers->next_id++);
		memcpy(id + 1, &n, sizeof(n));
	} while (zmq_peers_find(peers, id, sizeof(id)));

	err = zmq_pipe_set_id(pipe, id, sizeof(id), GFP_KERNEL);
	return err ?: zmq_peers_add(peers, pipe);
}

/**
 * zmq_peers_up() - know a peer by the transport's address as well, if it has one
 * @core: the socket's core
 * @pipe: the peer's pipe
 *
 * Of several with the same address, which are dialed, any may be found. One that
 * there is no memory for is found by its other names only.
 *
 * Context: Socket lock held.
 */
void zmq_peers_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_peers *peers = core->priv;
	struct zmq_peername *name = pipe->name;

	if (name && !name->listed)
		name->listed = !rhashtable_insert_fast(&peers->names,
						       &name->node,
						       name_params);
}

/**
 * zmq_peers_number_of() - find a peer by the transport's address
 * @core: the socket's core
 * @addr: the address, of zmq_sockname_take()
 * @len: bytes in @addr
 *
 * Context: Socket lock held.
 * Return: its number, or 0.
 */
u32 zmq_peers_number_of(struct zmq_core *core, const void *addr, size_t len)
{
	struct zmq_peers *peers = core->priv;
	struct id key = { .data = addr, .len = len };
	const struct zmq_peername *name;

	name = rhashtable_lookup_fast(&peers->names, &key, name_params);
	return name ? name->pipe->number : 0;
}

static void forget_name(struct zmq_peers *peers, struct zmq_peername *name)
{
	if (!name || !name->listed)
		return;
	rhashtable_remove_fast(&peers->names, &name->node, name_params);
	name->listed = false;
}

/**
 * zmq_peers_remove() - forget a peer, if it is known
 * @core: the socket's core
 * @pipe: the peer's pipe
 *
 * Context: Socket lock held.
 */
void zmq_peers_remove(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_peers *peers = core->priv;

	if (peers->refused == pipe)
		WRITE_ONCE(peers->refused, NULL);
	forget_name(peers, pipe->name);
	if (xa_load(&peers->numbers, pipe->number) != pipe)
		return;
	rhashtable_remove_fast(&peers->table, &pipe->id_node, table_params);
	/* The pipe keeps it: messages of a peer that is gone have an address. */
	xa_erase(&peers->numbers, pipe->number);
}

/**
 * zmq_peers_address() - find whom a message is for
 * @peers: the peers
 * @msg: the message with its id; gets the pipe, held
 * @wait: the peer must have credit
 *
 * Context: Socket lock held.
 * Return: 0; -EHOSTUNREACH if nobody has that id; -EAGAIN with @wait.
 */
int zmq_peers_address(struct zmq_peers *peers, struct zmq_msg *msg, bool wait)
{
	struct zmq_pipe *pipe;

	pipe = msg->peer ? xa_load(&peers->numbers, msg->peer) :
			   zmq_peers_find(peers, msg->id, msg->id_len);
	if (!pipe || test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return -EHOSTUNREACH;
	if (wait && !zmq_pipe_writable(pipe)) {
		WRITE_ONCE(peers->refused, pipe);
		return -EAGAIN;
	}
	if (peers->refused == pipe)
		WRITE_ONCE(peers->refused, NULL);
	zmq_pipe_get(pipe);
	msg->pipe = pipe;
	return 0;
}

/**
 * zmq_peers_send() - give a message to the peer that it is for
 * @peers: the peers
 * @msg: the message with its pipe
 * @more: the caller has another message at hand
 *
 * Context: Socket lock held.
 * Return: 0 or the error of zmq_pipe_write().
 */
int zmq_peers_send(struct zmq_peers *peers, struct zmq_msg *msg, bool more)
{
	int err = zmq_pipe_write(msg->pipe, msg);

	if (!err)
		zmq_pipe_flush(msg->pipe, more);
	else if (err == -EAGAIN)
		WRITE_ONCE(peers->refused, msg->pipe);
	return err;
}

/**
 * zmq_peers_can_retry() - whether the peer that refused a message takes one
 * @core: the socket's core
 *
 * Context: Any, no lock needed.
 * Return: 0 if it does or is gone, or if nobody refused any, else -EAGAIN.
 */
int zmq_peers_can_retry(const struct zmq_core *core)
{
	const struct zmq_peers *peers = core->priv;

	return zmq_pattern_has_credit(&peers->refused);
}

/**
 * zmq_peers_can_send() - @can_send of patterns that wait for a certain peer
 * @core: the socket's core
 *
 * Whom the next message is for is not known; as long as the last one that was
 * refused would be refused again, that one counts.
 *
 * Context: Any, no lock needed.
 * Return: 0 or -EAGAIN.
 */
int zmq_peers_can_send(const struct zmq_core *core)
{
	return zmq_peers_can_retry(core) ?: zmq_lb_can_send(core);
}

/**
 * zmq_peers_peek() - @peek of patterns that put the id before a message
 * @core: the socket's core
 * @f: filled in
 *
 * Context: Socket lock held.
 * Return: 0 or -EAGAIN.
 */
int zmq_peers_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct zmq_pipe *pipe;

	if (core->rx_pipe)
		return zmq_fq_peek(core, f);
	pipe = zmq_fq_next(core);
	if (!pipe)
		return -EAGAIN;

	f->pipe = NULL;
	f->body = pipe;
	f->mem = pipe->id;
	f->len = pipe->id_len;
	f->more = true;
	return 0;
}

/**
 * zmq_peers_consume() - @consume of patterns that put the id before a message
 * @core: the socket's core
 * @f: the frame that was read
 *
 * Context: Socket lock held.
 */
void zmq_peers_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	if (f->pipe)
		zmq_fq_consume(core, f);
	else
		core->rx_pipe = zmq_fq_next(core);
}
