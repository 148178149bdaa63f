/* SPDX-License-Identifier: Apache-2.0 */

/* The threads that serve clients: as many as places, with stacks of their own. */

#include <zephyr/kernel.h>

#include "server.h"

#define COUNT CONFIG_SECURE_SOCKETS_SERVER_CLIENTS

static K_THREAD_STACK_ARRAY_DEFINE(stacks, COUNT, CONFIG_SECURE_SOCKETS_SERVER_STACK_SIZE);
static struct k_thread threads[COUNT];
static atomic_t at_work;
static size_t started;

static void run(void *work, void *context, void *unused)
{
	ARG_UNUSED(unused);
	((ss_work_fn *)work)(context);
}

size_t ss_workers_max(void)
{
	return COUNT;
}

bool ss_workers_start(ss_work_fn *work, void *context, size_t count)
{
	int priority = k_thread_priority_get(k_current_get());

	if (!atomic_cas(&at_work, 0, 1)) {
		return false;
	}
	started = MIN(count, COUNT);
	for (size_t index = 0; index < started; index++) {
		k_tid_t thread = k_thread_create(&threads[index], stacks[index],
						 K_THREAD_STACK_SIZEOF(stacks[index]), run,
						 (void *)work, context, NULL, priority, 0,
						 K_NO_WAIT);

		(void)k_thread_name_set(thread, "serve");
	}
	return true;
}

void ss_workers_join(void)
{
	for (size_t index = 0; index < started; index++) {
		(void)k_thread_join(&threads[index], K_FOREVER);
	}
	atomic_set(&at_work, 0);
}
