// SPDX-License-Identifier: GPL-2.0
/* nl_service: virtual services over netlink: new, set, del, flush, zero; see nl_service_get.c for listings */
#include <linux/slab.h>
#include "net.h"
#include "nl.h"
#include "server.h"
#include "service.h"
#include "stats.h"
#include "transaction.h"

/* All servers of a message: an array in @servers, kvfree() it. */
static int parse_servers(struct genl_info *info, u8 family, struct weir_server_spec **servers, u32 *n)
{
	struct weir_server_spec *specs = NULL;
	u32 count = 0, i = 0;
	struct nlattr *attr;
	int rem, err;

	*servers = NULL;
	*n = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		count += nla_type(attr) == WEIR_A_SERVER;
	if (!count)
		return 0;
	specs = kvcalloc(count, sizeof(*specs), GFP_KERNEL_ACCOUNT);
	if (!specs)
		return -ENOMEM;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != WEIR_A_SERVER)
			continue;
		err = weir_nl_server_spec(attr, family, &specs[i++], info->extack);
		if (err)
			goto err_specs;
	}
	*servers = specs;
	*n = count;
	return 0;

err_specs:
	kvfree(specs);
	return err;
}

/* Hidden until all of its servers are in; wn->lock held. */
static int service_add(struct weir_net *wn, const char *owner, const struct weir_service_spec *spec,
		       const struct weir_server_spec *servers, u32 n, struct genl_info *info)
{
	struct netlink_ext_ack *extack = info->extack;
	struct weir_server *server;
	struct weir_service *svc;
	int err = 0;
	u32 i;

	svc = weir_service_create(wn, &spec->key, spec->port_first, spec->port_last, owner, &spec->config, extack);
	if (IS_ERR(svc)) {
		weir_nl_blame_service(extack, info->attrs[WEIR_A_SERVICE]);
		return PTR_ERR(svc);
	}
	for (i = 0; i < n && !err; i++) {
		server = weir_server_add(svc, servers[i].family, &servers[i].addr, servers[i].port, &servers[i].config,
					 extack);
		if (IS_ERR(server)) {
			weir_nl_blame_server(extack, servers[i].attr);
			err = PTR_ERR(server);
		}
	}
	if (!err)
		err = weir_service_rebuild(svc, extack);
	if (err) {
		weir_nl_blame_service(extack, info->attrs[WEIR_A_SERVICE]);
		weir_service_del(svc);
		return err;
	}
	weir_service_show(svc);
	weir_net_bump(wn);
	weir_nl_notify_service(svc, WEIR_CMD_SERVICE_ADD_NTF);
	list_for_each_entry(server, &svc->servers, list)
		weir_nl_notify_server(server, WEIR_CMD_SERVER_ADD_NTF);
	return 0;
}

struct new_service {
	struct weir_service_spec spec;
	struct weir_server_spec *servers;
	u32 n;
	const struct nlattr *owner_attr;
	const char *owner;
};

static int parse_new(struct genl_info *info, struct new_service *new)
{
	struct nlattr *tb[WEIR_A_SERVICE_MAX + 1], *nest = info->attrs[WEIR_A_SERVICE];
	int err;

	if (GENL_REQ_ATTR_CHECK(info, WEIR_A_SERVICE)) {
		NL_SET_ERR_MSG(info->extack, "the message names no service");
		return -EINVAL;
	}
	err = weir_nl_service_key(nest, tb, &new->spec, info->extack);
	if (err)
		return err;
	if (weir_nl_missing(info->extack, nest, tb, WEIR_A_SERVICE_SCHEDULER, "a service needs a scheduler"))
		return -EINVAL;
	new->owner_attr = tb[WEIR_A_SERVICE_OWNER];
	new->owner = "cli";
	if (new->owner_attr) {
		err = weir_nl_owner(new->owner_attr, &new->owner, info->extack);
		if (err)
			return err;
	}
	new->spec.config.persist_prefix = new->spec.key.family == AF_INET ? 32 : 128;
	err = weir_nl_service_config(nest, tb, &new->spec, info->extack);
	if (err)
		return err;
	err = weir_service_config_check(&new->spec.key, new->spec.port_first, new->spec.port_last, &new->spec.config,
					info->extack);
	if (err) {
		weir_nl_blame_service(info->extack, nest);
		return err;
	}
	return parse_servers(info, new->spec.key.family, &new->servers, &new->n);
}

static int stage_new(struct weir_transaction *tx, const struct new_service *new, struct genl_info *info)
{
	int err;

	if (new->owner_attr && strcmp(new->owner, tx->owner)) {
		NL_SET_ERR_MSG_ATTR(info->extack, new->owner_attr, "the transaction is another owner's");
		return -EINVAL;
	}
	err = weir_transaction_service(tx, &new->spec, new->servers, new->n, info->extack);
	if (err)
		weir_nl_blame_service(info->extack, info->attrs[WEIR_A_SERVICE]);
	return err;
}

int weir_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_transaction *tx;
	struct new_service new = {};
	int err;

	err = parse_new(info, &new);
	mutex_lock(&wn->lock);
	tx = weir_transaction_lookup(wn, info->snd_portid);
	if (!err)
		err = tx ? stage_new(tx, &new, info) :
			   service_add(wn, new.owner, &new.spec, new.servers, new.n, info);
	if (err && tx)
		tx->failed = true;
	mutex_unlock(&wn->lock);
	kvfree(new.servers);
	return err;
}

struct weir_service *weir_nl_service_to_change(struct weir_net *wn, struct genl_info *info)
{
	int err = weir_nl_no_transaction(wn, info);

	return err ? ERR_PTR(err) : weir_nl_service_find(wn, info->attrs, info->extack);
}

int weir_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[WEIR_A_SERVICE_MAX + 1], *nest = info->attrs[WEIR_A_SERVICE];
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_service_spec spec;
	struct weir_service *svc;
	int err;

	mutex_lock(&wn->lock);
	svc = weir_nl_service_to_change(wn, info);
	if (IS_ERR(svc)) {
		err = PTR_ERR(svc);
		goto out;
	}
	err = weir_nl_service_key(nest, tb, &spec, info->extack);
	if (err)
		goto out;
	spec.config = svc->config;
	err = weir_nl_service_config(nest, tb, &spec, info->extack);
	if (err)
		goto out;
	err = weir_service_set(svc, &spec.config, info->extack);
	if (err) {
		weir_nl_blame_service(info->extack, nest);
		goto out;
	}
	weir_net_bump(wn);
	weir_nl_notify_service(svc, WEIR_CMD_SERVICE_CHANGE_NTF);
out:
	mutex_unlock(&wn->lock);
	return err;
}

void weir_nl_service_remove(struct weir_service *svc)
{
	struct weir_server *server;

	list_for_each_entry(server, &svc->servers, list)
		weir_nl_notify_server(server, WEIR_CMD_SERVER_DEL_NTF);
	weir_nl_notify_service(svc, WEIR_CMD_SERVICE_DEL_NTF);
	weir_service_del(svc);
}

int weir_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_service *svc;

	mutex_lock(&wn->lock);
	svc = weir_nl_service_to_change(wn, info);
	if (!IS_ERR(svc)) {
		weir_net_bump(wn);
		weir_nl_service_remove(svc);
	}
	mutex_unlock(&wn->lock);
	return PTR_ERR_OR_ZERO(svc);
}

int weir_nl_service_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_service *svc, *next;
	const char *owner = NULL;
	bool changed = false;
	int err;

	if (info->attrs[WEIR_A_OWNER]) {
		err = weir_nl_owner(info->attrs[WEIR_A_OWNER], &owner, info->extack);
		if (err)
			return err;
	}
	mutex_lock(&wn->lock);
	err = weir_nl_no_transaction(wn, info);
	if (err)
		goto out;
	list_for_each_entry_safe(svc, next, &wn->service_list, list) {
		if (owner && strcmp(owner, svc->owner))
			continue;
		if (!changed)
			weir_net_bump(wn);
		changed = true;
		weir_nl_service_remove(svc);
		cond_resched();
	}
out:
	mutex_unlock(&wn->lock);
	return err;
}

int weir_nl_service_zero_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct weir_net *wn = weir_net(genl_info_net(info));
	struct weir_service *svc;
	int err;

	mutex_lock(&wn->lock);
	err = weir_nl_no_transaction(wn, info);
	if (err)
		goto out;
	if (info->attrs[WEIR_A_SERVICE]) {
		svc = weir_nl_service_find(wn, info->attrs, info->extack);
		if (IS_ERR(svc))
			err = PTR_ERR(svc);
		else
			weir_stats_zero(svc);
		goto out;
	}
	list_for_each_entry(svc, &wn->service_list, list) {
		weir_stats_zero(svc);
		cond_resched();
	}
out:
	mutex_unlock(&wn->lock);
	return err;
}
