/* SPDX-License-Identifier: GPL-2.0-only */
/* A clock that stands still unless a test moves it, and its timers. */
#ifndef _SHIM_HRTIMER_H
#define _SHIM_HRTIMER_H

#include <linux/types.h>
#include <time.h>

#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC 1000000000L

typedef s64 ktime_t;

#define KTIME_MAX INT64_MAX

enum hrtimer_restart {
	HRTIMER_NORESTART,
	HRTIMER_RESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_ABS_SOFT,
	HRTIMER_MODE_REL_SOFT,
};

/**
 * struct hrtimer - a timer
 * @next: the next one that is set
 * @function: what it calls
 * @expires: when, if it is set
 * @set: it is in the list
 */
struct hrtimer {
	struct hrtimer		*next;
	enum hrtimer_restart	(*function)(struct hrtimer *timer);
	ktime_t			expires;
	bool			set;
};

/* Nanoseconds since a test began. */
extern s64 shim_now;

static inline ktime_t ktime_get(void)
{
	return shim_now;
}

static inline ktime_t ktime_sub(ktime_t a, ktime_t b)
{
	return a - b;
}

static inline s64 ktime_to_ns(ktime_t t)
{
	return t;
}

static inline ktime_t ns_to_ktime(s64 ns)
{
	return ns;
}

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 int clock, enum hrtimer_mode mode)
{
	timer->function = fn;
	timer->set = false;
}

static inline bool hrtimer_is_queued(const struct hrtimer *timer)
{
	return timer->set;
}

static inline ktime_t hrtimer_get_expires(const struct hrtimer *timer)
{
	return timer->expires;
}

void hrtimer_start(struct hrtimer *timer, ktime_t when, enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *timer);

static inline int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	return hrtimer_cancel(timer);
}

#endif
