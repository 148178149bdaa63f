// SPDX-License-Identifier: Apache-2.0

//! What a handshake came to: a stream on the terms that were asked for, or the
//! reason why not. One place for both roles and every backend.

use alloc::vec::Vec;

use crate::backend::{Backend, Connection, Failure};
use crate::config::Settings;
use crate::diagnosis::{Alert, CertificateRefusal, Peer, Refusal, TlsCode};
use crate::error::{ConfigurationError, Error, HandshakeError, HandshakeReason, VerifyError};
use crate::mode::Mode;
use crate::revocation::{ShownCertificate, StatusLookup};
use crate::session::{AuthenticatedAs, CertificateIdentity, Session};
use crate::stream::Stream;
use crate::time::UnixTime;
use crate::verify::{Findings, Judge};

/// The clock that dates are checked against, in a mode that checks them.
pub(crate) fn clock_for<B: Backend>(
    mode: Mode,
    backend: &B,
) -> Result<Option<UnixTime>, ConfigurationError> {
    if !mode.verifies_certificates() {
        return Ok(None);
    }
    clock_set(mode, backend.now(), backend.earliest()).map(Some)
}

/// What the clock shows, if it can have been set.
fn clock_set(
    mode: Mode,
    shows: Option<UnixTime>,
    earliest: UnixTime,
) -> Result<UnixTime, ConfigurationError> {
    let earliest = earliest.max(UnixTime::FLOOR);
    match shows {
        Some(now) if now >= earliest => Ok(now),
        shows => Err(ConfigurationError::ClockNotSet {
            mode,
            shows,
            earliest,
        }),
    }
}

/// What was asked for.
pub(crate) struct Terms<'a> {
    pub(crate) mode: Mode,
    /// Who the other side is.
    pub(crate) peer: Peer,
    pub(crate) settings: &'a Settings,
    /// As whom the peer counts if it showed no certificate and need not have.
    pub(crate) peer_without_certificate: AuthenticatedAs,
    /// As whom we count to the peer.
    pub(crate) us: &'a AuthenticatedAs,
    /// As whom the peer counts where its certificate is not shown: the platform's TLS
    /// judged it alone, as was asked for.
    pub(crate) unexamined: Option<AuthenticatedAs>,
    /// What to ask about the peer's certificates before it gets a stream.
    pub(crate) status: Option<StatusLookup<'a>>,
    /// The session that the handshake may have resumed.
    pub(crate) offered: Option<Offered<'a>>,
}

/// A session that was offered: who the peer is if it was resumed, as its full handshake
/// proved.
pub(crate) struct Offered<'a> {
    /// `None` for a client that need not prove itself.
    pub(crate) leaf: Option<&'a CertificateIdentity>,
    /// Its chain, trust anchor first, if it is still to be asked about.
    pub(crate) unasked: Option<&'a [ShownCertificate]>,
}

/// A handshake on the terms that were asked for.
pub(crate) struct Concluded<C: Connection> {
    pub(crate) stream: Stream<C>,
    /// The chain that it showed, trust anchor first, if that is to be kept.
    pub(crate) chain: Vec<ShownCertificate>,
}

impl Terms<'_> {
    /// Whether this handshake may not end without a verified certificate.
    fn demands_certificate(&self) -> bool {
        match self.peer {
            Peer::Server => self.mode.verifies_certificates(),
            Peer::Client => self.mode == Mode::Mutual,
        }
    }
}

/// A handshake that is over.
pub(crate) struct Outcome<'t, 'j> {
    pub(crate) terms: Terms<'t>,
    pub(crate) judge: Judge<'j>,
}

impl Outcome<'_, '_> {
    /// Holds what was had against what was asked for.
    pub(crate) fn conclude<C: Connection>(
        self,
        result: Result<C, Failure>,
    ) -> Result<Concluded<C>, Error> {
        let Self { terms, judge } = self;
        let Findings {
            refused,
            leaf,
            chain,
        } = judge.into_findings();
        let refuse = |reason| Err(Error::Handshake(HandshakeError { reason, code: None }));
        let connection = match result {
            Ok(connection) => connection,
            // A signature that could not be checked for want of memory refutes nobody.
            Err(failure) if !refused.is_empty() && !is_out_of_memory(failure) => {
                return Err(Error::Verify(VerifyError {
                    peer: terms.peer,
                    refused,
                    code: match failure {
                        Failure::Tls { code, .. } => Some(code),
                        _ => None,
                    },
                }));
            }
            Err(failure) => return Err(Error::Handshake(explain(failure, &terms))),
        };
        // A backend that lets a refused certificate through is at fault, and is not
        // to be relied on for anything else it says.
        if !refused.is_empty() {
            return Err(Error::Verify(VerifyError {
                peer: terms.peer,
                refused,
                code: None,
            }));
        }
        let facts = connection.facts();
        let asked = terms.settings.versions();
        if !asked.allows(facts.version) {
            return refuse(HandshakeReason::WrongVersion {
                asked,
                had: facts.version,
            });
        }
        if let Some(suite) = facts.suite
            && !terms.settings.suites().contains(&suite)
        {
            return refuse(HandshakeReason::WrongCipherSuite(suite));
        }
        let (leaf, unasked) = match (facts.resumed, &terms.offered) {
            (false, _) => (leaf, Some(chain.as_slice())),
            (true, Some(offered)) => (offered.leaf.cloned(), offered.unasked),
            (true, None) => return refuse(HandshakeReason::NotOffered),
        };
        let peer = match leaf {
            Some(leaf) if terms.demands_certificate() => AuthenticatedAs::Certificate(leaf),
            None if terms.demands_certificate() => match terms.unexamined {
                Some(peer) => peer,
                None => return refuse(HandshakeReason::NotVerified),
            },
            _ => terms.peer_without_certificate,
        };
        if let (Some(lookup), Some(chain)) = (&terms.status, unasked)
            && let Err(refused) = lookup.check.check(chain, lookup)
        {
            connection.abort(alert_for(&refused));
            return Err(Error::Verify(VerifyError {
                peer: terms.peer,
                refused: [refused].into(),
                code: None,
            }));
        }
        let session = Session {
            mode: terms.mode,
            version: facts.version,
            suite: facts.suite,
            alpn: facts.alpn,
            resumed: facts.resumed,
            peer,
            us: terms.us.clone(),
            sent: facts.sent,
            received: facts.received,
            duration: facts.duration,
            heap_peak: facts.heap_peak,
        };
        let stream = Stream::new(connection, session);
        Ok(Concluded { stream, chain })
    }
}

/// What the peer is told of a certificate that we refused after its handshake.
///
/// That its status is not known has no alert of its own: bad_certificate_status_response
/// is about a response that the peer itself sent (RFC 6066, section 8).
fn alert_for(refused: &CertificateRefusal) -> Alert {
    let is_revoked = |refusal: &Refusal| matches!(refusal, Refusal::Revoked { .. });
    match refused.refusals.iter().any(is_revoked) {
        true => Alert::CERTIFICATE_REVOKED,
        false => Alert::CERTIFICATE_UNKNOWN,
    }
}

fn is_out_of_memory(failure: Failure) -> bool {
    match failure {
        Failure::Tls { code, .. } => code.is_out_of_memory(),
        failure => matches!(failure, Failure::OutOfMemory(_)),
    }
}

fn explain(failure: Failure, terms: &Terms<'_>) -> HandshakeError {
    let (reason, code) = match failure {
        Failure::Tls { code, alert } => (explain_code(code, alert, terms), Some(code)),
        Failure::OutOfMemory(code) => (HandshakeReason::OutOfMemory, Some(code)),
        Failure::PskMismatch(code) => (HandshakeReason::PskMismatch, Some(code)),
        Failure::NoExtendedMasterSecret => (HandshakeReason::NoExtendedMasterSecret, None),
        Failure::UnknownPskIdentity(code) => (HandshakeReason::UnknownPskIdentity, Some(code)),
        Failure::TimedOut => (HandshakeReason::TimedOut, None),
        Failure::Closed => (HandshakeReason::Closed, None),
        Failure::Os(error) => (HandshakeReason::Os(error), None),
        Failure::Untold(error) => (HandshakeReason::Untold(error), None),
    };
    HandshakeError { reason, code }
}

fn explain_code(code: TlsCode, alert: Option<Alert>, terms: &Terms<'_>) -> HandshakeReason {
    let psk = terms.mode == Mode::Psk;
    if let Some(alert) = alert {
        // What peers send that have another key, or hide that they know no such
        // identity: RFC 4279, section 2; RFC 8446, section 6.2; and in TLS 1.3 OpenSSL
        // illegal_parameter for a proof that does not verify, OpenSSL and Mbed TLS
        // missing_extension (those of certificates) for an unknown identity.
        return match alert {
            Alert::BAD_RECORD_MAC
            | Alert::DECRYPT_ERROR
            | Alert::ILLEGAL_PARAMETER
            | Alert::MISSING_EXTENSION
            | Alert::UNKNOWN_PSK_IDENTITY
                if psk =>
            {
                HandshakeReason::PskRefused(alert)
            }
            _ => HandshakeReason::PeerAlert(alert),
        };
    }
    let is_one_of = |codes: &[TlsCode]| codes.iter().any(|one| code.is(*one));
    if code.is_out_of_memory() {
        HandshakeReason::OutOfMemory
    } else if code.is(TlsCode::INVALID_MAC) && psk {
        HandshakeReason::PskMismatch
    } else if code.is(TlsCode::UNKNOWN_IDENTITY) {
        HandshakeReason::UnknownPskIdentity
    } else if code.is(TlsCode::NO_CLIENT_CERTIFICATE) {
        HandshakeReason::NoClientCertificate
    } else if code.is_unreadable_certificate() {
        HandshakeReason::UnreadableCertificate
    } else if code.is(TlsCode::BAD_PROTOCOL_VERSION) {
        HandshakeReason::Version(terms.settings.versions())
    } else if code.is(TlsCode::HANDSHAKE_FAILURE) {
        HandshakeReason::NothingInCommon
    } else if code.is(TlsCode::NO_APPLICATION_PROTOCOL) {
        HandshakeReason::NoApplicationProtocol
    } else if code.is(TlsCode::TIMEOUT) {
        HandshakeReason::TimedOut
    } else if is_one_of(&[
        TlsCode::CONN_EOF,
        TlsCode::PEER_CLOSE_NOTIFY,
        TlsCode::CONN_RESET,
        TlsCode::RECV_FAILED,
        TlsCode::SEND_FAILED,
    ]) {
        HandshakeReason::Closed
    } else if is_one_of(&[
        TlsCode::DECODE_ERROR,
        TlsCode::ILLEGAL_PARAMETER,
        TlsCode::UNEXPECTED_MESSAGE,
        TlsCode::INVALID_RECORD,
        TlsCode::INVALID_MAC,
        TlsCode::UNSUPPORTED_EXTENSION,
    ]) {
        HandshakeReason::Protocol
    } else {
        HandshakeReason::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{HandshakeFacts, Observer as _, PresentedCertificate, Received};
    use crate::credential::CaCertificate;
    use crate::diagnosis::CheckFlags;
    use crate::name::ServerName;
    use crate::suite::CipherSuite;
    use crate::verify::Expected;
    use crate::verify::tests::NothingVerifies;
    use crate::version::{TlsVersion, Versions};
    use alloc::vec::Vec;
    use core::time::Duration;
    use test_pki::{KeyKind, Leaf, Pki};

    /// A platform that took something else than it was asked for. No honest backend
    /// can be brought to do so, which is why this one is made up.
    struct Disobedient(TlsVersion, CipherSuite, bool);

    impl Connection for Disobedient {
        fn facts(&self) -> HandshakeFacts {
            HandshakeFacts {
                version: self.0,
                suite: Some(self.1),
                alpn: None,
                resumed: self.2,
                sent: None,
                received: None,
                duration: Duration::ZERO,
                heap_peak: None,
            }
        }

        fn receive(&self, _: &mut [u8]) -> Result<Received, Failure> {
            unreachable!("no stream is made of it")
        }

        fn send(&self, _: &[u8]) -> Result<usize, Failure> {
            unreachable!("no stream is made of it")
        }

        fn wait_readable(&self, _: Duration) -> Result<bool, Failure> {
            unreachable!("no stream is made of it")
        }

        fn close(&self) -> Result<(), Failure> {
            unreachable!("no stream is made of it")
        }

        fn abort(&self, _: Alert) {
            unreachable!("no stream is made of it")
        }
    }

    /// What becomes of a connection in `mode` that asked for TLS 1.3, after the backend
    /// showed the server's certificate with `shown`.
    fn conclude(
        mode: Mode,
        had: Disobedient,
        shown: Option<CheckFlags>,
    ) -> Result<Stream<Disobedient>, Error> {
        conclude_with(mode, Ok(had), shown)
    }

    fn conclude_with(
        mode: Mode,
        result: Result<Disobedient, Failure>,
        shown: Option<CheckFlags>,
    ) -> Result<Stream<Disobedient>, Error> {
        let mut settings = Settings::new();
        settings.versions = Versions::Tls13;
        settings.settle(mode).unwrap();
        let trust = Vec::<CaCertificate>::new().into();
        let expected = mode.verifies_certificates().then_some(Expected {
            peer: Peer::Server,
            name: None,
            trust: &trust,
            clock: UnixTime::FLOOR,
            keeps_chain: false,
        });
        let mut judge = Judge::new(expected, &NothingVerifies, None);
        if let Some(flags) = shown {
            let pki = Pki::generate(KeyKind::Ec).unwrap();
            let _ = judge.certificate(PresentedCertificate {
                depth: 0,
                der: &pki.leaf(Leaf::Server).chain_der[0],
                flags,
            });
        }
        let terms = Terms {
            mode,
            peer: Peer::Server,
            settings: &settings,
            peer_without_certificate: AuthenticatedAs::Nobody,
            us: &AuthenticatedAs::Nobody,
            unexamined: None,
            status: None,
            offered: None,
        };
        let concluded = Outcome { terms, judge }.conclude(result);
        concluded.map(|concluded| concluded.stream)
    }

    fn reason(result: Result<Stream<Disobedient>, Error>) -> HandshakeReason {
        match result.err() {
            Some(Error::Handshake(error)) => error.reason,
            other => panic!("{other:?}"),
        }
    }

    const SUITE: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;

    #[test]
    fn a_version_that_was_not_asked_for_is_refused() {
        let had = Disobedient(
            TlsVersion::Tls12,
            CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
            false,
        );
        assert_eq!(
            reason(conclude(Mode::Psk, had, None)),
            HandshakeReason::WrongVersion {
                asked: Versions::Tls13,
                had: TlsVersion::Tls12
            }
        );
    }

    #[test]
    fn a_suite_that_was_not_offered_is_refused() {
        let weak = CipherSuite::from_iana(0x1305);
        let had = Disobedient(TlsVersion::Tls13, weak, false);
        assert_eq!(
            reason(conclude(Mode::Psk, had, None)),
            HandshakeReason::WrongCipherSuite(weak)
        );
    }

    #[test]
    fn a_handshake_that_verified_nobody_is_refused_where_somebody_had_to_be() {
        for mode in [Mode::ServerAuth, Mode::Mutual] {
            let had = Disobedient(TlsVersion::Tls13, SUITE, false);
            assert_eq!(
                reason(conclude(mode, had, None)),
                HandshakeReason::NotVerified
            );
        }
        let had = Disobedient(TlsVersion::Tls13, SUITE, false);
        assert!(conclude(Mode::Psk, had, None).is_ok());
    }

    #[test]
    fn a_certificate_that_nobody_saw_is_told_as_such() {
        let name = ServerName::new("device.test").unwrap();
        let mut settings = Settings::new();
        settings.versions = Versions::Tls13;
        settings.settle(Mode::ServerAuth).unwrap();
        let conclude = |unexamined| {
            let terms = Terms {
                mode: Mode::ServerAuth,
                peer: Peer::Server,
                settings: &settings,
                peer_without_certificate: AuthenticatedAs::Nobody,
                us: &AuthenticatedAs::Nobody,
                unexamined,
                status: None,
                offered: None,
            };
            let judge = Judge::new(None, &NothingVerifies, None);
            let had = Disobedient(TlsVersion::Tls13, SUITE, false);
            Outcome { terms, judge }
                .conclude(Ok(had))
                .map(|concluded| concluded.stream.session().peer.clone())
        };
        let peer = AuthenticatedAs::Unexamined(name);
        assert_eq!(conclude(Some(peer.clone())), Ok(peer));
        assert!(matches!(conclude(None), Err(Error::Handshake(_))));
    }

    #[test]
    fn a_session_that_nobody_offered_is_not_resumed() {
        for mode in Mode::ALL {
            let had = Disobedient(TlsVersion::Tls13, SUITE, true);
            assert_eq!(
                reason(conclude(mode, had, None)),
                HandshakeReason::NotOffered
            );
        }
    }

    #[test]
    fn a_refused_certificate_is_refused_even_if_the_backend_lets_it_through() {
        let had = Disobedient(TlsVersion::Tls13, SUITE, false);
        let error = conclude(Mode::ServerAuth, had, Some(CheckFlags::EXPIRED)).err();
        assert!(matches!(error, Some(Error::Verify(_))), "{error:?}");
        let had = Disobedient(TlsVersion::Tls13, SUITE, false);
        assert!(conclude(Mode::ServerAuth, had, Some(CheckFlags::PASSED)).is_ok());
    }

    #[test]
    fn a_refused_certificate_is_the_reason_however_the_handshake_then_ended() {
        let code = TlsCode::CERT_VERIFY_FAILED;
        for failure in [
            Failure::Tls { code, alert: None },
            Failure::Closed,
            Failure::TimedOut,
        ] {
            let result = conclude_with(Mode::ServerAuth, Err(failure), Some(CheckFlags::EXPIRED));
            assert!(
                matches!(result.err(), Some(Error::Verify(_))),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn a_certificate_that_memory_was_short_for_is_not_called_bad() {
        let alloc_failed = TlsCode::new(-0x7F00);
        for failure in [
            Failure::OutOfMemory(TlsCode::CERT_VERIFY_FAILED),
            Failure::Tls {
                code: alloc_failed,
                alert: None,
            },
        ] {
            let flags = Some(CheckFlags::NOT_TRUSTED);
            let result = conclude_with(Mode::ServerAuth, Err(failure), flags);
            assert_eq!(reason(result), HandshakeReason::OutOfMemory);
        }
    }

    #[test]
    fn dates_need_a_clock_that_was_set() {
        let built = UnixTime::from_seconds(1_795_564_800);
        let second_before = UnixTime::from_seconds(1_795_564_799);
        for mode in [Mode::ServerAuth, Mode::Mutual] {
            for shows in [None, Some(UnixTime::from_seconds(17)), Some(second_before)] {
                assert_eq!(
                    clock_set(mode, shows, built),
                    Err(ConfigurationError::ClockNotSet {
                        mode,
                        shows,
                        earliest: built
                    })
                );
            }
            assert_eq!(clock_set(mode, Some(built), built), Ok(built));
        }
    }

    #[test]
    fn no_build_date_makes_a_clock_plausible_that_is_older_than_the_library() {
        let shows = Some(UnixTime::from_seconds(UnixTime::FLOOR.seconds() - 1));
        assert_eq!(
            clock_set(Mode::Mutual, shows, UnixTime::from_seconds(0)),
            Err(ConfigurationError::ClockNotSet {
                mode: Mode::Mutual,
                shows,
                earliest: UnixTime::FLOOR
            })
        );
    }
}
