// SPDX-License-Identifier: Apache-2.0

//! What to do about it: a way out for each thing that can be refused.
//!
//! The sentence of a refusal says what is wrong, on facts; this says what to do next,
//! in general. `docs/refusals.md` has both side by side. Text only: what a program does
//! not ask for is not linked.

use super::Refusal;
use crate::backend::OsErrorKind;
use crate::credential::CredentialError;
use crate::error::{ConfigurationError, Error, HandshakeReason, IoError};
use crate::revocation::{CrlError, CrlFetchError, RevocationProblem};

impl Error {
    /// What to do about it, in a sentence or two; of a chain with several faults, about
    /// the one that is told first.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Configuration(error) => error.advice(),
            Self::Credential(error) => error.advice(),
            Self::Resolve(error) => error.reason.kind.advice(),
            Self::Connect(error) => error.reason.kind.advice(),
            Self::Handshake(error) => error.reason.advice(),
            Self::Verify(error) => error
                .refused
                .iter()
                .find_map(|refused| refused.refusals.first())
                .map_or("Inspect the chain.", Refusal::advice),
            Self::Io(error) => error.advice(),
        }
    }
}

impl Refusal {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::SelfSigned => {
                "If it is the right peer, trust this very certificate as a CA, or pin its key; \
                 otherwise have a CA issue one."
            }
            Self::UnknownIssuer { .. } => {
                "Have the peer send its intermediates along, or trust the CA that issued it. If \
                 neither should be needed, somebody may be in between."
            }
            Self::IssuerSignature { .. } => {
                "Get the CA's certificate anew from whoever runs it: the one that is trusted, or \
                 was sent along, has the right name and another key, as after the CA was set up \
                 again."
            }
            Self::NotACa { .. } => {
                "Issue the issuer's certificate anew with basicConstraints CA:TRUE, or have a CA \
                 issue this one."
            }
            Self::MayNotSignCertificates { .. } => {
                "Issue the CA's certificate anew with keyCertSign in its keyUsage."
            }
            Self::PathLength { .. } => {
                "Issue this certificate from a CA further up, or the issuer's anew with a larger \
                 pathLenConstraint."
            }
            Self::WrongOrder { .. } => {
                "Put the chain in order in the peer's file: its own certificate first, then each \
                 certificate's issuer after it."
            }
            Self::SignatureUnsupported { .. } => {
                "Issue it from a CA with a P-256, P-384 or RSA key, or build the TLS library with \
                 what it takes (CONFIG_MBEDTLS_*)."
            }
            Self::Expired { .. } => {
                "Renew the certificate; if its date is yet to come, set this side's clock."
            }
            Self::NotYetValid { .. } => {
                "Mostly a clock that is behind: set this side's. If that is right, wait, or issue \
                 it anew with an earlier notBefore."
            }
            Self::WrongName { .. } => {
                "Ask for one of the names that it is for (server name), or have it issued for this \
                 one. If neither should be needed, this is another server."
            }
            Self::NoSubjectAltName { .. } => {
                "Issue it anew with a subjectAltName. Where that cannot be done, \
                 Policy::with_legacy_common_name (CONFIG_SECURE_SOCKETS_LEGACY_COMMON_NAME, \
                 --legacy-common-name) takes its commonName."
            }
            Self::NameConstraint { .. } => {
                "Have a CA issue it that may vouch for the name, or leave the name out."
            }
            Self::Purpose { .. } => {
                "Issue it anew for this use: digitalSignature in keyUsage, and serverAuth for a \
                 server or clientAuth for a client in extendedKeyUsage."
            }
            Self::KeyTooShort { .. } => {
                "Issue it anew with a key on P-256, or RSA of 2048 bits or more. No policy takes \
                 less."
            }
            Self::KeyTooHeavy { .. } => {
                "Use a chain of ECC keys, if the peer has one; or raise the limit \
                 (KeyPolicy::with_max_rsa_bits, CONFIG_SECURE_SOCKETS_MAX_RSA_BITS, \
                 --max-rsa-bits), at seconds for each handshake on a small core."
            }
            Self::KeyNotAllowed { .. } => {
                "Issue it anew with a key on P-256 or P-384, or allow its curve \
                 (KeyPolicy::with_curves, CONFIG_SECURE_SOCKETS_KEY_ECC_P384), if the TLS library \
                 has it."
            }
            Self::WeakSignature { .. } => {
                "Have it signed anew over SHA-256 or better. No policy takes less."
            }
            Self::WeakKey => "Issue it anew with a key on P-256, signed over SHA-256.",
            Self::NotPinned { .. } => {
                "If the peer changed its key on purpose, pin the new one too (CONFIG_SECURE_SOCKETS_PINS, --pin); \
                 otherwise this is another peer."
            }
            Self::NotUnderstood { .. } => {
                "Issue it anew without these extensions, or not as critical ones."
            }
            Self::Revoked { .. } => {
                "Do not go on: its key may be in other hands. Issue a new one, over a new key."
            }
            Self::RevocationUnknown { problem } => problem.advice(),
            Self::Unreadable => {
                "Issue it anew with a current tool; `openssl x509 -text` shows what is in it."
            }
            Self::OutOfMemory => {
                "Raise CONFIG_COMMON_LIBC_MALLOC_ARENA_SIZE, if it is a certificate that one has to \
                 take: one with hundreds of names or long ones takes many KiB."
            }
            Self::Other(_) => "Look the flags up in Mbed TLS's x509.h (MBEDTLS_X509_BADCERT_*).",
        }
    }
}

impl RevocationProblem {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoCrl { .. } => {
                "Load the list of that CA too, every CA below the trust anchor has one of its own; \
                 or look up the peer's own certificate alone (Crls::with_scope, \
                 CONFIG_SECURE_SOCKETS_CRL_SCOPE_LEAF, --crl-scope leaf)."
            }
            Self::CrlStale { .. } => {
                "Load or fetch the CA's present list. If this is the present one, the clock is \
                 ahead, or the CA no longer issues any."
            }
            Self::CrlNotYetValid { .. } => "Mostly a clock that is behind: set this side's.",
            Self::CrlSignature { .. } => {
                "Get the list anew from the CA. If that CA was set up again, trust its new \
                 certificate; otherwise somebody made this list up."
            }
            Self::CrlSignatureUnsupported { .. } => {
                "Have the CA sign its list with ECDSA on P-256 or RSA over SHA-256, or build the \
                 TLS library with what it takes (CONFIG_MBEDTLS_*)."
            }
            Self::CrlIssuerMayNotSign { .. } => {
                "Issue the CA's certificate anew with cRLSign in its keyUsage, or use OCSP."
            }
            Self::CrlFetch { error, .. } => error.advice(),
            Self::Fetch { .. } => {
                "See that the device can reach this URL in plain HTTP, or configure another one \
                 (Ocsp::with_responder, CONFIG_SECURE_SOCKETS_OCSP_RESPONDER, --ocsp-responder). \
                 Where a peer is to be let in while there is no answer: Ocsp::with_soft_fail \
                 (CONFIG_SECURE_SOCKETS_OCSP_SOFT_FAIL, --ocsp-soft-fail)."
            }
            Self::NoResponder => {
                "Configure a responder (Ocsp::with_responder, \
                 CONFIG_SECURE_SOCKETS_OCSP_RESPONDER, --ocsp-responder), have certificates \
                 issued with one in their authorityInfoAccess, or use a CRL instead."
            }
            Self::OcspStatus(_) => {
                "Try again later. If it stays like that, see that it is the responder of this CA, \
                 and read its log."
            }
            Self::OcspUnreadable => {
                "See what answers at this URL: a proxy or login page may be in between. \
                 `openssl ocsp -resp_text` shows a response."
            }
            Self::OcspUnknown => {
                "See that it is the responder of this CA and knows its newest certificates. If it \
                 is and does, the certificate is a forgery."
            }
            Self::OcspOtherCertificate => {
                "See that it is the responder of this CA, and that it knows the hash that it was \
                 asked by (Ocsp::with_cert_id_hash)."
            }
            Self::OcspSignature => {
                "Take it for a forgery, unless the CA has changed its key: then trust the CA's \
                 new certificate."
            }
            Self::OcspWeakSignature { .. } => {
                "Have the responder sign over SHA-256 or better. No policy takes less."
            }
            Self::OcspSignatureUnsupported { .. } => {
                "Give the responder a P-256, P-384 or RSA key, or build the TLS library with what \
                 it takes (CONFIG_MBEDTLS_*)."
            }
            Self::OcspResponder => {
                "See that it is the responder of this CA, and that it sends its own certificate \
                 along."
            }
            Self::OcspDelegate { .. } => {
                "Have the CA issue the responder a certificate that will do: for OCSPSigning, \
                 in date, with a key that the policy takes."
            }
            Self::OcspDelegateIssuer { .. } => {
                "Have the very CA that issued the peer's certificate issue the responder's, too."
            }
            Self::OcspNonceMissing => {
                "Do not ask for a nonce where the responder makes its responses in advance."
            }
            Self::OcspNonce => {
                "Take it for an old response played again, unless a proxy keeps responses: go \
                 past it, or do not ask for a nonce."
            }
            Self::OcspStale { .. } | Self::OcspTooOld { .. } => {
                "See that the responder gets news from its CA; if the dates are right, set this \
                 side's clock."
            }
            Self::OcspNotYetValid { .. } => "Set this side's clock, or the responder's.",
            Self::OcspExtension { .. } => {
                "Have the responder leave the extension out, or not mark it as critical."
            }
            Self::NoRandom(error) => error.kind.advice(),
            Self::OutOfMemory => {
                "Raise CONFIG_MBEDTLS_HEAP_SIZE; or give the lists' issuers along \
                 (Crls::with_issuers), so that their signatures are checked before the handshake."
            }
            Self::Unreadable => "Have the CA issue the certificate or list anew.",
        }
    }
}

impl CrlError {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoNextUpdate => {
                "Have the CA issue it with a nextUpdate, such as `openssl ca -gencrl -crldays 7`."
            }
            Self::Delta
            | Self::Indirect
            | Self::Partitioned(_)
            | Self::SomeReasons
            | Self::Extension(_)
            | Self::EntryExtension(_) => {
                "Load the CA's complete list: every certificate that it revoked, for every reason. \
                 If it has none, use OCSP."
            }
            Self::RemoveFromCrl => "Have the CA issue it anew without that entry.",
            Self::AlgorithmMismatch => "Have the CA issue it anew with a current tool.",
            Self::WeakHash(_) | Self::Algorithm(_) => {
                "Have the CA sign it with ECDSA or RSA over SHA-256 or better. No policy takes \
                 less."
            }
            Self::AlgorithmUnsupported => {
                "Have the CA sign its list with ECDSA on P-256 or RSA over SHA-256, or build the \
                 TLS library with what it takes (CONFIG_MBEDTLS_*)."
            }
            Self::Signature => {
                "Give the CA's present certificate and its present list: as after the CA was set \
                 up again, one of them has its name and another key."
            }
            Self::IssuerMayNotSign => {
                "Issue the CA's certificate anew with cRLSign in its keyUsage, or use OCSP."
            }
        }
    }
}

impl CrlFetchError {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Fetch(_) => {
                "See that the device can reach this URL in plain HTTP, and that the limits are \
                 long enough for the list (Crls::with_limits, CONFIG_SECURE_SOCKETS_CRL_MAX_BYTES, \
                 --crl-max-bytes); or load the list from a file."
            }
            Self::Unfit(_) => {
                "See what is at this URL (`openssl crl -text` shows a list): the CA's present and \
                 complete list has to be there, signed by the CA that is trusted. If it is, \
                 somebody in between sends another one."
            }
            Self::Several => "Give each list a URL of its own.",
            Self::OtherIssuer { .. } => {
                "Give the URL of the right CA's list: each CA below the trust anchor has one of \
                 its own."
            }
            Self::Stale { .. } => {
                "Have the CA put its present list there. If this is the present one, the clock is \
                 ahead, or the CA no longer issues any."
            }
            Self::NotYetValid { .. } => "Mostly a clock that is behind: set this side's.",
            Self::Older { .. } => {
                "Have the CA put its present list there. If it is there, a cache or somebody in \
                 between sends an old one."
            }
            Self::LowerNumber { .. } => {
                "Have the CA count on from its highest number. What is there is taken once the \
                 list held has run out."
            }
            Self::Underway => "Connect again once it is there.",
        }
    }
}

impl HandshakeReason {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::PeerAlert(_) => {
                "The reason is on the other side: read the peer's log. The alert says which of \
                 our means it found fault with, see the table of alerts."
            }
            Self::PskRefused(_) => {
                "Give both sides the same pre-shared key, under the same identity."
            }
            Self::PskMismatch => "Give both sides the same pre-shared key.",
            Self::UnknownPskIdentity => "Give both sides the same PSK identity.",
            Self::NoClientCertificate => {
                "Give the client a certificate and key (mode mutual), or serve in mode \
                 server-auth."
            }
            Self::UnreadableCertificate => {
                "Inspect the peer's chain for what is named; issue the certificate anew without \
                 it, or build the TLS library with the kind of key."
            }
            Self::Version(_) => {
                "Allow the version that the peer has, if it is TLS 1.2 or 1.3; older ones are \
                 broken and not spoken here."
            }
            Self::WrongVersion { .. } => {
                "Allow that version, if it will do, or take it off the peer."
            }
            Self::WrongCipherSuite(_) => {
                "Report it: the platform's TLS does not keep to its configuration."
            }
            Self::NothingInCommon => {
                "Compare the two sides' modes, TLS versions, cipher suites and kinds of keys (EC, \
                 RSA)."
            }
            Self::NoApplicationProtocol => "Offer a protocol that the peer speaks (ALPN), or none.",
            Self::NotVerified => {
                "Report it: the platform's TLS did not show the certificate that this mode needs."
            }
            Self::NotOffered => {
                "Report it: the platform's TLS resumed what it was not given to resume."
            }
            Self::NoExtendedMasterSecret => {
                "Connect again: the session is forgotten, and a full handshake made. If it comes \
                 back, the server mixes old and new TLS libraries, or somebody is in between."
            }
            Self::NotAdmitted { .. } => {
                "Put the client on the server's list, if it belongs there (Builder::admit)."
            }
            Self::TimedOut => {
                "Raise the handshake timeout (small cores need seconds), or look for a peer or \
                 network that is stuck."
            }
            Self::Closed => {
                "Read the peer's log: it hung up without an alert, as servers do that are full, \
                 restart, or speak something else than TLS."
            }
            Self::OutOfMemory => {
                "Raise CONFIG_MBEDTLS_HEAP_SIZE, or have the peer send a shorter chain."
            }
            Self::Protocol => {
                "Look whether the port is one of TLS: many services have another one for plain \
                 text."
            }
            Self::Os(error) => error.kind.advice(),
            Self::Untold(_) => {
                "Connect to the same server with the host program (`inspect`): it names the check \
                 that fails. Then look which credentials are under the security tag."
            }
            Self::Other => "Look the code up in Mbed TLS's headers; report it if it says nothing.",
        }
    }
}

impl ConfigurationError {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::ClockNotSet { .. } => {
                "Set the clock before connecting: from SNTP, a clock chip or the network."
            }
            Self::NoTrustAnchor => "Give a CA certificate to trust, or the pin of a key.",
            Self::NoRevocationList => "Load the list of each CA, or do not require them.",
            Self::RevocationOfPinned => {
                "Pin on top of a CA (Policy::with_pins), or do without revocation."
            }
            Self::CipherSuite { .. } => {
                "Leave it out, or choose the mode and versions that it belongs to. Without a list, \
                 each mode has good suites."
            }
            Self::NoCipherSuite(_) => "Add a suite of that version, or do not allow the version.",
            Self::TooManyCipherSuites => "Give fewer, most wanted first.",
            Self::Alpn => "Correct the name; IANA's registry of ALPN protocol IDs has them.",
            Self::TooManyAlpn => "Give fewer, most wanted first.",
            Self::Unsupported { advice, .. } => advice,
        }
    }
}

impl CredentialError {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Empty(_) => "Give the file that was meant; this one may not have been written.",
            Self::Pem(_) => "Copy the file again, whole, from its BEGIN line to its END line.",
            Self::PemLabel(_) => {
                "Give the file that holds it: certificates and keys are often in two files."
            }
            Self::EncryptedKey => {
                "Decrypt it where that is safe: a device has nobody to type a passphrase."
            }
            Self::Der(_) => {
                "Give the file that was meant. `openssl x509 -inform DER -text` reads a \
                 certificate, `openssl pkey -inform DER -text` a key, `openssl crl -inform DER \
                 -text` a revocation list."
            }
            Self::NotUnderstood(_) => {
                "Issue the certificate anew without the extension, or not as a critical one."
            }
            Self::CertificateUnsupported(_) => {
                "Use a certificate with a key on P-256, signed over SHA-256, or build the TLS \
                 library with what it takes: CONFIG_MBEDTLS_SHA1 for a root that signed itself \
                 over SHA-1."
            }
            Self::Crl(error) => error.advice(),
            Self::Pin => {
                "Take the pin from `secure-sockets inspect`, or from `openssl x509 -pubkey -noout \
                 | openssl pkey -pubin -outform DER | sha256sum`."
            }
            Self::KeyMismatch => "Give the key that the certificate was issued for.",
            Self::KeyUnsupported => {
                "Use a key on P-256, or build the TLS library with that kind of key."
            }
            Self::PskLength(_) => "Make a random one: `openssl rand -hex 32`.",
            Self::PskHex => "Write the key in hexadecimal digits: `openssl rand -hex 32`.",
            Self::PskIdentityLength(_) => "Choose a shorter identity, or any at all.",
            Self::PskIdentityNul => "Leave the NUL out.",
            Self::SecTag(_) => "Choose a smaller number.",
            Self::NotStored { .. } => {
                "Store it under this tag first, or name the tag that it is under."
            }
            Self::TagInUse { .. } => "Choose another tag, or delete what is under this one.",
            Self::StoredPem { .. } => {
                "Store DER (`openssl x509 -outform DER`), which takes a third less room, or build \
                 with CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM=y."
            }
            Self::StoredPemEnd { .. } => {
                "Store it with a NUL after its last line: the format strt or bint of Zephyr's \
                 `cred` shell command."
            }
            Self::StoreOnline { .. } => {
                "Hand credentials over before the link is brought up, or store them beforehand \
                 and name them by their tag."
            }
            Self::StoreRefused { .. } => {
                "Look at what the log says of it. A modem takes a few kilobytes of PEM, and keys \
                 that it can use; a store in flash may be full, or not there."
            }
            Self::StoreFull => {
                "Raise CONFIG_TLS_MAX_CREDENTIALS_NUMBER, or delete what is not used."
            }
            Self::OutOfMemory(_) => {
                "Raise CONFIG_MBEDTLS_HEAP_SIZE, or trust fewer CAs (`secure-sockets trim-ca`)."
            }
        }
    }
}

impl IoError {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::TimedOut => "Raise the I/O timeout, or look for what holds the peer up.",
            Self::EndUntold => {
                "Go by the protocol's own marks of an end (a length, a last chunk), or let Mbed \
                 TLS do TLS instead of the modem."
            }
            Self::Truncated => {
                "Take nothing that is not complete in itself as received, and connect again."
            }
            Self::Closed => "Connect again.",
            Self::PeerAlert(_) => {
                "Read the peer's log. In TLS 1.3 this is also how a server refuses a client's \
                 certificate: after the client's handshake is done."
            }
            Self::Tls(_) => {
                "Connect again. If it happens again, somebody or something on the way changes \
                 data."
            }
            Self::OutOfMemory(_) => {
                "Raise CONFIG_MBEDTLS_HEAP_SIZE, or keep fewer connections open."
            }
            Self::Os(error) => error.kind.advice(),
        }
    }
}

impl OsErrorKind {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NotFound => "Check the spelling of the host name, and the DNS server.",
            Self::Refused => "Start the server, or check the port.",
            Self::Reset => "Connect again; a firewall or a restarted peer does this.",
            Self::Unreachable => "Check the link, the address and the route.",
            Self::TimedOut => "Check the address; a firewall that drops packets does this too.",
            Self::AddressInUse => "Choose another port or address, or stop what uses it.",
            Self::Denied => "Choose a port above 1023, or give the program the right.",
            Self::OutOfResources => {
                "Close connections, or raise the limit (CONFIG_NET_MAX_CONTEXTS, \
                 CONFIG_NET_MAX_CONN, CONFIG_ZVFS_OPEN_MAX, `ulimit -n`)."
            }
            Self::Other => "Look the number up: it is the platform's errno.",
        }
    }
}
