/* SPDX-License-Identifier: GPL-2.0 */
/* nl: the generic netlink family, one file a noun (nl_*.c) */
#ifndef _WEIR_NL_H
#define _WEIR_NL_H

#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <uapi/linux/weir.h>

struct weir_conn;
struct weir_net;
struct weir_pool;
struct weir_server;
struct weir_server_config;
struct weir_server_spec;
struct weir_service;
struct weir_service_spec;
struct weir_stats;
struct weir_rates;

extern struct genl_family weir_nl_family;

int weir_nl_init(void);
void weir_nl_exit(void);

/*
 * Notifications to group "config"; wn->lock held, after the change is committed (deletions: before the object goes). Nothing is
 * built without a listener. @cmd: WEIR_CMD_*_NTF.
 */
void weir_nl_notify_service(struct weir_service *svc, u8 cmd);
void weir_nl_notify_server(struct weir_server *server, u8 cmd);
void weir_nl_notify_pool(struct weir_pool *pool, u8 cmd);
void weir_nl_notify_config(struct weir_net *wn, const char *owner);
/* The family comes or goes. */
void weir_nl_notify_on(bool on);

struct weir_nl_field {
	const char	*name;
	int		type;
};

/*
 * Refusals of objects' own checks read "field: reason" and know no attributes. This names the attribute of @nest to blame,
 * @nest itself where the message has none of that field; what the failure named already stands.
 */
void weir_nl_blame(struct netlink_ext_ack *extack, struct nlattr *nest, struct nlattr **tb,
		   const struct weir_nl_field *fields, unsigned int n);
void weir_nl_blame_service(struct netlink_ext_ack *extack, struct nlattr *nest);
void weir_nl_blame_server(struct netlink_ext_ack *extack, struct nlattr *nest);

/* True, with extack set, where @tb (of @nest; NULL: top level) lacks the attribute. @msg: a literal. */
#define weir_nl_missing(extack, nest, tb, type, msg)				\
({										\
	bool __missing = NL_REQ_ATTR_CHECK(extack, nest, tb, type);		\
										\
	if (__missing)								\
		NL_SET_ERR_MSG(extack, msg);					\
	__missing;								\
})

/* A service's key out of its nest: all but @spec->config, which is zeroed. Leaves the nest's attributes in @tb. */
int weir_nl_service_key(struct nlattr *nest, struct nlattr *tb[WEIR_A_SERVICE_MAX + 1], struct weir_service_spec *spec,
			struct netlink_ext_ack *extack);
/* Settings: what the message names replaces what @spec->config has. */
int weir_nl_service_config(struct nlattr *nest, struct nlattr **tb, struct weir_service_spec *spec,
			   struct netlink_ext_ack *extack);
/* A name of a pool, by the rules of owners' names. */
int weir_nl_pool_name(const struct nlattr *attr, const char **name, struct netlink_ext_ack *extack);
int weir_nl_owner(const struct nlattr *attr, const char **owner, struct netlink_ext_ack *extack);
/* -EBUSY while the socket of the request has a transaction open; wn->lock held. */
int weir_nl_no_transaction(struct weir_net *wn, struct genl_info *info);
/* Tells listeners and deletes; wn->lock held. */
void weir_nl_service_remove(struct weir_service *svc);
/* The service that WEIR_A_SERVICE of a request names; wn->lock held; borrowed or ERR_PTR(-ESRCH). */
struct weir_service *weir_nl_service_find(struct weir_net *wn, struct nlattr **attrs, struct netlink_ext_ack *extack);
/* ... for a request that changes it: -EBUSY as well. */
struct weir_service *weir_nl_service_to_change(struct weir_net *wn, struct genl_info *info);
/* A server's key and settings out of its nest. @family: what an absent WEIR_A_SERVER_FAMILY means. */
int weir_nl_server_spec(struct nlattr *nest, u8 family, struct weir_server_spec *spec, struct netlink_ext_ack *extack);
int weir_nl_family_of(const struct nlattr *attr, u8 *family, struct netlink_ext_ack *extack);
int weir_nl_proto(const struct nlattr *attr, u8 *proto, struct netlink_ext_ack *extack);
int weir_nl_addr(const struct nlattr *attr, u8 family, union nf_inet_addr *addr, struct netlink_ext_ack *extack);

/* Its key alone; the server that WEIR_A_SERVER of a request names, borrowed or ERR_PTR. Leave the nest's attributes in @tb. */
int weir_nl_server_key(struct nlattr *nest, u8 family, struct nlattr *tb[WEIR_A_SERVER_MAX + 1],
		       struct weir_server_spec *spec, struct netlink_ext_ack *extack);
struct weir_server *weir_nl_server_find(const struct weir_service *svc, struct nlattr **attrs,
					struct nlattr *tb[WEIR_A_SERVER_MAX + 1], struct netlink_ext_ack *extack);
/* Where a dump goes on: @hint, which the caller holds, or the first service from @id on. wn->lock held; borrowed. */
struct weir_service *weir_nl_service_resume(struct weir_net *wn, struct weir_service *hint, u32 id);

/* Sends @reply, or frees it where filling it gave @err. */
int weir_nl_reply(struct sk_buff *reply, struct genl_info *info, int err);

/* May who sent the request see secrets? */
bool weir_nl_privileged(struct sk_buff *request, struct weir_net *wn);

/*
 * One filler a noun for replies, dumps and notifications: 0 or -EMSGSIZE with the skb as it was. wn->lock held, @generation
 * goes into each message.
 */
int weir_nl_fill_service(struct sk_buff *skb, void *hdr, struct weir_service *svc, bool privileged);
int weir_nl_fill_server(struct sk_buff *skb, void *hdr, const struct weir_server *server);
int weir_nl_fill_pool(struct sk_buff *skb, void *hdr, const struct weir_pool *pool);
int weir_nl_fill_config(struct sk_buff *skb, void *hdr, struct weir_net *wn);
/* Parts of them. */
int weir_nl_put_service_key(struct sk_buff *skb, const struct weir_service *svc);
int weir_nl_put_addr(struct sk_buff *skb, int type, u8 family, const union nf_inet_addr *addr);
int weir_nl_put_stats(struct sk_buff *skb, int type, const struct weir_stats *stats, const struct weir_rates *rates);
int weir_nl_put_timeouts(struct sk_buff *skb, int type, const u32 *timeouts);

/* Policies of the commands; the dimension tells the highest attribute. */
extern const struct nla_policy weir_nl_timeout_policy[WEIR_A_TIMEOUT_MAX + 1];
extern const struct nla_policy weir_nl_service_key_policy[WEIR_A_SERVICE_FWMARK + 1];
extern const struct nla_policy weir_nl_server_key_policy[WEIR_A_SERVER_PORT + 1];
extern const struct nla_policy weir_nl_server_new_policy[WEIR_A_SERVER_TUN_FLAGS + 1];

extern const struct nla_policy weir_nl_service_new_attrs[WEIR_A_SERVER + 1];
extern const struct nla_policy weir_nl_service_set_attrs[WEIR_A_SERVICE + 1];
extern const struct nla_policy weir_nl_service_key_attrs[WEIR_A_SERVICE + 1];
extern const struct nla_policy weir_nl_service_get_attrs[WEIR_A_OWNER + 1];
extern const struct nla_policy weir_nl_owner_attrs[WEIR_A_OWNER + 1];
extern const struct nla_policy weir_nl_server_new_attrs[WEIR_A_SERVER + 1];
extern const struct nla_policy weir_nl_server_set_attrs[WEIR_A_SERVER + 1];
extern const struct nla_policy weir_nl_server_key_attrs[WEIR_A_SERVER + 1];
extern const struct nla_policy weir_nl_conn_get_attrs[WEIR_A_CONN + 1];
extern const struct nla_policy weir_nl_conn_del_attrs[WEIR_A_CONN + 1];
extern const struct nla_policy weir_nl_config_set_attrs[WEIR_A_CONFIG + 1];
extern const struct nla_policy weir_nl_config_begin_attrs[WEIR_A_TRANSACTION_MODE + 1];
extern const struct nla_policy weir_nl_config_commit_attrs[WEIR_A_STAGED + 1];
extern const struct nla_policy weir_nl_pool_new_attrs[WEIR_A_POOL + 1];
extern const struct nla_policy weir_nl_pool_set_attrs[WEIR_A_POOL + 1];
extern const struct nla_policy weir_nl_pool_key_attrs[WEIR_A_POOL + 1];

/*
 * Dumps read their request with the first call of dumpit, not in start: generic netlink gives start no extack. Their state is
 * cb->args[0], 0 before that.
 */
int weir_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_service_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int weir_nl_service_get_done(struct netlink_callback *cb);
int weir_nl_service_flush_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_service_zero_doit(struct sk_buff *skb, struct genl_info *info);

int weir_nl_server_new_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_server_set_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_server_del_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_server_get_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_server_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int weir_nl_server_get_done(struct netlink_callback *cb);

int weir_nl_conn_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int weir_nl_conn_get_done(struct netlink_callback *cb);
int weir_nl_conn_del_doit(struct sk_buff *skb, struct genl_info *info);

int weir_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_config_begin_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_config_commit_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_config_abort_doit(struct sk_buff *skb, struct genl_info *info);

int weir_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info);
int weir_nl_pool_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

int weir_nl_counter_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _WEIR_NL_H */
