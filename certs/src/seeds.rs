// SPDX-License-Identifier: Apache-2.0

//! Good input for the parsers of `secure-socket`, to be made bad by fuzzing.
//!
//! Each seed is of one fuzz target (`secure_socket::fuzzing`), in that target's format. A
//! few of them, each with something in it that the others have not.

use crate::Error;
use crate::recipe::{Recipe, World};

/// A good input.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The fuzz target that it is for.
    pub target: &'static str,
    /// What it is called, as a file name.
    pub name: &'static str,
    /// The input.
    pub bytes: Vec<u8>,
}

/// Certificates with everything in them that is read, lists and answers about them.
const RECIPE: &str = r#"
[[certificate]]
id = "root"
path_len = 2

[[certificate]]
id = "inter"
issuer = "root"
subject = ["O=Example", "C=DE"]
path_len = 0
crl_points = ["http://crl.test/root"]
name_constraints = { permitted = ["DNS:test", "IP:127.0.0.0/8"], excluded = ["DNS:bad.test"], critical = false }

[[certificate]]
id = "leaf"
issuer = "inter"
san = ["DNS:device.test", "DNS:*.device.test", "IP:127.0.0.1", "email:a@b.test", "URI:http://c.test/"]
ocsp = ["http://ocsp.test:8080/ocsp"]
ca_issuers = ["http://ca.test/inter.der"]

[[certificate]]
id = "rsa"
key = "rsa2048"
v1 = true

[[certificate]]
id = "pss"
issuer = "rsa"
pss = true
san = ["IP:::1"]

[[certificate]]
id = "strange"
issuer = "root"
key = "p384"
extensions = [{ oid = "1.2.3.4", critical = true, value = "0500" }]

[[certificate]]
id = "delegate"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]
ocsp_no_check = true
san = []

[[certificate]]
id = "gone"
issuer = "inter"

[[crl]]
issuer = "root"
revoked = [{ cert = "strange", reason = "keyCompromise" }]

[[crl]]
issuer = "inter"
revoked = [{ cert = "gone", reason = "certificateHold" }, { serial = "0080" }]
many = 4

[[crl]]
id = "bare"
issuer = "root"
bare = true

[[crl]]
id = "delta"
issuer = "root"
delta = 3

[[crl]]
id = "part"
issuer = "root"
distribution_point = "http://crl.test/1"
only_user_certs = true

[[ocsp]]
for = "leaf"
signer = "delegate"

[[ocsp]]
for = "gone"
status = "revoked"
reason = "keyCompromise"
"#;

/// Every seed. The keys are new each time.
///
/// # Errors
///
/// An [`Error`] of the crypto library.
pub fn seeds() -> Result<Vec<Seed>, Error> {
    let world = Recipe::from_toml(RECIPE)?.make()?;
    let mut seeds = Vec::new();
    let mut add = |target, name, bytes: Vec<u8>| {
        seeds.push(Seed {
            target,
            name,
            bytes,
        });
    };
    let der = |id: &str| world.certificate(id).map(|made| made.der.clone());
    for id in ["root", "inter", "bare", "delta", "part"] {
        add("crl", id, world.crl(id)?.der.clone());
    }
    add("crl", "pem", world.crl("inter")?.pem.clone().into_bytes());

    add("ocsp", "delegate", asked(&world, "leaf", None)?);
    add("ocsp", "revoked", asked(&world, "gone", None)?);
    add("ocsp", "nonce", asked(&world, "leaf", Some(&[7; 32]))?);

    for id in ["root", "inter", "leaf", "rsa", "pss", "strange", "delegate"] {
        add("certificate", id, der(id)?);
    }
    add("certificate", "two", [der("inter")?, der("leaf")?].concat());
    let lists = [&world.crl("root")?.der[..], &world.crl("inter")?.der].concat();
    let chain = [der("root")?, der("inter")?, der("leaf")?];
    add(
        "certificate",
        "chain",
        [&chain.concat()[..], &lists].concat(),
    );
    let revoked = [der("root")?, der("inter")?, der("gone")?];
    add(
        "certificate",
        "revoked",
        [&revoked.concat()[..], &lists].concat(),
    );

    let credential = world.credential(&["leaf", "inter"])?;
    let text = format!(
        "# the chain\n{}\n{}{}",
        credential.chain_pem,
        world.crl("root")?.pem,
        // A key's label: what it stands on is nobody's key.
        LABELS
    );
    add("pem", "all", text.into_bytes());
    add(
        "pem",
        "crlf",
        world
            .certificate("leaf")?
            .pem
            .replace('\n', "\r\n")
            .into_bytes(),
    );
    add("pem", "labels", LABELS.as_bytes().to_vec());

    for (name, text) in HTTP {
        add("http", name, text.as_bytes().to_vec());
    }
    for (name, text) in NAMES {
        add("names", name, text.as_bytes().to_vec());
    }
    Ok(seeds)
}

/// The certificate, that of its issuer, and what is said of it.
fn asked(world: &World, id: &str, nonce: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let mut bytes = world.certificate(id)?.der.clone();
    bytes.extend_from_slice(&world.certificate("inter")?.der);
    bytes.extend(world.ocsp_response_for(id, nonce)?);
    Ok(bytes)
}

const LABELS: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED

bm9ib2R5J3M=
-----END EC PRIVATE KEY-----
-----BEGIN PRIVATE KEY-----
bm9ib2R5J3M=
-----END PRIVATE KEY-----
-----BEGIN ENCRYPTED PRIVATE KEY-----
bm9ib2R5J3M=
-----END ENCRYPTED PRIVATE KEY-----
";

const HTTP: [(&str, &str); 8] = [
    (
        "long",
        "HTTP/1.0 200 OK\r\nContent-Length: 40\r\n\r\n0123456789012345678901234567890123456789",
    ),
    (
        "whole",
        "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "to-the-end",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ),
    (
        "chunked",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "moved",
        "HTTP/1.1 301 Moved\r\nLocation: http://b.test:81/x?y\r\nContent-Encoding: identity\r\n\r\n",
    ),
    (
        "late",
        "HTTP/1.0 503 Busy\nRetry-After: 1\nContent-Length: 0\nContent-Length: 0\n\n",
    ),
    ("url", "http://ocsp.test:8080/a%20b?x=1"),
    ("url-v6", "HTTP://[2001:db8::1]:81/"),
];

const NAMES: [(&str, &str); 7] = [
    ("exact", "Device.Test.\ndevice.test"),
    ("wildcard", "*.device.test\na.device.test"),
    ("short", "*.test\ndevice.test"),
    ("below", "a.device.test\ndevice.test"),
    ("v4", "127.0.0.1\n127.0.0.1"),
    ("v6", "::1\n[::1]"),
    (
        "net",
        "\u{7f}\0\0\0\u{7f}\0\0\0\u{7f}\0\0\u{1}0123456789abcdef0123456789abcdef",
    ),
];
