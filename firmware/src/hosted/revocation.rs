// SPDX-License-Identifier: Apache-2.0

//! Revocation lists and OCSP, by the command line.

use alloc::format;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
use alloc::string::String;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use core::time::Duration;

#[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
use secure_socket::revocation::CertIdHash;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use secure_socket::revocation::Limits;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use secure_socket::revocation::Scope;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use zephyr_backend::hosted::Argument;

#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use super::argument;
use super::given::given;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use super::number;
use super::policy;
use crate::error::StartError;
use crate::policy::Checks;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use crate::settings::list;

/// The limits on what is fetched.
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
fn limits(
    limits: &mut Limits,
    bytes: (Argument, &str),
    timeout: (Argument, &str),
) -> Result<(), StartError> {
    if let Some(value) = argument(bytes.0)? {
        limits.bytes = number(bytes.1, value)?;
    }
    if let Some(value) = argument(timeout.0)? {
        limits.timeout = Duration::from_secs(number(timeout.1, value)?);
    }
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
pub(super) fn lists(checks: &mut Checks) -> Result<(), StartError> {
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
    let Some(lists) = &mut checks.lists else {
        let without = given(&[policy::OF_LISTS, policy::FETCHING])?;
        return without.map_or(Ok(()), |name| {
            Err(StartError::Setting(format!(
                "{name} is about revocation lists, and there is no --crl or --crl-url"
            )))
        });
    };
    if let Some(value) = argument(Argument::CrlScope)? {
        lists.scope = scope("--crl-scope", value)?;
    }
    if let Some(files) = argument(Argument::CrlIssuers)? {
        lists.issuers = Some(list(files, ';'));
    }
    fetching(lists)
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
fn set_urls(lists: &mut crate::policy::Lists, urls: &str) -> Result<(), StartError> {
    let parse = |url: &String| {
        url.parse()
            .map_err(|error| StartError::value("--crl-url", url, error))
    };
    lists.urls = list(urls, ';')
        .iter()
        .map(parse)
        .collect::<Result<_, _>>()?;
    Ok(())
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
fn fetching(lists: &mut crate::policy::Lists) -> Result<(), StartError> {
    if let Some(name) = given(&[policy::FETCHING])?.filter(|_| lists.urls.is_empty()) {
        return Err(StartError::Setting(format!(
            "{name} is about lists that are fetched, and there is no --crl-url"
        )));
    }
    limits(
        &mut lists.limits,
        (Argument::CrlMaxBytes, "--crl-max-bytes"),
        (Argument::CrlTimeout, "--crl-timeout"),
    )?;
    if let Some(seconds) = argument(Argument::CrlRefresh)? {
        lists.refresh_after = Some(Duration::from_secs(number("--crl-refresh", seconds)?));
    }
    Ok(())
}

#[cfg(all(
    CONFIG_SECURE_SOCKETS_WITH_CRL,
    not(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)
))]
fn fetching(_: &mut crate::policy::Lists) -> Result<(), StartError> {
    not_compiled_in(&[policy::FETCHING], "CONFIG_SECURE_SOCKETS_CRL_URLS")
}

#[cfg(all(
    CONFIG_SECURE_SOCKETS_WITH_CRL,
    not(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)
))]
fn set_urls(_: &mut crate::policy::Lists, _: &str) -> Result<(), StartError> {
    not_compiled_in(&[policy::URLS], "CONFIG_SECURE_SOCKETS_CRL_URLS")
}

#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CRL))]
pub(super) fn lists(_: &mut Checks) -> Result<(), StartError> {
    not_compiled_in(
        &[
            policy::LISTS,
            policy::URLS,
            policy::OF_LISTS,
            policy::FETCHING,
        ],
        "CONFIG_SECURE_SOCKETS_CRL",
    )
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
pub(super) fn responder(checks: &mut Checks) -> Result<(), StartError> {
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
        let without = given(&[policy::RESPONDER])?;
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
    limits(
        &mut responder.limits,
        (Argument::OcspMaxBytes, "--ocsp-max-bytes"),
        (Argument::OcspTimeout, "--ocsp-timeout"),
    )?;
    if let Some(hash) = argument(Argument::OcspCertId)? {
        responder.hash = match hash {
            "sha1" => CertIdHash::Sha1,
            "sha256" => CertIdHash::Sha256,
            _ => {
                return Err(StartError::value(
                    "--ocsp-cert-id",
                    hash,
                    "use sha1 or sha256",
                ));
            }
        };
    }
    Ok(())
}

#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_OCSP))]
pub(super) fn responder(_: &mut Checks) -> Result<(), StartError> {
    not_compiled_in(
        &[policy::OCSP, policy::RESPONDER],
        "CONFIG_SECURE_SOCKETS_OCSP_REQUIRED",
    )
}

#[cfg(not(all(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP)))]
fn not_compiled_in(options: &[super::given::Options], symbol: &str) -> Result<(), StartError> {
    given(options)?.map_or(Ok(()), |name| {
        Err(StartError::Setting(format!(
            "{name}: this image has no code for it; build with {symbol}=y"
        )))
    })
}
