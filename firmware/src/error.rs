// SPDX-License-Identifier: Apache-2.0

//! Why the firmware does not start, or what its run failed with.

use alloc::string::String;
use core::fmt;

use secure_socket::credential::CredentialError;
#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
use secure_sockets::Outlook;
use secure_sockets::{NoLink, RunError};

/// Why the firmware does not start, or what its run failed with.
pub(crate) enum StartError {
    /// A value in Kconfig or on the command line is wrong: a sentence.
    Setting(String),
    /// A credential, and the file that it is from, if it is from one.
    Credential(Option<String>, CredentialError),
    /// There is no network to do anything in.
    NoLink(NoLink),
    /// The run.
    Run(RunError),
}

impl StartError {
    /// `value` was given for `setting`, which takes `takes`.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    pub(crate) fn value(setting: &str, value: &str, takes: impl fmt::Display) -> Self {
        Self::Setting(alloc::format!("{setting} cannot be {value:?}: {takes}"))
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
impl secure_sockets::Failure for StartError {
    fn outlook(&self) -> Outlook {
        match self {
            Self::Setting(_) | Self::Credential(..) => Outlook::Never,
            Self::NoLink(_) => Outlook::Soon,
            Self::Run(error) => error.outlook(),
        }
    }
}

impl From<CredentialError> for StartError {
    fn from(error: CredentialError) -> Self {
        Self::Credential(None, error)
    }
}

impl From<RunError> for StartError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(sentence) => f.write_str(sentence),
            Self::Credential(Some(file), error) => write!(f, "{file}: {error}"),
            Self::Credential(None, error) => error.fmt(f),
            Self::NoLink(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
        }
    }
}
