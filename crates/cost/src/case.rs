// SPDX-License-Identifier: Apache-2.0

//! One measurement, in a process of its own.

use std::cell::Cell;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::thread;

use mbedtls_backend::MbedTls;
use peak_alloc::PeakAlloc;
use secure_socket::backend::Backend as _;
use secure_socket::credential::{CaCertificate, Identity, Trust};
use secure_socket::policy::{Policy, SpkiPin};
use secure_socket::revocation::{Crl, Crls, Ocsp, Scope};
use secure_socket::{CertificateFacts, Client, ServerName, TlsVersion, UnixTime, client, server};

use crate::Failed;
use crate::material::Files;
use crate::probe::{Heap, Probe, measured};

/// A day on which everything is valid.
static CLOCK: UnixTime = UnixTime::from_seconds(1_795_348_800);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Mbed TLS alone: nobody of ours is asked.
    Alone,
    /// The default policy: facts, name, purpose, keys, signatures, constraints.
    Plain,
    /// And three pinned keys, the last of which is the intermediate's.
    Pins,
    /// And a list of so many entries, verified before.
    Crl(usize),
    /// And an OCSP response by the issuer, or by a delegate.
    Ocsp { delegate: bool },
    /// To load a list of so many entries.
    CrlLoad(usize),
    /// To build a client with a list of so many entries: its signature is verified.
    CrlBuild(usize),
    /// To build a client.
    Build,
    /// A whole handshake, seen from the client, that brings a certificate or does not.
    Handshake { mutual: bool },
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alone => f.write_str("alone"),
            Self::Plain => f.write_str("plain"),
            Self::Pins => f.write_str("pins"),
            Self::Crl(entries) => write!(f, "crl:{entries}"),
            Self::Ocsp { delegate: false } => f.write_str("ocsp"),
            Self::Ocsp { delegate: true } => f.write_str("ocsp-delegate"),
            Self::CrlLoad(entries) => write!(f, "crl-load:{entries}"),
            Self::CrlBuild(entries) => write!(f, "crl-build:{entries}"),
            Self::Build => f.write_str("build"),
            Self::Handshake { mutual: false } => f.write_str("handshake"),
            Self::Handshake { mutual: true } => f.write_str("handshake-mutual"),
        }
    }
}

impl FromStr for Case {
    type Err = Failed;

    fn from_str(text: &str) -> Result<Self, Failed> {
        let (name, entries) = text.split_once(':').unwrap_or((text, "0"));
        let entries = entries.parse()?;
        Ok(match name {
            "alone" => Self::Alone,
            "plain" => Self::Plain,
            "pins" => Self::Pins,
            "crl" => Self::Crl(entries),
            "ocsp" => Self::Ocsp { delegate: false },
            "ocsp-delegate" => Self::Ocsp { delegate: true },
            "crl-load" => Self::CrlLoad(entries),
            "crl-build" => Self::CrlBuild(entries),
            "build" => Self::Build,
            "handshake" => Self::Handshake { mutual: false },
            "handshake-mutual" => Self::Handshake { mutual: true },
            _ => return Err(format!("there is no case `{text}`").into()),
        })
    }
}

impl Case {
    const fn delegate(self) -> bool {
        matches!(self, Self::Ocsp { delegate: true })
    }

    /// Runs it, and returns what we took of the heap, of what was measured.
    pub(crate) fn run(self, files: &Files, allocator: &PeakAlloc) -> Result<Heap, Failed> {
        let backend = MbedTls::new()?.with_clock(&CLOCK);
        if let Self::Handshake { mutual } = self {
            return handshake(backend, files, allocator, mutual);
        }
        if let Self::CrlLoad(entries) = self {
            // Part of the program, as it would be on a device: not copied.
            let der: &'static [u8] = files.read(false, &format!("crl-{entries}"))?.leak();
            let mut crl = None;
            let heap = Heap::of(allocator, || {
                measured(&mut || crl = Some(Crl::from_der(der)));
            });
            crl.transpose()?;
            return Ok(heap);
        }
        let chain = files.chain(self.delegate(), "leaf")?;
        let answer = files.read(self.delegate(), "ocsp")?;
        let probe = Probe {
            inner: backend,
            allocator,
            chain: &chain,
            answer: &answer,
            with_policy: self != Self::Alone,
            ours: Cell::default(),
            mark: Cell::default(),
            theirs: Cell::default(),
        };
        let trust = self.trust(files, &chain, backend)?;
        let builder = client::builder()
            .trust(trust)
            .without_identity()
            .server_name(ServerName::new("device.test").map_err(|error| error.to_string())?);
        if matches!(self, Self::Build | Self::CrlBuild(_)) {
            let mut builder = Some(builder);
            let mut built = None;
            let heap = Heap::of(allocator, || {
                measured(&mut || built = builder.take().map(|builder| builder.build(&probe)));
            });
            built.transpose()?;
            return Ok(heap);
        }
        let client = builder.build(&probe)?;
        self.connect(&client, &probe)
    }

    fn connect(self, client: &Client<'_, Probe<'_>>, probe: &Probe<'_>) -> Result<Heap, Failed> {
        let mut result = None;
        probe.begin();
        measured(&mut || result = Some(client.connect("127.0.0.1", 443)));
        let stream = result.ok_or("nothing was measured")?;
        if self != Self::Alone {
            let heap = probe.heap();
            stream?;
            return Ok(heap);
        }
        // With nobody to show certificates to, the library refuses, as it must.
        stream.err().ok_or("a chain was taken that nobody saw")?;
        Ok(Heap {
            peak: probe.theirs.get(),
            kept: 0,
        })
    }

    fn trust(self, files: &Files, chain: &[Vec<u8>], backend: MbedTls) -> Result<Trust, Failed> {
        let root = CaCertificate::from_der(files.read(self.delegate(), "ca0")?)?;
        let policy = Policy::new();
        let policy = match self {
            Self::Pins => {
                let issuer = chain.get(1).and_then(|der| CertificateFacts::read(der));
                let key = issuer.ok_or("a chain without intermediates")?.public_key;
                let own = SpkiPin::new(backend.sha256(&key));
                policy.with_pins([SpkiPin::new([1; 32]), SpkiPin::new([2; 32]), own])
            }
            Self::Crl(entries) | Self::CrlBuild(entries) => {
                let der: &'static [u8] = files.read(false, &format!("crl-{entries}"))?.leak();
                let issuers = chain[1..].iter().cloned().map(CaCertificate::from_der);
                let lists = Crls::new()
                    .with_list(Crl::from_der(der)?)
                    .with_issuers(issuers.collect::<Result<Vec<_>, _>>()?)
                    .with_scope(Scope::Leaf);
                policy.with_crls(lists)
            }
            Self::Ocsp { .. } => policy.with_ocsp(Ocsp::new()),
            _ => policy,
        };
        Ok(Trust::from(root).with_policy(policy))
    }
}

/// Both ends in this process; this thread is the client.
fn handshake(
    backend: MbedTls,
    files: &Files,
    allocator: &PeakAlloc,
    mutual: bool,
) -> Result<Heap, Failed> {
    let root = || CaCertificate::from_der(files.read(false, "ca0")?).map_err(Failed::from);
    let identity = |id: &str| -> Result<Identity, Failed> {
        let key = files.read(false, &format!("{id}-key"))?;
        Ok(Identity::from_der(files.chain(false, id)?, key, &backend)?)
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = server::builder().identity(identity("leaf")?);
    let server = match mutual {
        true => server.clients_trusted_by(root()?),
        false => server.any_client(),
    };
    let server = server.versions(TlsVersion::Tls13).bind(&backend, address)?;
    let port = server.local_address()?.port();
    let name = ServerName::new("device.test").map_err(|error| error.to_string())?;
    let client = client::builder().trust(root()?);
    let client = match mutual {
        true => client.identity(identity("client")?),
        false => client.without_identity(),
    };
    let client = client
        .server_name(name)
        .versions(TlsVersion::Tls13)
        .build(&backend)?;
    thread::scope(|scope| {
        let served = scope.spawn(|| server.accept()?.handshake().map(drop));
        let mut result = None;
        let heap = Heap::of(allocator, || {
            measured(&mut || result = Some(client.connect("127.0.0.1", port)));
        });
        result.transpose()?;
        served.join().map_err(|_| "the server panicked")??;
        Ok(heap)
    })
}
