/* SPDX-License-Identifier: Apache-2.0 */

#ifndef SS_PLATFORM_H
#define SS_PLATFORM_H

#include <zephyr/net/socket.h>

#include "ss.h"

/* An errno with its kind: its numbers depend on the C library of the image. */
struct ss_os_error ss_os_error(int number);

socklen_t ss_to_sockaddr(const struct ss_address *address, struct sockaddr_storage *storage);

#endif /* SS_PLATFORM_H */
