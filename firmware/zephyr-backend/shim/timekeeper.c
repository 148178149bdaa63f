/* SPDX-License-Identifier: Apache-2.0 */

/* The thread that asks for the time again. */

#include <zephyr/kernel.h>

#include "ss.h"

static K_THREAD_STACK_DEFINE(stack, CONFIG_SECURE_SOCKETS_SNTP_STACK_SIZE);
static struct k_thread thread;
static atomic_t started;

static void run(void *function, void *context, void *unused)
{
	ARG_UNUSED(unused);
	((ss_timekeeper_fn *)function)(context);
}

bool ss_timekeeper_start(ss_timekeeper_fn *function, void *context)
{
	k_tid_t id;

	if (!atomic_cas(&started, 0, 1)) {
		return false;
	}
	id = k_thread_create(&thread, stack, K_THREAD_STACK_SIZEOF(stack), run, (void *)function,
			     context, NULL, k_thread_priority_get(k_current_get()), 0, K_NO_WAIT);
	(void)k_thread_name_set(id, "timekeeper");
	return true;
}
