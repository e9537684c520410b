// SPDX-License-Identifier: GPL-2.0-only
/* Received frames in runs: skbs that hold them one after the other. */

#include <linux/mm.h>
#include <linux/uio.h>
#include "compat.h"
#include "run.h"

/**
 * zmq_run_alloc() - make an empty run with memory of its own
 * @size: room in it
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: the run, or NULL.
 */
struct sk_buff *zmq_run_alloc(unsigned int size, gfp_t gfp)
{
	struct sk_buff *run = alloc_skb(size, gfp);

	if (run)
		memset(zmq_run(run), 0, sizeof(*zmq_run(run)));
	return run;
}

/* Small runs are made with as much room, so that one can take another's place. */
#define SPARE_ROOM	192

/* Its memory is our own, and nobody else refers to it. */
static bool is_spare(const struct sk_buff *run)
{
	return !skb_shared(run) && !run->cloned && !run->head_frag &&
	       !run->pfmemalloc && !run->data_len &&
	       skb_end_offset(run) - skb_headroom(run) >= SPARE_ROOM &&
	       skb_end_offset(run) <= 2 * ZMQ_RUN_COPY_MAX;
}

/**
 * zmq_run_free() - a run was read to its end
 * @run: the run
 * @spare: where one is kept for the next small message, or NULL
 *
 * Context: Any.
 */
void zmq_run_free(struct sk_buff *run, struct sk_buff **spare)
{
	if (!READ_ONCE(*spare) && is_spare(run)) {
		skb_trim(run, 0);
		run = xchg(spare, run);
	}
	kfree_skb(run);
}

static struct sk_buff *small_run(unsigned int size, struct sk_buff **spare)
{
	struct sk_buff *run = NULL;

	if (READ_ONCE(*spare))
		run = xchg(spare, NULL);
	if (run && skb_tailroom(run) >= size) {
		memset(zmq_run(run), 0, sizeof(*zmq_run(run)));
		return run;
	}
	kfree_skb(run);
	return zmq_run_alloc(max_t(unsigned int, size, SPARE_ROOM), GFP_ATOMIC);
}

/**
 * zmq_run_put() - count bytes that were written at the end of a run
 * @run: of zmq_run_alloc()
 * @len: how many, within its room
 *
 * Context: Any.
 */
void zmq_run_put(struct sk_buff *run, unsigned int len)
{
	skb_put(run, len);
	zmq_run(run)->len += len;
}

/**
 * zmq_run_from_bytes() - make a run by copying
 * @data: message frames
 * @len: bytes in @data
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: the run, or NULL.
 */
struct sk_buff *zmq_run_from_bytes(const void *data, unsigned int len, gfp_t gfp)
{
	struct sk_buff *run = zmq_run_alloc(len, gfp);

	if (run) {
		memcpy(skb_tail_pointer(run), data, len);
		zmq_run_put(run, len);
	}
	return run;
}

/**
 * zmq_run_from_iter() - make a run by copying into pages
 * @from: what is copied
 * @max: how much of it, ZMQ_RUN_COPY_PIECE at the most
 * @gfp: how to allocate
 *
 * Context: Process context; may fault in user memory.
 * Return: the run, or NULL.
 */
struct sk_buff *zmq_run_from_iter(struct iov_iter *from, size_t max, gfp_t gfp)
{
	size_t len = min(iov_iter_count(from), max);
	struct sk_buff *run;
	int err;

	run = alloc_skb_with_frags(0, len, PAGE_ALLOC_COSTLY_ORDER, &err, gfp);
	if (!run)
		return NULL;
	run->data_len = len;
	run->len = len;
	if (skb_copy_datagram_from_iter(run, 0, from, len)) {
		kfree_skb(run);
		return NULL;
	}
	zmq_run(run)->off = 0;
	zmq_run(run)->len = len;
	return run;
}

/**
 * zmq_run_from_skb() - make a run of a part of a received skb
 * @skb: what TCP received
 * @off: where the run begins
 * @len: bytes in the run
 * @spare: where zmq_run_free() keeps one
 *
 * Little data is copied, so that a few bytes never pin a whole segment.
 *
 * Context: Any.
 * Return: the run, or NULL.
 */
struct sk_buff *zmq_run_from_skb(struct sk_buff *skb, unsigned int off,
				 unsigned int len, struct sk_buff **spare)
{
	struct sk_buff *run;

	if (len <= ZMQ_RUN_COPY_MAX ||
	    (len <= PAGE_SIZE && skb->truesize / 4 > len)) {
		run = small_run(len, spare);
		if (run && skb_copy_bits(skb, off, skb_tail_pointer(run), len)) {
			kfree_skb(run);
			return NULL;
		}
		if (run)
			zmq_run_put(run, len);
		return run;
	}

	run = skb_clone(skb, GFP_ATOMIC);
	if (!run)
		return NULL;
	zmq_run(run)->off = off;
	zmq_run(run)->len = len;
	return run;
}

/**
 * zmq_run_own() - make a run of a whole skb that nobody else reads
 * @skb: the skb; the run is a second reference
 *
 * Context: Any.
 * Return: the run.
 */
struct sk_buff *zmq_run_own(struct sk_buff *skb)
{
	skb_orphan(skb);
	zmq_run(skb)->off = 0;
	zmq_run(skb)->len = skb->len;
	return skb_get(skb);
}

/**
 * zmq_runs_seek() - find the run that an offset is in
 * @runs: the queue
 * @skb: a run of it
 * @off: offset from the start of @skb's run; then from that of the result
 *
 * Context: The caller keeps the runs from being freed.
 * Return: the run, or NULL if the queue is shorter.
 */
struct sk_buff *zmq_runs_seek(const struct sk_buff_head *runs,
			      struct sk_buff *skb, u64 *off)
{
	while (skb && *off >= zmq_run(skb)->len) {
		*off -= zmq_run(skb)->len;
		skb = skb_queue_is_last(runs, skb) ? NULL :
		      skb_queue_next(runs, skb);
	}
	return skb;
}

/* Cut @n at the end of the fragment that has the byte @off behind the head. */
static const u8 *frag_bytes(const struct sk_buff *skb, u32 off, size_t *n)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	const skb_frag_t *frag = info->frags;
	const skb_frag_t *end = frag + info->nr_frags;

	while (frag < end && off >= skb_frag_size(frag))
		off -= skb_frag_size(frag++);
	if (frag == end || !zmq_skb_readable(skb) ||
	    PageHighMem(skb_frag_page(frag)))
		return NULL;
	*n = min_t(size_t, *n, skb_frag_size(frag) - off);
	return (const u8 *)skb_frag_address(frag) + off;
}

/**
 * zmq_skb_bytes() - look at received bytes in place
 * @skb: the skb
 * @off: where they begin
 * @n: how many are asked for, at least 1; set to how many are there in one
 *	piece
 *
 * Context: Any; the caller keeps the skb from being freed.
 * Return: the bytes, or NULL.
 */
const u8 *zmq_skb_bytes(const struct sk_buff *skb, u32 off, size_t *n)
{
	if (off >= skb_headlen(skb))
		return frag_bytes(skb, off - skb_headlen(skb), n);
	*n = min_t(size_t, *n, skb_headlen(skb) - off);
	return skb->data + off;
}

/**
 * zmq_run_bytes() - look at bytes of a run in place
 * @run: the run
 * @off: offset from its start, within it
 * @n: set to how many bytes are there in one piece, or, if they cannot be
 *	looked at in place, to the rest of the run
 *
 * Context: Any; the caller keeps the run from being freed.
 * Return: the bytes; NULL where only skb_copy_bits() and its like get at them.
 */
const u8 *zmq_run_bytes(struct sk_buff *run, u32 off, size_t *n)
{
	*n = zmq_run(run)->len - off;
	return zmq_skb_bytes(run, zmq_run(run)->off + off, n);
}

/**
 * zmq_runs_copy_bits() - copy bytes out of a queue of runs
 * @runs: the queue
 * @skb: a run of it
 * @off: offset from the start of @skb's run
 * @to: where to
 * @len: how many; they are there
 *
 * Context: The caller keeps the runs from being freed.
 * Return: 0, or -EFAULT if the queue is shorter than @off + @len.
 */
int zmq_runs_copy_bits(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, void *to, size_t len)
{
	const u8 *p;
	size_t n;

	while (len) {
		skb = zmq_runs_seek(runs, skb, &off);
		if (!skb)
			return -EFAULT;
		p = zmq_run_bytes(skb, off, &n);
		n = min(len, n);
		if (p)
			memcpy(to, p, n);
		else if (skb_copy_bits(skb, zmq_run(skb)->off + off, to, n))
			return -EFAULT;
		to += n;
		off += n;
		len -= n;
	}
	return 0;
}

/**
 * zmq_run_copy_iter() - copy bytes found by zmq_run_bytes() to the caller
 * @run: the run that they are in
 * @p: the bytes
 * @len: how many
 * @to: where to
 *
 * Context: Process context; may fault in user memory. The caller keeps the run
 *	from being freed.
 * Return: 0 or -EFAULT.
 */
int zmq_run_copy_iter(const struct sk_buff *run, const u8 *p, size_t len,
		      struct iov_iter *to)
{
	bool in_head = p >= run->head && p < skb_end_pointer(run);
	u32 off = offset_in_page(p);
	size_t n;

	/* Hardened usercopy knows slabs; of a page it need not be asked. */
	if (!in_head && off + len <= PAGE_SIZE)
		n = copy_page_to_iter(virt_to_page(p), off, len, to);
	else
		n = copy_to_iter(p, len, to);
	return n == len ? 0 : -EFAULT;
}

/**
 * zmq_runs_copy_iter() - copy bytes out of a queue of runs to the caller
 * @runs: the queue
 * @skb: a run of it
 * @off: offset from the start of @skb's run
 * @to: where to
 * @len: how many; they are there
 *
 * Context: Process context; may fault in user memory. The caller keeps the
 *	runs from being freed.
 * Return: 0, or -EFAULT.
 */
int zmq_runs_copy_iter(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, struct iov_iter *to, size_t len)
{
	const u8 *p;
	size_t n;

	while (len) {
		skb = zmq_runs_seek(runs, skb, &off);
		if (!skb)
			return -EFAULT;
		p = zmq_run_bytes(skb, off, &n);
		n = min(len, n);
		if (p ? zmq_run_copy_iter(skb, p, n, to) :
			skb_copy_datagram_iter(skb, zmq_run(skb)->off + off, to,
					       n))
			return -EFAULT;
		off += n;
		len -= n;
	}
	return 0;
}
