// SPDX-License-Identifier: Apache-2.0

//! CRLs from recipes, judged by `openssl`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Files, make};
use test_pki::recipe::World;

/// A chain of three, and a CRL of the intermediate with `crl` in it.
fn world(crl: &str) -> World {
    make(&format!(
        "certificate = [
            {{ id = 'root' }}, {{ id = 'inter', issuer = 'root' }},
            {{ id = 'leaf', issuer = 'inter' }}, {{ id = 'other', issuer = 'inter' }},
        ]
        crl = [{{ issuer = 'root' }}, {{ issuer = 'inter', {crl} }}]"
    ))
}

fn files(world: &World) -> Files {
    let files = Files::new(world, &["root", "inter", "leaf", "other"]);
    for id in ["root", "inter"] {
        let crl = world.crl(id).unwrap();
        files.write(&format!("{id}.crl"), &crl.pem);
        files.write(&format!("{id}.crl.der"), &crl.der);
    }
    files
}

const VERIFY: &str = "verify -no-CApath -no-CAstore -attime 1780000000 -CAfile root.pem \
     -untrusted inter.pem -CRLfile root.crl -CRLfile inter.crl";

#[test]
fn openssl_decides_as_described() {
    for (crl, says) in [
        ("", "OK"),
        ("revoked = [{ cert = 'leaf' }]", "certificate revoked"),
        ("revoked = [{ cert = 'other' }]", "OK"),
        ("revoked = [{ serial = '1234' }]", "OK"),
        (
            "many = 1000, revoked = [{ cert = 'leaf' }]",
            "certificate revoked",
        ),
        ("many = 1000", "OK"),
        ("bare = true", "OK"),
        (
            "bare = true, revoked = [{ cert = 'leaf', reason = 'keyCompromise' }]",
            "certificate revoked",
        ),
        ("next_update = 2025-06-01", "CRL has expired"),
        ("next_update = 'absent'", "OK"),
        ("this_update = 2030-01-01", "CRL is not yet valid"),
        ("signed_by = 'root'", "CRL signature failure"),
        ("corrupt = 'signature'", "CRL signature failure"),
        ("hash = 'sha512'", "OK"),
        ("extensions = [{ oid = '1.2.3.4' }]", "OK"),
        (
            "extensions = [{ oid = '1.2.3.4', critical = true }]",
            "unhandled critical CRL extension",
        ),
        ("only_user_certs = true", "OK"),
        ("only_ca_certs = true", "different CRL scope"),
        (
            "distribution_point = 'http://crl.test/a'",
            "different CRL scope",
        ),
        ("indirect = true", "unable to get certificate CRL"),
    ] {
        let files = files(&world(crl));
        for (check, command) in [("leaf", "-crl_check"), ("all", "-crl_check_all")] {
            let command = format!("{VERIFY} {command} leaf.pem");
            if says == "OK" {
                files.accepts(&command);
            } else {
                let (ok, said) = files.openssl(&command);
                assert!(
                    !ok && said.contains(says),
                    "{check}, {crl}: no `{says}` in {said}"
                );
            }
        }
    }
}

#[test]
fn an_intermediate_is_revoked_by_the_root() {
    let world = make(
        "certificate = [{ id = 'root' }, { id = 'inter', issuer = 'root' }, { id = 'leaf', issuer = 'inter' }]
        crl = [{ issuer = 'root', revoked = [{ cert = 'inter' }] }, { issuer = 'inter' }]",
    );
    let files = Files::new(&world, &["root", "inter", "leaf"]);
    for id in ["root", "inter"] {
        files.write(&format!("{id}.crl"), &world.crl(id).unwrap().pem);
    }
    files.accepts(&format!("{VERIFY} -crl_check leaf.pem"));
    files.refuses(
        &format!("{VERIFY} -crl_check_all leaf.pem"),
        "error 23 at 1 depth",
    );
}

#[test]
fn a_ca_without_crl_sign_may_not() {
    let world = make(
        "certificate = [{ id = 'root', key_usage = ['keyCertSign'] }, { id = 'leaf', issuer = 'root' }]
        crl = [{ issuer = 'root' }]",
    );
    let files = Files::new(&world, &["root", "leaf"]);
    files.write("root.crl", &world.crl("root").unwrap().pem);
    files.refuses(
        "verify -no-CApath -no-CAstore -CAfile root.pem -CRLfile root.crl -crl_check leaf.pem",
        "key usage does not include CRL signing",
    );
}

#[test]
fn signatures_and_contents_read_as_described() {
    let good = world(
        "number = 77, hash = 'sha384', indirect = true, only_user_certs = true,
         distribution_point = 'http://crl.test/a', revoked = [
            { cert = 'leaf', date = 2025-03-04, reason = 'superseded' },
            { serial = 'abcdef', certificate_issuer = 'root' }]",
    );
    let files = files(&good);
    // `openssl crl` does not fail on a wrong signature, it only says so.
    let verify = |ca: &str| {
        format!(
            "crl -inform DER -in inter.crl.der -noout -text -verify -no-CApath -no-CAstore -CAfile {ca}.pem"
        )
    };
    let said = files.accepts(&verify("inter"));
    for part in [
        "verify OK",
        "ecdsa-with-SHA384",
        "X509v3 CRL Number: \n                77",
        "Indirect CRL",
        "Only User Certificates",
        "URI:http://crl.test/a",
        "Revocation Date: Mar  4 00:00:00 2025 GMT",
        "Superseded",
        "Serial Number: ABCDEF",
        "X509v3 Certificate Issuer: critical",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    let delta = self::files(&world("delta = 5, number = 6"));
    let said = delta.accepts(&verify("inter"));
    assert!(
        said.contains("X509v3 Delta CRL Indicator: critical\n                5"),
        "{said}"
    );

    let forged = self::files(&world("corrupt = 'signature'"));
    let (_, said) = forged.openssl(&verify("inter"));
    assert!(said.contains("verify failure"), "{said}");
}

#[test]
fn size_follows_the_number_of_entries() {
    let [small, large] =
        ["many = 0", "many = 5000"].map(|many| world(many).crl("inter").unwrap().der.len());
    // A serial of 18 bytes, a date of 15, two more around them.
    assert_eq!((large - small) / 5000, 35);
}
