/* SPDX-License-Identifier: GPL-2.0-only */
/* The variants of a fixture for what has to hold in every pattern. */
#ifndef _ZMQTEST_KINDS_H
#define _ZMQTEST_KINDS_H

#include "zmqtest.h"

#define ZT_KIND_VARIANTS(fixture)				\
	FIXTURE_VARIANT(fixture) {				\
		struct zt_kind kind;				\
	};							\
	FIXTURE_VARIANT_ADD(fixture, push_pull) {		\
		.kind = { ZMQ_PUSH, ZMQ_PULL, "PUSH", "PULL" },	\
	};							\
	FIXTURE_VARIANT_ADD(fixture, req_rep) {			\
		.kind = { ZMQ_REQ, ZMQ_REP, "REQ", "REP",	\
			  .answers = true },			\
	};							\
	FIXTURE_VARIANT_ADD(fixture, dealer_router) {		\
		.kind = { ZMQ_DEALER, ZMQ_ROUTER, "DEALER",	\
			  "ROUTER" },				\
	};							\
	FIXTURE_VARIANT_ADD(fixture, pair) {			\
		.kind = { ZMQ_PAIR, ZMQ_PAIR, "PAIR", "PAIR" },	\
	};							\
	FIXTURE_VARIANT_ADD(fixture, pub_sub) {			\
		.kind = { ZMQ_PUB, ZMQ_SUB, "PUB", "SUB",	\
			  .drops = true },			\
	}

#endif /* _ZMQTEST_KINDS_H */
