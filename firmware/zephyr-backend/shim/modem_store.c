/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The modem's credential store in place of Zephyr's, by nRF Connect SDK's library
 * (CONFIG_MODEM_KEY_MGMT). Credentials stay there over a reset, and the modem takes them only
 * while it is offline. It has no word for what it holds but a SHA-256, so nothing is read out.
 *
 * Not built or run where this was written, which had neither that SDK nor a modem: docs/modem.md.
 */

#include <errno.h>
#include <string.h>

#include <modem/modem_key_mgmt.h>
#include <psa/crypto.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/util.h>

#include "ss.h"

LOG_MODULE_REGISTER(modem_store, LOG_LEVEL_INF);

/* MAX_PSK of the library. */
#define MAX_PSK 64

static int type_of(int32_t kind, enum modem_key_mgmt_cred_type *type)
{
	switch (kind) {
	case SS_CA:
		*type = MODEM_KEY_MGMT_CRED_TYPE_CA_CHAIN;
		return 0;
	case SS_CERTIFICATE:
		*type = MODEM_KEY_MGMT_CRED_TYPE_PUBLIC_CERT;
		return 0;
	case SS_KEY:
		*type = MODEM_KEY_MGMT_CRED_TYPE_PRIVATE_CERT;
		return 0;
	case SS_PSK:
		*type = MODEM_KEY_MGMT_CRED_TYPE_PSK;
		return 0;
	case SS_PSK_IDENTITY:
		*type = MODEM_KEY_MGMT_CRED_TYPE_IDENTITY;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Whether the modem holds this very text. It hands out no key, but the SHA-256 of each. */
static bool holds(nrf_sec_tag_t tag, enum modem_key_mgmt_cred_type type, const void *text,
		  size_t length)
{
	uint8_t theirs[MODEM_KEY_MGMT_DIGEST_SIZE];
	uint8_t ours[MODEM_KEY_MGMT_DIGEST_SIZE];
	size_t written;

	return modem_key_mgmt_digest(tag, type, theirs, sizeof(theirs)) == 0 &&
	       psa_crypto_init() == PSA_SUCCESS &&
	       psa_hash_compute(PSA_ALG_SHA_256, text, length, ours, sizeof(ours), &written) ==
		       PSA_SUCCESS &&
	       memcmp(ours, theirs, sizeof(ours)) == 0;
}

static enum ss_store put(nrf_sec_tag_t tag, enum modem_key_mgmt_cred_type type, const void *text,
			 size_t length)
{
	bool exists;
	int ret = modem_key_mgmt_exists(tag, type, &exists);

	if (ret == 0 && exists) {
		if (holds(tag, type, text, length)) {
			/* Its flash is spared. */
			return SS_STORE_OK;
		}
		ret = modem_key_mgmt_delete(tag, type);
	}
	if (ret == 0) {
		ret = modem_key_mgmt_write(tag, type, text, length);
	}
	switch (ret) {
	case 0:
		return SS_STORE_OK;
	case -EPERM:
		return SS_STORE_ONLINE;
	case -EALREADY:
		return SS_STORE_IN_USE;
	case -ENOMEM:
	case -E2BIG:
		return SS_STORE_FULL;
	default:
		LOG_ERR("the modem refuses a credential under tag %u (error %d)", tag, ret);
		return SS_STORE_REFUSED;
	}
}

int32_t ss_credential_add(int32_t tag, int32_t kind, const void *data, size_t length)
{
	/* A pre-shared key goes in as hexadecimal digits. */
	char digits[2 * MAX_PSK + 1];
	enum modem_key_mgmt_cred_type type;
	enum ss_store status;

	if (type_of(kind, &type) != 0) {
		return SS_STORE_REFUSED;
	}
	if (kind != SS_PSK) {
		/* PEM has a NUL at its end here, which the modem is not to see. */
		return put(tag, type, data, kind == SS_PSK_IDENTITY ? length : length - 1);
	}
	if (length > MAX_PSK) {
		return SS_STORE_FULL;
	}
	length = bin2hex(data, length, digits, sizeof(digits));
	status = put(tag, type, digits, length);
	/* Not to be left out by the compiler, although nobody reads it. */
	for (volatile char *digit = digits; digit < digits + sizeof(digits); digit++) {
		*digit = 0;
	}
	return status;
}

void ss_credential_delete(int32_t tag, int32_t kind)
{
	/* The modem has a copy, which is there to stay. */
	ARG_UNUSED(tag);
	ARG_UNUSED(kind);
}

bool ss_credential_present(int32_t tag, int32_t kind)
{
	enum modem_key_mgmt_cred_type type;
	bool exists = false;

	return type_of(kind, &type) == 0 && modem_key_mgmt_exists(tag, type, &exists) == 0 &&
	       exists;
}
