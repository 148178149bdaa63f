/* SPDX-License-Identifier: Apache-2.0 */

/* Zephyr's TLS credential store. */

#include <errno.h>
#include <stddef.h>

#include <zephyr/net/tls_credentials.h>
#include <zephyr/sys/util.h>

#include "ss.h"

BUILD_ASSERT(sizeof(sec_tag_t) == sizeof(int32_t), "tags are passed as int32_t");

static enum tls_credential_type type_of(int32_t kind)
{
	switch (kind) {
	case SS_CA:
		return TLS_CREDENTIAL_CA_CERTIFICATE;
	case SS_CERTIFICATE:
		return TLS_CREDENTIAL_PUBLIC_CERTIFICATE;
	case SS_KEY:
		return TLS_CREDENTIAL_PRIVATE_KEY;
	case SS_PSK:
		return TLS_CREDENTIAL_PSK;
	case SS_PSK_IDENTITY:
		return TLS_CREDENTIAL_PSK_ID;
	default:
		return TLS_CREDENTIAL_NONE;
	}
}

int32_t ss_credential_add(int32_t tag, int32_t kind, const void *data, size_t length)
{
	switch (tls_credential_add(tag, type_of(kind), data, length)) {
	case 0:
		return SS_STORE_OK;
	case -EEXIST:
		return SS_STORE_IN_USE;
	case -ENOMEM:
		return SS_STORE_FULL;
	default:
		return SS_STORE_REFUSED;
	}
}

void ss_credential_delete(int32_t tag, int32_t kind)
{
	(void)tls_credential_delete(tag, type_of(kind));
}

bool ss_credential_present(int32_t tag, int32_t kind)
{
	uint8_t none;
	size_t length = 0;

	/* -EFBIG where there is something, since there is no room for it. */
	return tls_credential_get(tag, type_of(kind), &none, &length) != -ENOENT;
}

int32_t ss_credential_get(int32_t tag, int32_t kind, void *data, size_t *length)
{
	switch (tls_credential_get(tag, type_of(kind), data, length)) {
	case 0:
		return SS_STORE_OK;
	case -ENOENT:
		return SS_STORE_NONE;
	case -EFBIG:
		return SS_STORE_TOO_SHORT;
	default:
		return SS_STORE_REFUSED;
	}
}
