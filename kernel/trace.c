// SPDX-License-Identifier: GPL-2.0
/* The tracepoints' bodies are made here and nowhere else. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
