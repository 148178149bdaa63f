// SPDX-License-Identifier: Apache-2.0

use super::{CertificateRecipe, Corrupt, Date, Hash, Recipe};
use crate::crl::Crl;
use crate::key::{Key, Keys, Scheme, signature_bits};
use crate::ocsp::{Answers, OcspRecipe};
use crate::{Certificate, Credential, Error, extensions, name, psk};
use der::Encode;
use pem_rfc7468::LineEnding;
use std::collections::HashMap;
use std::sync::Arc;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;
use zeroize::Zeroizing;

/// What was made from a [`Recipe`]. Everything is found by the `id` it has in
/// the recipe.
pub struct World {
    issued: HashMap<String, Issued>,
    crls: HashMap<String, Crl>,
    answers: HashMap<String, OcspRecipe>,
}

/// A certificate, with all that is needed to issue something in its name.
pub(crate) struct Issued {
    pub(crate) certificate: Certificate,
    pub(crate) parsed: x509_cert::Certificate,
    pub(crate) key: Arc<Key>,
    /// The `id` of the issuer; its own if it is self-signed.
    pub(crate) issuer: String,
}

impl Issued {
    pub(crate) fn subject(&self) -> &Name {
        &self.parsed.tbs_certificate.subject
    }

    pub(crate) fn serial(&self) -> &SerialNumber {
        &self.parsed.tbs_certificate.serial_number
    }
}

impl World {
    pub(super) fn make(recipe: &Recipe, responder: Option<&str>) -> Result<Self, Error> {
        let plan = Plan::new(recipe, responder)?;
        let mut world = Self {
            issued: HashMap::new(),
            crls: HashMap::new(),
            answers: HashMap::new(),
        };
        for certificate in &recipe.certificates {
            let issued = plan
                .issue(certificate)
                .map_err(|e| within(&certificate.id, e))?;
            world.issued.insert(certificate.id.clone(), issued);
        }
        for crl in &recipe.crls {
            let part = format!("CRL `{}`", crl.id());
            let made = crl
                .make(&world, responder)
                .map_err(|e| Error::recipe(&part, e))?;
            if world.crls.insert(crl.id().to_owned(), made).is_some() {
                return Err(Error::recipe(
                    part,
                    "there are two of that name; give an `id`",
                ));
            }
        }
        for answer in &recipe.ocsp {
            let part = format!("OCSP answer for `{}`", answer.certificate);
            answer.check(&world).map_err(|e| Error::recipe(&part, e))?;
            let id = answer.certificate.clone();
            if world.answers.insert(id, answer.clone()).is_some() {
                return Err(Error::recipe(part, "there are two"));
            }
        }
        Ok(world)
    }

    /// A certificate by itself.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`], as from everything below.
    pub fn certificate(&self, id: &str) -> Result<&Certificate, Error> {
        Ok(&self.issued(id)?.certificate)
    }

    /// Certificates in the order that `ids` has them, and the private key of
    /// the first: what a peer sends, and signs with.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`], also when there are no `ids`.
    pub fn credential(&self, ids: &[&str]) -> Result<Credential, Error> {
        let chain: Vec<_> = ids
            .iter()
            .map(|id| self.issued(id))
            .collect::<Result<_, _>>()?;
        let leaf = chain
            .first()
            .ok_or_else(|| Error::NotInWorld("a chain of no certificates".to_owned()))?;
        Ok(Credential {
            chain_der: chain.iter().map(|c| c.certificate.der.clone()).collect(),
            chain_pem: chain.iter().map(|c| c.certificate.pem.as_str()).collect(),
            key_der: leaf.key.der(),
            key_pem: leaf.key.pem()?,
        })
    }

    /// The private key of a certificate, PKCS#8 PEM.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`].
    pub fn key_pem(&self, id: &str) -> Result<Zeroizing<String>, Error> {
        self.issued(id)?.key.pem()
    }

    /// The SHA-256 of a certificate's public key (its SubjectPublicKeyInfo in DER;
    /// RFC 7469, section 2.4), in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`].
    pub fn pin(&self, id: &str) -> Result<String, Error> {
        let public = self.issued(id)?.key.public().to_der()?;
        let hash = Hash::Sha256.of(&public);
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// When a certificate begins and ends to be valid, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`].
    pub fn validity(&self, id: &str) -> Result<[u64; 2], Error> {
        let validity = &self.issued(id)?.parsed.tbs_certificate.validity;
        Ok([validity.not_before, validity.not_after].map(|t| t.to_unix_duration().as_secs()))
    }

    /// A CRL, by its `id`, which is its issuer's unless the recipe gives one.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`].
    pub fn crl(&self, id: &str) -> Result<&Crl, Error> {
        self.crls
            .get(id)
            .ok_or_else(|| Error::NotInWorld(format!("CRL `{id}`")))
    }

    /// The OCSP response that the responder gives to a DER `request`. Bad
    /// requests get an answer too, which says so.
    ///
    /// # Errors
    ///
    /// An [`Error`] of the crypto library.
    pub fn ocsp_response(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(Answers(self).to(request)?.body)
    }

    /// The OCSP response for a certificate as if it had been asked for with
    /// SHA-1 and this nonce.
    ///
    /// # Errors
    ///
    /// [`Error::NotInWorld`] if the recipe has no answer for it.
    pub fn ocsp_response_for(&self, id: &str, nonce: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        Answers(self).unasked(id, nonce)
    }

    pub(crate) fn issued(&self, id: &str) -> Result<&Issued, Error> {
        self.issued
            .get(id)
            .ok_or_else(|| Error::NotInWorld(format!("certificate `{id}`")))
    }

    pub(crate) fn all_issued(&self) -> impl Iterator<Item = (&str, &Issued)> {
        self.issued.iter().map(|(id, issued)| (id.as_str(), issued))
    }

    pub(crate) fn answer(&self, id: &str) -> Option<&OcspRecipe> {
        self.answers.get(id)
    }
}

/// Everything that a certificate may refer to in another one.
struct Plan<'a> {
    recipes: HashMap<&'a str, &'a CertificateRecipe>,
    keys: HashMap<&'a str, Arc<Key>>,
    responder: Option<&'a str>,
}

impl<'a> Plan<'a> {
    fn new(recipe: &'a Recipe, responder: Option<&'a str>) -> Result<Self, Error> {
        let mut plan = Self {
            recipes: HashMap::new(),
            keys: HashMap::new(),
            responder,
        };
        for certificate in &recipe.certificates {
            let id = certificate.id.as_str();
            if plan.recipes.insert(id, certificate).is_some() {
                return Err(within(id, "there are two of that name"));
            }
        }
        let mut keys = Keys::default();
        for certificate in &recipe.certificates {
            let id = certificate.id.as_str();
            if certificate.same_key_as.is_none() {
                let kind = certificate.key.unwrap_or_default();
                plan.keys.insert(id, keys.next(kind)?);
            } else if certificate.key.is_some() {
                return Err(within(id, "has both `key` and `same_key_as`"));
            }
        }
        for certificate in &recipe.certificates {
            let owner = plan.follow(certificate, "same_key_as", |c| c.same_key_as.as_deref())?;
            if let Some(key) = plan.keys.get(owner.id.as_str()).cloned() {
                plan.keys.insert(&certificate.id, key);
            }
        }
        Ok(plan)
    }

    fn get(&self, id: &str, field: &str) -> Result<&'a CertificateRecipe, Error> {
        self.recipes.get(id).copied().ok_or_else(|| {
            Error::recipe(
                format_args!("`{field} = \"{id}\"`"),
                "there is no certificate of that name in the recipe",
            )
        })
    }

    fn key(&self, id: &str) -> Result<&Arc<Key>, Error> {
        let missing = || Error::recipe(format_args!("key of `{id}`"), "there is none");
        self.keys.get(id).ok_or_else(missing)
    }

    /// The certificate at the end of a row of `same_..._as`.
    fn follow(
        &self,
        start: &'a CertificateRecipe,
        field: &str,
        next: impl Fn(&'a CertificateRecipe) -> Option<&'a str>,
    ) -> Result<&'a CertificateRecipe, Error> {
        let mut at = start;
        for _ in 0..self.recipes.len() {
            match next(at) {
                None => return Ok(at),
                Some(id) => at = self.get(id, field).map_err(|e| within(&start.id, e))?,
            }
        }
        Err(within(
            &start.id,
            format!("`{field}` goes round in a circle"),
        ))
    }

    fn subject(&self, recipe: &'a CertificateRecipe) -> Result<Name, Error> {
        let owner = self.follow(recipe, "same_subject_as", |c| c.same_subject_as.as_deref())?;
        name::subject(owner.cn.as_deref().unwrap_or(&owner.id), &owner.subject)
    }

    fn is_ca(&self, recipe: &CertificateRecipe) -> bool {
        recipe.ca == Some(super::Ca::True)
            || self
                .recipes
                .values()
                .any(|other| other.issuer.as_ref() == Some(&recipe.id) && other.id != recipe.id)
    }

    fn issue(&self, recipe: &'a CertificateRecipe) -> Result<Issued, Error> {
        let issuer_id = recipe.issuer.as_deref().unwrap_or(&recipe.id);
        let issuer = self.get(issuer_id, "issuer")?;
        let signer = recipe.signed_by.as_deref().unwrap_or(issuer_id);
        let signer_key = self.key(&self.get(signer, "signed_by")?.id)?;
        let key = self.key(&recipe.id)?;
        let scheme = Scheme {
            hash: recipe.hash,
            pss: recipe.pss,
        };
        let extensions = extensions::of_certificate(
            recipe,
            self.is_ca(recipe),
            key.id(),
            self.key(issuer_id)?.id(),
            self.responder,
        )?;
        let extensions = (!recipe.v1 && !extensions.is_empty()).then_some(extensions);
        let tbs_certificate = TbsCertificate {
            version: if recipe.v1 { Version::V1 } else { Version::V3 },
            serial_number: match &recipe.serial {
                Some(serial) => SerialNumber::new(&serial.0)
                    .map_err(|_| Error::recipe("`serial`", "longer than 20 bytes"))?,
                None => random_serial()?,
            },
            signature: signer_key.algorithm(scheme)?,
            issuer: self.subject(issuer)?,
            validity: Validity {
                not_before: or_default(recipe.not_before, FROM)?.x509()?,
                not_after: or_default(recipe.not_after, TO)?.x509()?,
            },
            subject: self.subject(recipe)?,
            subject_public_key_info: key.public().clone(),
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions,
        };
        let corrupt = recipe.corrupt == Some(Corrupt::Signature);
        let parsed = x509_cert::Certificate {
            signature_algorithm: tbs_certificate.signature.clone(),
            signature: signature_bits(signer_key, scheme, &tbs_certificate.to_der()?, corrupt)?,
            tbs_certificate,
        };
        let der = parsed.to_der()?;
        let pem = pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, &der)?;
        Ok(Issued {
            certificate: Certificate { der, pem },
            parsed,
            key: key.clone(),
            issuer: issuer_id.to_owned(),
        })
    }
}

/// From when to when things are valid if the recipe does not say.
pub(crate) const FROM: &str = "2025-01-01";
pub(crate) const TO: &str = "2035-01-01";

pub(crate) fn or_default(date: Option<Date>, default: &str) -> Result<Date, Error> {
    date.map_or_else(|| default.parse(), Ok)
}

/// 16 random bytes, positive, and of the same length always.
pub(crate) fn random_serial() -> Result<SerialNumber, Error> {
    let mut serial = [0; 16];
    psk::random(&mut serial)?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(SerialNumber::new(&serial)?)
}

fn within(id: &str, e: impl std::fmt::Display) -> Error {
    Error::recipe(format_args!("certificate `{id}`"), e)
}
