/* SPDX-License-Identifier: Apache-2.0 */

/* Plain TCP that never blocks, over Zephyr's sockets. */

#include <errno.h>
#include <limits.h>

#include <zephyr/sys/fdtable.h>

#include "connection.h"
#include "platform.h"

static int32_t broken(struct ss_os_error *error, int number)
{
	*error = ss_os_error(number);
	return SS_TCP_BROKEN;
}

static int begin(int fd, const struct ss_address *address, uint32_t timeout_ms)
{
	struct sockaddr_storage storage;
	socklen_t length = ss_to_sockaddr(address, &storage);

#if defined(CONFIG_NET_NATIVE_OFFLOADED_SOCKETS)
	/* connect() takes the time to send for its own, and O_NONBLOCK cannot be set. */
	struct zsock_timeval timeout = {
		.tv_sec = timeout_ms / MSEC_PER_SEC,
		.tv_usec = timeout_ms % MSEC_PER_SEC * USEC_PER_MSEC,
	};

	if (zsock_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0) {
		return -1;
	}
#else
	ARG_UNUSED(timeout_ms);
	if (zsock_fcntl(fd, ZVFS_F_SETFL, ZVFS_O_NONBLOCK) < 0) {
		return -1;
	}
#endif
	return zsock_connect(fd, (struct sockaddr *)&storage, length);
}

int32_t ss_tcp_connect(const struct ss_address *address, uint32_t timeout_ms,
		       struct ss_os_error *error)
{
	int number = 0;
	socklen_t length = sizeof(number);
	int fd;

	errno = 0;
	fd = zsock_socket(address->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
	if (fd < 0) {
		return broken(error, errno);
	}
	/* With no time left there is none to connect in; 0 would be no limit. */
	timeout_ms = MAX(timeout_ms, 1);
	if (begin(fd, address, timeout_ms) < 0) {
		if (errno != EINPROGRESS) {
			(void)broken(error, errno);
			goto failed;
		}
		if (ss_tcp_wait(fd, true, timeout_ms, error) < 0) {
			goto failed;
		}
		if (zsock_getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) < 0) {
			number = errno;
		}
		if (number != 0) {
			(void)broken(error, number);
			goto failed;
		}
	}
	return fd;

failed:
	(void)zsock_close(fd);
	return SS_TCP_BROKEN;
}

int32_t ss_tcp_send(int32_t socket, const void *data, size_t length, struct ss_os_error *error)
{
	ssize_t ret;

	errno = 0;
	ret = zsock_send(socket, data, MIN(length, INT_MAX), ZSOCK_MSG_DONTWAIT);
	if (ret >= 0) {
		return ret;
	}
	return errno == EAGAIN || errno == EWOULDBLOCK ? SS_TCP_WOULD_BLOCK : broken(error, errno);
}

int32_t ss_tcp_receive(int32_t socket, void *buffer, size_t length, struct ss_os_error *error)
{
	ssize_t ret;

	errno = 0;
	ret = zsock_recv(socket, buffer, MIN(length, INT_MAX), ZSOCK_MSG_DONTWAIT);
	if (ret >= 0) {
		return ret;
	}
	return errno == EAGAIN || errno == EWOULDBLOCK ? SS_TCP_WOULD_BLOCK : broken(error, errno);
}

int32_t ss_tcp_wait(int32_t socket, bool to_send, uint32_t timeout_ms, struct ss_os_error *error)
{
	struct zsock_pollfd pollfd = {
		.fd = socket,
		.events = to_send ? ZSOCK_POLLOUT : ZSOCK_POLLIN,
	};
	int ret;

	errno = 0;
	ret = zsock_poll(&pollfd, 1, MIN(timeout_ms, INT_MAX));
	if (ret < 0) {
		return broken(error, errno);
	}
	return ret == 0 ? broken(error, ETIMEDOUT) : 0;
}

void ss_tcp_close(int32_t socket)
{
	(void)zsock_close(socket);
}
