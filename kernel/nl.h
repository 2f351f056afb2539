/* SPDX-License-Identifier: GPL-2.0 */
/* nl: the generic netlink family, one file a noun (nl_*.c) */
#ifndef _WEIR_NL_H
#define _WEIR_NL_H

struct weir_net;
struct weir_server;
struct weir_service;

int weir_nl_init(void);
void weir_nl_exit(void);

/*
 * Notifications to group "config"; wn->lock held, after the change is committed (deletions: before the object goes). Nothing is
 * built without a listener. @cmd: WEIR_CMD_*_NTF.
 */
void weir_nl_notify_service(struct weir_service *svc, u8 cmd);
void weir_nl_notify_server(struct weir_server *server, u8 cmd);
void weir_nl_notify_config(struct weir_net *wn, const char *owner);

#endif /* _WEIR_NL_H */
