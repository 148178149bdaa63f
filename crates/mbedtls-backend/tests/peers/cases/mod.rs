// SPDX-License-Identifier: Apache-2.0

//! The cases of `tests/trust-cases`: each is a handshake with OpenSSL in TLS 1.2 and
//! in 1.3, and what came of it is held against what the case expects, and against what
//! `openssl` and `certtool` say of the same chain.
//!
//! `CASES=words cargo test -p mbedtls-backend --test peers cases -- --nocapture` runs
//! those with the words in their file's name or their own.

mod files;
mod others;
mod ours;
mod outcome;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use secure_socket::TlsVersion::{Tls12, Tls13};
use test_pki::cases::{Case, Expect, Other, read};

use files::Made;
use others::Verdict;
use outcome::Outcome;

const REFUSALS: &str = include_str!("../../../../../docs/refusals.md");

/// Mostly they wait for other programs.
const AT_ONCE: usize = 6;

/// How many cases, and how many of them others judged too.
#[derive(Default)]
struct Tally {
    cases: usize,
    openssl: usize,
    openssl_differs: usize,
    gnutls: usize,
    gnutls_differs: usize,
}

#[test]
fn every_case() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/trust-cases");
    let mut cases = read(&dir).unwrap_or_else(|error| panic!("{error}"));
    if let Ok(words) = std::env::var("CASES") {
        cases.retain(|case| format!("{} {}", case.group, case.name).contains(&words));
    }
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(case);
                    if !found.is_empty() {
                        failures.lock().unwrap().push((case, found));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    for (case, found) in &failures {
        println!("{}: {}: {}", case.group, case.name, found.join("; "));
    }
    let mut groups = BTreeMap::<_, Tally>::new();
    for case in &cases {
        let tally = groups.entry(&case.group).or_default();
        tally.cases += 1;
        let count = |judges: bool, said: &Other| match (judges, said) {
            (true, Other::Agrees) => (1, 0),
            (true, Other::Differs(_)) => (1, 1),
            _ => (0, 0),
        };
        let openssl = count(true, &case.openssl);
        let gnutls = count(others::certtool_judges(case), &case.gnutls);
        tally.openssl += openssl.0;
        tally.openssl_differs += openssl.1;
        tally.gnutls += gnutls.0;
        tally.gnutls_differs += gnutls.1;
    }
    for (group, tally) in groups {
        println!(
            "{group}: {} cases, openssl judges {} (and differs in {}), certtool {} ({})",
            tally.cases, tally.openssl, tally.openssl_differs, tally.gnutls, tally.gnutls_differs
        );
    }
    let summary = format!(
        "cases: {} passed, {} failed",
        cases.len() - failures.len(),
        failures.len()
    );
    println!("{summary}");
    assert!(failures.is_empty(), "{summary}");
}

/// What is not as it should be.
fn check(case: &Case) -> Vec<String> {
    let made = match Made::new(case) {
        Ok(made) => made,
        Err(error) => return vec![error.to_string()],
    };
    let expected = Outcome::from(&case.expect);
    let mut found = Vec::new();
    if let Expect::Refused { variants, .. } = &case.expect {
        // What is no name is refused before there is an `Error`.
        let unknown = |variant: &&String| {
            !variant.starts_with("InvalidServerName::")
                && !REFUSALS.contains(&format!("`{variant}`"))
        };
        for variant in variants.iter().filter(unknown) {
            found.push(format!("{variant} is not in docs/refusals.md"));
        }
    }
    for version in [Tls12, Tls13] {
        let named = version.to_string();
        if case
            .only_tls
            .as_ref()
            .is_some_and(|only| !named.ends_with(only.as_str()))
        {
            continue;
        }
        let (outcome, sentence) = ours::run(case, &made, version);
        if outcome != expected {
            found.push(format!(
                "{outcome} in {version}, and not {expected} ({}): {sentence}",
                case.rule
            ));
        }
    }
    let accepted = case.expect == Expect::Accepted;
    let mut compare = |who: &str, said: &Other, ask: &dyn Fn() -> Verdict| {
        let right = match said {
            Other::Agrees => accepted,
            Other::Differs(_) => !accepted,
            Other::Cannot(_) => return,
        };
        let verdict = ask();
        if verdict.accepts != right {
            found.push(format!(
                "{who} was to {} it: {}",
                if right { "accept" } else { "refuse" },
                verdict.says
            ));
        }
    };
    compare("openssl", &case.openssl, &|| others::openssl(case, &made));
    if others::certtool_judges(case) {
        compare("certtool", &case.gnutls, &|| others::certtool(case, &made));
    } else if case.gnutls != Other::Agrees {
        found.push("certtool is not asked, but the case says what it says".to_owned());
    }
    found
}
