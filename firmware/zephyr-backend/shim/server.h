/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a server needs beyond ss.h: plain TCP sockets, threads and the lock around Mbed
 * TLS. src/socket.rs, src/workers.rs and src/library.rs declare the same.
 */

#ifndef SS_SERVER_H
#define SS_SERVER_H

#include "ss.h"

/* Plain TCP, beside what ss.h has of it. */

/* A socket that listens on address, and the address that it got, as far as the network
 * stack can tell; or SS_TCP_BROKEN.
 */
int32_t ss_server_listen(const struct ss_address *address, struct ss_address *bound,
			 struct ss_os_error *error);
/* Waits for a client: its socket and address; or SS_TCP_BROKEN. */
int32_t ss_server_accept(int32_t listener, struct ss_address *peer, struct ss_os_error *error);
/* 1: it is ready, broken or closed; 0: not yet, though ms may not be over; or
 * SS_TCP_BROKEN. A negative ms is no limit.
 */
int32_t ss_server_wait(int32_t socket, bool receive, bool send, int32_t ms,
		       struct ss_os_error *error);

int64_t ss_uptime_us(void);

/* Threads, with the stacks that CONFIG_SECURE_SOCKETS_SERVER_CLIENTS and
 * CONFIG_SECURE_SOCKETS_SERVER_STACK_SIZE reserve.
 */
typedef void ss_work_fn(void *context);
size_t ss_workers_max(void);
/* Has so many of them call work(context). False if they are at work already. */
bool ss_workers_start(ss_work_fn *work, void *context, size_t count);
/* Waits until all have returned. */
void ss_workers_join(void);

/* f_rng of Mbed TLS. */
int ss_f_rng(void *context, unsigned char *buffer, size_t length);
/* How many of Mbed TLS's allocations failed so far. */
size_t ss_allocations_failed(void);

struct ss_heap {
	uint32_t used;
	uint32_t blocks;
	uint32_t peak;
};
/* Mbed TLS's heap. False where it is not measured. */
bool ss_heap(struct ss_heap *heap);

/* What the C compiler makes of Mbed TLS's structures, to hold bindgen's against. */
extern const uint32_t ss_layout[];
extern const uint32_t ss_layout_length;

#endif /* SS_SERVER_H */
