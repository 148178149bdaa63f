// SPDX-License-Identifier: Apache-2.0

//! Combinations of Kconfig's symbols that Kconfig cannot express, in whatever application.
//! `zephyr/needs.cmake` has those without which the C does not compile.

use super::Config;

type Result = std::result::Result<(), String>;

pub(crate) fn run(config: &Config) -> Result {
    if !config.is_set("CONFIG_SECURE_SOCKETS") {
        return Err(
            "CONFIG_SECURE_SOCKETS is off, and with it what this crate has beneath it: set it to \
             y in prj.conf (docs/your-application.md)"
                .to_owned(),
        );
    }
    mode(config)?;
    verification(config)?;
    if config.ours("TLS_OFFLOADED") && !config.ours("HOSTED") {
        unsaid(config)?;
    }
    random(config)
}

fn mode(config: &Config) -> Result {
    if config.ours("MODE_UNAUTHENTICATED") && !config.ours("DANGEROUS_UNAUTHENTICATED") {
        return Err(
            "CONFIG_SECURE_SOCKETS_MODE_UNAUTHENTICATED=y authenticates nobody: whoever is in \
             between can read and change everything. For tests on a trusted network only, \
             CONFIG_SECURE_SOCKETS_DANGEROUS_UNAUTHENTICATED=y builds it all the same"
                .to_owned(),
        );
    }
    if config.ours("WITH_CERTIFICATES") && !config.ours("KEY_ECC") && !config.ours("KEY_RSA") {
        return Err(
            "a mode with certificates needs CONFIG_SECURE_SOCKETS_KEY_ECC=y or \
             CONFIG_SECURE_SOCKETS_KEY_RSA=y: no key of any kind could be used"
                .to_owned(),
        );
    }
    if config.ours("CREDENTIALS_PEM")
        && !config.ours("TLS_OFFLOADED")
        && !config.is_set("CONFIG_MBEDTLS_PEM_CERTIFICATE_FORMAT")
    {
        return Err(
            "CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM=y needs CONFIG_MBEDTLS_PEM_CERTIFICATE_FORMAT=y: \
             Zephyr's own sockets read what is in the store"
                .to_owned(),
        );
    }
    Ok(())
}

/// What a wrong certificate would pass without, or be refused without a reason.
fn verification(config: &Config) -> Result {
    if !config.ours("WITH_VERIFICATION") || config.ours("TLS_OFFLOADED") {
        return Ok(());
    }
    for (symbol, what) in [
        (
            "MBEDTLS_HAVE_TIME_DATE",
            "without it an expired certificate passes",
        ),
        (
            "NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK",
            "without it nobody can say why a certificate was refused",
        ),
    ] {
        if !config.is_set(&format!("CONFIG_{symbol}")) {
            return Err(format!(
                "the mode that was chosen needs CONFIG_{symbol}=y: {what}"
            ));
        }
    }
    Ok(())
}

/// What a modem cannot do, and whoever builds for one has not said to do without.
fn unsaid(config: &Config) -> Result {
    let unsaid = [
        (
            "WITH_VERIFICATION",
            "UNEXAMINED",
            "the modem shows no certificate, so nobody can examine the server's",
        ),
        (
            "WITH_PSK",
            "PSK_NO_FORWARD_SECRECY",
            "the modem has no pre-shared key with forward secrecy",
        ),
    ]
    .into_iter()
    .find(|(mode, symbol, _)| config.ours(mode) && !config.ours(symbol));
    match unsaid {
        Some((_, symbol, why)) => Err(format!(
            "CONFIG_SECURE_SOCKETS_TLS_OFFLOADED=y: {why}. CONFIG_SECURE_SOCKETS_{symbol}=y does \
             without; docs/modem.md says what is given up"
        )),
        None => Ok(()),
    }
}

fn random(config: &Config) -> Result {
    if config.is_set("CONFIG_TEST_RANDOM_GENERATOR") && config.is_set("CONFIG_ENTROPY_HAS_DRIVER") {
        return Err(
            "CONFIG_TEST_RANDOM_GENERATOR=y lets random numbers be used that can be guessed, but \
             this board has a source of entropy: leave it off"
                .to_owned(),
        );
    }
    let guessed = ["TIMER_RANDOM_GENERATOR", "TEST_CSPRNG_GENERATOR"]
        .into_iter()
        .find(|symbol| config.is_set(&format!("CONFIG_{symbol}")));
    // Zephyr's Mbed TLS selects it, and without a word, where a board has no driver.
    match guessed.filter(|_| !config.ours("DANGEROUS_RANDOM")) {
        Some(symbol) => Err(format!(
            "Zephyr has no source of entropy for this board (CONFIG_{symbol}=y): its random \
             numbers can be guessed, and with them every key that is made here. For tests only, \
             CONFIG_SECURE_SOCKETS_DANGEROUS_RANDOM=y builds it all the same"
        )),
        None => Ok(()),
    }
}
