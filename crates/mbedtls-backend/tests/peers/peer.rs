// SPDX-License-Identifier: Apache-2.0

//! Programs of other projects, run as peers.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use secure_socket::TlsVersion;
use test_pki::{KeyKind, Leaf};

use crate::pki;

/// After this a test fails rather than waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    OpenSsl,
    GnuTls,
}

/// How the peer proves itself, and what it asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    Psk,
    Server(KeyKind, Leaf),
    /// A server that demands a client certificate, or a client that has one.
    Mutual(KeyKind, Leaf),
}

/// A program that runs until it is dropped.
pub(crate) struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    output: Arc<Mutex<String>>,
    what: String,
    pub(crate) port: u16,
}

impl Peer {
    pub(crate) fn spawn(program: &str, args: &[&str], port: u16) -> Self {
        let package = match program {
            "openssl" => "openssl",
            "python3" => "python3",
            _ => "gnutls-bin",
        };
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| match error.kind() {
                ErrorKind::NotFound => panic!(
                    "the peer program {program} is missing: install the Debian package {package}"
                ),
                _ => panic!("{program} cannot be run: {error}"),
            });
        let output = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), &output);
        collect(child.stderr.take().unwrap(), &output);
        let stdin = child.stdin.take();
        Self {
            child,
            stdin,
            output,
            what: format!("{program} {}", args.join(" ")),
            port,
        }
    }

    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// The port that `openssl s_server` was given, once it listens there.
    pub(crate) fn accepts_at(&self) -> u16 {
        self.wait_for("ACCEPT 127.0.0.1:");
        self.wait_for("\n");
        let output = self.output();
        let port = output.split("ACCEPT 127.0.0.1:").nth(1).unwrap();
        port.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Waits until the program has written `text`.
    pub(crate) fn wait_for(&self, text: &str) {
        assert!(
            self.says(text),
            "{} did not say {text:?}, but:\n{}",
            self.what,
            self.output()
        );
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.output().contains(text) {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Ends the program at once: its sockets close without a close_notify.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- {}\n{}", self.what, self.output());
        }
    }
}

fn collect(mut pipe: impl Read + Send + 'static, output: &Arc<Mutex<String>>) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut chunk) {
            let text = String::from_utf8_lossy(&chunk[..length]);
            output.lock().unwrap().push_str(&text);
        }
    });
}

/// A server: OpenSSL reverses each line, GnuTLS echoes it.
pub(crate) fn server(kind: Kind, auth: Auth, version: TlsVersion, more: &[&str]) -> Peer {
    match kind {
        Kind::OpenSsl => openssl_server(auth, version, 0, more),
        Kind::GnuTls => gnutls_server(auth, version, more),
    }
}

/// OpenSSL's server, on a port where another one was before.
pub(crate) fn server_again(auth: Auth, version: TlsVersion, port: u16) -> Peer {
    openssl_server(auth, version, port, &[])
}

/// What the server answers to `line`.
pub(crate) fn reply(kind: Kind, line: &str) -> String {
    match kind {
        Kind::OpenSsl => line.chars().rev().collect(),
        Kind::GnuTls => line.to_owned(),
    }
}

fn openssl_version(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls12 => "-tls1_2",
        TlsVersion::Tls13 => "-tls1_3",
    }
}

fn openssl_server(auth: Auth, version: TlsVersion, port: u16, more: &[&str]) -> Peer {
    let address = format!("127.0.0.1:{port}");
    let mut args = vec!["s_server", "-accept", &address, "-rev"];
    args.push(openssl_version(version));
    let psk = pki::psk_hex();
    let files;
    match auth {
        Auth::Psk => {
            args.extend(["-nocert", "-psk", &psk, "-psk_identity", "device-1"]);
            if version == TlsVersion::Tls12 {
                args.extend(["-cipher", "ECDHE-PSK-CHACHA20-POLY1305"]);
            }
        }
        Auth::Server(kind, leaf) | Auth::Mutual(kind, leaf) => {
            files = [
                pki::file(kind, &format!("{leaf}.pem")),
                pki::key_file(kind, leaf),
                pki::file(kind, "intermediate.pem"),
                pki::ca_file(kind),
            ];
            args.extend(["-cert", &files[0], "-key", &files[1]]);
            if !matches!(
                leaf,
                Leaf::SelfSigned | Leaf::OtherCa | Leaf::MissingIntermediate
            ) {
                args.extend(["-cert_chain", &files[2]]);
            }
            if matches!(auth, Auth::Mutual(..)) {
                args.extend(["-Verify", "4", "-verify_return_error", "-CAfile", &files[3]]);
            }
        }
    }
    args.extend(more);
    let mut peer = Peer::spawn("openssl", &args, port);
    peer.wait_for("ACCEPT");
    if port != 0 {
        return peer;
    }
    peer.port = peer.accepts_at();
    peer
}

fn gnutls_priority(auth: Auth, version: TlsVersion) -> String {
    let version = match version {
        TlsVersion::Tls12 => "+VERS-TLS1.2",
        TlsVersion::Tls13 => "+VERS-TLS1.3",
    };
    let exchange = match auth {
        Auth::Psk => ":-KX-ALL:+ECDHE-PSK",
        _ => "",
    };
    format!("NORMAL:-VERS-ALL:{version}{exchange}")
}

fn gnutls_server(auth: Auth, version: TlsVersion, more: &[&str]) -> Peer {
    let priority = format!("--priority={}", gnutls_priority(auth, version));
    let (psk, files);
    let mut args = vec!["--echo", &priority];
    match auth {
        Auth::Psk => {
            psk = pki::psk_file();
            args.extend(["--pskpasswd", &psk]);
        }
        Auth::Server(kind, leaf) | Auth::Mutual(kind, leaf) => {
            files = [
                pki::chain_file(kind, leaf),
                pki::key_file(kind, leaf),
                pki::ca_file(kind),
            ];
            args.extend(["--x509certfile", &files[0], "--x509keyfile", &files[1]]);
            args.extend(match auth {
                Auth::Mutual(..) => &[
                    "--require-client-cert",
                    "--verify-client-cert",
                    "--x509cafile",
                ][..],
                _ => &["--disable-client-cert"],
            });
            if matches!(auth, Auth::Mutual(..)) {
                args.push(&files[2]);
            }
        }
    }
    args.extend(more);
    // It cannot be told to take any port: another program may be faster.
    for _ in 0..3 {
        let port = test_pki::port::free();
        let port_text = port.to_string();
        let mut args = args.clone();
        args.extend(["--port", &port_text]);
        let peer = Peer::spawn("gnutls-serv", &args, port);
        peer.wait_for("istening on IPv4");
        if !peer.says_it_failed() {
            return peer;
        }
    }
    panic!("gnutls-serv found no port");
}

impl Peer {
    fn says_it_failed(&self) -> bool {
        self.says("done") && self.output().contains("bind() failed")
    }
}

/// A client that sends what is typed and shows what it receives.
pub(crate) fn client(
    kind: Kind,
    auth: Auth,
    version: TlsVersion,
    port: u16,
    more: &[&str],
) -> Peer {
    match kind {
        Kind::OpenSsl => openssl_client(auth, version, port, more),
        Kind::GnuTls => gnutls_client(auth, version, port, more),
    }
}

fn openssl_client(auth: Auth, version: TlsVersion, port: u16, more: &[&str]) -> Peer {
    let address = format!("127.0.0.1:{port}");
    let mut args = vec!["s_client", "-connect", &address, "-quiet"];
    args.push(openssl_version(version));
    let psk = pki::psk_hex();
    let files;
    match auth {
        Auth::Psk => {
            if !more.contains(&"-psk") {
                args.extend(["-psk", &psk]);
            }
            if !more.contains(&"-psk_identity") {
                args.extend(["-psk_identity", "device-1"]);
            }
            if version == TlsVersion::Tls12 {
                args.extend(["-cipher", "ECDHE-PSK-CHACHA20-POLY1305"]);
            }
        }
        Auth::Server(kind, leaf) | Auth::Mutual(kind, leaf) => {
            files = [
                pki::ca_file(kind),
                pki::file(kind, &format!("{leaf}.pem")),
                pki::key_file(kind, leaf),
                pki::file(kind, "intermediate.pem"),
            ];
            args.extend(["-CAfile", &files[0], "-verify_return_error"]);
            args.extend(["-verify_hostname", "localhost", "-verify", "4"]);
            if matches!(auth, Auth::Mutual(..)) {
                args.extend(["-cert", &files[1], "-key", &files[2]]);
                if leaf != Leaf::ClientOtherCa {
                    args.extend(["-cert_chain", &files[3]]);
                }
            }
        }
    }
    args.extend(more);
    Peer::spawn("openssl", &args, port)
}

fn gnutls_client(auth: Auth, version: TlsVersion, port: u16, more: &[&str]) -> Peer {
    let priority = format!("--priority={}", gnutls_priority(auth, version));
    let port_text = port.to_string();
    let mut args = vec!["--port", &port_text, &priority];
    let psk = pki::psk_hex();
    let files;
    match auth {
        Auth::Psk => {
            if !more.contains(&"--pskkey") {
                args.extend(["--pskkey", &psk]);
            }
            if !more.contains(&"--pskusername") {
                args.extend(["--pskusername", "device-1"]);
            }
        }
        Auth::Server(kind, leaf) | Auth::Mutual(kind, leaf) => {
            files = [
                pki::ca_file(kind),
                pki::chain_file(kind, leaf),
                pki::key_file(kind, leaf),
            ];
            args.extend(["--x509cafile", &files[0], "--verify-hostname", "localhost"]);
            if matches!(auth, Auth::Mutual(..)) {
                args.extend(["--x509certfile", &files[1], "--x509keyfile", &files[2]]);
            }
        }
    }
    args.extend(more);
    args.push("127.0.0.1");
    Peer::spawn("gnutls-cli", &args, port)
}
