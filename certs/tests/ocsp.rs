// SPDX-License-Identifier: Apache-2.0

//! `openssl ocsp` asks our responder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Files, recipe};
use std::sync::Arc;
use test_pki::recipe::World;
use test_pki::responder::Responder;

/// A root with a leaf, a good delegate, a delegate without OCSPSigning, and
/// another CA; `answer` about the leaf.
fn serve(answer: &str) -> (Arc<World>, Responder, Files) {
    let (world, responder) = recipe(&format!(
        "certificate = [
            {{ id = 'root' }},
            {{ id = 'leaf', issuer = 'root', ocsp = ['{{responder}}/ocsp'] }},
            {{ id = 'unlisted', issuer = 'root' }},
            {{ id = 'delegate', issuer = 'root', ext_key_usage = ['OCSPSigning'], san = [] }},
            {{ id = 'impostor', issuer = 'root' }},
            {{ id = 'other', ca = true }},
        ]
        [[ocsp]]
        for = 'leaf'
        {answer}
        [[ocsp]]
        for = 'delegate'"
    ))
    .serve()
    .unwrap_or_else(|e| panic!("{e}"));
    let files = Files::new(&world, &["root", "leaf", "unlisted", "delegate", "other"]);
    (world, responder, files)
}

const ASK: &str = "ocsp -no-CApath -no-CAstore -CAfile root.pem -issuer root.pem -timeout 5";

fn ask(responder: &Responder, files: &Files, more: &str) -> (bool, String) {
    files.openssl(&format!("{ASK} -url {}/ocsp {more}", responder.url()))
}

/// It verifies the response, and says this.
#[track_caller]
fn accepts(answer: &str, more: &str, says: &str) {
    let (ok, said) = ask_about_leaf(answer, more);
    assert!(ok, "{answer}: {said}");
    assert!(said.contains("Response verify OK"), "{answer}: {said}");
    assert!(said.contains(says), "{answer}: no `{says}` in {said}");
}

/// It does not, and says why. Whether it also fails differs by version.
#[track_caller]
fn refuses(answer: &str, more: &str, says: &str) {
    let (_, said) = ask_about_leaf(answer, more);
    assert!(!said.contains("Response verify OK"), "{answer}: {said}");
    assert!(said.contains(says), "{answer}: no `{says}` in {said}");
}

/// The response is valid, and says nothing about the leaf.
#[track_caller]
fn is_about_another(answer: &str) {
    let (ok, said) = ask_about_leaf(answer, "");
    assert!(
        !ok && said.contains("Response verify OK"),
        "{answer}: {said}"
    );
    assert!(said.contains(NO_STATUS), "{said}");
}

const NO_STATUS: &str = "leaf.pem: ERROR: No Status found";

#[track_caller]
fn ask_about_leaf(answer: &str, more: &str) -> (bool, String) {
    let (_, responder, files) = serve(answer);
    let result = ask(&responder, &files, &format!("{more} -cert leaf.pem"));
    assert_eq!(responder.requests(), 1);
    result
}

#[test]
fn each_status_is_as_described() {
    accepts("", "", "leaf.pem: good");
    accepts("status = 'revoked'", "", "leaf.pem: revoked");
    accepts("status = 'unknown'", "", "leaf.pem: unknown");
    let dated = "status = 'revoked'\nrevoked_at = 2025-03-04\nreason = 'keyCompromise'";
    accepts(dated, "", "Reason: keyCompromise");
    accepts(dated, "", "Revocation Time: Mar  4 00:00:00 2025 GMT");
}

#[test]
fn signers() {
    accepts("hash = 'sha512'", "", "leaf.pem: good");
    accepts("responder_id = 'key'", "", "leaf.pem: good");
    accepts("signer = 'delegate'", "", "leaf.pem: good");
    accepts(
        "signer = 'delegate'\nresponder_id = 'key'",
        "",
        "leaf.pem: good",
    );
    refuses(
        "signer = 'delegate'\ninclude = []",
        "",
        "signer certificate not found",
    );
    accepts(
        "signer = 'delegate'\ninclude = []",
        "-verify_other delegate.pem",
        "leaf.pem: good",
    );
    refuses("signer = 'impostor'", "", "missing ocspsigning usage");
    refuses("signer = 'other'", "", "certificate verify error");
    refuses("corrupt = 'signature'", "", "signature failure");
}

#[test]
fn dates_nonces_and_names() {
    accepts("next_update = 'absent'", "", "leaf.pem: good");
    accepts("next_update = 2025-02-01", "", "Status times invalid");
    accepts(
        "this_update = 'now+1h'\nproduced_at = 'now'",
        "",
        "Status times invalid",
    );
    accepts(
        "this_update = 'now-10m'\nnext_update = 'now+10m'",
        "",
        "leaf.pem: good",
    );
    accepts("nonce = 'echo'", "", "leaf.pem: good");
    accepts("nonce = 'none'", "", "WARNING: no nonce in response");
    refuses("nonce = 'other'", "", "Nonce Verify error");
    accepts("nonce = 'other'", "-no_nonce", "leaf.pem: good");
    accepts("", "-sha256", "leaf.pem: good");
    is_about_another("cert_id_hash = 'sha256'");
    is_about_another("serial = 7");
    // Who signed it is not that issuer, which OpenSSL minds from 3.0.22 on.
    let (ok, said) = ask_about_leaf("issuer = 'other'", "");
    assert!(!ok && said.contains(NO_STATUS), "{said}");
}

#[test]
fn responses_that_are_none() {
    for (answer, says) in [
        ("tryLater", "trylater (3)"),
        ("unauthorized", "unauthorized (6)"),
        ("malformedRequest", "malformedrequest (1)"),
        ("internalError", "internalerror (2)"),
        ("sigRequired", "sigrequired (5)"),
        ("garbage", "Error querying OCSP responder"),
    ] {
        refuses(&format!("answer = '{answer}'"), "", says);
    }
    let (_, responder, files) = serve("");
    let (_, said) = ask(&responder, &files, "-cert unlisted.pem");
    assert!(said.contains("unauthorized (6)"), "{said}");
}

#[test]
fn several_certificates_in_one_question() {
    let (world, responder, files) = serve("status = 'revoked'");
    let (ok, said) = ask(&responder, &files, "-cert delegate.pem -cert leaf.pem");
    assert!(ok && said.contains("Response verify OK"), "{said}");
    assert!(said.contains("delegate.pem: good"), "{said}");
    assert!(said.contains("leaf.pem: revoked"), "{said}");
    let seen = responder.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].certificate.as_deref(), Some("delegate"));
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("POST", "/ocsp")
    );
    drop(world);
}

#[test]
fn the_certificate_names_the_responder() {
    let (_, responder, files) = serve("");
    let uri = files.accepts("x509 -in leaf.pem -noout -ocsp_uri");
    assert_eq!(uri.trim(), format!("{}/ocsp", responder.url()));
}

/// Without HTTP: stapled responses, and what a parser is fed with.
#[test]
fn responses_unasked() {
    let (world, _responder, files) = serve("");
    let response = world.ocsp_response_for("leaf", Some(&[7; 8])).unwrap();
    files.write("response.der", &response);
    let respin = format!("{ASK} -no_nonce -respin response.der -cert leaf.pem");
    assert!(files.accepts(&respin).contains("leaf.pem: good"));
    let text = files.accepts("ocsp -noverify -respin response.der -resp_text");
    assert!(
        text.contains("OCSP Nonce:") && text.contains("04080707070707070707"),
        "{text}"
    );

    assert!(world.ocsp_response_for("unlisted", None).is_err());
    files.accepts("ocsp -issuer root.pem -cert leaf.pem -reqout request.der");
    assert_eq!(
        world.ocsp_response(b"nonsense").unwrap(),
        [0x30, 3, 0x0a, 1, 1]
    );
}
