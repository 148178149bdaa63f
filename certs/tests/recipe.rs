// SPDX-License-Identifier: Apache-2.0

//! Certificates from recipes, judged by `openssl verify`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Files, make};

/// One certificate chain root, inter, leaf; what differs is put in.
struct Case {
    root: &'static str,
    inter: &'static str,
    leaf: &'static str,
    /// More arguments of `openssl verify`.
    args: &'static str,
    /// What `openssl` says. `OK`: it accepts.
    says: &'static str,
}

const GOOD: Case = Case {
    root: "",
    inter: "",
    leaf: "",
    args: "",
    says: "OK",
};

const VERIFY: &str = "verify -no-CApath -no-CAstore -x509_strict -attime 1780000000 \
     -purpose sslserver -CAfile root.pem -untrusted inter.pem";

#[track_caller]
fn check(case: &Case) {
    let world = make(&format!(
        "[[certificate]]\nid = 'root'\n{}\n\
         [[certificate]]\nid = 'inter'\nissuer = 'root'\n{}\n\
         [[certificate]]\nid = 'leaf'\nissuer = 'inter'\n{}\n",
        case.root, case.inter, case.leaf
    ));
    let files = Files::new(&world, &["root", "inter", "leaf"]);
    let command = format!("{VERIFY} {} leaf.pem", case.args);
    if case.says == "OK" {
        files.accepts(&command);
    } else {
        files.refuses(&command, case.says);
    }
}

#[test]
fn the_defaults_are_good() {
    check(&GOOD);
    check(&Case {
        args: "-purpose sslclient -verify_hostname device.test -check_ss_sig",
        ..GOOD
    });
}

#[test]
fn every_kind_of_key_and_signature_is_valid() {
    // Level 0 lets weak keys and hashes pass: their signatures must be right.
    for (root, leaf) in [
        ("key='p384'", ""),
        ("key='p384'\nhash='sha256'", "hash='sha1'\nkey='p521'"),
        ("key='p521'\nhash='sha384'", "key='ed25519'"),
        ("hash='sha384'", "hash='sha512'"),
        ("key='ed25519'", "key='rsa2048'"),
        ("key='rsa2048'\nhash='sha512'", "key='rsa3072'"),
        ("key='rsa2048'\npss=true", ""),
        ("key='rsa2048'\npss=true\nhash='sha384'", ""),
        ("key='rsa2048'\nhash='sha1'", ""),
        ("key='rsa2048'\nhash='md5'", ""),
        ("key='rsa1024'", "key='rsa1024'"),
        ("key='rsa2048e3'", "hash='sha224'"),
        ("key='secp256k1'", "hash='sha224'\nkey='secp256k1'"),
    ] {
        let world = make(&format!(
            "[[certificate]]\nid = 'root'\n{root}\n\
             [[certificate]]\nid = 'leaf'\nissuer = 'root'\n{leaf}\n\
             [[certificate]]\nid = 'other'\n",
        ));
        let files = Files::new(&world, &["root", "leaf", "other"]);
        let verify = |more: &str| {
            format!("verify -auth_level 0 -check_ss_sig -no-CApath -no-CAstore {more} leaf.pem")
        };
        files.accepts(&verify("-CAfile root.pem"));
        files.refuses(&verify("-CAfile other.pem"), "unable to get local issuer");
        files.write("key.pem", &*world.key_pem("leaf").unwrap());
        let public = files.accepts("pkey -in key.pem -pubout");
        assert_eq!(files.accepts("x509 -in leaf.pem -noout -pubkey"), public);
    }
}

#[test]
fn weak_ones_are_weak_and_large_ones_large() {
    let text = |certificate: &str| {
        let world = make(&format!("[[certificate]]\nid = 'a'\n{certificate}"));
        Files::new(&world, &["a"]).accepts("x509 -in a.pem -noout -text")
    };
    for (certificate, says) in [
        ("key='rsa1024'", "Public-Key: (1024 bit)"),
        ("key='rsa4096'", "Public-Key: (4096 bit)"),
        ("key='rsa2048'\nhash='md5'", "md5WithRSAEncryption"),
        ("key='rsa2048'\nhash='sha1'", "sha1WithRSAEncryption"),
        ("key='rsa2048'\npss=true", "rsassaPss"),
        ("key='rsa2048e3'", "Exponent: 3 (0x3)"),
        ("key='rsa2048'\nhash='sha224'", "sha224WithRSAEncryption"),
        ("hash='sha224'", "ecdsa-with-SHA224"),
        ("key='secp256k1'", "ASN1 OID: secp256k1"),
        ("hash='sha1'", "ecdsa-with-SHA1"),
        ("key='p384'", "ecdsa-with-SHA384"),
        ("key='p384'", "secp384r1"),
    ] {
        let said = text(certificate);
        assert!(said.contains(says), "{certificate}: {said}");
    }
}

#[test]
fn dates() {
    for (leaf, says) in [
        ("not_after = 2025-06-01", "certificate has expired"),
        (
            "not_after = '2026-05-28T20:26:39Z'",
            "certificate has expired",
        ),
        ("not_after = '2026-05-28T20:26:41Z'", "OK"),
        ("not_before = 2030-01-01", "certificate is not yet valid"),
        (
            "not_before = 2030-01-01T00:00:00Z",
            "certificate is not yet valid",
        ),
        ("not_after = 2060-01-01", "OK"),
    ] {
        check(&Case { leaf, says, ..GOOD });
    }
    check(&Case {
        inter: "not_after = 2025-06-01",
        says: "error 10 at 1 depth",
        ..GOOD
    });
}

#[test]
fn names() {
    for (leaf, args, says) in [
        ("", "-verify_hostname device.test", "OK"),
        ("", "-verify_hostname other.test", "hostname mismatch"),
        ("san = ['DNS:*.a.test']", "-verify_hostname b.a.test", "OK"),
        ("san = ['IP:127.0.0.1']", "-verify_ip 127.0.0.1", "OK"),
        ("san = ['IP:::1']", "-verify_ip ::1", "OK"),
        ("san = ['IP:::2']", "-verify_ip ::1", "IP address mismatch"),
        ("san = ['email:a@b.test']", "-verify_email a@b.test", "OK"),
        ("san = []\ncn = 'a.test'", "-verify_hostname a.test", "OK"),
        (
            "san = ['DNS:b.test']\ncn = 'a.test'",
            "-verify_hostname a.test",
            "mismatch",
        ),
        ("cn = ''", "-verify_hostname device.test", "OK"),
    ] {
        check(&Case {
            leaf,
            args,
            says,
            ..GOOD
        });
    }
}

#[test]
fn chains_of_wrong_ones() {
    for (inter, leaf, says) in [
        ("ca = false", "", "invalid CA certificate"),
        ("ca = 'absent'", "", "invalid CA certificate"),
        ("v1 = true", "", "invalid CA certificate"),
        ("path_len = 0", "", "OK"),
        (
            "key_usage = ['cRLSign']",
            "",
            "does not include certificate signing",
        ),
        (
            "key_usage = []",
            "",
            "CA cert does not include key usage extension",
        ),
        (
            "ext_key_usage = ['clientAuth']",
            "",
            "unsuitable certificate purpose",
        ),
        (
            "",
            "ext_key_usage = ['clientAuth']",
            "unsuitable certificate purpose",
        ),
        (
            "",
            "ext_key_usage = ['any']",
            "unsuitable certificate purpose",
        ),
        ("", "ext_key_usage = []", "OK"),
        (
            "",
            "key_usage = ['keyCertSign']",
            "unsuitable certificate purpose",
        ),
        ("", "signed_by = 'root'", "certificate signature failure"),
        ("corrupt = 'signature'", "", "certificate signature failure"),
        ("", "corrupt = 'signature'", "certificate signature failure"),
        (
            "",
            "extensions = [{oid='1.2.3.4', critical=true}]",
            "unhandled critical extension",
        ),
        ("", "extensions = [{oid='1.2.3.4'}]", "OK"),
        ("key = 'rsa1024'", "", "OK"),
    ] {
        check(&Case {
            inter,
            leaf,
            says,
            ..GOOD
        });
    }
    check(&Case {
        root: "path_len = 0",
        says: "path length constraint exceeded",
        ..GOOD
    });
    check(&Case {
        inter: "key = 'rsa1024'",
        args: "-auth_level 2",
        says: "CA certificate key too weak",
        ..GOOD
    });
    check(&Case {
        root: "key = 'rsa2048'",
        inter: "hash = 'sha1'",
        args: "-auth_level 2",
        says: "CA signature digest algorithm too weak",
        ..GOOD
    });
}

#[test]
fn name_constraints() {
    for (constraints, leaf, says) in [
        ("permitted = ['DNS:device.test']", "", "OK"),
        (
            "permitted = ['DNS:other.test']",
            "",
            "permitted subtree violation",
        ),
        ("excluded = ['DNS:test']", "", "excluded subtree violation"),
        (
            "permitted = ['IP:10.0.0.0/8']",
            "san = ['IP:10.1.2.3']",
            "OK",
        ),
        (
            "permitted = ['IP:10.0.0.0/8']",
            "san = ['IP:11.1.2.3']",
            "permitted subtree violation",
        ),
        ("permitted = ['dirName:O=A']", "subject = ['O=A']", "OK"),
        (
            "permitted = ['dirName:O=A']",
            "subject = ['O=B']",
            "permitted subtree violation",
        ),
    ] {
        let inter = format!("name_constraints = {{ {constraints} }}").leak();
        check(&Case {
            inter,
            leaf,
            says,
            ..GOOD
        });
    }
}

/// The same intermediate, issued by two roots: cross-signed.
#[test]
fn the_same_key_and_subject_under_another_root() {
    let world = make(
        "certificate = [
            { id = 'root' }, { id = 'root2' },
            { id = 'inter', issuer = 'root' },
            { id = 'cross', issuer = 'root2', ca = true, same_key_as = 'inter', same_subject_as = 'inter' },
            { id = 'same-name', issuer = 'root2', ca = true, same_subject_as = 'inter' },
            { id = 'leaf', issuer = 'inter', no_key_ids = true },
        ]",
    );
    let ids = ["root", "root2", "inter", "cross", "same-name", "leaf"];
    let files = Files::new(&world, &ids);
    let verify = |root: &str, untrusted: &str| {
        format!(
            "verify -no-CApath -no-CAstore -CAfile {root}.pem -untrusted {untrusted}.pem leaf.pem"
        )
    };
    files.accepts(&verify("root", "inter"));
    files.accepts(&verify("root2", "cross"));
    files.refuses(
        &verify("root2", "inter"),
        "unable to get local issuer certificate",
    );
    files.refuses(&verify("root2", "same-name"), "signature failure");
}
