// SPDX-License-Identifier: Apache-2.0

//! What other projects' programs say of the same chain.

use std::net::IpAddr;
use std::process::Command;

use test_pki::Role;
use test_pki::cases::{CLOCK, Case};
use test_pki::recipe::Date;

use super::files::{Made, ids};

/// What a program says.
pub(super) struct Verdict {
    pub(super) accepts: bool,
    pub(super) says: String,
}

fn run(program: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut says = String::from_utf8_lossy(&output.stdout).into_owned();
    says.push_str(&String::from_utf8_lossy(&output.stderr));
    // On one line.
    let words: Vec<_> = says.split_whitespace().collect();
    (output.status.success(), words.join(" "))
}

pub(super) fn openssl(case: &Case, made: &Made) -> Verdict {
    match case.policy.ocsp {
        Some(_) => openssl_ocsp(case, made),
        None => openssl_verify(case, made),
    }
}

/// OpenSSL's X509_verify_cert, asked for all that the library checks by default: strictly
/// by RFC 5280, keys and hashes of 112 bits of security, any certificate for an anchor.
fn openssl_verify(case: &Case, made: &Made) -> Verdict {
    let clock = case.clock.unix().as_secs().to_string();
    let [own, sent, trust] = ["own.pem", "sent.pem", "trust.pem"].map(|name| made.path(name));
    let mut args = vec!["verify", "-no-CApath", "-no-CAstore", "-CAfile", &trust];
    args.extend(["-partial_chain", "-x509_strict", "-auth_level", "2"]);
    args.extend(["-attime", &clock, "-untrusted", &sent, "-purpose"]);
    args.push(match case.by {
        Role::Client => "sslserver",
        Role::Server => "sslclient",
    });
    if let Some(name) = &case.ask {
        args.extend(match name.parse::<IpAddr>() {
            Ok(_) => ["-verify_ip", name],
            Err(_) => ["-verify_hostname", name],
        });
    }
    let lists;
    if let Some(crls) = &case.policy.crls {
        let pems: String = ids(crls)
            .map(|id| made.world.crl(id).unwrap().pem.as_str())
            .collect();
        made.write("crls.pem", pems.as_bytes());
        lists = made.path("crls.pem");
        args.extend(match case.policy.crls_of_leaf {
            true => ["-crl_check"],
            false => ["-crl_check_all"],
        });
        args.extend(["-CRLfile", &lists]);
    }
    args.push(&own);
    let (accepts, says) = run("openssl", &args);
    Verdict { accepts, says }
}

/// What OpenSSL's OCSP client makes of the response about the peer's own certificate.
fn openssl_ocsp(case: &Case, made: &Made) -> Verdict {
    let own = case.send.first().map_or("", String::as_str);
    let response = made.world.ocsp_response_for(own, None).unwrap();
    made.write("response.der", &response);
    let issuer = &case.recipe.certificates.iter().find(|one| one.id == own);
    let issuer = issuer.and_then(|one| one.issuer.clone()).unwrap();
    made.write(
        "issuer.pem",
        made.pems([issuer.as_str()]).unwrap().as_bytes(),
    );
    let names = [
        "own.pem",
        "sent.pem",
        "trust.pem",
        "issuer.pem",
        "response.der",
    ];
    let [own, sent, trust, issuer, response] = names.map(|name| made.path(name));
    let clock = case.clock.unix().as_secs().to_string();
    let args = [
        "ocsp",
        "-no-CApath",
        "-no-CAstore",
        "-CAfile",
        &trust,
        "-partial_chain",
        "-verify_other",
        &sent,
        "-attime",
        &clock,
        "-no_nonce",
        "-issuer",
        &issuer,
        "-cert",
        &own,
        "-respin",
        &response,
    ];
    let (_, says) = run("openssl", &args);
    // Its exit status does not tell.
    let accepts = says.contains("Response verify OK")
        && says.contains(&format!("{own}: good"))
        && !says.contains("Status times invalid");
    Verdict { accepts, says }
}

/// Whether `certtool` can be asked. It takes the computer's clock, and neither pins nor
/// what is said of revocation.
pub(super) fn certtool_judges(case: &Case) -> bool {
    let usual: Date = CLOCK.parse().unwrap();
    let policy = &case.policy;
    case.clock == usual && policy.pins.is_empty() && policy.crls.is_none() && policy.ocsp.is_none()
}

/// GnuTLS's gnutls_x509_trust_list_verify_crt2.
pub(super) fn certtool(case: &Case, made: &Made) -> Verdict {
    let [sent, trust] = ["sent.pem", "trust.pem"].map(|name| made.path(name));
    let mut args = vec!["--verify", "--verify-profile=medium", "--infile", &sent];
    args.extend(["--load-ca-certificate", &trust, "--verify-purpose"]);
    args.push(match case.by {
        Role::Client => "1.3.6.1.5.5.7.3.1",
        Role::Server => "1.3.6.1.5.5.7.3.2",
    });
    if let Some(name) = &case.ask {
        args.extend(["--verify-hostname", name]);
    }
    let (accepts, says) = run("certtool", &args);
    Verdict { accepts, says }
}
