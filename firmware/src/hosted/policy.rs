// SPDX-License-Identifier: Apache-2.0

//! How carefully to look at certificates, by the command line.

use zephyr_backend::hosted::Argument;

use super::given::{Options, given};
use crate::error::StartError;
use crate::settings::Settings;

const KEYS: Options = &[
    (Argument::Pin, "--pin"),
    (Argument::PinnedOnly, "--pinned-only"),
    (Argument::MaxRsaBits, "--max-rsa-bits"),
    (Argument::Curves, "--curves"),
    (Argument::LegacyCommonName, "--legacy-common-name"),
    (Argument::Unexamined, "--unexamined"),
];

pub(super) const LISTS: Options = &[(Argument::Crl, "--crl")];
pub(super) const URLS: Options = &[(Argument::CrlUrl, "--crl-url")];

/// What more is said of them.
pub(super) const OF_LISTS: Options = &[
    (Argument::CrlScope, "--crl-scope"),
    (Argument::CrlIssuers, "--crl-issuers"),
];

/// How they are fetched.
pub(super) const FETCHING: Options = &[
    (Argument::CrlMaxBytes, "--crl-max-bytes"),
    (Argument::CrlTimeout, "--crl-timeout"),
    (Argument::CrlRefresh, "--crl-refresh"),
];

pub(super) const OCSP: Options = &[(Argument::Ocsp, "--ocsp")];

pub(super) const RESPONDER: Options = &[
    (Argument::OcspResponder, "--ocsp-responder"),
    (Argument::OcspScope, "--ocsp-scope"),
    (Argument::OcspNonce, "--ocsp-nonce"),
    (Argument::OcspCache, "--ocsp-cache"),
    (Argument::OcspMaxBytes, "--ocsp-max-bytes"),
    (Argument::OcspTimeout, "--ocsp-timeout"),
    (Argument::OcspCertId, "--ocsp-cert-id"),
];

const ALL: &[Options] = &[KEYS, LISTS, URLS, OF_LISTS, FETCHING, OCSP, RESPONDER];

/// Puts the command line over `settings`.
#[cfg(not(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES))]
pub(super) fn apply(_: &mut Settings) -> Result<(), StartError> {
    match given(ALL)? {
        None => Ok(()),
        Some(name) => Err(nothing_to_check(name)),
    }
}

/// Whoever gives such an option relies on it.
fn nothing_to_check(name: &str) -> StartError {
    StartError::Setting(alloc::format!(
        "{name} is about the peer's certificate, and none is checked in this mode and role: a \
         client checks in modes server-auth and mutual, a server in mutual"
    ))
}

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
pub(super) use checks::apply;

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
mod checks {
    use alloc::vec::Vec;

    use secure_socket::Mode;
    use secure_socket::x509::Curve;

    use super::*;
    use crate::hosted::{argument, number, revocation};
    use crate::policy::Checks;
    use crate::settings::list;

    pub(in crate::hosted) fn apply(settings: &mut Settings) -> Result<(), StartError> {
        let calls = settings.role.calls();
        let checks = match settings.job.mode {
            Mode::Mutual => true,
            Mode::ServerAuth => calls,
            _ => false,
        };
        if let Some(name) = given(ALL)?.filter(|_| !checks) {
            return Err(nothing_to_check(name));
        }
        if argument(Argument::LegacyCommonName)?.is_some() && !calls {
            return Err(StartError::Setting(
                "--legacy-common-name is about a server's name: a server checks its clients' \
                 certificates, but no name in them"
                    .into(),
            ));
        }
        keys(&mut settings.checks)?;
        revocation::lists(&mut settings.checks)?;
        revocation::responder(&mut settings.checks)
    }

    fn keys(checks: &mut Checks) -> Result<(), StartError> {
        if let Some(pins) = argument(Argument::Pin)? {
            checks.pins = list(pins, ';')
                .iter()
                .map(|pin| {
                    pin.parse()
                        .map_err(|error| StartError::value("--pin", pin, error))
                })
                .collect::<Result<_, _>>()?;
        }
        checks.pinned_only |= argument(Argument::PinnedOnly)?.is_some();
        if checks.pinned_only && checks.pins.is_empty() {
            return Err(StartError::Setting(
                "--pinned-only trusts the pinned keys in place of a CA, and no key is pinned: \
                 give one with --pin"
                    .into(),
            ));
        }
        if let Some(bits) = argument(Argument::MaxRsaBits)? {
            let limit: u32 = number("--max-rsa-bits", bits)?;
            if !(2048..=8192).contains(&limit) {
                return Err(StartError::value(
                    "--max-rsa-bits",
                    bits,
                    "it takes 2048 to 8192",
                ));
            }
            checks.keys = checks.keys.clone().with_max_rsa_bits(limit);
        }
        if let Some(names) = argument(Argument::Curves)? {
            let curves = list(names, ',')
                .iter()
                .map(|name| match name.as_str() {
                    "P-256" => Ok(Curve::P256),
                    "P-384" => Ok(Curve::P384),
                    _ => Err(StartError::value("--curves", name, "use P-256 or P-384")),
                })
                .collect::<Result<Vec<_>, _>>()?;
            checks.keys = checks.keys.clone().with_curves(curves);
        }
        checks.unexamined |= argument(Argument::Unexamined)?.is_some();
        checks.legacy_common_name |= argument(Argument::LegacyCommonName)?.is_some();
        Ok(())
    }
}
