/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sessions that a client resumes. Which may be is decided above; this hands them to Mbed
 * TLS and takes them from it, and watches what Mbed TLS does not.
 *
 * Zephyr's own cache stays off: it knows a session by the peer's address alone, whatever
 * trust it was made with. docs/resumption.md.
 */

#include "session.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>
/* Of the Mbed TLS that is linked: whether extended master secret was agreed on, which
 * nothing public tells.
 */
#include <ssl_misc.h>

/* A ticket has 64 KiB at most, and secrets some hundred bytes. */
#define SESSION_MAX 0x11000

static K_MUTEX_DEFINE(fresh_lock);

static void discard(struct ss_session *session)
{
	if (session->bytes != NULL) {
		mbedtls_platform_zeroize(session->bytes, session->length);
		free(session->bytes);
	}
	memset(session, 0, sizeof(*session));
}

int ss_session_offer(mbedtls_ssl_context *ssl, const struct ss_options *options)
{
	mbedtls_ssl_session session;
	int ret;

	if (options->session == NULL) {
		return 0;
	}
	mbedtls_ssl_session_init(&session);
	ret = mbedtls_ssl_session_load(&session, options->session, options->session_length);
	if (ret == 0) {
		ret = mbedtls_ssl_set_session(ssl, &session);
	}
	mbedtls_ssl_session_free(&session);
	return ret;
}

/* Puts the session of a connection where ss_take_session() finds it, without the peer's
 * certificate: the whole chain is kept above.
 */
static void keep(struct ss_connection *connection, mbedtls_ssl_session *session)
{
	struct ss_session saved = {0};
	size_t length = 0;
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
	mbedtls_x509_crt *certificate = session != NULL ? session->peer_cert : NULL;
#endif

	if (session == NULL || (session->ticket_len == 0 && session->id_len == 0)) {
		return;
	}
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
	/* Mbed TLS takes it for the session of a peer that sent none. */
	session->peer_cert = NULL;
#endif
	(void)mbedtls_ssl_session_save(session, NULL, 0, &length);
	if (length > 0 && length <= SESSION_MAX) {
		saved.bytes = malloc(length);
		saved.length = length;
	}
	if (saved.bytes != NULL &&
	    mbedtls_ssl_session_save(session, saved.bytes, saved.length, &length) != 0) {
		discard(&saved);
	}
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
	session->peer_cert = certificate;
#endif
	if (saved.bytes == NULL) {
		return;
	}
	saved.lifetime = session->ticket_lifetime;
	saved.version = session->tls_version;

	k_mutex_lock(&fresh_lock, K_FOREVER);
	discard(&connection->fresh);
	connection->fresh = saved;
	k_mutex_unlock(&fresh_lock);
}

/* Whether the ServerHello that was just read agreed to it (RFC 7627, section 5.3). */
static bool has_extended_master_secret(const mbedtls_ssl_context *ssl)
{
#if defined(MBEDTLS_SSL_EXTENDED_MASTER_SECRET)
	return ssl->handshake->extended_ms == MBEDTLS_SSL_EXTENDED_MS_ENABLED;
#else
	ARG_UNUSED(ssl);
	return false;
#endif
}

int ss_session_follow(struct ss_connection *connection, mbedtls_ssl_context *ssl, int before,
		      int ret)
{
	bool is_old = ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2;

	if (ret != 0) {
		return ret;
	}
	if (is_old && before == MBEDTLS_SSL_SERVER_HELLO) {
		if (ssl->state == MBEDTLS_SSL_SERVER_CERTIFICATE) {
			connection->extended_master_secret = has_extended_master_secret(ssl);
		} else if (ssl->state == MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC) {
			connection->resumed = true;
			connection->extended_master_secret = has_extended_master_secret(ssl);
			if (!connection->extended_master_secret) {
				connection->weak = true;
				(void)mbedtls_ssl_send_alert_message(
					ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
					MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
				return MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE;
			}
		}
	}
	/* There is no other pre-shared key in a mode with certificates. */
	if (!is_old && before == MBEDTLS_SSL_ENCRYPTED_EXTENSIONS &&
	    ssl->state == MBEDTLS_SSL_SERVER_FINISHED) {
		connection->resumed = true;
	}
	if (is_old && ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER &&
	    connection->extended_master_secret) {
		keep(connection, ssl->session);
	}
	return ret;
}

bool ss_session_reads_on(struct ss_connection *connection, mbedtls_ssl_context *ssl, int ret)
{
	if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
		keep(connection, ssl->session);
		return true;
	}
	/* Mbed TLS has the ticket, and means by it that it is to be called again. */
	return ret == MBEDTLS_ERR_SSL_WANT_READ &&
	       ssl->state == MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET;
}

void ss_session_drop(struct ss_connection *connection)
{
	discard(&connection->fresh);
}

void ss_take_session(struct ss_connection *connection, struct ss_session *out)
{
	k_mutex_lock(&fresh_lock, K_FOREVER);
	*out = connection->fresh;
	memset(&connection->fresh, 0, sizeof(connection->fresh));
	k_mutex_unlock(&fresh_lock);
}

void ss_free_session(struct ss_session *session)
{
	discard(session);
}
