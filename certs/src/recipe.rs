// SPDX-License-Identifier: Apache-2.0

//! Any set of certificates, CRLs and OCSP answers, from a description.
//!
//! A [`Recipe`] is read from TOML or put together in code; [`Recipe::make`]
//! turns it into a [`World`] of DER and PEM. Faults are part of the
//! description: a wrong date, a forged signature, an extension nobody knows.
//!
//! ```
//! use test_pki::recipe::Recipe;
//!
//! # fn main() -> Result<(), test_pki::Error> {
//! let recipe = Recipe::from_toml(
//!     r#"
//!     certificate = [
//!         { id = "root" },
//!         { id = "leaf", issuer = "root", not_after = 2025-06-01 },
//!     ]
//!     crl = [{ issuer = "root", revoked = [{ cert = "leaf" }] }]
//!     "#,
//! )?;
//! let world = recipe.make()?;
//! let trusted = &world.certificate("root")?.der;
//! let server = world.credential(&["leaf"])?; // chain and key, DER and PEM
//! let crl = &world.crl("root")?.der;
//! # let _ = (trusted, server, crl);
//! # Ok(())
//! # }
//! ```

mod certificate;
mod world;

pub(crate) use certificate::hex;
pub use certificate::{
    Ca, CertificateRecipe, Corrupt, ExtensionRecipe, NameConstraintsRecipe, Serial,
};
pub use world::World;
pub(crate) use world::{FROM, Issued, TO, or_default, random_serial};

pub use crate::crl::CrlRecipe;
pub use crate::date::{Date, MaybeDate};
pub use crate::key::{Hash, KeyType};
pub use crate::ocsp::OcspRecipe;

use crate::Error;
use crate::responder::Responder;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// A description of certificates, and of what is said about them.
///
/// It can be a field of another type that is read from TOML. An unknown field
/// is an error, which names the certificate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// In any order.
    #[serde(default, rename = "certificate", deserialize_with = "certificates")]
    pub certificates: Vec<CertificateRecipe>,
    /// CRLs of the CAs among them.
    #[serde(default, rename = "crl", deserialize_with = "crls")]
    pub crls: Vec<CrlRecipe>,
    /// What the OCSP responder says, one entry a certificate.
    #[serde(default, deserialize_with = "ocsp")]
    pub ocsp: Vec<OcspRecipe>,
}

impl Recipe {
    /// Reads a recipe.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`], which names the entry and the field.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|e| Error::recipe("recipe", e))
    }

    /// Makes everything. Keys and serials are new each time; RSA keys may be
    /// those of an earlier world of this process.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] when the recipe contradicts itself, names what it
    /// does not have, or has `{responder}` in a URL (see [`Self::serve`]).
    pub fn make(&self) -> Result<World, Error> {
        World::make(self, None)
    }

    /// Like [`Self::make`], with `url` for `{responder}` in URLs:
    /// `http://10.0.2.2:8080`, without a slash at the end.
    ///
    /// # Errors
    ///
    /// As [`Self::make`].
    pub fn make_at(&self, url: &str) -> Result<World, Error> {
        World::make(self, Some(url))
    }

    /// Makes everything and starts a responder for it on 127.0.0.1, whose
    /// address takes the place of `{responder}` in URLs.
    ///
    /// # Errors
    ///
    /// As [`Self::make`], and [`Error::Io`] when there is no free port.
    pub fn serve(&self) -> Result<(Arc<World>, Responder), Error> {
        let responder = Responder::start()?;
        let world = Arc::new(self.make_at(&responder.url())?);
        responder.serve(world.clone());
        Ok((world, responder))
    }
}

fn certificates<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<CertificateRecipe>, D::Error> {
    named(d, "certificate", "id")
}

fn crls<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<CrlRecipe>, D::Error> {
    named(d, "CRL of", "issuer")
}

fn ocsp<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<OcspRecipe>, D::Error> {
    named(d, "OCSP answer for", "for")
}

/// A list of entries. An error in one names it by its field `name`.
fn named<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
    what: &str,
    name: &str,
) -> Result<Vec<T>, D::Error> {
    Vec::<toml::Table>::deserialize(deserializer)?
        .into_iter()
        .enumerate()
        .map(|(at, table)| {
            let id = match table.get(name).and_then(|id| id.as_str()) {
                Some(id) => format!("{what} `{id}`"),
                None => format!("{what} (entry {})", at + 1),
            };
            T::deserialize(table)
                .map_err(|e| D::Error::custom(format_args!("{id}: {}", e.message())))
        })
        .collect()
}
