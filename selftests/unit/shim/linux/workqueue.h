/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_WORKQUEUE_H
#define _SHIM_WORKQUEUE_H

#include <linux/types.h>

struct workqueue_struct;

/**
 * struct work_struct - what a test does when it says so
 * @next: the next one that waits
 * @fn: what it calls
 * @queued: it waits
 */
struct work_struct {
	struct work_struct	*next;
	void			(*fn)(struct work_struct *work);
	bool			queued;
};

#define INIT_WORK(work, func) do {	\
	(work)->fn = (func);		\
	(work)->queued = false;		\
} while (0)

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);

#endif
