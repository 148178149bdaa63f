// SPDX-License-Identifier: Apache-2.0

//! `get` and `post`, against nginx, OpenSSL's web server, and servers that misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use http_client::InvalidRequest;
use mbedtls_backend::MbedTls;
use secure_socket::Mode;
use secure_socket::credential::CaCertificate;
use secure_sockets::{Credentials, Job, Posting, RunError};
use support::nginx::Nginx;
use support::{OtherServer, file, json, program, refusal_of, refused, run, shown, usage};

const TRUSTED: &str = "--ca pki/ec/ca.pem";
const MUTUAL: &str = "ssl_verify_client on; ssl_verify_depth 4;
    ssl_client_certificate CA;";

/// Bytes that are no text, more than any buffer has.
fn document() -> Vec<u8> {
    (0..300_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect()
}

/// What is in this directory.
fn entries(name: &str) -> Vec<String> {
    let entries = fs::read_dir(file(name)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn mutual() -> String {
    let ca = file("pki/ec/ca.pem").display().to_string();
    MUTUAL.replace("CA", &ca)
}

#[test]
fn a_document_comes_whole() {
    let document = document();
    let server = Nginx::start(&document, "");
    let url = server.url("/file");
    for version in ["1.2", "1.3"] {
        let output = run(&format!("get {url} {TRUSTED} --tls {version}"));
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout == document);
        shown(&format!(
            "get {url} {TRUSTED} --tls {version} --output got-{version}"
        ));
        assert!(fs::read(file(&format!("got-{version}"))).unwrap() == document);
    }
    let requests = server.requests(4);
    let host = format!("localhost:{}", server.port);
    assert!(
        requests[0].starts_with(&format!("GET /file 200 {host} http/1.1 TLSv1.2 [")),
        "{requests:?}"
    );
    assert!(requests[3].contains("TLSv1.3"), "{requests:?}");
}

#[test]
fn both_sides_by_certificate() {
    let server = Nginx::start(b"secret", &mutual());
    let url = server.url("/file");
    let us = "--mode mutual --cert pki/ec/client.pem --key pki/ec/client-key.pem";
    assert_eq!(shown(&format!("get {url} {TRUSTED} {us}")), "secret");
    assert_eq!(
        shown(&format!("get {url} --mode mutual --credentials pki/ec")),
        "secret"
    );
    let first = &server.requests(2)[0];
    assert!(
        first.contains("[O=Secure Sockets test PKI,CN=client-1]"),
        "{first}"
    );
    // nginx has the handshake go through, and says it then.
    let sentence = refused(&format!("get {url} {TRUSTED}"));
    assert!(
        sentence.contains("status 400") && sentence.contains("No required SSL certificate"),
        "{sentence}"
    );
}

#[test]
fn what_is_posted_comes_back() {
    let server = Nginx::start(b"", "");
    let body = "{\"t\":21.5}";
    for path in ["/echo", "/closed"] {
        let post = format!("post {} {TRUSTED} --data {body}", server.url(path));
        assert_eq!(shown(&post), body, "{path}");
    }
    fs::write(file("posted"), body.repeat(500)).unwrap();
    let post = format!("post {} {TRUSTED} --data-file posted", server.url("/echo"));
    assert_eq!(shown(&post), body.repeat(500));
    let none = format!("post {} {TRUSTED} --data x", server.url("/none"));
    assert_eq!(shown(&none), "");
    let requests = server.requests(4);
    assert!(requests[0].ends_with(body), "{requests:?}");
}

#[test]
fn what_machines_read() {
    let server = Nginx::start(b"body", "");
    let told = json(&format!(
        "get {} {TRUSTED} --follow 1 --output machine",
        server.url("/here")
    ));
    assert_eq!(told["status"], 200);
    assert_eq!(told["bytes"], 4);
    assert_eq!(told["url"], server.url("/file"));
    assert_eq!(told["followed"][0], server.url("/here"));
    assert_eq!(told["session"]["alpn"], "http/1.1");
    assert_eq!(fs::read(file("machine")).unwrap(), b"body");
    let told = json(&format!(
        "get {} {TRUSTED} --output machine",
        server.url("/x")
    ));
    assert_eq!(told["stage"], "http");
    let told = json(&format!("get {} {TRUSTED}", server.url("/file")));
    assert!(
        told["error"].as_str().unwrap().contains("--output"),
        "{told}"
    );
}

#[test]
fn failures_write_nothing() {
    let server = Nginx::start(&document(), "");
    fs::create_dir(file("failures")).unwrap();
    fs::write(file("failures/kept"), "before").unwrap();
    for (path, more, named) in [
        ("/missing", "", "status 404: there is nothing by this path"),
        // What it says is shown, without what steers a terminal.
        (
            "/busy",
            "",
            "status 503: it has no time now: try later (\"try [31m later\")",
        ),
        (
            "/file",
            "--max-bytes 299999",
            "longer than the 299999 bytes",
        ),
        ("/closed", "--max-bytes 0", "longer than the 0 bytes"),
    ] {
        let url = server.url(path);
        let command = match path {
            "/closed" => format!("post {url} --data x"),
            _ => format!("get {url}"),
        };
        let sentence = refused(&format!(
            "{command} {TRUSTED} {more} --output failures/kept"
        ));
        assert!(
            sentence.contains(named) && sentence.contains(&url),
            "{sentence}"
        );
        assert_eq!(fs::read_to_string(file("failures/kept")).unwrap(), "before");
    }
    assert_eq!(entries("failures"), ["kept"]);
    assert_eq!(
        shown(&format!(
            "get {} {TRUSTED} --max-bytes 300000",
            server.url("/none")
        )),
        ""
    );
}

#[test]
fn a_file_stays_what_it_was() {
    let server = Nginx::start(b"new", "");
    let get = |name: &str| {
        let url = server.url("/file");
        format!("get {url} {TRUSTED} --output links/{name}")
    };
    fs::create_dir_all(file("links/there")).unwrap();
    let there = file("links/there/file");
    fs::write(&there, "old").unwrap();
    fs::set_permissions(&there, Permissions::from_mode(0o660)).unwrap();
    symlink("there/file", file("links/link")).unwrap();
    shown(&get("link"));
    assert!(file("links/link").is_symlink());
    assert_eq!(fs::read(&there).unwrap(), b"new");
    // What the umask does not have, too.
    assert_eq!(fs::metadata(&there).unwrap().mode() & 0o7777, 0o660);
    symlink("nowhere/file", file("links/lost")).unwrap();
    let sentence = refused(&get("lost"));
    assert!(
        sentence.contains("links/lost is a link to nothing"),
        "{sentence}"
    );
    assert!(file("links/lost").is_symlink());
    shown(&get("fresh"));
    let fresh = fs::metadata(file("links/fresh")).unwrap().mode() & 0o7777;
    let usual = file("links/usual");
    fs::write(&usual, "").unwrap();
    assert_eq!(fresh, fs::metadata(usual).unwrap().mode() & 0o7777);
}

#[test]
fn redirects() {
    let server = Nginx::start(b"body", "");
    let get = |path: &str, more: &str| format!("get {} {TRUSTED} {more}", server.url(path));
    for (path, next) in [("/here", "/file".into()), ("/whole", server.url("/file"))] {
        assert_eq!(shown(&get(path, "--follow 1")), "body", "{path}");
        let sentence = refused(&get(path, ""));
        let said = format!("redirects to {next}, more often than --follow says");
        assert!(sentence.contains(&said), "{sentence}");
    }
    // 127.0.0.1 is in the certificate, too.
    let numbered = get("/numbered", "--follow 1 --any-host --field X-Key:secret");
    assert_eq!(shown(&numbered), "body");
    let last = server.requests(8);
    let [.., first, second] = &last[..] else {
        panic!("{last:?}");
    };
    // What may say who asks is for the server that was named.
    assert!(
        first.contains("/numbered") && first.ends_with("secret"),
        "{last:?}"
    );
    assert!(
        second.contains("/file") && !second.contains("secret"),
        "{last:?}"
    );
    for (path, named) in [
        ("/numbered", "redirects to another server"),
        (
            "/other",
            "if that is right, ask for https://other.test/file",
        ),
        ("/plain", "/file, without TLS"),
        // Said without what would steer a terminal.
        (
            "/odd",
            "status 302: it redirects to what is no URL: the URL has the byte 0xC2",
        ),
        ("/round", "more often than --follow says"),
    ] {
        let sentence = refused(&get(path, "--follow 3"));
        assert!(sentence.contains(named), "{path}: {sentence}");
    }
    let sentence = refused(&get("/plain", "--follow 3 --any-host"));
    assert!(sentence.contains("without TLS"), "{sentence}");
    let round = server.requests(17);
    let round = round.iter().filter(|line| line.contains("/round")).count();
    assert_eq!(round, 4, "one, and three more");
    let sentence = refused(&format!("post {} {TRUSTED} --data x", server.url("/kept")));
    let said = format!(
        "redirects to {}, and what was posted is not sent",
        server.url("/echo")
    );
    assert!(sentence.contains(&said), "{sentence}");
}

#[test]
fn the_server_is_checked_as_by_connect() {
    let server = Nginx::start(b"body", "");
    let url = server.url("/file");
    let elsewhere = refused(&format!("get {url} {TRUSTED} --server-name other.test"));
    assert!(elsewhere.contains("not for other.test"), "{elsewhere}");
    let stranger = refused(&format!("get {url} --ca pki/rsa/ca.pem"));
    assert!(
        stranger.contains("refused the server's certificate"),
        "{stranger}"
    );
    let pin = "0123456789abcdef".repeat(4);
    let unpinned = refused(&format!("get {url} {TRUSTED} --pin {pin}"));
    assert!(unpinned.contains("pinned"), "{unpinned}");
    // Whom the computer trusts has not issued it.
    if fs::exists("/etc/ssl/certs/ca-certificates.crt").unwrap() {
        let sentence = refused(&format!("get {url}"));
        assert!(
            sentence.contains("refused the server's certificate"),
            "{sentence}"
        );
    }
    assert!(server.requests(0).is_empty(), "{:?}", server.requests(0));
}

/// `openssl s_server` with the certificate of our server, and its host and port.
fn openssl(more: &str) -> (OtherServer, String) {
    let server = OtherServer::openssl(&format!(
        "-cert pki/ec/server.pem -cert_chain pki/ec/intermediate.pem \
         -key pki/ec/server-key.pem {more}"
    ));
    let host = server.address.replace("127.0.0.1", "localhost");
    (server, host)
}

#[test]
fn another_web_server() {
    // It says HTTP/1.0, and ends the connection after the document.
    let (_server, host) = openssl("-WWW");
    fs::write(file("served.txt"), "by OpenSSL").unwrap();
    for version in ["1.2", "1.3"] {
        let get = format!("get https://{host}/served.txt {TRUSTED} --tls {version}");
        assert_eq!(shown(&get), "by OpenSSL");
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let (_server, host) = openssl("");
    let sentence = refused(&format!("get https://{host}/ {TRUSTED} --io-timeout 1"));
    assert!(sentence.contains("in the time allowed"), "{sentence}");
}

#[test]
fn a_cut_is_no_end() {
    let (mut server, host) = openssl("");
    fs::create_dir(file("cut")).unwrap();
    let client = program(&format!("get https://{host}/ {TRUSTED} --output cut/file"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    server.wait_for("GET / HTTP/1.1");
    server.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it");
    // What it has got is in a file of another name.
    let has = |name: &str, text: &str| {
        fs::read_to_string(file("cut").join(name)).is_ok_and(|had| had == text)
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while !entries("cut").iter().any(|name| has(name, "half of it")) {
        assert!(Instant::now() < deadline, "{:?}", entries("cut"));
        thread::sleep(Duration::from_millis(20));
    }
    // It is killed: there is nobody left to say close_notify.
    drop(server);
    let sentence = refusal_of(&client.wait_with_output().unwrap());
    assert!(sentence.contains("without close_notify"), "{sentence}");
    assert!(entries("cut").is_empty());
}

#[test]
fn a_device_does_not_connect_for_a_path_that_it_cannot_ask_for() {
    let backend = MbedTls::new().unwrap();
    let ca = fs::read_to_string(file("pki/ec/ca.pem")).unwrap();
    let credentials = Credentials {
        trust: Some(CaCertificate::from_pem(&ca).unwrap().into()),
        ..Credentials::default()
    };
    let job = Job::new(Mode::ServerAuth, "localhost", 1);
    let client = secure_sockets::client(&backend, &job, credentials).unwrap();
    let posting = |path: &str| {
        let posting = Posting {
            path: path.into(),
            interval: Duration::ZERO,
        };
        let message = &mut |_| panic!("there is nobody to send it to");
        secure_sockets::post(&client, &job, &posting, message, &mut |_| {}, &mut |_| {})
    };
    let target = http_client::Error::Request(InvalidRequest::Target);
    assert_eq!(posting("readings"), Err(RunError::Http(target)));
    assert!(matches!(posting("/readings"), Err(RunError::Connection(_))));
}

#[test]
fn command_lines() {
    for (line, named) in [
        ("get", "<URL>"),
        ("get http://a.test/", "which has no TLS"),
        ("get a.test", "starts neither with https"),
        ("get https://u:p@a.test/", "user name"),
        ("get https://a.test/ --any-host", "--follow"),
        ("get https://a.test/ --field x", "NAME: VALUE"),
        ("post https://a.test/", "--data"),
        (
            "post https://a.test/ --data x --data-file y",
            "cannot be used with",
        ),
    ] {
        let said = usage(line);
        assert!(said.contains(named), "{line}: {said}");
    }
    for (line, named) in [
        ("get https://localhost:1/ --output pki", "is a directory"),
        (
            "get https://localhost:1/ --output /dev/null",
            "no ordinary file",
        ),
        (
            "get https://localhost:1/ --output nowhere/file",
            "nowhere/file",
        ),
        (
            "get https://localhost:1/ --ca pki/ec/ca.pem",
            "nobody listens",
        ),
        (
            "get https://localhost:1/ --follow 1 --any-host --mode psk --credentials pki/ec",
            "--any-host would show who you are",
        ),
        (
            "get https://localhost:1/ --follow 1 --any-host --mode mutual --credentials pki/ec",
            "--any-host would show who you are",
        ),
        (
            "get https://localhost:1/ --follow 1 --mode mutual --credentials pki/ec",
            "nobody listens",
        ),
    ] {
        let sentence = refused(line);
        assert!(sentence.contains(named), "{line}: {sentence}");
    }
    let server = Nginx::start(b"", "");
    let smuggled = program(&format!("get {} {TRUSTED}", server.url("/file")))
        .args(["--field", "X: y\r\nContent-Length: 3"])
        .output()
        .unwrap();
    assert_eq!(smuggled.status.code(), Some(1));
    assert!(server.requests(0).is_empty(), "{:?}", server.requests(0));
}
