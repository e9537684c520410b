// SPDX-License-Identifier: GPL-2.0-only
/* What is taken apart can be put together again; the first of a name is found. */
#include "fuzz/fuzz.h"

#include <ctype.h>
#include <errno.h>
#include "wire/meta.h"

static bool same_name(const u8 *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tolower(a[i]) != tolower((u8)b[i]))
			return false;
	return true;
}

/* Into as much room as there is, and into one byte less. */
static void check_put(const struct zmq_prop *prop)
{
	size_t n = 1 + prop->name_len + 4 + prop->value_len;
	const u8 *from = prop->name - 1;
	char name[256];
	u8 *to = malloc(n);

	memcpy(name, prop->name, prop->name_len);
	name[prop->name_len] = 0;
	if (strlen(name) == prop->name_len) {
		CHECK_EQ(zmq_meta_put(to, n - 1, name, prop->value, prop->value_len),
			 prop->name_len ? -EMSGSIZE : -EINVAL);
		if (prop->name_len) {
			CHECK_EQ(zmq_meta_put(to, n, name, prop->value, prop->value_len), n);
			CHECK(!memcmp(to, from, n));
		}
		CHECK(zmq_meta_is(prop, name));
	}
	free(to);
}

static void check_find(const u8 *p, size_t n, const char *name)
{
	struct zmq_prop prop, want = {};
	size_t pos = 0;
	int ret;

	while ((ret = zmq_meta_next(p, n, &pos, &want)) > 0)
		if (want.name_len == strlen(name) &&
		    same_name(want.name, name, want.name_len))
			break;
	CHECK_EQ(zmq_meta_find(p, n, name, &prop), ret);
	if (ret > 0)
		CHECK(prop.name == want.name && prop.value == want.value &&
		      prop.value_len == want.value_len);
}

void fuzz_one(struct fuzz *f)
{
	size_t pos = 0, last = 0, n = f->n;
	u8 *p = fuzz_take(f, n);
	struct zmq_prop prop;
	int ret;

	while ((ret = zmq_meta_next(p, n, &pos, &prop)) > 0) {
		CHECK(prop.name == p + last + 1);
		CHECK(prop.value == prop.name + prop.name_len + 4);
		CHECK(prop.value + prop.value_len == p + pos);
		check_put(&prop);
		last = pos;
	}
	CHECK(ret ? ret == -EPROTO && pos == last : pos == n);
	check_find(p, n, "Socket-Type");
	check_find(p, n, "identity");
	check_find(p, n, "");
	free(p);
}
