/* SPDX-License-Identifier: Apache-2.0 */

/* What Rust needs to call Mbed TLS itself. */

#include <stddef.h>

#include <zephyr/kernel.h>

#include <mbedtls/entropy.h>
/* Without MBEDTLS_ALLOW_PRIVATE_ACCESS, as bindgen reads it. */
#include <mbedtls/ssl.h>
#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG) && defined(CONFIG_MBEDTLS_ENABLE_HEAP)
#include <mbedtls/memory_buffer_alloc.h>
#define HEAP_IS_MEASURED
#endif

#include "connection.h"
#include "server.h"

int ss_f_rng(void *context, unsigned char *buffer, size_t length)
{
	ARG_UNUSED(context);
	return ss_random(buffer, length) == 0 ? 0 : MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

bool ss_heap(struct ss_heap *heap)
{
#if defined(HEAP_IS_MEASURED)
	size_t bytes;
	size_t blocks;

	ss_library_lock();
	mbedtls_memory_buffer_alloc_cur_get(&bytes, &blocks);
	heap->used = bytes;
	heap->blocks = blocks;
	mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
	heap->peak = bytes;
	ss_library_unlock();
	return true;
#else
	ARG_UNUSED(heap);
	return false;
#endif
}

#define FIELD(type, field) offsetof(type, MBEDTLS_PRIVATE(field))

/* In the order of src/library.rs. */
const uint32_t ss_layout[] = {
	sizeof(mbedtls_ssl_config),
	FIELD(mbedtls_ssl_config, max_tls_version),
	FIELD(mbedtls_ssl_config, min_tls_version),
	sizeof(mbedtls_ssl_context),
	FIELD(mbedtls_ssl_context, state),
	FIELD(mbedtls_ssl_context, tls_version),
	FIELD(mbedtls_ssl_context, in_buf),
	FIELD(mbedtls_ssl_context, in_msg),
	FIELD(mbedtls_ssl_context, in_msgtype),
	FIELD(mbedtls_ssl_context, in_msglen),
	FIELD(mbedtls_ssl_context, in_hslen),
	FIELD(mbedtls_ssl_context, keep_current_message),
	FIELD(mbedtls_ssl_context, alert_type),
	FIELD(mbedtls_ssl_context, out_msgtype),
	FIELD(mbedtls_ssl_context, out_left),
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	FIELD(mbedtls_ssl_context, transform_application),
#else
	0,
#endif
#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)
	FIELD(mbedtls_ssl_context, session),
	FIELD(mbedtls_ssl_context, session_negotiate),
	sizeof(mbedtls_ssl_session),
	FIELD(mbedtls_ssl_session, tls_version),
	FIELD(mbedtls_ssl_session, ciphersuite),
	FIELD(mbedtls_ssl_session, id_len),
	FIELD(mbedtls_ssl_session, ticket_len),
	FIELD(mbedtls_ssl_session, ticket_lifetime),
#else
	0, 0, 0, 0, 0, 0, 0, 0,
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C)
	sizeof(mbedtls_x509_crt),
	offsetof(mbedtls_x509_crt, raw),
	offsetof(mbedtls_x509_crt, pk),
	offsetof(mbedtls_x509_crt, next),
	sizeof(mbedtls_pk_context),
#else
	0, 0, 0, 0, 0,
#endif
};

const uint32_t ss_layout_length = ARRAY_SIZE(ss_layout);
