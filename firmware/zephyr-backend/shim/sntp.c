/* SPDX-License-Identifier: Apache-2.0 */

/* One request to an SNTP server (RFC 5905, section 14), by Zephyr's SNTP library.
 *
 * Two things are ours. The request: the library puts the device's uptime into it, which
 * whoever forges answers can guess, since a device asks as soon as it starts; a random
 * number is as good for the server, which sends it back. And a look at what the library
 * reads over: whether the server's own clock is set.
 */

#include <errno.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/sntp.h>
#include <zephyr/sys/byteorder.h>

#include "platform.h"

/* It would take the random number for a time. */
BUILD_ASSERT(!IS_ENABLED(CONFIG_SNTP_UNCERTAINTY), "not with CONFIG_SNTP_UNCERTAINTY");

/* RFC 5905, section 7.3: where things are in a packet, and what they say. */
#define PACKET_LENGTH 48
#define STRATUM 1
#define REFERENCE_ID 12
#define HEAD_LENGTH 16
#define TRANSMIT_TIMESTAMP 40
/* Version 4, mode 3 (client). */
#define CLIENT 0x23
#define LEAP_UNKNOWN 3
#define STRATUM_UNSYNCHRONISED 16

static int32_t broken(struct ss_sntp_answer *answer, int number)
{
	answer->error = ss_os_error(number);
	return SS_SNTP_BROKEN;
}

static int send_request(struct sntp_ctx *context)
{
	uint8_t packet[PACKET_LENGTH] = {CLIENT};
	uint8_t *nonce = &packet[TRANSMIT_TIMESTAMP];
	int failed = ss_random(nonce, 8);

	if (failed != 0) {
		return failed;
	}
	/* What the library compares the answer's origin timestamp with. */
	context->expected_orig_ts.seconds = sys_get_be32(nonce);
	context->expected_orig_ts.fraction = sys_get_be32(nonce + 4);
	if (zsock_send(context->sock.fd, packet, sizeof(packet), 0) < 0) {
		return -errno;
	}
	return 0;
}

static int32_t judge(int result, const uint8_t *head, const struct sntp_time *time,
		     struct ss_sntp_answer *answer)
{
	switch (result) {
	case 0:
		answer->ms = time->seconds * MSEC_PER_SEC +
			     (((uint64_t)time->fraction * MSEC_PER_SEC) >> 32);
		return head[0] >> 6 == LEAP_UNKNOWN || head[STRATUM] >= STRATUM_UNSYNCHRONISED
			       ? SS_SNTP_UNSYNCHRONISED
			       : SS_SNTP_TIME;
	case -EBUSY:
		memcpy(answer->kiss, &head[REFERENCE_ID], sizeof(answer->kiss));
		return SS_SNTP_KISS;
	default:
		return SS_SNTP_NOT_SNTP;
	}
}

static int32_t ask(struct sntp_ctx *context, uint32_t timeout_ms, struct ss_sntp_answer *answer)
{
	int64_t sent = k_uptime_get();
	int failed = send_request(context);

	if (failed != 0) {
		return broken(answer, -failed);
	}
	while (true) {
		uint8_t head[HEAD_LENGTH] = {0};
		struct sntp_time time;
		int64_t left = sent + timeout_ms - k_uptime_get();
		int result;

		if (left <= 0) {
			return SS_SNTP_NO_ANSWER;
		}
		result = zsock_poll(context->sock.fds, context->sock.nfds, left);
		if (result < 0) {
			return broken(answer, errno);
		}
		if (result == 0) {
			return SS_SNTP_NO_ANSWER;
		}
		/* The library takes the same datagram off the queue, which only we read. */
		if (zsock_recv(context->sock.fd, head, sizeof(head),
			       ZSOCK_MSG_PEEK | ZSOCK_MSG_DONTWAIT) < 0) {
			if (errno == EAGAIN) {
				continue;
			}
			return broken(answer, errno);
		}
		result = sntp_recv_response(context, left, &time);
		if (result == -ETIMEDOUT) {
			return SS_SNTP_NO_ANSWER;
		}
		/* Whoever does not know our random number is not the server: wait on. */
		if (result == -ERANGE || result == -EMSGSIZE) {
			continue;
		}
		result = judge(result, head, &time, answer);
		/* It was on its way for half of the time that both took. */
		answer->ms += (k_uptime_get() - sent) / 2;
		return result;
	}
}

int32_t ss_sntp_ask(const struct ss_address *address, uint32_t timeout_ms,
		    struct ss_sntp_answer *answer)
{
	struct sockaddr_storage storage;
	socklen_t length = ss_to_sockaddr(address, &storage);
	struct sntp_ctx context;
	int32_t verdict;
	int failed;

	*answer = (struct ss_sntp_answer){0};
	failed = sntp_init(&context, (struct sockaddr *)&storage, length);
	if (failed != 0) {
		return broken(answer, -failed);
	}
	verdict = ask(&context, timeout_ms, answer);
	sntp_close(&context);
	return verdict;
}
