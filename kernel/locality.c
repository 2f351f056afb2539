// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include "locality.h"
#include "net.h"
#include "sched.h"
#include "server.h"
#include "service.h"

#define BUCKETS		4096
/* Destinations at most, and how many there may be before those that were not asked for lately make room; as in IPVS. */
#define ENTRIES_MAX	(16384 * 3 / 2)
#define ENTRIES_MANY	16384

#define TIDY_INTERVAL	(60 * HZ)
#define KEPT_OF_MANY	(6 * 60 * HZ)
#define KEPT		(24 * 60 * 60 * HZ)

/**
 * struct weir_locality - destinations of a service
 * @lock: protects changes of @buckets, and @n; BH-safe
 * @n: entries
 * @refs: snapshots that share it
 * @key: of the hash
 * @buckets: of struct weir_locality_entry; read under RCU
 */
struct weir_locality {
	spinlock_t		lock;	/* see above */
	u32			n;
	refcount_t		refs;
	hsiphash_key_t		key;
	struct hlist_head	buckets[BUCKETS];
};

struct weir_locality_id {
	u32 id;
	u32 index;
};

/**
 * struct weir_locality_view - set->priv
 * @locality: a reference
 * @ids: the snapshot's servers by id, ascending
 */
struct weir_locality_view {
	struct weir_locality	*locality;
	struct weir_locality_id	ids[];
};

static struct weir_locality *locality_create(void)
{
	struct weir_locality *locality;

	locality = kvzalloc(sizeof(*locality), GFP_KERNEL_ACCOUNT);
	if (!locality)
		return NULL;
	spin_lock_init(&locality->lock);
	refcount_set(&locality->refs, 1);
	get_random_bytes(&locality->key, sizeof(locality->key));
	pr_debug("locality %p created\n", locality);
	return locality;
}

/* A reference to what the present snapshot has, where it is the same scheduler's, or else to a new one; NULL: no memory. */
static struct weir_locality *locality_share(const struct weir_server_set *set)
{
	const struct weir_server_set *present;
	struct weir_locality_view *view;

	present = rcu_dereference_protected(set->svc->set, lockdep_is_held(&set->svc->wn->lock));
	if (!present || present->sched != set->sched)
		return locality_create();
	view = present->priv;
	refcount_inc(&view->locality->refs);
	return view->locality;
}

/* The last snapshot that packets could reach it by is gone since a grace period. */
static void locality_put(struct weir_locality *locality)
{
	struct weir_locality_entry *entry;
	struct hlist_node *next;
	u32 i;

	if (!refcount_dec_and_test(&locality->refs))
		return;
	for (i = 0; i < BUCKETS; i++)
		hlist_for_each_entry_safe(entry, next, &locality->buckets[i], node)
			kfree(entry);
	pr_debug("locality %p destroyed\n", locality);
	kvfree(locality);
}

static int locality_compare(const void *pa, const void *pb)
{
	const struct weir_locality_id *a = pa, *b = pb;

	return a->id < b->id ? -1 : 1;
}

int weir_locality_build(struct weir_server_set *set, const struct weir_service_config *config,
			struct netlink_ext_ack *extack)
{
	struct weir_net *wn = set->svc->wn;
	struct weir_locality_view *view;
	u32 i;

	lockdep_assert_held(&wn->lock);
	view = kvmalloc(struct_size(view, ids, set->n), GFP_KERNEL_ACCOUNT);
	if (!view)
		goto err_nomem;
	view->locality = locality_share(set);
	if (!view->locality)
		goto err_nomem;
	for (i = 0; i < set->n; i++) {
		view->ids[i].id = set->servers[i]->id;
		view->ids[i].index = i;
	}
	sort(view->ids, set->n, sizeof(*view->ids), locality_compare, NULL);
	set->priv = view;
	if (!wn->dying)
		queue_delayed_work(system_power_efficient_wq, &wn->tidy, TIDY_INTERVAL);
	return 0;

err_nomem:
	kvfree(view);
	NL_SET_ERR_MSG(extack, "scheduler: no memory for its table");
	return -ENOMEM;
}

void weir_locality_release(struct weir_server_set *set)
{
	struct weir_locality_view *view = set->priv;

	locality_put(view->locality);
	kvfree(view);
}

static struct weir_locality *locality_of(const struct weir_server_set *set)
{
	const struct weir_locality_view *view = set->priv;

	return view->locality;
}

static struct hlist_head *locality_bucket(struct weir_locality *locality, const union nf_inet_addr *addr)
{
	return &locality->buckets[hsiphash(addr, sizeof(*addr), &locality->key) % BUCKETS];
}

/* RCU or the lock held. */
static struct weir_locality_entry *locality_find(struct hlist_head *bucket, const union nf_inet_addr *addr)
{
	struct weir_locality_entry *entry;

	hlist_for_each_entry_rcu(entry, bucket, node)
		if (nf_inet_addr_cmp(&entry->addr, addr))
			return entry;
	return NULL;
}

struct weir_locality_entry *weir_locality_lookup(const struct weir_server_set *set, const union nf_inet_addr *addr)
{
	struct weir_locality *locality = locality_of(set);
	struct weir_locality_entry *entry = locality_find(locality_bucket(locality, addr), addr);
	unsigned long now = jiffies;

	if (entry && READ_ONCE(entry->used) != now)
		WRITE_ONCE(entry->used, now);
	return entry;
}

struct weir_server *weir_locality_server(const struct weir_server_set *set, u32 id)
{
	const struct weir_locality_view *view = set->priv;
	u32 low = 0, high = set->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (view->ids[mid].id == id)
			return set->servers[view->ids[mid].index];
		if (view->ids[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

u32 weir_locality_row(const struct weir_server_set *set, const struct weir_locality_entry *entry,
		      struct weir_server *row[WEIR_LOCALITY_SERVERS])
{
	u32 i, n = 0;

	for (i = 0; i < entry->n; i++) {
		row[n] = weir_locality_server(set, entry->ids[i]);
		if (row[n])
			n++;
	}
	return n;
}

bool weir_locality_crowded(const struct weir_server_set *set, const struct weir_server *server)
{
	u32 i;

	if ((u32)atomic_read(&server->active) <= READ_ONCE(server->weight))
		return false;
	for (i = 0; i < set->n; i++) {
		const struct weir_server *other = set->servers[i];

		if ((u64)atomic_read(&other->active) * 2 < READ_ONCE(other->weight))
			return true;
	}
	return false;
}

/*
 * @old with @first before its other servers, or with @first as the only one where @old is NULL, or without @gone. Servers that @set has no
 * longer are left out.
 */
static struct weir_locality_entry *locality_entry(const struct weir_server_set *set,
						  const struct weir_locality_entry *old,
						  const struct weir_server *first, const struct weir_server *gone)
{
	struct weir_locality_entry *entry;
	u32 i;

	entry = kmalloc(struct_size(entry, ids, old ? min_t(u32, old->n + 1, WEIR_LOCALITY_SERVERS) : 1),
			GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!entry)
		return NULL;
	entry->n = 0;
	entry->used = jiffies;
	entry->changed = jiffies;
	if (first)
		entry->ids[entry->n++] = first->id;
	for (i = 0; old && i < old->n && entry->n < WEIR_LOCALITY_SERVERS; i++)
		if (!(gone && old->ids[i] == gone->id) && weir_locality_server(set, old->ids[i]))
			entry->ids[entry->n++] = old->ids[i];
	return entry;
}

static bool locality_has(const struct weir_locality_entry *entry, u32 id)
{
	u32 i;

	for (i = 0; i < entry->n; i++)
		if (entry->ids[i] == id)
			return true;
	return false;
}

/* @new, which may be NULL for want of memory, instead of @old, which is NULL where there was none. */
static void locality_replace(struct weir_locality *locality, struct hlist_head *bucket,
			     struct weir_locality_entry *old, struct weir_locality_entry *new)
{
	lockdep_assert_held(&locality->lock);
	if (!new)
		return;
	if (old) {
		hlist_replace_rcu(&old->node, &new->node);
		kfree_rcu(old, rcu);
	} else {
		hlist_add_head_rcu(&new->node, bucket);
		locality->n++;
	}
}

/* @server has @addr from now on; @alone: no other one has. */
static void locality_give(const struct weir_server_set *set, const union nf_inet_addr *addr,
			  const struct weir_server *server, bool alone)
{
	struct weir_locality *locality = locality_of(set);
	struct hlist_head *bucket = locality_bucket(locality, addr);
	struct weir_locality_entry *old, *new;

	spin_lock_bh(&locality->lock);
	old = locality_find(bucket, addr);
	if ((!old && locality->n < ENTRIES_MAX) || (old && !locality_has(old, server->id))) {
		new = locality_entry(set, alone ? NULL : old, server, NULL);
		if (new)
			new->addr = *addr;
		locality_replace(locality, bucket, old, new);
	}
	spin_unlock_bh(&locality->lock);
}

void weir_locality_set(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server)
{
	locality_give(set, addr, server, true);
}

void weir_locality_add(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server)
{
	locality_give(set, addr, server, false);
}

void weir_locality_del(const struct weir_server_set *set, const union nf_inet_addr *addr,
		       const struct weir_server *server)
{
	struct weir_locality *locality = locality_of(set);
	struct hlist_head *bucket = locality_bucket(locality, addr);
	struct weir_locality_entry *old, *new;

	spin_lock_bh(&locality->lock);
	old = locality_find(bucket, addr);
	if (old && old->n > 1 && locality_has(old, server->id)) {
		new = locality_entry(set, old, NULL, server);
		if (new)
			new->addr = *addr;
		locality_replace(locality, bucket, old, new);
	}
	spin_unlock_bh(&locality->lock);
}

void weir_locality_tidy(const struct weir_server_set *set)
{
	struct weir_locality *locality = locality_of(set);
	unsigned long kept = READ_ONCE(locality->n) > ENTRIES_MANY ? KEPT_OF_MANY : KEPT;
	struct weir_locality_entry *entry;
	struct hlist_node *next;
	u32 i;

	for (i = 0; i < BUCKETS; i++) {
		if (hlist_empty(&locality->buckets[i]))
			continue;
		spin_lock_bh(&locality->lock);
		hlist_for_each_entry_safe(entry, next, &locality->buckets[i], node) {
			if (time_before(jiffies, READ_ONCE(entry->used) + kept))
				continue;
			hlist_del_rcu(&entry->node);
			locality->n--;
			kfree_rcu(entry, rcu);
		}
		spin_unlock_bh(&locality->lock);
		cond_resched();
	}
}

static void locality_tidy_all(struct work_struct *work)
{
	struct weir_net *wn = container_of(work, struct weir_net, tidy.work);
	const struct weir_server_set *set;
	struct weir_service *svc;
	bool again = false;

	mutex_lock(&wn->lock);
	list_for_each_entry(svc, &wn->service_list, list) {
		set = rcu_dereference_protected(svc->set, lockdep_is_held(&wn->lock));
		if (!set || !set->sched->tidy)
			continue;
		set->sched->tidy(set);
		again = true;
	}
	if (again && !wn->dying)
		queue_delayed_work(system_power_efficient_wq, &wn->tidy, TIDY_INTERVAL);
	mutex_unlock(&wn->lock);
}

void weir_locality_net_init(struct weir_net *wn)
{
	INIT_DELAYED_WORK(&wn->tidy, locality_tidy_all);
}

void weir_locality_net_exit(struct weir_net *wn)
{
	cancel_delayed_work_sync(&wn->tidy);
}
