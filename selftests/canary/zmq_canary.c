// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves on request, to prove that the debug kernels notice.
 *
 * insmod zmq_canary.ko bug=NAME commits one bug of the kind that one detector
 * is there to find. Never load it on a machine you care about.
 */

#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "the bug to commit");

static DEFINE_MUTEX(canary_mutex_a);
static DEFINE_MUTEX(canary_mutex_b);
static DEFINE_SPINLOCK(canary_spinlock);
static int __rcu *canary_rcu;

static void canary_none(void)
{
}

static void canary_kasan(void)
{
	char *p = kzalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	pr_info("freed memory has %d\n", READ_ONCE(p[8]));
}

static void canary_lockdep(void)
{
	mutex_lock(&canary_mutex_a);
	mutex_lock(&canary_mutex_b);
	mutex_unlock(&canary_mutex_b);
	mutex_unlock(&canary_mutex_a);

	mutex_lock(&canary_mutex_b);
	mutex_lock(&canary_mutex_a);
	mutex_unlock(&canary_mutex_a);
	mutex_unlock(&canary_mutex_b);
}

static void canary_atomic(void)
{
	spin_lock(&canary_spinlock);
	might_sleep();
	spin_unlock(&canary_spinlock);
}

static void canary_rcu_unlocked(void)
{
	pr_info("unprotected pointer %p\n", rcu_dereference(canary_rcu));
}

static void canary_kmemleak(void)
{
	int i;

	/* A stale register or stack slot may hide one block, not all. */
	for (i = 0; i < 100; i++) {
		void *p = kmalloc(128, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(p);
	}
}

static void canary_warn(void)
{
	WARN_ON(1);
}

static void canary_refcount(void)
{
	refcount_t r = REFCOUNT_INIT(0);

	refcount_inc(&r);
}

static void canary_list(void)
{
	struct list_head head, entry;

	INIT_LIST_HEAD(&head);
	list_add(&entry, &head);
	/* The same entry twice. */
	list_add(&entry, &head);
}

static void canary_expire(struct timer_list *timer)
{
}

static void canary_odebug(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, canary_expire, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	/* Still armed. */
	kfree(timer);
}

static void canary_oops(void)
{
	int *p = NULL;

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static const struct canary {
	const char *name;
	void (*commit)(void);
} canaries[] = {
	{ "none", canary_none },
	{ "kasan", canary_kasan },
	{ "lockdep", canary_lockdep },
	{ "atomic", canary_atomic },
	{ "rcu", canary_rcu_unlocked },
	{ "kmemleak", canary_kmemleak },
	{ "warn", canary_warn },
	{ "refcount", canary_refcount },
	{ "list", canary_list },
	{ "odebug", canary_odebug },
	{ "oops", canary_oops },
};

static int __init canary_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(canaries); i++) {
		if (strcmp(bug, canaries[i].name))
			continue;
		pr_info("committing bug \"%s\"\n", bug);
		canaries[i].commit();
		return 0;
	}
	return -EINVAL;
}

static void __exit canary_exit(void)
{
}

module_init(canary_init);
module_exit(canary_exit);

MODULE_DESCRIPTION("Proof that the debug kernels notice bugs");
MODULE_LICENSE("GPL");
