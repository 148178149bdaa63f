/* SPDX-License-Identifier: Apache-2.0 */

/* How much memory is in use, of that which is handed out while the device runs. */

#include <zephyr/kernel.h>

#include <mbedtls/build_info.h>
#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP)
#include <mbedtls/memory_buffer_alloc.h>
#define TLS_HEAP_IS_MEASURED
#endif
#if defined(CONFIG_ARCH_POSIX)
#include "native_host.h"
#elif defined(CONFIG_COMMON_LIBC_MALLOC) && defined(CONFIG_SYS_HEAP_RUNTIME_STATS)
#include <zephyr/sys/mem_stats.h>
/* Defined by Zephyr's common libc, and declared nowhere. */
int malloc_runtime_stats_get(struct sys_memory_stats *stats);
#endif

#include "connection.h"

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
#elif defined(CONFIG_COMMON_LIBC_MALLOC) && defined(CONFIG_SYS_HEAP_RUNTIME_STATS)
	struct sys_memory_stats stats;

	return malloc_runtime_stats_get(&stats) == 0 ? (int64_t)stats.allocated_bytes : -1;
#else
	return -1;
#endif
}
