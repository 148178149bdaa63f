// SPDX-License-Identifier: Apache-2.0

//! `inspect`: chains from files and from servers, ours and others', and the verdict.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::Value;
use support::{
    OtherServer, Server, directory, file, free_port, json, refused, run, shown, stderr, stdout,
    usage,
};

const CA: &str = "--ca pki/ec/ca.pem";

/// What OpenSSL says of a certificate.
fn openssl(certificate: &str, question: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-in", certificate])
        .args(question)
        .current_dir(directory())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    stdout(&output).trim().to_owned()
}

/// The sentences that a chain is refused with.
fn sentences(report: &Value) -> Vec<String> {
    let refused = report["verdict"]["refused"].as_array().unwrap();
    refused
        .iter()
        .flat_map(|certificate| certificate["refusals"].as_array().unwrap())
        .map(|refusal| refusal["sentence"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_chain_in_a_file_is_shown_whole() {
    let text = shown(&format!("inspect pki/ec/server.pem {CA}"));
    for part in [
        "pki/ec/server.pem holds 2 certificates:",
        "a server's certificate",
        "an intermediate CA",
        "localhost, device.test, 127.0.0.1, ::1",
        "2024-01-01 to 2045-01-01",
        "EC P-256",
        "ECDSA with SHA-256",
        "signing handshakes (digitalSignature)",
        "TLS servers (serverAuth)",
        "yes, with no CA below it (path length 0)",
        "ACCEPTED.",
        "for the CA certificate in pki/ec/ca.pem",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // OpenSSL sees the same in it.
    let certificate = "pki/ec/server.pem";
    let hash = openssl(certificate, &["-fingerprint", "-sha256"]);
    let hash = hash.split_once('=').unwrap().1.replace(':', "");
    assert!(text.contains(&hash.to_lowercase()), "{hash}: {text}");
    let serial = openssl(certificate, &["-serial"]);
    let serial = serial.split_once('=').unwrap().1.to_lowercase();
    assert!(text.contains(&serial), "{serial}: {text}");
    // A terminal of 80 columns holds it.
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn der_and_pem_come_to_the_same() {
    let pem = json("inspect pki/ec/ca.pem");
    let der = json("inspect pki/ec/ca.der");
    assert_eq!(pem["certificates"], der["certificates"]);
    assert_eq!(pem["verdict"], Value::Null);
    assert_eq!(pem["certificates"][0]["key_usage"][0], "keyCertSign");
}

#[test]
fn what_is_refused_is_said_in_the_devices_words_with_a_way_out() {
    for (leaf, check, part) in [
        ("expired", "dates", "expired 2025-06-01"),
        ("not-yet-valid", "dates", "not valid before 2040-01-01"),
        ("self-signed", "chain", "it is self-signed"),
        ("other-ca", "chain", "not among our trust anchors"),
        (
            "missing-intermediate",
            "chain",
            "no intermediate that leads to one",
        ),
        ("no-server-auth", "purpose", "serverAuth"),
    ] {
        let line = format!("inspect pki/ec/{leaf}.pem {CA}");
        let output = run(&line);
        assert_eq!(output.status.code(), Some(1), "{leaf}: {output:?}");
        assert_eq!(stderr(&output), "", "it was all said");
        let text = stdout(&output)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(text.contains("REFUSED.") && text.contains(part), "{text}");
        assert!(text.contains("What to do: "), "{text}");
        let report = json(&line);
        assert_eq!(report["verdict"]["accepted"], false);
        assert!(
            sentences(&report).iter().any(|one| one.contains(part)),
            "{report}"
        );
        let refusal = &report["verdict"]["refused"][0]["refusals"][0];
        assert_eq!(refusal["check"], check, "{report}");
        assert!(!refusal["advice"].as_str().unwrap().is_empty());
    }
}

#[test]
fn the_policy_is_that_of_the_flags() {
    let name = json(&format!(
        "inspect pki/ec/server.pem {CA} --server-name other.test"
    ));
    assert_eq!(
        sentences(&name),
        ["it is not for other.test but for localhost, device.test, 127.0.0.1, ::1"]
    );
    let own = json("inspect pki/ec/self-signed.pem")["certificates"][0]["pin"].clone();
    let own = own.as_str().unwrap();
    let pinned = format!("inspect pki/ec/self-signed.pem --pinned-only --pin {own}");
    assert_eq!(json(&pinned)["verdict"]["accepted"], true);
    assert!(shown(&pinned).contains("Its key is pinned"));
    // One key is in all leaves of servers.
    let clients = json("inspect pki/ec/client.pem")["certificates"][0]["pin"].clone();
    let clients = clients.as_str().unwrap();
    let other = json(&format!("inspect pki/ec/server.pem {CA} --pin {clients}"));
    assert!(
        sentences(&other)[0].contains("none of the pinned keys"),
        "{other}"
    );
    let then = format!("inspect pki/ec/expired.pem {CA} --clock 2025-05-31T12:00:00Z");
    let report = json(&then);
    assert_eq!(report["verdict"]["accepted"], true);
    assert_eq!(report["certificates"][0]["days_left"], 0);
    let light = refused("inspect pki/rsa/server.pem --max-rsa-bits 4096");
    assert!(light.contains("--max-rsa-bits is about"), "{light}");
}

#[test]
fn a_live_server_shows_what_it_sends_whoever_trusts_it() {
    for mode in ["server-auth", "mutual", "unauthenticated"] {
        for tls in ["1.2", "1.3"] {
            let mut server = Server::start(&format!("--mode {mode} --credentials pki/rsa"));
            let line = format!("inspect {} --tls {tls}", server.address);
            let alone = json(&line);
            let file = json("inspect pki/rsa/server.pem");
            assert_eq!(alone["certificates"], file["certificates"], "{mode} {tls}");
            assert_eq!(alone["verdict"], Value::Null);
            // Nothing was sent that was not verified: the server never got to serve.
            let said = server.says();
            assert!(said["error"].as_str().unwrap().contains("alert"), "{said}");
            let right = json(&format!("{line} --ca pki/rsa/ca.pem"));
            assert_eq!(right["verdict"]["accepted"], true, "{right}");
            let wrong = json(&format!("{line} {CA}"));
            assert_eq!(wrong["verdict"]["accepted"], false, "{wrong}");
        }
    }
}

#[test]
fn servers_of_others_show_their_chains() {
    let chain = "pki/ec/server.pem";
    // The root need not be sent, and a stray certificate is of no use.
    let text = ["server", "ca", "intermediate", "other-ca-root"]
        .map(|name| std::fs::read_to_string(file(&format!("pki/ec/{name}.pem"))).unwrap());
    let end = "-----END CERTIFICATE-----\n";
    let leaf = text[0].split_once(end).unwrap().0.to_owned() + end;
    std::fs::write(
        file("stuffed.pem"),
        [&leaf, &text[2], &text[1], &text[3]]
            .map(String::as_str)
            .concat(),
    )
    .unwrap();
    for other in [
        OtherServer::openssl(&format!(
            "-cert {chain} -cert_chain stuffed.pem -key pki/ec/server-key.pem"
        )),
        OtherServer::gnutls("--x509certfile stuffed.pem --x509keyfile pki/ec/server-key.pem"),
    ] {
        let line = format!("inspect {} {CA} --server-name device.test", other.address);
        let report = json(&line);
        assert_eq!(report["verdict"]["accepted"], true, "{report}");
        let sent = report["certificates"].as_array().unwrap();
        assert!(sent.len() >= 3, "{report}");
        let text = shown(&line);
        assert!(text.contains("a root CA, sent for nothing"), "{text}");
        if sent.len() == 4 {
            assert!(text.contains("not needed: no part of the chain"), "{text}");
        }
    }
}

#[test]
fn the_verdict_is_that_of_a_real_handshake() {
    for leaf in [
        "server",
        "expired",
        "not-yet-valid",
        "wrong-name",
        "self-signed",
        "other-ca",
        "missing-intermediate",
        "no-server-auth",
    ] {
        let own = format!("-cert pki/ec/{leaf}.pem -key pki/ec/{leaf}-key.pem");
        let sent = json(&format!("inspect pki/ec/{leaf}.pem"));
        let server = OtherServer::openssl(&match sent["certificates"][1] {
            Value::Null => own,
            _ => format!("{own} -cert_chain pki/ec/intermediate.pem"),
        });
        let trust = format!("{CA} --server-name device.test");
        let connect = format!(
            "connect {} --mode server-auth --handshake-only {trust}",
            server.address
        );
        let real = json(&connect)["error"].clone();
        assert_eq!(real.is_null(), leaf == "server", "{real}");
        for inspect in [
            format!("inspect pki/ec/{leaf}.pem {trust}"),
            format!("inspect {} {trust}", server.address),
        ] {
            assert_eq!(json(&inspect)["verdict"]["error"], real, "{inspect}");
        }
    }
}

#[test]
fn a_server_that_shows_nothing_is_told_from_none_at_all() {
    let psk = Server::start("--mode psk --credentials pki/ec");
    for tls in ["1.2", "1.3", "both"] {
        let sentence = refused(&format!("inspect {} --tls {tls}", psk.address));
        assert!(
            sentence.contains("showed no certificate") && sentence.contains("mode 1 (psk)"),
            "{sentence}"
        );
    }
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    thread::spawn(move || {
        for stream in plain.incoming() {
            stream
                .unwrap()
                .write_all(b"220 mail.test ESMTP\r\n")
                .unwrap();
        }
    });
    let sentence = refused(&format!("inspect {address}"));
    assert!(sentence.contains("does not speak TLS"), "{sentence}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let sentence = refused(&format!("inspect {address} --timeout 1"));
    assert!(sentence.contains("longer than allowed"), "{sentence}");
    let sentence = refused(&format!("inspect 127.0.0.1:{}", free_port()));
    assert!(sentence.contains("nobody listens there"), "{sentence}");
}

#[test]
fn files_that_are_no_chain_are_named() {
    std::fs::write(file("empty.pem"), "").unwrap();
    std::fs::write(file("cut.pem"), "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
    // A zero is the tag of a SEQUENCE, too.
    std::fs::write(file("digits.hex"), "0123456789abcdef").unwrap();
    for (name, part) in [
        ("empty.pem", "is empty"),
        ("cut.pem", "broken PEM"),
        ("pki/ec/psk.hex", "no certificate"),
        ("digits.hex", "no certificate"),
        ("pki/ec/server-key.pem", "holds no certificate"),
    ] {
        let sentence = refused(&format!("inspect {name}"));
        assert!(
            sentence.contains(name) && sentence.contains(part),
            "{sentence}"
        );
    }
    // A certificate in name alone still has its size and hash.
    std::fs::write(file("not.der"), b"\x30\x03\x02\x01\x00").unwrap();
    let text = shown("inspect not.der");
    assert!(
        text.contains("cannot be read") && text.contains("5 bytes"),
        "{text}"
    );
    let judged = json(&format!("inspect not.der {CA}"));
    assert_eq!(judged["verdict"]["accepted"], false, "{judged}");
    for wrong in [
        "inspect",
        "inspect nowhere.pem",
        "inspect pki",
        "inspect host:0",
    ] {
        usage(wrong);
    }
    assert!(usage("inspect nowhere.pem").contains("no such file"));
    let ca = refused("inspect pki/ec/server.pem --ca nowhere.pem");
    assert!(ca.contains("nowhere.pem"), "{ca}");
}

#[test]
fn what_is_written_into_a_certificate_does_not_reach_the_terminal() {
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "9",
        ])
        .args([
            "-subj",
            "/CN=a\u{1b}[2Jb",
            "-utf8",
            "-out",
            "evil.pem",
            "-keyout",
            "evil.key",
        ])
        .current_dir(directory())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = stdout(&run(&format!("inspect evil.pem {CA}")));
    assert!(
        text.contains("[2Jb") && !text.contains('\u{1b}'),
        "{text:?}"
    );
}
