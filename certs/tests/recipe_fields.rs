// SPDX-License-Identifier: Apache-2.0

//! What recipes say, and what is wrong with some.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Files, make};
use test_pki::recipe::{Ca, CertificateRecipe, Recipe};

#[test]
fn everything_else_reads_as_described() {
    let world = make(
        "[[certificate]]
        id = 'a'
        subject = ['C=DE', 'O=Example']
        cn = 'a, b'
        serial = '01:ff'
        crl_points = ['http://crl.test/a']
        ocsp = ['http://ocsp.test']
        ca_issuers = ['http://ca.test/c']
        ext_key_usage = ['OCSPSigning', '1.2.3.4']
        key_usage = ['digitalSignature', 'nonRepudiation']
        ocsp_no_check = true
        san = ['URI:urn:x:1', 'DNS:a.test', 'dirName:CN=x']",
    );
    let said = Files::new(&world, &["a"]).accepts("x509 -in a.pem -noout -text");
    // Versions of `openssl` differ here.
    let said = said
        .replace(" = ", "=")
        .replace("DirName:CN", "DirName:/CN");
    for part in [
        "Subject: C=DE, O=Example, CN=\"a, b\"",
        "Serial Number: 511 (0x1ff)",
        "URI:http://crl.test/a",
        "OCSP - URI:http://ocsp.test",
        "CA Issuers - URI:http://ca.test/c",
        "OCSP Signing, 1.2.3.4",
        "Digital Signature, Non Repudiation",
        "OCSP No Check",
        "URI:urn:x:1, DNS:a.test, DirName:/CN=x",
        "CA:FALSE",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    assert_eq!(world.validity("a").unwrap(), [1_735_689_600, 2_051_222_400]);
}

#[test]
fn a_recipe_in_code_is_the_same() {
    let recipe = Recipe {
        certificates: vec![
            CertificateRecipe::new("root"),
            CertificateRecipe {
                ca: Some(Ca::True),
                ..CertificateRecipe::issued_by("leaf", "root")
            },
        ],
        ..Recipe::default()
    };
    let world = recipe.make().unwrap();
    let credential = world.credential(&["leaf", "root"]).unwrap();
    assert_eq!(
        credential.chain_der[1],
        world.certificate("root").unwrap().der
    );
    assert_eq!(credential.chain_pem.matches("BEGIN").count(), 2);
    let said = Files::new(&world, &["leaf"]).accepts("x509 -in leaf.pem -noout -text");
    assert!(said.contains("CA:TRUE"), "{said}");
}

#[test]
fn mistakes_are_named() {
    let refused = |toml: &str, parts: &[&str]| {
        let made = Recipe::from_toml(toml).and_then(|recipe| recipe.make());
        let said = made
            .err()
            .unwrap_or_else(|| panic!("accepted: {toml}"))
            .to_string();
        for part in parts {
            assert!(said.contains(part), "no `{part}` in: {said}");
        }
    };
    refused(
        "certificate = [{id='a', colour='red'}]",
        &["certificate `a`", "colour"],
    );
    refused(
        "certificate = [{id='a'}, {ca=true}]",
        &["entry 2", "missing field `id`"],
    );
    refused(
        "certificate = [{id='a', key='dsa'}]",
        &["certificate `a`", "dsa", "p256"],
    );
    refused(
        "certificate = [{id='a', issuer='b'}]",
        &["certificate `a`", "issuer", "b"],
    );
    refused(
        "certificate = [{id='a'}, {id='a'}]",
        &["certificate `a`", "two"],
    );
    refused(
        "certificate = [{id='a', not_after='soon'}]",
        &["certificate `a`", "soon"],
    );
    refused(
        "certificate = [{id='a', key_usage=['sign']}]",
        &["`a`", "sign", "keyCertSign"],
    );
    refused(
        "certificate = [{id='a', ocsp=['{responder}']}]",
        &["certificate `a`", "serve"],
    );
    refused(
        "certificate = [{id='a', hash='md5'}]",
        &["certificate `a`", "ECDSA"],
    );
    refused(
        "certificate = [{id='a', pss=true}]",
        &["certificate `a`", "RSA"],
    );
    refused(
        "certificate = [{id='a', same_key_as='b'}, {id='b', same_key_as='a'}]",
        &["circle"],
    );
    refused(
        "certificate = [{id='a', serial=-1}]",
        &["certificate `a`", "serial"],
    );
    refused("crl = [{issuer='a', x=1}]", &["CRL of `a`", "x"]);
    refused("crl = [{issuer='a'}]", &["CRL `a`", "not in the recipe"]);
    refused(
        "ocsp = [{for='a', status='bad'}]",
        &["OCSP answer for `a`", "bad"],
    );
    refused(
        "ocsp = [{for='a'}]",
        &["OCSP answer for `a`", "not in the recipe"],
    );
    refused("certificates = []", &["certificates"]);
}

/// The example in the README is a recipe.
#[test]
fn the_readme_is_right() {
    let readme = include_str!("../README.md");
    let example = readme.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let (world, responder) = Recipe::from_toml(example).unwrap().serve().unwrap();
    let files = Files::new(&world, &["root", "inter", "leaf", "forged"]);
    let verify =
        "verify -no-CApath -no-CAstore -attime 1740000000 -CAfile root.pem -untrusted inter.pem";
    files.accepts(&format!("{verify} -verify_hostname a.test leaf.pem"));
    files.refuses(&format!("{verify} forged.pem"), "signature failure");
    let said = files.accepts("x509 -in inter.pem -noout -text");
    assert!(
        said.contains(&format!("URI:{}/crl/root", responder.url())),
        "{said}"
    );
    files.write("root.crl", &world.crl("root").unwrap().pem);
    let verify = format!("{verify} -crl_check_all -CRLfile root.crl inter.pem");
    files.refuses(&verify, "certificate revoked");
}
