/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What stands between Zephyr's TLS sockets and Mbed TLS, by the linker's --wrap.
 *
 * sockets_tls.c turns every failure into ECONNABORTED or EIO, tells close_notify from
 * a cut stream by nothing, and has no option for the TLS versions of a socket. Each
 * function here calls the real one and either sets what there is no option for or
 * writes down what it saw. A TLS socket that is not ours passes through untouched.
 */

#include "connection.h"
#include "platform.h"
#include "server.h"
#include "session.h"

#include <errno.h>

#include <mbedtls/net_sockets.h>

#if !defined(SECURE_SOCKETS_MBEDTLS_H)
#error "the file of CONFIG_MBEDTLS_USER_CONFIG_FILE has to include secure-sockets-mbedtls.h"
#endif

static K_MUTEX_DEFINE(library_lock);

void ss_library_lock(void)
{
	k_mutex_lock(&library_lock, K_FOREVER);
}

void ss_library_unlock(void)
{
	k_mutex_unlock(&library_lock);
}

static K_MUTEX_DEFINE(watched_lock);
static sys_slist_t watched = SYS_SLIST_STATIC_INIT(&watched);

void ss_watch(struct ss_connection *connection)
{
	k_mutex_lock(&watched_lock, K_FOREVER);
	sys_slist_append(&watched, &connection->node);
	k_mutex_unlock(&watched_lock);
}

void ss_unwatch(struct ss_connection *connection)
{
	k_mutex_lock(&watched_lock, K_FOREVER);
	sys_slist_find_and_remove(&watched, &connection->node);
	k_mutex_unlock(&watched_lock);
}

/* The connection that this thread is making. */
static struct ss_connection *connecting(void)
{
	struct ss_connection *connection;
	struct ss_connection *found = NULL;

	k_mutex_lock(&watched_lock, K_FOREVER);
	SYS_SLIST_FOR_EACH_CONTAINER(&watched, connection, node) {
		if (connection->connecting == k_current_get()) {
			found = connection;
			break;
		}
	}
	k_mutex_unlock(&watched_lock);
	return found;
}

static struct ss_connection *of(const mbedtls_ssl_context *ssl)
{
	struct ss_connection *connection;
	struct ss_connection *found = NULL;

	k_mutex_lock(&watched_lock, K_FOREVER);
	SYS_SLIST_FOR_EACH_CONTAINER(&watched, connection, node) {
		if (connection->ssl == ssl) {
			found = connection;
			break;
		}
	}
	k_mutex_unlock(&watched_lock);
	return found;
}

/* Closing a socket gives its context back before it closes TCP, which may block. The next
 * socket gets the same one, and is not to be taken for this.
 */
static void forget(const mbedtls_ssl_context *ssl)
{
	struct ss_connection *connection;

	k_mutex_lock(&watched_lock, K_FOREVER);
	SYS_SLIST_FOR_EACH_CONTAINER(&watched, connection, node) {
		if (connection->ssl == ssl) {
			connection->ssl = NULL;
		}
	}
	k_mutex_unlock(&watched_lock);
}

static bool is_gone(const struct ss_connection *connection)
{
	return ss_os_error(connection->os_errno).kind == SS_OS_RESET;
}

static int counting_send(void *context, const unsigned char *data, size_t length)
{
	struct ss_connection *connection = context;
	int ret = connection->send(connection->bio, data, length);

	if (ret > 0) {
		connection->sent += ret;
	} else if (ret == MBEDTLS_ERR_NET_SEND_FAILED) {
		connection->os_errno = errno;
		/* A peer that refuses us says why and hangs up, and TCP takes no more for it. What
		 * it said is still to be read, so let Mbed TLS go on to that: to have sent is
		 * never to have arrived.
		 */
		if (connection->connecting != NULL && is_gone(connection)) {
			return length;
		}
	}
	return ret;
}

static int counting_receive(void *context, unsigned char *buffer, size_t length)
{
	struct ss_connection *connection = context;
	int ret = connection->receive(connection->bio, buffer, length);

	if (ret > 0) {
		connection->received += ret;
	} else if (ret == MBEDTLS_ERR_NET_RECV_FAILED) {
		connection->os_errno = errno;
	}
	return ret;
}

/* Zephyr calls it when TCP is connected, and fails after it only over TLS. */
int __real_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport,
				       int preset);

int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport,
				       int preset)
{
	struct ss_connection *connection = connecting();

	if (connection != NULL) {
		connection->tls_begun = true;
	}
	return __real_mbedtls_ssl_config_defaults(conf, endpoint, transport, preset);
}

int __real_mbedtls_ssl_setup(mbedtls_ssl_context *ssl, const mbedtls_ssl_config *conf);

#if defined(MBEDTLS_X509_CRT_PARSE_C)
/* A list of no certificates: mbedtls_x509_crt_init() makes it all zeros. In flash: 400 bytes. */
static const mbedtls_x509_crt no_anchors;
#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
static int key_exchange_modes(const struct ss_options *options)
{
	if (options->psk) {
		return MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL;
	}
	/* A session that is resumed is a pre-shared key, and there is no other here. */
	return MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL |
	       (options->resumes ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL : 0);
}
#endif

int __wrap_mbedtls_ssl_setup(mbedtls_ssl_context *ssl, const mbedtls_ssl_config *conf)
{
	struct ss_connection *connection = connecting();
	/* The socket's own, which it passes as const for the sake of the prototype. */
	mbedtls_ssl_config *own = (mbedtls_ssl_config *)conf;
	int ret;

	if (connection == NULL) {
		return __real_mbedtls_ssl_setup(ssl, conf);
	}

#if defined(MBEDTLS_X509_CRT_PARSE_C)
	/* Without a list Mbed TLS gives up before it asks the callback, which decides. */
	if (connection->options->pinned) {
		/* It is only ever read there. */
		mbedtls_ssl_conf_ca_chain(own, (mbedtls_x509_crt *)&no_anchors, NULL);
	}
#endif
	/* zephyr#102570: the protocol of a socket does not limit the version. */
	mbedtls_ssl_conf_min_tls_version(own, connection->options->min_version);
	mbedtls_ssl_conf_max_tls_version(own, connection->options->max_version);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_tls13_key_exchange_modes(own, key_exchange_modes(connection->options));
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
	mbedtls_ssl_conf_session_tickets(own, connection->options->resumes
						      ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
						      : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		own, connection->options->resumes
			     ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
			     : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
#endif
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C)
	/* The trust anchor's tag may hold a certificate of ours too. */
	if (!connection->options->identity) {
		mbedtls_ssl_conf_own_cert(own, NULL, NULL);
	}
#endif

	ret = __real_mbedtls_ssl_setup(ssl, conf);
	if (ret == 0) {
		connection->ssl = ssl;
		connection->send = ssl->f_send;
		connection->receive = ssl->f_recv;
		connection->bio = ssl->p_bio;
		mbedtls_ssl_set_bio(ssl, connection, counting_send, counting_receive, NULL);
	}
	return ret;
}

int __real_mbedtls_ssl_handshake(mbedtls_ssl_context *ssl);

/* The socket below never blocks, so the lock is held for as long as there is work. */
static int locked_handshake(mbedtls_ssl_context *ssl)
{
	int ret;

	ss_library_lock();
	ret = __real_mbedtls_ssl_handshake(ssl);
	ss_library_unlock();
	return ret;
}

/* The same a step at a time, for a connection that keeps sessions. */
static int followed_handshake(struct ss_connection *connection, mbedtls_ssl_context *ssl)
{
	int before;
	int ret;

	ss_library_lock();
	do {
		before = ssl->state;
		ret = mbedtls_ssl_handshake_step(ssl);
		ret = ss_session_follow(connection, ssl, before, ret);
	} while (ret == 0 && !mbedtls_ssl_is_handshake_over(ssl));
	ss_library_unlock();
	return ret;
}

static int begin(struct ss_connection *connection, mbedtls_ssl_context *ssl)
{
	int ret;

	ss_library_lock();
	ret = ss_session_offer(ssl, connection->options);
	ss_library_unlock();
	return ret;
}

/* How often a handshake with a deadline of its own looks for data. */
#define POLL_MS 2

int __wrap_mbedtls_ssl_handshake(mbedtls_ssl_context *ssl)
{
	struct ss_connection *connection = of(ssl);
	int ret;

	/* mbedtls_ssl_read() calls it too. */
	if (connection == NULL || connection->connecting == NULL) {
		return locked_handshake(ssl);
	}
	if (!connection->handshake_begun) {
		connection->handshake_begun = true;
		connection->start = k_uptime_ticks();
		ret = begin(connection, ssl);
		if (ret != 0) {
			connection->handshake_code = ret;
			return ret;
		}
	}
	for (;;) {
		ret = connection->options->resumes ? followed_handshake(connection, ssl)
						   : locked_handshake(ssl);
		if (ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE) {
			break;
		}
		/* Zephyr's own wait ends at its own deadline, which is never sooner. */
		if (connection->options->handshake_ms == 0) {
			break;
		}
		if (k_ticks_to_ms_floor64(k_uptime_ticks() - connection->start) >=
		    connection->options->handshake_ms) {
			ret = MBEDTLS_ERR_SSL_TIMEOUT;
			break;
		}
		k_msleep(POLL_MS);
	}
	connection->handshake_code = ret;
	if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		/* Zephyr resets the session next, and the alert is gone. */
		connection->alert = ssl->in_msg[1];
	}
	return ret;
}

int __real_mbedtls_ssl_read(mbedtls_ssl_context *ssl, unsigned char *buffer, size_t length);

static int locked_read(mbedtls_ssl_context *ssl, unsigned char *buffer, size_t length)
{
	int ret;

	ss_library_lock();
	ret = __real_mbedtls_ssl_read(ssl, buffer, length);
	ss_library_unlock();
	return ret;
}

/* How often one read takes tickets, two calls each, before there is any data. Servers send
 * one or two.
 */
#define MOST_TICKETS 32

int __wrap_mbedtls_ssl_read(mbedtls_ssl_context *ssl, unsigned char *buffer, size_t length)
{
	struct ss_connection *connection = of(ssl);
	int tickets = 0;
	int ret;

	if (connection == NULL) {
		return locked_read(ssl, buffer, length);
	}
	do {
		ret = locked_read(ssl, buffer, length);
		tickets++;
	} while (tickets <= MOST_TICKETS && ss_session_reads_on(connection, ssl, ret));
	if (ret == 0 && length == 0 && mbedtls_ssl_get_bytes_avail(ssl) == 0) {
		/* Zephyr's poll() asks so whether there is data. At the end of a stream that was
		 * cut Mbed TLS says 0 too, and poll() would ask on for as long as it may wait.
		 */
		ret = MBEDTLS_ERR_SSL_CONN_EOF;
	}
	connection->read_code = ret;
	if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		connection->alert = ssl->in_msg[1];
	}
	return ret;
}

int __real_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *data, size_t length);

int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *data, size_t length)
{
	struct ss_connection *connection = of(ssl);
	int ret;

	ss_library_lock();
	ret = __real_mbedtls_ssl_write(ssl, data, length);
	ss_library_unlock();
	if (connection == NULL) {
		return ret;
	}
	/* A peer that hung up may have said why. */
	if (ret == MBEDTLS_ERR_NET_SEND_FAILED && is_gone(connection) &&
	    locked_read(ssl, NULL, 0) == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		connection->alert = ssl->in_msg[1];
		ret = MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
	}
	return ret;
}

int __real_mbedtls_ssl_close_notify(mbedtls_ssl_context *ssl);

/* Closing a socket would send it: ours say so themselves, or mean a cut. */
int __wrap_mbedtls_ssl_close_notify(mbedtls_ssl_context *ssl)
{
	int ret = 0;

	if (of(ssl) == NULL) {
		ss_library_lock();
		ret = __real_mbedtls_ssl_close_notify(ssl);
		ss_library_unlock();
	}
	return ret;
}

void __real_mbedtls_ssl_free(mbedtls_ssl_context *ssl);

/* It destroys the keys of a handshake that did not end. */
void __wrap_mbedtls_ssl_free(mbedtls_ssl_context *ssl)
{
	forget(ssl);
	ss_library_lock();
	__real_mbedtls_ssl_free(ssl);
	ss_library_unlock();
}

int __real_mbedtls_ssl_session_reset(mbedtls_ssl_context *ssl);

/* As mbedtls_ssl_free(). */
int __wrap_mbedtls_ssl_session_reset(mbedtls_ssl_context *ssl)
{
	int ret;

	ss_library_lock();
	ret = __real_mbedtls_ssl_session_reset(ssl);
	ss_library_unlock();
	return ret;
}

/*
 * Zephyr builds Mbed TLS without locks, so two threads with a TLS socket each would
 * corrupt its heap.
 */
static K_MUTEX_DEFINE(heap_lock);

static atomic_t allocations_failed;

size_t ss_allocations_failed(void)
{
	return atomic_get(&allocations_failed);
}

void *__real_mbedtls_calloc(size_t count, size_t size);

void *__wrap_mbedtls_calloc(size_t count, size_t size)
{
	struct ss_connection *connection;
	void *memory;

	k_mutex_lock(&heap_lock, K_FOREVER);
	memory = __real_mbedtls_calloc(count, size);
	k_mutex_unlock(&heap_lock);
	if (memory == NULL && count != 0 && size != 0) {
		(void)atomic_inc(&allocations_failed);
		connection = connecting();
		if (connection != NULL) {
			connection->out_of_memory = true;
		}
	}
	return memory;
}

void __real_mbedtls_free(void *memory);

void __wrap_mbedtls_free(void *memory)
{
	k_mutex_lock(&heap_lock, K_FOREVER);
	__real_mbedtls_free(memory);
	k_mutex_unlock(&heap_lock);
}
