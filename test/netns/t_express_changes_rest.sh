#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug
# timeout: 480
# express by fullnat, fullnat between families and tun while the network changes: as t_express_changes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-flows.sh"
. "$(dirname "$0")/../lib-changes.sh"
. "$(dirname "$0")/../lib-fullnat.sh"
. "$(dirname "$0")/../lib-tun.sh"

need_weiradm
for method in fullnat family tun; do
	topology_${method/family/fullnat} 1
	changes $method
done
