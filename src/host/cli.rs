// SPDX-License-Identifier: Apache-2.0

//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secure_socket::config::{AlpnProtocol, Timeouts};
use secure_socket::resumption::MAX_SERVER_SESSIONS;
use secure_socket::{CipherSuite, Mode, ServerName, Versions};

use super::mqtt::MqttArgs;
use super::names::{Host, parse_server_name};
use super::policy::PolicyArgs;
use super::web::{GetArgs, PostArgs};

/// TLS for devices, on this computer: three handshake modes over Mbed TLS, the same
/// code that the firmware runs on Zephyr.
///
/// With no command: every mode, in TLS 1.2 and 1.3, with EC and RSA, against an
/// embedded peer over loopback, with credentials made on the spot.
#[derive(Parser)]
#[command(version, about, long_about, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Prints JSON for machines instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Logs what goes on, to standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  secure-sockets                                     show every mode at work
  secure-sockets pki credentials                     make test credentials
  secure-sockets serve --mode mutual                 be the peer of a device, on port 4433
  secure-sockets connect localhost:4433 --mode mutual
                                                     be the device
  secure-sockets connect localhost:4433 --mode mutual --resume --connections 3
                                                     be one that comes back
  secure-sockets mqtt publish localhost:8883 --mode mutual --topic a/b --message hello
                                                     publish to a broker
  secure-sockets inspect example.org:443 --ca /etc/ssl/certs/ca-certificates.crt
                                                     see its chain as a device does
  secure-sockets trim-ca bundle.pem --for example.org --output ca.pem
                                                     find the CAs that a device needs
  secure-sockets connect example.org:443 --mode server-auth --handshake-only --ladder \\
      --ca /etc/ssl/certs/ca-certificates.crt        see how a public server does it
  secure-sockets get https://www.example.org/        ask a web server, in mode server-auth

Modes:
  psk              1: both sides know a pre-shared key; no certificates
  unauthenticated  1: encryption with NOBODY authenticated; trusted test networks only
  server-auth      2: the server proves its name with a certificate
  mutual           3: both sides prove themselves with certificates

Exit status: 0 if all went as it should, 1 if not, 2 if the command line is wrong.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs every mode against an embedded peer, and shows each handshake (the default)
    Demo(DemoArgs),
    /// Connects to a server as a device does: sends messages and gets each back
    Connect(ConnectArgs),
    /// Is the peer of a device: an echo server, in any mode, for several clients at once
    Serve(ServeArgs),
    /// Publishes to an MQTT broker, subscribes, or is a device that does both
    Mqtt(MqttArgs),
    /// Shows a server's chain, or that in a file, and what a device says about it
    Inspect(InspectArgs),
    /// Writes the smallest set of CA certificates that still verifies the servers named
    TrimCa(TrimArgs),
    /// Asks a web server for a document
    Get(GetArgs),
    /// Posts something to a web server
    Post(PostArgs),
    /// Makes the test PKI: CA, server and client credentials, and the bad ones
    Pki(PkiArgs),
}

#[derive(Args, Default)]
pub(crate) struct DemoArgs {
    /// Draws the ladders of this TLS version
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ladder_tls: LadderTls,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LadderTls {
    #[value(name = "1.2")]
    Tls12,
    #[default]
    #[value(name = "1.3")]
    Tls13,
}

#[derive(Args)]
pub(crate) struct ConnectArgs {
    /// Whom to connect to, as HOST:PORT, or [IPv6]:PORT
    #[arg(value_name = "HOST:PORT", value_parser = Host::parse)]
    pub(crate) peer: Host,
    /// The name that the server's certificate must carry [default: HOST]
    #[arg(long, value_name = "NAME", value_parser = parse_server_name)]
    pub(crate) server_name: Option<ServerName>,
    /// How many messages to send
    #[arg(long, default_value_t = 5)]
    pub(crate) messages: u16,
    /// The text of each message
    #[arg(long, default_value = "hello from a computer")]
    pub(crate) text: String,
    /// Closes after the handshake, for servers that do not echo
    #[arg(long)]
    pub(crate) handshake_only: bool,
    /// Draws the handshake
    #[arg(long)]
    pub(crate) ladder: bool,
    /// How often to connect, one after another
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: u16,
    /// Keeps the sessions of earlier connections, and resumes them
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4433")]
    pub(crate) listen: SocketAddr,
    /// Ends after this many clients; else goes on until stopped
    #[arg(long)]
    pub(crate) clients: Option<u64>,
    /// A client to let in, once for each: a name in its certificate's subjectAltName, the
    /// whole subject, the certificate's SHA-256, or the identity of the pre-shared key
    /// [default: all that prove themselves]
    #[arg(long = "admit")]
    pub(crate) guests: Vec<String>,
    /// Keeps so many sessions for clients to resume [default: none]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=MAX_SERVER_SESSIONS as i64))]
    pub(crate) sessions: Option<u16>,
    /// How many clients are served at once; more wait
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) at_once: u16,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Args)]
pub(crate) struct CommonArgs {
    /// The handshake mode: psk, unauthenticated, server-auth or mutual
    #[arg(long, value_parser = parse_mode)]
    pub(crate) mode: Mode,
    /// A directory with credentials, as `pki` writes it for one kind of key; `none`
    /// for those named below alone
    #[arg(long, default_value = "credentials/ec")]
    pub(crate) credentials: PathBuf,
    /// CA certificates to trust, in PEM or DER [default: ca.pem of the directory]
    #[arg(long)]
    pub(crate) ca: Option<PathBuf>,
    /// Trusts the keys that --pin names in place of a CA, whoever issued the certificate
    #[arg(long, requires = "pins", conflicts_with = "ca")]
    pub(crate) pinned_only: bool,
    /// Our certificate chain, leaf first, in PEM or DER
    #[arg(long, requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Our private key, in PEM or DER
    #[arg(long, requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// A file with the pre-shared key in hexadecimal digits
    #[arg(long, requires = "psk_identity")]
    pub(crate) psk: Option<PathBuf>,
    /// The identity of the pre-shared key
    #[arg(long, requires = "psk")]
    pub(crate) psk_identity: Option<String>,
    /// The TLS version: 1.2, 1.3 or both
    #[arg(long, default_value = "both", value_parser = parse_versions)]
    pub(crate) tls: Versions,
    /// A cipher suite by its IANA name, once for each, most wanted first
    /// [default: those of the mode]
    #[arg(long = "suite", value_parser = parse_suite)]
    pub(crate) suites: Vec<CipherSuite>,
    /// An application protocol (ALPN), once for each, most wanted first
    #[arg(long = "alpn", value_parser = AlpnProtocol::new)]
    pub(crate) alpn: Vec<AlpnProtocol>,
    /// Seconds to make the TCP connection
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) connect_timeout: u32,
    /// Seconds to complete the handshake
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) handshake_timeout: u32,
    /// Seconds for one read or write
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) io_timeout: u32,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

impl CommonArgs {
    pub(crate) fn timeouts(&self) -> Timeouts {
        let seconds = |count: u32| Some(Duration::from_secs(count.into()));
        Timeouts {
            connect: seconds(self.connect_timeout),
            handshake: seconds(self.handshake_timeout),
            io: seconds(self.io_timeout),
        }
    }
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// A server, as HOST:PORT, or a file with certificates in PEM or DER, the server's
    /// own first
    #[arg(value_name = "HOST:PORT | FILE", value_parser = parse_target)]
    pub(crate) target: Target,
    /// CA certificates to trust, in PEM or DER [default: no verdict]
    #[arg(long)]
    pub(crate) ca: Option<PathBuf>,
    /// Trusts the keys that --pin names in place of a CA, whoever issued the certificate
    #[arg(long, requires = "pins", conflicts_with = "ca")]
    pub(crate) pinned_only: bool,
    /// The name that the server's certificate must carry [default: HOST, or for a file
    /// the first that it has]
    #[arg(long, value_name = "NAME", value_parser = parse_server_name)]
    pub(crate) server_name: Option<ServerName>,
    /// The TLS version to connect with: 1.2, 1.3 or both
    #[arg(long, default_value = "both", value_parser = parse_versions)]
    pub(crate) tls: Versions,
    /// Seconds to connect, and to get the certificates
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

#[derive(Args)]
pub(crate) struct TrimArgs {
    /// The CA certificates to choose from, in PEM
    pub(crate) bundle: PathBuf,
    /// The servers to verify, as HOST[:PORT]; port 443 if there is none
    #[arg(long = "for", value_name = "HOST[:PORT]", num_args = 1.., required_unless_present = "chains",
          value_parser = Host::parse_with_default)]
    pub(crate) hosts: Vec<Host>,
    /// Chains to verify, in PEM or DER, for servers that cannot be reached from here
    #[arg(long = "chain", value_name = "FILE", num_args = 1..)]
    pub(crate) chains: Vec<PathBuf>,
    /// The file to write; it is replaced once all is verified
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The TLS version to connect with: 1.2, 1.3 or both
    #[arg(long, default_value = "both", value_parser = parse_versions)]
    pub(crate) tls: Versions,
    /// Seconds to connect, and to get the certificates
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// What to inspect.
#[derive(Clone)]
pub(crate) enum Target {
    Host(Host),
    File(PathBuf),
}

fn parse_target(text: &str) -> Result<Target, String> {
    let path = PathBuf::from(text);
    if path.is_file() {
        return Ok(Target::File(path));
    }
    if path.is_dir() {
        return Err("this is a directory: give a file in it".into());
    }
    Host::parse(text)
        .map(Target::Host)
        .map_err(|error| format!("there is no such file, and for a server {error}"))
}

#[derive(Args)]
pub(crate) struct PkiArgs {
    /// The directory to make; it must not exist yet, or be empty
    #[arg(required_unless_present = "list")]
    pub(crate) directory: Option<PathBuf>,
    /// Replaces what `pki` made there before
    #[arg(long)]
    pub(crate) replace: bool,
    /// Lists what would be made, and makes nothing
    #[arg(long)]
    pub(crate) list: bool,
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    text.parse::<Mode>().map_err(|error| error.to_string())
}

fn parse_versions(text: &str) -> Result<Versions, String> {
    match text {
        "1.2" => Ok(Versions::Tls12),
        "1.3" => Ok(Versions::Tls13),
        "both" => Ok(Versions::Tls12OrTls13),
        _ => Err("use 1.2, 1.3 or both".into()),
    }
}

fn parse_suite(text: &str) -> Result<CipherSuite, String> {
    CipherSuite::from_name(text).ok_or_else(|| {
        let names: Vec<_> = CipherSuite::all().filter_map(CipherSuite::name).collect();
        format!("unknown; there are {}", names.join(", "))
    })
}
