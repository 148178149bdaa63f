// SPDX-License-Identifier: Apache-2.0

//! The host program as its users meet it: the command line, its output, its errors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::{Child, Stdio};

use serde_json::Value;

use support::{Server, file, json, program, refused, run, shown, stderr, stdout, usage};

#[test]
fn the_demonstration_shows_every_mode_and_every_refusal() {
    let shown = json("");
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
    let output = run("");
    assert!(output.status.success());
    let warnings = stderr(&output);
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
            let common = format!("--mode {mode} --credentials pki/{kind}");
            let mut server = Server::start(&common);
            let shown = shown(&format!("connect {} --ladder {common}", server.address));
            assert!(shown.contains("5 messages sent, 5 came back"), "{shown}");
            assert!(shown.contains("ServerHello"), "{shown}");
            assert_eq!(server.says()["session"]["mode"], mode);
            assert!(server.says()["echoed"].as_u64().unwrap() > 100);
        }
    }
}

#[test]
fn weak_suites_are_had_by_name_and_not_by_default() {
    for suite in [
        "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
        "TLS_PSK_WITH_AES_128_GCM_SHA256",
        "TLS_PSK_WITH_AES_128_CCM_8",
    ] {
        let common = "--mode psk --tls 1.2 --credentials pki/ec";
        let server = Server::start(&format!("{common} --suite {suite}"));
        let connect = format!("connect {} {common}", server.address);
        let by_name = shown(&format!("{connect} --suite {suite}"));
        assert!(by_name.contains(suite), "{by_name}");
        assert!(refused(&connect).contains("handshake_failure"), "{suite}");
    }
}

#[test]
fn a_client_that_comes_back_resumes() {
    for mode in ["server-auth", "mutual"] {
        for tls in ["1.2", "1.3"] {
            let common = format!("--mode {mode} --tls {tls} --credentials pki/ec");
            let mut server = Server::start(&format!("{common} --sessions 2"));
            for more in ["", " --handshake-only"] {
                let line = format!(
                    "connect {} --resume --connections 3 --messages 1 --json {common}{more}",
                    server.address
                );
                let shown = shown(&line);
                let resumed: Vec<_> = shown
                    .lines()
                    .map(|line| serde_json::from_str::<Value>(line).unwrap())
                    .map(|summary| summary["session"]["resumed"].as_bool().unwrap())
                    .collect();
                assert_eq!(resumed, [false, true, true], "{line}");
                // Two lines for each, in whatever order: one client's end may be told after
                // the next one's beginning.
                let lines: Vec<_> = (0..6).map(|_| server.says()).collect();
                let mut told: Vec<_> = lines
                    .iter()
                    .filter_map(|line| line["session"]["resumed"].as_bool())
                    .collect();
                told.sort_unstable();
                assert_eq!(told, resumed, "{line}");
            }
            let line = format!("connect {} --connections 2 {common}", server.address);
            assert!(!shown(&line).contains("resumed"));
        }
    }
}

#[test]
fn several_clients_are_served_at_once() {
    let common = "--mode mutual --credentials pki/ec";
    let server = Server::start(common);
    let line = format!("connect {} --messages 50 {common}", server.address);
    let clients: Vec<Child> = (0..8)
        .map(|_| program(&line).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut client in clients {
        assert!(client.wait().unwrap().success());
    }
}

#[test]
fn a_server_says_which_client_it_refused_and_why() {
    let common = "--mode mutual --credentials pki/ec";
    let mut server = Server::start(common);
    for (leaf, part) in [
        ("client-expired", "expired 2025-06-01"),
        ("client-other-ca", "not among our trust anchors"),
        ("no-client-auth", "does not allow use by a TLS client"),
    ] {
        let alert = refused(&format!(
            "connect {} {common} --cert pki/ec/{leaf}.pem --key pki/ec/{leaf}-key.pem",
            server.address
        ));
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
    let missing = refused("connect 127.0.0.1:1 --mode server-auth --ca /nowhere/ca.pem");
    assert!(missing.contains("/nowhere/ca.pem"), "{missing}");

    let garbage = refused("connect 127.0.0.1:1 --mode server-auth --ca pki/ec/psk.hex");
    assert!(
        garbage.contains("psk.hex: the DER is no CA certificate"),
        "{garbage}"
    );

    let mismatch = refused(
        "connect 127.0.0.1:1 --mode mutual --credentials pki/ec --cert pki/ec/client.pem \
         --key pki/ec/server-key.pem",
    );
    assert!(
        mismatch.contains("server-key.pem") && mismatch.contains("does not belong"),
        "{mismatch}"
    );
}

#[test]
fn a_directory_that_is_missing_comes_with_the_way_out() {
    let sentence = refused("serve --mode psk --credentials /nowhere/ec");
    assert!(sentence.contains("cargo run -- pki /nowhere"), "{sentence}");
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_done() {
    for (arguments, part) in [
        (
            "--mode psk --credentials pki/ec --suite TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 \
             --tls 1.2",
            "cannot be had in mode psk",
        ),
        ("--mode mutual --credentials none", "needs a CA certificate"),
        (
            "--mode psk --credentials pki/ec --messages 0",
            "0 messages cannot be sent",
        ),
        (
            "--mode psk --credentials pki/ec --connections 0",
            "0 connections cannot be made",
        ),
        (
            "--mode psk --credentials pki/ec --resume",
            "mode psk has no session to resume",
        ),
    ] {
        let sentence = refused(&format!("connect 127.0.0.1:1 {arguments}"));
        assert!(sentence.contains(part), "{sentence}");
    }
    let sentence = refused("serve --mode unauthenticated --credentials pki/ec --sessions 4");
    assert!(
        sentence.contains("mode unauthenticated has no session to resume"),
        "{sentence}"
    );
    // clap's own way to refuse a command line.
    for wrong in [
        "connect 127.0.0.1 --mode psk",
        "connect ::1:4433 --mode psk",
        "connect host:1 --mode strong",
        "connect host:1 --mode psk --tls 1.1",
        "connect host:1 --mode psk --psk key.hex",
        "serve --mode mutual --sessions 0",
        "serve --mode mutual --sessions 1025",
        "pki",
    ] {
        usage(wrong);
    }
}

#[test]
fn machines_get_errors_as_json() {
    let line = "connect no-such-host.invalid:4433 --mode psk --credentials pki/ec";
    assert_eq!(run(line).status.code(), Some(1));
    let error = json(line);
    assert_eq!(error["stage"], "resolve");
    let sentence = error["error"].as_str().unwrap();
    assert!(sentence.contains("no-such-host.invalid"), "{sentence}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_reason_to_panic() {
    let mut child = program("pki --list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
}

#[test]
fn pki_overwrites_nothing_that_it_did_not_make() {
    std::fs::create_dir_all(file("not-a-pki")).unwrap();
    let notes = file("not-a-pki/notes.txt");
    std::fs::write(&notes, "mine").unwrap();
    for extra in ["", "--replace"] {
        let sentence = refused(&format!("pki not-a-pki {extra}"));
        assert!(sentence.contains("not-a-pki"), "{sentence}");
    }
    assert_eq!(std::fs::read_to_string(notes).unwrap(), "mine");
}
