#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug smp
# timeout: 1200
# The storm of t_netlink_storm with a million messages.
WEIR_STORM_MESSAGES=${WEIR_STORM_MESSAGES:-1000000}
. "$(dirname "$0")/t_netlink_storm.sh"
