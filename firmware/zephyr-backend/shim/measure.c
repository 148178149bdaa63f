/* SPDX-License-Identifier: Apache-2.0 */

/* How much of each stack and heap was ever used. docs/memory.md. */

#include <zephyr/debug/thread_analyzer.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP)
#include <mbedtls/memory_buffer_alloc.h>
#define TLS_HEAP_IS_MEASURED
#endif

#include "malloc_stats.h"
#include "ss.h"

static void print_stack(struct thread_analyzer_info *info)
{
	printk("memory: stack of %s %zu of %zu bytes\n", info->name, info->stack_used,
	       info->stack_size);
}

static void print_malloc(void)
{
#if defined(SS_MALLOC_IS_MEASURED)
	struct sys_memory_stats stats;

	if (ss_malloc_stats(&stats)) {
		printk("memory: malloc heap %zu of %zu bytes\n", stats.max_allocated_bytes,
		       stats.allocated_bytes + stats.free_bytes);
	}
#endif
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
