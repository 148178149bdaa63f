// SPDX-License-Identifier: Apache-2.0

//! Cases on disk, for a test in another language.

use super::{Case, Device, Expect};
use crate::recipe::World;
use crate::responder::Responder;
use crate::write::write_file;
use crate::{Error, KeyKind, Leaf, Pki, Role};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Makes the cases that a device can be put to and writes them to `dir`, a directory
/// each, and `cases.json`: a list of all cases with what they say, in which `dir` is
/// `null` for those that are left out.
///
/// ```text
/// ca.pem                      the trust anchors
/// peer.pem peer-key.pem       who is checked
/// above.pem                   what it sends along; may be empty
/// crl-<id>.pem                the revocation lists that the policy names
/// server.pem server-key.pem   where a server checks: its own
/// ```
///
/// OCSP responders answer until what is returned is dropped.
///
/// # Errors
///
/// [`Error::NotEmpty`] if `dir` is there, and any other [`Error`], which names the case.
pub fn write(cases: &[Case], dir: &Path) -> Result<Vec<Responder>, Error> {
    if dir.exists() {
        return Err(Error::NotEmpty(dir.to_owned()));
    }
    let server = Pki::generate(KeyKind::Ec)?;
    let mut responders = Vec::new();
    let mut list = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let place = match case.device {
            Device::Cannot(_) => None,
            _ => Some(dir.join(number.to_string())),
        };
        let pins = match &place {
            Some(place) => {
                let named = |e| Error::recipe(format_args!("case `{}`", case.name), e);
                let (world, responder) = make(case).map_err(named)?;
                responders.extend(responder);
                write_case(case, &world, &server, place).map_err(named)?;
                pins(case, &world).map_err(named)?
            }
            None => Vec::new(),
        };
        list.push(description(case, place.as_deref(), &pins));
    }
    let text = Value::Array(list).to_string();
    write_file(&dir.join("cases.json"), text.as_bytes(), false)?;
    Ok(responders)
}

fn make(case: &Case) -> Result<(Arc<World>, Option<Responder>), Error> {
    if case.policy.ocsp.is_none() {
        return Ok((Arc::new(case.recipe.make()?), None));
    }
    let (world, responder) = case.recipe.serve()?;
    Ok((world, Some(responder)))
}

fn pins(case: &Case, world: &World) -> Result<Vec<String>, Error> {
    case.policy.pins.iter().map(|id| world.pin(id)).collect()
}

fn write_case(case: &Case, world: &World, server: &Pki, dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(Error::io(dir))?;
    let pems = |ids: &[String]| -> Result<String, Error> {
        ids.iter()
            .map(|id| Ok(world.certificate(id)?.pem.as_str()))
            .collect()
    };
    let put = |name: &str, text: &str| write_file(&dir.join(name), text.as_bytes(), false);
    let secret = |name: &str, text: &str| write_file(&dir.join(name), text.as_bytes(), true);
    put("ca.pem", &pems(&case.trust)?)?;
    let (own, above) = case.send.split_at(case.send.len().min(1));
    put("peer.pem", &pems(own)?)?;
    put("above.pem", &pems(above)?)?;
    if let Some(own) = own.first() {
        secret("peer-key.pem", &world.key_pem(own)?)?;
    }
    for id in case.policy.crls.iter().flatten() {
        put(&format!("crl-{id}.pem"), &world.crl(id)?.pem)?;
    }
    if case.by == Role::Server {
        let server = server.leaf(Leaf::Server);
        put("server.pem", &server.chain_pem)?;
        secret("server-key.pem", &server.key_pem)?;
    }
    Ok(())
}

fn description(case: &Case, dir: Option<&Path>, pins: &[String]) -> Value {
    let policy = &case.policy;
    let (variants, depth) = match (&case.expect, &case.device) {
        (_, Device::Says(variants)) => (variants.split(" + ").collect(), None),
        (Expect::Accepted, _) => (Vec::new(), None),
        (Expect::Refused { variants, depth }, _) => {
            (variants.iter().map(String::as_str).collect(), *depth)
        }
    };
    json!({
        "group": case.group,
        "name": case.name,
        "rule": case.rule,
        "dir": dir,
        "by": match case.by { Role::Client => "client", Role::Server => "server" },
        "ask": case.ask,
        "clock": case.clock.unix().as_secs(),
        "only_tls": case.only_tls,
        // Empty: accepted.
        "refused": variants,
        "depth": depth,
        "policy": {
            "max_rsa_bits": policy.max_rsa_bits,
            "curves": policy.curves,
            "legacy_common_name": policy.legacy_common_name,
            "pins": pins,
            "pinned_only": policy.pinned_only,
            "crls": policy.crls,
            "crls_of_leaf": policy.crls_of_leaf,
            "ocsp": policy.ocsp.map(|ocsp| json!({
                "nonce": ocsp.nonce,
                "chain": ocsp.chain,
                "soft_fail": ocsp.soft_fail,
            })),
        },
    })
}
