/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits on what a peer may make us hold, shared by the pure floor. */
#ifndef _ZMQ_LIMITS_H
#define _ZMQ_LIMITS_H

#define ZMQ_ID_MAX		255	/* bytes of a routing id */
#define ZMQ_PROP_NAME_MAX	255	/* bytes of a READY property's name */
#define ZMQ_PING_CTX_MAX	16	/* bytes of a PING's context */
#define ZMQ_TRIE_KEY_MAX		65536	/* bytes of a key */
#define ZMQ_HANDSHAKE_CMD_MAX	4096	/* bytes of a handshake command's body */

#endif /* _ZMQ_LIMITS_H */
