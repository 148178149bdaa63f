/* SPDX-License-Identifier: Apache-2.0 */

/* Compiled against the host's libc: what the image may not call itself. */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "native_host.h"

long long ss_host_read(const char *path, void *buffer, unsigned long max)
{
	FILE *file = fopen(path, "rb");
	unsigned long length;
	int failed;

	if (file == NULL) {
		return -errno;
	}
	errno = 0;
	length = fread(buffer, 1, max, file);
	if (length == max && fgetc(file) != EOF) {
		length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : max + 1;
	}
	failed = ferror(file) ? (errno != 0 ? errno : EIO) : 0;
	(void)fclose(file);
	return failed != 0 ? -failed : (long long)length;
}

long long ss_host_time(void)
{
	return time(NULL);
}

long long ss_host_heap(void)
{
	return (long long)mallinfo2().uordblks;
}
