/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_PERCPU_H
#define _SHIM_PERCPU_H

#define __percpu
#define DECLARE_PER_CPU(type, name) struct shim_percpu
#define this_cpu_add(var, n) ((void)((var) += (n)))

#endif
