/* SPDX-License-Identifier: Apache-2.0 */

/* native_sim: the command line, the host's files and the way out. */

#include <zephyr/sys/util.h>

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>

#include <nsi_cmdline.h>
#include <nsi_main.h>
#include <soc.h>

#include "native_host.h"
#include "ss.h"

/* In the order of src/native.rs. */
static char *values[39];

/* Those without a value. */
static bool switches[ARRAY_SIZE(values)];

static struct args_struct_t options[] = {
	{.option = "peer",
	 .name = "host:port",
	 .type = 's',
	 .dest = &values[0],
	 .descript = "Whom to connect to; [::1]:4433 for IPv6"},
	{.option = "mode",
	 .name = "mode",
	 .type = 's',
	 .dest = &values[1],
	 .descript = "psk, unauthenticated, server-auth or mutual"},
	{.option = "tls",
	 .name = "version",
	 .type = 's',
	 .dest = &values[2],
	 .descript = "1.2, 1.3 or both"},
	{.option = "server-name",
	 .name = "name",
	 .type = 's',
	 .dest = &values[3],
	 .descript = "Name that the server's certificate must carry; by default the host"},
	{.option = "credentials",
	 .name = "directory",
	 .type = 's',
	 .dest = &values[4],
	 .descript = "Where ca.pem, client.pem, client-key.pem, psk.hex and "
		     "psk-identity.txt are, instead of those compiled in"},
	{.option = "messages",
	 .name = "count",
	 .type = 's',
	 .dest = &values[5],
	 .descript = "How many messages to send"},
	{.option = "text",
	 .name = "text",
	 .type = 's',
	 .dest = &values[6],
	 .descript = "Their text"},
	{.option = "alpn",
	 .name = "names",
	 .type = 's',
	 .dest = &values[7],
	 .descript = "Application protocols, separated by commas"},
	{.option = "clock",
	 .name = "seconds",
	 .type = 's',
	 .dest = &values[8],
	 .descript = "Seconds since 1970 to set the clock to, or unset; by default the host's"},
	{.option = "handshake-timeout",
	 .name = "ms",
	 .type = 's',
	 .dest = &values[9],
	 .descript = "Longest handshake, in milliseconds"},
	{.option = "io-timeout",
	 .name = "ms",
	 .type = 's',
	 .dest = &values[10],
	 .descript = "Longest wait for data, in milliseconds"},
	{.option = "suites",
	 .name = "names",
	 .type = 's',
	 .dest = &values[11],
	 .descript = "Cipher suites by their IANA names, separated by commas"},
	{.option = "role",
	 .name = "role",
	 .type = 's',
	 .dest = &values[12],
	 .descript = "client, server or both"},
	{.option = "listen",
	 .name = "address:port",
	 .type = 's',
	 .dest = &values[13],
	 .descript = "Where a server listens; [::1]:4433 for IPv6"},
	{.option = "clients",
	 .name = "count",
	 .type = 's',
	 .dest = &values[14],
	 .descript = "A server ends after so many clients; else never"},
	{.option = "admit",
	 .name = "names",
	 .type = 's',
	 .dest = &values[15],
	 .descript = "The clients to let in, separated by semicolons; else all that prove "
		     "themselves"},
	{.option = "pin",
	 .name = "digests",
	 .type = 's',
	 .dest = &values[16],
	 .descript = "SHA-256 of public keys, separated by semicolons: one of them must be in "
		     "the chain"},
	{.option = "pinned-only",
	 .is_switch = true,
	 .type = 'b',
	 .dest = &switches[17],
	 .descript = "The pinned keys are trusted in place of a CA"},
	{.option = "max-rsa-bits",
	 .name = "bits",
	 .type = 's',
	 .dest = &values[18],
	 .descript = "The longest RSA key that is taken"},
	{.option = "curves",
	 .name = "names",
	 .type = 's',
	 .dest = &values[19],
	 .descript = "The curves whose keys are taken, of P-256 and P-384, separated by commas"},
	{.option = "legacy-common-name",
	 .is_switch = true,
	 .type = 'b',
	 .dest = &switches[20],
	 .descript = "Takes a server's certificate without a subjectAltName by its commonName"},
	{.option = "crl",
	 .name = "files",
	 .type = 's',
	 .dest = &values[21],
	 .descript = "Revocation lists in PEM or DER, separated by semicolons: certificates are "
		     "looked up in them"},
	{.option = "crl-scope",
	 .name = "scope",
	 .type = 's',
	 .dest = &values[22],
	 .descript = "leaf for the peer's own certificate, chain for every one but the anchor"},
	{.option = "ocsp",
	 .name = "demand",
	 .type = 's',
	 .dest = &values[23],
	 .descript = "off, required or soft-fail: asks an OCSP responder about the peer"},
	{.option = "ocsp-responder",
	 .name = "url",
	 .type = 's',
	 .dest = &values[24],
	 .descript = "The responder to ask, instead of the one that a certificate names"},
	{.option = "ocsp-scope",
	 .name = "scope",
	 .type = 's',
	 .dest = &values[25],
	 .descript = "leaf for the peer's own certificate, chain for every one but the anchor"},
	{.option = "ocsp-nonce",
	 .is_switch = true,
	 .type = 'b',
	 .dest = &switches[26],
	 .descript = "Demands an answer that was made just now"},
	{.option = "ocsp-cache",
	 .name = "count",
	 .type = 's',
	 .dest = &values[27],
	 .descript = "How many good answers are kept, 32 at most"},
	{.option = "provision",
	 .name = "directory",
	 .type = 's',
	 .dest = &values[28],
	 .descript = "Puts the credentials of a directory into the store as they are, PEM or "
		     "DER, and then uses those in the store"},
	{.option = "sec-tag",
	 .name = "number",
	 .type = 's',
	 .dest = &values[29],
	 .descript = "The first security tag of the client's credentials"},
	{.option = "server-sec-tag",
	 .name = "number",
	 .type = 's',
	 .dest = &values[30],
	 .descript = "The first security tag of the server's credentials"},
	{.option = "tls-heap",
	 .name = "bytes",
	 .type = 's',
	 .dest = &values[31],
	 .descript = "Leaves so much of Mbed TLS's heap, to see what happens without more"},
	{.option = "crl-url",
	 .name = "urls",
	 .type = 's',
	 .dest = &values[32],
	 .descript = "Where revocation lists are fetched from, separated by semicolons"},
	{.option = "sntp",
	 .name = "servers",
	 .type = 's',
	 .dest = &values[33],
	 .descript = "Whom to ask for the time: host:port, separated by commas"},
	{.option = "sntp-limit",
	 .name = "seconds",
	 .type = 's',
	 .dest = &values[34],
	 .descript = "How long to ask for it, in all, before giving up"},
	{.option = "sntp-interval",
	 .name = "seconds",
	 .type = 's',
	 .dest = &values[35],
	 .descript = "How often to ask again"},
	{.option = "connections",
	 .name = "count",
	 .type = 's',
	 .dest = &values[36],
	 .descript = "How often to connect, one after another"},
	{.option = "resume",
	 .name = "count",
	 .type = 's',
	 .dest = &values[37],
	 .descript = "How many sessions a client keeps, to resume them; 0 for none"},
	{.option = "sessions",
	 .name = "count",
	 .type = 's',
	 .dest = &values[38],
	 .descript = "How many sessions a server keeps for its clients; 0 for none"},
	ARG_TABLE_ENDMARKER,
};

static void add_options(void)
{
	nsi_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);

const char *ss_native_option(size_t index)
{
	if (index >= ARRAY_SIZE(values)) {
		return NULL;
	}
	return switches[index] ? "" : values[index];
}

int64_t ss_native_read(const char *path, void *buffer, size_t max)
{
	return ss_host_read(path, buffer, max);
}

int64_t ss_native_time(void)
{
	return ss_host_time();
}

size_t ss_native_leave_heap(size_t bytes)
{
	/* What the allocator keeps beside each block, at most. */
	const size_t header = 64;
	size_t used = 0;

#if defined(MBEDTLS_MEMORY_DEBUG)
	size_t blocks;

	mbedtls_memory_buffer_alloc_cur_get(&used, &blocks);
	used += blocks * header;
#endif
	if (bytes + used + header > CONFIG_MBEDTLS_HEAP_SIZE ||
	    mbedtls_calloc(1, CONFIG_MBEDTLS_HEAP_SIZE - used - header - bytes) == NULL) {
		return CONFIG_MBEDTLS_HEAP_SIZE - used;
	}
	return 0;
}

void ss_native_exit(int32_t status)
{
	nsi_exit(status);
}
