// SPDX-License-Identifier: Apache-2.0

//! How carefully to look at certificates, by the flags of `connect` and `serve`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::{Command, Stdio};

use support::{
    OtherServer, Server, directory, file, free_port, json, openssl, refusal_of, refused, run,
    shown, usage,
};

const TRUSTED: &str = "--mode server-auth --ca pki/ec/ca.pem --server-name device.test";

/// The pin of a certificate's key, by OpenSSL.
fn pin(certificate: &str) -> String {
    let sh = "openssl x509 -pubkey -noout -in \"$0\" | openssl pkey -pubin -outform DER \
              | openssl dgst -sha256 -r";
    let output = Command::new("sh")
        .args(["-c", sh])
        .arg(file(certificate))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

/// A self-signed certificate of OpenSSL's, with its key in `NAME-key.pem`.
fn self_signed(name: &str, key: &str, extra: &[&str]) {
    let status = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "30", "-newkey", key])
        .arg("-keyout")
        .arg(file(&format!("{name}-key.pem")))
        .arg("-out")
        .arg(file(&format!("{name}.pem")))
        .args(extra)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

fn server(certificate: &str) -> Server {
    Server::start(&format!(
        "--mode server-auth --cert {certificate}.pem --key {certificate}-key.pem"
    ))
}

#[test]
fn a_pin_stands_on_top_of_a_ca() {
    let server = server("pki/ec/server");
    let connect = format!("connect {} {TRUSTED}", server.address);
    let other = pin("pki/ec/client.pem");
    for certificate in ["server", "intermediate", "ca"] {
        let pin = pin(&format!("pki/ec/{certificate}.pem"));
        // A second one, for the key that is to come.
        shown(&format!("{connect} --pin {other} --pin {pin}"));
        shown(&format!("{connect} --pin {}", pin.to_uppercase()));
    }
    let sentence = refused(&format!("{connect} --pin {other}"));
    let own = pin("pki/ec/server.pem");
    assert!(
        sentence.contains("none of the pinned keys") && sentence.contains(&own),
        "{sentence}"
    );
}

#[test]
fn a_pin_stands_in_for_a_ca_if_that_is_said() {
    let server = server("pki/ec/self-signed");
    let connect = format!(
        "connect {} --mode server-auth --credentials none --server-name device.test",
        server.address
    );
    let own = pin("pki/ec/self-signed.pem");
    shown(&format!("{connect} --pinned-only --pin {own}"));
    let without = refused(&format!("{connect} --pin {own}"));
    assert!(without.contains("needs a CA certificate"), "{without}");
    let other = pin("pki/ec/ca.pem");
    let sentence = refused(&format!("{connect} --pinned-only --pin {other}"));
    assert!(sentence.contains("none of the pinned keys"), "{sentence}");
    // The name is checked as ever.
    let elsewhere = refused(&format!(
        "connect {} --mode server-auth --credentials none --server-name other.test \
         --pinned-only --pin {own}",
        server.address
    ));
    assert!(elsewhere.contains("not for other.test"), "{elsewhere}");
}

#[test]
fn a_server_pins_its_clients() {
    let clients = pin("pki/ec/client.pem");
    let common = "--mode mutual --credentials pki/ec";
    let mut server = Server::start(&format!("{common} --pinned-only --pin {clients}"));
    shown(&format!("connect {} {common}", server.address));
    assert_eq!(server.says()["session"]["mode"], "mutual");

    let mut server = Server::start(&format!("{common} --pin {}", pin("pki/rsa/client.pem")));
    run(&format!("connect {} {common}", server.address));
    let said = server.says();
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("none of the pinned keys"), "{said}");
}

#[test]
fn rsa_keys_have_a_limit_that_can_be_raised() {
    self_signed(
        "heavy",
        "rsa:4096",
        &[
            "-subj",
            "/CN=heavy",
            "-addext",
            "subjectAltName=DNS:device.test",
        ],
    );
    let server = server("heavy");
    let connect = format!(
        "connect {} --mode server-auth --ca heavy.pem --server-name device.test",
        server.address
    );
    let sentence = refused(&connect);
    assert!(
        sentence.contains("4096 bits") && sentence.contains("--max-rsa-bits"),
        "{sentence}"
    );
    shown(&format!("{connect} --max-rsa-bits 4096"));
}

#[test]
fn curves_can_be_fewer() {
    let server = server("pki/ec/server");
    let connect = format!("connect {} {TRUSTED}", server.address);
    shown(&format!("{connect} --curve P-256"));
    shown(&format!("{connect} --curve P-384 --curve P-256"));
    let sentence = refused(&format!("{connect} --curve P-384"));
    assert!(
        sentence.contains("its key is EC P-256, which the key policy does not allow"),
        "{sentence}"
    );
    let text = shown("inspect pki/ec/server.pem --ca pki/ec/ca.pem --curve P-256");
    assert!(text.contains("to 3072 bits, P-256)"), "{text}");
    let said = usage(&format!("{connect} --curve P-521"));
    assert!(said.contains("use P-256 or P-384"), "{said}");
    let sentence = refused("connect host:1 --mode psk --credentials pki/ec --curve P-256");
    assert!(sentence.contains("--curve is about"), "{sentence}");
}

#[test]
fn the_issuers_of_lists_are_asked_before_a_handshake() {
    crl("in-time", "intermediate", &[], FOR_A_WEEK);
    openssl("crl -in in-time.pem -outform DER -out forged.crl");
    let mut der = std::fs::read(file("forged.crl")).unwrap();
    *der.last_mut().unwrap() ^= 1;
    std::fs::write(file("forged.crl"), der).unwrap();
    // Nobody listens there: without the issuer it takes a handshake to find out.
    let connect = format!("connect 127.0.0.1:{} {TRUSTED}", free_port());
    let lists = "--crl forged.crl --crl-scope leaf";
    let unasked = refused(&format!("{connect} {lists}"));
    assert!(unasked.contains("cannot connect"), "{unasked}");
    let sentence = refused(&format!(
        "{connect} {lists} --crl-issuer pki/ec/intermediate.pem"
    ));
    assert!(
        sentence.contains("revocation list") && sentence.contains("sign"),
        "{sentence}"
    );
    let good = format!(
        "{connect} --crl in-time.pem --crl-scope leaf --crl-issuer pki/ec/intermediate.pem"
    );
    assert!(refused(&good).contains("cannot connect"));
    let said = usage(&format!("{connect} --crl-issuer pki/ec/intermediate.pem"));
    assert!(said.contains("--crl"), "{said}");
}

#[test]
fn a_common_name_is_looked_at_if_that_is_said() {
    self_signed("old", "rsa:2048", &["-subj", "/CN=device.test"]);
    let server = server("old");
    let connect = format!(
        "connect {} --mode server-auth --ca old.pem --server-name device.test",
        server.address
    );
    let sentence = refused(&connect);
    assert!(sentence.contains("it has no subjectAltName"), "{sentence}");
    shown(&format!("{connect} --legacy-common-name"));
}

#[test]
fn dates_are_checked_by_the_clock_that_is_given() {
    let server = server("pki/ec/expired");
    let connect = format!("connect {} {TRUSTED}", server.address);
    assert!(refused(&connect).contains("expired 2025-06-01"));
    for then in ["2025-05-31", "2025-05-31T23:59:59Z", "1748649600"] {
        shown(&format!("{connect} --clock {then}"));
    }
    let later = refused(&format!("{connect} --clock 2025-06-02"));
    assert!(later.contains("clock says 2025-06-02"), "{later}");
    // As on a device whose clock was never set.
    let unset = refused(&format!("{connect} --clock 1970-01-01"));
    assert!(unset.contains("the clock is not set"), "{unset}");
}

#[test]
fn a_servers_clock_can_be_given_too() {
    let common = "--mode mutual --credentials pki/ec";
    let mut server = Server::start(&format!("{common} --clock 2025-05-31"));
    shown(&format!(
        "connect {} {common} --cert pki/ec/client-expired.pem \
         --key pki/ec/client-expired-key.pem",
        server.address
    ));
    assert_eq!(server.says()["session"]["mode"], "mutual");
}

/// A revocation list of `issuer` in `NAME.pem`, by `openssl ca`.
fn crl(name: &str, issuer: &str, revoked: &[&str], dates: &[&str]) {
    std::fs::write(file(&format!("{name}.index")), "").unwrap();
    let settings = format!("[ca]\ndefault_ca=d\n[d]\ndatabase={name}.index\ndefault_md=sha256\n");
    std::fs::write(file(&format!("{name}.conf")), settings).unwrap();
    let ca = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(["ca", "-config", &format!("{name}.conf")])
            .args(["-cert", &format!("pki/ec/{issuer}.pem")])
            .args(["-keyfile", &format!("pki/ec/{issuer}-key.pem")])
            .args(arguments)
            .current_dir(directory())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    for certificate in revoked {
        ca(&["-revoke", certificate, "-crl_reason", "keyCompromise"]);
    }
    let out = format!("{name}.pem");
    ca(&[&["-gencrl", "-out", &out], dates].concat());
}

const FOR_A_WEEK: &[&str] = &["-crldays", "7"];

#[test]
fn certificates_are_looked_up_in_revocation_lists() {
    let server = server("pki/ec/server");
    let connect = format!("connect {} {TRUSTED}", server.address);
    crl("root-crl", "ca", &[], FOR_A_WEEK);
    crl(
        "good-crl",
        "intermediate",
        &["pki/ec/client.pem"],
        FOR_A_WEEK,
    );
    crl(
        "bad-crl",
        "intermediate",
        &["pki/ec/server.pem"],
        FOR_A_WEEK,
    );
    crl("cut-off", "ca", &["pki/ec/intermediate.pem"], FOR_A_WEEK);
    let past = [
        "-crl_lastupdate",
        "20260101000000Z",
        "-crl_nextupdate",
        "20260108000000Z",
    ];
    crl("old-crl", "intermediate", &[], &past);

    shown(&format!("{connect} --crl root-crl.pem --crl good-crl.pem"));
    shown(&format!("{connect} --crl good-crl.pem --crl-scope leaf"));
    shown(&format!(
        "{connect} --crl cut-off.pem --crl good-crl.pem --crl-scope leaf"
    ));
    for (lists, part) in [
        ("--crl root-crl.pem --crl bad-crl.pem", "revoked"),
        ("--crl bad-crl.pem --crl-scope leaf", "revoked"),
        (
            "--crl cut-off.pem --crl good-crl.pem",
            "(depth 1): its issuer revoked it",
        ),
        ("--crl good-crl.pem", "Secure Sockets Test Root"),
        ("--crl root-crl.pem --crl old-crl.pem", "2026-01-08"),
    ] {
        let sentence = refused(&format!("{connect} {lists}"));
        assert!(sentence.contains(part), "{lists}: {sentence}");
        let report = json(&format!(
            "inspect pki/ec/server.pem --ca pki/ec/ca.pem {lists}"
        ));
        let refusal = &report["verdict"]["refused"][0]["refusals"][0];
        assert_eq!(refusal["check"], "revoked", "{report}");
    }
    let text =
        shown("inspect pki/ec/server.pem --ca pki/ec/ca.pem --crl good-crl.pem --crl-scope leaf");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("revocation of the peer's own certificate"),
        "{text}"
    );
    refused("trim-ca pki/ec/ca.pem --chain pki/ec/server.pem -o never.pem --crl bad-crl.pem");
    shown(
        "trim-ca pki/ec/ca.pem --chain pki/ec/server.pem -o looked-up.pem --crl good-crl.pem \
         --crl-scope leaf",
    );
}

#[test]
fn revocation_lists_are_fetched() {
    let web = OtherServer::web();
    let url = |name: &str| format!("--crl-url http://{}/{name}", web.address);
    let server = server("pki/ec/server");
    let connect = format!("connect {} {TRUSTED}", server.address);
    crl("web-root", "ca", &[], FOR_A_WEEK);
    crl("web-good", "intermediate", &[], FOR_A_WEEK);
    let revoked = &["pki/ec/server.pem"];
    crl("web-bad", "intermediate", revoked, FOR_A_WEEK);

    let [root, good, bad] = ["web-root.pem", "web-good.pem", "web-bad.pem"].map(url);
    shown(&format!("{connect} {root} {good}"));
    shown(&format!("{connect} {good} --crl web-root.pem"));
    shown(&format!(
        "{connect} {good} --crl-scope leaf --crl-timeout 5 --crl-refresh 60"
    ));
    for (lists, part) in [
        (format!("{root} {bad}"), "its issuer revoked it".to_owned()),
        (
            url("nothing.crl"),
            format!(
                "from http://{}/nothing.crl: the server answered with status 404",
                web.address
            ),
        ),
        (url("pki/ec/ca.der"), "the DER is no revocation list".into()),
        (
            format!("{good} --crl-max-bytes 100 --crl-scope leaf"),
            "longer than the 100 bytes".into(),
        ),
        (
            "--crl-url http://nowhere.invalid/".into(),
            "its host has no address".into(),
        ),
    ] {
        let sentence = refused(&format!("{connect} {lists}"));
        assert!(sentence.contains(&part), "{lists}: {sentence}");
        let report = json(&format!(
            "inspect pki/ec/server.pem --ca pki/ec/ca.pem {lists}"
        ));
        let refusal = &report["verdict"]["refused"][0]["refusals"][0];
        assert_eq!(refusal["check"], "revoked", "{report}");
    }
    shown(&format!(
        "inspect pki/ec/server.pem --ca pki/ec/ca.pem {root} {good}"
    ));

    // Whoever serves looks its clients up, and begins with whatever it can get.
    crl(
        "web-clients",
        "intermediate",
        &["pki/ec/client.pem"],
        FOR_A_WEEK,
    );
    let common = "--mode mutual --credentials pki/ec";
    for (list, part) in [
        ("web-clients.pem", "revoked"),
        ("nothing.crl", "status 404"),
    ] {
        let list = url(list);
        let mut server = Server::start(&format!("{common} {list} --crl-scope leaf"));
        run(&format!("connect {} {common}", server.address));
        let said = server.says();
        assert!(said["error"].as_str().unwrap().contains(part), "{said}");
    }
}

#[test]
fn what_is_said_of_urls_is_checked() {
    let connect = format!("connect host:1 {TRUSTED}");
    for (flags, part) in [
        (
            "--crl-url https://ca.test/ca.crl",
            "fetched by http:// alone",
        ),
        ("--crl-url ca.test/ca.crl", "does not start with http://"),
        ("--crl-url http://ca.test --crl-max-bytes 0", "64.."),
        ("--crl-url http://ca.test --crl-refresh 1", "60.."),
        ("--crl-max-bytes 1000", "--crl-url <URL>"),
        ("--crl-timeout 5", "--crl-url <URL>"),
        ("--crl-scope leaf", "--crl-url <URL>"),
    ] {
        let said = usage(&format!("{connect} {flags}"));
        assert!(said.contains(part), "{flags}: {said}");
    }
    let sentence =
        refused("connect host:1 --mode psk --credentials pki/ec --crl-url http://a.test");
    assert!(sentence.contains("--crl-url is about"), "{sentence}");
}

#[test]
fn a_server_looks_its_clients_up() {
    crl(
        "clients",
        "intermediate",
        &["pki/ec/client.pem"],
        FOR_A_WEEK,
    );
    let common = "--mode mutual --credentials pki/ec";
    let mut server = Server::start(&format!("{common} --crl clients.pem --crl-scope leaf"));
    run(&format!("connect {} {common}", server.address));
    let said = server.says();
    assert!(
        said["error"].as_str().unwrap().contains("revoked"),
        "{said}"
    );
}

#[test]
fn files_that_are_no_revocation_list_are_named() {
    for (path, part) in [
        ("nowhere.pem", "No such file"),
        ("pki/ec/ca.pem", "holds no revocation list"),
        ("pki/ec/psk.hex", "is no revocation list"),
    ] {
        let sentence = refused(&format!("connect 127.0.0.1:1 {TRUSTED} --crl {path}"));
        assert!(
            sentence.contains(path) && sentence.contains(part),
            "{sentence}"
        );
    }
    assert!(usage(&format!("connect host:1 {TRUSTED} --crl-scope leaf")).contains("--crl <FILE>"));
    let scope = usage(&format!("connect host:1 {TRUSTED} --crl x --crl-scope all"));
    assert!(scope.contains("use leaf or chain"), "{scope}");
    crl("any", "ca", &[], FOR_A_WEEK);
    let pinned = refused(&format!(
        "connect 127.0.0.1:1 --mode server-auth --pinned-only --pin {} --crl any.pem",
        "0".repeat(64)
    ));
    assert!(pinned.contains("no issuer who could revoke"), "{pinned}");
}

#[test]
fn names_in_other_scripts_are_asked_for_by_their_a_labels() {
    self_signed(
        "script",
        "rsa:2048",
        &[
            "-subj",
            "/CN=x",
            "-addext",
            "subjectAltName=DNS:xn--bcher-kva.example",
        ],
    );
    let server = server("script");
    let connect = format!(
        "connect {} --mode server-auth --ca script.pem",
        server.address
    );
    shown(&format!("{connect} --server-name Bücher.example"));
    let sentence = refused(&format!("{connect} --server-name bûcher.example"));
    assert!(
        sentence.contains("not for xn--bcher-eva.example"),
        "{sentence}"
    );
    let host = refused("connect bücher.invalid:1 --mode psk --credentials pki/ec");
    assert!(host.contains("xn--bcher-kva.invalid"), "{host}");
}

#[test]
fn a_flag_that_would_say_nothing_is_refused() {
    let pin = "0".repeat(64);
    for (line, part) in [
        (
            format!("connect host:1 --mode psk --credentials pki/ec --pin {pin}"),
            "--pin is about",
        ),
        (
            "connect host:1 --mode unauthenticated --max-rsa-bits 4096".into(),
            "--max-rsa-bits is",
        ),
        (
            "serve --mode server-auth --credentials pki/ec --clock 2026-01-01".into(),
            "--clock is",
        ),
        (
            "serve --mode mutual --credentials pki/ec --legacy-common-name".into(),
            "no name in them",
        ),
    ] {
        let sentence = refusal_of(&run(&line));
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn bad_values_are_named_with_what_the_flag_takes() {
    for (arguments, flag, value, takes) in [
        ("--pin abc", "--pin", "abc", "64 hexadecimal digits"),
        (
            "--max-rsa-bits 1024",
            "--max-rsa-bits",
            "1024",
            "2048..=8192",
        ),
        (
            "--max-rsa-bits many",
            "--max-rsa-bits",
            "many",
            "invalid digit",
        ),
        (
            "--clock yesterday",
            "--clock",
            "yesterday",
            "seconds since 1970",
        ),
        ("--clock 2026-13-01", "--clock", "2026-13-01", "2026-11-24"),
        ("--server-name a..b", "--server-name", "a..b", "label"),
        ("--server-name ü*.b", "--server-name", "ü*.b", "DNS name"),
        ("--pinned-only", "--pin <HEX>", "", "required"),
    ] {
        let said = usage(&format!("connect host:1 --mode server-auth {arguments}"));
        for part in [flag, value, takes] {
            assert!(said.contains(part), "{arguments}: {said}");
        }
    }
}
