/* SPDX-License-Identifier: Apache-2.0 */

/* What an image that runs on a computer does the same way on all of them. */

#include <zephyr/sys/util.h>

#include <mbedtls/build_info.h>
#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>

#include "ss.h"

size_t ss_hosted_leave_heap(size_t bytes)
{
	/* What the allocator keeps beside each block, at most. */
	const size_t header = 64;
	size_t used = 0;

#if defined(MBEDTLS_MEMORY_DEBUG)
	size_t blocks;

	mbedtls_memory_buffer_alloc_cur_get(&used, &blocks);
	used += blocks * header;
#endif
	if (bytes + used + header > CONFIG_MBEDTLS_HEAP_SIZE ||
	    mbedtls_calloc(1, CONFIG_MBEDTLS_HEAP_SIZE - used - header - bytes) == NULL) {
		return CONFIG_MBEDTLS_HEAP_SIZE - used;
	}
	return 0;
}
