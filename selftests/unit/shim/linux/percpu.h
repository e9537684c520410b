/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_PERCPU_H
#define _SHIM_PERCPU_H

#define __percpu
#define DECLARE_PER_CPU(type, name) extern type name
#define this_cpu_add(var, n) ((void)((var) += (n)))

#endif
