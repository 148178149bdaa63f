// SPDX-License-Identifier: Apache-2.0

//! OCSP answers from a description (RFC 6960).

use crate::date::{Date, MaybeDate};
use crate::extensions::{crl_reason, extension};
use crate::key::{Hash, Scheme, signature_bits};
use crate::recipe::{Corrupt, FROM, Issued, Serial, TO, World, or_default};
use crate::responder::Http;
use crate::{Error, psk};
use der::asn1::OctetString;
use der::{Decode, Encode};
use serde::Deserialize;
use x509_cert::ext::Extension;
use x509_cert::serial_number::SerialNumber;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, OcspResponseStatus,
    ResponderId, ResponseData, RevokedInfo, SingleResponse, Version,
};

const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

/// What the responder says about one certificate, as a recipe describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspRecipe {
    /// The `id` of the certificate. In TOML: `for`.
    #[serde(rename = "for")]
    pub certificate: String,
    /// Absent: good.
    #[serde(default)]
    pub status: Status,
    /// With `revoked`. Absent: 2025-06-01.
    pub revoked_at: Option<Date>,
    /// With `revoked`: a name of RFC 5280, section 5.3.1. Absent: none.
    pub reason: Option<String>,
    /// Absent: 2025-01-01.
    pub this_update: Option<Date>,
    /// Absent: 2035-01-01; `"absent"`: none.
    pub next_update: Option<MaybeDate>,
    /// Absent: the same as `this_update`.
    pub produced_at: Option<Date>,
    /// How the response names who signed it. Absent: `name`.
    #[serde(default)]
    pub responder_id: Responder,
    /// The `id` of the certificate that signs: the issuer (if absent), a
    /// delegate, or anybody.
    pub signer: Option<String>,
    /// Absent: the usual one of the key.
    pub hash: Option<Hash>,
    /// Signed with RSASSA-PSS.
    #[serde(default)]
    pub pss: bool,
    /// The `id`s of certificates sent along. Absent: the signer, unless that
    /// is the issuer.
    pub include: Option<Vec<String>>,
    /// Absent: `echo`.
    #[serde(default)]
    pub nonce: NonceRule,
    /// The hash by which the answer names the certificate. Absent: the one of
    /// the question.
    pub cert_id_hash: Option<Hash>,
    /// The answer is about this serial instead.
    pub serial: Option<Serial>,
    /// The answer is about a certificate of this issuer (an `id`) instead.
    pub issuer: Option<String>,
    /// Absent: `successful`.
    #[serde(default)]
    pub answer: Answer,
    /// Spoils it after it is made.
    pub corrupt: Option<Corrupt>,
    /// How the responder sends it.
    #[serde(default)]
    pub http: Http,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Status {
    #[default]
    Good,
    Revoked,
    Unknown,
}

/// How a response names its signer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Responder {
    /// By its subject.
    #[default]
    Name,
    /// By the hash of its key.
    Key,
}

/// What becomes of the nonce of the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonceRule {
    /// It comes back; there is none if the question had none.
    #[default]
    Echo,
    /// Another one comes back, asked or not.
    Other,
    /// None comes back.
    None,
}

/// The kind of response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Answer {
    #[default]
    Successful,
    MalformedRequest,
    InternalError,
    TryLater,
    SigRequired,
    Unauthorized,
    /// Bytes that are no response at all.
    Garbage,
}

/// A response, and how to send it.
pub(crate) struct Response {
    pub(crate) body: Vec<u8>,
    pub(crate) http: Http,
    /// The `id` of the certificate that was asked for first.
    pub(crate) about: Option<String>,
}

impl Response {
    fn bare(status: OcspResponseStatus) -> Result<Self, Error> {
        let response = OcspResponse {
            response_status: status,
            response_bytes: None,
        };
        Ok(Self {
            body: response.to_der()?,
            http: Http::default(),
            about: None,
        })
    }
}

/// Answers questions out of a world.
pub(crate) struct Answers<'a>(pub(crate) &'a World);

impl Answers<'_> {
    /// The answer to a DER request. Who asks for several certificates gets a
    /// status for each; the recipe of the first rules the rest.
    pub(crate) fn to(&self, request: &[u8]) -> Result<Response, Error> {
        let Ok(request) = OcspRequest::from_der(request) else {
            return Response::bare(OcspResponseStatus::MalformedRequest);
        };
        let tbs = &request.tbs_request;
        let mut singles = Vec::new();
        let mut first = None;
        for question in &tbs.request_list {
            let found = self.find(&question.req_cert)?;
            let Some((issued, recipe)) = found.and_then(|id| self.recipe(id)) else {
                return Response::bare(OcspResponseStatus::Unauthorized);
            };
            let hash = asked_hash(&question.req_cert).unwrap_or(Hash::Sha1);
            singles.push(recipe.single(self.0, issued, hash)?);
            first.get_or_insert((issued, recipe));
        }
        let Some((issued, recipe)) = first else {
            return Response::bare(OcspResponseStatus::MalformedRequest);
        };
        let nonce = tbs
            .request_extensions
            .iter()
            .flatten()
            .find(|extension| extension.extn_id.to_string() == NONCE);
        Ok(Response {
            body: recipe.response(self.0, issued, singles, nonce)?,
            http: recipe.http,
            about: Some(recipe.certificate.clone()),
        })
    }

    /// The answer for a certificate as if somebody had asked.
    pub(crate) fn unasked(&self, id: &str, nonce: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let missing = || Error::NotInWorld(format!("OCSP answer for `{id}`"));
        let (issued, recipe) = self.recipe(id).ok_or_else(missing)?;
        let single = recipe.single(self.0, issued, Hash::Sha1)?;
        let nonce = nonce.map(nonce_extension).transpose()?;
        recipe.response(self.0, issued, vec![single], nonce.as_ref())
    }

    fn recipe(&self, id: &str) -> Option<(&Issued, &OcspRecipe)> {
        Some((self.0.issued(id).ok()?, self.0.answer(id)?))
    }

    /// The `id` of the certificate that is asked for. One with an answer goes
    /// first: two may share issuer and serial.
    fn find(&self, asked: &CertId) -> Result<Option<&str>, Error> {
        let Some(hash) = asked_hash(asked) else {
            return Ok(None);
        };
        let mut found = None;
        for (id, issued) in self.0.all_issued() {
            let issuer = self.0.issued(&issued.issuer)?;
            let ours = cert_id(issuer, issued.serial().clone(), hash)?;
            let same = ours.issuer_name_hash == asked.issuer_name_hash
                && ours.issuer_key_hash == asked.issuer_key_hash
                && ours.serial_number == asked.serial_number;
            if same && (found.is_none() || self.0.answer(id).is_some()) {
                found = Some(id);
            }
        }
        Ok(found)
    }
}

impl OcspRecipe {
    /// Finds what could not be answered before anybody asks: it answers once.
    pub(crate) fn check(&self, world: &World) -> Result<(), Error> {
        let issued = world.issued(&self.certificate)?;
        let single = self.single(world, issued, Hash::Sha1)?;
        self.response(world, issued, vec![single], None).map(drop)
    }

    fn single(&self, world: &World, issued: &Issued, asked: Hash) -> Result<SingleResponse, Error> {
        let issuer = world.issued(self.issuer.as_ref().unwrap_or(&issued.issuer))?;
        let serial = match &self.serial {
            Some(serial) => SerialNumber::new(&serial.0)?,
            None => issued.serial().clone(),
        };
        let cert_status = match self.status {
            Status::Good => CertStatus::good(),
            Status::Unknown => CertStatus::unknown(),
            Status::Revoked => CertStatus::revoked(RevokedInfo {
                revocation_time: or_default(self.revoked_at, crate::crl::REVOKED)?
                    .generalized()
                    .into(),
                revocation_reason: self.reason.as_deref().map(crl_reason).transpose()?,
            }),
        };
        let next_update = match self.next_update {
            None => Some(or_default(None, TO)?),
            Some(date) => date.get(),
        };
        Ok(SingleResponse {
            cert_id: cert_id(issuer, serial, self.cert_id_hash.unwrap_or(asked))?,
            cert_status,
            this_update: or_default(self.this_update, FROM)?.generalized().into(),
            next_update: next_update.map(|date| date.generalized().into()),
            single_extensions: None,
        })
    }

    fn response(
        &self,
        world: &World,
        issued: &Issued,
        responses: Vec<SingleResponse>,
        nonce: Option<&Extension>,
    ) -> Result<Vec<u8>, Error> {
        let status = match self.answer {
            Answer::Successful => OcspResponseStatus::Successful,
            Answer::MalformedRequest => OcspResponseStatus::MalformedRequest,
            Answer::InternalError => OcspResponseStatus::InternalError,
            Answer::TryLater => OcspResponseStatus::TryLater,
            Answer::SigRequired => OcspResponseStatus::SigRequired,
            Answer::Unauthorized => OcspResponseStatus::Unauthorized,
            Answer::Garbage => return Ok(b"This is not an OCSP response.".to_vec()),
        };
        if status != OcspResponseStatus::Successful {
            return Ok(Response::bare(status)?.body);
        }
        let signer_id = self.signer.as_ref().unwrap_or(&issued.issuer);
        let signer = world.issued(signer_id)?;
        let nonce = match self.nonce {
            NonceRule::Echo => nonce.cloned(),
            NonceRule::None => None,
            NonceRule::Other => {
                let mut bytes = [0; 16];
                psk::random(&mut bytes)?;
                Some(nonce_extension(&bytes)?)
            }
        };
        let produced = or_default(self.produced_at.or(self.this_update), FROM)?;
        let tbs_response_data = ResponseData {
            version: Version::V1,
            responder_id: match self.responder_id {
                Responder::Name => ResponderId::ByName(signer.subject().clone()),
                Responder::Key => ResponderId::ByKey(OctetString::new(signer.key.id())?),
            },
            produced_at: produced.generalized().into(),
            responses,
            response_extensions: nonce.map(|nonce| vec![nonce]),
        };
        let include = match &self.include {
            Some(ids) => ids.iter().collect(),
            None if *signer_id == issued.issuer => Vec::new(),
            None => vec![signer_id],
        };
        let certs: Vec<_> = include
            .into_iter()
            .map(|id| Ok(world.issued(id)?.parsed.clone()))
            .collect::<Result<_, Error>>()?;
        let scheme = Scheme {
            hash: self.hash,
            pss: self.pss,
        };
        let message = tbs_response_data.to_der()?;
        let corrupt = self.corrupt == Some(Corrupt::Signature);
        let basic = BasicOcspResponse {
            tbs_response_data,
            signature_algorithm: signer.key.algorithm(scheme)?,
            signature: signature_bits(&signer.key, scheme, &message, corrupt)?,
            certs: (!certs.is_empty()).then_some(certs),
        };
        Ok(OcspResponse::successful(basic)?.to_der()?)
    }
}

fn cert_id(issuer: &Issued, serial_number: SerialNumber, hash: Hash) -> Result<CertId, Error> {
    let key = issuer.key.public().subject_public_key.raw_bytes();
    Ok(CertId {
        hash_algorithm: hash.algorithm()?,
        issuer_name_hash: OctetString::new(hash.of(&issuer.subject().to_der()?))?,
        issuer_key_hash: OctetString::new(hash.of(key))?,
        serial_number,
    })
}

fn asked_hash(id: &CertId) -> Option<Hash> {
    [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512]
        .into_iter()
        .find(|hash| {
            hash.algorithm()
                .is_ok_and(|algorithm| algorithm.oid == id.hash_algorithm.oid)
        })
}

/// RFC 8954: the value is an OCTET STRING of its own.
fn nonce_extension(bytes: &[u8]) -> Result<Extension, Error> {
    extension(NONCE, false, &OctetString::new(bytes)?)
}
