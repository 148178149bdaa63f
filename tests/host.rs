// SPDX-License-Identifier: Apache-2.0

//! The host program as its users meet it: the command line, its output, its errors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secure-sockets"));
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one sentence on standard error of a run that failed.
fn refused(output: &Output) -> String {
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let mut sentences = errors
        .lines()
        .filter_map(|line| line.strip_prefix("error: "));
    let sentence = sentences
        .next()
        .unwrap_or_else(|| panic!("no error in {errors}"));
    assert_eq!(sentences.next(), None, "{errors}");
    sentence.to_owned()
}

/// A directory of test credentials, made once.
fn pki() -> &'static Path {
    static PKI: OnceLock<PathBuf> = OnceLock::new();
    PKI.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("host-pki");
        let made = run(&["pki", "--replace", directory.to_str().unwrap()]);
        assert!(made.status.success(), "{made:?}");
        directory
    })
}

fn family(kind: &str) -> String {
    pki().join(kind).to_str().unwrap().to_owned()
}

/// `serve`, on a port that was free.
struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            lines,
            address: String::new(),
        };
        let listening = server.says();
        server.address = listening["listening"].as_str().unwrap().to_owned();
        server
    }

    /// The next thing that it says.
    fn says(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demonstration_shows_every_mode_and_every_refusal() {
    let output = run(&["--json"]);
    assert!(output.status.success(), "{output:?}");
    let shown: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let runs = shown["runs"].as_array().unwrap();
    // psk in two versions, each other mode in two versions with two kinds of key.
    assert_eq!(runs.len(), 2 + 3 * 4);
    for run in runs {
        let result = &run["result"];
        assert_eq!(result["messages"], 5, "{run}");
        assert_eq!(result["session"]["version"], run["version"], "{run}");
        let (mut sent, mut received) = (0, 0);
        for rung in result["ladder"].as_array().unwrap() {
            let bytes = rung["bytes"].as_u64().unwrap();
            if rung["sent"] == true {
                sent += bytes;
            } else {
                received += bytes;
            }
        }
        assert_eq!(result["session"]["handshake_bytes_sent"], sent, "{run}");
        assert_eq!(
            result["session"]["handshake_bytes_received"], received,
            "{run}"
        );
    }
    let refusals = shown["refusals"].as_array().unwrap();
    assert!(refusals.len() >= 8);
    assert!(
        refusals.iter().all(|refusal| refusal["refused"] == true),
        "{refusals:?}"
    );
}

#[test]
fn the_demonstration_warns_of_connections_that_authenticate_nobody() {
    let output = run(&[]);
    assert!(output.status.success());
    let warnings = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(warnings.contains("DANGEROUS"), "{warnings}");
    let shown = stdout(&output);
    assert!(
        shown.contains("ClientHello") && shown.contains("mutual"),
        "{shown}"
    );
}

#[test]
fn connect_and_serve_talk_in_every_mode() {
    for mode in ["psk", "unauthenticated", "server-auth", "mutual"] {
        for kind in ["ec", "rsa"] {
            let credentials = family(kind);
            let common = ["--mode", mode, "--credentials", &*credentials];
            let mut server = Server::start(&common);
            let address = server.address.clone();
            let mut arguments = vec!["connect", &*address, "--ladder"];
            arguments.extend(common);
            let output = run(&arguments);
            assert!(output.status.success(), "{mode} {kind}: {output:?}");
            let shown = stdout(&output);
            assert!(shown.contains("5 messages sent, 5 came back"), "{shown}");
            assert!(shown.contains("ServerHello"), "{shown}");
            assert_eq!(server.says()["session"]["mode"], mode);
            assert!(server.says()["echoed"].as_u64().unwrap() > 100);
        }
    }
}

#[test]
fn weak_suites_are_had_by_name_and_not_by_default() {
    let credentials = family("ec");
    for suite in [
        "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
        "TLS_PSK_WITH_AES_128_GCM_SHA256",
        "TLS_PSK_WITH_AES_128_CCM_8",
    ] {
        let common = [
            "--mode",
            "psk",
            "--tls",
            "1.2",
            "--credentials",
            &*credentials,
        ];
        let server = Server::start(&[&common[..], &["--suite", suite]].concat());
        let connect = ["connect", &*server.address];
        let by_name = run(&[&connect[..], &common, &["--suite", suite]].concat());
        assert!(stdout(&by_name).contains(suite), "{by_name:?}");
        let by_default = run(&[&connect[..], &common].concat());
        assert!(
            refused(&by_default).contains("handshake_failure"),
            "{suite}"
        );
    }
}

#[test]
fn several_clients_are_served_at_once() {
    let credentials = family("ec");
    let common = ["--mode", "mutual", "--credentials", &*credentials];
    let server = Server::start(&common);
    let clients: Vec<Child> = (0..8)
        .map(|_| {
            let mut client = program();
            client
                .args(["connect", &*server.address, "--messages", "50"])
                .args(common);
            client.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut client in clients {
        assert!(client.wait().unwrap().success());
    }
}

#[test]
fn a_server_says_which_client_it_refused_and_why() {
    let credentials = family("ec");
    let mut server = Server::start(&["--mode", "mutual", "--credentials", &*credentials]);
    let file = |name: &str| pki().join("ec").join(name).to_str().unwrap().to_owned();
    for (leaf, part) in [
        ("client-expired", "expired 2025-06-01"),
        ("client-other-ca", "not among our trust anchors"),
        ("no-client-auth", "does not allow use by a TLS client"),
    ] {
        let (chain, key) = (
            file(&format!("{leaf}.pem")),
            file(&format!("{leaf}-key.pem")),
        );
        let output = run(&[
            "connect",
            &*server.address,
            "--mode",
            "mutual",
            "--credentials",
            &*credentials,
            "--cert",
            &*chain,
            "--key",
            &*key,
        ]);
        let alert = refused(&output);
        assert!(alert.contains("alert"), "{leaf}: {alert}");
        // In TLS 1.3 the client is done first, but the server never is.
        let said = server.says();
        assert_eq!(said["stage"], "verify", "{said}");
        let error = said["error"].as_str().unwrap();
        assert!(
            error.contains("refused the client's certificate") && error.contains(part),
            "{error}"
        );
    }
}

#[test]
fn files_that_are_wrong_are_named() {
    let credentials = family("ec");
    let missing = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "server-auth",
        "--ca",
        "/nowhere/ca.pem",
    ]);
    assert!(refused(&missing).contains("/nowhere/ca.pem"));

    let no_ca = format!("{credentials}/psk.hex");
    let garbage = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "server-auth",
        "--ca",
        &*no_ca,
    ]);
    assert!(refused(&garbage).contains("psk.hex: the DER is no CA certificate"));

    let chain = format!("{credentials}/client.pem");
    let key = format!("{credentials}/server-key.pem");
    let mismatch = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "mutual",
        "--credentials",
        &*credentials,
        "--cert",
        &*chain,
        "--key",
        &*key,
    ]);
    let sentence = refused(&mismatch);
    assert!(
        sentence.contains("server-key.pem") && sentence.contains("does not belong"),
        "{sentence}"
    );
}

#[test]
fn a_directory_that_is_missing_comes_with_the_way_out() {
    let output = run(&["serve", "--mode", "psk", "--credentials", "/nowhere/ec"]);
    let sentence = refused(&output);
    assert!(sentence.contains("cargo run -- pki /nowhere"), "{sentence}");
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_done() {
    let credentials = family("ec");
    let weak = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "psk",
        "--credentials",
        &*credentials,
        "--suite",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "--tls",
        "1.2",
    ]);
    assert!(refused(&weak).contains("cannot be had in mode psk"));
    let none = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "mutual",
        "--credentials",
        "none",
    ]);
    assert!(refused(&none).contains("needs a CA certificate"));
    let long = run(&[
        "connect",
        "127.0.0.1:1",
        "--mode",
        "psk",
        "--credentials",
        &*credentials,
        "--messages",
        "0",
    ]);
    assert!(refused(&long).contains("0 messages cannot be sent"));
    // clap's own way to refuse a command line.
    for wrong in [
        &["connect", "127.0.0.1", "--mode", "psk"][..],
        &["connect", "::1:4433", "--mode", "psk"],
        &["connect", "host:1", "--mode", "strong"],
        &["connect", "host:1", "--mode", "psk", "--tls", "1.1"],
        &["connect", "host:1", "--mode", "psk", "--psk", "key.hex"],
        &["pki"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn machines_get_errors_as_json() {
    let credentials = family("ec");
    let output = run(&[
        "connect",
        "no-such-host.invalid:4433",
        "--mode",
        "psk",
        "--credentials",
        &*credentials,
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(error["stage"], "resolve");
    assert!(
        error["error"]
            .as_str()
            .unwrap()
            .contains("no-such-host.invalid")
    );
}

#[test]
fn a_reader_that_has_had_enough_is_no_reason_to_panic() {
    let mut child = program()
        .args(["pki", "--list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "");
}

#[test]
fn pki_overwrites_nothing_that_it_did_not_make() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("not-a-pki");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("notes.txt"), "mine").unwrap();
    for extra in [&[][..], &["--replace"]] {
        let mut arguments = vec!["pki", directory.to_str().unwrap()];
        arguments.extend(extra);
        assert!(refused(&run(&arguments)).contains("not-a-pki"));
    }
    assert_eq!(
        std::fs::read_to_string(directory.join("notes.txt")).unwrap(),
        "mine"
    );
}
