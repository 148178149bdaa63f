// SPDX-License-Identifier: Apache-2.0

//! The responder's HTTP: good, bad and slow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Files, recipe};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_pki::recipe::World;
use test_pki::responder::Responder;

fn serve(http: &str) -> (Arc<World>, Responder) {
    recipe(&format!(
        "certificate = [{{ id = 'root' }}, {{ id = 'leaf', issuer = 'root' }}]
        crl = [{{ issuer = 'root', http = '{http}' }}, {{ issuer = 'root', id = 'pem', pem = true }}]
        ocsp = [{{ for = 'leaf', http = '{http}' }}]"
    ))
    .serve()
    .unwrap_or_else(|e| panic!("{e}"))
}

/// What comes back, head and body, until the end or 2 s of nothing.
fn ask(responder: &Responder, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(responder.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut block = [0; 65536];
    while let Ok(n @ 1..) = stream.read(&mut block) {
        answer.extend(&block[..n]);
    }
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
    (String::from_utf8(head.to_vec()).unwrap(), body.to_vec())
}

fn get(responder: &Responder, path: &str) -> (String, Vec<u8>) {
    ask(
        responder,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
}

#[test]
fn one_crl_takes_the_place_of_another() {
    let (world, responder) = serve("close");
    let pem = world.crl("pem").unwrap().pem.as_bytes();
    responder.publish("ca.crl", "pem");
    assert_eq!(get(&responder, "/crl/ca.crl").1, pem);
    responder.publish("ca.crl", "root");
    assert_eq!(
        get(&responder, "/crl/ca.crl").0,
        "",
        "in the manner of that one"
    );
    assert_eq!(get(&responder, "/crl/pem").1, pem);
}

#[test]
fn crls_and_certificates_by_get() {
    let (world, responder) = serve("plain");
    let crl = world.crl("root").unwrap();
    let (head, body) = get(&responder, "/crl/root");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\n"),
        "{head}"
    );
    assert!(head.contains(&format!("Content-Length: {}\r\n", crl.der.len())));
    assert_eq!(body, crl.der);
    assert_eq!(
        get(&responder, "/crl/pem").1,
        world.crl("pem").unwrap().pem.as_bytes()
    );
    assert_eq!(
        get(&responder, "/cert/root").1,
        world.certificate("root").unwrap().der
    );
    for path in ["/", "/crl/", "/crl/none", "/cert/none"] {
        assert!(
            get(&responder, path).0.starts_with("HTTP/1.1 404 "),
            "{path}"
        );
    }
    let paths: Vec<_> = responder.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths[..3], ["/crl/root", "/crl/pem", "/cert/root"]);
    assert_eq!(responder.requests(), 7);
}

#[test]
fn every_misbehaviour() {
    for http in [
        "error-404",
        "error-500",
        "redirect",
        "wrong-type",
        "chunked",
        "no-length",
        "oversize",
        "close-early",
        "close",
        "silent",
    ] {
        let (world, responder) = serve(http);
        let der = &world.crl("root").unwrap().der;
        let start = Instant::now();
        let (head, body) = get(&responder, "/crl/root");
        let has = |part: &str| assert!(head.contains(part), "{http}: {head}");
        match http {
            "error-404" => has("HTTP/1.1 404 "),
            "error-500" => {
                has("HTTP/1.1 500 ");
                assert_eq!(body, *der);
            }
            "redirect" => {
                has("HTTP/1.1 302 ");
                has(&format!("Location: {}/moved/crl/root\r\n", responder.url()));
                assert!(body.is_empty());
                assert_eq!(get(&responder, "/moved/crl/root").1, *der);
            }
            "wrong-type" => {
                has("Content-Type: text/html");
                assert_eq!(body, *der);
            }
            "chunked" => {
                has("Transfer-Encoding: chunked");
                assert!(!head.contains("Content-Length"));
                assert!(body.starts_with(b"7\r\n\x30") && body.ends_with(b"\r\n0\r\n\r\n"));
                let plain = ask(&responder, "GET /crl/root HTTP/1.0\r\n\r\n");
                assert_eq!(plain.1, *der, "a client of HTTP/1.0 gets no chunks");
            }
            "no-length" => {
                assert!(
                    !head.contains("Content-Length") && !head.contains("chunked"),
                    "{head}"
                );
                assert_eq!(body, *der);
            }
            "oversize" => {
                has("Content-Length: 1048576\r\n");
                assert_eq!(body.len(), 1_048_576);
                assert!(body.starts_with(der));
            }
            "close-early" => {
                has(&format!("Content-Length: {}\r\n", der.len()));
                assert_eq!(body, der[..der.len() / 2]);
            }
            "close" => assert!(head.is_empty() && start.elapsed() < Duration::from_secs(1)),
            _ => assert!(head.is_empty() && start.elapsed() >= Duration::from_secs(2)),
        }
    }
}

/// A slow answer is on its way, and nobody waits for it: neither another
/// client nor the end of the responder.
#[test]
fn slow_ones_hold_up_nobody() {
    let (world, responder) = serve("drip");
    let mut slow = TcpStream::connect(responder.address()).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    slow.write_all(b"GET /crl/root HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let start = Instant::now();
    let mut first = [0; 3];
    slow.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTT");
    assert!(
        start.elapsed() > Duration::from_millis(1000),
        "{:?}",
        start.elapsed()
    );

    let start = Instant::now();
    assert_eq!(
        get(&responder, "/cert/leaf").1,
        world.certificate("leaf").unwrap().der
    );
    drop(responder);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(rest.len() < 10);
}

#[test]
fn one_connection_many_requests_and_ones_in_pieces() {
    let (world, responder) = serve("plain");
    let der = &world.certificate("leaf").unwrap().der;
    let mut stream = TcpStream::connect(responder.address()).unwrap();
    for piece in [
        "GET /cert/leaf HT",
        "TP/1.1\r\nHost: x\r\n\r",
        "\nGET /cert/leaf HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        stream.write_all(piece.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let found = answer.windows(der.len()).filter(|w| w == der).count();
    assert_eq!(found, 2);
}

#[test]
fn requests_that_are_none() {
    let (_, responder) = serve("plain");
    for (request, status) in [
        ("nonsense\r\n\r\n", "400"),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "415"),
        ("PUT / HTTP/1.0\r\n\r\n", "405"),
    ] {
        let (head, _) = ask(&responder, request);
        assert!(head.contains(&format!(" {status} ")), "{request}: {head}");
    }
    let request =
        "POST / HTTP/1.0\r\nContent-Type: application/ocsp-request\r\nContent-Length: 1\r\n\r\nx";
    let (head, body) = ask(&responder, request);
    assert!(head.contains(" 200 OK"), "{head}");
    assert_eq!(body, [0x30, 3, 0x0a, 1, 1], "malformedRequest");
}

#[test]
fn nothing_to_serve_yet() {
    let responder = Responder::start().unwrap();
    assert!(get(&responder, "/crl/root").0.contains(" 503 "));
    assert!(Responder::start_on(responder.address()).is_err());
}

/// What `openssl ocsp` makes of it: a client that is not ours.
#[test]
fn openssl_sees_it_too() {
    for (http, says) in [
        ("plain", "leaf.pem: good"),
        ("no-length", "leaf.pem: good"),
        ("error-500", "Error querying OCSP responder"),
        ("error-404", "Error querying OCSP responder"),
        ("close", "Error querying OCSP responder"),
        ("close-early", "Error querying OCSP responder"),
        ("silent", "Error querying OCSP responder"),
    ] {
        let (world, responder) = serve(http);
        let files = Files::new(&world, &["root", "leaf"]);
        let (_, said) = files.openssl(&format!(
            "ocsp -no-CApath -no-CAstore -CAfile root.pem -issuer root.pem -cert leaf.pem -timeout 2 -url {}",
            responder.url()
        ));
        assert!(said.contains(says), "{http}: no `{says}` in {said}");
        assert_eq!(
            responder.seen()[0].certificate.as_deref(),
            Some("leaf"),
            "{http}"
        );
    }
}
