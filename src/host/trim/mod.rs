// SPDX-License-Identifier: Apache-2.0

//! `trim-ca`: of a bundle of CA certificates, those that a device needs.

mod cover;
mod write;

use std::path::Path;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::ServerName;
use secure_socket::credential::{CaCertificate, Trust};
use secure_socket::policy::Policy;
use secure_socket::x509::CertificateFacts;
use serde_json::json;

use super::chain::{self, Der, Verdict};
use super::cli::TrimArgs;
use super::error::HostError;
use super::inspect::{own_name, server_name};
use super::names::Host;
use super::output::print;
use super::paragraph::Paragraphs;
use super::table::Table;
use cover::{Candidate, cover};

/// What all steps work with.
struct Work<'a> {
    args: &'a TrimArgs,
    backend: MbedTls,
    policy: Policy,
}

impl Work<'_> {
    fn trust(&self, anchors: Vec<CaCertificate>) -> Trust {
        Trust::from(anchors).with_policy(self.policy.clone())
    }
}

/// Whom the small set has to verify.
enum Peer<'a> {
    Host(&'a Host),
    File(&'a Path),
}

/// A CA certificate of the bundle that can be trusted.
struct Ca {
    anchor: CaCertificate,
    subject: String,
}

impl Ca {
    fn bytes(&self) -> usize {
        self.anchor.as_der().len()
    }
}

/// What came of it.
struct Trimmed<'a> {
    args: &'a TrimArgs,
    /// Each peer, and the CA of the small set that verifies it.
    peers: Vec<(String, String)>,
    kept: Vec<Ca>,
    is_smallest: bool,
    /// How many certificates the bundle has, and their bytes.
    bundle: (usize, usize),
    /// How many of them no device could use.
    unusable: usize,
}

pub(crate) fn trim_ca(args: &TrimArgs, as_json: bool) -> Result<(), HostError> {
    write::check(&args.output, &args.bundle)?;
    let work = &Work {
        args,
        backend: args.policy.backend()?,
        policy: args.policy.policy()?,
    };
    let bundle = chain::read(&args.bundle)?;
    let usable = usable(&bundle, work);
    let unusable = bundle.len() - usable.len();
    let hosts = args.hosts.iter().map(Peer::Host);
    let files = args.chains.iter().map(|path| Peer::File(path));
    let peers: Vec<Peer<'_>> = hosts.chain(files).collect();
    let chains = must_pass(&peers, &usable, &args.bundle, work)?;

    let candidates = candidates(&usable, &peers, &chains, work)?;
    let Some(cover) = cover(&candidates, peers.len()) else {
        return Err(HostError::Usage(
            "the bundle verifies every peer as a whole, but no single CA of it does: report it"
                .into(),
        ));
    };
    let verified_by = |peer: usize| {
        let verifies = |ca: &usize| {
            let one = candidates.get(*ca);
            one.is_some_and(|one| one.verifies.get(peer) == Some(&true))
        };
        let ca = cover.chosen.iter().copied().find(verifies);
        ca.and_then(|ca| usable.get(ca))
            .map_or_else(String::new, |ca| ca.subject.clone())
    };
    let shown = peers
        .iter()
        .enumerate()
        .map(|(index, peer)| (peer.shown(), verified_by(index)))
        .collect();
    let kept: Vec<Ca> = usable
        .into_iter()
        .enumerate()
        .filter(|(index, _)| cover.chosen.contains(index))
        .map(|(_, ca)| ca)
        .collect();

    // Once more, with nothing but what is written.
    must_pass(&peers, &kept, &args.output, work)?;
    let certificates = kept.iter().map(|ca| (&*ca.subject, ca.anchor.as_der()));
    write::write(&args.output, certificates)?;
    let trimmed = Trimmed {
        args,
        peers: shown,
        kept,
        is_smallest: cover.is_smallest,
        bundle: (bundle.len(), bundle.iter().map(Vec::len).sum()),
        unusable,
    };
    print(match as_json {
        true => trimmed.json(),
        false => trimmed.text(),
    })
}

/// Gets every peer's chain, and refuses the first that the CAs of `source` do not
/// verify together.
fn must_pass(
    peers: &[Peer<'_>],
    cas: &[Ca],
    source: &Path,
    work: &Work<'_>,
) -> Result<Vec<Vec<Der>>, HostError> {
    let anchors: Vec<CaCertificate> = cas.iter().map(|ca| ca.anchor.clone()).collect();
    let mut chains = Vec::new();
    for peer in peers {
        let chain = peer.chain(work)?;
        let error = match anchors.is_empty() {
            true => None,
            false => match peer.judge(&chain, &anchors, work)?.refusal {
                Some(error) => Some(error),
                None => {
                    chains.push(chain);
                    continue;
                }
            },
        };
        return Err(HostError::NotVerified {
            peer: peer.shown(),
            by: source.to_owned(),
            error,
        });
    }
    Ok(chains)
}

/// Each CA, and which peers it verifies alone: a chain ends at one CA.
fn candidates(
    cas: &[Ca],
    peers: &[Peer<'_>],
    chains: &[Vec<Der>],
    work: &Work<'_>,
) -> Result<Vec<Candidate>, HostError> {
    cas.iter()
        .map(|ca| {
            let alone = [ca.anchor.clone()];
            let verifies = peers
                .iter()
                .zip(chains)
                .map(|(peer, chain)| Ok(peer.judge(chain, &alone, work)?.is_accepted()))
                .collect::<Result<_, HostError>>()?;
            Ok(Candidate {
                bytes: ca.bytes(),
                verifies,
            })
        })
        .collect()
}

/// The certificates that a client can be built with that trusts them.
fn usable(bundle: &[Der], work: &Work<'_>) -> Vec<Ca> {
    let mut found: Vec<Ca> = Vec::new();
    for der in bundle {
        let Some((anchor, facts)) = CaCertificate::from_der(der.clone())
            .ok()
            .zip(CertificateFacts::read(der))
        else {
            continue;
        };
        // Twice in the bundle is once in flash.
        let known = found.iter().any(|ca| ca.anchor.as_der() == der);
        let trust = work.trust(vec![anchor.clone()]);
        if !known && chain::can_trust(work.backend, trust) {
            found.push(Ca {
                anchor,
                subject: facts.subject,
            });
        }
    }
    found
}

impl Peer<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Host(host) => host.to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// What it sends, this time.
    fn chain(&self, work: &Work<'_>) -> Result<Vec<Der>, HostError> {
        match self {
            Self::Host(host) => {
                let timeout = Duration::from_secs(work.args.timeout.into());
                let name = server_name(&host.name)?;
                chain::fetch(work.backend, host, &name, work.args.tls, timeout).map_err(|error| {
                    HostError::Peer {
                        peer: self.shown(),
                        error: Box::new(error),
                    }
                })
            }
            Self::File(path) => chain::read(path),
        }
    }

    /// The name that it has to prove.
    fn name(&self, chain: &[Der]) -> Result<ServerName, HostError> {
        match self {
            Self::Host(host) => server_name(&host.name),
            Self::File(_) => own_name(chain),
        }
    }

    fn judge(
        &self,
        chain: &[Der],
        anchors: &[CaCertificate],
        work: &Work<'_>,
    ) -> Result<Verdict, HostError> {
        let trust = work.trust(anchors.to_vec());
        Ok(chain::judge(
            work.backend,
            chain,
            trust,
            &self.name(chain)?,
        )?)
    }
}

impl Trimmed<'_> {
    fn bytes(&self) -> usize {
        self.kept.iter().map(Ca::bytes).sum()
    }

    fn json(&self) -> String {
        let (count, bytes) = self.bundle;
        let kept: Vec<_> = self
            .kept
            .iter()
            .map(|ca| json!({ "subject": ca.subject, "bytes": ca.bytes() }))
            .collect();
        let peers: Vec<_> = self
            .peers
            .iter()
            .map(|(peer, by)| json!({ "peer": peer, "verified_by": by }))
            .collect();
        json!({
            "output": self.args.output.display().to_string(),
            "kept": kept,
            "peers": peers,
            "bytes": self.bytes(),
            "bundle_certificates": count,
            "bundle_unusable": self.unusable,
            "bundle_bytes": bytes,
            "smallest": self.is_smallest,
        })
        .to_string()
    }

    fn text(&self) -> String {
        let mut table = Table::new(["peer", "verified by"]);
        for (peer, by) in &self.peers {
            table.row([peer.clone(), by.clone()]);
        }
        let mut page = Paragraphs::new();
        let (count, bytes) = self.bundle;
        page.line(
            0,
            format!(
                "{}: {} of {count} CA certificates, {} of {bytes} bytes: {} bytes of flash saved.",
                self.args.output.display(),
                self.kept.len(),
                self.bytes(),
                bytes.saturating_sub(self.bytes())
            ),
        );
        page.line(
            0,
            match self.is_smallest {
                true => "No smaller set of them verifies every peer.",
                false => {
                    "Found by taking the best next one each time: with so many peers to choose \
                     for, a smaller set was not ruled out."
                }
            },
        );
        page.line(
            0,
            "Each peer was verified again with these alone before they were written.",
        );
        if self.unusable > 0 {
            page.line(
                0,
                format!(
                    "{} certificates of the bundle were passed over: twice in it, or nothing that \
                     this TLS library can trust.",
                    self.unusable
                ),
            );
        }
        format!("{table}\n{}", page.finish())
    }
}
