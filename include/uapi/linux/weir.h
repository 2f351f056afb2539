/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * weir: the contract between weir.ko and userland, generic netlink family "weir".
 *
 * The same contract as a netlink specification: weir.yaml beside this file; `make lint` keeps the two equal.
 *
 * Conventions. Every message carries objects as nests of the top-level set (WEIR_A_*). Scalars are of 32 or 64 bits in host
 * byte order; ports are 16 bits and addresses 4 or 16 bytes, both in network byte order. Durations are in the unit that the
 * attribute's text gives. A request that is refused answers with an extack message and, where one attribute is to blame, its
 * offset. *_NEW refuses what exists (EEXIST), *_SET and *_DEL what does not (ESRCH a service, ENOENT a server, connection or pool).
 * *_SET leaves alone what the message does not name.
 */
#ifndef _UAPI_LINUX_WEIR_H
#define _UAPI_LINUX_WEIR_H

#define WEIR_FAMILY_NAME	"weir"
#define WEIR_FAMILY_VERSION	1

#define WEIR_MCGRP_CONFIG	"config"	/* *_NTF messages; needs no privilege */

/* Limits of names and values, terminating zero not counted. */
#define WEIR_SCHEDULER_NAME_MAX	15
#define WEIR_OWNER_MAX		63
#define WEIR_POOL_NAME_MAX	31
#define WEIR_EXPRESS_DEVICES_MAX	16
#define WEIR_WEIGHT_MAX		65535
#define WEIR_TIMEOUT_MAX	2678400		/* seconds, 31 days, as ipvsadm's */
#define WEIR_SLOW_START_MAX	86400		/* seconds */
#define WEIR_SEED_LEN		16		/* bytes */
#define WEIR_MH_TABLE_MAX	131071		/* slots */

/**
 * enum weir_method - how packets reach a server ("forwarding method")
 * @WEIR_METHOD_NAT: destination address and port rewritten; replies come back through the director
 * @WEIR_METHOD_LOCAL: the server is the director itself
 * @WEIR_METHOD_TUN: encapsulated, see enum weir_tunnel_type; the server answers the client by itself
 * @WEIR_METHOD_DR: direct routing, only the MAC address is rewritten
 * @WEIR_METHOD_FULLNAT: both ends rewritten: the server sees an address of its service's pool as the client, and answers to that;
 *	its family, which is the pool's, may be another than the service's
 */
enum weir_method {
	WEIR_METHOD_NAT,
	WEIR_METHOD_LOCAL,
	WEIR_METHOD_TUN,
	WEIR_METHOD_DR,
	WEIR_METHOD_FULLNAT,
};

/**
 * enum weir_tunnel_type - how packets are encapsulated, in IPv4 or IPv6 by the server's address
 * @WEIR_TUNNEL_IPIP: IP in IP
 * @WEIR_TUNNEL_GUE: generic UDP encapsulation, version 0
 * @WEIR_TUNNEL_GRE: generic routing encapsulation
 */
enum weir_tunnel_type {
	WEIR_TUNNEL_IPIP,
	WEIR_TUNNEL_GUE,
	WEIR_TUNNEL_GRE,
};

/**
 * enum weir_tunnel_flags - bits of WEIR_A_SERVER_TUN_FLAGS
 * @WEIR_TUNNEL_F_CSUM: with a checksum of its own (gue, gre)
 * @WEIR_TUNNEL_F_REMCSUM: remote checksum: the server makes the sum of what has none yet (gue)
 */
enum weir_tunnel_flags {
	WEIR_TUNNEL_F_CSUM	= 1 << 0,
	WEIR_TUNNEL_F_REMCSUM	= 1 << 1,
};

/**
 * enum weir_service_flags - bits of WEIR_A_SERVICE_FLAGS
 * @WEIR_SERVICE_F_ONE_PACKET: each datagram is scheduled by itself, no connection is kept (UDP or firewall mark)
 * @WEIR_SERVICE_F_SH_FALLBACK: sh: where the hashed server is unavailable, try others
 * @WEIR_SERVICE_F_SH_PORT: sh: hash the client's port too
 * @WEIR_SERVICE_F_MH_FALLBACK: mh: where the hashed server is unavailable, try others
 * @WEIR_SERVICE_F_MH_PORT: mh: hash the client's port too
 * @WEIR_SERVICE_F_CONNTRACK: leave the connections to nf_conntrack instead of marking them untracked
 * @WEIR_SERVICE_F_NO_EXPRESS: keep the connections on the admission path
 * @WEIR_SERVICE_F_CLAMP_MSS: lower the MSS of SYNs to what the path to the server carries (reserved)
 * @WEIR_SERVICE_F_TOA: method fullnat tells the server the client's address, by TCP option 254 (IPv4) or 253 (IPv6). TCP and marks
 * @WEIR_SERVICE_F_TOA_DPVS: the same, with kind 254 for IPv6 as well, which is what DPVS's module for servers knows
 */
enum weir_service_flags {
	WEIR_SERVICE_F_ONE_PACKET	= 1 << 0,
	WEIR_SERVICE_F_SH_FALLBACK	= 1 << 1,
	WEIR_SERVICE_F_SH_PORT		= 1 << 2,
	WEIR_SERVICE_F_MH_FALLBACK	= 1 << 3,
	WEIR_SERVICE_F_MH_PORT		= 1 << 4,
	WEIR_SERVICE_F_CONNTRACK	= 1 << 5,
	WEIR_SERVICE_F_NO_EXPRESS	= 1 << 6,
	WEIR_SERVICE_F_CLAMP_MSS	= 1 << 7,
	WEIR_SERVICE_F_TOA		= 1 << 8,
	WEIR_SERVICE_F_TOA_DPVS		= 1 << 9,
};

/**
 * enum weir_on_gone - what becomes of the connections of a server that is deleted
 * @WEIR_ON_GONE_KEEP: they go on until they end; a server that is added again takes them back; the default
 * @WEIR_ON_GONE_RESET: RST to both ends (TCP), then forgotten
 * @WEIR_ON_GONE_MOVE: forgotten without a word; what comes next is scheduled anew
 */
enum weir_on_gone {
	WEIR_ON_GONE_KEEP,
	WEIR_ON_GONE_RESET,
	WEIR_ON_GONE_MOVE,
};

/**
 * enum weir_proxy_protocol - the header of PROXY protocol that servers of method fullnat get, which says whom a connection is from
 * @WEIR_PROXY_PROTOCOL_NONE: they get none
 * @WEIR_PROXY_PROTOCOL_V1: the line of text; TCP
 * @WEIR_PROXY_PROTOCOL_V2: the binary one; TCP, and UDP in front of the data until the server has answered
 */
enum weir_proxy_protocol {
	WEIR_PROXY_PROTOCOL_NONE,
	WEIR_PROXY_PROTOCOL_V1,
	WEIR_PROXY_PROTOCOL_V2,
};

/**
 * enum weir_server_flags - bits of WEIR_A_SERVER_FLAGS, read-only
 * @WEIR_SERVER_F_OVERLOADED: the upper threshold was reached; nothing new until the lower one
 * @WEIR_SERVER_F_DRAINING: an operator drains the server
 * @WEIR_SERVER_F_SLOW_START: the server is still within its slow start
 */
enum weir_server_flags {
	WEIR_SERVER_F_OVERLOADED	= 1 << 0,
	WEIR_SERVER_F_DRAINING		= 1 << 1,
	WEIR_SERVER_F_SLOW_START	= 1 << 2,
};

/**
 * enum weir_state - states of a connection, in the order of the time-out tables
 * @WEIR_STATE_NONE: none yet; templates of persistence
 * @WEIR_STATE_TCP_ESTABLISHED: TCP
 * @WEIR_STATE_TCP_SYN_SENT: TCP
 * @WEIR_STATE_TCP_SYN_RECV: TCP
 * @WEIR_STATE_TCP_FIN_WAIT: TCP
 * @WEIR_STATE_TCP_TIME_WAIT: TCP
 * @WEIR_STATE_TCP_CLOSE: TCP
 * @WEIR_STATE_TCP_CLOSE_WAIT: TCP
 * @WEIR_STATE_TCP_LAST_ACK: TCP
 * @WEIR_STATE_TCP_LISTEN: TCP
 * @WEIR_STATE_TCP_SYNACK: TCP
 * @WEIR_STATE_UDP: UDP, both directions seen or the method hides the other one
 * @WEIR_STATE_UDP_UNREPLIED: UDP over nat, nothing came back yet
 */
enum weir_state {
	WEIR_STATE_NONE,
	WEIR_STATE_TCP_ESTABLISHED,
	WEIR_STATE_TCP_SYN_SENT,
	WEIR_STATE_TCP_SYN_RECV,
	WEIR_STATE_TCP_FIN_WAIT,
	WEIR_STATE_TCP_TIME_WAIT,
	WEIR_STATE_TCP_CLOSE,
	WEIR_STATE_TCP_CLOSE_WAIT,
	WEIR_STATE_TCP_LAST_ACK,
	WEIR_STATE_TCP_LISTEN,
	WEIR_STATE_TCP_SYNACK,
	WEIR_STATE_UDP,
	WEIR_STATE_UDP_UNREPLIED,

	/* private: */
	__WEIR_STATE_MAX,
	WEIR_STATE_MAX = (__WEIR_STATE_MAX - 1)
};

/**
 * enum weir_conn_flags - bits of WEIR_A_CONN_FLAGS, read-only
 * @WEIR_CONN_F_TEMPLATE: a template of persistence, not a connection
 * @WEIR_CONN_F_ACTIVE: counts as active, else as inactive
 * @WEIR_CONN_F_ONE_WAY: the replies do not pass the director (dr, tun)
 * @WEIR_CONN_F_EXPRESS: the client's direction takes the express path
 * @WEIR_CONN_F_EXPRESS_REPLY: the server's direction takes the express path
 * @WEIR_CONN_F_CONNTRACK: nf_conntrack sees the connection
 */
enum weir_conn_flags {
	WEIR_CONN_F_TEMPLATE		= 1 << 0,
	WEIR_CONN_F_ACTIVE		= 1 << 1,
	WEIR_CONN_F_ONE_WAY		= 1 << 2,
	WEIR_CONN_F_EXPRESS		= 1 << 3,
	WEIR_CONN_F_EXPRESS_REPLY	= 1 << 4,
	WEIR_CONN_F_CONNTRACK		= 1 << 5,
};

/**
 * enum weir_transaction_mode - what a commit does with the owner's objects that the transaction did not name
 * @WEIR_TRANSACTION_REPLACE: removes them
 * @WEIR_TRANSACTION_MERGE: leaves them alone
 */
enum weir_transaction_mode {
	WEIR_TRANSACTION_REPLACE,
	WEIR_TRANSACTION_MERGE,
};

/**
 * enum weir_stats_attrs - WEIR_A_*_STATS nests
 * @WEIR_A_STATS_UNSPEC: unused
 * @WEIR_A_STATS_PAD: padding of 64-bit attributes
 * @WEIR_A_STATS_CONNS: u64, connections scheduled
 * @WEIR_A_STATS_IN_PKTS: u64, packets from clients
 * @WEIR_A_STATS_OUT_PKTS: u64, packets from servers
 * @WEIR_A_STATS_IN_BYTES: u64, bytes from clients, IP header included
 * @WEIR_A_STATS_OUT_BYTES: u64, bytes from servers, IP header included
 * @WEIR_A_STATS_CPS: u64, connections per second, average of the last some 8 seconds
 * @WEIR_A_STATS_IN_PPS: u64, packets per second from clients
 * @WEIR_A_STATS_OUT_PPS: u64, packets per second from servers
 * @WEIR_A_STATS_IN_BPS: u64, bytes per second from clients
 * @WEIR_A_STATS_OUT_BPS: u64, bytes per second from servers
 */
enum weir_stats_attrs {
	WEIR_A_STATS_UNSPEC,
	WEIR_A_STATS_PAD,
	WEIR_A_STATS_CONNS,
	WEIR_A_STATS_IN_PKTS,
	WEIR_A_STATS_OUT_PKTS,
	WEIR_A_STATS_IN_BYTES,
	WEIR_A_STATS_OUT_BYTES,
	WEIR_A_STATS_CPS,
	WEIR_A_STATS_IN_PPS,
	WEIR_A_STATS_OUT_PPS,
	WEIR_A_STATS_IN_BPS,
	WEIR_A_STATS_OUT_BPS,

	/* private: */
	__WEIR_A_STATS_MAX,
	WEIR_A_STATS_MAX = (__WEIR_A_STATS_MAX - 1)
};

/**
 * enum weir_timeout_attrs - time-outs by state; of a namespace (WEIR_A_CONFIG_TIMEOUTS) or of a service
 * @WEIR_A_TIMEOUT_UNSPEC: unused
 * @WEIR_A_TIMEOUT_STATE: u32, enum weir_state
 * @WEIR_A_TIMEOUT_SECONDS: u32, 1 to WEIR_TIMEOUT_MAX; 0 in a service: the namespace's
 *
 * One nest per state; WEIR_A_*_TIMEOUT is repeated.
 */
enum weir_timeout_attrs {
	WEIR_A_TIMEOUT_UNSPEC,
	WEIR_A_TIMEOUT_STATE,
	WEIR_A_TIMEOUT_SECONDS,

	/* private: */
	__WEIR_A_TIMEOUT_MAX,
	WEIR_A_TIMEOUT_MAX = (__WEIR_A_TIMEOUT_MAX - 1)
};

/**
 * enum weir_service_attrs - WEIR_A_SERVICE
 *
 * The key is {family, protocol, addr, port, port-end} or {family, fwmark}.
 *
 * @WEIR_A_SERVICE_UNSPEC: unused
 * @WEIR_A_SERVICE_ID: u32, read-only, unique in the namespace, never used again
 * @WEIR_A_SERVICE_FAMILY: u32, AF_INET or AF_INET6
 * @WEIR_A_SERVICE_PROTOCOL: u32, IPPROTO_TCP or IPPROTO_UDP; absent with a mark
 * @WEIR_A_SERVICE_ADDR: 4 or 16 bytes, the virtual address
 * @WEIR_A_SERVICE_PORT: be16; 0 means all ports and needs persistence
 * @WEIR_A_SERVICE_PORT_END: be16, last port of a range that starts at PORT; absent: one port
 * @WEIR_A_SERVICE_FWMARK: u32, 1 and above: packets that carry this mark, whatever their address
 * @WEIR_A_SERVICE_OWNER: string, who keeps this service; on NEW only, "cli" where absent
 * @WEIR_A_SERVICE_SCHEDULER: string; required on NEW
 * @WEIR_A_SERVICE_FLAGS: u32, enum weir_service_flags
 * @WEIR_A_SERVICE_PERSIST_TIMEOUT: u32, seconds that a client keeps its server; 0: no persistence
 * @WEIR_A_SERVICE_PERSIST_PREFIX: u32, prefix length that counts as one client, 1 to 32 or 128; absent: all of it
 * @WEIR_A_SERVICE_SLOW_START: u32, seconds over which a server that appears grows to its full weight (not fo, ovf, sh, dh, mh)
 * @WEIR_A_SERVICE_SYN_RETRY: u32, times that a connection whose SYN was refused or left unanswered is scheduled again, 0 to 8
 * @WEIR_A_SERVICE_ON_GONE: u32, enum weir_on_gone
 * @WEIR_A_SERVICE_MH_SIZE: u32, least number of slots of mh's table; the next prime is taken; 0: by the number of servers
 * @WEIR_A_SERVICE_SEED: 16 bytes, key of mh's hash; directors that must agree share it; absent or all zero: a secret of this namespace.
 *	Given out to holders of CAP_NET_ADMIN only
 * @WEIR_A_SERVICE_TIMEOUT: nest of enum weir_timeout_attrs, repeated
 * @WEIR_A_SERVICE_STATS: nest of enum weir_stats_attrs, read-only
 * @WEIR_A_SERVICE_SERVERS: u32, read-only, number of servers
 * @WEIR_A_SERVICE_POOL: string, the pool of its servers of method fullnat; empty: none
 * @WEIR_A_SERVICE_PROXY_PROTOCOL: u32, enum weir_proxy_protocol; needs servers of method fullnat, all of them
 */
enum weir_service_attrs {
	WEIR_A_SERVICE_UNSPEC,
	WEIR_A_SERVICE_ID,
	WEIR_A_SERVICE_FAMILY,
	WEIR_A_SERVICE_PROTOCOL,
	WEIR_A_SERVICE_ADDR,
	WEIR_A_SERVICE_PORT,
	WEIR_A_SERVICE_PORT_END,
	WEIR_A_SERVICE_FWMARK,
	WEIR_A_SERVICE_OWNER,
	WEIR_A_SERVICE_SCHEDULER,
	WEIR_A_SERVICE_FLAGS,
	WEIR_A_SERVICE_PERSIST_TIMEOUT,
	WEIR_A_SERVICE_PERSIST_PREFIX,
	WEIR_A_SERVICE_SLOW_START,
	WEIR_A_SERVICE_SYN_RETRY,
	WEIR_A_SERVICE_ON_GONE,
	WEIR_A_SERVICE_MH_SIZE,
	WEIR_A_SERVICE_SEED,
	WEIR_A_SERVICE_TIMEOUT,
	WEIR_A_SERVICE_STATS,
	WEIR_A_SERVICE_SERVERS,
	WEIR_A_SERVICE_POOL,
	WEIR_A_SERVICE_PROXY_PROTOCOL,

	/* private: */
	__WEIR_A_SERVICE_MAX,
	WEIR_A_SERVICE_MAX = (__WEIR_A_SERVICE_MAX - 1)
};

/**
 * enum weir_server_attrs - WEIR_A_SERVER; the key is {family, addr, port} within its service
 * @WEIR_A_SERVER_UNSPEC: unused
 * @WEIR_A_SERVER_ID: u32, read-only, unique in the namespace
 * @WEIR_A_SERVER_FAMILY: u32, AF_INET or AF_INET6; absent: the service's
 * @WEIR_A_SERVER_ADDR: 4 or 16 bytes
 * @WEIR_A_SERVER_PORT: be16; absent or 0: the port that the client asked for; dr, tun and local cannot change it
 * @WEIR_A_SERVER_METHOD: u32, enum weir_method; absent: dr
 * @WEIR_A_SERVER_WEIGHT: u32, 0 (nothing new) to 65535; absent: 1
 * @WEIR_A_SERVER_UPPER: u32, connections at which the server counts as overloaded; 0: never
 * @WEIR_A_SERVER_LOWER: u32, connections below which it takes new ones again; 0: three quarters of UPPER
 * @WEIR_A_SERVER_FLAGS: u32, enum weir_server_flags, read-only
 * @WEIR_A_SERVER_OVERRIDE: u32, an operator's weight that outranks WEIGHT and survives a transaction; with SET
 * @WEIR_A_SERVER_OVERRIDE_CLEAR: flag, with SET: no override any more, no drain
 * @WEIR_A_SERVER_DRAIN: u32, seconds after which a draining server's connections are reset, 0: never; with SET it starts the
 *	drain, in answers what is left
 * @WEIR_A_SERVER_ACTIVE: u32, read-only, active connections
 * @WEIR_A_SERVER_INACTIVE: u32, read-only, the others
 * @WEIR_A_SERVER_PERSISTENT: u32, read-only, templates of persistence
 * @WEIR_A_SERVER_STATS: nest of enum weir_stats_attrs, read-only
 * @WEIR_A_SERVER_TUN_TYPE: u32, enum weir_tunnel_type; absent: ipip. This and the next two with method tun only
 * @WEIR_A_SERVER_TUN_PORT: be16, UDP port of gue, which needs one
 * @WEIR_A_SERVER_TUN_FLAGS: u32, enum weir_tunnel_flags, one at most
 */
enum weir_server_attrs {
	WEIR_A_SERVER_UNSPEC,
	WEIR_A_SERVER_ID,
	WEIR_A_SERVER_FAMILY,
	WEIR_A_SERVER_ADDR,
	WEIR_A_SERVER_PORT,
	WEIR_A_SERVER_METHOD,
	WEIR_A_SERVER_WEIGHT,
	WEIR_A_SERVER_UPPER,
	WEIR_A_SERVER_LOWER,
	WEIR_A_SERVER_FLAGS,
	WEIR_A_SERVER_OVERRIDE,
	WEIR_A_SERVER_OVERRIDE_CLEAR,
	WEIR_A_SERVER_DRAIN,
	WEIR_A_SERVER_ACTIVE,
	WEIR_A_SERVER_INACTIVE,
	WEIR_A_SERVER_PERSISTENT,
	WEIR_A_SERVER_STATS,
	WEIR_A_SERVER_TUN_TYPE,
	WEIR_A_SERVER_TUN_PORT,
	WEIR_A_SERVER_TUN_FLAGS,

	/* private: */
	__WEIR_A_SERVER_MAX,
	WEIR_A_SERVER_MAX = (__WEIR_A_SERVER_MAX - 1)
};

/**
 * enum weir_conn_attrs - WEIR_A_CONN; the key is {family, protocol, client, virtual}
 *
 * In a request for a dump any of them filters: connections that agree with all that is given.
 *
 * @WEIR_A_CONN_UNSPEC: unused
 * @WEIR_A_CONN_PAD: padding of 64-bit attributes
 * @WEIR_A_CONN_FAMILY: u32
 * @WEIR_A_CONN_PROTOCOL: u32
 * @WEIR_A_CONN_CLIENT_ADDR: 4 or 16 bytes
 * @WEIR_A_CONN_CLIENT_PREFIX: u32, filters only: leading bits of CLIENT_ADDR that count
 * @WEIR_A_CONN_CLIENT_PORT: be16
 * @WEIR_A_CONN_VIRTUAL_ADDR: 4 or 16 bytes
 * @WEIR_A_CONN_VIRTUAL_PORT: be16
 * @WEIR_A_CONN_SERVER_FAMILY: u32
 * @WEIR_A_CONN_SERVER_ADDR: 4 or 16 bytes
 * @WEIR_A_CONN_SERVER_PORT: be16
 * @WEIR_A_CONN_SERVICE_ID: u32
 * @WEIR_A_CONN_SERVER_ID: u32
 * @WEIR_A_CONN_METHOD: u32, enum weir_method
 * @WEIR_A_CONN_STATE: u32, enum weir_state
 * @WEIR_A_CONN_FLAGS: u32, enum weir_conn_flags
 * @WEIR_A_CONN_EXPIRES: u32, milliseconds
 * @WEIR_A_CONN_LOCAL_ADDR: 4 or 16 bytes, read-only, with method fullnat: what the server sees as the client
 * @WEIR_A_CONN_LOCAL_PORT: be16, likewise
 */
enum weir_conn_attrs {
	WEIR_A_CONN_UNSPEC,
	WEIR_A_CONN_PAD,
	WEIR_A_CONN_FAMILY,
	WEIR_A_CONN_PROTOCOL,
	WEIR_A_CONN_CLIENT_ADDR,
	WEIR_A_CONN_CLIENT_PREFIX,
	WEIR_A_CONN_CLIENT_PORT,
	WEIR_A_CONN_VIRTUAL_ADDR,
	WEIR_A_CONN_VIRTUAL_PORT,
	WEIR_A_CONN_SERVER_FAMILY,
	WEIR_A_CONN_SERVER_ADDR,
	WEIR_A_CONN_SERVER_PORT,
	WEIR_A_CONN_SERVICE_ID,
	WEIR_A_CONN_SERVER_ID,
	WEIR_A_CONN_METHOD,
	WEIR_A_CONN_STATE,
	WEIR_A_CONN_FLAGS,
	WEIR_A_CONN_EXPIRES,
	WEIR_A_CONN_LOCAL_ADDR,
	WEIR_A_CONN_LOCAL_PORT,

	/* private: */
	__WEIR_A_CONN_MAX,
	WEIR_A_CONN_MAX = (__WEIR_A_CONN_MAX - 1)
};

/**
 * enum weir_config_attrs - WEIR_A_CONFIG, the settings of a network namespace
 * @WEIR_A_CONFIG_UNSPEC: unused
 * @WEIR_A_CONFIG_TIMEOUT: nest of enum weir_timeout_attrs, repeated
 * @WEIR_A_CONFIG_CONN_MAX: u32, connections at most; 1 and above
 * @WEIR_A_CONFIG_SERVICE_MAX: u32, services at most
 * @WEIR_A_CONFIG_STAGED_MAX: u32, bytes that one transaction may stage
 * @WEIR_A_CONFIG_EXPRESS: u32, 0 or 1: the express path
 * @WEIR_A_CONFIG_SLOPPY_TCP: u32, 0 or 1: any TCP segment but RST may open a connection, not SYN alone
 * @WEIR_A_CONFIG_EXPIRE_QUIESCENT: u32, 0 or 1: a template of persistence ends when its server's weight is 0
 * @WEIR_A_CONFIG_CONN_COUNT: u32, read-only
 * @WEIR_A_CONFIG_CONN_BUCKETS: u32, read-only, size of the connection table
 * @WEIR_A_CONFIG_SERVICE_COUNT: u32, read-only
 * @WEIR_A_CONFIG_EXPRESS_DEVICE: string, a device that the express path may stand at, whether it is there or not; repeated, up to
 *	WEIR_EXPRESS_DEVICES_MAX. In a request they take the place of those that are set; an empty one alone: of none, which is all
 *	devices. A listing has none then
 */
enum weir_config_attrs {
	WEIR_A_CONFIG_UNSPEC,
	WEIR_A_CONFIG_TIMEOUT,
	WEIR_A_CONFIG_CONN_MAX,
	WEIR_A_CONFIG_SERVICE_MAX,
	WEIR_A_CONFIG_STAGED_MAX,
	WEIR_A_CONFIG_EXPRESS,
	WEIR_A_CONFIG_SLOPPY_TCP,
	WEIR_A_CONFIG_EXPIRE_QUIESCENT,
	WEIR_A_CONFIG_CONN_COUNT,
	WEIR_A_CONFIG_CONN_BUCKETS,
	WEIR_A_CONFIG_SERVICE_COUNT,
	WEIR_A_CONFIG_EXPRESS_DEVICE,

	/* private: */
	__WEIR_A_CONFIG_MAX,
	WEIR_A_CONFIG_MAX = (__WEIR_A_CONFIG_MAX - 1)
};

/**
 * enum weir_counter_attrs - WEIR_A_COUNTER, one counter of the namespace
 * @WEIR_A_COUNTER_UNSPEC: unused
 * @WEIR_A_COUNTER_PAD: padding of 64-bit attributes
 * @WEIR_A_COUNTER_NAME: string, as in "drop-no-server"
 * @WEIR_A_COUNTER_VALUE: u64, packets or events since the module was loaded
 */
enum weir_counter_attrs {
	WEIR_A_COUNTER_UNSPEC,
	WEIR_A_COUNTER_PAD,
	WEIR_A_COUNTER_NAME,
	WEIR_A_COUNTER_VALUE,

	/* private: */
	__WEIR_A_COUNTER_MAX,
	WEIR_A_COUNTER_MAX = (__WEIR_A_COUNTER_MAX - 1)
};

/**
 * enum weir_range_attrs - WEIR_A_POOL_RANGE, addresses that follow each other
 * @WEIR_A_RANGE_UNSPEC: unused
 * @WEIR_A_RANGE_FIRST: 4 or 16 bytes
 * @WEIR_A_RANGE_LAST: 4 or 16 bytes; absent: one address
 */
enum weir_range_attrs {
	WEIR_A_RANGE_UNSPEC,
	WEIR_A_RANGE_FIRST,
	WEIR_A_RANGE_LAST,

	/* private: */
	__WEIR_A_RANGE_MAX,
	WEIR_A_RANGE_MAX = (__WEIR_A_RANGE_MAX - 1)
};

/**
 * enum weir_pool_attrs - WEIR_A_POOL, local addresses and ports of method fullnat; the key is the name
 *
 * Towards each server, that is each address, port and protocol, every pair of an address and a port serves one connection.
 *
 * @WEIR_A_POOL_UNSPEC: unused
 * @WEIR_A_POOL_PAD: padding of 64-bit attributes
 * @WEIR_A_POOL_ID: u32, read-only, unique in the namespace
 * @WEIR_A_POOL_NAME: string, visible characters
 * @WEIR_A_POOL_FAMILY: u32, AF_INET or AF_INET6; required on NEW
 * @WEIR_A_POOL_OWNER: string, who keeps it; on NEW only, "cli" where absent
 * @WEIR_A_POOL_RANGE: nest of enum weir_range_attrs, 16 at most, repeated; required on NEW. With SET they replace all that were
 * @WEIR_A_POOL_PORT: be16, first port, 1 and above; absent on NEW: 1024
 * @WEIR_A_POOL_PORT_END: be16, last port; absent on NEW: 65535
 * @WEIR_A_POOL_ADDRS: u32, read-only, addresses
 * @WEIR_A_POOL_SERVICES: u32, read-only, services that name it
 * @WEIR_A_POOL_CONNS: u32, read-only, connections that hold a pair now
 * @WEIR_A_POOL_TAKEN: u64, read-only, pairs taken since it was made
 * @WEIR_A_POOL_REFUSED: u64, read-only, times that none was left towards a server
 * @WEIR_A_POOL_HOST: u64, read-only, times that a pair was passed over because a socket of this machine has it
 */
enum weir_pool_attrs {
	WEIR_A_POOL_UNSPEC,
	WEIR_A_POOL_PAD,
	WEIR_A_POOL_ID,
	WEIR_A_POOL_NAME,
	WEIR_A_POOL_FAMILY,
	WEIR_A_POOL_OWNER,
	WEIR_A_POOL_RANGE,
	WEIR_A_POOL_PORT,
	WEIR_A_POOL_PORT_END,
	WEIR_A_POOL_ADDRS,
	WEIR_A_POOL_SERVICES,
	WEIR_A_POOL_CONNS,
	WEIR_A_POOL_TAKEN,
	WEIR_A_POOL_REFUSED,
	WEIR_A_POOL_HOST,

	/* private: */
	__WEIR_A_POOL_MAX,
	WEIR_A_POOL_MAX = (__WEIR_A_POOL_MAX - 1)
};

/**
 * enum weir_attrs - the top-level set of every message
 * @WEIR_A_UNSPEC: unused
 * @WEIR_A_SERVICE: nest of enum weir_service_attrs
 * @WEIR_A_SERVER: nest of enum weir_server_attrs; repeated in SERVICE_NEW, which adds them with their service
 * @WEIR_A_CONN: nest of enum weir_conn_attrs
 * @WEIR_A_CONFIG: nest of enum weir_config_attrs
 * @WEIR_A_COUNTER: nest of enum weir_counter_attrs
 * @WEIR_A_OWNER: string, CONFIG_BEGIN: whose objects; dumps of services and FLUSH: only this owner's
 * @WEIR_A_GENERATION: u32, the number of the last commit: in answers and notifications; in CONFIG_BEGIN the generation that
 *	the transaction builds on (ESTALE at COMMIT if it has moved since; absent: any)
 * @WEIR_A_TRANSACTION_MODE: u32, enum weir_transaction_mode, CONFIG_BEGIN
 * @WEIR_A_CHANGED: u32, answer to CONFIG_COMMIT: objects added, changed or removed
 * @WEIR_A_STAGED: u32, required in CONFIG_COMMIT: number of POOL_NEW, SERVICE_NEW and SERVER_NEW messages that were sent since
 *	CONFIG_BEGIN; a commit that staged another number is refused, so that a batch of which one message never arrived
 *	changes nothing
 * @WEIR_A_POOL: nest of enum weir_pool_attrs
 */
enum weir_attrs {
	WEIR_A_UNSPEC,
	WEIR_A_SERVICE,
	WEIR_A_SERVER,
	WEIR_A_CONN,
	WEIR_A_CONFIG,
	WEIR_A_COUNTER,
	WEIR_A_OWNER,
	WEIR_A_GENERATION,
	WEIR_A_TRANSACTION_MODE,
	WEIR_A_CHANGED,
	WEIR_A_STAGED,
	WEIR_A_POOL,

	/* private: */
	__WEIR_A_MAX,
	WEIR_A_MAX = (__WEIR_A_MAX - 1)
};

/**
 * enum weir_cmd - the commands
 *
 * Reading pools, services, servers, settings and counters needs no privilege beyond the namespace; everything else needs
 * CAP_NET_ADMIN in the user namespace that owns the network namespace. Raising a limit of WEIR_A_CONFIG_*_MAX above its default
 * needs it in the initial user namespace.
 *
 * A transaction belongs to the socket that opened it. On that socket every other command that changes something is refused
 * (EBUSY) until CONFIG_COMMIT or CONFIG_ABORT; CONFIG_COMMIT ends the transaction whether or not it succeeds, unless the message
 * itself is malformed (EINVAL, as without WEIR_A_STAGED), which is not taken for a commit. Once a message was refused the commit
 * is refused too (ECANCELED). Where one staged message is to blame for a refused commit, its number, counted from 0, is a u32 in
 * NLMSGERR_ATTR_COOKIE.
 *
 * @WEIR_CMD_SERVICE_NEW: add a service, with any number of servers
 * @WEIR_CMD_SERVICE_SET: change a service
 * @WEIR_CMD_SERVICE_DEL: delete a service and its servers
 * @WEIR_CMD_SERVICE_GET: one service, or a dump (of an owner's)
 * @WEIR_CMD_SERVICE_FLUSH: delete all services (of an owner)
 * @WEIR_CMD_SERVICE_ZERO: zero the statistics of a service and its servers; of all where no service is named
 * @WEIR_CMD_SERVER_NEW: add a server to a service
 * @WEIR_CMD_SERVER_SET: change a server, drain it, override its weight
 * @WEIR_CMD_SERVER_DEL: delete a server
 * @WEIR_CMD_SERVER_GET: one server, or a dump: of one service (WEIR_A_SERVICE), else of all, WEIR_A_SERVICE naming each one's
 * @WEIR_CMD_CONN_GET: a dump of connections and templates, filtered by WEIR_A_CONN, WEIR_A_SERVICE, WEIR_A_SERVER; privileged
 * @WEIR_CMD_CONN_DEL: forget one connection by its key, resetting both ends
 * @WEIR_CMD_CONFIG_GET: the settings of the namespace and the generation
 * @WEIR_CMD_CONFIG_SET: change settings
 * @WEIR_CMD_CONFIG_BEGIN: open a transaction on this socket; POOL_NEW, SERVICE_NEW and SERVER_NEW are staged from here on
 * @WEIR_CMD_CONFIG_COMMIT: make what was staged the owner's configuration, in one step; the answer carries WEIR_A_GENERATION
 *	and WEIR_A_CHANGED
 * @WEIR_CMD_CONFIG_ABORT: forget what was staged; closing the socket does the same
 * @WEIR_CMD_COUNTER_GET: a dump of the namespace's counters
 * @WEIR_CMD_SERVICE_ADD_NTF: notification, group "config"
 * @WEIR_CMD_SERVICE_CHANGE_NTF: notification
 * @WEIR_CMD_SERVICE_DEL_NTF: notification, with the whole object
 * @WEIR_CMD_SERVER_ADD_NTF: notification, the server and its service's key
 * @WEIR_CMD_SERVER_CHANGE_NTF: notification, also of overload, drain and the end of slow start
 * @WEIR_CMD_SERVER_DEL_NTF: notification, with the whole object
 * @WEIR_CMD_CONFIG_CHANGE_NTF: notification: settings changed, or a transaction was committed (WEIR_A_GENERATION, WEIR_A_OWNER)
 * @WEIR_CMD_POOL_NEW: add a pool
 * @WEIR_CMD_POOL_SET: give a pool other addresses or ports; connections keep those that they have
 * @WEIR_CMD_POOL_DEL: delete a pool; one that a service names is refused (EBUSY)
 * @WEIR_CMD_POOL_GET: one pool, or a dump
 * @WEIR_CMD_POOL_ADD_NTF: notification, group "config"
 * @WEIR_CMD_POOL_CHANGE_NTF: notification
 * @WEIR_CMD_POOL_DEL_NTF: notification, with the whole object
 * @WEIR_CMD_POOL_FULL_NTF: notification: connections were refused for want of a pair; once a second at most
 */
enum weir_cmd {
	WEIR_CMD_SERVICE_NEW = 1,
	WEIR_CMD_SERVICE_SET,
	WEIR_CMD_SERVICE_DEL,
	WEIR_CMD_SERVICE_GET,
	WEIR_CMD_SERVICE_FLUSH,
	WEIR_CMD_SERVICE_ZERO,
	WEIR_CMD_SERVER_NEW,
	WEIR_CMD_SERVER_SET,
	WEIR_CMD_SERVER_DEL,
	WEIR_CMD_SERVER_GET,
	WEIR_CMD_CONN_GET,
	WEIR_CMD_CONN_DEL,
	WEIR_CMD_CONFIG_GET,
	WEIR_CMD_CONFIG_SET,
	WEIR_CMD_CONFIG_BEGIN,
	WEIR_CMD_CONFIG_COMMIT,
	WEIR_CMD_CONFIG_ABORT,
	WEIR_CMD_COUNTER_GET,
	WEIR_CMD_SERVICE_ADD_NTF,
	WEIR_CMD_SERVICE_CHANGE_NTF,
	WEIR_CMD_SERVICE_DEL_NTF,
	WEIR_CMD_SERVER_ADD_NTF,
	WEIR_CMD_SERVER_CHANGE_NTF,
	WEIR_CMD_SERVER_DEL_NTF,
	WEIR_CMD_CONFIG_CHANGE_NTF,
	WEIR_CMD_POOL_NEW,
	WEIR_CMD_POOL_SET,
	WEIR_CMD_POOL_DEL,
	WEIR_CMD_POOL_GET,
	WEIR_CMD_POOL_ADD_NTF,
	WEIR_CMD_POOL_CHANGE_NTF,
	WEIR_CMD_POOL_DEL_NTF,
	WEIR_CMD_POOL_FULL_NTF,

	/* private: */
	__WEIR_CMD_MAX,
	WEIR_CMD_MAX = (__WEIR_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_WEIR_H */
