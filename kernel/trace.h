/* SPDX-License-Identifier: GPL-2.0 */
/* trace: tracepoints weir:weir_schedule, weir_conn_create, weir_conn_destroy, weir_drop */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM weir

#if !defined(_WEIR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _WEIR_TRACE_H

#endif /* _WEIR_TRACE_H */
