/* SPDX-License-Identifier: Apache-2.0 */

/* A connection as connection.c makes it and wraps.c watches it. */

#ifndef SS_CONNECTION_H
#define SS_CONNECTION_H

#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

/* Zephyr's TLS sockets do the same: neither versions nor alerts have an accessor. */
#ifndef MBEDTLS_ALLOW_PRIVATE_ACCESS
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#endif
#include <mbedtls/ssl.h>

#include "ss.h"

struct ss_connection {
	sys_snode_t node;
	int fd;
	/* Who is inside ss_connect(); NULL afterwards. */
	k_tid_t connecting;
	/* Whose options these are is settled, so the pointer is good for ss_connect() alone. */
	const struct ss_options *options;
	/* From mbedtls_ssl_setup() to mbedtls_ssl_free(); NULL before and after. */
	mbedtls_ssl_context *ssl;

	/* TCP is connected and TLS is being set up. */
	bool tls_begun;
	bool handshake_begun;
	bool out_of_memory;
	bool closed;
	/* What Mbed TLS last returned, by who called. */
	int handshake_code;
	int read_code;
	/* What a send failed with for good; else 0. */
	int send_code;
	/* The longest wait for room to send, in milliseconds; 0 for no limit. */
	uint32_t io_ms;
	int alert;
	/* The flags of all certificates that were shown. */
	uint32_t found;
	/* What the socket below last failed with. */
	int os_errno;
	int64_t start;

	/* The socket below, as Zephyr gave it to Mbed TLS. */
	mbedtls_ssl_send_t *send;
	mbedtls_ssl_recv_t *receive;
	void *bio;
	uint32_t sent;
	uint32_t received;

	/* A session was resumed. */
	bool resumed;
#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)
	/* The server agreed to it (TLS 1.2). */
	bool extended_master_secret;
	/* It resumed a session without. */
	bool weak;
	/* What nobody took yet. */
	struct ss_session fresh;
#endif
};

void ss_watch(struct ss_connection *connection);
void ss_unwatch(struct ss_connection *connection);

/* Zephyr builds Mbed TLS without locks, and its handshakes and its PSA write to what all
 * threads share: one thread at a time. A thread that holds it may take it once more.
 */
void ss_library_lock(void);
void ss_library_unlock(void);

#endif /* SS_CONNECTION_H */
