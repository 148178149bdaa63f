// SPDX-License-Identifier: Apache-2.0

//! A case through the library, with OpenSSL as the peer.

use std::net::{Ipv4Addr, SocketAddr};

use mbedtls_backend::MbedTls;
use secure_socket::credential::{CaCertificate, Trust};
use secure_socket::error::Error;
use secure_socket::policy::{KeyPolicy, Policy, SpkiPin};
use secure_socket::revocation::{Crl, Crls, Ocsp, Scope};
use secure_socket::server::Server;
use secure_socket::x509::Curve;
use secure_socket::{Client, ServerName, TlsVersion, UnixTime, client, server};
use test_pki::cases::{Case, PolicyRecipe};
use test_pki::{KeyKind, Leaf, Role};

use super::files::{Made, ids};
use super::outcome::Outcome;
use crate::ours::{TIMEOUTS, backend, read_line};
use crate::peer::Peer;
use crate::pki;

/// What came of it, and what was said.
pub(super) fn run(case: &Case, made: &Made, version: TlsVersion) -> (Outcome, String) {
    let name = match case.ask.as_deref().map(ServerName::new).transpose() {
        Ok(name) => name,
        Err(error) => {
            return (
                Outcome::named("InvalidServerName", &error),
                error.to_string(),
            );
        }
    };
    let result = trust(case, made).and_then(|trust| match (case.by, name) {
        (Role::Client, Some(name)) => as_client(case, made, version, trust, name),
        _ => as_server(case, made, version, trust),
    });
    match result {
        Ok(()) => (Outcome::Accepted, String::new()),
        Err(error) => (Outcome::from(&error), error.to_string()),
    }
}

/// A backend whose clock stands where the case has it. Clocks live for ever.
fn at(case: &Case) -> MbedTls {
    let clock = UnixTime::from_seconds(case.clock.unix().as_secs());
    backend().with_clock(Box::leak(Box::new(clock)))
}

fn trust(case: &Case, made: &Made) -> Result<Trust, Error> {
    let policy = policy(&case.policy, made)?;
    let pins = ids(&case.policy.pins).map(|id| {
        let pin = made.world.pin(id).unwrap();
        pin.parse::<SpkiPin>().unwrap()
    });
    if case.policy.pinned_only {
        return Ok(Trust::pinned(pins).with_policy(policy));
    }
    let anchors = ids(&case.trust)
        .map(|id| CaCertificate::from_der(made.world.certificate(id).unwrap().der.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Trust::from(anchors).with_policy(policy.with_pins(pins)))
}

fn policy(recipe: &PolicyRecipe, made: &Made) -> Result<Policy, Error> {
    let mut keys = KeyPolicy::new();
    if let Some(bits) = recipe.max_rsa_bits {
        keys = keys.with_max_rsa_bits(bits);
    }
    if let Some(curves) = &recipe.curves {
        keys = keys.with_curves(ids(curves).map(|name| match name {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            "P-521" => Curve::P521,
            other => panic!("no curve {other}"),
        }));
    }
    let mut policy = Policy::new().with_keys(keys);
    if recipe.legacy_common_name {
        policy = policy.with_legacy_common_name();
    }
    if let Some(crls) = &recipe.crls {
        let lists = ids(crls)
            .map(|id| Crl::from_der(made.world.crl(id).unwrap().der.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut crls = Crls::new().with_lists(lists);
        if recipe.crls_of_leaf {
            crls = crls.with_scope(Scope::Leaf);
        }
        policy = policy.with_crls(crls);
    }
    if let Some(recipe) = recipe.ocsp {
        let mut ocsp = Ocsp::new();
        if recipe.nonce {
            ocsp = ocsp.with_nonce();
        }
        if recipe.chain {
            ocsp = ocsp.with_scope(Scope::Chain);
        }
        if recipe.soft_fail {
            ocsp = ocsp.with_soft_fail();
        }
        policy = policy.with_ocsp(ocsp);
    }
    Ok(policy)
}

/// How OpenSSL shows the case's certificates, whatever it thinks of them.
fn shows(made: &Made, version: TlsVersion) -> Vec<String> {
    let mut args = vec![
        match version {
            TlsVersion::Tls12 => "-tls1_2",
            TlsVersion::Tls13 => "-tls1_3",
        }
        .to_owned(),
    ];
    args.extend(["-cipher", "DEFAULT@SECLEVEL=0"].map(str::to_owned));
    args.extend(["-cert".to_owned(), made.path("own.pem")]);
    args.extend(["-key".to_owned(), made.path("own-key.pem")]);
    let above = made.path("above.pem");
    if std::fs::metadata(&above).unwrap().len() > 0 {
        args.extend(["-cert_chain".to_owned(), above]);
    }
    args
}

fn as_client(
    case: &Case,
    made: &Made,
    version: TlsVersion,
    trust: Trust,
    name: ServerName,
) -> Result<(), Error> {
    let backend = at(case);
    let client: Client<'_, MbedTls> = client::builder()
        .timeouts(TIMEOUTS)
        .versions(version)
        .trust(trust)
        .without_identity()
        .server_name(name)
        .build(&backend)?;
    let shown = shows(made, version);
    let mut args = vec!["s_server", "-accept", "127.0.0.1:0", "-rev"];
    args.extend(ids(&shown));
    let mut peer = Peer::spawn("openssl", &args, 0);
    peer.port = peer.accepts_at();
    let stream = client.connect("127.0.0.1", peer.port)?;
    stream.send_all(b"case\n")?;
    assert_eq!(read_line(&stream), "esac");
    Ok(())
}

fn as_server(case: &Case, made: &Made, version: TlsVersion, trust: Trust) -> Result<(), Error> {
    let backend = at(case);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server: Server<'_, MbedTls> = server::builder()
        .timeouts(TIMEOUTS)
        .versions(version)
        .identity(pki::identity(KeyKind::Ec, Leaf::Server))
        .clients_trusted_by(trust)
        .bind(&backend, address)?;
    let to = server.local_address().unwrap().to_string();
    let shown = shows(made, version);
    let mut args = vec!["s_client", "-connect", &to, "-quiet"];
    args.extend(ids(&shown));
    let mut peer = Peer::spawn("openssl", &args, 0);
    peer.type_line("case");
    let stream = server.accept().unwrap().handshake()?;
    assert_eq!(read_line(&stream), "case");
    Ok(())
}
