/* SPDX-License-Identifier: Apache-2.0 */

/* How much of each stack and heap was ever used. docs/memory.md. */

#include <stdlib.h>

#include <zephyr/debug/thread_analyzer.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <zephyr/sys/sys_heap.h>

#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP)
#include <mbedtls/memory_buffer_alloc.h>
#define TLS_HEAP_IS_MEASURED
#endif

#include "ss.h"

static void print_stack(struct thread_analyzer_info *info)
{
	printk("memory: stack of %s %zu of %zu bytes\n", info->name, info->stack_used,
	       info->stack_size);
}

/* The heap of malloc(), which has Rust's allocations as well: Zephyr does not name it, so it
 * is known by what it gives.
 */
static void print_malloc(void)
{
	struct sys_memory_stats stats;
	struct sys_heap **heaps;
	char *block = malloc(1);
	int count = sys_heap_array_get(&heaps);

	for (int index = 0; index < count; index++) {
		const char *start = (const char *)heaps[index]->heap;
		size_t size;

		(void)sys_heap_runtime_stats_get(heaps[index], &stats);
		size = stats.allocated_bytes + stats.free_bytes;
		if (block >= start && block < start + size) {
			printk("memory: malloc heap %zu of %zu bytes\n", stats.max_allocated_bytes,
			       size);
		}
	}
	free(block);
}

void ss_measure_print(void)
{
	thread_analyzer_run(print_stack, 0);
	print_malloc();
#if defined(TLS_HEAP_IS_MEASURED)
	size_t bytes;
	size_t blocks;

	mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
	printk("memory: TLS heap %zu of %d bytes\n", bytes, CONFIG_MBEDTLS_HEAP_SIZE);
#endif
}
