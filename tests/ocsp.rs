// SPDX-License-Identifier: Apache-2.0

//! Asking an OCSP responder, by the flags of `connect`, `serve` and `inspect`: OpenSSL's
//! responder answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{
    Server, directory, file, free_port, json, openssl, refusal_of, refused, run, shown, stderr,
    usage,
};

const CONNECT: &str = "--mode server-auth --ca pki/ec/ca.pem --server-name device.test";
const MUTUAL: &str = "--mode mutual --credentials pki/ec";

/// What a CA's database says of a certificate.
const GOOD: &str = "V\t450101000000Z\t";
const REVOKED: &str = "R\t450101000000Z\t250601120000Z,keyCompromise";

/// OpenSSL's responder: the intermediate itself answers, about one certificate.
struct Responder {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Responder {
    /// On a port that was free.
    fn start(name: &str, certificate: &str, status: &str) -> Self {
        Self::start_with(name, certificate, status, "")
    }

    fn start_with(name: &str, certificate: &str, status: &str, more: &str) -> Self {
        let serial = openssl(&format!("x509 -noout -serial -in {certificate}.pem"));
        let serial = serial.trim().strip_prefix("serial=").unwrap();
        Self::listen(name, serial, status, &format!("-port 0 {more}"))
    }

    fn listen(name: &str, serial: &str, status: &str, more: &str) -> Self {
        let entry = format!("{status}\t{serial}\tunknown\t/CN=it\n");
        fs::write(file(&format!("{name}.index")), entry).unwrap();
        let line = format!(
            "ocsp {more} -nmin 5 -index {name}.index -CA pki/ec/intermediate.pem \
             -rsigner pki/ec/intermediate.pem -rkey pki/ec/intermediate-key.pem"
        );
        let log = file(&format!("{name}.log"));
        let child = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(directory())
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut responder = Self {
            child,
            address: String::new(),
            log,
        };
        let accepts = responder.wait_for("ACCEPT ", " PID=");
        let port = accepts.rsplit(':').next().unwrap();
        responder.address = format!("127.0.0.1:{port}");
        responder
    }

    /// What it wrote between these two.
    fn wait_for(&self, before: &str, after: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            let found = log
                .split_once(before)
                .and_then(|(_, rest)| rest.split_once(after));
            if let Some((found, _)) = found {
                return found.to_owned();
            }
            assert!(Instant::now() < deadline, "no {before:?} in {log:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The flags that have it asked.
    fn flags(&self) -> String {
        format!("--ocsp --ocsp-responder {}", self.url())
    }

    /// What it wrote of its requests and responses.
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where nobody listens.
fn nobody() -> String {
    format!("--ocsp --ocsp-responder http://127.0.0.1:{}/", free_port())
}

#[test]
fn a_revoked_server_is_refused() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    let connect = format!("connect {} {CONNECT}", server.address);
    let inspect = format!(
        "inspect {} --ca pki/ec/ca.pem --server-name device.test",
        server.address
    );
    let gone = Responder::start("gone", "pki/ec/server", GOOD).flags();
    let responder = Responder::start("good-server", "pki/ec/server", GOOD);
    let flags = responder.flags();
    let gone = refused(&format!("{connect} {gone}"));
    assert!(gone.contains("could not be fetched"), "{gone}");
    shown(&format!("{connect} {flags}"));
    let text = shown(&format!("{inspect} {flags}"));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked = format!(
        "revocation of the peer's own certificate (OCSP: {})",
        responder.url()
    );
    assert!(text.contains("ACCEPTED") && text.contains(&asked), "{text}");

    let revoked = Responder::start("revoked-server", "pki/ec/server", REVOKED);
    for more in ["", "--ocsp-soft-fail", "--ocsp-nonce"] {
        let flags = format!("{} {more}", revoked.flags());
        let sentence = refused(&format!("{connect} {flags}"));
        assert!(
            sentence.contains("revoked it 2025-06-01 (keyCompromise)"),
            "{sentence}"
        );
        let report = json(&format!("{inspect} {flags}"));
        assert_eq!(report["verdict"]["accepted"], false, "{report}");
        let refusal = &report["verdict"]["refused"][0]["refusals"][0];
        assert_eq!(refusal["check"], "revoked", "{report}");
        // A chain from a file is asked about as well.
        refused_report(&format!(
            "inspect pki/ec/server.pem --ca pki/ec/ca.pem {flags}"
        ));
    }
}

fn refused_report(line: &str) {
    let output = run(line);
    assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
    let text = support::stdout(&output);
    assert!(text.contains("revoked it 2025-06-01"), "{text}");
}

#[test]
fn a_revoked_client_is_refused() {
    let responder = Responder::start("revoked-client", "pki/ec/client", REVOKED);
    let mut server = Server::start(&format!("{MUTUAL} {}", responder.flags()));
    let heard = refusal_of(&run(&format!("connect {} {MUTUAL}", server.address)));
    assert!(heard.contains("certificate_revoked"), "{heard}");
    let said = server.says();
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("the client's certificate"), "{said}");
    assert!(error.contains("revoked it 2025-06-01"), "{said}");

    let responder = Responder::start("good-client", "pki/ec/client", GOOD);
    let mut server = Server::start(&format!("{MUTUAL} {}", responder.flags()));
    shown(&format!("connect {} {MUTUAL}", server.address));
    assert_eq!(server.says()["session"]["mode"], "mutual");
}

#[test]
fn no_answer_is_forgiven_if_that_is_said() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    let connect = format!("connect {} {CONNECT} {}", server.address, nobody());
    let sentence = refused(&connect);
    assert!(sentence.contains("could not be fetched"), "{sentence}");
    let output = run(&format!("{connect} --ocsp-soft-fail"));
    assert!(output.status.success(), "{output:?}");
    // And nobody has to ask to see that.
    let warned = stderr(&output);
    assert!(
        warned.contains("going on without an OCSP response"),
        "{warned}"
    );
}

#[test]
fn every_certificate_is_asked_about_if_that_is_said() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    let responder = Responder::start("leaf-alone", "pki/ec/server", GOOD);
    let connect = format!("connect {} {CONNECT} {}", server.address, responder.flags());
    shown(&format!("{connect} --ocsp-scope leaf"));
    // The responder speaks for the intermediate, not for the root that issued it.
    let sentence = refused(&format!("{connect} --ocsp-scope chain"));
    assert!(
        sentence.contains("(depth 1)") && sentence.contains("OCSP"),
        "{sentence}"
    );
}

/// A responder that was asked about `server` by a client with these flags.
fn asked_by(name: &str, server: &Server, flags: &str) -> Responder {
    // What it shows is in the file once it has ended.
    let once = "-text -nrequest 1";
    let responder = Responder::start_with(name, "pki/ec/server", GOOD, once);
    let (address, its) = (&server.address, responder.flags());
    shown(&format!("connect {address} {CONNECT} {its} {flags}"));
    responder
}

#[test]
fn a_nonce_is_asked_for_if_that_is_said() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    // In the request, and in the response.
    for (flag, count) in [("", 0), ("--ocsp-nonce", 2)] {
        let responder = asked_by("nonce", &server, flag);
        responder.wait_for("OCSP Response Data", "-----BEGIN CERTIFICATE");
        assert_eq!(responder.log().matches("OCSP Nonce").count(), count);
    }
}

#[test]
fn certificates_are_named_by_the_hash_that_is_said() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    for (flag, hash) in [
        ("", "sha1"),
        ("--ocsp-cert-id sha1", "sha1"),
        ("--ocsp-cert-id sha256", "sha256"),
    ] {
        let asked = asked_by("hash", &server, flag).wait_for("Hash Algorithm: ", "\n");
        assert_eq!(asked, hash);
    }
}

#[test]
fn a_response_has_limits() {
    let server = Server::start("--mode server-auth --credentials pki/ec");
    let connect = format!("connect {} {CONNECT}", server.address);
    let flags = Responder::start("long", "pki/ec/server", GOOD);
    let sentence = refused(&format!("{connect} {} --ocsp-max-bytes 100", flags.flags()));
    assert!(sentence.contains("longer than the 100 bytes"), "{sentence}");
    // Whoever takes a connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let started = Instant::now();
    let sentence = refused(&format!(
        "{connect} --ocsp --ocsp-responder {url} --ocsp-timeout 1"
    ));
    assert!(sentence.contains(&url), "{sentence}");
    let took = started.elapsed();
    // The limit is 10 s unless it is set.
    let limits = Duration::from_secs(1)..Duration::from_secs(8);
    assert!(limits.contains(&took), "{took:?}");
}

#[test]
fn the_responder_is_the_one_that_the_certificate_names() {
    let port = free_port();
    fs::write(
        file("named.ext"),
        format!(
            "subjectAltName=DNS:device.test\nextendedKeyUsage=serverAuth\n\
             authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\n"
        ),
    )
    .unwrap();
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout named-key.pem \
         -subj /CN=named -out named.csr",
    );
    openssl(
        "x509 -req -in named.csr -CA pki/ec/intermediate.pem -CAkey pki/ec/intermediate-key.pem \
         -days 30 -set_serial 0x4321 -extfile named.ext -out named.leaf",
    );
    let chain = ["named.leaf", "pki/ec/intermediate.pem"]
        .map(|name| fs::read_to_string(file(name)).unwrap());
    fs::write(file("named.pem"), chain.concat()).unwrap();
    let server = Server::start("--mode server-auth --cert named.pem --key named-key.pem");
    let connect = format!("connect {} {CONNECT} --ocsp", server.address);
    let sentence = refused(&connect);
    assert!(
        sentence.contains(&format!(":{port}/ could not be")),
        "{sentence}"
    );

    let _responder = Responder::listen("named", "4321", REVOKED, &format!("-port {port}"));
    let sentence = refused(&connect);
    assert!(sentence.contains("revoked it 2025-06-01"), "{sentence}");

    // One that names none is no outage.
    let other = Server::start("--mode server-auth --credentials pki/ec");
    let sentence = refused(&format!(
        "connect {} {CONNECT} --ocsp --ocsp-soft-fail",
        other.address
    ));
    assert!(sentence.contains("names no OCSP responder"), "{sentence}");
}

#[test]
fn flags_that_do_not_fit_are_refused() {
    let pin = "0".repeat(64);
    for (line, part) in [
        (
            "connect host:1 --mode psk --credentials pki/ec --ocsp".to_owned(),
            "--ocsp is about certificates",
        ),
        (
            "serve --mode server-auth --credentials pki/ec --ocsp".into(),
            "in mode mutual alone",
        ),
        (
            "inspect pki/ec/server.pem --ocsp".into(),
            "nothing says whom it trusts",
        ),
        (
            format!(
                "connect 127.0.0.1:1 --mode server-auth --server-name a.test --pinned-only \
                 --pin {pin} --ocsp"
            ),
            "no issuer who could revoke",
        ),
    ] {
        let sentence = refusal_of(&run(&line));
        assert!(sentence.contains(part), "{sentence}");
    }
    for (arguments, part) in [
        ("--ocsp-responder http://a.test/", "--ocsp"),
        ("--ocsp-scope leaf", "--ocsp"),
        ("--ocsp-soft-fail", "--ocsp"),
        ("--ocsp-nonce", "--ocsp"),
        ("--ocsp-timeout 1", "--ocsp"),
        ("--ocsp --ocsp-timeout 0", "1..=3600"),
        ("--ocsp --ocsp-max-bytes 1", "64.."),
        ("--ocsp --ocsp-cert-id md5", "use sha1 or sha256"),
        ("--ocsp --ocsp-scope all", "use leaf or chain"),
        (
            "--ocsp --ocsp-responder a.test",
            "does not start with http://",
        ),
        ("--ocsp --ocsp-responder https://a.test/", "one of https"),
    ] {
        let said = usage(&format!("connect host:1 {CONNECT} {arguments}"));
        assert!(said.contains(part), "{arguments}: {said}");
    }
}
