/* SPDX-License-Identifier: Apache-2.0 */

/* How much memory is in use, of that which is handed out while the device runs. */

#include <stdlib.h>

#include <zephyr/kernel.h>
#include <zephyr/sys/sys_heap.h>

/* Where TLS is offloaded, its heap is too. */
#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP) &&                 \
	!defined(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
#include "connection.h"
#include <mbedtls/memory_buffer_alloc.h>
#define TLS_HEAP_IS_MEASURED
#endif
#if defined(CONFIG_ARCH_POSIX)
#include "native_host.h"
#endif

#include "malloc_stats.h"
#include "ss.h"

#if defined(SS_MALLOC_IS_MEASURED)
/* Zephyr does not name the heap of malloc(), so it is known by what it gives. */
bool ss_malloc_stats(struct sys_memory_stats *stats)
{
	struct sys_heap **heaps;
	char *block = malloc(1);
	int count = sys_heap_array_get(&heaps);
	bool found = false;

	for (int index = 0; index < count && !found; index++) {
		const char *start = (const char *)heaps[index]->heap;

		(void)sys_heap_runtime_stats_get(heaps[index], stats);
		found = block >= start &&
			block < start + stats->allocated_bytes + stats->free_bytes;
	}
	free(block);
	return found;
}
#endif

int64_t ss_memory_tls(void)
{
#if defined(TLS_HEAP_IS_MEASURED)
	size_t bytes;
	size_t blocks;

	ss_library_lock();
	mbedtls_memory_buffer_alloc_cur_get(&bytes, &blocks);
	ss_library_unlock();
	return bytes;
#else
	return -1;
#endif
}

int64_t ss_memory_c(void)
{
#if defined(CONFIG_ARCH_POSIX)
	return ss_host_heap();
#elif defined(SS_MALLOC_IS_MEASURED)
	struct sys_memory_stats stats;

	return ss_malloc_stats(&stats) ? (int64_t)stats.allocated_bytes : -1;
#else
	return -1;
#endif
}
