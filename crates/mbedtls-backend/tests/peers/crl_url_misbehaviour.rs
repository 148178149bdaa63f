// SPDX-License-Identifier: Apache-2.0

//! A web server that does everything wrong with a revocation list, one thing at a time:
//! on the first attempt, and when a newer list is to take the place of a good one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mbedtls_backend::{MbedTls, TcpConnection};
use secure_socket::backend::OsErrorKind;
use secure_socket::credential::{CaCertificate, CredentialError, CredentialKind, Identity, Trust};
use secure_socket::diagnosis::Refusal;
use secure_socket::error::Error;
use secure_socket::policy::Policy;
use secure_socket::revocation::{
    CrlError, CrlFetchError as Fault, Crls, FetchError, HttpUrl, Limits,
    RevocationProblem as Problem, Scope,
};
use secure_socket::{Client, ServerName, Stream, client, server};
use test_pki::recipe::{Recipe, World};
use test_pki::responder::Responder;

use crate::crl_url::{is_revoked, refusals};
use crate::ours::{Echo, TIMEOUTS, backend};
use crate::web::Ahead;

/// The good list is `good`; half of its time is over in an hour and a half.
const RECIPE: &str = r#"
certificate = [
    { id = "root" },
    { id = "inter", issuer = "root" },
    { id = "leaf", issuer = "inter" },
    { id = "same-name", same_subject_as = "inter" },
    { id = "stranger" },
]

[[crl]]
id = "good"
issuer = "inter"
number = 256
this_update = "now-1h"
next_update = "now+3h"

[[crl]]
id = "newer"
issuer = "inter"
number = 257
this_update = "now-50m"
next_update = "now+6h"
revoked = [{ cert = "leaf" }]

[[crl]]
id = "short"
issuer = "inter"
number = 258
this_update = "now-40m"
next_update = "now+10m"
revoked = [{ cert = "leaf" }]

[[crl]]
id = "newer-still"
issuer = "inter"
number = 259
this_update = "now-30m"
revoked = [{ cert = "leaf" }]

[[crl]]
id = "pem"
issuer = "inter"
this_update = "now-50m"
number = 257
pem = true
revoked = [{ cert = "leaf" }]

[[crl]]
id = "older"
issuer = "inter"
number = 257
this_update = "now-2h"

[[crl]]
id = "lower"
issuer = "inter"
number = 255
this_update = "now-50m"

[[crl]]
id = "stale"
issuer = "inter"
number = 257
this_update = "now-50m"
next_update = "now-10m"

[[crl]]
id = "to-come"
issuer = "inter"
number = 257
this_update = "now+4h"

[[crl]]
id = "corrupt"
issuer = "inter"
number = 257
corrupt = "signature"
this_update = "now-50m"

[[crl]]
id = "namesake"
issuer = "same-name"
number = 257
this_update = "now-50m"

[[crl]]
id = "forged"
issuer = "inter"
number = 257
signed_by = "stranger"
this_update = "now-50m"

[[crl]]
id = "stranger"
issuer = "stranger"
number = 257
this_update = "now-50m"

[[crl]]
id = "root"
issuer = "root"
number = 257
this_update = "now-50m"

[[crl]]
id = "delta"
issuer = "inter"
number = 257
delta = 256
this_update = "now-50m"

[[crl]]
id = "indirect"
issuer = "inter"
number = 257
indirect = true
this_update = "now-50m"

[[crl]]
id = "part"
issuer = "inter"
number = 257
only_user_certs = true
this_update = "now-50m"

[[crl]]
id = "forever"
issuer = "inter"
number = 257
next_update = "absent"
this_update = "now-50m"

[[crl]]
id = "weak"
issuer = "inter"
number = 257
hash = "sha1"
this_update = "now-50m"

[[crl]]
id = "many"
issuer = "inter"
number = 257
many = 2000
this_update = "now-50m"

[[crl]]
id = "error-404"
issuer = "inter"
http = "error-404"
this_update = "now-50m"

[[crl]]
id = "error-500"
issuer = "inter"
http = "error-500"
this_update = "now-50m"

[[crl]]
id = "redirect"
issuer = "inter"
http = "redirect"
this_update = "now-50m"

[[crl]]
id = "oversize"
issuer = "inter"
http = "oversize"
this_update = "now-50m"

[[crl]]
id = "no-length"
issuer = "inter"
number = 257
this_update = "now-50m"
http = "no-length"
revoked = [{ cert = "leaf" }]

[[crl]]
id = "wrong-type"
issuer = "inter"
number = 257
this_update = "now-50m"
http = "wrong-type"
revoked = [{ cert = "leaf" }]

[[crl]]
id = "close-early"
issuer = "inter"
http = "close-early"
this_update = "now-50m"

[[crl]]
id = "close"
issuer = "inter"
http = "close"
this_update = "now-50m"

[[crl]]
id = "silent"
issuer = "inter"
http = "silent"
this_update = "now-50m"

[[crl]]
id = "drip"
issuer = "inter"
http = "drip"
this_update = "now-50m"
"#;

/// As long as a device may be kept waiting here.
const LIMITS: Limits = Limits {
    bytes: 16 * 1024,
    timeout: Duration::from_secs(2),
};
/// What drips or is silent would take a minute and more.
const SOON: Duration = Duration::from_secs(20);

/// Makes the good list one that is half over.
const LATER: u64 = 91 * 60;

struct Case {
    world: Arc<World>,
    responder: Responder,
    clock: &'static Ahead,
    client: Client<'static, MbedTls>,
}

impl Case {
    /// A client that has fetched nothing yet.
    fn new(world: &Arc<World>, crls: Crls) -> Self {
        let responder = Responder::start().unwrap();
        responder.serve(Arc::clone(world));
        let url = HttpUrl::new(&format!("{}/crl/ca.crl", responder.url())).unwrap();
        let crls = crls
            .with_url(url)
            .with_limits(LIMITS)
            .with_scope(Scope::Leaf);
        let trust =
            Trust::from(certificate(world, "root")).with_policy(Policy::new().with_crls(crls));
        let (clock, backend) = Ahead::new();
        let client = client::builder()
            .timeouts(TIMEOUTS)
            .trust(trust)
            .without_identity()
            .server_name(ServerName::new("device.test").unwrap());
        Self {
            world: Arc::clone(world),
            responder,
            clock,
            client: client.build(backend).unwrap(),
        }
    }

    /// Connects to a server of ours, with this list at the URL.
    fn connect(&self, id: &str) -> Result<Stream<TcpConnection>, Error> {
        self.responder.publish("ca.crl", id);
        let credential = self.world.credential(&["leaf", "inter"]).unwrap();
        let identity = Identity::from_pem(&credential.chain_pem, &credential.key_pem, backend());
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .identity(identity.unwrap())
            .any_client();
        let echo = Echo::start(server);
        self.client.connect("127.0.0.1", echo.port)
    }
}

fn certificate(world: &World, id: &str) -> CaCertificate {
    CaCertificate::from_der(world.certificate(id).unwrap().der.clone()).unwrap()
}

/// What is said of the URL, first or last.
fn fault(id: &str, result: Result<Stream<TcpConnection>, Error>) -> Fault {
    let refusals = refusals(result);
    let mut faults = refusals.iter().filter_map(|refusal| match refusal {
        Refusal::RevocationUnknown {
            problem: Problem::CrlFetch { error, .. },
        } => Some(error.clone()),
        _ => None,
    });
    match (faults.next(), faults.next()) {
        (Some(fault), None) => fault,
        _ => panic!("{id}: {refusals:?}"),
    }
}

const DER: Fault = Fault::Unfit(CredentialError::Der(CredentialKind::Crl));

const fn unfit(error: CrlError) -> Fault {
    Fault::Unfit(CredentialError::Crl(error))
}

/// What will not do, by the name of its list, and what is said.
fn is_right(id: &str, fault: &Fault) -> bool {
    match id {
        "error-404" => *fault == Fault::Fetch(FetchError::Status(404)),
        "error-500" => *fault == Fault::Fetch(FetchError::Status(500)),
        "redirect" => matches!(
            fault,
            Fault::Fetch(FetchError::Redirect { status: 302, to: Some(to) })
                if to.target() == "/moved/crl/ca.crl"
        ),
        "oversize" | "many" => {
            let limit = LIMITS.bytes;
            *fault == Fault::Fetch(FetchError::TooLarge { limit })
        }
        "close-early" => matches!(fault, Fault::Fetch(FetchError::Short { .. })),
        "close" => *fault == Fault::Fetch(FetchError::Closed),
        "silent" | "drip" => matches!(
            fault,
            Fault::Fetch(FetchError::Exchange(error)) if error.kind == OsErrorKind::TimedOut
        ),
        "stale" => matches!(fault, Fault::Stale { .. }),
        "to-come" => matches!(fault, Fault::NotYetValid { .. }),
        "corrupt" | "namesake" | "forged" => *fault == unfit(CrlError::Signature),
        "delta" => *fault == unfit(CrlError::Delta),
        "indirect" => *fault == unfit(CrlError::Indirect),
        "part" => *fault == unfit(CrlError::Partitioned("onlyContainsUserCerts")),
        "forever" => *fault == unfit(CrlError::NoNextUpdate),
        "weak" => matches!(
            fault,
            Fault::Unfit(CredentialError::Crl(CrlError::WeakHash(_)))
        ),
        "stranger" => matches!(fault, Fault::OtherIssuer { issuer } if issuer.contains("stranger")),
        "older" => matches!(fault, Fault::Older { .. }),
        "root" => matches!(fault, Fault::OtherIssuer { issuer } if issuer.contains("root")),
        _ => *fault == DER,
    }
}

const BAD: &[&str] = &[
    "error-404",
    "error-500",
    "redirect",
    "oversize",
    "many",
    "close-early",
    "close",
    "silent",
    "drip",
    "stale",
    "to-come",
    "corrupt",
    "namesake",
    "forged",
    "delta",
    "indirect",
    "part",
    "forever",
    "weak",
    "stranger",
    "root",
];

fn world() -> Arc<World> {
    Arc::new(Recipe::from_toml(RECIPE).unwrap().make().unwrap())
}

#[test]
fn on_the_first_attempt_nobody_is_let_in() {
    let world = world();
    for id in BAD {
        let case = Case::new(&world, Crls::new());
        let start = Instant::now();
        let fault = fault(id, case.connect(id));
        assert!(is_right(id, &fault), "{id}: {fault:?}");
        let took = start.elapsed();
        assert!(took < SOON, "{id}: {took:?}");
        assert_eq!(case.responder.requests(), 1, "{id}");
        // As soon as the right one is there, all is well.
        case.clock.wait(5);
        case.connect("good")
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(case.responder.requests(), 2, "{id}");
    }
}

#[test]
fn in_the_place_of_a_good_list_nothing_is_taken_that_is_worse() {
    for id in [BAD, &["older", "lower"]].concat() {
        // Of this moment, as its dates are.
        let case = Case::new(&world(), Crls::new());
        case.connect("good").unwrap();
        case.clock.wait(LATER);
        let start = Instant::now();
        case.connect(id)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        let took = start.elapsed();
        assert!(took < SOON, "{id}: {took:?}");
        assert_eq!(case.responder.requests(), 2, "{id}");
        // It was asked for again, and the good one is still good, for not quite a minute.
        case.clock.wait(3 * 3600 - LATER - 40);
        case.connect(id)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(case.responder.requests(), 3, "{id}");
        case.clock.wait(60);
        let result = case.connect(id);
        if id == "lower" {
            // Its CA is not locked out for good.
            assert!(result.is_ok());
            continue;
        }
        let fault = fault(id, result);
        assert!(is_right(id, &fault), "{id}: {fault:?}");
    }
}

#[test]
fn a_newer_list_takes_its_place_however_it_is_sent() {
    let world = world();
    for id in ["newer", "pem", "no-length", "wrong-type"] {
        let case = Case::new(&world, Crls::new());
        case.connect("good").unwrap();
        case.clock.wait(LATER);
        assert!(is_revoked(case.connect(id)), "{id}");
        assert_eq!(case.responder.requests(), 2, "{id}");
    }
}

/// Once the newest ran out, somebody puts another CA's good list there, to have it
/// forgotten, and then an old one that is still in date.
#[test]
fn how_new_the_newest_was_is_not_forgotten_over_the_list_of_another_issuer() {
    let case = Case::new(&world(), Crls::new());
    assert!(is_revoked(case.connect("short")));
    case.clock.wait(11 * 60);
    let strange = fault("root", case.connect("root"));
    assert!(is_right("root", &strange), "{strange:?}");
    for _ in 0..2 {
        case.clock.wait(5);
        let refusals = refusals(case.connect("older"));
        let is_older = |refusal: &Refusal| {
            matches!(
                refusal,
                Refusal::RevocationUnknown {
                    problem: Problem::CrlFetch {
                        error: Fault::Older { .. },
                        ..
                    }
                }
            )
        };
        assert!(refusals.iter().any(is_older), "{refusals:?}");
    }
    case.clock.wait(5);
    assert!(is_revoked(case.connect("newer-still")));
}

#[test]
fn where_the_issuer_is_at_hand_a_forgery_is_not_even_held() {
    let world = world();
    for id in ["corrupt", "namesake", "forged"] {
        let issuers = [certificate(&world, "inter")];
        let case = Case::new(&world, Crls::new().with_issuers(issuers));
        let refusals = refusals(case.connect(id));
        // With one that is held, the handshake itself would say whose it is not.
        assert!(
            matches!(
                &*refusals,
                [
                    Refusal::RevocationUnknown {
                        problem: Problem::CrlFetch { error, .. }
                    },
                    Refusal::RevocationUnknown {
                        problem: Problem::NoCrl { .. }
                    },
                ] if is_right(id, error)
            ),
            "{id}: {refusals:?}"
        );
    }
}
