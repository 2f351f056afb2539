// SPDX-License-Identifier: GPL-2.0
/*
 * conn_gc: connections end when their time is over
 *
 * A hashed timing wheel per namespace: one slot a second, SLOTS of them, turned by one delayed work while there are connections
 * or their table is larger than it should be.
 * It is lazy: a packet writes last_seen and leaves the wheel alone; a connection whose second has come is looked at, and is
 * ended or put into the slot of what is left of its life, or of the farthest second where that is beyond the wheel. Only a
 * time-out that became shorter moves a connection before its second.
 *
 *	 pos                                     pos + SLOTS - 1
 *	  |   |   |   |   |   |   |   |   |   |   |   seconds
 *	  |   +---+-------+---- connections stand here, never in pos or before: pos is emptied and never filled again
 *	  +-- being emptied
 *
 * Locks: conn->lock, then the slot's. A connection enters and leaves a list with both held, so that either alone keeps it where
 * it is. From a list to its connections only trylock goes.
 */
#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "conn.h"
#include "counter.h"
#include "proto.h"

#define SLOTS		256
#define LOCKS		16
/* Connections between two chances for others to run, and in one run of the work. */
#define BATCH		64
#define BUDGET		8192
/* Connections that a search for a half-open one looks at. */
#define EVICT_LOOKS	64

struct wheel_slot {
	struct list_head	half_open;	/* half-open when they were put here; oldest first */
	struct list_head	others;
};

struct wheel_lock {
	spinlock_t		lock;		/* lists of the slots that it serves; inside conn->lock; BH-safe */
} ____cacheline_aligned_in_smp;

/**
 * struct weir_wheel - expiry of a namespace's connections
 * @pos: second whose slot is being emptied or is empty; written by the work before it takes the slot's lock
 * @half_open: slots whose list of that name may hold something; a bit changes under its slot's lock
 * @slots: by second modulo SLOTS
 * @locks: by slot modulo LOCKS
 */
struct weir_wheel {
	u32			pos;
	DECLARE_BITMAP(half_open, SLOTS);
	struct wheel_slot	*slots;
	struct wheel_lock	locks[LOCKS];
};

static u32 wheel_second(u64 jiffies64)
{
	return div_u64(jiffies64, HZ);
}

static spinlock_t *wheel_lock(struct weir_wheel *wheel, u32 tick)
{
	return &wheel->locks[tick % LOCKS].lock;
}

/* From here to the moment when its second has come, and not before. */
static unsigned long wheel_wait(void)
{
	u32 part;

	div_u64_rem(get_jiffies_64(), HZ, &part);
	return HZ - part;
}

void weir_conn_gc_arm(struct weir_net *wn)
{
	queue_delayed_work(system_power_efficient_wq, &wn->gc, wheel_wait());
}

static u32 conn_due(const struct weir_conn *conn)
{
	return wheel_second(get_jiffies_64() + weir_conn_left(conn) + HZ - 1);
}

void weir_conn_gc_add(struct weir_conn *conn)
{
	struct weir_wheel *wheel = conn->wn->wheel;
	u32 due = conn_due(conn);
	spinlock_t *slot_lock;	/* of the slot that it goes into */
	struct wheel_slot *slot;
	u32 tick, pos;

	lockdep_assert_held(&conn->lock);

	for (;;) {
		pos = READ_ONCE(wheel->pos);
		tick = pos + clamp_t(s32, due - pos, 1, SLOTS - 1);
		slot_lock = wheel_lock(wheel, tick);
		spin_lock(slot_lock);
		/* The work moves on before it takes the lock: a slot that it has not reached now is one that it will empty. */
		if (likely((s32)(tick - READ_ONCE(wheel->pos)) > 0))
			break;
		spin_unlock(slot_lock);
	}
	slot = &wheel->slots[tick % SLOTS];
	conn->wheel_tick = tick;
	if (weir_state_half_open(conn->state)) {
		list_add_tail(&conn->wheel, &slot->half_open);
		if (!test_bit(tick % SLOTS, wheel->half_open))
			set_bit(tick % SLOTS, wheel->half_open);
	} else {
		list_add_tail(&conn->wheel, &slot->others);
	}
	spin_unlock(slot_lock);
}

void weir_conn_gc_del(struct weir_conn *conn)
{
	spinlock_t *lock = wheel_lock(conn->wn->wheel, conn->wheel_tick);

	lockdep_assert_held(&conn->lock);

	if (list_empty(&conn->wheel))
		return;
	spin_lock(lock);
	list_del_init(&conn->wheel);
	spin_unlock(lock);
}

void weir_conn_gc_sooner(struct weir_conn *conn)
{
	lockdep_assert_held(&conn->lock);

	/* Not on the wheel yet: weir_conn_create() has not come so far, and will look at the new time-out. */
	if (list_empty(&conn->wheel) || (s32)(conn_due(conn) - conn->wheel_tick) >= 0)
		return;
	weir_conn_gc_del(conn);
	weir_conn_gc_add(conn);
}

/* A connection whose second has come. Takes both locks over. True if it was ended. */
static bool wheel_fire(struct weir_conn *conn, spinlock_t *lock)
	__releases(lock) __releases(&conn->lock)
{
	list_del_init(&conn->wheel);
	spin_unlock(lock);
	if (weir_conn_left(conn)) {
		weir_conn_gc_add(conn);
		spin_unlock(&conn->lock);
		return false;
	}
	if (test_and_set_bit(WEIR_CONN_DEAD, &conn->flags)) {
		spin_unlock(&conn->lock);
		return false;
	}
	spin_unlock(&conn->lock);
	weir_count(conn->wn, WEIR_CNT_CONN_EXPIRED);
	weir_conn_finish(conn);
	return true;
}

/* Some connections of the slot at pos; false when it holds none any more. */
static bool wheel_empty_batch(struct weir_wheel *wheel)
{
	struct wheel_slot *slot = &wheel->slots[wheel->pos % SLOTS];
	spinlock_t *lock = wheel_lock(wheel, wheel->pos);
	struct weir_conn *conn = NULL;
	int n;

	rcu_read_lock();
	local_bh_disable();
	for (n = 0; n < BATCH; n++) {
		spin_lock(lock);
		conn = list_first_entry_or_null(&slot->half_open, struct weir_conn, wheel);
		if (!conn)
			conn = list_first_entry_or_null(&slot->others, struct weir_conn, wheel);
		if (!conn) {
			clear_bit(wheel->pos % SLOTS, wheel->half_open);
			spin_unlock(lock);
			break;
		}
		/* Whoever holds it changes its state or ends it, for a moment, and may be waiting for the slot. */
		if (!spin_trylock(&conn->lock)) {
			spin_unlock(lock);
			cpu_relax();
			continue;
		}
		wheel_fire(conn, lock);
	}
	local_bh_enable();
	rcu_read_unlock();
	return conn;
}

static void wheel_turn(struct work_struct *work)
{
	struct weir_net *wn = container_of(to_delayed_work(work), struct weir_net, gc);
	struct weir_wheel *wheel = wn->wheel;
	u32 now = wheel_second(get_jiffies_64());
	int budget = BUDGET / BATCH;

	/* After a rest: once around is enough. */
	if (now - wheel->pos > SLOTS)
		WRITE_ONCE(wheel->pos, now - SLOTS);
	for (;;) {
		while (wheel_empty_batch(wheel)) {
			cond_resched();
			if (!--budget) {
				queue_delayed_work(system_power_efficient_wq, &wn->gc, 0);
				return;
			}
		}
		if (wheel->pos == now)
			break;
		WRITE_ONCE(wheel->pos, wheel->pos + 1);
	}
	if (weir_conn_table_fit(wn) || atomic_read(&wn->conn_count))
		weir_conn_gc_arm(wn);
}

/*
 * Looks at the first of slot @i's half-open list: ends it, or, where it has been answered since, puts it where no one looks for
 * half-open ones any more. True if it was ended.
 */
static bool wheel_evict(struct weir_wheel *wheel, unsigned int i)
{
	spinlock_t *slot_lock = wheel_lock(wheel, i);
	struct weir_conn *conn;

	spin_lock(slot_lock);
	conn = list_first_entry_or_null(&wheel->slots[i].half_open, struct weir_conn, wheel);
	if (!conn) {
		clear_bit(i, wheel->half_open);
		goto out;
	}
	/* Another CPU's at the moment. */
	if (!spin_trylock(&conn->lock))
		goto out;
	if (!weir_state_half_open(conn->state)) {
		list_move_tail(&conn->wheel, &wheel->slots[i].others);
	} else if (!test_and_set_bit(WEIR_CONN_DEAD, &conn->flags)) {
		list_del_init(&conn->wheel);
		spin_unlock(&conn->lock);
		spin_unlock(slot_lock);
		weir_count(conn->wn, WEIR_CNT_CONN_EVICTED);
		weir_conn_finish(conn);
		return true;
	}
	spin_unlock(&conn->lock);
out:
	spin_unlock(slot_lock);
	return false;
}

bool weir_conn_gc_evict(struct weir_net *wn)
{
	struct weir_wheel *wheel = wn->wheel;
	unsigned int i;
	int looks;

	for (looks = 0; looks < EVICT_LOOKS; looks++) {
		i = find_next_bit(wheel->half_open, SLOTS, (READ_ONCE(wheel->pos) + 1) % SLOTS);
		if (i >= SLOTS)
			i = find_first_bit(wheel->half_open, SLOTS);
		if (i >= SLOTS)
			break;
		if (wheel_evict(wheel, i))
			return true;
	}
	return false;
}

int weir_conn_gc_net_init(struct weir_net *wn)
{
	struct weir_wheel *wheel;
	int i;

	wheel = kzalloc(sizeof(*wheel), GFP_KERNEL_ACCOUNT);
	if (!wheel)
		return -ENOMEM;
	wheel->slots = kmalloc_array(SLOTS, sizeof(*wheel->slots), GFP_KERNEL_ACCOUNT);
	if (!wheel->slots) {
		kfree(wheel);
		return -ENOMEM;
	}
	for (i = 0; i < SLOTS; i++) {
		INIT_LIST_HEAD(&wheel->slots[i].half_open);
		INIT_LIST_HEAD(&wheel->slots[i].others);
	}
	for (i = 0; i < LOCKS; i++)
		spin_lock_init(&wheel->locks[i].lock);
	wheel->pos = wheel_second(get_jiffies_64());
	wn->wheel = wheel;
	INIT_DELAYED_WORK(&wn->gc, wheel_turn);
	return 0;
}

void weir_conn_gc_net_exit(struct weir_net *wn, struct list_head *conns)
{
	struct weir_wheel *wheel = wn->wheel;
	int i;

	cancel_delayed_work_sync(&wn->gc);
	for (i = 0; i < SLOTS; i++) {
		list_splice_tail(&wheel->slots[i].half_open, conns);
		list_splice_tail(&wheel->slots[i].others, conns);
	}
	kfree(wheel->slots);
	kfree(wheel);
}
