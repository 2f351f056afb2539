// SPDX-License-Identifier: GPL-2.0
/* A module with the bug that the parameter "bug" names. The test runner is tested with it. */

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "what to do wrong");

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);
static void __rcu *shared;
static struct kmem_cache *cache;

/* Keeps the compiler from seeing through a pointer. */
static void *hide(void *p)
{
	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static void do_leak(void)
{
	/* The pointer is forgotten, and so is the register that held it. */
	memset(hide(kmalloc(200, GFP_KERNEL)), 0x5a, 200);
}

static void do_use_after_free(void)
{
	char *p = hide(kmalloc(64, GFP_KERNEL));

	kfree(p);
	pr_info("read %d\n", READ_ONCE(*(char *)hide(p)));
}

static void do_out_of_bounds(void)
{
	char *p = hide(kmalloc(60, GFP_KERNEL));

	pr_info("read %d\n", READ_ONCE(p[60]));
	kfree(p);
}

static void do_lock_order(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);
	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static void do_sleep_in_atomic(void)
{
	spin_lock(&lock_a);
	msleep(20);
	spin_unlock(&lock_a);
}

static void do_rcu(void)
{
	/* No read lock, no argument that would make it right. */
	pr_info("pointer %p\n", rcu_dereference(shared));
}

static void do_refcount(void)
{
	refcount_t r;

	refcount_set(&r, 1);
	if (refcount_dec_and_test(&r))
		refcount_dec(&r);
}

static void broken_timer_fn(struct timer_list *t)
{
}

static void do_timer(void)
{
	struct timer_list *t = kzalloc(sizeof(*t), GFP_KERNEL);

	timer_setup(t, broken_timer_fn, 0);
	mod_timer(t, jiffies + 10 * HZ);
	kfree(t);
}

static void do_shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("shifted %d\n", 1 << by);
}

static int do_slab(void)
{
	cache = kmem_cache_create("weir_broken", 128, 0, 0, NULL);
	if (!cache)
		return -ENOMEM;
	hide(kmem_cache_alloc(cache, GFP_KERNEL));
	kmem_cache_destroy(cache);
	return 0;
}

static void do_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init broken_init(void)
{
	pr_info("broken: %s\n", bug);
	if (!strcmp(bug, "leak"))
		do_leak();
	else if (!strcmp(bug, "use_after_free"))
		do_use_after_free();
	else if (!strcmp(bug, "out_of_bounds"))
		do_out_of_bounds();
	else if (!strcmp(bug, "lock_order"))
		do_lock_order();
	else if (!strcmp(bug, "sleep_in_atomic"))
		do_sleep_in_atomic();
	else if (!strcmp(bug, "rcu"))
		do_rcu();
	else if (!strcmp(bug, "refcount"))
		do_refcount();
	else if (!strcmp(bug, "timer"))
		do_timer();
	else if (!strcmp(bug, "shift"))
		do_shift();
	else if (!strcmp(bug, "slab"))
		return do_slab();
	else if (!strcmp(bug, "warn"))
		WARN_ON_ONCE(1);
	else if (!strcmp(bug, "taint"))
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	else if (!strcmp(bug, "netns"))
		get_net(current->nsproxy->net_ns);
	else if (!strcmp(bug, "oops"))
		WRITE_ONCE(*(int *)hide((void *)8), 1);
	else if (!strcmp(bug, "panic"))
		panic("broken");
	else if (!strcmp(bug, "hang"))
		do_hang();
	return 0;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_DESCRIPTION("One bug, for testing the test runner");
MODULE_LICENSE("GPL");
