/* SPDX-License-Identifier: Apache-2.0 */

/* Between native.c, in Zephyr's image, and native_host.c, in the host's program. */

#ifndef SS_NATIVE_HOST_H
#define SS_NATIVE_HOST_H

/* How many bytes the file has, of which at most max were read; or an errno, negative. */
long long ss_host_read(const char *path, void *buffer, unsigned long max);
/* Seconds since 1970. */
long long ss_host_time(void);
/* Bytes in use of the program's heap, which is the image's as well. */
long long ss_host_heap(void);

#endif /* SS_NATIVE_HOST_H */
