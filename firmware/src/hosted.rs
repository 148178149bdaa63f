// SPDX-License-Identifier: Apache-2.0

//! Where the image runs on a computer, as a program or emulated: the command line comes on
//! top of Kconfig, and credentials may come from the computer's files.

mod given;
#[cfg(any(CONFIG_SECURE_SOCKETS_LINK, CONFIG_SECURE_SOCKETS_REPEAT))]
mod link;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
mod lists;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
mod mqtt;
mod policy;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
mod provision;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
mod revocation;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
use core::net::SocketAddr;

use secure_socket::backend::Backend;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use secure_socket::credential::CaCertificate;
use secure_socket::credential::{
    CredentialError, CredentialKind, Identity, Psk, PskIdentity, PskSource,
};
use secure_socket::diagnosis::Peer;
use secure_socket::{CipherSuite, Mode, UnixTime, Versions};
use secure_sockets::Job;
use zephyr_backend::hosted::{self, Argument, ReadError};

use crate::clock::Clock;
use crate::credentials::CredentialSource;
use crate::error::StartError;
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT))]
use crate::settings::client_sessions;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
use crate::settings::seconds;
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
use crate::settings::server_sessions;
use crate::settings::{Role, Settings, alpn, milliseconds, server_name};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
use crate::settings::{list, listen_address};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
use crate::task::Task;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
pub(crate) use lists::{list_issuers, list_issuers_of, lists, lists_of};

fn argument(which: Argument) -> Result<Option<&'static str>, StartError> {
    hosted::argument(which).map_err(|_| no_utf8())
}

fn no_utf8() -> StartError {
    StartError::Setting("a command line option is no UTF-8".to_string())
}

/// Puts the command line over `settings`.
pub(crate) fn apply(mut settings: Settings) -> Result<Settings, StartError> {
    if let Some(unknown) = hosted::unknown().map_err(|_| no_utf8())? {
        return Err(StartError::Setting(format!(
            "there is no option {unknown:?}: shim/options.h lists those that there are"
        )));
    }
    given::refuse_useless()?;
    let job = &mut settings.job;
    if let Some(peer) = argument(Argument::Peer)? {
        (job.host, job.port) = host_and_port("--peer", peer)?;
    }
    if let Some(mode) = argument(Argument::Mode)? {
        let asked: Mode = mode
            .parse()
            .map_err(|error| StartError::value("--mode", mode, error))?;
        if asked != job.mode && !cfg!(CONFIG_SECURE_SOCKETS_ALL_MODES) {
            return Err(StartError::value(
                "--mode",
                mode,
                format_args!(
                    "this image has mode {} alone; build with CONFIG_SECURE_SOCKETS_ALL_MODES=y",
                    job.mode
                ),
            ));
        }
        job.mode = asked;
    }
    if let Some(version) = argument(Argument::Tls)? {
        job.versions = match version {
            "1.2" => Versions::Tls12,
            "1.3" => Versions::Tls13,
            "both" => Versions::Tls12OrTls13,
            _ => return Err(StartError::value("--tls", version, "use 1.2, 1.3 or both")),
        };
    }
    if let Some(name) = argument(Argument::ServerName)? {
        job.server_name = Some(server_name("--server-name", name)?);
    }
    if let Some(count) = argument(Argument::Messages)? {
        job.messages = number("--messages", count)?;
    }
    if let Some(text) = argument(Argument::Text)? {
        job.text = text.into();
    }
    if let Some(names) = argument(Argument::Alpn)? {
        job.alpn = alpn(names)?;
    }
    if let Some(names) = argument(Argument::Suites)? {
        job.suites = suites(names)?;
    }
    if let Some(ms) = argument(Argument::HandshakeTimeout)? {
        job.timeouts.handshake = milliseconds(number("--handshake-timeout", ms)?);
    }
    if let Some(ms) = argument(Argument::IoTimeout)? {
        job.timeouts.io = milliseconds(number("--io-timeout", ms)?);
    }
    if let Some(count) = argument(Argument::Connections)? {
        job.connections = number("--connections", count)?;
    }
    resumption(job)?;
    settings.role = role(settings.role)?;
    if let Some(name) = argument(Argument::Job)? {
        task(&mut settings, name)?;
    }
    posting(&mut settings)?;
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
    mqtt::apply(&mut settings.mqtt)?;
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    {
        if let Some(address) = argument(Argument::Listen)? {
            let (host, port) = host_and_port("--listen", address)?;
            settings.listen = SocketAddr::new(listen_address("--listen", &host)?, port);
        }
        if let Some(count) = argument(Argument::Clients)? {
            settings.clients = Some(number("--clients", count)?);
        }
        if let Some(guests) = argument(Argument::Admit)? {
            settings.job.guests = list(guests, ';');
        }
    }
    #[cfg(any(CONFIG_SECURE_SOCKETS_LINK, CONFIG_SECURE_SOCKETS_REPEAT))]
    link::apply(&mut settings)?;
    settings.clock = clock(settings.clock)?;
    if let Some(path) = argument(Argument::Credentials)? {
        settings.credentials = CredentialSource::Directory(path);
    }
    if let Some(tag) = argument(Argument::SecTag)? {
        settings.client_tag = number("--sec-tag", tag)?;
    }
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    if let Some(tag) = argument(Argument::ServerSecTag)? {
        settings.server_tag = number("--server-sec-tag", tag)?;
    }
    if let Some(directory) = argument(Argument::Provision)? {
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
        provision::provision(&mut settings, directory)?;
        #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_STORED))]
        return Err(StartError::value(
            "--provision",
            directory,
            "this image does not look into the store; build with \
             CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED=y",
        ));
    }
    if let Some(bytes) = argument(Argument::TlsHeap)? {
        let left = number("--tls-heap", bytes)?;
        hosted::leave_heap(left).map_err(|most| {
            StartError::value(
                "--tls-heap",
                bytes,
                format_args!("there are {most} bytes of it (CONFIG_MBEDTLS_HEAP_SIZE)"),
            )
        })?;
    }
    policy::apply(&mut settings)?;
    Ok(settings)
}

/// What an image without sessions says to being asked for them.
#[cfg(not(all(
    CONFIG_SECURE_SOCKETS_RESUMPTION,
    CONFIG_SECURE_SOCKETS_WITH_CLIENT,
    CONFIG_SECURE_SOCKETS_WITH_SERVER
)))]
fn cannot_resume(setting: &str, value: &str) -> StartError {
    StartError::value(
        setting,
        value,
        "this image cannot: it takes CONFIG_SECURE_SOCKETS_RESUMPTION=y, and the role",
    )
}

/// Whether sessions are resumed, where the image can.
#[cfg_attr(not(CONFIG_SECURE_SOCKETS_RESUMPTION), allow(unused_variables))]
fn resumption(job: &mut Job) -> Result<(), StartError> {
    let client = argument(Argument::Resume)?;
    let server = argument(Argument::Sessions)?;
    if let Some(count) = client {
        #[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT))]
        {
            job.resumption = client_sessions(number("--resume", count)?);
        }
        #[cfg(not(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT)))]
        return Err(cannot_resume("--resume", count));
    }
    if let Some(count) = server {
        #[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
        {
            job.sessions = server_sessions(number("--sessions", count)?);
        }
        #[cfg(not(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER)))]
        return Err(cannot_resume("--sessions", count));
    }
    Ok(())
}

/// The role that `--role` asks for, of those that the image has.
fn role(chosen: Role) -> Result<Role, StartError> {
    match argument(Argument::Role)? {
        None => Ok(chosen),
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
        Some("client") => Ok(Role::Client),
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
        Some("server") => Ok(Role::Server),
        #[cfg(all(CONFIG_SECURE_SOCKETS_WITH_CLIENT, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
        Some("both") => Ok(Role::Both),
        Some(other) => Err(StartError::value(
            "--role",
            other,
            "use client, server or both, if the image has it (SECURE_SOCKETS_ROLE)",
        )),
    }
}

/// What a client does, of what the image has.
#[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_CLIENT), allow(unused_variables))]
fn task(settings: &mut Settings, name: &str) -> Result<(), StartError> {
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
    if let Some(task) = Task::of_name(name) {
        settings.task = task;
        return Ok(());
    }
    Err(StartError::value(
        "--job",
        name,
        "use echo, readings, https or mqtt, if the image has it (SECURE_SOCKETS_JOB)",
    ))
}

/// Where to post, and how often.
#[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_HTTPS), allow(unused_variables))]
fn posting(settings: &mut Settings) -> Result<(), StartError> {
    let (path, interval) = (argument(Argument::Path)?, argument(Argument::Interval)?);
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
    {
        let posting = &mut settings.posting;
        if let Some(path) = path {
            posting.path = path.into();
            posting
                .check()
                .map_err(|error| StartError::value("--path", path, error))?;
        }
        if let Some(ms) = interval {
            posting.interval = milliseconds(number("--interval", ms)?).unwrap_or_default();
        }
        Ok(())
    }
    #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_HTTPS))]
    // One that publishes by MQTT has an interval too.
    match path.or(interval.filter(|_| !cfg!(CONFIG_SECURE_SOCKETS_WITH_MQTT))) {
        None => Ok(()),
        Some(_) => Err(StartError::Setting(
            "--path and --interval: this image posts nothing; build with \
             CONFIG_SECURE_SOCKETS_JOB_HTTPS=y"
                .into(),
        )),
    }
}

/// The clock that the command line asks for; else the one `chosen` in Kconfig.
fn clock(chosen: Clock) -> Result<Clock, StartError> {
    let clock = match (argument(Argument::Clock)?, argument(Argument::Sntp)?) {
        (None, None) if cfg!(CONFIG_SECURE_SOCKETS_CLOCK_HOST) => Clock::Given(hosted::time()),
        (None, None) => chosen,
        (Some("unset"), None) => Clock::AsItIs,
        (Some(seconds), None) => Clock::Given(UnixTime::from_seconds(number("--clock", seconds)?)),
        (None, Some(servers)) => sntp(servers)?,
        (Some(_), Some(_)) => {
            return Err(StartError::Setting(
                "--clock and --sntp are two ways to set the clock: give one of them".into(),
            ));
        }
    };
    let limit = argument(Argument::SntpLimit)?;
    let interval = argument(Argument::SntpInterval)?;
    if interval.is_some() && !cfg!(CONFIG_SECURE_SOCKETS_SNTP_AGAIN) {
        return Err(StartError::Setting(
            "--sntp-interval: this image asks once; build with \
             CONFIG_SECURE_SOCKETS_SNTP_AGAIN=y"
                .into(),
        ));
    }
    match clock {
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
        Clock::Network(mut network) => {
            if let Some(limit) = limit {
                network.asking.limit = seconds(number("--sntp-limit", limit)?);
            }
            if let Some(interval) = interval {
                network.interval = seconds(number("--sntp-interval", interval)?);
            }
            Ok(Clock::Network(network))
        }
        _ if limit.is_some() || interval.is_some() => Err(StartError::Setting(
            "--sntp-limit and --sntp-interval are of no use without --sntp".into(),
        )),
        clock => Ok(clock),
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
fn sntp(servers: &str) -> Result<Clock, StartError> {
    crate::clock::Network::new("--sntp", servers).map(Clock::Network)
}

#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_SNTP))]
fn sntp(servers: &str) -> Result<Clock, StartError> {
    Err(StartError::value(
        "--sntp",
        servers,
        "this image asks no servers; build with CONFIG_SECURE_SOCKETS_CLOCK_SNTP=y",
    ))
}

fn number<N: core::str::FromStr>(setting: &str, value: &str) -> Result<N, StartError> {
    value.parse().map_err(|_| {
        StartError::value(setting, value, "it takes a number, and not too large a one")
    })
}

fn host_and_port(setting: &str, peer: &str) -> Result<(String, u16), StartError> {
    let bad = || StartError::value(setting, peer, "use host:port, or [address]:port for IPv6");
    let (host, port) = peer.rsplit_once(':').ok_or_else(bad)?;
    let unbracketed = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let host = match unbracketed {
        Some(address) => address,
        // The last group of an IPv6 address is no port.
        None if host.contains(':') => return Err(bad()),
        None => host,
    };
    Ok((host.into(), port.parse().map_err(|_| bad())?))
}

fn suites(names: &str) -> Result<Vec<CipherSuite>, StartError> {
    names
        .split(',')
        .map(|name| {
            CipherSuite::from_name(name).ok_or_else(|| {
                let known: Vec<_> = CipherSuite::all().map(|suite| suite.to_string()).collect();
                StartError::value("--suites", name, format_args!("use {}", known.join(", ")))
            })
        })
        .collect()
}

/// The first of the files that there is, and its name.
fn read(directory: &str, names: &[&str]) -> Result<Option<(String, Vec<u8>)>, StartError> {
    for name in names {
        let path = format!("{directory}/{name}");
        if let Some(contents) = read_file(&path)? {
            return Ok(Some((path, contents)));
        }
    }
    Ok(None)
}

/// A file, if there is one.
fn read_file(path: &str) -> Result<Option<Vec<u8>>, StartError> {
    let error = match hosted::read(path) {
        Ok(contents) => return Ok(Some(contents)),
        Err(ReadError::NotFound) => return Ok(None),
        Err(ReadError::TooLong) => format!("{path}: the file is too long for a credential"),
        Err(ReadError::Os(number)) => format!("{path}: it cannot be read (error {number})"),
    };
    Err(StartError::Setting(error))
}

fn text(path: &str, contents: Vec<u8>, kind: CredentialKind) -> Result<String, StartError> {
    String::from_utf8(contents)
        .map_err(|_| StartError::Credential(Some(path.into()), CredentialError::Pem(kind)))
}

fn in_file(path: &str) -> impl Fn(CredentialError) -> StartError + '_ {
    move |error| StartError::Credential(Some(path.into()), error)
}

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
pub(crate) fn anchors(directory: &str) -> Result<Option<Vec<CaCertificate>>, StartError> {
    let Some((path, contents)) = read(directory, &["ca.pem", "ca.der"])? else {
        return Ok(None);
    };
    let anchors = if path.ends_with(".pem") {
        CaCertificate::from_pem(&text(&path, contents, CredentialKind::CaCertificate)?)
    } else {
        CaCertificate::from_der(contents).map(|anchor| alloc::vec![anchor])
    };
    anchors.map(Some).map_err(in_file(&path))
}

/// What the files with the chain and the key of `us` are called.
const fn own_files(us: Peer) -> ([&'static str; 2], [&'static str; 2]) {
    match us {
        Peer::Client => (
            ["client.pem", "client.der"],
            ["client-key.pem", "client-key.der"],
        ),
        Peer::Server => (
            ["server.pem", "server.der"],
            ["server-key.pem", "server-key.der"],
        ),
    }
}

pub(crate) fn identity<B: Backend>(
    directory: &str,
    us: Peer,
    backend: &B,
) -> Result<Option<Identity>, StartError> {
    let (chain, key) = own_files(us);
    let (chain, key) = (read(directory, &chain)?, read(directory, &key)?);
    let (Some((chain_path, chain)), Some((key_path, key))) = (chain, key) else {
        return Ok(None);
    };
    let identity = match (chain_path.ends_with(".pem"), key_path.ends_with(".pem")) {
        (true, true) => Identity::from_pem(
            &text(&chain_path, chain, CredentialKind::Certificate)?,
            &text(&key_path, key, CredentialKind::PrivateKey)?,
            backend,
        ),
        (false, false) => Identity::from_der([chain], key, backend),
        _ => {
            return Err(StartError::Setting(format!(
                "{chain_path} and {key_path}: use PEM for both, or DER for both"
            )));
        }
    };
    identity.map(Some).map_err(in_file(&chain_path))
}

/// Key and identity.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
fn psk_parts(directory: &str) -> Result<Option<(Vec<u8>, String)>, StartError> {
    Ok(match psk(directory)? {
        Some(PskSource::Given { key, identity }) => {
            Some((key.expose().to_vec(), identity.as_str().into()))
        }
        _ => None,
    })
}

pub(crate) fn psk(directory: &str) -> Result<Option<PskSource>, StartError> {
    let key = read(directory, &["psk.hex", "../psk.hex"])?;
    let identity = read(directory, &["psk-identity.txt", "../psk-identity.txt"])?;
    let (Some((key_path, key)), Some((path, identity))) = (key, identity) else {
        return Ok(None);
    };
    let key = Psk::from_hex(&text(&key_path, key, CredentialKind::Psk)?);
    let identity = text(&path, identity, CredentialKind::PskIdentity)?;
    Ok(Some(PskSource::Given {
        key: key.map_err(in_file(&key_path))?,
        identity: PskIdentity::new(identity.trim()).map_err(in_file(&path))?,
    }))
}
