// SPDX-License-Identifier: Apache-2.0

//! Cases of certificate checks: a chain, a policy and a clock, and what must come of it.
//!
//! They are data (`tests/trust-cases/*.toml`, one file for each idea), read by the tests
//! of the library on this computer and, as files on disk ([`write()`]), by those of the
//! firmware. What a case expects stands in an RFC or in `docs/trust.md`, and the case says
//! where.
//!
//! ```toml
//! [[case]]
//! name = "a leaf is refused a second after its notAfter"
//! rule = "RFC 5280, 4.1.2.5"
//! leaf = { not_after = 2026-05-31T23:59:59Z }
//! expect = "Refusal::Expired"
//! depth = 0
//! ```
//!
//! `root`, `inter` and `leaf` are certificates of a good chain, each issued by the one
//! before; a case gives the fields that differ ([`CertificateRecipe`]), and further
//! certificates in `also`.
//!
//! [`CertificateRecipe`]: crate::recipe::CertificateRecipe

mod disk;
mod file;

pub use disk::write;
pub use file::{CLOCK, read};

use crate::Role;
use crate::recipe::{Date, Recipe};
use serde::Deserialize;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file that it is in, without `.toml`.
    pub group: String,
    /// A sentence. Unique in all files.
    pub name: String,
    /// What says that this must come of it: an RFC's section, or a part of
    /// `docs/trust.md`.
    pub rule: String,
    /// Who checks. The other side shows the certificates.
    pub by: Role,
    /// What it shows, its own certificate first.
    pub send: Vec<String>,
    /// The trust anchors. Not looked at where keys are pinned in place of a CA.
    pub trust: Vec<String>,
    /// The name that a client asks for.
    pub ask: Option<String>,
    /// What the clock of the side that checks shows.
    pub clock: Date,
    /// How carefully it checks.
    pub policy: PolicyRecipe,
    /// What must come of it.
    pub expect: Expect,
    /// The one version of TLS, `1.2` or `1.3`, in which a peer shows such certificates.
    pub only_tls: Option<String>,
    /// What `openssl` is to say: of OCSP `openssl ocsp`, of all else `openssl verify`.
    pub openssl: Other,
    /// What `certtool --verify` of GnuTLS is to say.
    pub gnutls: Other,
    /// How this is on a device.
    pub device: Device,
    /// All certificates, CRLs and OCSP answers.
    pub recipe: Recipe,
}

/// How carefully to check; the default is the library's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRecipe {
    /// The longest RSA key.
    pub max_rsa_bits: Option<u32>,
    /// `P-256`, `P-384` and `P-521`.
    pub curves: Option<Vec<String>>,
    /// A certificate without a subjectAltName is taken by its commonName.
    #[serde(default)]
    pub legacy_common_name: bool,
    /// The keys of these certificates are pinned.
    #[serde(default)]
    pub pins: Vec<String>,
    /// They stand in for a CA.
    #[serde(default)]
    pub pinned_only: bool,
    /// Revocation lists are required, and these are at hand.
    pub crls: Option<Vec<String>>,
    /// The peer's own certificate alone is looked up in them.
    #[serde(default)]
    pub crls_of_leaf: bool,
    /// An OCSP responder is asked.
    pub ocsp: Option<OcspPolicy>,
}

/// How to ask by OCSP.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspPolicy {
    /// With a nonce.
    #[serde(default)]
    pub nonce: bool,
    /// About the intermediates too.
    #[serde(default)]
    pub chain: bool,
    /// No answer will do.
    #[serde(default)]
    pub soft_fail: bool,
}

/// What must come of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A connection.
    Accepted,
    /// None.
    Refused {
        /// Why, by the name in `docs/refusals.md`; mostly one reason.
        variants: Vec<String>,
        /// Which certificate: 0 is the peer's own, above are its issuers. Absent where
        /// the reason is not about one.
        depth: Option<u8>,
    },
}

/// What another program says, and if that is something else, why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Other {
    /// The same.
    #[default]
    Agrees,
    /// The opposite, for this reason.
    Differs(String),
    /// It cannot be asked, for this reason.
    Cannot(String),
}

/// How a case is on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The same.
    #[default]
    Same,
    /// Its TLS library was built with less: it is refused for another reason, by its name
    /// in `docs/refusals.md`, or for several with ` + ` between them.
    Says(String),
    /// It cannot be put to a device, for this reason.
    Cannot(String),
}
