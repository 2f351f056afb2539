// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "keeper/config/route.h"
#include "keeper/net/links.h"
#include "keeper/net/netlink.h"

namespace weir::keeper {

/// "Add" or "remove" of one route. `interface` stands in where the route names neither a gateway nor an
/// interface. False, and nothing appended, if an interface that it names is not there.
bool add_route_message(NetlinkBatch& batch, const RouteConfig& route, const Links& links, int interface);
bool remove_route_message(NetlinkBatch& batch, const RouteConfig& route, const Links& links, int interface);

void add_rule_message(NetlinkBatch& batch, const RuleConfig& rule);
void remove_rule_message(NetlinkBatch& batch, const RuleConfig& rule);

} // namespace weir::keeper
