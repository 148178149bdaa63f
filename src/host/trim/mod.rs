// SPDX-License-Identifier: Apache-2.0

//! `trim-ca`: of a bundle of CA certificates, those that a device needs.

mod cover;
mod write;

use std::path::Path;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::ServerName;
use secure_socket::credential::CaCertificate;
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
    let backend = args.policy.backend()?;
    let bundle = chain::read(&args.bundle)?;
    let usable = usable(&bundle, args, backend);
    let unusable = bundle.len() - usable.len();
    let peers: Vec<Peer<'_>> = args
        .hosts
        .iter()
        .map(Peer::Host)
        .chain(args.chains.iter().map(|path| Peer::File(path)))
        .collect();
    let all: Vec<CaCertificate> = usable.iter().map(|ca| ca.anchor.clone()).collect();
    let chains = peers
        .iter()
        .map(|peer| peer.chain(args, backend))
        .collect::<Result<Vec<_>, _>>()?;
    for (peer, chain) in peers.iter().zip(&chains) {
        peer.must_pass(chain, &all, &args.bundle, args, backend)?;
    }

    let candidates = usable
        .iter()
        .map(|ca| {
            let alone = [ca.anchor.clone()];
            let verifies = peers
                .iter()
                .zip(&chains)
                .map(|(peer, chain)| Ok(peer.judge(chain, &alone, args, backend)?.is_accepted()))
                .collect::<Result<_, HostError>>()?;
            Ok(Candidate {
                bytes: ca.bytes(),
                verifies,
            })
        })
        .collect::<Result<Vec<_>, HostError>>()?;
    let Some(cover) = cover(&candidates, peers.len()) else {
        return Err(HostError::Usage(
            "the bundle verifies every peer as a whole, but no single CA of it does: report it"
                .into(),
        ));
    };
    let names = (0..peers.len())
        .map(|peer| {
            let by = cover.chosen.iter().copied().find(|ca| {
                let candidate = candidates.get(*ca);
                candidate.is_some_and(|one| one.verifies.get(peer) == Some(&true))
            });
            by.and_then(|ca| usable.get(ca))
                .map_or_else(String::new, |ca| ca.subject.clone())
        })
        .collect::<Vec<_>>();
    let kept: Vec<Ca> = usable
        .into_iter()
        .enumerate()
        .filter(|(index, _)| cover.chosen.contains(index))
        .map(|(_, ca)| ca)
        .collect();

    // Once more, with nothing but what is written.
    let small: Vec<CaCertificate> = kept.iter().map(|ca| ca.anchor.clone()).collect();
    for peer in &peers {
        let chain = peer.chain(args, backend)?;
        peer.must_pass(&chain, &small, &args.output, args, backend)?;
    }
    write::write(
        &args.output,
        kept.iter().map(|ca| (&*ca.subject, ca.anchor.as_der())),
    )?;
    let trimmed = Trimmed {
        args,
        peers: peers.iter().map(Peer::shown).zip(names).collect(),
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

/// The certificates that a client can be built with that trusts them.
fn usable(bundle: &[Der], args: &TrimArgs, backend: MbedTls) -> Vec<Ca> {
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
        let trust = args.policy.trust(vec![anchor.clone()]);
        if !known && chain::can_trust(backend, trust) {
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
    fn chain(&self, args: &TrimArgs, backend: MbedTls) -> Result<Vec<Der>, HostError> {
        match self {
            Self::Host(host) => {
                let timeout = Duration::from_secs(args.timeout.into());
                let name = server_name(&host.name)?;
                chain::fetch(backend, host, &name, args.tls, timeout).map_err(|error| {
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
        args: &TrimArgs,
        backend: MbedTls,
    ) -> Result<Verdict, HostError> {
        let trust = args.policy.trust(anchors.to_vec());
        Ok(chain::judge(backend, chain, trust, &self.name(chain)?)?)
    }

    /// Refuses a peer that these CAs, those in `source`, do not verify.
    fn must_pass(
        &self,
        chain: &[Der],
        anchors: &[CaCertificate],
        source: &Path,
        args: &TrimArgs,
        backend: MbedTls,
    ) -> Result<(), HostError> {
        let error = match anchors {
            [] => None,
            anchors => match self.judge(chain, anchors, args, backend)?.refusal {
                None => return Ok(()),
                refusal => refusal,
            },
        };
        Err(HostError::NotVerified {
            peer: self.shown(),
            by: source.to_owned(),
            error,
        })
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
