// SPDX-License-Identifier: Apache-2.0

//! What the command line says of how carefully to look at certificates.

use clap::Args;
use der::DateTime;
use mbedtls_backend::MbedTls;
use secure_socket::UnixTime;
use secure_socket::credential::Trust;
use secure_socket::diagnosis::Peer;
use secure_socket::policy::{DEFAULT_MAX_RSA_BITS, KeyPolicy, MIN_RSA_BITS, Policy, SpkiPin};
use secure_socket::revocation::Scope;
use secure_socket::x509::Curve;
use secure_sockets::BUILT;

use super::crl::CrlArgs;
use super::error::HostError;
use super::ocsp::OcspArgs;

#[derive(Args, Clone, Default)]
#[command(next_help_heading = "How carefully to look at certificates")]
pub(crate) struct PolicyArgs {
    /// The SHA-256 of a public key, of which one must be in the chain; once for each,
    /// as `inspect` shows them
    #[arg(long = "pin", value_name = "HEX", value_parser = str::parse::<SpkiPin>)]
    pub(crate) pins: Vec<SpkiPin>,
    /// The longest RSA key that is taken, in bits [default: 3072]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(2048..=8192))]
    pub(crate) max_rsa_bits: Option<u32>,
    /// A curve whose keys are taken; once for each [default: P-256 and P-384]
    #[arg(long = "curve", value_name = "CURVE", value_parser = parse_curve)]
    pub(crate) curves: Vec<Curve>,
    /// Takes a server's certificate without a subjectAltName by its commonName
    #[arg(long)]
    pub(crate) legacy_common_name: bool,
    #[command(flatten)]
    pub(crate) crl: CrlArgs,
    #[command(flatten)]
    pub(crate) ocsp: OcspArgs,
    /// Checks dates as if it were then: 2026-11-24, 2026-11-24T10:00:00Z, or seconds
    /// since 1970 [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_clock)]
    pub(crate) clock: Option<UnixTime>,
}

impl PolicyArgs {
    /// Mbed TLS, with the clock that was asked for.
    pub(crate) fn backend(&self) -> Result<MbedTls, HostError> {
        let backend = MbedTls::new()?;
        Ok(match self.clock {
            // The backend keeps its clock for good; this is once for the whole program.
            // It may be one from before the program was built: what was true then?
            Some(time) => backend.with_clock(Box::leak(Box::new(time))),
            None => backend.with_earliest(BUILT),
        })
    }

    /// The policy on chains that lead to a CA. Reads the revocation lists.
    pub(crate) fn policy(&self) -> Result<Policy, HostError> {
        Ok(self.without_pins()?.with_pins(self.pins.iter().copied()))
    }

    /// Trusts the pinned keys in place of a CA.
    pub(crate) fn pinned_trust(&self) -> Result<Trust, HostError> {
        Ok(Trust::pinned(self.pins.iter().copied()).with_policy(self.without_pins()?))
    }

    fn without_pins(&self) -> Result<Policy, HostError> {
        let mut policy = Policy::new().with_keys(self.keys());
        if self.legacy_common_name {
            policy = policy.with_legacy_common_name();
        }
        if let Some(crls) = self.crl.lists()? {
            policy = policy.with_crls(crls);
        }
        if let Some(ocsp) = self.ocsp.ocsp() {
            policy = policy.with_ocsp(ocsp);
        }
        Ok(policy)
    }

    fn keys(&self) -> KeyPolicy {
        let keys =
            KeyPolicy::new().with_max_rsa_bits(self.max_rsa_bits.unwrap_or(DEFAULT_MAX_RSA_BITS));
        match self.curves.as_slice() {
            [] => keys,
            curves => keys.with_curves(curves.iter().cloned()),
        }
    }

    /// The first of these flags that was given.
    fn given(&self) -> Option<&'static str> {
        let flag = |name, is_given: bool| is_given.then_some(name);
        [
            flag("--pin", !self.pins.is_empty()),
            flag("--max-rsa-bits", self.max_rsa_bits.is_some()),
            flag("--curve", !self.curves.is_empty()),
            flag("--legacy-common-name", self.legacy_common_name),
            self.crl.given(),
            flag("--ocsp", self.ocsp.ocsp),
            flag("--clock", self.clock.is_some()),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    /// Refuses flags that would say nothing: whoever gives them relies on them.
    pub(crate) fn must_apply(&self, us: Peer, checks: bool) -> Result<(), HostError> {
        if let Some(flag) = self.given().filter(|_| !checks) {
            let which = match us {
                Peer::Client => "use it in mode server-auth or mutual",
                Peer::Server => "a server checks those of its clients in mode mutual alone",
            };
            return Err(HostError::Usage(format!(
                "{flag} is about certificates, and this mode checks none: {which}"
            )));
        }
        if us == Peer::Server && self.legacy_common_name {
            return Err(HostError::Usage(
                "--legacy-common-name is about a server's name: a server checks its clients' \
                 certificates, but no name in them"
                    .into(),
            ));
        }
        Ok(())
    }
}

impl PolicyArgs {
    /// Refuses flags where nobody is asked what they would say.
    pub(crate) fn must_judge(&self, judges: bool) -> Result<(), HostError> {
        // The clock says how many days are left, too.
        match self.given().filter(|flag| !judges && *flag != "--clock") {
            Some(flag) => Err(HostError::Usage(format!(
                "{flag} is about what a device says, and nothing says whom it trusts: give --ca \
                 FILE, or --pinned-only"
            ))),
            None => Ok(()),
        }
    }

    /// What is looked at besides chain, dates, name and purpose.
    pub(crate) fn words(&self) -> String {
        let keys = self.keys();
        let curves: Vec<_> = keys.curves().iter().map(ToString::to_string).collect();
        let mut words = format!(
            "keys (RSA from {MIN_RSA_BITS} to {} bits, {})",
            keys.max_rsa_bits(),
            curves.join(", ")
        );
        if !self.pins.is_empty() {
            words += &format!(", pins ({})", self.pins.len());
        }
        let revocation = [self.crl.words(), self.ocsp.words()];
        if revocation.iter().all(Option::is_none) {
            return words + "; not revocation";
        }
        for part in revocation.into_iter().flatten() {
            words += ", ";
            words += &part;
        }
        words
    }
}

pub(super) fn parse_scope(text: &str) -> Result<Scope, String> {
    match text {
        "leaf" => Ok(Scope::Leaf),
        "chain" => Ok(Scope::Chain),
        _ => Err("use leaf or chain".into()),
    }
}

fn parse_curve(text: &str) -> Result<Curve, String> {
    match text {
        "P-256" => Ok(Curve::P256),
        "P-384" => Ok(Curve::P384),
        _ => Err("use P-256 or P-384".into()),
    }
}

fn parse_clock(text: &str) -> Result<UnixTime, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(UnixTime::from_seconds(seconds));
    }
    let whole = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    whole
        .parse::<DateTime>()
        .map(|date| UnixTime::from_seconds(date.unix_duration().as_secs()))
        .map_err(|_| {
            "give a day (2026-11-24), a time in UTC (2026-11-24T10:00:00Z), or seconds since 1970"
                .into()
        })
}
