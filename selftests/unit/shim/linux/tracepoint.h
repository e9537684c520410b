/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_TRACEPOINT_H
#define _SHIM_TRACEPOINT_H

/* A tracepoint that nobody looks at. */
#define TP_PROTO(...) __VA_ARGS__
#define TRACE_DEFINE_ENUM(value)
#define DECLARE_EVENT_CLASS(...)
#define DEFINE_EVENT(class, name, proto, ...)	\
	static inline void trace_##name(proto) { }
#define TRACE_EVENT(name, proto, ...)		\
	static inline void trace_##name(proto) { }

#endif
