// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include "wire/meta.h"

#define SOCKET_TYPE "0b 536f636b65742d54797065 "
#define IDENTITY "08 4964656e74697479 "

static const char dealer[] =
	SOCKET_TYPE "00000006 4445414c4552" IDENTITY "00000000";

TEST(meta_dealer, "meta: what libzmq's DEALER sends")
{
	struct zmq_prop prop;
	size_t n, pos = 0;
	u8 list[64];

	n = test_hex(list, dealer);
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 1);
	CHECK(zmq_meta_is(&prop, "Socket-Type"));
	CHECK(zmq_meta_is(&prop, "SOCKET-type"));
	CHECK(!zmq_meta_is(&prop, "Socket-Typ"));
	CHECK(!zmq_meta_is(&prop, "Socket-Type2"));
	CHECK(prop.value_len == 6 && !memcmp(prop.value, "DEALER", 6));
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 1);
	CHECK(zmq_meta_is(&prop, "Identity"));
	CHECK_EQ(prop.value_len, 0);
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 0);
	CHECK_EQ(pos, n);
	CHECK_EQ(zmq_meta_next(list, 0, &(size_t){ 0 }, &prop), 0);
}

TEST(meta_put, "meta: what is put is what libzmq puts")
{
	u8 want[64], buf[300], big[300] = { 0 };
	size_t n, i;
	ssize_t a;

	n = test_hex(want, dealer);
	a = zmq_meta_put(buf, sizeof(buf), "Socket-Type", "DEALER", 6);
	CHECK_EQ(a, 22);
	CHECK_EQ(zmq_meta_put(buf + a, sizeof(buf) - a, "Identity", NULL, 0), 13);
	CHECK(!memcmp(buf, want, n));
	for (i = 0; i < 22; i++)
		CHECK_EQ(zmq_meta_put(buf, i, "Socket-Type", "DEALER", 6), -EMSGSIZE);
	CHECK_EQ(zmq_meta_put(buf, 22, "Socket-Type", "DEALER", 6), 22);
	CHECK_EQ(zmq_meta_put(buf, sizeof(buf), "", "x", 1), -EINVAL);
	CHECK_EQ(zmq_meta_put(buf, sizeof(buf), "x", big, sizeof(big)), -EMSGSIZE);
	CHECK_EQ(zmq_meta_put(buf, SIZE_MAX, "x", big, 0x80000000), -EINVAL);
	memset(big, 'n', 256);
	CHECK_EQ(zmq_meta_put(buf, sizeof(buf), (char *)big, "", 0), -EINVAL);
	big[255] = 0;
	CHECK_EQ(zmq_meta_put(buf, sizeof(buf), (char *)big, "", 0), 260);
}

TEST(meta_cut, "meta: a list cut anywhere is an error, except between properties")
{
	struct zmq_prop prop;
	size_t n, i, pos;
	u8 list[64], *cut;
	int ret;

	n = test_hex(list, dealer);
	for (i = 0; i <= n; i++) {
		cut = malloc(i ?: 1);	/* exactly as large, for ASan */
		memcpy(cut, list, i);
		pos = 0;
		do {
			ret = zmq_meta_next(cut, i, &pos, &prop);
		} while (ret > 0);
		CHECK_EQ(ret, i == 0 || i == 22 || i == n ? 0 : -EPROTO);
		free(cut);
	}
}

TEST(meta_odd, "meta: empty names, huge values, duplicates")
{
	struct zmq_prop prop;
	size_t n, pos = 0;
	u8 list[64];

	n = test_hex(list, "00 00000001 61   01 78 00000000");
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 1);
	CHECK(!prop.name_len && prop.value_len == 1);
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 1);
	CHECK_EQ(zmq_meta_next(list, n, &pos, &prop), 0);

	n = test_hex(list, "01 78 ffffffff 61");
	CHECK_EQ(zmq_meta_next(list, n, &(size_t){ 0 }, &prop), -EPROTO);

	n = test_hex(list, "01 58 00000001 61   01 78 00000001 62  01");
	CHECK_EQ(zmq_meta_find(list, n, "x", &prop), 1);
	CHECK_EQ(prop.value[0], 'a');
	CHECK_EQ(zmq_meta_find(list, n - 1, "y", &prop), 0);
	CHECK_EQ(zmq_meta_find(list, n, "y", &prop), -EPROTO);
}
