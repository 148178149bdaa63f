// SPDX-License-Identifier: Apache-2.0

//! What can go wrong in the host program.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use mqtt_client::Reason;
use secure_socket::Error;
use secure_socket::credential::CredentialError;
use secure_socket::diagnosis::Alert;
use secure_socket::error::HandshakeReason;
use secure_sockets::RunError;

use super::names::Host;
use super::web::Status;

/// What can go wrong in the host program.
#[derive(Debug)]
pub(crate) enum HostError {
    /// The run, or its connection, failed.
    Run(RunError),
    /// A file cannot be read or written.
    File { path: PathBuf, error: io::Error },
    /// A file holds no such credential.
    Credential {
        path: PathBuf,
        error: CredentialError,
    },
    /// The test PKI cannot be made.
    Pki(test_pki::Error),
    /// The TLS library does not start.
    Start(mbedtls_backend::StartError),
    /// What was asked for on the command line does not fit together.
    Usage(String),
    /// A server sent no chain.
    NoChain { host: Host, error: Error },
    /// The CA certificates in this file do not verify a peer.
    NotVerified {
        peer: String,
        by: PathBuf,
        /// `None` if there is no such certificate in it.
        error: Option<Error>,
    },
    /// It went wrong with this one of several peers.
    Peer { peer: String, error: Box<Self> },
    /// A web server gave no answer, or one that will not do.
    Http {
        url: String,
        error: http_client::Error<Error>,
    },
    /// A web server's answer is no success.
    Status {
        url: String,
        status: Status,
        /// How its body begins.
        excerpt: String,
    },
    /// A redirect is not followed.
    Redirect {
        url: String,
        status: u16,
        why: String,
    },
    /// The answer is longer than is taken.
    TooLong { url: String, limit: u64 },
    /// The broker would not take a message.
    NotPublished(Reason),
    /// The broker would not have us subscribe to this.
    NotSubscribed(String, Reason),
    /// What was printed says it all: it did not go as it should.
    Told,
    /// Nothing can be printed.
    Output(io::Error),
    /// Some of the runs of the demonstration failed.
    Demo { failed: usize, of: usize },
}

impl HostError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }

    pub(crate) fn credential(path: &Path) -> impl FnOnce(CredentialError) -> Self {
        let path = path.to_owned();
        move |error| Self::Credential { path, error }
    }

    pub(crate) fn http(url: &str) -> impl FnOnce(http_client::Error<Error>) -> Self {
        let url = url.to_owned();
        move |error| Self::Http { url, error }
    }

    /// The stage at which it happened, as one word for machines.
    pub(crate) fn stage(&self) -> &'static str {
        match self {
            Self::Run(RunError::Connection(error)) => error.stage(),
            Self::Run(RunError::Mqtt(_)) | Self::NotPublished(_) | Self::NotSubscribed(..) => {
                "mqtt"
            }
            Self::Run(RunError::Missing(_)) | Self::Credential { .. } => "credential",
            Self::Run(RunError::Job(_) | RunError::MqttJob(_)) | Self::Usage(_) => "configuration",
            Self::Run(_) => "application",
            Self::File { .. } => "file",
            Self::Pki(_) => "pki",
            Self::Start(_) => "start",
            Self::NoChain { error, .. } => error.stage(),
            Self::Peer { error, .. } => error.stage(),
            Self::NotVerified { error, .. } => error.as_ref().map_or("credential", Error::stage),
            Self::Http {
                error: http_client::Error::Stream(error),
                ..
            } => error.stage(),
            Self::Http { .. }
            | Self::Status { .. }
            | Self::Redirect { .. }
            | Self::TooLong { .. } => "http",
            Self::Told => "verdict",
            Self::Output(_) => "output",
            Self::Demo { .. } => "demo",
        }
    }
}

impl From<RunError> for HostError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        Self::Run(RunError::Connection(error))
    }
}

impl From<test_pki::Error> for HostError {
    fn from(error: test_pki::Error) -> Self {
        Self::Pki(error)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Credential { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Pki(error) => error.fmt(f),
            Self::Start(error) => error.fmt(f),
            Self::Usage(what) => f.write_str(what),
            Self::NoChain { host, error } => no_chain(f, host, error),
            Self::Peer { peer, error } => write!(f, "{peer}: {error}; nothing was written"),
            Self::NotVerified { peer, by, error } => {
                let by = by.display();
                write!(
                    f,
                    "{peer} is not verified by {by}, so that nothing was written: "
                )?;
                match error {
                    Some(error) => error.fmt(f),
                    None => {
                        f.write_str("there is no CA certificate in it that a device could trust")
                    }
                }
            }
            Self::Http { url, error } => write!(f, "{url}: {error}"),
            Self::Status {
                url,
                status,
                excerpt,
            } => {
                write!(f, "{url}: {status}")?;
                match excerpt.is_empty() {
                    true => Ok(()),
                    false => write!(f, " (\"{excerpt}\")"),
                }
            }
            Self::Redirect { url, status, why } => write!(f, "{url}: status {status}: {why}"),
            Self::TooLong { url, limit } => write!(
                f,
                "{url}: the answer is longer than the {limit} bytes that are taken (--max-bytes)"
            ),
            Self::NotPublished(reason) => write!(f, "the broker refused a message: {reason}"),
            Self::NotSubscribed(topic, reason) => {
                write!(
                    f,
                    "the broker refused the subscription to {topic}: {reason}"
                )
            }
            Self::Told => f.write_str("it was refused"),
            Self::Output(error) => write!(f, "standard output: {error}"),
            Self::Demo { failed, of } => {
                write!(f, "{failed} of {of} runs did not end as they should")
            }
        }
    }
}

impl From<mbedtls_backend::StartError> for HostError {
    fn from(error: mbedtls_backend::StartError) -> Self {
        Self::Start(error)
    }
}

impl std::error::Error for HostError {}

/// Why a server sent no chain. One that has none says so in ways of many meanings.
fn no_chain(f: &mut fmt::Formatter<'_>, host: &Host, error: &Error) -> fmt::Result {
    let Error::Handshake(handshake) = error else {
        return write!(f, "{error}");
    };
    write!(f, "{host} showed no certificate: {error}. ")?;
    match handshake.reason {
        HandshakeReason::PeerAlert(Alert::HANDSHAKE_FAILURE | Alert::MISSING_EXTENSION) => f.write_str(
            "A server of mode 1 (psk) has none, and another may want other TLS versions (--tls)",
        ),
        ref reason => f.write_str(reason.advice().trim_end_matches('.')),
    }
}
