/* SPDX-License-Identifier: Apache-2.0 */

/* A TLS connection by nothing but the socket API. */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "offloaded.h"
#include "platform.h"

LOG_MODULE_REGISTER(offloaded, LOG_LEVEL_INF);

static bool set(int fd, int level, int option, const void *value, size_t length, const char *name)
{
	int number;

	if (zsock_setsockopt(fd, level, option, value, length) == 0) {
		return true;
	}
	number = errno;
	LOG_ERR("the platform's TLS refuses %s (error %d)", name, number);
	/* Who logs may write to it. */
	errno = number;
	return false;
}

static bool set_timeout(int fd, int option, uint32_t ms, const char *name)
{
	struct zsock_timeval timeout = {
		.tv_sec = ms / MSEC_PER_SEC,
		.tv_usec = ms % MSEC_PER_SEC * USEC_PER_MSEC,
	};

	return set(fd, SOL_SOCKET, option, &timeout, sizeof(timeout), name);
}

static bool set_options(int fd, const struct ss_offloaded *options)
{
	/* The modem's defaults are optional, and a cache of sessions. */
	int verify = TLS_PEER_VERIFY_REQUIRED;
	int cache = TLS_SESSION_CACHE_DISABLED;
	sec_tag_t tag = options->tag;

	return set(fd, SOL_TLS, TLS_PEER_VERIFY, &verify, sizeof(verify), "TLS_PEER_VERIFY") &&
	       set(fd, SOL_TLS, TLS_SESSION_CACHE, &cache, sizeof(cache), "TLS_SESSION_CACHE") &&
	       set(fd, SOL_TLS, TLS_SEC_TAG_LIST, &tag, sizeof(tag), "TLS_SEC_TAG_LIST") &&
	       set(fd, SOL_TLS, TLS_CIPHERSUITE_LIST, options->suites,
		   options->suite_count * sizeof(options->suites[0]), "TLS_CIPHERSUITE_LIST") &&
	       (options->hostname == NULL ||
		/* Without its NUL, as the modem has it; Zephyr's TLS looks for that itself. */
		set(fd, SOL_TLS, TLS_HOSTNAME, options->hostname, strlen(options->hostname),
		    "TLS_HOSTNAME")) &&
	       set_timeout(fd, SO_RCVTIMEO, options->io_ms, "SO_RCVTIMEO") &&
	       set_timeout(fd, SO_SNDTIMEO, options->io_ms, "SO_SNDTIMEO");
}

/* Whether an error of connect() is TCP's for sure. The modem has one errno for much: what its
 * TLS gave up on it calls EOPNOTSUPP, and may call ECONNREFUSED.
 */
static bool is_tcp(int number)
{
	switch (number) {
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case ETIMEDOUT:
		return true;
	case ECONNREFUSED:
		return !IS_ENABLED(CONFIG_NRF_MODEM_LIB);
	default:
		return false;
	}
}

int32_t ss_offloaded_connect(const struct ss_offloaded *options, const struct ss_address *address,
			     uint32_t *suite, uint32_t *duration_us, int32_t *stage,
			     struct ss_os_error *error)
{
	struct sockaddr_storage storage;
	socklen_t length = ss_to_sockaddr(address, &storage);
	int used = 0;
	socklen_t used_length = sizeof(used);
	int64_t start;
	int fd;

	errno = 0;
	*stage = SS_OFFLOADED_CONNECT;
	fd = zsock_socket(storage.ss_family, SOCK_STREAM, IPPROTO_TLS_1_2);
	if (fd < 0) {
		*error = ss_os_error(errno);
		return -1;
	}
	*stage = SS_OFFLOADED_OPTION;
	if (!set_options(fd, options)) {
		goto failed;
	}
	start = k_uptime_ticks();
	if (zsock_connect(fd, (struct sockaddr *)&storage, length) < 0) {
		*stage = is_tcp(errno) ? SS_OFFLOADED_CONNECT : SS_OFFLOADED_HANDSHAKE;
		goto failed;
	}
	*duration_us = k_ticks_to_us_floor64(k_uptime_ticks() - start);
	/* Modem firmware before 2.0.0 does not tell. */
	if (zsock_getsockopt(fd, SOL_TLS, TLS_CIPHERSUITE_USED, &used, &used_length) < 0) {
		used = 0;
	}
	*suite = used;
	*stage = SS_OFFLOADED_DONE;
	return fd;

failed:
	*error = ss_os_error(errno);
	(void)zsock_close(fd);
	return -1;
}

static int32_t moved(ssize_t ret, struct ss_os_error *error)
{
	if (ret >= 0) {
		return ret;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT) {
		return SS_OFFLOADED_TIMED_OUT;
	}
	*error = ss_os_error(errno);
	return SS_OFFLOADED_BROKEN;
}

int32_t ss_offloaded_receive(int32_t socket, void *buffer, size_t length,
			     struct ss_os_error *error)
{
	errno = 0;
	return moved(zsock_recv(socket, buffer, MIN(length, INT_MAX), 0), error);
}

int32_t ss_offloaded_send(int32_t socket, const void *data, size_t length,
			  struct ss_os_error *error)
{
	errno = 0;
	return moved(zsock_send(socket, data, MIN(length, INT_MAX), 0), error);
}

int32_t ss_offloaded_readable(int32_t socket, int32_t ms, struct ss_os_error *error)
{
	struct zsock_pollfd pollfd = {
		.fd = socket,
		.events = ZSOCK_POLLIN,
	};

	errno = 0;
	if (zsock_poll(&pollfd, 1, ms) < 0) {
		if (errno == EAGAIN) {
			return 0;
		}
		*error = ss_os_error(errno);
		return -1;
	}
	return (pollfd.revents & (ZSOCK_POLLIN | ZSOCK_POLLHUP | ZSOCK_POLLERR)) != 0;
}

void ss_offloaded_close(int32_t socket)
{
	(void)zsock_close(socket);
}
