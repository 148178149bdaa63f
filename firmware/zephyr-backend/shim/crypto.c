/* SPDX-License-Identifier: Apache-2.0 */

/* Digests and key pairs, by the TLS library. */

#include <zephyr/random/random.h>
#include <zephyr/sys/util.h>

#include <mbedtls/build_info.h>
#if defined(MBEDTLS_SHA256_C)
#include <mbedtls/sha256.h>
#else
#include <psa/crypto.h>
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C)
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#endif

#include "ss.h"

bool ss_sha256(const uint8_t *data, size_t length, uint8_t digest[32])
{
#if defined(MBEDTLS_SHA256_C)
	return mbedtls_sha256(data, length, digest, 0) == 0;
#else
	size_t written;

	return psa_hash_compute(PSA_ALG_SHA_256, data, length, digest, 32, &written) ==
	       PSA_SUCCESS;
#endif
}

#if defined(MBEDTLS_X509_CRT_PARSE_C)

static int fill_random(void *context, unsigned char *buffer, size_t length)
{
	ARG_UNUSED(context);
#if defined(CONFIG_CSPRNG_ENABLED)
	return sys_csrand_get(buffer, length);
#else
	sys_rand_get(buffer, length);
	return 0;
#endif
}

static enum ss_pair judge_key(int code)
{
	switch (code) {
	case 0:
		return SS_PAIR_OK;
	case MBEDTLS_ERR_PK_ALLOC_FAILED:
		return SS_PAIR_MEMORY;
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return SS_PAIR_UNSUPPORTED;
	case MBEDTLS_ERR_PK_PASSWORD_REQUIRED:
		return SS_PAIR_ENCRYPTED;
	default:
		return SS_PAIR_KEY;
	}
}

static enum ss_pair judge_certificate(int code)
{
	/* The key's own code is the low part of some of them. */
	if (code == MBEDTLS_ERR_X509_ALLOC_FAILED) {
		return SS_PAIR_MEMORY;
	}
	if (code == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG ||
	    judge_key(code) == SS_PAIR_UNSUPPORTED) {
		return SS_PAIR_UNSUPPORTED;
	}
	return SS_PAIR_CERTIFICATE;
}

int32_t ss_check_pair(const uint8_t *certificate, size_t certificate_length, const uint8_t *key,
		      size_t key_length)
{
	mbedtls_x509_crt crt;
	mbedtls_pk_context pk;
	int32_t verdict;
	int code;

	mbedtls_x509_crt_init(&crt);
	mbedtls_pk_init(&pk);
	code = mbedtls_x509_crt_parse_der_nocopy(&crt, certificate, certificate_length);
	if (code != 0) {
		verdict = judge_certificate(code);
	} else {
		code = mbedtls_pk_parse_key(&pk, key, key_length, NULL, 0, fill_random, NULL);
		verdict = judge_key(code);
	}
	if (verdict == SS_PAIR_OK) {
		code = mbedtls_pk_check_pair(&crt.pk, &pk, fill_random, NULL);
		if (code != 0) {
			verdict = judge_key(code) == SS_PAIR_MEMORY ? SS_PAIR_MEMORY
								    : SS_PAIR_MISMATCH;
		}
	}
	mbedtls_pk_free(&pk);
	mbedtls_x509_crt_free(&crt);
	return verdict;
}

#else

int32_t ss_check_pair(const uint8_t *certificate, size_t certificate_length, const uint8_t *key,
		      size_t key_length)
{
	ARG_UNUSED(certificate);
	ARG_UNUSED(certificate_length);
	ARG_UNUSED(key);
	ARG_UNUSED(key_length);
	return SS_PAIR_UNSUPPORTED;
}

#endif
