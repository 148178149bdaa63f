// SPDX-License-Identifier: Apache-2.0

//! What the command line says of asking an OCSP responder.

use std::time::Duration;

use clap::Args;
use secure_socket::revocation::{CertIdHash, DEFAULT_OCSP_LIMITS, HttpUrl, Ocsp, Scope};

use super::policy::parse_scope;

#[derive(Args, Clone, Default)]
#[command(next_help_heading = "How carefully to look at certificates")]
pub(crate) struct OcspArgs {
    /// Asks an OCSP responder whether the peer's certificate is revoked, after the
    /// handshake and before any data: the one that the certificate names. Without a good
    /// answer there is no connection
    #[arg(long)]
    pub(crate) ocsp: bool,
    /// Asks this responder, whatever certificates say
    #[arg(long = "ocsp-responder", value_name = "URL", requires = "ocsp", value_parser = HttpUrl::new)]
    responder: Option<HttpUrl>,
    /// Which certificates are asked about: leaf for the peer's own, chain for every one
    /// but the trust anchor [default: leaf]
    #[arg(long = "ocsp-scope", value_name = "SCOPE", requires = "ocsp", value_parser = parse_scope)]
    scope: Option<Scope>,
    /// Demands an answer that was made just now, which not every responder gives
    #[arg(long = "ocsp-nonce", requires = "ocsp")]
    nonce: bool,
    /// Lets a peer in, with a warning, where there is no answer. Whoever can cut the
    /// responder off can then use a revoked certificate
    #[arg(long = "ocsp-soft-fail", requires = "ocsp")]
    soft_fail: bool,
    /// The longest response that is taken, in bytes [default: 8192]
    #[arg(long, value_name = "BYTES", requires = "ocsp",
          value_parser = clap::value_parser!(u32).range(64..))]
    ocsp_max_bytes: Option<u32>,
    /// Seconds for the responder to answer in, for each certificate [default: 10]
    #[arg(long, value_name = "SECONDS", requires = "ocsp",
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    ocsp_timeout: Option<u32>,
    /// Names certificates to the responder by this hash: sha1, which all of them know, or
    /// sha256 [default: sha1]
    #[arg(long, value_name = "HASH", requires = "ocsp", value_parser = parse_hash)]
    ocsp_cert_id: Option<CertIdHash>,
}

impl OcspArgs {
    /// What was asked for, if anything was.
    pub(crate) fn ocsp(&self) -> Option<Ocsp> {
        if !self.ocsp {
            return None;
        }
        let mut ocsp = Ocsp::new().with_scope(self.scope());
        if let Some(responder) = &self.responder {
            ocsp = ocsp.with_responder(responder.clone());
        }
        if self.nonce {
            ocsp = ocsp.with_nonce();
        }
        if self.soft_fail {
            ocsp = ocsp.with_soft_fail();
        }
        if let Some(hash) = self.ocsp_cert_id {
            ocsp = ocsp.with_cert_id_hash(hash);
        }
        let mut limits = DEFAULT_OCSP_LIMITS;
        if let Some(bytes) = self.ocsp_max_bytes {
            limits.bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        if let Some(seconds) = self.ocsp_timeout {
            limits.timeout = Duration::from_secs(seconds.into());
        }
        Some(ocsp.with_limits(limits))
    }

    fn scope(&self) -> Scope {
        self.scope.unwrap_or(Scope::Leaf)
    }

    /// What is asked, if anything is.
    pub(crate) fn words(&self) -> Option<String> {
        if !self.ocsp {
            return None;
        }
        let whose = match self.scope() {
            Scope::Leaf => "the peer's own certificate",
            Scope::Chain => "every certificate but the trust anchor",
        };
        let whom = match &self.responder {
            Some(url) => url.to_string(),
            None => "the responder that it names".into(),
        };
        let unanswered = match self.soft_fail {
            true => ", if there is an answer",
            false => "",
        };
        Some(format!("revocation of {whose} (OCSP: {whom}{unanswered})"))
    }
}

fn parse_hash(text: &str) -> Result<CertIdHash, String> {
    match text {
        "sha1" => Ok(CertIdHash::Sha1),
        "sha256" => Ok(CertIdHash::Sha256),
        _ => Err("use sha1 or sha256".into()),
    }
}
