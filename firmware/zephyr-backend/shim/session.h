/* SPDX-License-Identifier: Apache-2.0 */

/* What wraps.c needs of session.c; nothing where nothing is resumed. */

#ifndef SS_SESSION_H
#define SS_SESSION_H

#include "connection.h"

#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)

/* Has Mbed TLS offer the session of the options, before the first step. */
int ss_session_offer(mbedtls_ssl_context *ssl, const struct ss_options *options);
/* Looks at what a step that began in a state returned, and says what it counts as. */
int ss_session_follow(struct ss_connection *connection, mbedtls_ssl_context *ssl, int before,
		      int ret);
/* Whether a read that returned so is to be made again: a ticket came. */
bool ss_session_reads_on(struct ss_connection *connection, mbedtls_ssl_context *ssl, int ret);
/* Wipes what nobody took. */
void ss_session_drop(struct ss_connection *connection);

#else

static inline int ss_session_offer(mbedtls_ssl_context *ssl, const struct ss_options *options)
{
	ARG_UNUSED(ssl);
	ARG_UNUSED(options);
	return 0;
}

static inline int ss_session_follow(struct ss_connection *connection, mbedtls_ssl_context *ssl,
				    int before, int ret)
{
	ARG_UNUSED(connection);
	ARG_UNUSED(ssl);
	ARG_UNUSED(before);
	return ret;
}

static inline bool ss_session_reads_on(struct ss_connection *connection,
				       mbedtls_ssl_context *ssl, int ret)
{
	ARG_UNUSED(connection);
	ARG_UNUSED(ssl);
	/* Zephyr would sleep for 100 ms. */
	return ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

static inline void ss_session_drop(struct ss_connection *connection)
{
	ARG_UNUSED(connection);
}

#endif /* CONFIG_SECURE_SOCKETS_RESUMPTION */

#endif /* SS_SESSION_H */
