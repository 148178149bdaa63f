/* SPDX-License-Identifier: Apache-2.0 */

#ifndef SS_MALLOC_STATS_H
#define SS_MALLOC_STATS_H

#include <stdbool.h>

#include <zephyr/sys/mem_stats.h>

#if defined(CONFIG_COMMON_LIBC_MALLOC) && defined(CONFIG_SYS_HEAP_RUNTIME_STATS) &&                \
	CONFIG_SYS_HEAP_ARRAY_SIZE > 0
#define SS_MALLOC_IS_MEASURED

/* What malloc()'s heap holds, which has Rust's allocations as well. The block that it takes
 * for as long as it looks is counted. False if the heap is not there.
 */
bool ss_malloc_stats(struct sys_memory_stats *stats);
#endif

#endif
