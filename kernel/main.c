// SPDX-License-Identifier: GPL-2.0
/* main: the module comes and goes */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <uapi/linux/weir.h>
#include "conn.h"
#include "express.h"
#include "net.h"
#include "nl.h"
#include "persist.h"
#include "server.h"
#include "service.h"
#include "transaction.h"

static int __init weir_init(void)
{
	int err;

	err = weir_conn_init();
	if (err)
		return err;
	err = weir_persist_init();
	if (err)
		goto err_conn;
	err = weir_service_init();
	if (err)
		goto err_persist;
	err = weir_server_init();
	if (err)
		goto err_service;
	err = weir_net_init();
	if (err)
		goto err_server;
	err = weir_express_init();
	if (err)
		goto err_net;
	err = weir_transaction_init();
	if (err)
		goto err_express;
	err = weir_nl_init();
	if (err)
		goto err_transaction;
	return 0;

err_transaction:
	weir_transaction_exit();
err_express:
	weir_express_exit();
err_net:
	weir_net_exit();
err_server:
	weir_server_exit();
err_service:
	weir_service_exit();
err_persist:
	weir_persist_exit();
err_conn:
	weir_conn_exit();
	return err;
}

static void __exit weir_exit(void)
{
	int i;

	weir_nl_exit();
	weir_transaction_exit();
	weir_express_exit();
	weir_net_exit();
	/* A connection or a snapshot puts its servers, a server its service: each callback may queue the next object's. */
	for (i = 0; i < 4; i++)
		rcu_barrier();
	weir_server_exit();
	weir_service_exit();
	weir_persist_exit();
	weir_conn_exit();
}

module_init(weir_init);
module_exit(weir_exit);

MODULE_DESCRIPTION("weir, a layer-4 load balancer");
MODULE_AUTHOR("The weir authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
MODULE_ALIAS_GENL_FAMILY(WEIR_FAMILY_NAME);
