// SPDX-License-Identifier: Apache-2.0

use super::list::Entry;
use super::*;
use crate::revocation::RevocationReason;
use crate::x509::Hash;
use der::Decode as _;
use std::format;
use std::string::ToString as _;
use std::vec;
use x509_cert::crl::CertificateList;

/// ecdsa-with-SHA256 (RFC 5758, section 3.2).
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// sha1WithRSAEncryption (RFC 3279, section 2.2.1).
const RSA_SHA1: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
/// Ed25519 (RFC 8410, section 3).
const ED25519: &[u8] = b"\x30\x05\x06\x03\x2b\x65\x70";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0A;

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match value.len() {
        length @ 0..0x80 => der.push(length as u8),
        length @ 0x80..0x100 => der.extend([0x81, length as u8]),
        length => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend_from_slice(value);
    der
}

fn extension(id: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let mut fields = tlv(0x06, id);
    if is_critical {
        fields.extend(tlv(0x01, &[0xFF]));
    }
    fields.extend(tlv(OCTETS, value));
    tlv(SEQUENCE, &fields)
}

/// id-ce (RFC 5280, section 4.2.1).
fn id_ce(number: u8) -> [u8; 3] {
    [0x55, 0x1D, number]
}

fn time(text: &str) -> Vec<u8> {
    tlv(if text.len() == 13 { 0x17 } else { 0x18 }, text.as_bytes())
}

fn name(common_name: &str) -> Vec<u8> {
    let value = tlv(0x0C, common_name.as_bytes());
    let attribute = tlv(
        SEQUENCE,
        &[&tlv(0x06, b"\x55\x04\x03")[..], &value].concat(),
    );
    tlv(SEQUENCE, &tlv(0x31, &attribute))
}

fn entry(serial: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut fields = [tlv(INTEGER, serial), time("260102030405Z")].concat();
    if !extensions.is_empty() {
        fields.extend(tlv(SEQUENCE, &extensions.concat()));
    }
    tlv(SEQUENCE, &fields)
}

fn reason(code: u8) -> Vec<u8> {
    extension(&id_ce(21), false, &tlv(ENUMERATED, &[code]))
}

/// A list, and what to change in it.
#[derive(Clone)]
struct Recipe {
    version: Option<u8>,
    issuer: Vec<u8>,
    algorithms: [Vec<u8>; 2],
    times: Vec<Vec<u8>>,
    entries: Option<Vec<Vec<u8>>>,
    extensions: Option<Vec<Vec<u8>>>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            version: Some(1),
            issuer: name("Some CA"),
            algorithms: [ECDSA_SHA256.to_vec(), ECDSA_SHA256.to_vec()],
            times: vec![time("260101000000Z"), time("20260201000000Z")],
            entries: Some(vec![
                entry(&[1], &[]),
                entry(&[0x00, 0x80], &[reason(1)]),
                entry(&[0x7F; 20], &[reason(6)]),
            ]),
            extensions: Some(vec![extension(&id_ce(20), false, &tlv(INTEGER, &[7]))]),
        }
    }
}

impl Recipe {
    fn der(&self) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(version) = self.version {
            body.extend(tlv(INTEGER, &[version]));
        }
        body.extend(&self.algorithms[0]);
        body.extend(&self.issuer);
        body.extend(self.times.concat());
        if let Some(entries) = &self.entries {
            body.extend(tlv(SEQUENCE, &entries.concat()));
        }
        if let Some(extensions) = &self.extensions {
            body.extend(tlv(0xA0, &tlv(SEQUENCE, &extensions.concat())));
        }
        let body = tlv(SEQUENCE, &body);
        let signature = tlv(0x03, b"\0signature");
        tlv(
            SEQUENCE,
            &[&body[..], &self.algorithms[1], &signature].concat(),
        )
    }

    fn load(&self) -> Result<Crl, CredentialError> {
        Crl::from_der(self.der())
    }

    /// With one more extension.
    fn extended(number: u8, is_critical: bool, value: &[u8]) -> Self {
        let mut recipe = Self::default();
        recipe.extensions.get_or_insert_default().push(extension(
            &id_ce(number),
            is_critical,
            value,
        ));
        recipe
    }

    /// With one more entry, which has these extensions.
    fn with_entry(extensions: &[Vec<u8>]) -> Self {
        let mut recipe = Self::default();
        recipe
            .entries
            .get_or_insert_default()
            .push(entry(&[9], extensions));
        recipe
    }
}

/// What a list says of a number.
fn find(crl: &Crl, serial: &[u8]) -> Option<Entry> {
    crl.list().unwrap().find(serial).unwrap()
}

mod fetching;
mod looking_up;

#[test]
fn a_list_says_who_when_and_whom() {
    let crl = Recipe::default().load().unwrap();
    assert_eq!(crl.issuer(), "CN=Some CA");
    assert_eq!(crl.this_update().to_string(), "2026-01-01");
    assert_eq!(crl.next_update().to_string(), "2026-02-01");
    let at = UnixTime::from_seconds(1_767_323_045);
    assert_eq!(find(&crl, &[1]), Some(Entry { at, reason: None }));
    assert_eq!(
        find(&crl, &[0x80]),
        Some(Entry {
            at,
            reason: Some(RevocationReason::KeyCompromise)
        })
    );
    assert_eq!(
        find(&crl, &[0x7F; 20]).and_then(|entry| entry.reason),
        Some(RevocationReason::CertificateHold),
        "on hold is revoked"
    );
    for other in [&[][..], &[2], &[1, 0], &[0x7F; 19], &[0x7F; 21], &[0x80, 0]] {
        assert_eq!(find(&crl, other), None, "{other:x?}");
    }
}

#[test]
fn a_number_is_the_same_however_it_is_encoded() {
    let recipe = Recipe {
        entries: Some(vec![
            entry(&[0xFF; 20], &[]),
            entry(&[0, 0, 5], &[]),
            entry(&[0], &[]),
        ]),
        ..Recipe::default()
    };
    let crl = recipe.load().unwrap();
    // What is encoded as negative was meant to be positive (RFC 5280, section 4.1.2.2).
    assert!(find(&crl, &[&[0][..], &[0xFF; 20]].concat()).is_some());
    assert!(find(&crl, &[0xFF; 20]).is_some());
    assert!(find(&crl, &[5]).is_some());
    assert!(find(&crl, &[0, 5]).is_some());
    assert!(find(&crl, &[]).is_some(), "zero");
    assert!(find(&crl, &[6]).is_none());
}

#[test]
fn lists_of_version_1_and_lists_without_entries_are_read() {
    let mut recipe = Recipe {
        version: None,
        entries: Some(vec![entry(&[3], &[])]),
        extensions: None,
        ..Recipe::default()
    };
    let crl = recipe.load().unwrap();
    assert!(find(&crl, &[3]).is_some());
    // Version 1 has no extensions.
    recipe.extensions = Some(Vec::new());
    assert_eq!(
        recipe.load().err(),
        Some(CredentialError::Der(CredentialKind::Crl))
    );
    recipe.extensions = None;
    recipe.entries = Some(vec![entry(&[3], &[reason(1)])]);
    assert_eq!(
        recipe.load().err(),
        Some(CredentialError::Der(CredentialKind::Crl))
    );

    for entries in [None, Some(Vec::new())] {
        let recipe = Recipe {
            entries,
            ..Recipe::default()
        };
        assert_eq!(find(&recipe.load().unwrap(), &[1]), None);
    }
}

#[test]
fn what_is_no_list_is_refused() {
    const MALFORMED: CredentialError = CredentialError::Der(CredentialKind::Crl);
    let good = Recipe::default();
    let mut longer = good.der();
    longer.push(0);
    let with_entries = |entries| {
        let recipe = Recipe {
            entries: Some(entries),
            ..Recipe::default()
        };
        recipe.der()
    };
    let bare = |fields: &[Vec<u8>]| with_entries(vec![tlv(SEQUENCE, &fields.concat())]);
    let cases = [
        longer,
        b"\x30\x00".to_vec(),
        b"-----BEGIN X509 CRL-----".to_vec(),
        // Versions other than 1 and 2.
        Recipe {
            version: Some(0),
            ..good.clone()
        }
        .der(),
        Recipe {
            version: Some(2),
            ..good.clone()
        }
        .der(),
        // Without thisUpdate, and with a date that is none.
        Recipe {
            times: Vec::new(),
            ..good.clone()
        }
        .der(),
        Recipe {
            times: vec![time("261301000000Z"), time("270101000000Z")],
            ..good.clone()
        }
        .der(),
        // An entry without a date, with an empty number, with more than belongs to it,
        // and one that is no sequence.
        bare(&[tlv(INTEGER, &[1])]),
        bare(&[tlv(INTEGER, &[]), time("260101000000Z")]),
        bare(&[
            tlv(INTEGER, &[1]),
            time("260101000000Z"),
            tlv(INTEGER, &[1]),
        ]),
        with_entries(vec![tlv(INTEGER, &[1])]),
        // Reasons that are no single ENUMERATED.
        Recipe::with_entry(&[extension(&id_ce(21), false, &tlv(INTEGER, &[1]))]).der(),
        Recipe::with_entry(&[extension(&id_ce(21), false, &tlv(ENUMERATED, &[1, 2]))]).der(),
        // An issuingDistributionPoint that is none.
        Recipe::extended(28, true, &tlv(INTEGER, &[1])).der(),
        Recipe::extended(28, true, &tlv(SEQUENCE, &tlv(INTEGER, &[1]))).der(),
        Recipe::extended(28, true, &tlv(SEQUENCE, &tlv(0x86, &[1]))).der(),
    ];
    for der in cases {
        assert_eq!(
            Crl::from_der(der.clone()).err(),
            Some(MALFORMED),
            "{der:x?}"
        );
    }
    assert_eq!(
        Crl::from_der(Vec::new()).err(),
        Some(CredentialError::Empty(CredentialKind::Crl))
    );
}

#[test]
fn what_leaves_something_out_is_refused_by_name() {
    let point = |fields: &[Vec<u8>]| tlv(SEQUENCE, &fields.concat());
    let uri = tlv(0xA0, &tlv(0xA0, &tlv(0x86, b"http://ca.test/1.crl")));
    let flag = |number: u8| tlv(0x80 | number, &[0xFF]);
    let with_point = |fields: &[Vec<u8>]| Recipe::extended(28, true, &point(fields));
    let unknown = extension(&[0x2A, 0x03, 0x04], true, &[]);
    let strange = Recipe {
        extensions: Some(vec![unknown.clone()]),
        ..Recipe::default()
    };
    let cases = [
        (
            Recipe::extended(27, true, &tlv(INTEGER, &[1])),
            "is a delta list (deltaCRLIndicator)",
        ),
        (
            Recipe::extended(27, false, &tlv(INTEGER, &[1])),
            "is a delta list (deltaCRLIndicator)",
        ),
        (with_point(&[flag(4)]), "indirectCRL"),
        (with_point(&[uri.clone(), flag(4)]), "indirectCRL"),
        (with_point(&[uri]), "has distributionPoint"),
        (with_point(&[flag(1)]), "has onlyContainsUserCerts"),
        (with_point(&[flag(2)]), "has onlyContainsCACerts"),
        (with_point(&[tlv(0x83, b"\x06\x40")]), "has onlySomeReasons"),
        (with_point(&[flag(5)]), "has onlyContainsAttributeCerts"),
        (
            Recipe::extended(28, false, &point(&[flag(1)])),
            "has onlyContainsUserCerts",
        ),
        (strange, "has the critical extension 1.2.3.4"),
        (
            Recipe::with_entry(&[unknown]),
            "has an entry with the critical extension 1.2.3.4",
        ),
        (
            Recipe::with_entry(&[extension(
                &id_ce(29),
                true,
                &tlv(SEQUENCE, &tlv(0xA4, &name("Other CA"))),
            )]),
            "certificates of other issuers",
        ),
        (Recipe::with_entry(&[reason(8)]), "removeFromCRL"),
        (
            Recipe {
                times: vec![time("260101000000Z")],
                ..Recipe::default()
            },
            "has no nextUpdate",
        ),
        (
            Recipe {
                algorithms: [ECDSA_SHA256.to_vec(), RSA_SHA1.to_vec()],
                ..Recipe::default()
            },
            "says in two places how it is signed",
        ),
        (
            Recipe {
                algorithms: [RSA_SHA1.to_vec(), RSA_SHA1.to_vec()],
                ..Recipe::default()
            },
            "is signed over SHA-1, which can be forged",
        ),
        (
            Recipe {
                algorithms: [ED25519.to_vec(), ED25519.to_vec()],
                ..Recipe::default()
            },
            "is signed with algorithm 1.3.101.112",
        ),
    ];
    let mut sentences = Vec::new();
    for (recipe, words) in cases {
        let Err(error @ CredentialError::Crl(_)) = recipe.load() else {
            panic!("{words}: {:?}", recipe.load());
        };
        let sentence = error.to_string();
        assert!(sentence.contains(words), "no {words:?} in {sentence:?}");
        assert!(sentence.contains(": "), "no way out in {sentence:?}");
        sentences.push(sentence);
    }
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 14);
    assert_eq!(
        Recipe {
            algorithms: [RSA_SHA1.to_vec(), RSA_SHA1.to_vec()],
            ..Recipe::default()
        }
        .load()
        .err(),
        Some(CrlError::WeakHash(Hash::Sha1).into())
    );
}

#[test]
fn what_changes_nothing_about_who_is_revoked_is_taken() {
    for recipe in [
        // What is not critical and not known.
        Recipe::extended(99, false, &[1, 2, 3]),
        // A number, an authority's key, other names, critical or not.
        Recipe::extended(20, true, &tlv(INTEGER, &[1])),
        Recipe::extended(35, false, &tlv(SEQUENCE, &[])),
        Recipe::extended(18, true, &tlv(SEQUENCE, &[])),
        // An issuingDistributionPoint that sets nothing.
        Recipe::extended(28, true, &tlv(SEQUENCE, &[])),
        Recipe::extended(28, true, &tlv(SEQUENCE, &tlv(0x81, &[0]))),
        // When the key may have got known, and a reason without a name.
        Recipe::with_entry(&[extension(&id_ce(24), true, &time("20251231000000Z"))]),
        Recipe::with_entry(&[extension(&id_ce(99), false, &[])]),
        Recipe::with_entry(&[reason(7)]),
    ] {
        let crl = recipe.load().unwrap();
        assert!(find(&crl, &[1]).is_some());
    }
    let crl = Recipe::with_entry(&[reason(7)]).load().unwrap();
    let reason = find(&crl, &[9]).and_then(|entry| entry.reason);
    assert_eq!(reason, Some(RevocationReason::Other(7)));
}

#[test]
fn pem_and_der_of_one_list_are_the_same() {
    let der = Recipe::default().der();
    let pem = pem_rfc7468::encode_string("X509 CRL", pem_rfc7468::LineEnding::LF, &der).unwrap();
    let twice = format!("# two of them\n{pem}{pem}");
    let lists = Crl::from_pem(&twice).unwrap();
    assert_eq!(lists.len(), 2);
    assert!(lists.iter().all(|list| list.as_der() == der));
    let kind = CredentialKind::Crl;
    for (text, error) in [
        ("", CredentialError::Empty(kind)),
        ("no PEM at all", CredentialError::Pem(kind)),
        (
            &*pem.replace("X509 CRL", "CERTIFICATE"),
            CredentialError::PemLabel(kind),
        ),
        (&*pem.replace("END X509", "END"), CredentialError::Pem(kind)),
    ] {
        assert_eq!(Crl::from_pem(text).err(), Some(error), "{text}");
    }
}

/// Part of the program: nothing of it is copied.
#[test]
fn a_static_list_is_not_copied() {
    let der: &'static [u8] = std::boxed::Box::leak(Recipe::default().der().into_boxed_slice());
    let crl = Crl::from_der(der).unwrap();
    assert!(core::ptr::eq(crl.as_der(), der));
    assert!(core::ptr::eq(crl.clone().as_der(), der));
}

/// Every kind of element that is looked at, for mutations to hit.
fn rich() -> Recipe {
    let mut recipe = Recipe::extended(28, true, &tlv(SEQUENCE, &tlv(0x81, &[0])));
    let date = extension(&id_ce(24), true, &time("20251231000000Z"));
    let mut entries = recipe.entries.take().unwrap();
    entries.extend([entry(&[0x11; 8], &[reason(4), date]), entry(&[0xEE], &[])]);
    recipe.entries = Some(entries);
    recipe
}

/// Loads what may be anything, and asks it; returns whether it was taken.
///
/// What `x509-cert`, which knows nothing of our walk, reads as well must say the same of
/// every entry.
fn survive(der: &[u8]) -> bool {
    let Ok(crl) = Crl::from_der(der.to_vec()) else {
        return false;
    };
    let list = crl.list().expect("it was read before");
    for serial in [&[][..], &[1], &[0x80], &[0x7F; 20], &[0xEE], &[0x42]] {
        let _ = list.find(serial).expect("every entry was read before");
    }
    let _ = (crl.issuer(), format!("{crl:?}"));
    if let Ok(other) = CertificateList::from_der(der) {
        let body = other.tbs_cert_list;
        assert_eq!(crl.this_update, crate::x509::seconds(&body.this_update));
        for entry in body.revoked_certificates.into_iter().flatten() {
            let found = list.find(entry.serial_number.as_bytes()).unwrap();
            assert!(found.is_some(), "{der:x?}");
        }
    }
    true
}

#[test]
fn no_input_panics() {
    let der = rich().der();
    assert!(survive(&der));
    for end in 0..der.len() {
        assert!(!survive(&der[..end]), "cut at {end}");
    }
    let (mut taken, mut refused) = (0, 0);
    let mut count = |is_taken| *(if is_taken { &mut taken } else { &mut refused }) += 1;
    // Every byte, made each of those that matter to DER.
    for place in 0..der.len() {
        for byte in [
            0, 1, 2, 3, 4, 6, 0x0A, 0x17, 0x18, 0x1F, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x82, 0x84,
            0xA0, 0xFF,
        ] {
            let mut changed = der.clone();
            changed[place] = byte;
            count(survive(&changed));
        }
        let mut shorter = der.clone();
        shorter.remove(place);
        count(survive(&shorter));
    }
    // Several at once. The numbers are those of every run (SplitMix64).
    let mut state = 0x5EED_u64;
    let mut random = |below: usize| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below as u64) as usize
    };
    for _ in 0..20_000 {
        let mut changed = der.clone();
        for _ in 0..=random(3) {
            let place = random(changed.len());
            match random(4) {
                0 => changed.truncate(place + 1),
                1 => changed.insert(place, random(256) as u8),
                2 => {
                    let other = random(changed.len());
                    changed.copy_within(other.., other.min(place));
                }
                _ => changed[place] = random(256) as u8,
            }
        }
        count(survive(&changed));
    }
    // Both ends of it were reached: what is changed is not always refused.
    assert!(taken > 1000 && refused > 1000, "{taken} {refused}");
}

/// A list of a size that no device takes is walked in bounded time, and not on the stack.
#[test]
fn a_long_list_is_walked_to_its_end() {
    let entries: Vec<_> = (1..=1_000_u32)
        .map(|number| entry(&(number | 0x0100_0000).to_be_bytes(), &[]))
        .collect();
    let recipe = Recipe {
        entries: Some(entries),
        ..Recipe::default()
    };
    let crl = recipe.load().unwrap();
    assert!(find(&crl, &[1, 0, 3, 0xE8]).is_some());
    assert!(find(&crl, &[1, 0, 3, 0xE9]).is_none());
}
