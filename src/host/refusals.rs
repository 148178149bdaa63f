// SPDX-License-Identifier: Apache-2.0

//! The other half of the demonstration: what must not work.

use std::fmt;

use secure_socket::credential::{Psk, PskIdentity, PskSource};
use secure_socket::{Mode, Versions};
use secure_sockets::{Credentials, RunError, client, run};
use serde_json::{Value, json};
use test_pki::{KeyKind, Leaf};

use super::demo::{Attempt, Lab, against_peer, job};
use super::error::HostError;

/// One thing that must be refused.
pub(crate) struct MustRefuse {
    pub(crate) what: &'static str,
    fault: Fault,
}

#[derive(Clone, Copy)]
enum Fault {
    /// A server in mode 2 with this certificate.
    Server(Leaf),
    /// A server in mode 2 whose root we do not trust.
    UntrustedRoot,
    /// A server in mode 3, and a client in mode 2.
    NoClientCertificate,
    /// A server in mode 1 with another key.
    OtherPsk,
    /// A server that speaks TLS 1.3 alone, and a client that wants 1.2.
    OtherVersion,
}

const ALL: &[MustRefuse] = &[
    MustRefuse {
        what: "a CA that we do not trust",
        fault: Fault::UntrustedRoot,
    },
    MustRefuse {
        what: "a self-signed certificate",
        fault: Fault::Server(Leaf::SelfSigned),
    },
    MustRefuse {
        what: "an expired certificate",
        fault: Fault::Server(Leaf::Expired),
    },
    MustRefuse {
        what: "a certificate from the future",
        fault: Fault::Server(Leaf::NotYetValid),
    },
    MustRefuse {
        what: "a certificate for another name",
        fault: Fault::Server(Leaf::WrongName),
    },
    MustRefuse {
        what: "a chain without its intermediate",
        fault: Fault::Server(Leaf::MissingIntermediate),
    },
    MustRefuse {
        what: "mode 3 without a client certificate",
        fault: Fault::NoClientCertificate,
    },
    MustRefuse {
        what: "another pre-shared key",
        fault: Fault::OtherPsk,
    },
    MustRefuse {
        what: "another TLS version",
        fault: Fault::OtherVersion,
    },
];

/// How many there are.
pub(crate) const COUNT: usize = ALL.len();

/// All that must be refused.
pub(crate) fn all() -> impl Iterator<Item = &'static MustRefuse> {
    ALL.iter()
}

/// What became of it.
pub(crate) struct Refused {
    what: &'static str,
    attempt: Attempt,
}

impl MustRefuse {
    pub(crate) fn run(&self, lab: &Lab) -> Result<Refused, HostError> {
        let pki = lab.pki(KeyKind::Ec);
        let (mode, client_mode) = match self.fault {
            Fault::NoClientCertificate => (Mode::Mutual, Mode::ServerAuth),
            Fault::OtherPsk => (Mode::Psk, Mode::Psk),
            _ => (Mode::ServerAuth, Mode::ServerAuth),
        };
        // In TLS 1.2 a client hears of every refusal before its handshake is over.
        let ours = Versions::Tls12;
        let theirs = match self.fault {
            Fault::OtherVersion => Versions::Tls13,
            _ => Versions::Tls12,
        };
        let leaf = match self.fault {
            Fault::Server(leaf) => leaf,
            _ => Leaf::Server,
        };
        let root = match self.fault {
            Fault::UntrustedRoot => pki.other_root(),
            _ => pki.root(),
        };
        let server_credentials = Credentials {
            trust: Some(lab.trust(&pki.root().der)?.into()),
            identity: Some(lab.identity(pki.leaf(leaf))?.into()),
            psk: Some(lab.psk()?),
        };
        let client_credentials = Credentials {
            trust: Some(lab.trust(&root.der)?.into()),
            identity: None,
            psk: Some(other_psk()?),
        };
        let attempt = against_peer(lab, mode, theirs, server_credentials, |address| {
            let job = job(client_mode, ours, address)?;
            let client = client(&lab.backend, &job, client_credentials)?;
            Ok::<_, HostError>(run(&client, &job, None))
        })??;
        Ok(Refused {
            what: self.what,
            attempt,
        })
    }
}

fn other_psk() -> Result<PskSource, HostError> {
    let other = test_pki::Psk::generate()?;
    let refuse = |error| HostError::Run(RunError::Connection(error));
    Ok(PskSource::Given {
        identity: PskIdentity::new(other.identity.as_str())
            .map_err(|error| refuse(error.into()))?,
        key: Psk::new(other.key.to_vec()).map_err(|error| refuse(error.into()))?,
    })
}

impl Refused {
    /// Whether it was refused, and by the connection rather than by accident.
    pub(crate) fn is_right(&self) -> bool {
        matches!(
            &self.attempt,
            Err(RunError::Connection(error)) if matches!(error.stage(), "verify" | "handshake")
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "refused": self.is_right(),
            "error": self.attempt.as_ref().err().map(ToString::to_string),
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.attempt {
            Err(error) if self.is_right() => write!(f, "  {}:\n      {error}", self.what),
            Err(error) => write!(f, "  {}: FAILED otherwise:\n      {error}", self.what),
            Ok(_) => write!(f, "  {}: ACCEPTED, and should not have been", self.what),
        }
    }
}
