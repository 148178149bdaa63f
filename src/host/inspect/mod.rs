// SPDX-License-Identifier: Apache-2.0

//! `inspect`: a chain as a person reads it, and what a device says about it.

mod certificate;
mod json;
mod text;

use std::path::Path;
use std::time::Duration;

use secure_socket::backend::Backend as _;
use secure_socket::credential::Trust;
use secure_socket::x509::{CertificateFacts, SubjectName};
use secure_socket::{ServerName, UnixTime};

use super::chain::{self, Der, Verdict};
use super::cli::{InspectArgs, Target};
use super::error::HostError;
use super::files;
use super::output::print;
use certificate::Described;

/// What there is to show.
struct Report<'a> {
    target: &'a Target,
    now: UnixTime,
    certificates: Vec<Described>,
    judgement: Option<Judgement>,
}

/// What a device says about the chain.
struct Judgement {
    verdict: Verdict,
    /// The name that it asked for.
    name: ServerName,
    /// Whether nobody said which, so that the certificate's own was taken.
    name_is_its_own: bool,
    /// What vouches for the chain, if it was accepted and not by a pin.
    anchor: Option<Anchor>,
    /// The SHA-256 of each certificate of the chain that was built.
    used: Vec<[u8; 32]>,
    /// How many certificates there are to trust, and their bytes.
    trusted: (usize, usize),
}

impl Judgement {
    /// Whether a chain was accepted without this certificate.
    fn leaves_out(&self, described: &Described) -> bool {
        self.verdict.is_accepted() && !self.used.contains(&described.sha256)
    }
}

/// The CA certificate that a chain leads to.
struct Anchor {
    subject: String,
    bytes: usize,
}

pub(crate) fn inspect(args: &InspectArgs, as_json: bool) -> Result<(), HostError> {
    let backend = args.policy.backend()?;
    let chain = match &args.target {
        Target::File(path) => chain::read(path)?,
        Target::Host(host) => {
            let name = match &args.server_name {
                Some(name) => name.clone(),
                None => server_name(&host.name)?,
            };
            let timeout = Duration::from_secs(args.timeout.into());
            chain::fetch(backend, host, &name, args.tls, timeout)?
        }
    };
    let report = Report {
        target: &args.target,
        now: backend.now().unwrap_or(UnixTime::from_seconds(0)),
        judgement: judge(args, &chain)?,
        certificates: chain
            .iter()
            .map(|der| Described::new(der, &backend))
            .collect(),
    };
    if as_json {
        print(json::report(&report))?;
    } else {
        print(text::report(&report, args))?;
    }
    match &report.judgement {
        Some(judgement) if !judgement.verdict.is_accepted() => Err(HostError::Told),
        _ => Ok(()),
    }
}

fn judge(args: &InspectArgs, chain: &[Der]) -> Result<Option<Judgement>, HostError> {
    let anchors = match &args.ca {
        Some(path) => files::anchors(path)?,
        None if args.pinned_only => Vec::new(),
        None => return args.policy.must_judge(false).map(|()| None),
    };
    let trusted = (
        anchors.len(),
        anchors.iter().map(|anchor| anchor.as_der().len()).sum(),
    );
    let trust = match args.pinned_only {
        true => args.policy.pinned_trust()?,
        false => Trust::from(anchors).with_policy(args.policy.policy()?),
    };
    let (name, name_is_its_own) = match (&args.server_name, &args.target) {
        (Some(name), _) => (name.clone(), false),
        (None, Target::Host(host)) => (server_name(&host.name)?, false),
        (None, Target::File(_)) => (own_name(chain)?, true),
    };
    let backend = args.policy.backend()?;
    let verdict = chain::judge(backend, chain, trust, &name)?;
    let anchor = match verdict.is_accepted() && !args.pinned_only {
        true => verdict.path.first().map(|der| Anchor {
            subject: subject(der),
            bytes: der.len(),
        }),
        false => None,
    };
    Ok(Some(Judgement {
        used: verdict.path.iter().map(|der| backend.sha256(der)).collect(),
        verdict,
        name,
        name_is_its_own,
        anchor,
        trusted,
    }))
}

fn subject(der: &[u8]) -> String {
    CertificateFacts::read(der).map_or_else(
        || "a certificate that cannot be read".into(),
        |facts| facts.subject,
    )
}

pub(super) fn server_name(text: &str) -> Result<ServerName, HostError> {
    ServerName::new(text).map_err(|error| {
        HostError::Usage(format!(
            "{error}; give the name to ask for with --server-name"
        ))
    })
}

/// A name that the server's own certificate is for, where nobody said which to ask for:
/// its first. Any will do where it has none, and will be refused.
pub(super) fn own_name(chain: &[Der]) -> Result<ServerName, HostError> {
    let facts = chain.first().and_then(|der| CertificateFacts::read(der));
    let names = facts.iter().flat_map(|facts| facts.names.iter().flatten());
    let own = names
        .filter_map(|name| match name {
            // One that a wildcard stands for.
            SubjectName::Dns(name) => match name.strip_prefix("*.") {
                Some(parent) => ServerName::new(&format!("any.{parent}")).ok(),
                None => ServerName::new(name).ok(),
            },
            SubjectName::Ip(address) => Some(ServerName::from(*address)),
            _ => None,
        })
        .next();
    let common = || {
        let name = facts.as_ref()?.common_name.as_ref()?;
        ServerName::new(name).ok()
    };
    match own.or_else(common) {
        Some(name) => Ok(name),
        None => server_name("name.invalid"),
    }
}

/// How a target is shown.
impl Target {
    fn shown(&self) -> String {
        match self {
            Self::Host(host) => host.to_string(),
            Self::File(path) => Path::display(path).to_string(),
        }
    }
}
