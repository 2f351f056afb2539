// SPDX-License-Identifier: GPL-2.0
/*
 * drain: connections of a server that goes, in an orderly way
 *
 * A RST is taken only with the sequence number that its receiver expects next (RFC 5961 3.2), so the numbers of a draining
 * server's connections are recorded, on the admission path, as the segments pass:
 *
 *	client expects	what it acknowledged last, or what follows the server's last segment
 *	server expects	what it acknowledged last, or what follows the client's last segment
 *
 * The two differ while data is under way or lost. Each gets a RST: the wrong one is answered with a challenge ACK, or not at all,
 * the right one ends the connection. A connection of which nothing was seen since the drain began is doomed instead: it stays
 * as it is, and the next segment of either end is answered with RSTs that are exact by its own numbers.
 */
#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include "conn.h"
#include "counter.h"
#include "net.h"
#include "pkt.h"
#include "proto.h"
#include "proxy.h"
#include "reset.h"
#include "server.h"
#include "service.h"

void weir_conn_record(struct weir_conn *conn, const struct weir_pkt *pkt, enum weir_dir dir)
{
	struct weir_tuple_node *node = weir_conn_node(conn, dir);
	const struct tcphdr *th;
	struct tcphdr buf;
	u32 head, next;

	if (!test_bit(WEIR_SERVER_DRAINING, &conn->server->state)) {
		/* Undrained, or deleted and back again: from here on numbers pass unseen. */
		spin_lock(&conn->lock);
		clear_bit(WEIR_CONN_SEQ_ORIGINAL, &conn->flags);
		clear_bit(WEIR_CONN_SEQ_REPLY, &conn->flags);
		spin_unlock(&conn->lock);
		clear_bit(WEIR_CONN_DRAINING, &conn->flags);
		return;
	}
	if (pkt->tuple.proto != IPPROTO_TCP)
		return;
	th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(buf), &buf);
	if (!th || th->rst)
		return;
	head = pkt->thoff - skb_network_offset(pkt->skb) + th->doff * 4;
	if (head > pkt->len)
		return;
	next = ntohl(th->seq) + pkt->len - head + th->syn + th->fin;

	spin_lock(&conn->lock);
	/* What is sent again does not move the end back. */
	if (!weir_conn_seq_known(conn, dir) || (s32)(next - node->seq_next) > 0)
		node->seq_next = next;
	if (th->ack)
		node->seq_ack = dir == WEIR_DIR_ORIGINAL ? ntohl(th->ack_seq) :
				weir_proxy_told(conn, ntohl(th->ack_seq));
	set_bit(dir == WEIR_DIR_ORIGINAL ? WEIR_CONN_SEQ_ORIGINAL : WEIR_CONN_SEQ_REPLY, &conn->flags);
	spin_unlock(&conn->lock);
}

/* What is known of one direction; copied under the lock. */
struct seen {
	bool	valid;
	u32	next;
	u32	ack;
};

static struct seen conn_seen(struct weir_conn *conn, enum weir_dir dir)
{
	struct weir_tuple_node *node = weir_conn_node(conn, dir);
	struct seen seen;

	spin_lock(&conn->lock);
	seen.valid = weir_conn_seq_known(conn, dir);
	seen.next = node->seq_next;
	seen.ack = node->seq_ack;
	spin_unlock(&conn->lock);
	return seen;
}

/* Resets the end whose own segments are @own and that the segments of @other go to. */
static void reset_end(struct weir_conn *conn, enum weir_dir to, const struct seen *own, const struct seen *other)
{
	u32 ack = own->valid ? own->next : other->ack;

	if (own->valid)
		weir_reset_send(conn, to, own->ack, ack, true);
	if (other->valid && (!own->valid || other->next != own->ack))
		weir_reset_send(conn, to, other->next, ack, true);
	/* All that was heard may have been a keepalive, the last byte again. Where the first RST was exact nobody hears this one. */
	if (!own->valid)
		weir_reset_send(conn, to, other->next + 1, ack, true);
}

/* True if numbers were known and RSTs went to both ends. */
static bool conn_reset(struct weir_conn *conn)
{
	struct seen client = conn_seen(conn, WEIR_DIR_ORIGINAL);
	struct seen server = conn_seen(conn, WEIR_DIR_REPLY);

	if (!client.valid && !server.valid)
		return false;
	reset_end(conn, WEIR_DIR_REPLY, &client, &server);
	reset_end(conn, WEIR_DIR_ORIGINAL, &server, &client);
	return true;
}

/* Not established yet, or no more: nobody waits long for a RST. */
static bool conn_brief(const struct weir_conn *conn)
{
	u8 state = READ_ONCE(conn->state);

	return weir_state_half_open(state) || state == WEIR_STATE_TCP_TIME_WAIT || state == WEIR_STATE_TCP_CLOSE;
}

/* From here on it counts as inactive, is not listed, and speaks once more at most. */
static void conn_doom(struct weir_conn *conn)
{
	spin_lock(&conn->lock);
	/* Whoever ends it sets DEAD, takes this lock, and then takes back what ACTIVE says it was counted in. */
	if (!test_bit(WEIR_CONN_DEAD, &conn->flags)) {
		set_bit(WEIR_CONN_DOOMED, &conn->flags);
		if (test_and_clear_bit(WEIR_CONN_ACTIVE, &conn->flags))
			weir_server_conn_move(conn->server, false);
	}
	spin_unlock(&conn->lock);
}

void weir_conn_end(struct weir_conn *conn, enum weir_on_gone how)
{
	if (how == WEIR_ON_GONE_KEEP || test_bit(WEIR_CONN_DEAD, &conn->flags))
		return;
	local_bh_disable();
	if (how == WEIR_ON_GONE_MOVE || conn->original.tuple.proto != IPPROTO_TCP) {
		weir_conn_kill(conn);
	} else if (conn_reset(conn)) {
		if (weir_conn_kill(conn))
			weir_count(conn->wn, WEIR_CNT_CONN_RESET);
	} else if (conn_brief(conn)) {
		weir_conn_kill(conn);
	} else {
		conn_doom(conn);
	}
	local_bh_enable();
}

struct end_arg {
	const struct weir_server *server;
	enum weir_on_gone how;
};

static int end_one(struct weir_conn *conn, void *arg)
{
	const struct end_arg *end = arg;

	if (conn->server == end->server)
		weir_conn_end(conn, end->how);
	return 0;
}

void weir_conn_end_server(struct weir_server *server, enum weir_on_gone how)
{
	struct end_arg end = { .server = server, .how = how };
	struct weir_net *wn = server->service->wn;

	/* A namespace that dies drops them all at once. */
	if (how != WEIR_ON_GONE_KEEP && !READ_ONCE(wn->dying))
		weir_conn_foreach(wn, end_one, &end);
}

static int end_one_gone(struct weir_conn *conn, void *arg)
{
	if (test_bit(WEIR_SERVER_GONE, &conn->server->state))
		weir_conn_end(conn, READ_ONCE(conn->server->service->config.on_gone));
	return 0;
}

void weir_conn_end_gone(struct weir_net *wn)
{
	if (!READ_ONCE(wn->dying))
		weir_conn_foreach(wn, end_one_gone, NULL);
}

static int mark_one(struct weir_conn *conn, void *arg)
{
	if (conn->server == arg)
		set_bit(WEIR_CONN_DRAINING, &conn->flags);
	return 0;
}

/* The deadline. Takes no weir_net.lock: who holds it may wait for this to end. */
static void drain_work(struct work_struct *work)
{
	struct weir_server *server = container_of(to_delayed_work(work), struct weir_server, drain);

	if (test_bit(WEIR_SERVER_DRAINING, &server->state)) {
		set_bit(WEIR_SERVER_DRAINED, &server->state);
		weir_conn_end_server(server, WEIR_ON_GONE_RESET);
		weir_server_notify_later(server);
	}
	weir_server_put(server);
}

void weir_server_drain_init(struct weir_server *server)
{
	INIT_DELAYED_WORK(&server->drain, drain_work);
}

void weir_server_drain_cancel(struct weir_server *server)
{
	/* What waits holds a reference; what runs puts its own. */
	if (cancel_delayed_work_sync(&server->drain))
		weir_server_put(server);
}

void weir_server_drain(struct weir_server *server, u32 deadline)
{
	struct weir_net *wn = server->service->wn;

	lockdep_assert_held(&wn->lock);

	weir_server_drain_cancel(server);
	server->drain_limited = deadline;
	server->drain_deadline = jiffies + (unsigned long)deadline * HZ;
	clear_bit(WEIR_SERVER_DRAINED, &server->state);
	set_bit(WEIR_SERVER_DRAINING, &server->state);
	/* Pairs with weir_conn_create(): a connection that the walk does not meet finds the bit. */
	smp_mb__after_atomic();
	weir_server_reweigh(server);
	if (atomic_read(&server->active) || atomic_read(&server->inactive))
		weir_conn_foreach(wn, mark_one, server);
	if (deadline) {
		weir_server_get(server);
		queue_delayed_work(system_unbound_wq, &server->drain, server->drain_deadline - jiffies);
	}
}

void weir_server_undrain(struct weir_server *server)
{
	lockdep_assert_held(&server->service->wn->lock);

	weir_server_drain_cancel(server);
	clear_bit(WEIR_SERVER_DRAINING, &server->state);
	clear_bit(WEIR_SERVER_DRAINED, &server->state);
	server->drain_limited = false;
	weir_server_reweigh(server);
}

u32 weir_server_drain_left(const struct weir_server *server)
{
	unsigned long now = jiffies;

	if (!test_bit(WEIR_SERVER_DRAINING, &server->state) || !server->drain_limited ||
	    time_after_eq(now, server->drain_deadline))
		return 0;
	return DIV_ROUND_UP(server->drain_deadline - now, HZ);
}
