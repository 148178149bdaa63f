// SPDX-License-Identifier: Apache-2.0

//! What `openssl` says about the files. It must be installed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, Weak};
use std::{fs, sync::Arc};
use tempfile::TempDir;
use test_pki::{KeyKind, Leaf, Role};

/// One set of files for all tests that run at the same time; the last one to
/// finish removes it.
fn files() -> Arc<TempDir> {
    static FILES: LazyLock<Mutex<Weak<TempDir>>> = LazyLock::new(Mutex::default);
    // A failed test does not make the files bad.
    let mut shared = FILES.lock().unwrap_or_else(|e| e.into_inner());
    shared.upgrade().unwrap_or_else(|| {
        let dir = Arc::new(TempDir::new().unwrap());
        test_pki::write(dir.path()).unwrap();
        *shared = Arc::downgrade(&dir);
        dir
    })
}

fn families(files: &TempDir) -> [(KeyKind, PathBuf); 2] {
    KeyKind::ALL.map(|kind| (kind, files.path().join(kind.dir_name())))
}

/// Runs `openssl` in `dir`: whether it succeeded, and all it said.
fn openssl(dir: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("openssl")
        .args(args)
        .current_dir(dir)
        .output()
        .expect("these tests need the openssl command line tool");
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.success(), said)
}

/// What `openssl` printed; it must succeed.
fn stdout(dir: &Path, args: &[&str]) -> String {
    let (ok, said) = openssl(dir, args);
    assert!(ok, "{args:?}: {said}");
    said
}

/// `openssl verify` with `root` as the only trusted certificate.
fn verify(dir: &Path, root: &str, args: &[&str]) -> (bool, String) {
    let mut all = vec!["verify", "-no-CApath", "-no-CAstore", "-CAfile", root];
    all.extend(args);
    openssl(dir, &all)
}

/// Verifies a leaf just as a peer would that got `<stem>.pem`.
fn verify_as_sent(dir: &Path, root: &str, leaf: Leaf, more: &[&str]) -> (bool, String) {
    let chain = format!("{leaf}.pem");
    let mut args = match leaf.role() {
        Role::Server => vec!["-purpose", "sslserver", "-verify_hostname", "localhost"],
        Role::Client => vec!["-purpose", "sslclient", "-verify_hostname", "client-1.test"],
    };
    args.extend(more);
    args.extend(["-untrusted", &chain, &chain]);
    verify(dir, root, &args)
}

#[test]
fn the_plain_command_accepts_the_good_ones() {
    let files = files();
    for (_, dir) in families(&files) {
        for leaf in ["server.pem", "client.pem"] {
            let said = stdout(
                &dir,
                &[
                    "verify",
                    "-CAfile",
                    "ca.pem",
                    "-untrusted",
                    "intermediate.pem",
                    leaf,
                ],
            );
            assert_eq!(said, format!("{leaf}: OK\n"));
        }
    }
}

#[test]
fn as_sent_the_good_ones_pass_and_the_bad_ones_fail_for_their_reason() {
    let files = files();
    for (kind, dir) in families(&files) {
        for leaf in Leaf::ALL {
            let (ok, said) = verify_as_sent(&dir, "ca.pem", leaf, &["-x509_strict"]);
            assert_eq!(ok, leaf.is_good(), "{kind} {leaf}: {said}");
            let reason = match leaf {
                Leaf::Server | Leaf::Client => "OK",
                Leaf::Expired | Leaf::ClientExpired => {
                    "error 10 at 0 depth lookup: certificate has expired"
                }
                Leaf::NotYetValid => "error 9 at 0 depth lookup: certificate is not yet valid",
                Leaf::WrongName => "error 62 at 0 depth lookup: hostname mismatch",
                Leaf::SelfSigned => "error 18 at 0 depth lookup: self-signed certificate",
                Leaf::OtherCa | Leaf::ClientOtherCa | Leaf::MissingIntermediate => {
                    "error 20 at 0 depth lookup: unable to get local issuer certificate"
                }
                Leaf::NoServerAuth | Leaf::NoClientAuth => "error 26 at 0 depth lookup: un",
            };
            assert!(said.contains(reason), "{kind} {leaf}: {said}");
            if leaf == Leaf::NoServerAuth || leaf == Leaf::NoClientAuth {
                // "unsupported" or "unsuitable", depending on the version.
                assert!(said.contains("certificate purpose"), "{said}");
            }
            let errors =
                said.matches("error ").count() - said.matches(": verification failed").count();
            assert!(errors <= 1, "{kind} {leaf} has more than one fault: {said}");
        }
    }
}

/// Takes away the one fault of each bad leaf: then it passes.
#[test]
fn the_bad_ones_have_no_other_fault() {
    let files = files();
    for (kind, dir) in families(&files) {
        let passes = |leaf: Leaf, root: &str, args: &[&str]| {
            let chain = format!("{leaf}.pem");
            let mut all = args.to_vec();
            all.extend(["-untrusted", &chain, &chain]);
            let (ok, said) = verify(&dir, root, &all);
            assert!(ok, "{kind} {leaf}: {said}");
        };
        let server = ["-purpose", "sslserver", "-verify_hostname", "device.test"];
        let client = ["-purpose", "sslclient", "-verify_hostname", "client-1.test"];
        let with = |a: &[&'static str], b: &[&'static str]| [a, b].concat();

        let in_2024 = ["-attime", "1720000000"];
        passes(Leaf::Expired, "ca.pem", &with(&server, &in_2024));
        passes(Leaf::ClientExpired, "ca.pem", &with(&client, &in_2024));
        let in_2041 = ["-attime", "2250000000"];
        passes(Leaf::NotYetValid, "ca.pem", &with(&server, &in_2041));
        passes(
            Leaf::WrongName,
            "ca.pem",
            &[
                "-purpose",
                "sslserver",
                "-verify_hostname",
                "elsewhere.test",
            ],
        );
        passes(Leaf::SelfSigned, "self-signed.pem", &server);
        passes(Leaf::OtherCa, "other-ca-root.pem", &server);
        passes(Leaf::ClientOtherCa, "other-ca-root.pem", &client);
        passes(
            Leaf::MissingIntermediate,
            "ca.pem",
            &with(&server, &["-untrusted", "intermediate.pem"]),
        );
        passes(
            Leaf::NoServerAuth,
            "ca.pem",
            &["-purpose", "sslclient", "-verify_hostname", "device.test"],
        );
        passes(
            Leaf::NoClientAuth,
            "ca.pem",
            &["-purpose", "sslserver", "-verify_hostname", "client-1.test"],
        );
    }
}

#[test]
fn the_other_root_does_not_vouch_for_the_good_ones() {
    let files = files();
    for (kind, dir) in families(&files) {
        for leaf in [Leaf::Server, Leaf::Client] {
            let (ok, said) = verify_as_sent(&dir, "other-ca-root.pem", leaf, &[]);
            assert!(!ok && said.contains("error 20 at 1 depth"), "{kind} {said}");
        }
    }
}

#[test]
fn every_server_name_counts() {
    let files = files();
    for (_, dir) in families(&files) {
        for (option, name, good) in [
            ("-verify_hostname", "localhost", true),
            ("-verify_hostname", "device.test", true),
            ("-verify_ip", "127.0.0.1", true),
            ("-verify_ip", "::1", true),
            ("-verify_hostname", "elsewhere.test", false),
            ("-verify_ip", "127.0.0.2", false),
        ] {
            let args = [option, name, "-untrusted", "server.pem", "server.pem"];
            let (ok, said) = verify(&dir, "ca.pem", &args);
            assert_eq!(ok, good, "{name}: {said}");
        }
    }
}

#[test]
fn keys_match_certificates() {
    let files = files();
    for (_, dir) in families(&files) {
        let of_cert = |file: &str| stdout(&dir, &["x509", "-in", file, "-pubkey", "-noout"]);
        let of_key = |file: &str, form: &str| {
            stdout(&dir, &["pkey", "-in", file, "-inform", form, "-pubout"])
        };
        for ca in ["ca", "intermediate"] {
            assert_eq!(
                of_cert(&format!("{ca}.pem")),
                of_key(&format!("{ca}-key.pem"), "PEM")
            );
        }
        for leaf in Leaf::ALL {
            let public = of_cert(&format!("{leaf}.pem"));
            assert_eq!(public, of_key(&format!("{leaf}-key.pem"), "PEM"), "{leaf}");
            assert_eq!(public, of_key(&format!("{leaf}-key.der"), "DER"), "{leaf}");
        }
        assert_ne!(of_cert("server.pem"), of_cert("client.pem"));
    }
}

#[test]
fn der_and_pem_are_the_same() {
    let files = files();
    for (_, dir) in families(&files) {
        let cas = ["ca", "intermediate", "other-ca-root"].into_iter();
        for stem in cas.chain(Leaf::ALL.map(Leaf::file_stem)) {
            let pem = stdout(&dir, &["x509", "-in", &format!("{stem}.pem")]);
            let der = format!("{stem}.der");
            assert_eq!(pem, stdout(&dir, &["x509", "-in", &der, "-inform", "DER"]));
            assert!(
                fs::read_to_string(dir.join(format!("{stem}.pem")))
                    .unwrap()
                    .starts_with(&pem)
            );
        }
    }
}

/// The printed certificate, with runs of white space made one space.
fn text(dir: &Path, stem: &str) -> String {
    let file = format!("{stem}.pem");
    let args = ["x509", "-in", &file, "-noout", "-text"];
    let text = stdout(dir, &args);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn authorities_are_made_as_they_should() {
    let files = files();
    for (kind, dir) in families(&files) {
        for (stem, subject, issuer, constraints) in [
            (
                "ca",
                "CN = Secure Sockets Test Root",
                "CN = Secure Sockets Test Root",
                "CA:TRUE ",
            ),
            (
                "intermediate",
                "CN = Secure Sockets Test Intermediate",
                "CN = Secure Sockets Test Root",
                "CA:TRUE, pathlen:0 ",
            ),
            (
                "other-ca-root",
                "CN = Other Root CA",
                "CN = Other Root CA",
                "CA:TRUE ",
            ),
        ] {
            let text = text(&dir, stem);
            for expected in [
                &format!("Subject: {subject} ({kind}), O = "),
                &format!("Issuer: {issuer} ({kind}), O = "),
                &format!("Basic Constraints: critical {constraints}"),
                "Key Usage: critical Certificate Sign, CRL Sign ",
                "Subject Key Identifier: ",
                "Authority Key Identifier: ",
                "Not Before: Jan 1 00:00:00 2020 GMT Not After : Dec 31 00:00:00 2049 GMT",
            ] {
                assert!(text.contains(expected), "{expected}: {text}");
            }
            assert!(!text.contains("Extended Key Usage"), "{text}");
        }
    }
}

#[test]
fn leaves_are_made_as_they_should() {
    let files = files();
    for (kind, dir) in families(&files) {
        for leaf in Leaf::ALL {
            let text = text(&dir, leaf.file_stem());
            let issuer = match leaf {
                Leaf::SelfSigned => "Test server, self-signed",
                Leaf::OtherCa | Leaf::ClientOtherCa => "Other Root CA",
                _ => "Secure Sockets Test Intermediate",
            };
            let names = match (leaf, leaf.role()) {
                (Leaf::WrongName, _) => "DNS:elsewhere.test X509v3",
                (_, Role::Server) => {
                    "DNS:localhost, DNS:device.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1 X509v3"
                }
                (_, Role::Client) => "DNS:client-1.test X509v3",
            };
            let usage = match leaf {
                Leaf::NoServerAuth => "TLS Web Client Authentication X509v3",
                Leaf::NoClientAuth => "TLS Web Server Authentication X509v3",
                _ if leaf.role() == Role::Server => "TLS Web Server Authentication X509v3",
                _ => "TLS Web Client Authentication X509v3",
            };
            let validity = match leaf {
                Leaf::Expired | Leaf::ClientExpired => {
                    "Not Before: Jan 1 00:00:00 2024 GMT Not After : Jun 1 00:00:00 2025 GMT"
                }
                Leaf::NotYetValid => {
                    "Not Before: Jan 1 00:00:00 2040 GMT Not After : Jan 1 00:00:00 2045 GMT"
                }
                _ => "Not Before: Jan 1 00:00:00 2024 GMT Not After : Jan 1 00:00:00 2045 GMT",
            };
            let (algorithm, key) = match kind {
                KeyKind::Ec => ("ecdsa-with-SHA256", "NIST CURVE: P-256"),
                KeyKind::Rsa => ("sha256WithRSAEncryption", "Public-Key: (2048 bit)"),
            };
            for expected in [
                "Version: 3 (0x2)",
                &format!("Signature Algorithm: {algorithm} "),
                key,
                issuer,
                validity,
                &format!("Subject Alternative Name: {names}"),
                "Key Usage: critical Digital Signature",
                &format!("Extended Key Usage: {usage}"),
                "Basic Constraints: critical CA:FALSE",
                "Subject Key Identifier: ",
                "Authority Key Identifier: ",
            ] {
                assert!(text.contains(expected), "{leaf}: {expected}: {text}");
            }
        }
        let client = text(&dir, "client");
        assert!(
            client.contains("Subject: CN = client-1, O = Secure Sockets test PKI "),
            "{client}"
        );
    }
}
