// SPDX-License-Identifier: Apache-2.0

//! Whether a failure is worth another try, and how soon.

use mqtt_client::Reason;
use secure_socket::Error;
use secure_socket::diagnosis::{Alert, Refusal};
use secure_socket::error::{ConfigurationError, HandshakeReason, IoError};

use crate::error::{RunError, SensorError};

/// What trying again may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It may go well the next time: a network, a server or its memory was the trouble.
    Soon,
    /// Somebody has to mend something at the other end first: a certificate that ran out, a
    /// key, a list of who is let in.
    Later,
    /// It will fail the same way each time: what was asked for is wrong, here.
    Never,
}

impl RunError {
    /// What the same job may come to when it is done again.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        match self {
            Self::Job(_)
            | Self::MqttJob(_)
            | Self::Missing(_)
            | Self::ReadingLength(_)
            | Self::Sensor(SensorError::Nothing) => Outlook::Never,
            Self::Sensor(SensorError::Driver(_)) => Outlook::Soon,
            Self::Connection(error) => connection(error),
            Self::Mqtt(mqtt_client::Error::Refused(reason, _)) => refused(*reason),
            // Another device has our name: who comes back at once ends its connection.
            Self::Mqtt(mqtt_client::Error::Disconnected(Reason::SESSION_TAKEN_OVER, _)) => {
                Outlook::Later
            }
            Self::Mqtt(_) => Outlook::Soon,
            Self::Http(http_client::Error::Request(_) | http_client::Error::SmallBuffer) => {
                Outlook::Never
            }
            Self::Http(_) => Outlook::Soon,
            Self::Refused { status, .. } => answer(*status),
            // No echo server.
            Self::Echo { .. } => Outlook::Later,
            Self::Ended { .. } => Outlook::Soon,
        }
    }
}

/// What a broker answered to CONNECT.
fn refused(reason: Reason) -> Outlook {
    match reason.code() {
        // Server unavailable, server busy, quota exceeded, connection rate exceeded.
        0x88 | 0x89 | 0x97 | 0x9f => Outlook::Soon,
        _ => Outlook::Later,
    }
}

fn connection(error: &Error) -> Outlook {
    match error {
        // Somebody may yet set it.
        Error::Configuration(ConfigurationError::ClockNotSet { .. }) => Outlook::Soon,
        Error::Configuration(_) | Error::Credential(_) => Outlook::Never,
        Error::Verify(error) => {
            let refused = error.refused.iter();
            certificates(refused.flat_map(|refused| &refused.refusals))
        }
        Error::Handshake(error) => handshake(&error.reason),
        Error::Io(IoError::PeerAlert(by)) => alert(*by),
        _ => Outlook::Soon,
    }
}

/// The status of a web server that took nothing (RFC 9110, section 15).
fn answer(status: u16) -> Outlook {
    const TOO_SLOW: u16 = 408;
    const TOO_MANY: u16 = 429;
    match status {
        TOO_SLOW | TOO_MANY | 500.. => Outlook::Soon,
        _ => Outlook::Later,
    }
}

/// Why certificates of the peer's were refused.
fn certificates<'a>(mut refusals: impl Iterator<Item = &'a Refusal>) -> Outlook {
    // Revocation: a responder, or who publishes a list, could not be reached.
    match refusals.all(|refusal| matches!(refusal, Refusal::RevocationUnknown { .. })) {
        true => Outlook::Soon,
        false => Outlook::Later,
    }
}

fn handshake(reason: &HandshakeReason) -> Outlook {
    match reason {
        HandshakeReason::PeerAlert(by) => alert(*by),
        HandshakeReason::PskRefused(_)
        | HandshakeReason::PskMismatch
        | HandshakeReason::UnreadableCertificate
        | HandshakeReason::Version(_)
        | HandshakeReason::WrongVersion { .. }
        | HandshakeReason::WrongCipherSuite(_)
        | HandshakeReason::NothingInCommon
        | HandshakeReason::NoApplicationProtocol
        | HandshakeReason::NotVerified => Outlook::Later,
        _ => Outlook::Soon,
    }
}

/// What the peer refused us with.
fn alert(alert: Alert) -> Outlook {
    match alert {
        // Its own trouble, or that of the network in between.
        Alert::INTERNAL_ERROR
        | Alert::USER_CANCELED
        | Alert::CLOSE_NOTIFY
        | Alert::BAD_RECORD_MAC
        | Alert::DECODE_ERROR
        | Alert::UNEXPECTED_MESSAGE => Outlook::Soon,
        _ => Outlook::Later,
    }
}

#[cfg(test)]
mod tests {
    use secure_socket::credential::CredentialError;
    use secure_socket::revocation::RevocationProblem;
    use secure_socket::{Mode, UnixTime};

    use super::*;
    use crate::{JobError, MissingCredential};

    fn of(error: impl Into<RunError>) -> Outlook {
        error.into().outlook()
    }

    fn io(error: IoError) -> Outlook {
        of(Error::from(error))
    }

    #[test]
    fn what_is_wrong_here_stays_wrong() {
        let what = "a key";
        let mode = Mode::Psk;
        let no_anchor = Error::from(ConfigurationError::NoTrustAnchor);
        let mismatch = Error::from(CredentialError::KeyMismatch);
        assert_eq!(of(JobError::NoHost), Outlook::Never);
        assert_eq!(of(MissingCredential { mode, what }), Outlook::Never);
        assert_eq!(of(no_anchor), Outlook::Never);
        assert_eq!(of(mismatch), Outlook::Never);
    }

    #[test]
    fn it_is_the_connection_whatever_went_over_it() {
        let no_anchor = Error::from(ConfigurationError::NoTrustAnchor);
        let by_http = http_client::Error::Stream(no_anchor.clone());
        let by_mqtt = mqtt_client::Error::Stream(no_anchor);
        assert_eq!(of(by_http), Outlook::Never);
        assert_eq!(of(by_mqtt), Outlook::Never);
    }

    #[test]
    fn a_clock_may_be_set_yet() {
        let error = ConfigurationError::ClockNotSet {
            mode: Mode::Mutual,
            shows: None,
            earliest: UnixTime::from_seconds(0),
        };
        assert_eq!(of(Error::from(error)), Outlook::Soon);
    }

    #[test]
    fn what_breaks_may_hold_the_next_time() {
        assert_eq!(handshake(&HandshakeReason::TimedOut), Outlook::Soon);
        assert_eq!(handshake(&HandshakeReason::Closed), Outlook::Soon);
        assert_eq!(handshake(&HandshakeReason::OutOfMemory), Outlook::Soon);
        assert_eq!(io(IoError::Truncated), Outlook::Soon);
        assert_eq!(io(IoError::TimedOut), Outlook::Soon);
        let overloaded = IoError::PeerAlert(Alert::INTERNAL_ERROR);
        assert_eq!(io(overloaded), Outlook::Soon);
    }

    #[test]
    fn who_was_taken_over_does_not_take_over_in_turn_at_once() {
        let ended = |reason| {
            of(RunError::Mqtt(mqtt_client::Error::Disconnected(
                reason, None,
            )))
        };
        assert_eq!(ended(Reason::SESSION_TAKEN_OVER), Outlook::Later);
        // The server shuts down.
        assert_eq!(ended(Reason::new(0x8b)), Outlook::Soon);
    }

    #[test]
    fn who_was_refused_waits_for_somebody_to_mend_it() {
        for alert in [Alert::UNKNOWN_CA, Alert::CERTIFICATE_EXPIRED] {
            let reason = HandshakeReason::PeerAlert(alert);
            assert_eq!(handshake(&reason), Outlook::Later);
            // In TLS 1.3 a client hears of it after the handshake.
            assert_eq!(io(IoError::PeerAlert(alert)), Outlook::Later);
        }
        let psk = HandshakeReason::PskRefused(Alert::DECRYPT_ERROR);
        assert_eq!(handshake(&psk), Outlook::Later);
    }

    #[test]
    fn a_web_server_that_is_overloaded_is_no_web_server_that_refuses() {
        for (status, outlook) in [
            (503, Outlook::Soon),
            (429, Outlook::Soon),
            (404, Outlook::Later),
            (401, Outlook::Later),
            (301, Outlook::Later),
        ] {
            let (refused, of) = (1, 5);
            let error = RunError::Refused {
                refused,
                of,
                status,
            };
            assert_eq!(error.outlook(), outlook, "{status}");
        }
    }

    #[test]
    fn a_refused_certificate_waits_too_but_not_a_responder_that_is_away() {
        let away = Refusal::RevocationUnknown {
            problem: RevocationProblem::NoCrl {
                issuer: "CN=ca".into(),
            },
        };
        assert_eq!(certificates([&away].into_iter()), Outlook::Soon);
        let both = [&away, &Refusal::SelfSigned];
        assert_eq!(certificates(both.into_iter()), Outlook::Later);
    }
}
