// SPDX-License-Identifier: Apache-2.0

//! `trim-ca`: of a bundle made by OpenSSL, the CAs that servers and chains need.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::sync::OnceLock;

use serde_json::Value;
use support::{
    OtherServer, Server, directory, file, free_port, json, openssl, refused, shown, usage,
};

const CAS: usize = 30;

/// `bundle.pem` with CAs from `ca-0` up, of which `ca-3` and `ca-17` issued servers. A
/// certificate that is larger stands for `ca-3` too, with the same name and key.
fn bundle() {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut bundle = String::from("# What is between certificates is skipped.\n");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for ca in 0..CAS {
            let name = format!("ca-{ca}");
            openssl(&format!(
                "req -x509 -days 99 {key} -subj /CN={name} -keyout {name}.key -out {name}.pem \
                 -addext keyUsage=critical,keyCertSign"
            ));
            if ca == 3 {
                openssl(
                    "req -x509 -days 99 -key ca-3.key -subj /CN=ca-3 -out large.pem \
                     -addext keyUsage=critical,keyCertSign \
                     -addext nsComment=the-same-CA-in-a-larger-certificate",
                );
                bundle += &fs::read_to_string(file("large.pem")).unwrap();
            }
            bundle += &fs::read_to_string(file(&format!("{name}.pem"))).unwrap();
        }
        fs::write(file("bundle.pem"), bundle).unwrap();
        for (leaf, ca) in [("one", 3), ("two", 17), ("three", 3)] {
            openssl(&format!(
                "req -x509 -days 9 {key} -subj /CN={leaf} -keyout {leaf}.key -out {leaf}.pem \
                 -CA ca-{ca}.pem -CAkey ca-{ca}.key -addext basicConstraints=CA:FALSE \
                 -addext subjectAltName=DNS:{leaf}.test,IP:127.0.0.1"
            ));
        }
    });
}

fn serve(leaf: &str, mode: &str) -> Server {
    Server::start(&format!(
        "--mode {mode} --credentials pki/ec --cert {leaf}.pem --key {leaf}.key"
    ))
}

fn subjects(report: &Value) -> Vec<&str> {
    let kept = report["kept"].as_array().unwrap();
    kept.iter()
        .map(|ca| ca["subject"].as_str().unwrap())
        .collect()
}

#[test]
fn three_servers_need_two_of_thirty_cas() {
    bundle();
    let one = serve("one", "server-auth");
    // Its certificates are all that it is asked for.
    let two = serve("two", "mutual");
    let three = OtherServer::openssl("-cert three.pem -key three.key");
    let (one, two, three) = (&one.address, &two.address, &three.address);
    let line = format!("trim-ca bundle.pem --for {one} {two} --for {three} --output small.pem");
    let text = shown(&line);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "2 of 31 CA certificates",
        "bytes of flash saved",
        "No smaller set",
        &**three,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = json(&line);
    assert_eq!(subjects(&report), ["CN=ca-3", "CN=ca-17"]);
    assert_eq!(report["smallest"], true);
    let small = fs::read_to_string(file("small.pem")).unwrap();
    assert!(
        small.starts_with("# CN=ca-3\n-----BEGIN CERTIFICATE-----\n"),
        "{small}"
    );
    // OpenSSL finds the smaller of the two that are one CA, as it was.
    let sizes = json("inspect small.pem");
    let own = json("inspect ca-3.pem");
    assert_eq!(
        sizes["certificates"][0]["sha256"],
        own["certificates"][0]["sha256"]
    );
    assert_eq!(report["bytes"], sizes["chain_bytes"]);
    for leaf in ["one", "two", "three"] {
        openssl(&format!("verify -CAfile small.pem {leaf}.pem"));
    }
    // And a device connects with them.
    shown(&format!("connect {one} --mode server-auth --ca small.pem"));
}

#[test]
fn chains_from_files_count_too() {
    bundle();
    let report = json("trim-ca bundle.pem --chain two.pem -o from-files.pem");
    assert_eq!(subjects(&report), ["CN=ca-17"]);
    assert_eq!(report["peers"][0]["verified_by"], "CN=ca-17");
    let mixed = "trim-ca bundle.pem --chain one.pem two.pem three.pem -o from-files.pem";
    assert_eq!(subjects(&json(mixed)).len(), 2);
}

#[test]
fn what_cannot_be_verified_is_named_and_nothing_is_written() {
    bundle();
    let server = Server::start("--mode server-auth --credentials pki/ec");
    let psk = Server::start("--mode psk --credentials pki/ec");
    let closed = format!("127.0.0.1:{}", free_port());
    let address = &server.address;
    for (arguments, named, why) in [
        (
            format!("--for {address} --chain one.pem"),
            &**address,
            "not among our trust anchors",
        ),
        (
            format!("--chain one.pem --for {closed}"),
            &*closed,
            "nobody listens there",
        ),
        (
            format!("--for {}", psk.address),
            &*psk.address,
            "showed no certificate",
        ),
        (
            "--chain one.pem pki/ec/server.pem".into(),
            "pki/ec/server.pem",
            "not verified by",
        ),
        (
            "--chain one.pem --clock 2050-01-01".into(),
            "one.pem",
            "expired",
        ),
        (
            "--chain one.pem nowhere.pem".into(),
            "nowhere.pem",
            "No such file",
        ),
    ] {
        let sentence = refused(&format!("trim-ca bundle.pem {arguments} -o never.pem"));
        assert!(
            sentence.contains(named) && sentence.contains(why),
            "{sentence}"
        );
        assert!(!file("never.pem").exists(), "{arguments}");
    }
    let stage = json("trim-ca bundle.pem --chain pki/ec/server.pem -o never.pem")["stage"].clone();
    assert_eq!(stage, "verify");
    let left = fs::read_dir(directory()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".trim-ca-")),
        "{left:?}"
    );
}

#[test]
fn what_was_there_stays_until_all_is_verified() {
    bundle();
    fs::write(file("kept.pem"), "as it was").unwrap();
    refused("trim-ca bundle.pem --chain one.pem pki/ec/server.pem -o kept.pem");
    assert_eq!(fs::read_to_string(file("kept.pem")).unwrap(), "as it was");
    shown("trim-ca bundle.pem --chain one.pem -o kept.pem");
    assert!(
        fs::read_to_string(file("kept.pem"))
            .unwrap()
            .contains("CN=ca-3")
    );
}

#[test]
fn what_no_device_could_use_is_passed_over() {
    bundle();
    // An algorithm that Mbed TLS has not, one twice, and none at all.
    openssl(
        "req -x509 -newkey ed25519 -nodes -subj /CN=ed -keyout ed.key -out ed.pem -days 9 \
         -addext basicConstraints=critical,CA:TRUE",
    );
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    let garbage = "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n";
    let odd = read("ed.pem") + &read("ca-3.pem") + garbage + &read("ca-3.pem");
    fs::write(file("odd.pem"), odd).unwrap();
    let report = json("trim-ca odd.pem --chain one.pem -o from-odd.pem");
    assert_eq!(subjects(&report), ["CN=ca-3"]);
    assert_eq!(report["bundle_unusable"], 3);
    fs::write(file("garbage.pem"), garbage).unwrap();
    let none = refused("trim-ca garbage.pem --chain one.pem -o never.pem");
    assert!(none.contains("no CA certificate in it"), "{none}");
}

#[test]
fn a_command_line_that_cannot_be_meant_is_refused() {
    bundle();
    for (line, part) in [
        (
            "trim-ca bundle.pem --chain one.pem -o bundle.pem",
            "is the bundle itself",
        ),
        (
            "trim-ca bundle.pem --chain one.pem -o pki",
            "is a directory",
        ),
        (
            "trim-ca bundle.pem --chain one.pem -o nowhere/small.pem",
            "nowhere/small.pem",
        ),
        (
            "trim-ca nowhere.pem --chain one.pem -o never.pem",
            "nowhere.pem",
        ),
        (
            "trim-ca one.key --chain one.pem -o never.pem",
            "holds no certificate",
        ),
    ] {
        let sentence = refused(line);
        assert!(sentence.contains(part), "{sentence}");
    }
    for line in [
        "trim-ca bundle.pem -o never.pem",
        "trim-ca bundle.pem --for host:0 -o never.pem",
        "trim-ca bundle.pem --for host",
    ] {
        usage(line);
    }
}
