// SPDX-License-Identifier: Apache-2.0

//! What can go wrong in the host program.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secure_socket::Error;
use secure_socket::credential::CredentialError;
use secure_sockets::RunError;

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

    /// The stage at which it happened, as one word for machines.
    pub(crate) fn stage(&self) -> &'static str {
        match self {
            Self::Run(RunError::Connection(error)) => error.stage(),
            Self::Run(RunError::Missing(_)) | Self::Credential { .. } => "credential",
            Self::Run(RunError::Job(_)) | Self::Usage(_) => "configuration",
            Self::Run(_) => "application",
            Self::File { .. } => "file",
            Self::Pki(_) => "pki",
            Self::Start(_) => "start",
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
