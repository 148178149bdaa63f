/* SPDX-License-Identifier: Apache-2.0 */

/* A TLS connection over Zephyr's secure sockets. */

#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/tls_credentials.h>
#include <zephyr/sys/fdtable.h>

#include <mbedtls/net_sockets.h>
#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP)
#include <mbedtls/memory_buffer_alloc.h>
#define HEAP_IS_MEASURED
#endif

#include "platform.h"
#include "session.h"

/* How long a close_notify may wait for room in the socket below. */
#define CLOSE_STEPS   100
#define CLOSE_STEP_MS 10
/* How long a peer that we refused may take to hang up. Hanging up ourselves at once could
 * reset the connection, and our alert be lost with it.
 */
#define FAREWELL_STEPS 50

static void fail_os(struct ss_failure *failure, int number)
{
	failure->os = ss_os_error(number);
	failure->why = failure->os.kind == SS_OS_RESET ? SS_WHY_CLOSED : SS_WHY_OS;
}

/* Puts what Mbed TLS returned into a failure. */
static void fail_tls(struct ss_failure *failure, const struct ss_connection *connection, int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_TIMEOUT:
		failure->why = SS_WHY_TIMED_OUT;
		break;
	case MBEDTLS_ERR_SSL_CONN_EOF:
		failure->why = SS_WHY_CLOSED;
		break;
	case MBEDTLS_ERR_NET_RECV_FAILED:
	case MBEDTLS_ERR_NET_SEND_FAILED:
		fail_os(failure, connection->os_errno);
		break;
	default:
		failure->why = SS_WHY_TLS;
		failure->code = code;
		failure->alert =
			code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? connection->alert : -1;
		break;
	}
}

/* Whether what Mbed TLS returned is the end of the connection, for whoever sends too. */
static bool breaks(int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_WANT_READ:
	case MBEDTLS_ERR_SSL_WANT_WRITE:
	case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
	/* The peer sends no more, and may still read. */
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
	case MBEDTLS_ERR_SSL_CONN_EOF:
		return false;
	default:
		return code < 0;
	}
}

/* Puts what a socket call failed with into a failure: code is what Mbed TLS last
 * returned in it, and number the errno.
 */
static void fail(struct ss_failure *failure, const struct ss_connection *connection, int code,
		 int number)
{
	if (code < 0 && code != MBEDTLS_ERR_SSL_WANT_READ && code != MBEDTLS_ERR_SSL_WANT_WRITE) {
		fail_tls(failure, connection, code);
	} else if (number == EAGAIN || number == EWOULDBLOCK || number == ETIMEDOUT) {
		failure->why = SS_WHY_TIMED_OUT;
	} else {
		/* Waiting for the socket below failed. */
		fail_os(failure, number);
	}
}

#if defined(CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK)
static int show_certificate(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct ss_connection *connection = context;
	const struct ss_options *options = connection->options;

	if (options == NULL || options->certificate == NULL || depth > UINT8_MAX) {
		/* Nobody is there to judge it. */
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
		return 0;
	}
	if (crt->raw.p == NULL) {
		/* Mbed TLS passes over certificates that are signed in a way it does not know,
		 * and goes on if none is left.
		 */
		return MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
	}
	*flags = options->certificate(options->context, depth, crt->raw.p, crt->raw.len, *flags);
	connection->found |= *flags;
	if (depth == 0 && connection->found != 0) {
		/* The last of a chain in which there is a fault. What came with it, in the
		 * order in which it came.
		 */
		for (const mbedtls_x509_crt *next = crt->next; next != NULL; next = next->next) {
			options->sent(options->context, next->raw.p, next->raw.len);
		}
	}
	return 0;
}
#endif

static int set(int fd, int level, int option, const void *value, size_t length)
{
	return zsock_setsockopt(fd, level, option, value, length);
}

static int set_timeout(int fd, int option, uint32_t ms)
{
	struct zsock_timeval timeout = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	return set(fd, SOL_SOCKET, option, &timeout, sizeof(timeout));
}

static int set_options(struct ss_connection *connection)
{
	const struct ss_options *options = connection->options;
	int fd = connection->fd;
	int verify = options->certificate != NULL ? TLS_PEER_VERIFY_REQUIRED : TLS_PEER_VERIFY_NONE;
	int cache = TLS_SESSION_CACHE_DISABLED;
	int nocopy = TLS_CERT_NOCOPY_OPTIONAL;

	if (set(fd, SOL_TLS, TLS_SESSION_CACHE, &cache, sizeof(cache)) < 0 ||
	    set(fd, SOL_TLS, TLS_PEER_VERIFY, &verify, sizeof(verify)) < 0 ||
	    set(fd, SOL_TLS, TLS_CERT_NOCOPY, &nocopy, sizeof(nocopy)) < 0 ||
	    set(fd, SOL_TLS, TLS_CIPHERSUITE_LIST, options->suites,
		options->suite_count * sizeof(options->suites[0])) < 0 ||
	    set_timeout(fd, SO_RCVTIMEO, options->io_ms) < 0) {
		return -1;
	}
	if (options->tag_count > 0 && set(fd, SOL_TLS, TLS_SEC_TAG_LIST, options->tags,
					  options->tag_count * sizeof(sec_tag_t)) < 0) {
		return -1;
	}
	if (options->hostname != NULL && set(fd, SOL_TLS, TLS_HOSTNAME, options->hostname,
					     strlen(options->hostname) + 1) < 0) {
		return -1;
	}
	if (options->alpn_count > 0 && set(fd, SOL_TLS, TLS_ALPN_LIST, options->alpn,
					   options->alpn_count * sizeof(options->alpn[0])) < 0) {
		return -1;
	}
#if defined(CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK)
	if (options->certificate != NULL) {
		struct tls_cert_verify_cb callback = {
			.cb = (void *)show_certificate,
			.ctx = connection,
		};

		return set(fd, SOL_TLS, TLS_CERT_VERIFY_CALLBACK, &callback, sizeof(callback));
	}
#endif
	return 0;
}

static void gather_facts(const struct ss_connection *connection, struct ss_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->sent = connection->sent;
	facts->received = connection->received;
	facts->duration_us = k_ticks_to_us_floor64(k_uptime_ticks() - connection->start);
	facts->version = mbedtls_ssl_get_version_number(connection->ssl);
	facts->suite = mbedtls_ssl_get_ciphersuite_id_from_ssl(connection->ssl);
	facts->resumed = connection->resumed;
#if defined(MBEDTLS_SSL_ALPN)
	const char *alpn = mbedtls_ssl_get_alpn_protocol(connection->ssl);

	if (alpn != NULL) {
		strncpy(facts->alpn, alpn, sizeof(facts->alpn) - 1);
	}
#endif
#if defined(HEAP_IS_MEASURED)
	size_t bytes;
	size_t blocks;

	mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
	facts->heap_peak = bytes;
#endif
}

static void explain(const struct ss_connection *connection, int number, int32_t *stage,
		    struct ss_failure *failure)
{
	if (!connection->tls_begun) {
		*stage = SS_STAGE_CONNECT;
		failure->os = ss_os_error(number);
		return;
	}
	*stage = SS_STAGE_HANDSHAKE;
	if (connection->out_of_memory) {
		failure->why = SS_WHY_OUT_OF_MEMORY;
		failure->code = connection->handshake_begun ? connection->handshake_code
							    : MBEDTLS_ERR_SSL_ALLOC_FAILED;
#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)
	} else if (connection->weak) {
		failure->why = SS_WHY_NO_EXTENDED_MASTER_SECRET;
#endif
	} else {
		fail(failure, connection, connection->handshake_code, number);
	}
}

struct ss_connection *ss_connect(const struct ss_options *options,
				 const struct ss_address *address, struct ss_facts *facts,
				 int32_t *stage, struct ss_failure *failure)
{
	struct ss_connection *connection = calloc(1, sizeof(*connection));
	struct sockaddr_storage storage;
	socklen_t length = ss_to_sockaddr(address, &storage);
	int protocol = options->max_version == MBEDTLS_SSL_VERSION_TLS1_2 ? IPPROTO_TLS_1_2
									  : IPPROTO_TLS_1_3;
	int number;

	memset(failure, 0, sizeof(*failure));
	failure->alert = -1;
	*stage = SS_STAGE_CONNECT;
	if (connection == NULL) {
		failure->os = ss_os_error(ENOMEM);
		return NULL;
	}
	connection->options = options;
	connection->connecting = k_current_get();
	connection->io_ms = options->io_ms;
	connection->alert = -1;
	errno = 0;
	connection->fd = zsock_socket(storage.ss_family, SOCK_STREAM, protocol);
	if (connection->fd < 0) {
		failure->os = ss_os_error(errno);
		free(connection);
		return NULL;
	}
	ss_watch(connection);
	if (set_options(connection) < 0) {
		*stage = SS_STAGE_HANDSHAKE;
		fail_os(failure, errno);
		goto failed;
	}
	if (zsock_connect(connection->fd, (struct sockaddr *)&storage, length) < 0) {
		number = errno;
		explain(connection, number, stage, failure);
		goto failed;
	}
	gather_facts(connection, facts);
	connection->connecting = NULL;
	connection->options = NULL;
	*stage = SS_STAGE_DONE;
	return connection;

failed:
	ss_free(connection);
	return NULL;
}

/* The lock under which the socket calls Mbed TLS; NULL without a socket. */
static struct k_mutex *lock_of(const struct ss_connection *connection)
{
	const struct fd_op_vtable *vtable;
	struct k_mutex *lock;

	if (zvfs_get_fd_obj_and_vtable(connection->fd, &vtable, &lock) == NULL) {
		return NULL;
	}
	return lock;
}

/* Sends what is left of a record. Any alert will do: where a record is left, it is sent and
 * nothing else. Under the socket's lock.
 */
static int flush(struct ss_connection *connection)
{
	int ret = 0;

	if (connection->ssl->out_left != 0) {
		ss_library_lock();
		ret = mbedtls_ssl_send_alert_message(connection->ssl, 0, 0);
		ss_library_unlock();
	}
	return ret;
}

/* Makes a record of data, and returns how much of it; some or all of that may be left to
 * send. Under the socket's lock.
 */
static int take(struct ss_connection *connection, const void *data, size_t length)
{
	/* Mbed TLS would take what is left for the beginning of this data. */
	int ret = flush(connection);

	if (ret != 0) {
		return ret;
	}
	ret = mbedtls_ssl_get_max_out_record_payload(connection->ssl);
	if (ret < 0) {
		return ret;
	}
	length = MIN(length, (size_t)ret);
	ret = mbedtls_ssl_write(connection->ssl, data, length);
	if (ret == MBEDTLS_ERR_SSL_WANT_WRITE && connection->ssl->out_left != 0) {
		return length;
	}
	return ret;
}

/* Waits until the socket below may have room. False if there is no time left for it. */
static bool wait_for_room(const struct ss_connection *connection, k_timepoint_t end)
{
	k_timeout_t left = sys_timepoint_timeout(end);
	struct zsock_pollfd pollfd = {
		.fd = connection->fd,
		.events = ZSOCK_POLLOUT,
	};

	if (K_TIMEOUT_EQ(left, K_NO_WAIT)) {
		return false;
	}
	/* The sockets of native_sim's host let one thread alone wait for each of them, which
	 * is whoever receives.
	 */
	if (!IS_ENABLED(CONFIG_NET_NATIVE_OFFLOADED_SOCKETS)) {
		(void)zsock_poll(&pollfd, 1,
				 K_TIMEOUT_EQ(left, K_FOREVER) ? -1
							       : k_ticks_to_ms_ceil32(left.ticks));
	}
	/* There may be room, and no buffers for what is to be sent. */
	k_msleep(1);
	return true;
}

size_t ss_receive(struct ss_connection *connection, void *buffer, size_t length,
		  struct ss_failure *failure)
{
	struct k_mutex *lock = lock_of(connection);
	ssize_t ret;
	int number;

	memset(failure, 0, sizeof(*failure));
	/* What a send left behind when its time ran out: the peer may wait for it. */
	if (lock != NULL && connection->send_code == 0) {
		k_mutex_lock(lock, K_FOREVER);
		(void)flush(connection);
		k_mutex_unlock(lock);
	}
	errno = 0;
	ret = zsock_recv(connection->fd, buffer, MIN(length, INT_MAX), 0);
	number = errno;
	if (ret > 0) {
		return ret;
	}
	if (ret == 0) {
		failure->why = connection->read_code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY
				       ? SS_WHY_CLOSE_NOTIFY
				       : SS_WHY_CLOSED;
	} else {
		fail(failure, connection, connection->read_code, number);
	}
	return 0;
}

size_t ss_send(struct ss_connection *connection, const void *data, size_t length,
	       struct ss_failure *failure)
{
	/* Not by zsock_send(): that keeps the socket's lock while it waits for room, and so
	 * keeps off whoever could receive what the peer has to get rid of first.
	 */
	struct k_mutex *lock = lock_of(connection);
	k_timepoint_t end = sys_timepoint_calc(connection->io_ms > 0 ? K_MSEC(connection->io_ms)
								     : K_FOREVER);
	size_t taken = 0;
	bool left;
	int ret;

	memset(failure, 0, sizeof(*failure));
	if (lock == NULL) {
		fail_os(failure, EBADF);
		return 0;
	}
	do {
		k_mutex_lock(lock, K_FOREVER);
		if (connection->send_code != 0) {
			ret = connection->send_code;
		} else if (breaks(connection->read_code)) {
			/* A poll may have found that out. */
			ret = connection->read_code;
		} else {
			ret = taken > 0 ? flush(connection) : take(connection, data, length);
		}
		left = connection->ssl->out_left != 0;
		if (breaks(ret)) {
			connection->send_code = ret;
		}
		k_mutex_unlock(lock);
		if (breaks(ret)) {
			fail_tls(failure, connection, ret);
			return 0;
		}
		if (ret > 0) {
			taken = ret;
		}
		if (taken > 0 && !left) {
			return taken;
		}
	} while (wait_for_room(connection, end));
	/* What is left of what was taken goes out with whatever is called next. */
	if (taken == 0) {
		failure->why = SS_WHY_TIMED_OUT;
	}
	return taken;
}

int32_t ss_readable(struct ss_connection *connection, int32_t ms, struct ss_failure *failure)
{
	struct zsock_pollfd pollfd = {
		.fd = connection->fd,
		.events = ZSOCK_POLLIN,
	};

	memset(failure, 0, sizeof(*failure));
	if (zsock_poll(&pollfd, 1, ms) < 0) {
		if (errno == EAGAIN) {
			return 0;
		}
		fail_os(failure, errno);
		return -1;
	}
	return (pollfd.revents & (ZSOCK_POLLIN | ZSOCK_POLLHUP | ZSOCK_POLLERR)) != 0;
}

/* Sends an alert, as often as the socket below has no room for it. */
static int send_alert(struct ss_connection *connection, uint8_t level, uint8_t alert)
{
	struct k_mutex *lock = lock_of(connection);
	bool made = false;
	int ret;

	if (lock == NULL) {
		return MBEDTLS_ERR_NET_INVALID_CONTEXT;
	}
	for (int step = 0; step <= CLOSE_STEPS; step++) {
		k_mutex_lock(lock, K_FOREVER);
		ret = connection->send_code;
		if (ret == 0 && made) {
			ret = flush(connection);
		} else if (ret == 0) {
			/* Where a record is left over, be it another thread's, Mbed TLS sends that
			 * and nothing else.
			 */
			made = connection->ssl->out_left == 0;
			ss_library_lock();
			ret = mbedtls_ssl_send_alert_message(connection->ssl, level, alert);
			ss_library_unlock();
		}
		k_mutex_unlock(lock);
		if (ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
			k_msleep(CLOSE_STEP_MS);
		} else if (ret != 0 || made) {
			return ret;
		}
	}
	return MBEDTLS_ERR_SSL_WANT_WRITE;
}

void ss_abort(struct ss_connection *connection, uint8_t alert)
{
	unsigned char rest[128];
	int ret;

	if (connection->closed) {
		return;
	}
	connection->closed = true;
	if (send_alert(connection, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert) != 0) {
		return;
	}
	for (int step = 0; step < FAREWELL_STEPS;) {
		ret = connection->receive(connection->bio, rest, sizeof(rest));
		if (ret == MBEDTLS_ERR_SSL_WANT_READ) {
			k_msleep(CLOSE_STEP_MS);
			step++;
		} else if (ret <= 0) {
			return;
		}
	}
}

bool ss_close(struct ss_connection *connection, struct ss_failure *failure)
{
	int ret;

	memset(failure, 0, sizeof(*failure));
	if (connection->closed) {
		return true;
	}
	connection->closed = true;
	ret = send_alert(connection, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
			 MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
	if (ret != 0) {
		fail(failure, connection, ret, EAGAIN);
		return false;
	}
	return true;
}

void ss_free(struct ss_connection *connection)
{
	(void)zsock_close(connection->fd);
	ss_unwatch(connection);
	ss_session_drop(connection);
	free(connection);
}
