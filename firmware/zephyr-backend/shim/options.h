/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line options, in the order of src/hosted.rs: name, value, description; and
 * those without a value. Define OPTION and SWITCH before, and undefine them after.
 */

OPTION("peer", "host:port", "Whom to connect to; [::1]:4433 for IPv6")
OPTION("mode", "mode", "psk, unauthenticated, server-auth or mutual")
OPTION("tls", "version", "1.2, 1.3 or both")
OPTION("server-name", "name", "Name that the server's certificate must carry; by default the host")
OPTION("credentials", "directory",
       "Where ca.pem, client.pem, client-key.pem, psk.hex and psk-identity.txt are, instead of "
       "those compiled in")
OPTION("messages", "count", "How many messages to send")
OPTION("text", "text", "Their text")
OPTION("alpn", "names", "Application protocols, separated by commas")
OPTION("clock", "seconds",
       "Seconds since 1970 to set the clock to, or unset; by default as Kconfig says")
OPTION("handshake-timeout", "ms", "Longest handshake, in milliseconds")
OPTION("io-timeout", "ms", "Longest wait for data, in milliseconds")
OPTION("suites", "names", "Cipher suites by their IANA names, separated by commas")
OPTION("role", "role", "client, server or both")
OPTION("listen", "address:port", "Where a server listens; [::1]:4433 for IPv6")
OPTION("clients", "count", "A server ends after so many clients; else never")
OPTION("admit", "names",
       "The clients to let in, separated by semicolons; else all that prove themselves")
OPTION("pin", "digests",
       "SHA-256 of public keys, separated by semicolons: one of them must be in the chain")
SWITCH("pinned-only", "The pinned keys are trusted in place of a CA")
OPTION("max-rsa-bits", "bits", "The longest RSA key that is taken")
OPTION("curves", "names",
       "The curves whose keys are taken, of P-256 and P-384, separated by commas")
SWITCH("legacy-common-name",
       "Takes a server's certificate without a subjectAltName by its commonName")
OPTION("crl", "files",
       "Revocation lists in PEM or DER, separated by semicolons: certificates are looked up in "
       "them")
OPTION("crl-scope", "scope",
       "leaf for the peer's own certificate, chain for every one but the anchor")
OPTION("ocsp", "demand", "off, required or soft-fail: asks an OCSP responder about the peer")
OPTION("ocsp-responder", "url",
       "The responder to ask, instead of the one that a certificate names")
OPTION("ocsp-scope", "scope",
       "leaf for the peer's own certificate, chain for every one but the anchor")
SWITCH("ocsp-nonce", "Demands an answer that was made just now")
OPTION("ocsp-cache", "count", "How many good answers are kept, 32 at most")
OPTION("provision", "directory",
       "Puts the credentials of a directory into the store as they are, PEM or DER, and then "
       "uses those in the store")
OPTION("sec-tag", "number", "The first security tag of the client's credentials")
OPTION("server-sec-tag", "number", "The first security tag of the server's credentials")
OPTION("tls-heap", "bytes",
       "Leaves so much of Mbed TLS's heap, to see what happens without more")
OPTION("crl-url", "urls",
       "Where revocation lists are fetched from, separated by semicolons")
OPTION("sntp", "servers", "Whom to ask for the time: host:port, separated by commas")
OPTION("sntp-limit", "seconds", "How long to ask for it, in all, before giving up")
OPTION("sntp-interval", "seconds", "How often to ask again")
OPTION("connections", "count", "How often to connect, one after another")
OPTION("resume", "count", "How many sessions a client keeps, to resume them; 0 for none")
OPTION("sessions", "count", "How many sessions a server keeps for its clients; 0 for none")
OPTION("crl-issuers", "files",
       "CA certificates of the lists' issuers, separated by semicolons: by them the lists are "
       "checked before the first handshake")
OPTION("crl-max-bytes", "bytes", "The longest revocation list that is fetched")
OPTION("crl-timeout", "seconds", "How long fetching revocation lists may take")
OPTION("crl-refresh", "seconds", "Looks for newer lists after so long, 60 at the least")
OPTION("ocsp-max-bytes", "bytes", "The longest OCSP response that is taken")
OPTION("ocsp-timeout", "seconds", "How long an OCSP responder may take")
OPTION("ocsp-cert-id", "hash", "sha1 or sha256: names certificates to the responder by it")
OPTION("job", "name",
       "What a client does: echo, readings, https, mqtt; or duplex, for tests: echo with a thread that "
       "sends and one that receives")
OPTION("path", "path", "Where on a web server to post")
OPTION("interval", "ms", "How long to wait from one reading to the next, in milliseconds")
OPTION("repeat", "seconds", "Do the client's job again so long after it went well; 0 for once")
OPTION("link-limit", "seconds", "Longest wait for the link; 0 for no limit")
OPTION("link-cut", "after:for",
       "Takes the link away so many milliseconds after the start, for so many; 0 for ever")
OPTION("name", "name", "The name of a device at an MQTT broker, and in its topics")
OPTION("readings", "count", "How many it publishes; 0 for no end")
OPTION("keep-alive", "seconds", "The longest silence between it and the broker; 0 for any")
OPTION("keep-session", "seconds", "How long the broker keeps its session when it is away")
OPTION("queue", "count", "How many readings wait while there is no broker")
OPTION("when-full", "policy", "What gives way then: drop-oldest, drop-newest or stop")
OPTION("first-wait", "ms", "How long it waits after a first failure to connect, at most")
OPTION("longest-wait", "ms", "How long it waits after many")
OPTION("attempts", "count", "After how many failures in a row it gives up; 0 for never")
SWITCH("unexamined",
       "Takes a server whose certificate the modem judged out of sight, with an image that leaves TLS "
       "to it")
