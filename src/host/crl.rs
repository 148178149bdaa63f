// SPDX-License-Identifier: Apache-2.0

//! What the command line says of revocation lists.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use secure_socket::revocation::{Crls, DEFAULT_CRL_LIMITS, HttpUrl, Scope};

use super::error::HostError;
use super::files;
use super::policy::parse_scope;

#[derive(Args, Clone, Default)]
#[command(next_help_heading = "How carefully to look at certificates")]
#[command(group = ArgGroup::new("lists").multiple(true))]
pub(crate) struct CrlArgs {
    /// A revocation list, in PEM or DER, that certificates are looked up in; once for
    /// each. One that is in date is then demanded of every issuer
    #[arg(long = "crl", value_name = "FILE", group = "lists")]
    crls: Vec<PathBuf>,
    /// Where a revocation list is to be fetched from, in PEM or DER, before it is needed and
    /// again before it runs out; once for each issuer. Demanded as those in files are
    #[arg(long = "crl-url", value_name = "URL", group = "lists", value_parser = HttpUrl::new)]
    crl_urls: Vec<HttpUrl>,
    /// The longest list that is fetched, in bytes [default: 32768]
    #[arg(long, value_name = "BYTES", requires = "crl_urls",
          value_parser = clap::value_parser!(u32).range(64..))]
    crl_max_bytes: Option<u32>,
    /// Seconds for each list to be fetched in [default: 10]
    #[arg(long, value_name = "SECONDS", requires = "crl_urls",
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    crl_timeout: Option<u32>,
    /// Looks for a newer list after this many seconds, though the one held is in date for
    /// longer [default: when half of the time left to it is over]
    #[arg(long, value_name = "SECONDS", requires = "crl_urls",
          value_parser = clap::value_parser!(u32).range(60..))]
    crl_refresh: Option<u32>,
    /// Which certificates are looked up: leaf for the peer's own, chain for every one but
    /// the trust anchor [default: chain]
    #[arg(long, value_name = "SCOPE", requires = "lists", value_parser = parse_scope)]
    crl_scope: Option<Scope>,
    /// CA certificates of the lists' issuers, in PEM or DER; once for each file. By them a
    /// list is checked when it is loaded or fetched, and not in the first handshake that
    /// needs it. Nobody in it is trusted for that
    #[arg(long = "crl-issuer", value_name = "FILE", requires = "lists")]
    crl_issuers: Vec<PathBuf>,
}

impl CrlArgs {
    /// What was asked for, if anything was. Reads the files.
    pub(crate) fn lists(&self) -> Result<Option<Crls>, HostError> {
        if self.given().is_none() {
            return Ok(None);
        }
        let mut limits = DEFAULT_CRL_LIMITS;
        if let Some(bytes) = self.crl_max_bytes {
            limits.bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        if let Some(seconds) = self.crl_timeout {
            limits.timeout = Duration::from_secs(seconds.into());
        }
        let mut crls = Crls::new().with_scope(self.scope()).with_limits(limits);
        if let Some(seconds) = self.crl_refresh {
            crls = crls.with_refresh_after(Duration::from_secs(seconds.into()));
        }
        for path in &self.crls {
            crls = crls.with_lists(files::crls(path)?);
        }
        for url in &self.crl_urls {
            crls = crls.with_url(url.clone());
        }
        for path in &self.crl_issuers {
            crls = crls.with_issuers(files::anchors(path)?);
        }
        Ok(Some(crls))
    }

    /// The first of the flags that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        match (self.crls.as_slice(), self.crl_urls.as_slice()) {
            ([], []) => None,
            ([], _) => Some("--crl-url"),
            _ => Some("--crl"),
        }
    }

    fn scope(&self) -> Scope {
        self.crl_scope.unwrap_or(Scope::Chain)
    }

    /// What is looked up, if anything is.
    pub(crate) fn words(&self) -> Option<String> {
        self.given()?;
        let whose = match self.scope() {
            Scope::Leaf => "the peer's own certificate",
            Scope::Chain => "every certificate but the trust anchor",
        };
        Some(format!("revocation of {whose} (CRL)"))
    }
}
