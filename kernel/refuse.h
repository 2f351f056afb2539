/* SPDX-License-Identifier: GPL-2.0 */
/* refuse: a user's mistake, told to the user */
#ifndef _WEIR_REFUSE_H
#define _WEIR_REFUSE_H

#include <linux/netlink.h>

/* `return weir_refuse(extack, -EINVAL, "field: reason");` @msg is a literal, or one of several: netlink keeps the pointer. */
static inline int weir_refuse(struct netlink_ext_ack *extack, int err, const char *msg)
{
	if (extack)
		extack->_msg = msg;
	return err;
}

#endif /* _WEIR_REFUSE_H */
