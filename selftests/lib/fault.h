/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fails once and then no more: allocations and user copies of one's own
 * calls, one after the other, and allocations of everybody else.
 * kselftest_harness.h comes before.
 */
#ifndef _ZMQTEST_FAULT_H
#define _ZMQTEST_FAULT_H

#include "zmqtest.h"

#define ZT_FAULTS_MAX	2000
#define ZT_NO_INJECTION	"the kernel has no fault injection"
#define ZT_NO_FAULTS	ZT_NO_INJECTION ", or ZT_ONLY names another test"

/**
 * enum zt_memory - which allocations fail
 * @ZT_SLAB: objects
 * @ZT_PAGES: pages
 */
enum zt_memory {
	ZT_SLAB,
	ZT_PAGES,
	ZT_MEMORIES,
};

bool zt_can_inject(void);
bool zt_can_fault(const char *test);
void zt_arm(int nth);
bool zt_disarm(void);
bool zt_is_shortage(int err);
bool zt_starve_workers(const char *percent);
void zt_spare_programs(void);
void zt_arm_others(enum zt_memory which, long space);
bool zt_disarm_others(enum zt_memory which);

#define ZT_EACH_FAULT(n, more) \
	for (n = 1, more = true; more && n < ZT_FAULTS_MAX; n += zt_stride())

/* The call @call, in which the allocation or user copy number @n fails; whether
 * it told so is in @failed. True if there was one with that number: the next
 * may be tried.
 */
#define ZT_FAULT(n, failed, call) ({					\
	zt_arm(n);							\
	long _ret = (call);						\
	bool _fired = zt_disarm();					\
	(failed) = _ret < 0;						\
	if (failed)							\
		EXPECT_TRUE(zt_is_shortage(errno))			\
			TH_LOG("fault %d: %s", n, strerror(errno));	\
	EXPECT_TRUE(_ret >= 0 || _fired);				\
	_fired;								\
})

#endif /* _ZMQTEST_FAULT_H */
