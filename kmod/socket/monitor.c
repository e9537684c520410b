// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file descriptor that tells what happens to a socket's connections.
 *
 * The socket's side writes under the socket lock and never waits: what does
 * not fit is counted. The file's side reads one reader at a time. Either may
 * go first; neither ever looks for the other.
 */

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "base/drop.h"
#include "conn/event.h"
#include "monitor.h"

#define MONITORS_MAX	16	/* of one socket */
#define RING_SIZE	SZ_64K

/**
 * struct zmq_entry - an event in the ring, followed by its texts
 * @time_ns: as in struct zmq_event_record, and so are
 * @value: this
 * @event: this
 * @flags: this
 * @lost: this
 * @error: and this
 * @local: bytes of the local endpoint
 * @remote: bytes of the peer's
 */
struct zmq_entry {
	u64	time_ns;
	u64	value;
	u32	event;
	u32	flags;
	u32	lost;
	u32	error;
	u16	local;
	u16	remote;
};

union zmq_whole_entry {
	struct zmq_entry	entry;
	u8	bytes[sizeof(struct zmq_entry) + 2 * ZMQ_EP_TEXT];
};

/**
 * struct zmq_monitor - one monitor
 * @node: in zsk->monitors
 * @ref: references: of the file and of that list
 * @mask: ZMQ_EVENT_... to tell
 * @lost: events that found no room since the last that did; the writer's
 * @closed: the file is gone
 * @stopped: the socket is gone; nothing is written any more
 * @told: ZMQ_EVENT_MONITOR_STOPPED has been read; @lock
 * @stop_ns: when the socket went
 * @wait: who waits for events
 * @lock: of the reader
 * @fifo: of struct zmq_entry; one writer, one reader
 * @ring: memory of @fifo
 * @next: the entry being written; socket lock
 * @buf: the entry being read; @lock
 * @record: the same for user space; @lock
 */
struct zmq_monitor {
	struct list_head	node;
	refcount_t		ref;
	u32			mask;
	u32			lost;
	bool			closed;
	bool			stopped;
	bool			told;
	u64			stop_ns;
	wait_queue_head_t	wait;
	struct mutex		lock; /* of the reader, outside of all others */
	struct kfifo		fifo;
	void			*ring;
	union zmq_whole_entry	next;
	union zmq_whole_entry	buf;
	struct zmq_event_record	record;
};

static void monitor_put(struct zmq_monitor *monitor)
{
	if (!refcount_dec_and_test(&monitor->ref))
		return;
	kvfree(monitor->ring);
	kfree(monitor);
}

static void unlink_monitor(struct zmq_monitor *monitor)
{
	list_del(&monitor->node);
	monitor_put(monitor);
}

static void put_entry(struct zmq_monitor *monitor, const struct sock *sk,
		      const struct zmq_event *event)
{
	struct zmq_entry *entry = &monitor->next.entry;
	u8 *texts = monitor->next.bytes + sizeof(*entry);
	size_t len;

	entry->time_ns = ktime_get_ns();
	entry->value = event->value;
	entry->event = event->event;
	entry->flags = event->bound ? ZMQ_EVENT_BOUND : 0;
	entry->lost = monitor->lost;
	entry->error = event->error;
	entry->local = strnlen(event->local, ZMQ_EP_TEXT - 1);
	entry->remote = strnlen(event->remote, ZMQ_EP_TEXT - 1);
	memcpy(texts, event->local, entry->local);
	memcpy(texts + entry->local, event->remote, entry->remote);
	len = sizeof(*entry) + entry->local + entry->remote;

	if (kfifo_avail(&monitor->fifo) < len) {
		monitor->lost++;
		zmq_drop(sk, NULL, ZMQ_MIB_MONITORLOST, 1);
		return;
	}
	/* Whole at once: a reader never finds a part of it. */
	kfifo_in(&monitor->fifo, monitor->next.bytes, len);
	monitor->lost = 0;
	wake_up_interruptible_poll(&monitor->wait, EPOLLIN | EPOLLRDNORM);
}

static void tell(struct zmq_owner *owner, const struct zmq_event *event)
{
	struct zmq_sock *zsk = zmq_sk(owner->tasks.sk);
	struct zmq_monitor *monitor, *next;

	list_for_each_entry_safe(monitor, next, &zsk->monitors, node) {
		if (READ_ONCE(monitor->closed))
			unlink_monitor(monitor);
		else if (monitor->mask & event->event)
			put_entry(monitor, &zsk->sk, event);
	}
	if (list_empty(&zsk->monitors))
		owner->event = NULL;
}

/**
 * zmq_monitor_stop_all() - the socket is closed
 * @zsk: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_monitor_stop_all(struct zmq_sock *zsk)
{
	struct zmq_monitor *monitor, *next;

	zsk->core.owner.event = NULL;
	list_for_each_entry_safe(monitor, next, &zsk->monitors, node) {
		monitor->stop_ns = ktime_get_ns();
		/* Pairs with smp_load_acquire() in read_record(). */
		smp_store_release(&monitor->stopped, true);
		wake_up_interruptible_poll(&monitor->wait,
					   EPOLLIN | EPOLLRDNORM | EPOLLHUP);
		unlink_monitor(monitor);
	}
}

/* Copies the first entry to @buf. Returns its length, 0 if there is none. */
static size_t peek_entry(struct zmq_monitor *monitor)
{
	struct zmq_entry *entry = &monitor->buf.entry;
	size_t len = sizeof(*entry);

	if (kfifo_out_peek(&monitor->fifo, monitor->buf.bytes, len) != len)
		return 0;
	len += entry->local + entry->remote;
	return kfifo_out_peek(&monitor->fifo, monitor->buf.bytes, len);
}

/* The last entry takes no room in the ring, so that it is never lost. */
static void make_stopped(struct zmq_monitor *monitor)
{
	memset(&monitor->buf.entry, 0, sizeof(monitor->buf.entry));
	monitor->buf.entry.time_ns = monitor->stop_ns;
	monitor->buf.entry.event = ZMQ_EVENT_MONITOR_STOPPED;
	monitor->buf.entry.lost = monitor->lost;
}

static int give(struct zmq_monitor *monitor, struct iov_iter *to)
{
	const struct zmq_entry *entry = &monitor->buf.entry;
	struct zmq_event_record *record = &monitor->record;
	const u8 *texts = monitor->buf.bytes + sizeof(*entry);

	memset(record, 0, sizeof(*record));
	record->time_ns = entry->time_ns;
	record->value = entry->value;
	record->event = entry->event;
	record->flags = entry->flags;
	record->lost = entry->lost;
	record->error = entry->error;
	memcpy(record->local, texts, entry->local);
	memcpy(record->remote, texts + entry->local, entry->remote);
	if (copy_to_iter(record, sizeof(*record), to) != sizeof(*record))
		return -EFAULT;
	return sizeof(*record);
}

/* Returns the bytes of a record, 0 at the end, -EAGAIN if there is none yet. */
static int read_record(struct zmq_monitor *monitor, struct iov_iter *to)
{
	/* Pairs with smp_store_release(): after it the ring only empties. */
	bool stopped = smp_load_acquire(&monitor->stopped);
	size_t len = peek_entry(monitor);
	int ret;

	if (len) {
		ret = give(monitor, to);
		if (ret > 0)
			len = kfifo_out(&monitor->fifo, monitor->buf.bytes, len);
		return ret;
	}
	if (!stopped)
		return -EAGAIN;
	if (monitor->told || !(monitor->mask & ZMQ_EVENT_MONITOR_STOPPED))
		return 0;
	make_stopped(monitor);
	ret = give(monitor, to);
	monitor->told = ret > 0;
	return ret;
}

static bool readable(struct zmq_monitor *monitor)
{
	return READ_ONCE(monitor->stopped) || !kfifo_is_empty(&monitor->fifo);
}

static int read_locked(struct zmq_monitor *monitor, struct iov_iter *to)
{
	int ret;

	if (mutex_lock_interruptible(&monitor->lock))
		return -ERESTARTSYS;
	ret = read_record(monitor, to);
	mutex_unlock(&monitor->lock);
	return ret;
}

/* Whole records, as many as are there and fit; waits for the first alone. */
static ssize_t monitor_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct zmq_monitor *monitor = iocb->ki_filp->private_data;
	bool wait = !(iocb->ki_filp->f_flags & O_NONBLOCK) &&
		    !(iocb->ki_flags & IOCB_NOWAIT);
	ssize_t done = 0;
	int ret;

	if (iov_iter_count(to) < sizeof(monitor->record))
		return -EINVAL;
	while (iov_iter_count(to) >= sizeof(monitor->record)) {
		ret = read_locked(monitor, to);
		if (ret > 0) {
			done += ret;
			continue;
		}
		if (done || ret != -EAGAIN || !wait)
			return done ?: ret;
		if (wait_event_interruptible(monitor->wait, readable(monitor)))
			return -ERESTARTSYS;
	}
	return done;
}

static __poll_t monitor_poll(struct file *file, struct poll_table_struct *wait)
{
	struct zmq_monitor *monitor = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &monitor->wait, wait);
	if (readable(monitor))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(monitor->stopped))
		mask |= EPOLLHUP;
	return mask;
}

static int monitor_release(struct inode *inode, struct file *file)
{
	struct zmq_monitor *monitor = file->private_data;

	WRITE_ONCE(monitor->closed, true);
	monitor_put(monitor);
	return 0;
}

static const struct file_operations monitor_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= monitor_read,
	.poll		= monitor_poll,
	.release	= monitor_release,
	.llseek		= noop_llseek,
};

static struct zmq_monitor *monitor_new(u32 mask)
{
	struct zmq_monitor *monitor;

	monitor = kzalloc(sizeof(*monitor), GFP_KERNEL_ACCOUNT);
	if (!monitor)
		return NULL;
	monitor->ring = kvmalloc(RING_SIZE, GFP_KERNEL_ACCOUNT);
	if (!monitor->ring || kfifo_init(&monitor->fifo, monitor->ring, RING_SIZE)) {
		kvfree(monitor->ring);
		kfree(monitor);
		return NULL;
	}
	refcount_set(&monitor->ref, 1);
	mutex_init(&monitor->lock);
	init_waitqueue_head(&monitor->wait);
	monitor->mask = mask;
	return monitor;
}

static int link_monitor(struct zmq_sock *zsk, struct zmq_monitor *monitor)
{
	struct zmq_monitor *other, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(other, next, &zsk->monitors, node) {
		if (READ_ONCE(other->closed))
			unlink_monitor(other);
		else
			nr++;
	}
	if (nr == MONITORS_MAX)
		return -EMFILE;
	refcount_inc(&monitor->ref);
	list_add_tail(&monitor->node, &zsk->monitors);
	zsk->core.owner.event = tell;
	return 0;
}

/**
 * zmq_monitor_open() - get ZMQ_MONITOR_FD
 * @zsk: the socket
 * @optval: where the file descriptor goes
 * @optlen: room there, then its size
 *
 * The monitor tells the events that ZMQ_MONITOR says now.
 *
 * Context: Process context.
 * Return: 0, -EINVAL for no room, -EFAULT, -ENOMEM, -EMFILE for too many
 *	monitors or files, or another errno of open(2).
 */
int zmq_monitor_open(struct zmq_sock *zsk, char __user *optval,
		     int __user *optlen)
{
	struct zmq_monitor *monitor;
	struct file *file;
	int room, fd, err;

	if (get_user(room, optlen))
		return -EFAULT;
	if (room < (int)sizeof(fd))
		return -EINVAL;
	monitor = monitor_new(READ_ONCE(zsk->core.opts.monitor));
	if (!monitor)
		return -ENOMEM;
	file = anon_inode_getfile("[zmq-monitor]", &monitor_fops, monitor,
				  O_RDONLY);
	if (IS_ERR(file)) {
		monitor_put(monitor);
		return PTR_ERR(file);
	}

	fd = get_unused_fd_flags(O_CLOEXEC);
	err = fd;
	if (fd < 0)
		goto err_file;
	err = -EFAULT;
	if (put_user((int)sizeof(fd), optlen) ||
	    copy_to_user(optval, &fd, sizeof(fd)))
		goto err_fd;
	lock_sock(&zsk->sk);
	err = link_monitor(zsk, monitor);
	release_sock(&zsk->sk);
	if (err)
		goto err_fd;
	fd_install(fd, file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_file:
	fput(file);
	return err;
}
