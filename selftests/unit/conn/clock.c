// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include <linux/workqueue.h>
#include <stdlib.h>

s64 shim_now;

static struct hrtimer *timers;
static struct work_struct *works;

void hrtimer_start(struct hrtimer *timer, ktime_t when, enum hrtimer_mode mode)
{
	struct hrtimer **at = &timers;

	hrtimer_cancel(timer);
	timer->expires = mode == HRTIMER_MODE_REL_SOFT ? shim_now + when : when;
	while (*at && (*at)->expires <= timer->expires)
		at = &(*at)->next;
	timer->next = *at;
	timer->set = true;
	*at = timer;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	struct hrtimer **at = &timers;

	if (!timer->set)
		return 0;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->set = false;
	return 1;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	struct work_struct **at = &works;

	if (work->queued)
		return false;
	while (*at)
		at = &(*at)->next;
	work->next = NULL;
	work->queued = true;
	*at = work;
	return true;
}

void clock_init(void)
{
	if (timers || works)
		abort();
	shim_now = 0;
}

s64 clock_next(void)
{
	return timers ? timers->expires : INT64_MAX;
}

void clock_move(s64 when)
{
	struct hrtimer *timer;

	while (timers && timers->expires <= when) {
		timer = timers;
		shim_now = timer->expires;
		hrtimer_cancel(timer);
		if (timer->function(timer) != HRTIMER_NORESTART)
			abort();
	}
	shim_now = when;
}

bool clock_work(void)
{
	struct work_struct *work = works;

	if (!work)
		return false;
	works = work->next;
	work->queued = false;
	work->fn(work);
	return true;
}
