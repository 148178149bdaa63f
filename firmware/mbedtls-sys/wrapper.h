/* SPDX-License-Identifier: Apache-2.0 */

/* What bindgen reads. MBEDTLS_ALLOW_PRIVATE_ACCESS stays undefined: private fields then
 * have the same names (private_...) as in mbedtls-rs-sys.
 */

#include <zephyr/autoconf.h>

#include <mbedtls/build_info.h>

#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

/* Symbols without a value say nothing to bindgen. build.rs passes these on. */
#if defined(MBEDTLS_X509_CRT_PARSE_C)
#define ZEPHYR_MBEDTLS_HAS_X509 1
#endif
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED)
#define ZEPHYR_MBEDTLS_HAS_PSK 1
#endif
#if defined(MBEDTLS_SSL_ALPN)
#define ZEPHYR_MBEDTLS_HAS_ALPN 1
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
#define ZEPHYR_MBEDTLS_HAS_TLS12 1
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
#define ZEPHYR_MBEDTLS_HAS_TLS13 1
#endif
/* A client's are the socket's; the engine's own are a server's. */
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C)
#define ZEPHYR_MBEDTLS_HAS_TICKETS 1
#endif
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
#define ZEPHYR_MBEDTLS_HAS_PEER_CERT 1
#endif
#if defined(MBEDTLS_SSL_RENEGOTIATION)
#define ZEPHYR_MBEDTLS_HAS_RENEGOTIATION 1
#endif
#if defined(MBEDTLS_PSA_CRYPTO_C)
#define ZEPHYR_MBEDTLS_HAS_PSA 1
#endif
