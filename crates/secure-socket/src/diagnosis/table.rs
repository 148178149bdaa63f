// SPDX-License-Identifier: Apache-2.0

//! `docs/refusals.md`: everything that can be refused, from the code itself.
//!
//! A variant without a row does not compile, and a page that is not what the code says
//! fails the test below. To write it anew:
//!
//! ```sh
//! WRITE_REFUSALS=1 cargo test --package secure-socket refusals
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddr};
use std::format;

use super::{Alert, Check, CheckFlags, Refusal, TlsCode};
use crate::backend::{OsError, OsErrorKind};
use crate::credential::{CredentialError, CredentialKind, SecTag};
use crate::error::{
    ConfigurationError, ConnectError, Error, HandshakeError, HandshakeReason, IoError, ResolveError,
};
use crate::policy::SpkiPin;
use crate::revocation::{
    CrlError, CrlFetchError, FetchError, HttpUrl, OcspStatus, OidText, RevocationProblem,
    RevocationReason,
};
use crate::time::{LONGEST_USE, TimeProblem};
use crate::x509::{Curve, Hash, PublicKeyKind, SignatureAlgorithm, SignatureScheme};
use crate::{CipherSuite, Mode, TlsVersion, UnixTime, Versions};

/// One row: what is said, where it is in the code, what to do.
struct Row {
    sentence: String,
    variant: String,
    advice: &'static str,
}

/// Every variant of an enum, each with example facts. One that is left out does not
/// compile.
macro_rules! every {
    ($kind:ident: $($variant:ident
        $({ $($field:ident: $value:expr),* $(,)? })?
        $(( $($item:expr),* $(,)? ))?
    ;)*) => {{
        fn _is_complete(one: &$kind) {
            match one { $($kind::$variant { .. } => (),)* }
        }
        [$((
            concat!(stringify!($kind), "::", stringify!($variant)),
            $kind::$variant $({ $($field: $value),* })? $(( $($item),* ))?,
        ),)*]
    }};
}

/// The rows of an enum that has sentences and advice of its own.
macro_rules! rows {
    ($($list:tt)*) => {
        every!($($list)*).into_iter().map(|(variant, one)| Row {
            sentence: one.to_string(),
            variant: variant.into(),
            advice: one.advice(),
        }).collect::<Vec<_>>()
    };
}

const CLOCK: UnixTime = UnixTime::from_seconds(1_795_391_999);
const KIND: CredentialKind = CredentialKind::CaCertificate;
const RESET: OsError = OsError {
    kind: OsErrorKind::Reset,
    number: 104,
};

fn issuer() -> String {
    "CN=Example CA".into()
}

fn refusals() -> Vec<(Check, Row)> {
    let rows = every! { Refusal:
        SelfSigned;
        UnknownIssuer { issuer: issuer(), anchors: ["CN=Another CA".into()].into() };
        IssuerSignature { issuer: issuer() };
        NotACa { issuer: issuer() };
        MayNotSignCertificates { issuer: issuer() };
        PathLength { issuer: issuer(), allowed: 0, had: 1 };
        WrongOrder { issuer: issuer() };
        SignatureUnsupported {
            algorithm: SignatureAlgorithm::Known(SignatureScheme::Ecdsa, Hash::Sha512),
            key: PublicKeyKind::Ec(Curve::P521),
        };
        Expired { not_after: UnixTime::from_seconds(1_748_736_000), clock: CLOCK };
        NotYetValid { not_before: UnixTime::from_seconds(2_208_988_800), clock: CLOCK };
        WrongName { wanted: "device.test".into(), names: ["elsewhere.test".into()].into() };
        NoSubjectAltName {
            wanted: "device.test".into(),
            common_name: Some("device.test".into()),
        };
        NameConstraint { issuer: issuer(), name: "device.test".into() };
        Purpose { wanted: "use by a TLS server (serverAuth)" };
        KeyTooShort { bits: 1024, min: 2048 };
        KeyTooHeavy { bits: 4096, max: 3072 };
        KeyNotAllowed { key: PublicKeyKind::Ec(Curve::P521) };
        WeakSignature {
            algorithm: SignatureAlgorithm::Known(SignatureScheme::RsaPkcs1, Hash::Sha1),
        };
        WeakKey;
        NotPinned { own: SpkiPin::new([0xA5; 32]) };
        NotUnderstood { extensions: ["1.2.3.4".into()].into() };
        Revoked { at: Some(CLOCK), reason: Some(RevocationReason::KeyCompromise) };
        // Each problem has a row of its own.
        RevocationUnknown { problem: RevocationProblem::Unreadable };
        Unreadable;
        OutOfMemory;
        Other(CheckFlags::from_bits(0x4000_0000));
    };
    let problems = revocation_problems().into_iter();
    rows.into_iter()
        .filter(|(_, refusal)| !matches!(refusal, Refusal::RevocationUnknown { .. }))
        .map(|(variant, refusal)| {
            let row = Row {
                sentence: refusal.to_string(),
                variant: variant.into(),
                advice: refusal.advice(),
            };
            (refusal.check(), row)
        })
        .chain(problems.map(|row| (Check::Revoked, row)))
        .collect()
}

fn revocation_problems() -> Vec<Row> {
    let earlier = UnixTime::from_seconds(CLOCK.seconds() - 7200);
    let later = UnixTime::from_seconds(CLOCK.seconds() + 7200);
    let subject: String = "CN=OCSP responder".into();
    let mut rows = rows! { RevocationProblem:
        NoCrl { issuer: issuer() };
        CrlStale {
            issuer: issuer(),
            next_update: UnixTime::from_seconds(1_748_736_000),
            clock: CLOCK,
        };
        CrlNotYetValid {
            issuer: issuer(),
            this_update: CLOCK,
            clock: UnixTime::from_seconds(1_748_736_000),
        };
        CrlSignature { issuer: issuer() };
        CrlSignatureUnsupported {
            issuer: issuer(),
            algorithm: SignatureAlgorithm::Known(SignatureScheme::Ecdsa, Hash::Sha512),
            key: PublicKeyKind::Ec(Curve::P521),
        };
        CrlIssuerMayNotSign { issuer: issuer() };
        // Each of its errors has a row of its own.
        CrlFetch {
            url: HttpUrl::new("http://ca.test/ca.crl").unwrap(),
            error: CrlFetchError::Several,
        };
        Fetch {
            url: HttpUrl::new("http://ocsp.test/").unwrap(),
            error: FetchError::Exchange(RESET),
        };
        NoResponder;
        OcspStatus(OcspStatus::TryLater);
        OcspUnreadable;
        OcspUnknown;
        OcspOtherCertificate;
        OcspSignature;
        OcspWeakSignature {
            algorithm: SignatureAlgorithm::Known(SignatureScheme::RsaPkcs1, Hash::Sha1),
        };
        OcspSignatureUnsupported {
            algorithm: SignatureAlgorithm::Known(SignatureScheme::Ecdsa, Hash::Sha512),
        };
        OcspResponder;
        OcspDelegate {
            subject: subject.clone(),
            refusal: Refusal::Purpose { wanted: "signing OCSP responses (OCSPSigning)" }.into(),
        };
        OcspDelegateIssuer { subject: subject.clone(), issuer: issuer() };
        OcspNonceMissing;
        OcspNonce;
        OcspStale { next_update: earlier, clock: CLOCK };
        OcspTooOld { this_update: earlier, clock: CLOCK };
        OcspNotYetValid { this_update: later, clock: CLOCK };
        OcspExtension { extension: "1.2.3.4".into() };
        NoRandom(RESET);
        OutOfMemory;
        Unreadable;
    };
    let at = rows
        .iter()
        .position(|row| row.variant == "RevocationProblem::CrlFetch");
    let at = at.unwrap();
    rows.splice(at..=at, crl_fetch_errors());
    rows
}

fn crl_fetch_errors() -> Vec<Row> {
    let earlier = UnixTime::from_seconds(CLOCK.seconds() - 7200);
    let later = UnixTime::from_seconds(CLOCK.seconds() + 7200);
    let url = HttpUrl::new("http://ca.test/ca.crl").unwrap();
    let rows = every! { CrlFetchError:
        Fetch(FetchError::TooLarge { limit: 32_768 });
        Unfit(CrlError::Signature.into());
        Several;
        OtherIssuer { issuer: issuer() };
        Stale { next_update: earlier, clock: CLOCK };
        NotYetValid { this_update: later, clock: CLOCK };
        Older { this_update: earlier, held: CLOCK };
        LowerNumber { number: "0x0A".into(), held: "0x0B".into() };
        Underway;
    };
    let row = |(variant, error): (&str, CrlFetchError)| {
        let url = url.clone();
        let problem = RevocationProblem::CrlFetch { url, error };
        Row {
            sentence: problem.to_string(),
            variant: variant.into(),
            advice: problem.advice(),
        }
    };
    rows.into_iter().map(row).collect()
}

fn crl_errors() -> Vec<Row> {
    let id = OidText::new(der::asn1::ObjectIdentifier::new_unwrap("1.2.3.4"));
    rows! { CrlError:
        NoNextUpdate;
        Delta;
        Indirect;
        Partitioned("onlyContainsUserCerts");
        SomeReasons;
        RemoveFromCrl;
        Extension(id);
        EntryExtension(id);
        AlgorithmMismatch;
        WeakHash(Hash::Sha1);
        Algorithm(id);
        AlgorithmUnsupported;
        Signature;
        IssuerMayNotSign;
    }
}

fn handshake_reasons() -> Vec<Row> {
    rows! { HandshakeReason:
        PeerAlert(Alert::HANDSHAKE_FAILURE);
        PskRefused(Alert::DECRYPT_ERROR);
        PskMismatch;
        UnknownPskIdentity;
        NoClientCertificate;
        UnreadableCertificate;
        Version(Versions::Tls13);
        WrongVersion { asked: Versions::Tls13, had: TlsVersion::Tls12 };
        WrongCipherSuite(CipherSuite::from_iana(0x1305));
        NothingInCommon;
        NoApplicationProtocol;
        NotVerified;
        NotOffered;
        NoExtendedMasterSecret;
        NotAdmitted { peer: "CN=client-2".into(), why: "it is not on the list".into() };
        TimedOut;
        Closed;
        OutOfMemory;
        Protocol;
        Os(RESET);
        Untold(OsError { kind: OsErrorKind::Reset, number: 103 });
        Other;
    }
}

fn configuration_errors() -> Vec<Row> {
    rows! { ConfigurationError:
        ClockNotSet {
            mode: Mode::ServerAuth,
            shows: Some(UnixTime::from_seconds(0)),
            earliest: CLOCK,
        };
        NoTrustAnchor;
        NoRevocationList;
        RevocationOfPinned;
        CipherSuite {
            suite: CipherSuite::TLS_AES_256_GCM_SHA384,
            mode: Mode::Psk,
            versions: Versions::Tls13,
        };
        NoCipherSuite(TlsVersion::Tls12);
        TooManyCipherSuites;
        Alpn;
        TooManyAlpn;
        Unsupported {
            option: "a pre-shared key of more than 48 bytes",
            advice: "take one of 16 to 48 bytes",
        };
    }
}

fn credential_errors() -> Vec<Row> {
    let tag = SecTag::new(7).unwrap();
    let kind = CredentialKind::PrivateKey;
    let mut rows = rows! { CredentialError:
        Empty(KIND);
        Pem(KIND);
        PemLabel(KIND);
        EncryptedKey;
        Der(KIND);
        NotUnderstood(KIND);
        CertificateUnsupported(KIND);
        // Each of its errors has a row of its own.
        Crl(CrlError::Delta);
        Pin;
        KeyMismatch;
        KeyUnsupported;
        PskLength(8);
        PskHex;
        PskIdentityLength(0);
        PskIdentityNul;
        SecTag(u32::MAX);
        NotStored { tag: tag, kind: kind };
        TagInUse { tag: tag, kind: kind };
        StoredPem { tag: tag, kind: kind };
        StoredPemEnd { tag: tag, kind: kind };
        StoreFull;
        StoreOnline { tag: tag, kind: kind };
        StoreRefused { tag: tag, kind: kind };
        OutOfMemory(KIND);
    };
    rows.retain(|row| row.variant != "CredentialError::Crl");
    rows.extend(crl_errors());
    rows
}

fn io_errors() -> Vec<Row> {
    rows! { IoError:
        TimedOut;
        Truncated;
        EndUntold;
        Closed;
        PeerAlert(Alert::CERTIFICATE_EXPIRED);
        Tls(TlsCode::INVALID_MAC);
        OutOfMemory(TlsCode::new(-0x7F00));
        Os(RESET);
    }
}

fn os_errors() -> Vec<Row> {
    let kinds = every! { OsErrorKind:
        NotFound;
        Refused;
        Reset;
        Unreachable;
        TimedOut;
        AddressInUse;
        Denied;
        OutOfResources;
        Other;
    };
    let row = |(variant, kind): (&str, OsErrorKind)| {
        let number = 0;
        let reason = OsError { kind, number };
        let error = match kind {
            OsErrorKind::NotFound => Error::Resolve(ResolveError {
                host: "device.test".into(),
                reason,
            }),
            _ => Error::Connect(ConnectError {
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 4433)),
                reason,
            }),
        };
        Row {
            sentence: error.to_string(),
            variant: variant.into(),
            advice: error.advice(),
        }
    };
    kinds.into_iter().map(row).collect()
}

fn time_problems() -> Vec<Row> {
    let (built, earlier) = (CLOCK, UnixTime::from_seconds(0));
    let latest = UnixTime::from_seconds(CLOCK.seconds() + LONGEST_USE.as_secs());
    let hour_earlier = UnixTime::from_seconds(CLOCK.seconds() - 3600);
    let not_found = OsError {
        kind: OsErrorKind::NotFound,
        number: 0,
    };
    let unreachable = OsError {
        kind: OsErrorKind::Unreachable,
        number: 0,
    };
    rows! { TimeProblem:
        Resolve(not_found);
        Send(unreachable);
        NoAnswer;
        NotSntp;
        SentAway(*b"RATE");
        Unsynchronised;
        BeforeBuild { said: earlier, built: built };
        FarFuture { said: UnixTime::from_seconds(4_102_444_800), latest: latest };
        StepBack { said: hour_earlier, shows: CLOCK };
    }
}

fn section(page: &mut String, heading: &str, note: &str, rows: &[Row]) {
    *page += &format!("\n## {heading}\n\n{note}\n\n");
    table(page, rows);
}

fn table(page: &mut String, rows: &[Row]) {
    *page += "| it says | in the code | what to do |\n|---|---|---|\n";
    for row in rows {
        let [sentence, advice] = [&*row.sentence, row.advice].map(|text| text.replace('|', "\\|"));
        *page += &format!("| {sentence} | `{}` | {advice} |\n", row.variant);
    }
}

/// The kinds of checks, in the order in which they are explained.
const CHECKS: [(Check, &str); 8] = [
    (
        Check::Chain,
        "Chain: it leads to a CA that is trusted, each certificate signed by the next",
    ),
    (Check::Dates, "Dates"),
    (Check::Name, "Name"),
    (Check::Purpose, "Purpose: keyUsage and extendedKeyUsage"),
    (
        Check::Key,
        "Keys and signatures: strong enough, and not too heavy",
    ),
    (Check::Revoked, "Revocation"),
    (Check::Pin, "Pins"),
    (Check::Other, "Anything else"),
];

const HEAD: &str = "\
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made from the code. To make it anew:
     WRITE_REFUSALS=1 cargo test --package secure-socket refusals -->

# What is refused, and what to do about it

Every error displays as one sentence with the facts on both sides. Here they are, with
example facts, by the variant of `secure_socket::Error` that carries them. The last column
is what `advice()` returns, on `Error` and on each type named here.

The TLS library's own code, where there is one, follows in brackets: `(Mbed TLS -0x2700)`.
";

fn page() -> String {
    let mut page = String::from(HEAD);
    page += "\n## `Error::Verify`: we refused the peer's certificate\n\n\
        `refused the server's certificate: SUBJECT (depth N): SENTENCE`. Depth 0 is the peer's \
        own\ncertificate; above are its issuers. Several sentences are separated by semicolons, \
        the most\ntelling first.\n";
    let mut rows = refusals();
    for (check, heading) in CHECKS {
        let (these, rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.0 == check);
        rows = rest;
        page += &format!("\n### {heading}\n\n");
        table(
            &mut page,
            &these.into_iter().map(|row| row.1).collect::<Vec<_>>(),
        );
    }
    assert!(rows.is_empty(), "a kind of check is missing in CHECKS");
    section(
        &mut page,
        "`Error::Handshake`: the handshake failed otherwise",
        "`HandshakeError` has the reason and the TLS library's code.",
        &handshake_reasons(),
    );
    page += "\n### The peer's alerts\n\nWhat `HandshakeReason::PeerAlert` and \
        `IoError::PeerAlert` carry: the peer's reason,\nseen from here.\n\n\
        | alert | the peer means |\n|---|---|\n";
    for alert in (0..=u8::MAX).map(Alert::from_wire) {
        if let (Some(_), Some(meaning)) = (alert.name(), alert.meaning()) {
            page += &format!("| `{alert}` | {meaning} |\n");
        }
    }
    section(
        &mut page,
        "`Error::Configuration`: it contradicts itself, or cannot be had here",
        "Before anything is sent.",
        &configuration_errors(),
    );
    section(
        &mut page,
        "`Error::Credential`: a credential was refused when it was loaded",
        "Before anything is sent.",
        &credential_errors(),
    );
    section(
        &mut page,
        "`Error::Resolve` and `Error::Connect`: there is no connection",
        "The number in brackets is the platform's, where it gives one.",
        &os_errors(),
    );
    section(
        &mut page,
        "`Error::Io`: the connection broke after the handshake",
        "What was received before may be incomplete.",
        &io_errors(),
    );
    section(
        &mut page,
        "`TimeProblem`: a server told no time that could be believed",
        "Before modes 2 and 3 connect, on a device that has its clock from the network\n\
         ([clock.md](clock.md)).",
        &time_problems(),
    );
    page
}

#[test]
fn the_page_of_refusals_is_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/refusals.md");
    let page = page();
    if std::env::var_os("WRITE_REFUSALS").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(kept.lines())
        .find(|(now, kept)| now != kept);
    assert!(
        page == kept,
        "docs/refusals.md is not what the code says, beginning with {differs:#?}; make it anew \
         with `WRITE_REFUSALS=1 cargo test --package secure-socket refusals`"
    );
}

#[test]
fn sentences_and_advice_are_of_use() {
    let rows = refusals().into_iter().map(|row| row.1);
    let rows: Vec<Row> = rows
        .chain(handshake_reasons())
        .chain(configuration_errors())
        .chain(credential_errors())
        .chain(os_errors())
        .chain(io_errors())
        .chain(time_problems())
        .collect();
    let mut sentences: Vec<&str> = rows.iter().map(|row| &*row.sentence).collect();
    sentences.sort_unstable();
    let count = sentences.len();
    sentences.dedup();
    assert_eq!(sentences.len(), count, "two variants have one sentence");
    for row in &rows {
        assert!(!row.advice.is_empty(), "{}", row.variant);
        assert!(!row.sentence.contains('\n'), "{}", row.variant);
    }
}

#[test]
fn a_handshakes_advice_is_that_of_its_reason() {
    let error = Error::Handshake(HandshakeError {
        reason: HandshakeReason::PskMismatch,
        code: None,
    });
    assert_eq!(error.advice(), HandshakeReason::PskMismatch.advice());
}
