// SPDX-License-Identifier: Apache-2.0

//! Texts that may be anything: [`fuzzing::PEM`](crate::fuzzing::PEM).

use alloc::string::String;
use alloc::vec::Vec;

use pem_rfc7468::{LineEnding, encode_string};

use super::{certificates, private_key, revocation_lists};
use crate::credential::{CaCertificate, CredentialError, CredentialKind};

const KIND: CredentialKind = CredentialKind::CaCertificate;

pub(crate) fn run(data: &[u8]) {
    // As it is, and where that is no text, as far as it is.
    decodes(&String::from_utf8_lossy(data));
    encoded(data);
}

fn decodes(text: &str) {
    let found = certificates(text, KIND);
    assert_eq!(found, certificates(text, KIND), "read twice");
    let lists = revocation_lists(text);
    assert_eq!(lists, revocation_lists(text), "read twice");
    let key = private_key(text).map(|key| key.to_vec());
    assert_eq!(key, private_key(text).map(|key| key.to_vec()), "read twice");

    for (label, blocks) in [("CERTIFICATE", &found), ("X509 CRL", &lists)] {
        let Ok(blocks) = blocks else { continue };
        assert!(!blocks.is_empty());
        let bytes: usize = blocks.iter().map(Vec::len).sum();
        assert!(bytes <= text.len() / 4 * 3, "three bytes take four letters");
        let again: String = blocks.iter().map(|block| block_of(label, block)).collect();
        let read = match label {
            "CERTIFICATE" => certificates(&again, KIND),
            _ => revocation_lists(&again),
        };
        assert_eq!(read.as_ref(), Ok(blocks), "written and read again");
    }
    if let Ok(key) = key {
        let again = private_key(&block_of("PRIVATE KEY", &key)).map(|key| key.to_vec());
        assert_eq!(again, Ok(key), "written and read again");
    }
    let taken = CaCertificate::from_pem(text);
    let expected = found.and_then(|blocks| {
        let certificates = blocks.into_iter().map(CaCertificate::from_der);
        certificates.collect::<Result<Vec<_>, _>>()
    });
    let ders = |taken: Result<Vec<CaCertificate>, CredentialError>| {
        taken.map(|all| {
            all.iter()
                .map(|one| one.as_der().to_vec())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(ders(taken), ders(expected), "as each would be by itself");
}

fn block_of(label: &'static str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).expect("it fits into memory")
}

/// Any bytes come back from their PEM, whatever stands around it.
fn encoded(data: &[u8]) {
    let own = block_of("CERTIFICATE", data);
    let key = block_of("PRIVATE KEY", b"key");
    let list = block_of("X509 CRL", data);
    let text = alloc::format!("# mine\n{own}\n{key}subject=O = x\r\n{list}{own}");
    // An empty block is not PEM.
    if data.is_empty() {
        return;
    }
    let expected = Ok([data, data].map(<[u8]>::to_vec).to_vec());
    assert_eq!(certificates(&text, KIND), expected);
    assert_eq!(revocation_lists(&text), Ok([data.to_vec()].to_vec()));
    assert_eq!(
        private_key(&text).map(|key| key.to_vec()),
        Ok(b"key".to_vec())
    );
    let crlf = encode_string("CERTIFICATE", LineEnding::CRLF, data).expect("it fits");
    assert_eq!(certificates(&crlf, KIND), Ok([data.to_vec()].to_vec()));
}
