/* SPDX-License-Identifier: Apache-2.0 */

/* What the image was built with, names of hosts, digests and random numbers. */

#include <errno.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>
#include <zephyr/random/random.h>

#if defined(CONFIG_MBEDTLS)
#include <mbedtls/build_info.h>
#endif
#if defined(MBEDTLS_SHA256_C)
#include <mbedtls/sha256.h>
#else
#include <psa/crypto.h>
#endif
#if !defined(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
#include <mbedtls/platform.h>
#include <mbedtls/ssl_ciphersuites.h>
#endif

#include "platform.h"

#if !defined(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
const struct ss_build ss_build = {
	.max_tags = CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS,
	.max_suites = CONFIG_NET_SOCKETS_TLS_MAX_CIPHERSUITES,
#if defined(MBEDTLS_SSL_ALPN)
	.max_alpn = CONFIG_NET_SOCKETS_TLS_MAX_APP_PROTOCOLS,
#endif
	.max_psk = CONFIG_MBEDTLS_PSK_MAX_LEN,
	.connect_timeout_ms = CONFIG_NET_SOCKETS_CONNECT_TIMEOUT,
	.tls12 = IS_ENABLED(CONFIG_SECURE_SOCKETS_WITH_TLS_1_2),
	.tls13 = IS_ENABLED(CONFIG_SECURE_SOCKETS_WITH_TLS_1_3),
	.psk = IS_ENABLED(CONFIG_SECURE_SOCKETS_WITH_PSK),
	.certificates = IS_ENABLED(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES),
	/* Without either, a wrong certificate would pass or go unexplained. */
	.verification = IS_ENABLED(CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK) &&
			IS_ENABLED(CONFIG_MBEDTLS_HAVE_TIME_DATE),
};

bool ss_suite_known(uint16_t suite)
{
	return mbedtls_ssl_ciphersuite_from_id(suite) != NULL;
}
#endif

static enum ss_os_kind kind_of(int number)
{
	switch (number) {
	case ECONNREFUSED:
		return SS_OS_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
	case EPIPE:
		return SS_OS_RESET;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
		return SS_OS_UNREACHABLE;
	case ETIMEDOUT:
	case EAGAIN:
		return SS_OS_TIMED_OUT;
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return SS_OS_ADDRESS_IN_USE;
	case EACCES:
	case EPERM:
		return SS_OS_DENIED;
	case ENOMEM:
	case ENFILE:
	case EMFILE:
	case ENOBUFS:
	/* Zephyr's word for no free one of NET_MAX_CONTEXTS or NET_MAX_CONN. */
	case ENOENT:
		return SS_OS_OUT_OF_RESOURCES;
	default:
		return SS_OS_OTHER;
	}
}

struct ss_os_error ss_os_error(int number)
{
	return (struct ss_os_error){.kind = kind_of(number), .number = number};
}

socklen_t ss_to_sockaddr(const struct ss_address *address, struct sockaddr_storage *storage)
{
	memset(storage, 0, sizeof(*storage));
	if (address->is_v6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(address->port);
		in6->sin6_scope_id = address->scope;
		memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}

	struct sockaddr_in *in = (struct sockaddr_in *)storage;

	in->sin_family = AF_INET;
	in->sin_port = htons(address->port);
	memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
	return sizeof(*in);
}

static bool to_address(const struct sockaddr *sockaddr, struct ss_address *out)
{
	memset(out, 0, sizeof(*out));
	if (sockaddr->sa_family == AF_INET) {
		memcpy(out->bytes, &((const struct sockaddr_in *)sockaddr)->sin_addr, 4);
		return true;
	}
	if (sockaddr->sa_family == AF_INET6 && IS_ENABLED(CONFIG_NET_IPV6)) {
		out->is_v6 = 1;
		memcpy(out->bytes, &((const struct sockaddr_in6 *)sockaddr)->sin6_addr, 16);
		return true;
	}
	return false;
}

int32_t ss_resolve(const char *host, struct ss_address *out, size_t max, struct ss_os_error *error)
{
	struct zsock_addrinfo hints = {
		.ai_family = IS_ENABLED(CONFIG_NET_IPV6) ? AF_UNSPEC : AF_INET,
		.ai_socktype = SOCK_STREAM,
	};
	struct zsock_addrinfo *list = NULL;
	size_t count = 0;
	int ret = zsock_getaddrinfo(host, NULL, &hints, &list);

	if (ret != 0) {
		error->number = ret;
		switch (ret) {
		case DNS_EAI_AGAIN:
			error->kind = SS_OS_TIMED_OUT;
			break;
		case DNS_EAI_MEMORY:
			error->kind = SS_OS_OUT_OF_RESOURCES;
			break;
		case DNS_EAI_SYSTEM:
			*error = ss_os_error(errno);
			break;
		case DNS_EAI_NONAME:
		case DNS_EAI_NODATA:
			error->kind = SS_OS_NOT_FOUND;
			break;
		default:
			error->kind = SS_OS_OTHER;
			break;
		}
		return -1;
	}
	for (struct zsock_addrinfo *entry = list; entry != NULL && count < max;
	     entry = entry->ai_next) {
		if (to_address(entry->ai_addr, &out[count])) {
			count++;
		}
	}
	zsock_freeaddrinfo(list);
	return count;
}

bool ss_sha256(const uint8_t *data, size_t length, uint8_t digest[32])
{
#if defined(MBEDTLS_SHA256_C)
	return mbedtls_sha256(data, length, digest, 0) == 0;
#else
	size_t written;

	/* Once or often: it is all the same. */
	return psa_crypto_init() == PSA_SUCCESS &&
	       psa_hash_compute(PSA_ALG_SHA_256, data, length, digest, 32, &written) ==
		       PSA_SUCCESS;
#endif
}

int32_t ss_random(uint8_t *bytes, size_t length)
{
#if defined(CONFIG_CSPRNG_ENABLED)
	return sys_csrand_get(bytes, length);
#else
	/* The test generator, which says so at start. */
	sys_rand_get(bytes, length);
	return 0;
#endif
}

int64_t ss_uptime(void)
{
	return k_uptime_get();
}
