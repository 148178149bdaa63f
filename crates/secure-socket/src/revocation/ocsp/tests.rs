// SPDX-License-Identifier: Apache-2.0

//! What a responder of somebody else's cannot be brought to say, and whatever can be
//! made of a response by changing it. Signatures are taken for good here: they are
//! tested over a TLS library, in mbedtls-backend.

use alloc::vec::Vec;
use std::string::ToString as _;
use std::vec;

use der::asn1::{BitString, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _};
use test_pki::recipe::{Recipe, World};
use x509_cert::ext::Extension;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, ResponseData, SingleResponse,
};

use super::request::Question;
use super::response::{Good, judge};
use super::*;
use crate::fuzzing::Signatures;
use crate::policy::KeyPolicy;
use crate::time::UnixTime;

fn world() -> World {
    signed_by("delegate")
}

fn signed_by(signer: &str) -> World {
    let text = r#"
        certificate = [
            { id = "root" },
            { id = "leaf", issuer = "root" },
            { id = "other", issuer = "root" },
            { id = "delegate", issuer = "root", ext_key_usage = ["OCSPSigning"] },
        ]
        ocsp = [{ for = "leaf", signer = "SIGNER" }]
    "#;
    let text = text.replace("SIGNER", signer);
    Recipe::from_toml(&text).unwrap().make().unwrap()
}

fn question<'a>(world: &'a World, id: &str, hash: CertIdHash) -> Question<'a> {
    let der = |id| &world.certificate(id).unwrap().der;
    Question::about(der(id), der("root"), "CN=root", hash, &Signatures::good()).unwrap()
}

/// Which certificate a request names.
fn asked(question: &Question<'_>) -> CertId {
    let request = OcspRequest::from_der(&question.to_der(None).unwrap()).unwrap();
    request.tbs_request.request_list[0].req_cert.clone()
}

fn response(world: &World) -> Vec<u8> {
    world.ocsp_response_for("leaf", None).unwrap()
}

const CLOCK: UnixTime = UnixTime::from_seconds(1_795_391_999);

fn judged(response: &[u8], question: &Question<'_>) -> Result<Good, Refusal> {
    let lookup = StatusLookup {
        check: &Checker::new(Ocsp::new()),
        keys: &KeyPolicy::new(),
        clock: CLOCK,
        means: &Signatures::good(),
    };
    judge(response, question, None, &lookup)
}

/// The same response with something else in it.
fn changed(response: &[u8], change: impl FnOnce(&mut ResponseData)) -> Vec<u8> {
    let mut response = OcspResponse::from_der(response).unwrap();
    let bytes = response.response_bytes.as_mut().unwrap();
    let mut basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).unwrap();
    change(&mut basic.tbs_response_data);
    basic.signature = BitString::from_bytes(&[0; 8]).unwrap();
    bytes.response = OctetString::new(basic.to_der().unwrap()).unwrap();
    response.to_der().unwrap()
}

fn extension(critical: bool) -> Extension {
    Extension {
        extn_id: ObjectIdentifier::new_unwrap("1.2.3.4"),
        critical,
        extn_value: OctetString::new([5, 0]).unwrap(),
    }
}

fn problem(result: Result<Good, Refusal>) -> RevocationProblem {
    match result {
        Err(Refusal::RevocationUnknown { problem }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_names_the_certificate_by_either_hash() {
    let world = world();
    for (hash, length) in [(CertIdHash::Sha1, 20), (CertIdHash::Sha256, 32)] {
        let question = question(&world, "leaf", hash);
        let nonce = [7; request::NONCE];
        let request = question.to_der(Some(&nonce)).unwrap();
        let request = OcspRequest::from_der(&request).unwrap();
        assert_eq!(request.nonce().unwrap().0.as_bytes(), nonce);
        let [one] = request.tbs_request.request_list.as_slice() else {
            panic!("{request:?}");
        };
        assert_eq!(one.req_cert.issuer_key_hash.as_bytes().len(), length);
        let id = &one.req_cert;
        let oid = match hash {
            CertIdHash::Sha1 => "1.3.14.3.2.26",
            CertIdHash::Sha256 => "2.16.840.1.101.3.4.2.1",
        };
        assert_eq!(id.hash_algorithm.oid.to_string(), oid);
        assert_eq!(id.hash_algorithm.parameters, Some(der::asn1::Null.into()));
        assert_eq!(id.issuer_name_hash.as_bytes(), question.name_hash);
        assert_eq!(id.issuer_key_hash.as_bytes(), question.key_hash);
        assert_eq!(id.serial_number.as_bytes(), question.serial);
        let again = asked(&question);
        assert_eq!(again, *id, "without a nonce");
    }
    // The cache tells them apart, and does not mind by which hash one asked.
    let key = |id, hash| question(&world, id, hash).key;
    assert_eq!(
        key("leaf", CertIdHash::Sha1),
        key("leaf", CertIdHash::Sha256)
    );
    assert_ne!(
        key("leaf", CertIdHash::Sha1),
        key("other", CertIdHash::Sha1)
    );
}

#[test]
fn an_algorithm_is_the_same_without_its_null() {
    let world = world();
    let question = question(&world, "leaf", CertIdHash::Sha1);
    let bare = changed(&response(&world), |data| {
        data.responses[0].cert_id.hash_algorithm.parameters = None;
    });
    judged(&bare, &question).unwrap();
}

#[test]
fn of_several_answers_the_one_that_was_asked_for_counts() {
    let world = world();
    let leaf = question(&world, "leaf", CertIdHash::Sha1);
    let other = question(&world, "other", CertIdHash::Sha1);
    let with = |more: &dyn Fn(&SingleResponse) -> Vec<SingleResponse>| {
        changed(&response(&world), |data| {
            data.responses = more(&data.responses[0]);
        })
    };
    let about_other = |one: &SingleResponse| {
        let mut single = one.clone();
        single.cert_id = asked(&other);
        single.cert_status = CertStatus::unknown();
        single
    };
    let beside = with(&|one| vec![about_other(one), one.clone()]);
    judged(&beside, &leaf).unwrap();
    assert_eq!(
        problem(judged(&beside, &other)),
        RevocationProblem::OcspUnknown
    );
    let none = with(&|_| Vec::new());
    let missing = RevocationProblem::OcspOtherCertificate;
    assert_eq!(problem(judged(&none, &leaf)), missing);
    // Two answers to one question: a bad one is enough, wherever it stands.
    for order in [[0, 1], [1, 0]] {
        let both = with(&|one| {
            let mut bad = one.clone();
            bad.cert_status = CertStatus::unknown();
            let two = [one.clone(), bad];
            order.map(|index| two[index].clone()).to_vec()
        });
        assert_eq!(
            problem(judged(&both, &leaf)),
            RevocationProblem::OcspUnknown
        );
        // Of two good ones the sooner end.
        let both = with(&|one| {
            let mut endless = one.clone();
            endless.next_update = None;
            endless.this_update =
                der::DateTime::from_unix_duration(Duration::from_secs(CLOCK.seconds()))
                    .unwrap()
                    .into();
            let two = [one.clone(), endless];
            order.map(|index| two[index].clone()).to_vec()
        });
        assert_eq!(judged(&both, &leaf).unwrap().next_update, None);
    }
}

#[test]
fn what_is_critical_and_not_understood_is_refused() {
    let world = world();
    let question = question(&world, "leaf", CertIdHash::Sha1);
    for (critical, is_taken) in [(false, true), (true, false)] {
        let of_all = changed(&response(&world), |data| {
            data.response_extensions = Some(vec![extension(critical)]);
        });
        let of_one = changed(&response(&world), |data| {
            data.responses[0].single_extensions = Some(vec![extension(critical)]);
        });
        for response in [of_all, of_one] {
            let result = judged(&response, &question);
            if is_taken {
                result.unwrap();
                continue;
            }
            let extension = "1.2.3.4".to_string();
            let expected = RevocationProblem::OcspExtension { extension };
            assert_eq!(problem(result), expected);
        }
    }
}

#[test]
fn a_response_of_another_type_is_none() {
    let world = world();
    let question = question(&world, "leaf", CertIdHash::Sha1);
    let whole = OcspResponse::from_der(&response(&world)).unwrap();
    let mut other = whole.clone();
    if let Some(bytes) = &mut other.response_bytes {
        bytes.response_type = ObjectIdentifier::new_unwrap("1.2.3.4");
    }
    let mut empty = whole.clone();
    empty.response_bytes = None;
    let mut longer = whole.to_der().unwrap();
    longer.push(0);
    for response in [other.to_der().unwrap(), empty.to_der().unwrap(), longer] {
        let problem = problem(judged(&response, &question));
        assert_eq!(problem, RevocationProblem::OcspUnreadable);
    }
}

/// A response has to be read before it is known who sent it.
#[test]
fn no_response_takes_more_memory_than_there_is() {
    let world = world();
    let other_world = signed_by("other");
    let other = response(&other_world);
    let question = question(&world, "leaf", CertIdHash::Sha1);
    let good = response(&world);
    let many = changed(&good, |data| {
        data.responses = vec![data.responses[0].clone(); 200];
        data.response_extensions = Some(vec![extension(false); 1000]);
    });
    let critical = changed(&good, |data| {
        data.response_extensions = Some(vec![extension(true); 1000]);
    });
    for (what, response, is_good) in [
        ("good", &good, true),
        ("many", &many, true),
        ("critical", &critical, false),
        ("no responder", &other, false),
    ] {
        assert!(judged(response, &question).is_ok() == is_good, "{what}");
        let mut told = [0; 2];
        let (checker, keys) = (Checker::new(Ocsp::new()), KeyPolicy::new());
        for memory in (0..48 * 1024).step_by(64) {
            let lookup = StatusLookup {
                check: &checker,
                keys: &keys,
                clock: CLOCK,
                means: &Signatures::good(),
            };
            let judged = || judge(response, &question, None, &lookup);
            let ran_out = match test_pki::small_heap::with(memory, judged) {
                Ok(_) => false,
                Err(Refusal::OutOfMemory) => true,
                // The TLS library's, which has a heap of its own on a device.
                Err(Refusal::RevocationUnknown { problem }) => {
                    problem == RevocationProblem::OutOfMemory
                }
                Err(other) => panic!("{other:?}"),
            };
            told[usize::from(ran_out)] += 1;
        }
        assert!(told[0] > 0 && told[1] > 0, "{what}: {told:?}");
    }
}

/// The peer had a hand in the length of what a request is made of.
#[test]
fn no_request_takes_more_memory_than_there_is() {
    let world = world();
    let shown = |depth, id| ShownCertificate {
        depth,
        der: world.certificate(id).unwrap().der.clone(),
    };
    let chain = [shown(1, "root"), shown(0, "leaf")];
    let url = HttpUrl::new("http://ocsp.test/").unwrap();
    let checker = Checker::new(Ocsp::new().with_responder(url));
    let keys = KeyPolicy::new();
    let mut told = [0; 2];
    for memory in (0..16 * 1024).step_by(16) {
        let lookup = StatusLookup {
            check: &checker,
            keys: &keys,
            clock: CLOCK,
            // Nobody is there to answer.
            means: &Signatures::good(),
        };
        let ran_out = test_pki::small_heap::with(memory, || {
            // With less than this nothing can be told of anything.
            if !room::is_there(room::to_judge(0)) {
                return true;
            }
            let refused = checker.check(&chain, &lookup).unwrap_err();
            refused.refusals[..] == [Refusal::OutOfMemory]
        });
        told[usize::from(ran_out)] += 1;
    }
    assert!(told[0] > 0 && told[1] > 0, "{told:?}");
}

/// Whatever is cut off or changed in a response, nothing panics, and only what does not
/// change the answer is taken.
#[test]
fn no_response_panics() {
    let world = world();
    let question = question(&world, "leaf", CertIdHash::Sha1);
    let response = response(&world);
    judged(&response, &question).unwrap();
    for end in 0..response.len() {
        let cut = judged(&response[..end], &question);
        assert_eq!(problem(cut), RevocationProblem::OcspUnreadable, "{end}");
    }
    let mut taken = 0;
    for place in 0..response.len() {
        for value in [response[place] ^ 1, response[place] ^ 0x20, 0, 0xFF] {
            let mut mutated = response.clone();
            mutated[place] = value;
            taken += u32::from(judged(&mutated, &question).is_ok());
            // A byte more, and one less.
            mutated.insert(place, value);
            let _ = judged(&mutated, &question);
            mutated.drain(place..place + 2);
            let _ = judged(&mutated, &question);
        }
    }
    // Signatures count for nothing here: what is not looked at may change.
    assert!(taken > 0);
    // Lengths that promise more than there is.
    for place in 0..response.len() {
        for length in [
            &[0x84, 0xFF, 0xFF, 0xFF, 0xFF][..],
            &[0x83, 1, 0, 0],
            &[0x80],
        ] {
            let mut mutated = response.clone();
            mutated.splice(place..=place, length.iter().copied());
            let _ = judged(&mutated, &question);
        }
    }
}
