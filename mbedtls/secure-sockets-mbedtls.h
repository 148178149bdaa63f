/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Read at the end of Zephyr's Mbed TLS configuration (CONFIG_MBEDTLS_USER_CONFIG_FILE).
 * Takes out what Kconfig cannot: symbols that Zephyr implies or derives, whatever the
 * application says.
 */

#ifndef SECURE_SOCKETS_MBEDTLS_H
#define SECURE_SOCKETS_MBEDTLS_H

/* Derived from the TLS 1.3 PSK modes, and then switched on for every socket. Early data
 * can be replayed (RFC 8446, section 8).
 */
#undef MBEDTLS_SSL_EARLY_DATA

/* Zephyr has both sides in every image. Its TLS sockets need a client's either way. */
#if !defined(CONFIG_SECURE_SOCKETS_WITH_SERVER)
#undef MBEDTLS_SSL_SRV_C
#endif

/* Kconfig knows tickets with TLS 1.3 alone, and a TLS 1.3 session that is resumed is a
 * pre-shared key to Mbed TLS, with a fresh key exchange.
 */
#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)
#if !defined(MBEDTLS_SSL_SESSION_TICKETS)
#define MBEDTLS_SSL_SESSION_TICKETS
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) &&                                                           \
	!defined(MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED)
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#endif
#endif

/* Tell a peer whose record cannot be decrypted (RFC 5246, section 7.2.2): one with another
 * pre-shared key hears of it by nothing else. Kconfig has no symbol.
 */
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES

/* Zephyr has one symbol for both directions. */
#undef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_OUT_CONTENT_LEN CONFIG_SECURE_SOCKETS_OUT_CONTENT_LEN

/* Implied by NET_SOCKETS_SOCKOPT_TLS. */
#if !defined(CONFIG_SECURE_SOCKETS_WITH_TLS_1_2)
#undef MBEDTLS_SSL_PROTO_TLS1_2
#undef MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#undef MBEDTLS_SSL_ENCRYPT_THEN_MAC
#endif
#if !defined(CONFIG_SECURE_SOCKETS_KEY_RSA)
#undef MBEDTLS_RSA_C
#undef MBEDTLS_PKCS1_V15
#undef MBEDTLS_PKCS1_V21
#elif !defined(MBEDTLS_X509_RSASSA_PSS_SUPPORT)
/* RSA in TLS 1.3 is RSASSA-PSS (RFC 8446, section 4.2.3), and Kconfig has no symbol. */
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#endif

/* The shim's clock: not every C library has a time() that can be set, and native_sim's is
 * the host's.
 */
#if defined(MBEDTLS_HAVE_TIME) && !defined(CONFIG_SECURE_SOCKETS_CLOCK_BOARD)
#include <time.h>
time_t ss_time(time_t *timer);
#define MBEDTLS_PLATFORM_TIME_MACRO ss_time
#endif

#endif /* SECURE_SOCKETS_MBEDTLS_H */
