// SPDX-License-Identifier: GPL-2.0-only
/* What the translator makes of ZMTP 1.0 is what the model makes of it, whatever the pieces. */
#include "fuzz/model.h"

#include <errno.h>
#include "wire/wire_v1.h"

static struct model model;

/* A header is told as it was said. */
static void check_header(u64 len, u8 flags)
{
	u8 buf[ZMQ_V1_HDR_MAX];
	struct zmq_hdr hdr;
	size_t n, i;

	n = zmq_v1_hdr_put(buf, len, flags);
	for (i = 0; i < n; i++)
		CHECK_EQ(zmq_v1_hdr_get(buf, i, &hdr), 0);
	CHECK_EQ(zmq_v1_hdr_get(buf, n, &hdr), n);
	CHECK_EQ(hdr.len, len);
	CHECK_EQ(hdr.flags, flags);
	CHECK_EQ(hdr.size, n);
}

/* Return: bytes that were taken, or -1 behind an error. */
static ssize_t scan(struct zmq_scan *s, const u8 *p, size_t n, u32 max)
{
	size_t from = model.n, frames = model.frames, msgs = model.msgs, used, i;
	struct zmq_scan_result r;
	u8 *out = malloc(n + ZMQ_HDR_MAX);

	used = zmq_v1_scan(s, p, n, out, max, &r);
	CHECK(used <= n && r.data_len <= n + ZMQ_HDR_MAX);
	for (i = 0; i < used; i++)
		model_read(&model, p[i]);
	CHECK_EQ(r.error, model.error);
	CHECK_EQ(r.event == ZMQ_SCAN_ERROR, model.error < 0);
	CHECK_EQ(r.data_len, model.n - from);
	CHECK(!memcmp(out, model.out + from, min(r.data_len, model.n - from)));
	CHECK_EQ(r.frames, model.frames - frames);
	CHECK_EQ(r.msgs, model.msgs - msgs);
	if (r.msgs) {
		CHECK_EQ(from + r.msg_end, model.end);
		CHECK(r.msg_begin ? from + r.msg_begin == model.begin :
				    model.begin <= from);
	}
	CHECK(r.msgs <= max);
	if (!r.error)
		CHECK(used == n || r.event == ZMQ_SCAN_FRAME_LIMIT);
	else
		CHECK_EQ(zmq_v1_scan(s, p, n, out, max, &r), 0);
	free(out);
	return model.error ? -1 : (ssize_t)used;
}

void fuzz_one(struct fuzz *f)
{
	ssize_t ret = 0;
	struct zmq_scan s;
	size_t n, done;
	u8 *p;

	model_init(&model, true);
	model_limit(&model, fuzz_byte(f));
	zmq_scan_init(&s, model.max_frame, model.max_cmd);
	zmq_scan_limit_msgs(&s, model.max_msg, model.max_frames);
	check_header((u64)fuzz_below(f, U32_MAX) << fuzz_below(f, 31),
		     fuzz_below(f, 2));
	check_header(fuzz_below(f, 300), 0);
	fuzz_byte(f);
	while (ret >= 0 && f->n) {
		n = fuzz_piece(f);
		p = fuzz_take(f, n);
		for (done = 0; done < n && ret >= 0; done += ret)
			ret = scan(&s, p + done, n - done,
				   1 + fuzz_below(f, 4));
		free(p);
	}
}
