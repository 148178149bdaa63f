// SPDX-License-Identifier: Apache-2.0

//! What came of a case, by the names of `docs/refusals.md`.

use std::fmt;

use secure_socket::credential::CredentialError;
use secure_socket::diagnosis::Refusal;
use secure_socket::error::Error;
use test_pki::cases::Expect;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    /// Every reason, with the depth of the certificate that it is about.
    Refused(Vec<(String, Option<u8>)>),
}

impl From<&Expect> for Outcome {
    fn from(expect: &Expect) -> Self {
        match expect {
            Expect::Accepted => Self::Accepted,
            Expect::Refused { variants, depth } => Self::Refused(
                variants
                    .iter()
                    .map(|variant| (variant.clone(), *depth))
                    .collect(),
            ),
        }
    }
}

impl Outcome {
    pub(super) fn named(kind: &str, reason: &impl fmt::Debug) -> Self {
        Self::Refused(vec![(name(kind, reason), None)])
    }
}

/// A variant's name: `kind::Variant`.
fn name(kind: &str, variant: &impl fmt::Debug) -> String {
    let shown = format!("{variant:?}");
    let end = shown.find(|c: char| !c.is_ascii_alphanumeric());
    format!("{kind}::{}", &shown[..end.unwrap_or(shown.len())])
}

impl From<&Error> for Outcome {
    fn from(error: &Error) -> Self {
        match error {
            Error::Configuration(error) => Self::named("ConfigurationError", error),
            Error::Credential(CredentialError::Crl(error)) => Self::named("CrlError", error),
            Error::Credential(error) => Self::named("CredentialError", error),
            Error::Handshake(error) => Self::named("HandshakeReason", &error.reason),
            Error::Io(error) => Self::named("IoError", error),
            Error::Verify(error) => {
                let mut all = Vec::new();
                for one in &error.refused {
                    for refusal in &one.refusals {
                        let name = match refusal {
                            Refusal::RevocationUnknown { problem } => {
                                name("RevocationProblem", problem)
                            }
                            refusal => name("Refusal", refusal),
                        };
                        all.push((name, Some(one.depth)));
                    }
                }
                Self::Refused(all)
            }
            other => Self::named("Error", other),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Refused(reasons) = self else {
            return f.write_str("accepted");
        };
        for (index, (name, depth)) in reasons.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " + " })?;
            f.write_str(name)?;
            if let Some(depth) = depth {
                write!(f, " (depth {depth})")?;
            }
        }
        Ok(())
    }
}
