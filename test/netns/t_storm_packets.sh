#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tags: long debug smp
# timeout: 1200
# The storms of t_malformed_packets, of a million packets.
WEIR_STORM=${WEIR_STORM:-100000}
. "$(dirname "$0")/t_malformed_packets.sh"
