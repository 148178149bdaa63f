// SPDX-License-Identifier: Apache-2.0

//! CRLs from a description.

use crate::Error;
use crate::date::{Date, MaybeDate};
use crate::extensions::{authority_key_id, crl_reason, extension, raw};
use crate::key::{Hash, Scheme, signature_bits};
use crate::name::full_name;
use crate::recipe::{Corrupt, ExtensionRecipe, Serial, World};
use crate::recipe::{FROM, TO, or_default, random_serial};
use crate::responder::Http;
use der::Encode;
use der::asn1::Uint;
use pem_rfc7468::LineEnding;
use serde::Deserialize;
use x509_cert::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;

/// When something was revoked, if the recipe does not say.
pub(crate) const REVOKED: &str = "2025-06-01";

/// One CRL, as a recipe describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlRecipe {
    /// What it is called; the responder has it as `/crl/<id>`. Absent: the
    /// issuer's `id`.
    pub id: Option<String>,
    /// The `id` of the certificate that issues it.
    pub issuer: String,
    /// What it revokes.
    #[serde(default)]
    pub revoked: Vec<RevokedRecipe>,
    /// That many more entries with random serials.
    #[serde(default)]
    pub many: usize,
    /// Absent: 2025-01-01.
    pub this_update: Option<Date>,
    /// Absent: 2035-01-01; `"absent"`: none.
    pub next_update: Option<MaybeDate>,
    /// The CRL number. Absent: 1.
    pub number: Option<u64>,
    /// The number of the CRL that this one, a delta CRL, adds to.
    pub delta: Option<u64>,
    /// An indirect CRL: `indirectCRL` in the issuing distribution point.
    #[serde(default)]
    pub indirect: bool,
    /// `onlyContainsUserCerts` in the issuing distribution point.
    #[serde(default)]
    pub only_user_certs: bool,
    /// `onlyContainsCACerts` in the issuing distribution point.
    #[serde(default)]
    pub only_ca_certs: bool,
    /// The URL in the issuing distribution point; `{responder}` is replaced.
    pub distribution_point: Option<String>,
    /// More extensions of the CRL.
    #[serde(default)]
    pub extensions: Vec<ExtensionRecipe>,
    /// A forgery: names its issuer, but the key of this certificate signed it.
    pub signed_by: Option<String>,
    /// Absent: the usual one of the key.
    pub hash: Option<Hash>,
    /// Signed with RSASSA-PSS.
    #[serde(default)]
    pub pss: bool,
    /// Spoils it after it is made.
    pub corrupt: Option<Corrupt>,
    /// Without CRL number and authority key identifier, and so often without
    /// any extension.
    #[serde(default)]
    pub bare: bool,
    /// The responder sends it as PEM, not DER.
    #[serde(default)]
    pub pem: bool,
    /// How the responder sends it.
    #[serde(default)]
    pub http: Http,
}

/// One entry of a CRL: `cert` or `serial`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedRecipe {
    /// The `id` of the revoked certificate.
    pub cert: Option<String>,
    /// Its serial number.
    pub serial: Option<Serial>,
    /// Absent: 2025-06-01.
    pub date: Option<Date>,
    /// Names of RFC 5280, section 5.3.1: `keyCompromise` and so on. Absent:
    /// no such extension.
    pub reason: Option<String>,
    /// The `id` of the certificate whose subject is the entry's
    /// `certificateIssuer`, in an indirect CRL.
    pub certificate_issuer: Option<String>,
    /// More extensions of the entry.
    #[serde(default)]
    pub extensions: Vec<ExtensionRecipe>,
}

/// A CRL that was made.
#[derive(Clone, Debug)]
pub struct Crl {
    /// The CRL in DER.
    pub der: Vec<u8>,
    /// The same in PEM.
    pub pem: String,
    pub(crate) send_pem: bool,
    pub(crate) http: Http,
}

impl CrlRecipe {
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.issuer)
    }

    pub(crate) fn make(&self, world: &World, responder: Option<&str>) -> Result<Crl, Error> {
        let issuer = world.issued(&self.issuer)?;
        let signer = match &self.signed_by {
            Some(id) => world.issued(id)?,
            None => issuer,
        };
        let scheme = Scheme {
            hash: self.hash,
            pss: self.pss,
        };
        let mut revoked = Vec::with_capacity(self.revoked.len() + self.many);
        for entry in &self.revoked {
            revoked.push(entry.make(world)?);
        }
        for _ in 0..self.many {
            revoked.push(RevokedCert {
                serial_number: random_serial()?,
                revocation_date: or_default(None, REVOKED)?.x509()?,
                crl_entry_extensions: None,
            });
        }
        let next_update = match self.next_update {
            None => Some(or_default(None, TO)?),
            Some(date) => date.get(),
        };
        let tbs_cert_list = TbsCertList {
            version: Version::V2,
            signature: signer.key.algorithm(scheme)?,
            issuer: issuer.subject().clone(),
            this_update: or_default(self.this_update, FROM)?.x509()?,
            next_update: next_update.map(Date::x509).transpose()?,
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: none_if_empty(self.extensions(issuer.key.id(), responder)?),
        };
        let message = tbs_cert_list.to_der()?;
        let corrupt = self.corrupt == Some(Corrupt::Signature);
        let der = CertificateList {
            signature_algorithm: tbs_cert_list.signature.clone(),
            signature: signature_bits(&signer.key, scheme, &message, corrupt)?,
            tbs_cert_list,
        }
        .to_der()?;
        Ok(Crl {
            pem: pem_rfc7468::encode_string("X509 CRL", LineEnding::LF, &der)?,
            der,
            send_pem: self.pem,
            http: self.http,
        })
    }

    fn extensions(
        &self,
        issuer_key: Vec<u8>,
        responder: Option<&str>,
    ) -> Result<Extensions, Error> {
        let number = |n: u64| Uint::new(&n.to_be_bytes());
        let mut all = Vec::new();
        if !self.bare {
            all.push(authority_key_id(issuer_key)?);
            all.push(extension(
                "2.5.29.20",
                false,
                &number(self.number.unwrap_or(1))?,
            )?);
        }
        if let Some(base) = self.delta {
            all.push(extension("2.5.29.27", true, &number(base)?)?);
        }
        let point = IssuingDistributionPoint {
            distribution_point: self
                .distribution_point
                .as_ref()
                .map(|url| full_name(url, responder))
                .transpose()?,
            only_contains_user_certs: self.only_user_certs,
            only_contains_ca_certs: self.only_ca_certs,
            only_some_reasons: None,
            indirect_crl: self.indirect,
            only_contains_attribute_certs: false,
        };
        if point.distribution_point.is_some()
            || self.only_user_certs
            || self.only_ca_certs
            || self.indirect
        {
            // By number: `x509-cert` 0.2 has the OID of another extension for it.
            all.push(extension("2.5.29.28", true, &point)?);
        }
        all.extend(raw(&self.extensions)?);
        Ok(all)
    }
}

impl RevokedRecipe {
    fn make(&self, world: &World) -> Result<RevokedCert, Error> {
        let serial_number = match (&self.cert, &self.serial) {
            (Some(id), None) => world.issued(id)?.serial().clone(),
            (None, Some(serial)) => SerialNumber::new(&serial.0)?,
            _ => {
                return Err(Error::recipe(
                    "entry of `revoked`",
                    "needs one of `cert` and `serial`",
                ));
            }
        };
        let mut extensions = Vec::new();
        if let Some(reason) = &self.reason {
            extensions.push(extension("2.5.29.21", false, &crl_reason(reason)?)?);
        }
        if let Some(id) = &self.certificate_issuer {
            let name = GeneralName::DirectoryName(world.issued(id)?.subject().clone());
            extensions.push(extension("2.5.29.29", true, &vec![name])?);
        }
        extensions.extend(raw(&self.extensions)?);
        Ok(RevokedCert {
            serial_number,
            revocation_date: or_default(self.date, REVOKED)?.x509()?,
            crl_entry_extensions: none_if_empty(extensions),
        })
    }
}

fn none_if_empty(extensions: Extensions) -> Option<Extensions> {
    (!extensions.is_empty()).then_some(extensions)
}
