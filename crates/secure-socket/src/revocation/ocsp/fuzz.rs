// SPDX-License-Identifier: Apache-2.0

//! Responses that may be anything: [`fuzzing::OCSP`](crate::fuzzing::OCSP).

use der::{AnyRef, Decode, Encode, SliceReader};
use x509_ocsp::{
    CertStatus, OcspRequest, OcspResponse, OcspResponseStatus, ResponseData, SingleResponse,
};

use super::request::{NONCE, Question};
use super::response::{Good, judge, not_yet};
use super::{CertIdHash, Checker, Ocsp};
use crate::diagnosis::Refusal;
use crate::fuzzing::{CLOCK, Signatures, pieces, stands_in};
use crate::policy::KeyPolicy;
use crate::revocation::StatusLookup;

pub(crate) fn run(data: &[u8]) {
    let pieces = pieces(data);
    let [certificate, issuer, response @ ..] = pieces.as_slice() else {
        return;
    };
    let response = response.concat();
    for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
        let about = || Question::about(certificate, issuer, "CN=issuer", hash, &Signatures::good());
        let Some(question) = about() else {
            continue;
        };
        assert_eq!(Some(question.key), about().map(|again| again.key));
        asked(&question);
        answered(&question, &response);
    }
}

/// What goes out says what was to be asked, and nothing else.
fn asked(question: &Question<'_>) {
    for nonce in [None, Some(&[7; NONCE])] {
        let request = question.to_der(nonce).expect("it can be written");
        let request = OcspRequest::from_der(&request).expect("it can be read");
        let [one] = request.tbs_request.request_list.as_slice() else {
            panic!("one certificate was asked about");
        };
        let id = &one.req_cert;
        assert_eq!(id.issuer_name_hash.as_bytes(), question.name_hash);
        assert_eq!(id.issuer_key_hash.as_bytes(), question.key_hash);
        let sent = request.nonce();
        let sent = sent.as_ref().map(|sent| sent.0.as_bytes());
        assert_eq!(sent, nonce.map(<[u8; NONCE]>::as_slice));
    }
}

fn judged(
    response: &[u8],
    question: &Question<'_>,
    nonce: Option<&[u8; NONCE]>,
    signatures: &Signatures,
) -> Result<Good, Refusal> {
    let lookup = StatusLookup {
        check: &Checker::new(Ocsp::new()),
        keys: &KeyPolicy::new(),
        clock: CLOCK,
        means: signatures,
    };
    judge(response, question, nonce, &lookup)
}

fn answered(question: &Question<'_>, response: &[u8]) {
    let forged = judged(response, question, None, &Signatures::bad());
    assert!(forged.is_err(), "no signature is good, and it was taken");
    let signatures = Signatures::good();
    let result = judged(response, question, None, &signatures);
    let again = judged(response, question, None, &Signatures::good());
    assert_eq!(result, again, "judged twice");
    if let Err(refusal) = &result {
        let _ = alloc::format!("{refusal}");
    }
    let with_nonce = judged(response, question, Some(&[7; NONCE]), &Signatures::good());
    assert!(
        with_nonce.is_err() || stands_in(&[7; NONCE], response),
        "a nonce that nobody sent"
    );
    let messages = signatures.messages.into_inner();
    for message in &messages {
        assert!(
            stands_in(message, response),
            "what is verified is what came"
        );
    }
    if let Ok(good) = result {
        assert!(!messages.is_empty(), "taken without a signature");
        taken(question, response, good);
    }
}

/// What another reading finds in a response that was taken.
fn taken(question: &Question<'_>, response: &[u8], good: Good) {
    assert!(!not_yet(good.this_update, CLOCK));
    assert!(good.next_update.is_none_or(|next| next >= CLOCK));
    let response = OcspResponse::from_der(response).expect("it was read before");
    assert_eq!(response.response_status, OcspResponseStatus::Successful);
    let bytes = response.response_bytes.expect("it was read before");
    // Certificates that came along are looked at where one is needed, and may be anything else.
    let basic = AnyRef::from_der(bytes.response.as_bytes()).expect("nor is this new");
    let mut fields = SliceReader::new(basic.value()).expect("it is short");
    let data = ResponseData::decode(&mut fields).expect("nor this");
    let about: alloc::vec::Vec<&SingleResponse> = data
        .responses
        .iter()
        .filter(|single| is_about(question, single))
        .collect();
    assert!(!about.is_empty(), "it is about something else");
    for single in about {
        assert!(
            matches!(single.cert_status, CertStatus::Good(_)),
            "{:?}",
            single.cert_status
        );
    }
}

/// By the encoding of the CertID's fields, not by our comparison of them.
fn is_about(question: &Question<'_>, single: &SingleResponse) -> bool {
    let request = question.to_der(None).expect("it can be written");
    let request = OcspRequest::from_der(&request).expect("it can be read");
    let ours = &request.tbs_request.request_list[0].req_cert;
    let theirs = &single.cert_id;
    let fields = |id: &x509_ocsp::CertId| {
        let hashes = (id.issuer_name_hash.to_der(), id.issuer_key_hash.to_der());
        (id.hash_algorithm.oid, hashes)
    };
    fields(ours) == fields(theirs) && ours.serial_number == theirs.serial_number
}
