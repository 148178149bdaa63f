// SPDX-License-Identifier: Apache-2.0

//! How carefully to look at certificates, by the command line.

use zephyr_backend::hosted::Argument;

use super::argument;
use crate::error::StartError;
use crate::settings::Settings;

/// Options, as they are typed.
type Options = &'static [(Argument, &'static str)];

const KEYS: Options = &[
    (Argument::Pin, "--pin"),
    (Argument::PinnedOnly, "--pinned-only"),
    (Argument::MaxRsaBits, "--max-rsa-bits"),
    (Argument::Curves, "--curves"),
    (Argument::LegacyCommonName, "--legacy-common-name"),
];

const LISTS: Options = &[
    (Argument::Crl, "--crl"),
    (Argument::CrlUrl, "--crl-url"),
    (Argument::CrlScope, "--crl-scope"),
];

const OCSP: Options = &[(Argument::Ocsp, "--ocsp")];

const RESPONDER: Options = &[
    (Argument::OcspResponder, "--ocsp-responder"),
    (Argument::OcspScope, "--ocsp-scope"),
    (Argument::OcspNonce, "--ocsp-nonce"),
    (Argument::OcspCache, "--ocsp-cache"),
];

/// The first option of these that was given.
fn given(options: &[Options]) -> Result<Option<&'static str>, StartError> {
    for (which, name) in options.iter().copied().flatten() {
        if argument(*which)?.is_some() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Puts the command line over `settings`.
#[cfg(not(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES))]
pub(super) fn apply(_: &mut Settings) -> Result<(), StartError> {
    match given(&[KEYS, LISTS, OCSP, RESPONDER])? {
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
    use alloc::format;
    use alloc::vec::Vec;

    use secure_socket::Mode;
    #[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
    use secure_socket::revocation::Scope;
    use secure_socket::x509::Curve;

    use super::*;
    use crate::hosted::number;
    use crate::policy::Checks;
    use crate::settings::list;

    pub(in crate::hosted) fn apply(settings: &mut Settings) -> Result<(), StartError> {
        let calls = settings.role.calls();
        let checks = match settings.job.mode {
            Mode::Mutual => true,
            Mode::ServerAuth => calls,
            _ => false,
        };
        if let Some(name) = given(&[KEYS, LISTS, OCSP, RESPONDER])?.filter(|_| !checks) {
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
        lists(&mut settings.checks)?;
        responder(&mut settings.checks)
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
        checks.legacy_common_name |= argument(Argument::LegacyCommonName)?.is_some();
        Ok(())
    }

    #[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
    fn scope(name: &str, value: &str) -> Result<Scope, StartError> {
        match value {
            "leaf" => Ok(Scope::Leaf),
            "chain" => Ok(Scope::Chain),
            _ => Err(StartError::value(name, value, "use leaf or chain")),
        }
    }

    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
    fn lists(checks: &mut Checks) -> Result<(), StartError> {
        use crate::policy::Lists;

        let (files, urls) = (argument(Argument::Crl)?, argument(Argument::CrlUrl)?);
        if checks.lists.is_none() && (files.is_some() || urls.is_some()) {
            checks.lists = Some(Lists::from_kconfig()?);
        }
        if let Some(lists) = &mut checks.lists {
            if let Some(files) = files {
                lists.files = Some(list(files, ';'));
            }
            if let Some(urls) = urls {
                set_urls(lists, urls)?;
            }
        }
        if let Some(value) = argument(Argument::CrlScope)? {
            let Some(lists) = &mut checks.lists else {
                return Err(StartError::Setting(
                    "--crl-scope says which certificates are looked up, and there is no --crl \
                     or --crl-url"
                        .into(),
                ));
            };
            lists.scope = scope("--crl-scope", value)?;
        }
        Ok(())
    }

    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
    fn set_urls(lists: &mut crate::policy::Lists, urls: &str) -> Result<(), StartError> {
        let parse = |url: &alloc::string::String| {
            url.parse()
                .map_err(|error| StartError::value("--crl-url", url, error))
        };
        lists.urls = list(urls, ';')
            .iter()
            .map(parse)
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    #[cfg(all(
        CONFIG_SECURE_SOCKETS_WITH_CRL,
        not(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)
    ))]
    fn set_urls(_: &mut crate::policy::Lists, _: &str) -> Result<(), StartError> {
        let url: Options = &[(Argument::CrlUrl, "--crl-url")];
        not_compiled_in(&[url], "CONFIG_SECURE_SOCKETS_CRL_URLS")
    }

    #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CRL))]
    fn lists(_: &mut Checks) -> Result<(), StartError> {
        not_compiled_in(&[LISTS], "CONFIG_SECURE_SOCKETS_CRL")
    }

    #[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
    fn responder(checks: &mut Checks) -> Result<(), StartError> {
        use crate::policy::Responder;

        if let Some(demand) = argument(Argument::Ocsp)? {
            let soft_fail = match demand {
                "off" => None,
                "required" => Some(false),
                "soft-fail" => Some(true),
                _ => {
                    let takes = "use off, required or soft-fail";
                    return Err(StartError::value("--ocsp", demand, takes));
                }
            };
            checks.ocsp = match (soft_fail, checks.ocsp.take()) {
                (None, _) => None,
                (Some(soft_fail), responder) => Some(Responder {
                    soft_fail,
                    ..match responder {
                        Some(responder) => responder,
                        None => Responder::from_kconfig()?,
                    }
                }),
            };
        }
        let Some(responder) = &mut checks.ocsp else {
            let without = given(&[RESPONDER])?;
            return without.map_or(Ok(()), |name| {
                Err(StartError::Setting(format!(
                    "{name} is about an OCSP responder, and none is asked: give --ocsp=required \
                     or --ocsp=soft-fail"
                )))
            });
        };
        if let Some(url) = argument(Argument::OcspResponder)? {
            let parsed = url
                .parse()
                .map_err(|error| StartError::value("--ocsp-responder", url, error))?;
            responder.url = Some(parsed);
        }
        if let Some(value) = argument(Argument::OcspScope)? {
            responder.scope = scope("--ocsp-scope", value)?;
        }
        responder.nonce |= argument(Argument::OcspNonce)?.is_some();
        if let Some(count) = argument(Argument::OcspCache)? {
            responder.cache = number("--ocsp-cache", count)?;
        }
        Ok(())
    }

    #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_OCSP))]
    fn responder(_: &mut Checks) -> Result<(), StartError> {
        not_compiled_in(&[OCSP, RESPONDER], "CONFIG_SECURE_SOCKETS_OCSP_REQUIRED")
    }

    #[cfg(not(all(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP)))]
    fn not_compiled_in(options: &[Options], symbol: &str) -> Result<(), StartError> {
        given(options)?.map_or(Ok(()), |name| {
            Err(StartError::Setting(format!(
                "{name}: this image has no code for it; build with {symbol}=y"
            )))
        })
    }
}
