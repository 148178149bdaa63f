/* SPDX-License-Identifier: Apache-2.0 */

/* Plain TCP sockets for servers. */

#include <errno.h>
#include <string.h>

#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "connection.h"
#include "platform.h"
#include "server.h"

/* Clients that are connected and wait for a place. Zephyr's TCP keeps a connection for
 * each until it is accepted.
 */
#define BACKLOG CONFIG_SECURE_SOCKETS_SERVER_BACKLOG

static int fail(struct ss_os_error *error, int number, int fd)
{
	*error = ss_os_error(number);
	if (fd >= 0) {
		(void)zsock_close(fd);
	}
	return SS_TCP_BROKEN;
}

static bool to_address(const struct sockaddr_storage *storage, struct ss_address *out)
{
	memset(out, 0, sizeof(*out));
	if (storage->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)storage;

		memcpy(out->bytes, &in->sin_addr, sizeof(in->sin_addr));
		out->port = ntohs(in->sin_port);
		return true;
	}
	if (storage->ss_family == AF_INET6 && IS_ENABLED(CONFIG_NET_IPV6)) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;

		out->is_v6 = 1;
		memcpy(out->bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
		out->port = ntohs(in6->sin6_port);
		out->scope = in6->sin6_scope_id;
		return true;
	}
	return false;
}

int32_t ss_server_listen(const struct ss_address *address, struct ss_address *bound,
			 struct ss_os_error *error)
{
	struct sockaddr_storage storage;
	socklen_t length = ss_to_sockaddr(address, &storage);
	int on = 1;
	int fd = zsock_socket(storage.ss_family, SOCK_STREAM, IPPROTO_TCP);

	if (fd < 0) {
		return fail(error, errno, -1);
	}
	/* A server that starts again finds its port free. Not every stack has the option. */
	(void)zsock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (zsock_bind(fd, (struct sockaddr *)&storage, length) < 0 ||
	    zsock_listen(fd, BACKLOG) < 0) {
		return fail(error, errno, fd);
	}
	length = sizeof(storage);
	*bound = *address;
	if (zsock_getsockname(fd, (struct sockaddr *)&storage, &length) == 0) {
		(void)to_address(&storage, bound);
	}
	return fd;
}

int32_t ss_server_accept(int32_t listener, struct ss_address *peer, struct ss_os_error *error)
{
	struct sockaddr_storage storage = {0};
	socklen_t length = sizeof(storage);
	int on = 1;
	int fd = zsock_accept(listener, (struct sockaddr *)&storage, &length);

	if (fd < 0) {
		return fail(error, errno, -1);
	}
	/* Handshake messages are small and each is waited for. A stack without the option
	 * sends at once anyway.
	 */
	(void)zsock_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)to_address(&storage, peer);
	return fd;
}

#if defined(CONFIG_NET_NATIVE_OFFLOADED_SOCKETS)

/* The sockets of native_sim's host let one thread alone wait for each of them: a thread
 * that sends and one that receives take turns.
 */
#define TURN_MS 20

static struct k_mutex turns[CONFIG_ZVFS_OPEN_MAX];

static int make_turns(void)
{
	ARRAY_FOR_EACH_PTR(turns, turn) {
		k_mutex_init(turn);
	}
	return 0;
}

SYS_INIT(make_turns, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

static int wait(struct zsock_pollfd *pollfd, int32_t ms)
{
	struct k_mutex *turn;
	int ret;

	if (pollfd->fd < 0 || pollfd->fd >= ARRAY_SIZE(turns)) {
		errno = EBADF;
		return -1;
	}
	turn = &turns[pollfd->fd];
	if (k_mutex_lock(turn, ms < 0 ? K_FOREVER : K_MSEC(ms)) != 0) {
		return 0;
	}
	ret = zsock_poll(pollfd, 1, ms < 0 || ms > TURN_MS ? TURN_MS : ms);
	k_mutex_unlock(turn);
	return ret;
}

#else

static int wait(struct zsock_pollfd *pollfd, int32_t ms)
{
	return zsock_poll(pollfd, 1, ms);
}

#endif

int32_t ss_server_wait(int32_t socket, bool receive, bool send, int32_t ms,
		       struct ss_os_error *error)
{
	struct zsock_pollfd pollfd = {
		.fd = socket,
		.events = (receive ? ZSOCK_POLLIN : 0) | (send ? ZSOCK_POLLOUT : 0),
	};
	int ret = wait(&pollfd, ms);

	if (ret < 0 && errno != EAGAIN && errno != EINTR) {
		return fail(error, errno, -1);
	}
	return ret > 0 ? 1 : 0;
}

int64_t ss_uptime_us(void)
{
	return k_ticks_to_us_floor64(k_uptime_ticks());
}
