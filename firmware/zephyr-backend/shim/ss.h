/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What Rust needs of Zephyr and Mbed TLS, in types that have the same layout
 * everywhere. src/sys.rs declares the same: change both together.
 */

#ifndef SS_H
#define SS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OsErrorKind, in the order of src/sys.rs. */
enum ss_os_kind {
	SS_OS_NOT_FOUND = 1,
	SS_OS_REFUSED,
	SS_OS_RESET,
	SS_OS_UNREACHABLE,
	SS_OS_TIMED_OUT,
	SS_OS_ADDRESS_IN_USE,
	SS_OS_DENIED,
	SS_OS_OUT_OF_RESOURCES,
	SS_OS_OTHER,
};

struct ss_os_error {
	int32_t kind;
	int32_t number;
};

struct ss_address {
	uint8_t is_v6;
	uint8_t bytes[16];
	uint16_t port;
	uint32_t scope;
};

/* What the image was built with. */
struct ss_build {
	uint32_t max_tags;
	uint32_t max_suites;
	uint32_t max_alpn;
	uint32_t max_psk;
	uint32_t connect_timeout_ms;
	uint8_t tls12;
	uint8_t tls13;
	uint8_t psk;
	uint8_t certificates;
	uint8_t verification;
};

/* Sees a certificate of the peer's chain; answers the flags that count. */
typedef uint32_t ss_certificate_fn(void *context, uint8_t depth, const uint8_t *der, size_t length,
				   uint32_t flags);
/* Sees a certificate that came with the peer's own, after that was refused. */
typedef void ss_sent_fn(void *context, const uint8_t *der, size_t length);

struct ss_options {
	const int32_t *tags;
	size_t tag_count;
	/* NULL: none, and nobody is verified. */
	const char *hostname;
	const int *suites;
	size_t suite_count;
	const char *const *alpn;
	size_t alpn_count;
	/* NULL where nobody is verified, else both are there. Called until ss_connect()
	 * returns.
	 */
	ss_certificate_fn *certificate;
	ss_sent_fn *sent;
	void *context;
	/* 0: as long as CONFIG_NET_SOCKETS_CONNECT_TIMEOUT. */
	uint32_t handshake_ms;
	/* 0: no limit. */
	uint32_t io_ms;
	uint16_t min_version;
	uint16_t max_version;
	uint8_t psk;
	/* Whether to prove ourselves with a certificate. */
	uint8_t identity;
	/* Whether to ask `certificate` although no CA is trusted. */
	uint8_t pinned;
	/* Whether to keep sessions for ss_take_session(). */
	uint8_t resumes;
	/* One of them, to be offered; NULL for none. Read until ss_connect() returns. */
	const uint8_t *session;
	size_t session_length;
};

enum ss_stage {
	SS_STAGE_DONE,
	/* No TCP connection was made: os tells. */
	SS_STAGE_CONNECT,
	/* TLS was not set up or its handshake failed: why tells. */
	SS_STAGE_HANDSHAKE,
};

enum ss_why {
	SS_WHY_NONE,
	/* code, and alert if it is not negative. */
	SS_WHY_TLS,
	SS_WHY_OUT_OF_MEMORY,
	SS_WHY_TIMED_OUT,
	SS_WHY_CLOSED,
	SS_WHY_OS,
	/* Receiving only: the peer's close_notify. */
	SS_WHY_CLOSE_NOTIFY,
	/* The peer resumed a session without extended master secret. */
	SS_WHY_NO_EXTENDED_MASTER_SECRET,
};

struct ss_failure {
	int32_t why;
	int32_t code;
	int32_t alert;
	struct ss_os_error os;
};

struct ss_facts {
	uint32_t sent;
	uint32_t received;
	uint32_t duration_us;
	/* 0: not measured. */
	uint32_t heap_peak;
	uint16_t version;
	uint16_t suite;
	/* Empty: none. */
	char alpn[33];
	uint8_t resumed;
};

/* A session in Mbed TLS's own form. */
struct ss_session {
	/* NULL: there is none. */
	uint8_t *bytes;
	size_t length;
	/* In seconds; 0: the server did not say. */
	uint32_t lifetime;
	uint16_t version;
};

struct ss_connection;

extern const struct ss_build ss_build;

int32_t ss_resolve(const char *host, struct ss_address *out, size_t max,
		   struct ss_os_error *error);

enum ss_credential { SS_CA, SS_CERTIFICATE, SS_KEY, SS_PSK, SS_PSK_IDENTITY };
enum ss_store {
	SS_STORE_OK,
	SS_STORE_IN_USE,
	SS_STORE_FULL,
	/* For another reason; a modem's store says which in the log. */
	SS_STORE_REFUSED,
	SS_STORE_NONE,
	SS_STORE_TOO_SHORT,
	/* The modem takes credentials only while it is offline. */
	SS_STORE_ONLINE,
};
int32_t ss_credential_add(int32_t tag, int32_t kind, const void *data, size_t length);
void ss_credential_delete(int32_t tag, int32_t kind);
bool ss_credential_present(int32_t tag, int32_t kind);
/* Copies at most *length bytes, and says in *length how many there are. */
int32_t ss_credential_get(int32_t tag, int32_t kind, void *data, size_t *length);

/* NULL on failure, and *stage, *failure tell. The pointers of *options, credentials
 * included, stay valid until ss_free(), but for certificate and context.
 */
struct ss_connection *ss_connect(const struct ss_options *options,
				 const struct ss_address *address, struct ss_facts *facts,
				 int32_t *stage, struct ss_failure *failure);
/* How many bytes; 0 with *failure. One thread may receive while another sends. */
size_t ss_receive(struct ss_connection *connection, void *buffer, size_t length,
		  struct ss_failure *failure);
size_t ss_send(struct ss_connection *connection, const void *data, size_t length,
	       struct ss_failure *failure);
/* Waits so many milliseconds at most: 1, 0, or -1 with *failure. */
int32_t ss_readable(struct ss_connection *connection, int32_t ms, struct ss_failure *failure);
/* Sends a fatal alert, and gives the peer a moment to read it. */
void ss_abort(struct ss_connection *connection, uint8_t alert);
/* Sends close_notify. */
bool ss_close(struct ss_connection *connection, struct ss_failure *failure);
void ss_free(struct ss_connection *connection);
#if defined(CONFIG_SECURE_SOCKETS_RESUMPTION)
/* Takes out the newest session that came since the last call, to be given back. */
void ss_take_session(struct ss_connection *connection, struct ss_session *out);
/* Wipes it. */
void ss_free_session(struct ss_session *session);
#endif

bool ss_suite_known(uint16_t suite);
/* Seconds since 1970 by the clock that Mbed TLS checks dates against; negative: none. */
int64_t ss_clock(void);
/* Milliseconds since 1970. False where the image has no clock that can be set. */
bool ss_clock_set(int64_t ms);

/* In the order of src/sntp.rs. */
enum ss_sntp {
	SS_SNTP_TIME,
	/* *error tells. */
	SS_SNTP_BROKEN,
	SS_SNTP_NO_ANSWER,
	SS_SNTP_NOT_SNTP,
	/* Stratum 0; kiss tells. */
	SS_SNTP_KISS,
	SS_SNTP_UNSYNCHRONISED,
};
struct ss_sntp_answer {
	/* Since 1970, now. */
	int64_t ms;
	struct ss_os_error error;
	uint8_t kiss[4];
};
/* One request to an SNTP server, and its answer. */
int32_t ss_sntp_ask(const struct ss_address *address, uint32_t timeout_ms,
		    struct ss_sntp_answer *answer);

typedef void ss_timekeeper_fn(void *context);
/* Has run(context) called on a thread of its own; false if it was called before. */
bool ss_timekeeper_start(ss_timekeeper_fn *run, void *context);

bool ss_sha256(const uint8_t *data, size_t length, uint8_t digest[32]);
enum ss_pair {
	SS_PAIR_OK,
	SS_PAIR_CERTIFICATE,
	SS_PAIR_KEY,
	SS_PAIR_MISMATCH,
	SS_PAIR_UNSUPPORTED,
	SS_PAIR_ENCRYPTED,
	SS_PAIR_MEMORY,
};
/* One of SS_PAIR_OK, SS_PAIR_CERTIFICATE, SS_PAIR_UNSUPPORTED and SS_PAIR_MEMORY. */
int32_t ss_check_certificate(const uint8_t *certificate, size_t length);
int32_t ss_check_pair(const uint8_t *certificate, size_t certificate_length, const uint8_t *key,
		      size_t key_length);

/* SignatureScheme and Hash, in the order of src/sys.rs. */
enum ss_scheme { SS_ECDSA, SS_RSA_PKCS1, SS_RSA_PSS };
enum ss_hash { SS_SHA256, SS_SHA384, SS_SHA512 };
enum ss_verdict {
	SS_SIGNATURE_OK,
	SS_SIGNATURE_INVALID,
	SS_SIGNATURE_UNSUPPORTED,
	SS_SIGNATURE_MEMORY,
};
int32_t ss_verify_signature(int32_t scheme, int32_t hash, const uint8_t *public_key,
			    size_t public_key_length, const uint8_t *message,
			    size_t message_length, const uint8_t *signature,
			    size_t signature_length);
/* 0 or an errno, negative. */
int32_t ss_random(uint8_t *bytes, size_t length);

/* Milliseconds since the system started. */
int64_t ss_uptime(void);

/* Plain TCP that never blocks. */

enum ss_tcp { SS_TCP_BROKEN = -1, SS_TCP_WOULD_BLOCK = -2 };
/* A socket, or SS_TCP_BROKEN with *error. */
int32_t ss_tcp_connect(const struct ss_address *address, uint32_t timeout_ms,
		       struct ss_os_error *error);
/* How many bytes, 0 at the end of what is received, or of enum ss_tcp. */
int32_t ss_tcp_send(int32_t socket, const void *data, size_t length, struct ss_os_error *error);
int32_t ss_tcp_receive(int32_t socket, void *buffer, size_t length, struct ss_os_error *error);
/* Until there is something to receive, or room to send; or SS_TCP_BROKEN with *error. */
int32_t ss_tcp_wait(int32_t socket, bool to_send, uint32_t timeout_ms, struct ss_os_error *error);
void ss_tcp_close(int32_t socket);

/* What a sensor may measure, in the order of src/sensor.rs. */
enum ss_quantity { SS_TEMPERATURE, SS_HUMIDITY, SS_QUANTITIES };
/* Takes a sample of the sensor0 of the devicetree, in thousandths of Zephyr's units, with a
 * bit in *there for each quantity that it has. 0 or an errno, negative.
 */
int32_t ss_sensor_sample(int64_t milli[SS_QUANTITIES], uint32_t *there);

/* The link (CONFIG_SECURE_SOCKETS_LINK). */

/* Has every interface brought up and connected, and watches them; once. */
void ss_link_start(void);
/* Waits so long for one of them to be up, with an address; whether one is. */
bool ss_link_wait(uint32_t timeout_ms);
/* Brings up and connects what gave up. */
void ss_link_connect(void);
/* In the order in which they come. */
enum ss_link_lacks {
	SS_LINK_INTERFACE,
	SS_LINK_INTERFACE_UP,
	SS_LINK_CARRIER,
	SS_LINK_NETWORK,
	SS_LINK_ADDRESS,
	/* The connection manager has yet to say so. */
	SS_LINK_EVENT,
};
int32_t ss_link_lacks(void);
/* Takes the carrier away from every interface after so long, for so long; 0: for ever
 * (CONFIG_SECURE_SOCKETS_HOSTED).
 */
void ss_link_cut(uint32_t after_ms, uint32_t for_ms);

/* Prints what was ever used of each stack and heap (CONFIG_SECURE_SOCKETS_MEASURE_MEMORY). */
void ss_measure_print(void);

/* Images that run on a computer alone (CONFIG_SECURE_SOCKETS_HOSTED). */

/* The value of an option of options.h, or NULL. It stays as it is. */
const char *ss_hosted_option(size_t index);
/* What was given and is no option, or NULL. */
const char *ss_hosted_unknown(void);
/* How many bytes the file has, of which at most max were read; or an errno, negative. */
int64_t ss_hosted_read(const char *path, void *buffer, size_t max);
int64_t ss_hosted_time(void);
void ss_hosted_exit(int32_t status);
/* Takes all of Mbed TLS's heap but so many bytes; 0, or how much there is where that is
 * less.
 */
size_t ss_hosted_leave_heap(size_t bytes);

#endif /* SS_H */
