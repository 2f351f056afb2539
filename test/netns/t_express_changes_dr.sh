#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: debug smp
# timeout: 240
# express by dr while the network changes: as t_express_changes, but only requests pass the director.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-flows.sh"
. "$(dirname "$0")/../lib-changes.sh"

need_weiradm
topology_dr 1
changes dr
