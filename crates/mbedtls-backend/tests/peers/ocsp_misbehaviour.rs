// SPDX-License-Identifier: Apache-2.0

//! A responder that does everything wrong, one thing at a time.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mbedtls_backend::TcpConnection;
use secure_socket::backend::OsErrorKind;
use secure_socket::credential::{CaCertificate, Identity, Trust};
use secure_socket::diagnosis::Refusal;
use secure_socket::error::{Error, IoError};
use secure_socket::policy::Policy;
use secure_socket::revocation::{
    FetchError, HttpUrl, Limits, Ocsp, OcspStatus, RevocationProblem as Problem, Scope,
};
use secure_socket::{ServerName, Stream, client, diagnosis::Alert, server};
use test_pki::recipe::{Recipe, World};
use test_pki::responder::Responder;

use crate::ours::{Echo, TIMEOUTS, backend, build};

/// Root, intermediate, a server and a client; delegates of all kinds.
const CERTIFICATES: &str = r#"
[[certificate]]
id = "root"

[[certificate]]
id = "inter"
issuer = "root"
ocsp = ["{responder}/root"]

[[certificate]]
id = "leaf"
issuer = "inter"
ocsp = ["ldap://ocsp.test/", "{responder}/inter"]

[[certificate]]
id = "other"
issuer = "inter"

[[certificate]]
id = "delegate"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]

[[certificate]]
id = "no-purpose"
issuer = "inter"

[[certificate]]
id = "ran-out"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]
not_after = 2025-06-01

[[certificate]]
id = "to-come"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]
not_before = 2034-01-01

[[certificate]]
id = "of-the-root"
issuer = "root"
ext_key_usage = ["OCSPSigning"]

[[certificate]]
id = "forged"
issuer = "inter"
signed_by = "stranger"
ext_key_usage = ["OCSPSigning"]

[[certificate]]
id = "weak-key"
issuer = "inter"
key = "rsa1024"
ext_key_usage = ["OCSPSigning"]

[[certificate]]
id = "weakly-signed"
issuer = "inter"
hash = "sha1"
ext_key_usage = ["OCSPSigning"]

[[certificate]]
id = "no-check"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]
ocsp_no_check = true

[[certificate]]
id = "no-check-critical"
issuer = "inter"
ext_key_usage = ["OCSPSigning"]
extensions = [{ oid = "1.3.6.1.5.5.7.48.1.5", critical = true }]

[[certificate]]
id = "stranger"

[[certificate]]
id = "same-name"
same_subject_as = "inter"
ext_key_usage = ["OCSPSigning"]
"#;

/// Those certificates, and what is said of the server's.
struct Case {
    world: Arc<World>,
    responder: Responder,
}

impl Case {
    fn new(answer: &str) -> Self {
        Self::of(&format!("[[ocsp]]\nfor = \"leaf\"\n{answer}\n"))
    }

    fn of(answers: &str) -> Self {
        let text = format!("{CERTIFICATES}\n{answers}");
        let (world, responder) = Recipe::from_toml(&text).unwrap().serve().unwrap();
        Self { world, responder }
    }

    fn anchor(&self) -> CaCertificate {
        CaCertificate::from_der(self.world.certificate("root").unwrap().der.clone()).unwrap()
    }

    /// Connects to a server of ours with the certificate in question.
    fn connect(&self, policy: &Policy) -> (Result<Stream<TcpConnection>, Error>, Echo) {
        let credential = self.world.credential(&["leaf", "inter"]).unwrap();
        let identity = Identity::from_pem(&credential.chain_pem, &credential.key_pem, backend());
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .identity(identity.unwrap())
            .any_client();
        let echo = Echo::start(server);
        let trust = Trust::from(self.anchor()).with_policy(policy.clone());
        let client = client::builder()
            .timeouts(TIMEOUTS)
            .trust(trust)
            .without_identity()
            .server_name(ServerName::new("device.test").unwrap());
        (build(client).connect("127.0.0.1", echo.port), echo)
    }

    fn ask(&self, ocsp: Ocsp) -> Result<Stream<TcpConnection>, Error> {
        self.connect(&Policy::new().with_ocsp(ocsp)).0
    }
}

/// The one reason, and of which certificate.
fn reason(result: Result<Stream<TcpConnection>, Error>) -> (u8, Refusal) {
    let error = result.err().expect("nothing was refused");
    let Error::Verify(error) = error else {
        panic!("not refused for the certificate: {error}");
    };
    let [refused] = error.refused.as_slice() else {
        panic!("{error}");
    };
    let [refusal] = refused.refusals.as_slice() else {
        panic!("{error}");
    };
    (refused.depth, refusal.clone())
}

/// Why nobody can tell, with soft fail: nothing of this is forgiven.
fn problem_of(answer: &str) -> Problem {
    problem_with(answer, Ocsp::new().with_soft_fail())
}

fn problem_with(answer: &str, ocsp: Ocsp) -> Problem {
    match reason(Case::new(answer).ask(ocsp)) {
        (0, Refusal::RevocationUnknown { problem }) => problem,
        other => panic!("{answer}: {other:?}"),
    }
}

macro_rules! assert_problem {
    ($problem:expr, $($pattern:tt)+) => {{
        let problem = $problem;
        assert!(matches!(problem, $($pattern)+), "{problem:?}");
    }};
}

#[test]
fn the_certificate_says_whom_to_ask() {
    let case = Case::new("");
    case.ask(Ocsp::new()).unwrap();
    let seen = case.responder.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!((&*seen[0].method, &*seen[0].path), ("POST", "/inter"));
    assert_eq!(seen[0].certificate.as_deref(), Some("leaf"));
}

#[test]
fn what_is_right_is_taken() {
    for answer in [
        "responder_id = \"key\"",
        "signer = \"delegate\"",
        "signer = \"delegate\"\nresponder_id = \"key\"",
        "signer = \"no-check\"",
        "signer = \"no-check-critical\"",
        // The delegate is not the first that came along.
        "signer = \"delegate\"\ninclude = [\"stranger\", \"other\", \"delegate\"]",
        "hash = \"sha384\"",
        // Nobody asked for a nonce.
        "nonce = \"other\"",
        "http = \"no-length\"",
        "http = \"wrong-type\"",
        // Of now, and with a newer one to be had at any time.
        "this_update = \"now-5m\"\nnext_update = \"absent\"",
        // Their clock is ahead.
        "this_update = \"now+4m\"",
    ] {
        let result = Case::new(answer).ask(Ocsp::new());
        assert!(result.is_ok(), "{answer}: {:?}", result.err());
    }
    let case = Case::new("signer = \"delegate\"");
    case.ask(Ocsp::new().with_nonce()).unwrap();
}

#[test]
fn signatures_of_others_are_refused() {
    assert_problem!(
        problem_of("corrupt = \"signature\""),
        Problem::OcspSignature
    );
    assert_problem!(
        problem_of("signer = \"delegate\"\ncorrupt = \"signature\""),
        Problem::OcspSignature
    );
    // The issuer's name, and another key.
    assert_problem!(
        problem_of("signer = \"same-name\"\ninclude = []"),
        Problem::OcspSignature
    );
    assert_problem!(
        problem_of("signer = \"same-name\""),
        Problem::OcspDelegateIssuer { .. }
    );
    assert_problem!(
        problem_of("hash = \"sha1\""),
        Problem::OcspWeakSignature { .. }
    );
}

#[test]
fn responders_that_may_not_are_refused() {
    assert_problem!(
        problem_of("signer = \"delegate\"\ninclude = []"),
        Problem::OcspResponder
    );
    assert_problem!(
        problem_of("signer = \"delegate\"\ninclude = [\"other\", \"stranger\"]"),
        Problem::OcspResponder
    );
    for signer in ["stranger", "of-the-root", "forged", "root"] {
        assert_problem!(
            problem_of(&format!("signer = \"{signer}\"")),
            Problem::OcspDelegateIssuer { .. }
        );
    }
    let fault = |signer: &str| match problem_of(&format!("signer = \"{signer}\"")) {
        Problem::OcspDelegate { subject, refusal } => {
            assert!(subject.contains(signer), "{subject}");
            *refusal
        }
        other => panic!("{signer}: {other:?}"),
    };
    assert!(matches!(fault("no-purpose"), Refusal::Purpose { .. }));
    assert!(matches!(fault("ran-out"), Refusal::Expired { .. }));
    assert!(matches!(fault("to-come"), Refusal::NotYetValid { .. }));
    assert!(matches!(fault("weak-key"), Refusal::KeyTooShort { .. }));
    assert!(matches!(
        fault("weakly-signed"),
        Refusal::WeakSignature { .. }
    ));
    // The peer may not vouch for itself.
    assert!(matches!(fault("leaf"), Refusal::Purpose { .. }));
}

#[test]
fn answers_about_something_else_are_refused() {
    for answer in [
        "serial = \"0102\"",
        "issuer = \"root\"",
        "issuer = \"same-name\"",
        "cert_id_hash = \"sha256\"",
    ] {
        assert_problem!(problem_of(answer), Problem::OcspOtherCertificate);
    }
    assert_problem!(problem_of("status = \"unknown\""), Problem::OcspUnknown);
}

#[test]
fn dates_are_held_against_our_clock() {
    assert_problem!(
        problem_of("this_update = \"now-2h\"\nnext_update = \"now-1m\""),
        Problem::OcspStale { .. }
    );
    assert_problem!(
        problem_of("this_update = \"now-2h\"\nnext_update = \"absent\""),
        Problem::OcspTooOld { .. }
    );
    assert_problem!(
        problem_of("this_update = \"now+10m\""),
        Problem::OcspNotYetValid { .. }
    );
}

#[test]
fn a_nonce_that_was_asked_for_must_come_back() {
    let asking = || Ocsp::new().with_nonce().with_soft_fail();
    assert_problem!(
        problem_with("nonce = \"none\"", asking()),
        Problem::OcspNonceMissing
    );
    assert_problem!(
        problem_with("nonce = \"other\"", asking()),
        Problem::OcspNonce
    );
}

#[test]
fn a_responder_that_has_no_answer_says_why() {
    for (answer, status, is_forgiven) in [
        ("malformedRequest", OcspStatus::MalformedRequest, false),
        ("internalError", OcspStatus::InternalError, true),
        ("tryLater", OcspStatus::TryLater, true),
        ("sigRequired", OcspStatus::SigRequired, false),
        ("unauthorized", OcspStatus::Unauthorized, false),
    ] {
        let answer = format!("answer = \"{answer}\"");
        assert_eq!(
            problem_with(&answer, Ocsp::new()),
            Problem::OcspStatus(status)
        );
        let soft = Case::new(&answer).ask(Ocsp::new().with_soft_fail());
        assert_eq!(soft.is_ok(), is_forgiven, "{answer}");
    }
    assert_problem!(problem_of("answer = \"garbage\""), Problem::OcspUnreadable);
}

/// What comes of an answer that is sent in some other way.
fn fetch_error(http: &str, ocsp: Ocsp) -> FetchError {
    match problem_with(&format!("http = \"{http}\""), ocsp) {
        Problem::Fetch { error, .. } => error,
        other => panic!("{http}: {other:?}"),
    }
}

#[test]
fn http_that_will_not_do_is_refused_by_name() {
    let limits = Limits {
        bytes: 4096,
        timeout: Duration::from_secs(1),
    };
    let asking = || Ocsp::new().with_limits(limits);
    let is_timeout = |error: FetchError| matches!(error, FetchError::Exchange(error) if error.kind == OsErrorKind::TimedOut);
    assert_eq!(fetch_error("error-404", asking()), FetchError::Status(404));
    assert_eq!(fetch_error("error-500", asking()), FetchError::Status(500));
    let redirect = fetch_error("redirect", asking());
    let FetchError::Redirect {
        status: 302,
        to: Some(to),
    } = redirect
    else {
        panic!("{redirect:?}");
    };
    assert_eq!(to.target(), "/moved/inter");
    assert_eq!(
        fetch_error("oversize", asking()),
        FetchError::TooLarge { limit: 4096 }
    );
    assert!(matches!(
        fetch_error("close-early", asking()),
        FetchError::Short { .. }
    ));
    assert_eq!(fetch_error("close", asking()), FetchError::Closed);
    for http in ["silent", "drip"] {
        let start = Instant::now();
        assert!(is_timeout(fetch_error(http, asking())), "{http}");
        let took = start.elapsed();
        assert!(took < Duration::from_secs(3), "{http}: {took:?}");
    }
    for (http, is_forgiven) in [
        ("error-404", false),
        ("error-500", true),
        ("redirect", false),
        ("oversize", false),
        ("close-early", true),
        ("close", true),
        ("silent", true),
        ("drip", true),
    ] {
        let case = Case::new(&format!("http = \"{http}\""));
        let soft = case.ask(asking().with_soft_fail());
        assert_eq!(soft.is_ok(), is_forgiven, "{http}");
    }
}

/// HTTP/1.0 was asked for, and somebody answers in chunks all the same.
#[test]
fn chunks_are_refused_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        assert!(request[..length].starts_with(b"POST / HTTP/1.0\r\n"));
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let url = HttpUrl::new(&format!("http://localhost:{port}")).unwrap();
    let asking = Ocsp::new().with_responder(url).with_soft_fail();
    let (_, refusal) = reason(Case::new("").ask(asking));
    server.join().unwrap();
    assert!(
        matches!(
            &refusal,
            Refusal::RevocationUnknown {
                problem: Problem::Fetch {
                    error: FetchError::Encoded,
                    ..
                }
            }
        ),
        "{refusal:?}"
    );
}

#[test]
fn a_whole_chain_is_asked_about_issuers_first() {
    let good = "[[ocsp]]\nfor = \"leaf\"\n[[ocsp]]\nfor = \"inter\"\n";
    let case = Case::of(good);
    case.ask(Ocsp::new().with_scope(Scope::Chain)).unwrap();
    let asked = |case: &Case| -> Vec<Option<String>> {
        case.responder
            .seen()
            .into_iter()
            .map(|seen| seen.certificate)
            .collect()
    };
    assert_eq!(asked(&case), [Some("inter".into()), Some("leaf".into())]);

    let revoked = "[[ocsp]]\nfor = \"leaf\"\n[[ocsp]]\nfor = \"inter\"\nstatus = \"revoked\"\n";
    let case = Case::of(revoked);
    let (depth, refusal) = reason(case.ask(Ocsp::new().with_scope(Scope::Chain)));
    assert_eq!(depth, 1);
    assert!(
        matches!(refusal, Refusal::Revoked { reason: None, .. }),
        "{refusal:?}"
    );
    assert_eq!(asked(&case), [Some("inter".into())]);
    // The intermediate is not looked at unless it is asked for.
    Case::of(revoked).ask(Ocsp::new()).unwrap();
}

#[test]
fn a_peer_that_is_refused_gets_an_alert_and_no_data() {
    for (answer, alert) in [
        ("status = \"revoked\"", Alert::CERTIFICATE_REVOKED),
        ("status = \"unknown\"", Alert::CERTIFICATE_UNKNOWN),
    ] {
        let policy = Policy::new().with_ocsp(Ocsp::new());
        let (result, echo) = Case::new(answer).connect(&policy);
        assert!(result.is_err());
        // The handshake itself was good.
        echo.handshake().unwrap();
        assert_eq!(echo.end(), Err(Error::Io(IoError::PeerAlert(alert))));
    }
}

/// The cache is of good answers alone, and of so many.
#[test]
fn answers_are_kept_while_they_last() {
    let case = Case::new("this_update = \"now-1m\"\nnext_update = \"now+3s\"");
    let policy = Policy::new().with_ocsp(Ocsp::new());
    for _ in 0..3 {
        case.connect(&policy).0.unwrap();
    }
    assert_eq!(case.responder.requests(), 1);
    thread::sleep(Duration::from_secs(5));
    let (_, refusal) = reason(case.connect(&policy).0);
    assert!(
        matches!(
            refusal,
            Refusal::RevocationUnknown {
                problem: Problem::OcspStale { .. }
            }
        ),
        "{refusal:?}"
    );
    assert_eq!(case.responder.requests(), 2, "asked anew");

    let case = Case::new("status = \"revoked\"");
    let policy = Policy::new().with_ocsp(Ocsp::new());
    for count in 1..=2 {
        reason(case.connect(&policy).0);
        assert_eq!(case.responder.requests(), count);
    }
}
