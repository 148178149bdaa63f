// SPDX-License-Identifier: Apache-2.0

//! Lists that may be anything: [`fuzzing::CRL`](crate::fuzzing::CRL).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::crl::{CertificateList, RevokedCert};

use super::list::Entry;
use super::{Crl, List};
use crate::credential::pem;
use crate::fuzzing::stands_in;
use crate::revocation::RevocationReason;
use crate::x509::{seconds, significant};

/// RFC 5280, section 5.3.1.
const REASON_CODE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");

pub(crate) fn run(data: &[u8]) {
    if let Ok(text) = core::str::from_utf8(data) {
        from_text(text);
    }
    let read = Crl::from_der(data.to_vec());
    let again = Crl::from_der(data.to_vec());
    assert_eq!(read.as_ref().err(), again.as_ref().err(), "read twice");
    if let Ok(crl) = read {
        taken(&crl);
    }
}

/// PEM is read as each list in it would be.
fn from_text(text: &str) {
    let (Ok(blocks), Ok(lists)) = (pem::revocation_lists(text), Crl::from_pem(text)) else {
        return;
    };
    assert_eq!(blocks.len(), lists.len());
    for (block, list) in blocks.iter().zip(&lists) {
        assert_eq!(block, list.as_der());
        taken(list);
    }
}

/// What holds of a list that was taken.
fn taken(crl: &Crl) {
    let der = crl.as_der();
    let list = crl.list().expect("it was read before");
    assert_eq!(list.this_update, crl.this_update());
    assert_eq!(list.next_update, Some(crl.next_update()));
    assert!(!crl.is_stale(crl.next_update()), "its last second counts");
    let algorithm = list.algorithm().expect("it was read before");
    for part in [list.body, list.signature, list.issuer] {
        assert!(stands_in(part, der), "nothing is made up");
    }
    if let Some(number) = list.number() {
        assert!(stands_in(number, der), "nor is this");
    }
    // Whoever shows it must not panic either.
    let _ = alloc::format!("{crl:?} {algorithm}");
    if let Ok(other) = CertificateList::from_der(der) {
        agrees(&list, &other);
    }
}

/// `x509-cert` knows nothing of our walk, and says the same of every entry.
fn agrees(list: &List<'_>, other: &CertificateList) {
    let body = &other.tbs_cert_list;
    assert_eq!(list.this_update, seconds(&body.this_update));
    assert_eq!(list.next_update, body.next_update.as_ref().map(seconds));
    assert_eq!(
        Ok(list.issuer.len()),
        body.issuer.to_der().map(|der| der.len())
    );
    // Of two entries with one number the first is found.
    let mut entries: BTreeMap<Vec<u8>, &RevokedCert> = BTreeMap::new();
    for entry in body.revoked_certificates.iter().flatten() {
        let number = significant(entry.serial_number.as_bytes()).to_vec();
        entries.entry(number).or_insert(entry);
    }
    let find = |number: &[u8]| list.find(number).expect("every entry was read before");
    for (number, entry) in &entries {
        let expected = Entry {
            at: seconds(&entry.revocation_date),
            reason: reason(entry),
        };
        assert_eq!(find(number), Some(expected), "{number:x?}");
        let padded = [&[0][..], number].concat();
        assert_eq!(find(&padded), Some(expected), "{number:x?} with a zero");
        for neighbour in neighbours(number) {
            let is_listed = entries.contains_key(significant(&neighbour));
            assert_eq!(find(&neighbour).is_some(), is_listed, "{neighbour:x?}");
        }
    }
    assert_eq!(find(&[]).is_some(), entries.contains_key(&[][..]), "zero");
}

/// Numbers that are almost this one.
fn neighbours(number: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if let Some((last, before)) = number.split_last() {
        found.push(before.to_vec());
        found.push([before, &[last ^ 1]].concat());
    }
    found.push([number, &[0]].concat());
    found
}

/// What the entry says why, as another parser has it.
fn reason(entry: &RevokedCert) -> Option<RevocationReason> {
    let extensions = entry.crl_entry_extensions.iter().flatten();
    let value = extensions
        .filter(|extension| extension.extn_id == REASON_CODE)
        .map(|extension| extension.extn_value.as_bytes())
        .next()?;
    let [_, _, code] = value else {
        panic!("a reason that is no single ENUMERATED was taken: {value:x?}");
    };
    Some(RevocationReason::from_code(*code))
}
