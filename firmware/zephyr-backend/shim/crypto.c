/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures and key pairs, by the TLS library. */

#include <zephyr/sys/util.h>

#include <mbedtls/build_info.h>
#if defined(MBEDTLS_X509_CRT_PARSE_C)
#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>
#endif

#include "connection.h"

#if defined(MBEDTLS_X509_CRT_PARSE_C)

static int fill_random(void *context, unsigned char *buffer, size_t length)
{
	ARG_UNUSED(context);
	return ss_random(buffer, length);
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
	/* Another module's code may be the low part of it. */
	code = -(-code & 0xff80);
	if (code == MBEDTLS_ERR_X509_ALLOC_FAILED) {
		return SS_PAIR_MEMORY;
	}
	if (code == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG ||
	    judge_key(code) == SS_PAIR_UNSUPPORTED) {
		return SS_PAIR_UNSUPPORTED;
	}
	return SS_PAIR_CERTIFICATE;
}

int32_t ss_check_certificate(const uint8_t *certificate, size_t length)
{
	mbedtls_x509_crt crt;
	int code;

	ss_library_lock();
	mbedtls_x509_crt_init(&crt);
	code = mbedtls_x509_crt_parse_der_nocopy(&crt, certificate, length);
	mbedtls_x509_crt_free(&crt);
	ss_library_unlock();
	return code == 0 ? SS_PAIR_OK : judge_certificate(code);
}

int32_t ss_check_pair(const uint8_t *certificate, size_t certificate_length, const uint8_t *key,
		      size_t key_length)
{
	mbedtls_x509_crt crt;
	mbedtls_pk_context pk;
	int32_t verdict;
	int code;

	ss_library_lock();
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
	ss_library_unlock();
	return verdict;
}

static mbedtls_md_type_t md_of(int32_t hash)
{
	switch (hash) {
	case SS_SHA256:
		return MBEDTLS_MD_SHA256;
	case SS_SHA384:
		return MBEDTLS_MD_SHA384;
	case SS_SHA512:
		return MBEDTLS_MD_SHA512;
	default:
		return MBEDTLS_MD_NONE;
	}
}

static mbedtls_pk_type_t pk_of(int32_t scheme)
{
	switch (scheme) {
	case SS_ECDSA:
		return MBEDTLS_PK_ECDSA;
	case SS_RSA_PKCS1:
		return MBEDTLS_PK_RSA;
	case SS_RSA_PSS:
		return MBEDTLS_PK_RSASSA_PSS;
	default:
		return MBEDTLS_PK_NONE;
	}
}

static enum ss_verdict judge_signature(int code)
{
	/* The low part is that of a module further down (mbedtls/error.h). */
	int low = -(-code & 0x7F);
	int high = code - low;

	if (low == MBEDTLS_ERR_MPI_ALLOC_FAILED || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED) {
		return SS_SIGNATURE_MEMORY;
	}
	switch (high) {
	case 0:
		return low == 0 ? SS_SIGNATURE_OK : SS_SIGNATURE_INVALID;
	case MBEDTLS_ERR_MD_ALLOC_FAILED:
	case MBEDTLS_ERR_PK_ALLOC_FAILED:
		return SS_SIGNATURE_MEMORY;
	case MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_TYPE_MISMATCH:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
		return SS_SIGNATURE_UNSUPPORTED;
	default:
		return SS_SIGNATURE_INVALID;
	}
}

int32_t ss_verify_signature(int32_t scheme, int32_t hash, const uint8_t *public_key,
			    size_t public_key_length, const uint8_t *message,
			    size_t message_length, const uint8_t *signature,
			    size_t signature_length)
{
	const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md_of(hash));
	mbedtls_pk_rsassa_pss_options pss = {
		.mgf1_hash_id = md_of(hash),
		.expected_salt_len = MBEDTLS_RSA_SALT_LEN_ANY,
	};
	unsigned char digest[MBEDTLS_MD_MAX_SIZE];
	mbedtls_pk_context pk;
	int code;

	if (info == NULL || pk_of(scheme) == MBEDTLS_PK_NONE) {
		return SS_SIGNATURE_UNSUPPORTED;
	}
	ss_library_lock();
	mbedtls_pk_init(&pk);
	code = mbedtls_md(info, message, message_length, digest);
	if (code == 0) {
		code = mbedtls_pk_parse_public_key(&pk, public_key, public_key_length);
	}
	if (code == 0) {
		code = mbedtls_pk_verify_ext(pk_of(scheme), scheme == SS_RSA_PSS ? &pss : NULL,
					     &pk, md_of(hash), digest, mbedtls_md_get_size(info),
					     signature, signature_length);
	}
	mbedtls_pk_free(&pk);
	ss_library_unlock();
	return judge_signature(code);
}

#else

int32_t ss_check_certificate(const uint8_t *certificate, size_t length)
{
	ARG_UNUSED(certificate);
	ARG_UNUSED(length);
	return SS_PAIR_UNSUPPORTED;
}

int32_t ss_check_pair(const uint8_t *certificate, size_t certificate_length, const uint8_t *key,
		      size_t key_length)
{
	ARG_UNUSED(certificate);
	ARG_UNUSED(certificate_length);
	ARG_UNUSED(key);
	ARG_UNUSED(key_length);
	return SS_PAIR_UNSUPPORTED;
}

int32_t ss_verify_signature(int32_t scheme, int32_t hash, const uint8_t *public_key,
			    size_t public_key_length, const uint8_t *message,
			    size_t message_length, const uint8_t *signature,
			    size_t signature_length)
{
	ARG_UNUSED(scheme);
	ARG_UNUSED(hash);
	ARG_UNUSED(public_key);
	ARG_UNUSED(public_key_length);
	ARG_UNUSED(message);
	ARG_UNUSED(message_length);
	ARG_UNUSED(signature);
	ARG_UNUSED(signature_length);
	return SS_SIGNATURE_UNSUPPORTED;
}

#endif
