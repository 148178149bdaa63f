// SPDX-License-Identifier: Apache-2.0

//! `demo`: every mode at work, against an embedded peer over loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mbedtls_backend::MbedTls;
use secure_socket::credential::{CaCertificate, Identity, Psk, PskIdentity, PskSource};
use secure_socket::diagnosis::Peer;
use secure_socket::{Error, Mode, ServerName, TlsVersion, Versions};
use secure_sockets::{BUILT, Credentials, Job, RunError, Summary, client, echo, run, server};
use serde_json::json;
use test_pki::{Credential, KeyKind, Leaf, Pki};

use super::cli::{DemoArgs, LadderTls};
use super::error::HostError;
use super::json;
use super::ladder::Ladder;
use super::output::print;
use super::refusals::{self, Refused};
use super::table::Table;

/// What the demonstration runs with: one of each kind, made on the spot.
pub(crate) struct Lab {
    pub(crate) backend: MbedTls,
    ec: Pki,
    rsa: Pki,
    psk: test_pki::Psk,
}

impl Lab {
    fn new() -> Result<Self, HostError> {
        Ok(Self {
            backend: MbedTls::new()?.with_earliest(BUILT),
            ec: Pki::generate(KeyKind::Ec)?,
            rsa: Pki::generate(KeyKind::Rsa)?,
            psk: test_pki::Psk::generate()?,
        })
    }

    pub(crate) fn pki(&self, kind: KeyKind) -> &Pki {
        match kind {
            KeyKind::Ec => &self.ec,
            KeyKind::Rsa => &self.rsa,
        }
    }

    pub(crate) fn psk(&self) -> Result<PskSource, Error> {
        Ok(PskSource::Given {
            identity: PskIdentity::new(self.psk.identity.as_str())?,
            key: Psk::new(self.psk.key.to_vec())?,
        })
    }

    pub(crate) fn identity(&self, credential: &Credential) -> Result<Identity, Error> {
        Ok(Identity::from_der(
            credential.chain_der.iter().cloned(),
            credential.key_der.clone(),
            &self.backend,
        )?)
    }

    pub(crate) fn trust(&self, der: &[u8]) -> Result<CaCertificate, Error> {
        Ok(CaCertificate::from_der(der.to_vec())?)
    }

    fn credentials(&self, mode: Mode, kind: KeyKind, leaf: Leaf) -> Result<Credentials, Error> {
        let pki = self.pki(kind);
        Ok(match mode {
            Mode::Psk => Credentials {
                psk: Some(self.psk()?),
                ..Credentials::default()
            },
            _ => Credentials {
                trust: Some(self.trust(&pki.root().der)?.into()),
                identity: Some(self.identity(pki.leaf(leaf))?.into()),
                psk: None,
            },
        })
    }
}

/// One run: a mode, a version, a kind of key.
struct Case {
    mode: Mode,
    version: TlsVersion,
    /// None where there are no certificates.
    kind: Option<KeyKind>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for mode in Mode::ALL {
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let kinds: &[_] = match mode {
                Mode::Psk => &[None],
                _ => &[Some(KeyKind::Ec), Some(KeyKind::Rsa)],
            };
            cases.extend(kinds.iter().map(|kind| Case {
                mode,
                version,
                kind: *kind,
            }));
        }
    }
    cases
}

/// The name that the test server's certificate carries.
pub(crate) const SERVER_NAME: &str = "device.test";

/// A job against the embedded peer at `address`.
pub(crate) fn job(
    mode: Mode,
    versions: impl Into<Versions>,
    address: SocketAddr,
) -> Result<Job, HostError> {
    let name = ServerName::new(SERVER_NAME);
    let mut job = Job::new(mode, address.ip().to_string(), address.port());
    job.server_name = Some(name.map_err(|error| HostError::Usage(error.to_string()))?);
    job.versions = versions.into();
    job.timeouts.connect = Some(Duration::from_secs(10));
    job.timeouts.handshake = Some(Duration::from_secs(10));
    job.timeouts.io = Some(Duration::from_secs(10));
    Ok(job)
}

/// Runs `client` against an embedded echo server, which serves one connection.
pub(crate) fn against_peer<T>(
    lab: &Lab,
    mode: Mode,
    versions: Versions,
    credentials: Credentials,
    client: impl FnOnce(SocketAddr) -> T,
) -> Result<T, HostError> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = server(
        &lab.backend,
        &job(mode, versions, any_port)?,
        credentials,
        any_port,
    )?;
    let address = server.local_address()?;
    Ok(thread::scope(|scope| {
        scope.spawn(|| {
            let served = server
                .accept()
                .and_then(|incoming| incoming.handshake())
                .and_then(echo);
            if let Err(error) = served {
                log::debug!("the peer says: {error}");
            }
        });
        client(address)
    }))
}

impl Case {
    fn run(&self, lab: &Lab) -> Result<(Summary, Ladder), HostError> {
        let kind = self.kind.unwrap_or(KeyKind::Ec);
        let theirs = lab.credentials(self.mode, kind, Leaf::Server)?;
        let ours = lab.credentials(self.mode, kind, Leaf::Client)?;
        let mut ladder = Ladder::new(Peer::Client, self.mode);
        let summary = against_peer(lab, self.mode, self.version.into(), theirs, |address| {
            let job = job(self.mode, self.version, address)?;
            let client = client(&lab.backend, &job, ours)?;
            let summary = run(&client, &job, Some(&mut |message| ladder.add(message)))?;
            Ok::<_, HostError>(summary)
        })??;
        Ok((summary, ladder))
    }

    fn key_name(&self) -> &'static str {
        match self.kind {
            None => "-",
            Some(KeyKind::Ec) => "EC P-256",
            Some(KeyKind::Rsa) => "RSA-2048",
        }
    }

    fn name(&self) -> String {
        format!("{}, {}, {}", self.mode, self.version, self.key_name())
    }
}

pub(crate) fn demo(args: &DemoArgs, as_json: bool) -> Result<(), HostError> {
    let cases = cases();
    let steps = 1 + cases.len() + refusals::COUNT;
    let progress = progress_bar(steps as u64, as_json);
    progress.set_message("making credentials");
    let lab = Lab::new()?;
    progress.inc(1);

    let mut ran = Vec::new();
    for case in cases {
        progress.set_message(case.name());
        // A warning that is logged meanwhile must not be drawn over.
        let result = progress.suspend(|| case.run(&lab));
        ran.push((case, result));
        progress.inc(1);
    }
    let mut refused = Vec::new();
    for refusal in refusals::all() {
        progress.set_message(refusal.what);
        refused.push(refusal.run(&lab)?);
        progress.inc(1);
    }
    progress.finish_and_clear();

    if as_json {
        print(as_json_text(&ran, &refused))?;
    } else {
        print(as_text(args, &ran, &refused))?;
    }
    let failed = ran.iter().filter(|(_, result)| result.is_err()).count()
        + refused.iter().filter(|refused| !refused.is_right()).count();
    match failed {
        0 => Ok(()),
        failed => Err(HostError::Demo {
            failed,
            of: ran.len() + refused.len(),
        }),
    }
}

fn progress_bar(steps: u64, as_json: bool) -> ProgressBar {
    if as_json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

type Ran = (Case, Result<(Summary, Ladder), HostError>);

fn as_text(args: &DemoArgs, ran: &[Ran], refused: &[Refused]) -> String {
    let mut text = String::new();
    let ladder_version = match args.ladder_tls {
        LadderTls::Tls12 => TlsVersion::Tls12,
        LadderTls::Tls13 => TlsVersion::Tls13,
    };
    text += &format!("The handshake of each mode in {ladder_version}, as it happened:\n\n");
    for mode in Mode::ALL {
        let shown = ran.iter().find(|(case, _)| {
            case.mode == mode && case.version == ladder_version && case.kind != Some(KeyKind::Rsa)
        });
        if let Some((case, Ok((_, ladder)))) = shown {
            text += &format!("mode {} ({})\n{ladder}\n\n", case.mode.number(), case.mode);
        }
    }

    text += "Every mode, version and kind of key, with 5 messages there and back:\n\n";
    let mut table = Table::new([
        "mode",
        "TLS",
        "key",
        "cipher suite",
        "the server is",
        "the client is",
        "bytes",
        "ms",
        "",
    ]);
    for (case, result) in ran {
        table.row(match result {
            Ok((summary, _)) => {
                let session = &summary.session;
                let bytes = match (session.sent, session.received) {
                    (Some(sent), Some(received)) => format!("{sent} + {received}"),
                    _ => "-".into(),
                };
                let name = |side: &secure_socket::AuthenticatedAs| match side {
                    secure_socket::AuthenticatedAs::Certificate(identity) => {
                        common_name(&identity.subject)
                    }
                    secure_socket::AuthenticatedAs::Psk(Some(identity)) => {
                        format!("PSK {identity}")
                    }
                    other => other.to_string(),
                };
                [
                    case.mode.to_string(),
                    case.version.to_string().replace("TLS ", ""),
                    case.key_name().into(),
                    session.suite_text().to_string(),
                    name(&session.peer),
                    name(&session.us),
                    bytes,
                    format!("{:.1}", session.duration.as_secs_f64() * 1000.0),
                    "ok".into(),
                ]
            }
            Err(error) => {
                let mut cells: [String; 9] = Default::default();
                cells[0] = case.mode.to_string();
                cells[1] = case.version.to_string().replace("TLS ", "");
                cells[2] = case.key_name().into();
                cells[3] = error.to_string();
                cells[8] = "FAILED".into();
                cells
            }
        });
    }
    text += &format!("{table}\nAnd what is refused, with the check that failed:\n\n");
    for refused in refused {
        text += &format!("{refused}\n");
    }
    text
}

/// The CN of a subject as RFC 4514 writes it, or all of it.
fn common_name(subject: &str) -> String {
    let Some((_, rest)) = subject.split_once("CN=") else {
        return subject.to_owned();
    };
    let mut name = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' | '+' => break,
            // An escaped character stands for itself.
            '\\' => name.extend(characters.next()),
            other => name.push(other),
        }
    }
    name
}

fn as_json_text(ran: &[Ran], refused: &[Refused]) -> String {
    let runs: Vec<_> = ran
        .iter()
        .map(|(case, result)| {
            json!({
                "mode": case.mode.name(),
                "version": case.version.to_string(),
                "key": case.key_name(),
                "result": match result {
                    Ok((summary, ladder)) => json::summary(summary, ladder),
                    Err(error) => json::error(error),
                },
            })
        })
        .collect();
    let refused: Vec<_> = refused.iter().map(Refused::to_json).collect();
    json!({ "runs": runs, "refusals": refused }).to_string()
}

/// What a run came to that was to be refused.
pub(crate) type Attempt = Result<Summary, RunError>;
