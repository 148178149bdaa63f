/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TLS that is the platform's own, such as a modem's: a socket API, a store for credentials, and
 * nothing to look into (CONFIG_SECURE_SOCKETS_TLS_OFFLOADED). src/offloaded/sys.rs declares the
 * same: change both together.
 */

#ifndef SS_OFFLOADED_H
#define SS_OFFLOADED_H

#include "ss.h"

struct ss_offloaded {
	/* Under which all credentials are. */
	int32_t tag;
	/* NULL: no name, in the mode without certificates. */
	const char *hostname;
	const int *suites;
	size_t suite_count;
	/* 0: no limit. */
	uint32_t io_ms;
};

enum ss_offloaded_stage {
	SS_OFFLOADED_DONE,
	/* No TCP connection was made, or the platform says so. */
	SS_OFFLOADED_CONNECT,
	/* An option was refused: what it is called is in the log. */
	SS_OFFLOADED_OPTION,
	/* The handshake failed, and that is all that is known. */
	SS_OFFLOADED_HANDSHAKE,
};

/* A socket, or -1 with *stage and *error. *suite is 0 where the platform does not tell. */
int32_t ss_offloaded_connect(const struct ss_offloaded *options, const struct ss_address *address,
			     uint32_t *suite, uint32_t *duration_us, int32_t *stage,
			     struct ss_os_error *error);
enum ss_offloaded_io { SS_OFFLOADED_BROKEN = -1, SS_OFFLOADED_TIMED_OUT = -2 };
/* How many bytes, 0 at the end, or of enum ss_offloaded_io. One thread may receive while
 * another sends.
 */
int32_t ss_offloaded_receive(int32_t socket, void *buffer, size_t length,
			     struct ss_os_error *error);
int32_t ss_offloaded_send(int32_t socket, const void *data, size_t length,
			  struct ss_os_error *error);
/* Waits so many milliseconds at most: 1, 0, or -1 with *error. */
int32_t ss_offloaded_readable(int32_t socket, int32_t ms, struct ss_os_error *error);
void ss_offloaded_close(int32_t socket);

#endif /* SS_OFFLOADED_H */
