// SPDX-License-Identifier: Apache-2.0

//! How carefully to look at certificates: what Kconfig says of it, checked.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use secure_socket::UnixTime;
use secure_socket::policy::SpkiPin;
use secure_socket::revocation::{Crl, HttpUrl};

use super::{Config, Directory, Result, contents, in_file, is_pem, text};

pub(crate) fn values(config: &Config) -> Result<String> {
    let mut source = String::new();
    if !config.ours("CHECKS_CERTIFICATES") {
        return Ok(source);
    }
    let pins = pins(&config.text("PINS"))?;
    refuse_nonsense(config, &pins)?;
    let bytes: Vec<_> = pins.iter().map(SpkiPin::as_bytes).collect();
    let _ = writeln!(source, "pub(crate) const PINS: &[[u8; 32]] = &{bytes:?};");
    if config.ours("KEY_RSA") && !config.text("MAX_RSA_BITS").is_empty() {
        let bits = config.number("MAX_RSA_BITS")?;
        let _ = writeln!(
            source,
            "pub(crate) const MAX_RSA_BITS: Option<u32> = Some({bits});"
        );
    } else {
        source.push_str("pub(crate) const MAX_RSA_BITS: Option<u32> = None;\n");
    }
    if config.ours("WITH_CRL_URL") {
        let urls = config.text("CRL_URLS");
        let urls: Vec<_> = urls.split(';').map(str::trim).collect();
        let urls: Vec<_> = urls.into_iter().filter(|url| !url.is_empty()).collect();
        for url in &urls {
            HttpUrl::new(url)
                .map_err(|error| format!("CONFIG_SECURE_SOCKETS_CRL_URLS has {url:?}: {error}"))?;
        }
        let _ = writeln!(source, "pub(crate) const CRL_URLS: &[&str] = &{urls:?};");
        for symbol in ["CRL_MAX_BYTES", "CRL_TIMEOUT_S", "CRL_REFRESH_S"] {
            number(config, symbol, &mut source)?;
        }
    }
    if config.ours("WITH_OCSP") {
        let responder = config.text("OCSP_RESPONDER");
        if !responder.is_empty() {
            HttpUrl::new(&responder).map_err(|error| {
                format!("CONFIG_SECURE_SOCKETS_OCSP_RESPONDER is {responder:?}: {error}")
            })?;
        }
        let cache = config.number("OCSP_CACHE")?;
        let _ = write!(
            source,
            "pub(crate) const OCSP_RESPONDER: &str = {responder:?};\n\
             pub(crate) const OCSP_CACHE: usize = {cache};\n"
        );
        for symbol in ["OCSP_MAX_BYTES", "OCSP_TIMEOUT_S"] {
            number(config, symbol, &mut source)?;
        }
    }
    Ok(source)
}

fn number(config: &Config, symbol: &str, source: &mut String) -> Result<()> {
    let value = config.number(symbol)?;
    let _ = writeln!(source, "pub(crate) const {symbol}: u32 = {value};");
    Ok(())
}

fn pins(text: &str) -> Result<Vec<SpkiPin>> {
    text.split(';')
        .map(str::trim)
        .filter(|pin| !pin.is_empty())
        .map(|pin| {
            pin.parse()
                .map_err(|error| format!("CONFIG_SECURE_SOCKETS_PINS has {pin:?}: {error}"))
        })
        .collect()
}

/// Combinations that Kconfig cannot express.
fn refuse_nonsense(config: &Config, pins: &[SpkiPin]) -> Result<()> {
    if !config.ours("PINNED_ONLY") {
        return Ok(());
    }
    if pins.is_empty() {
        return Err(
            "CONFIG_SECURE_SOCKETS_PINNED_ONLY=y, but CONFIG_SECURE_SOCKETS_PINS is empty: pin a \
             key, or trust a CA"
                .to_owned(),
        );
    }
    for symbol in ["CRL", "OCSP_REQUIRED", "OCSP_SOFT_FAIL"] {
        if config.ours(symbol) {
            return Err(format!(
                "CONFIG_SECURE_SOCKETS_PINNED_ONLY=y, and CONFIG_SECURE_SOCKETS_{symbol}=y: keys \
                 pinned in place of a CA have no issuer who could revoke them"
            ));
        }
    }
    Ok(())
}

/// The revocation lists of the directory, each in DER.
pub(crate) fn lists(directory: &Directory) -> Result<Option<Vec<Vec<u8>>>> {
    let Some(path) = directory.find(&["crl.pem", "crl.der"]) else {
        return Ok(None);
    };
    let contents = contents(&path)?;
    let lists = match is_pem(&path) {
        true => Crl::from_pem(&text(&path, contents)?),
        false => Crl::from_der(contents).map(|list| vec![list]),
    };
    let lists = lists.map_err(in_file(&path))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = UnixTime::from_seconds(now.map_or(0, |since| since.as_secs()));
    for list in lists.iter().filter(|list| list.next_update() < now) {
        println!(
            "cargo::warning={}: the list of {} ran out {}: the device will refuse everybody \
             whom it is about",
            path.display(),
            list.issuer(),
            list.next_update()
        );
    }
    Ok(Some(
        lists.iter().map(|list| list.as_der().to_vec()).collect(),
    ))
}
