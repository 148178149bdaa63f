// SPDX-License-Identifier: Apache-2.0

//! Writes credentials whose chains are as long as Mbed TLS takes them, the revocation lists
//! of their CAs, and in `short/` others of the same root that have no intermediates, for who
//! is to be shown the long ones: `long-chain DIRECTORY KEY`, where `KEY` is a `KeyType` such
//! as `p256` or `rsa2048`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use test_pki::recipe::Recipe;

/// `MBEDTLS_X509_MAX_INTERMEDIATE_CA`: between the root and a leaf.
const INTERMEDIATES: usize = 8;

const SERVER: &str = "san = [\"DNS:device.test\"]\n";
const CLIENT: &str = "san = [\"DNS:client-1.test\"]\next_key_usage = [\"clientAuth\"]\n";

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: long-chain DIRECTORY KEY";
    let into = PathBuf::from(env::args_os().nth(1).ok_or(usage)?);
    let key = env::args().nth(2).ok_or(usage)?;

    let mut recipe = format!("[[certificate]]\nid = \"ca-0\"\nkey = \"{key}\"\n");
    let mut add = |id: &str, issuer: usize, more: &str| {
        write!(
            recipe,
            "[[certificate]]\nid = \"{id}\"\nissuer = \"ca-{issuer}\"\nkey = \"{key}\"\n{more}"
        )
    };
    for place in 1..=INTERMEDIATES {
        add(&format!("ca-{place}"), place - 1, "")?;
    }
    for (kind, issuer) in [("long", INTERMEDIATES), ("short", 0)] {
        add(&format!("{kind}-server"), issuer, SERVER)?;
        add(&format!("{kind}-client"), issuer, CLIENT)?;
    }
    for place in 0..=INTERMEDIATES {
        write!(recipe, "[[crl]]\nissuer = \"ca-{place}\"\n")?;
    }

    let world = Recipe::from_toml(&recipe)?.make()?;
    let cas: Vec<_> = (0..=INTERMEDIATES)
        .map(|place| format!("ca-{place}"))
        .collect();
    let above = cas.iter().skip(1).rev().map(String::as_str).collect();
    for (kind, directory, above) in [
        ("long", into.clone(), above),
        ("short", into.join("short"), Vec::new()),
    ] {
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("ca.pem"), &world.certificate("ca-0")?.pem)?;
        for leaf in ["server", "client"] {
            let id = format!("{kind}-{leaf}");
            let chain: Vec<_> = [id.as_str()].into_iter().chain(above.clone()).collect();
            let credential = world.credential(&chain)?;
            fs::write(directory.join(format!("{leaf}.pem")), &credential.chain_pem)?;
            let key = directory.join(format!("{leaf}-key.pem"));
            fs::write(key, &*credential.key_pem)?;
        }
    }
    let lists: Vec<_> = cas
        .iter()
        .map(|ca| world.crl(ca).map(|list| list.pem.as_str()))
        .collect::<Result<_, _>>()?;
    fs::write(into.join("crl.pem"), lists.concat())?;
    Ok(())
}
