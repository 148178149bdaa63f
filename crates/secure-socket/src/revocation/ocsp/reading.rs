// SPDX-License-Identifier: Apache-2.0

//! The parts of a response (RFC 6960, section 4.2.1), found in place.
//!
//! A response is read before anybody knows who sent it, so nothing is allocated for it. What
//! breaks the format of a part is found when that part is come to.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::OcspStatus;
use super::request::Question;
use crate::revocation::{RevocationProblem, RevocationReason};
use crate::time::UnixTime;
use crate::x509::extension::Extension;
use crate::x509::significant;
use crate::x509::walk::{Element, Walk};

/// RFC 6960, section 4.2.1.
const ID_PKIX_OCSP_BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");

/// A BasicOCSPResponse.
pub(super) struct Basic<'a> {
    /// What is signed, as it came.
    pub(super) signed: &'a [u8],
    /// How it is signed, an AlgorithmIdentifier.
    pub(super) algorithm: Element<'a>,
    pub(super) signature: &'a [u8],
    /// What came along to verify it by.
    pub(super) certificates: Walk<'a>,
    pub(super) responder: Responder<'a>,
    /// The answers: [`Single::read`].
    pub(super) answers: Walk<'a>,
    pub(super) extensions: Extensions<'a>,
}

/// Who says that they signed it.
pub(super) enum Responder<'a> {
    /// A Name, in DER.
    Name(&'a [u8]),
    /// SHA-1 of the key.
    Key(&'a [u8]),
}

/// The answer about one certificate.
pub(super) struct Single<'a> {
    id: CertId<'a>,
    pub(super) status: Status,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    pub(super) extensions: Extensions<'a>,
}

/// What an answer says of it.
pub(super) enum Status {
    Good,
    Revoked {
        at: UnixTime,
        reason: Option<RevocationReason>,
    },
    Unknown,
}

/// Extensions, each of which can be read.
#[derive(Clone, Copy)]
pub(super) struct Extensions<'a>(Option<Element<'a>>);

/// Which certificate an answer is about.
struct CertId<'a> {
    hash: ObjectIdentifier,
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
}

impl<'a> Basic<'a> {
    /// Of a whole OCSPResponse that says that it is successful.
    pub(super) fn read(response: &'a [u8]) -> Result<Self, RevocationProblem> {
        let unreadable = || RevocationProblem::OcspUnreadable;
        let (status, mut rest) = status(response).ok_or_else(unreadable)?;
        if let Some(status) = status {
            return Err(RevocationProblem::OcspStatus(status));
        }
        successful(&mut rest).ok_or_else(unreadable)
    }

    fn of(response: &'a [u8]) -> Option<Self> {
        let mut fields = Walk::only(response)?.walk(Tag::Sequence)?;
        let signed = fields.read()?;
        let algorithm = fields.read()?;
        let signature = fields.read()?.bits()?;
        let certificates = match explicit(&mut fields, TagNumber::N0)? {
            Some(certificates) => certificates.walk(Tag::Sequence)?,
            None => Walk::over(&[])?,
        };
        let mut each = certificates.clone();
        if !fields.is_over() || !each.all(|certificate| certificate.is_some()) {
            return None;
        }
        let mut data = signed.walk(Tag::Sequence)?;
        if let Some(version) = explicit(&mut data, TagNumber::N0)? {
            // There is v1 alone.
            version.small().filter(|version| *version == 0)?;
        }
        let responder = Responder::read(data.read()?)?;
        // producedAt, of which nothing follows: what counts is what an answer says.
        time(data.read()?)?;
        let answers = data.read()?.walk(Tag::Sequence)?;
        let extensions = Extensions::read(&mut data)?;
        data.is_over().then_some(Self {
            signed: signed.whole,
            algorithm,
            signature,
            certificates,
            responder,
            answers,
            extensions,
        })
    }
}

/// The status of a response, unless it is successful, and what follows it.
fn status(response: &[u8]) -> Option<(Option<OcspStatus>, Walk<'_>)> {
    let mut fields = Walk::only(response)?.walk(Tag::Sequence)?;
    let status = match fields.read()?.value_of(Tag::Enumerated)? {
        [0] => None,
        [1] => Some(OcspStatus::MalformedRequest),
        [2] => Some(OcspStatus::InternalError),
        [3] => Some(OcspStatus::TryLater),
        [5] => Some(OcspStatus::SigRequired),
        [6] => Some(OcspStatus::Unauthorized),
        _ => return None,
    };
    Some((status, fields))
}

/// The response behind a status that has one; `None` if there is none of the basic type.
fn successful<'a>(rest: &mut Walk<'a>) -> Option<Basic<'a>> {
    let mut bytes = explicit(rest, TagNumber::N0)??.walk(Tag::Sequence)?;
    let is_basic = bytes.read()?.id()? == ID_PKIX_OCSP_BASIC;
    let response = bytes.read()?.value_of(Tag::OctetString)?;
    let is_over = rest.is_over() && bytes.is_over();
    (is_basic && is_over).then_some(())?;
    Basic::of(response)
}

impl<'a> Responder<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        let inner = Walk::only(element.value)?;
        match element.context()? {
            (1, true) => inner
                .value_of(Tag::Sequence)
                .map(|_| Self::Name(inner.whole)),
            (2, true) => inner.value_of(Tag::OctetString).map(Self::Key),
            _ => None,
        }
    }
}

impl<'a> Single<'a> {
    pub(super) fn read(element: Element<'a>) -> Option<Self> {
        let mut fields = element.walk(Tag::Sequence)?;
        let id = CertId::read(fields.read()?)?;
        let status = Status::read(fields.read()?)?;
        let this_update = time(fields.read()?)?;
        let next_update = match explicit(&mut fields, TagNumber::N0)? {
            Some(next_update) => Some(time(next_update)?),
            None => None,
        };
        let extensions = Extensions::read(&mut fields)?;
        fields.is_over().then_some(Self {
            id,
            status,
            this_update,
            next_update,
            extensions,
        })
    }

    /// Whether it is about the certificate that was asked about.
    pub(super) fn answers(&self, question: &Question<'_>) -> bool {
        self.id.hash == question.hash.id()
            && self.id.name_hash == question.name_hash
            && self.id.key_hash == question.key_hash
            && significant(self.id.serial) == significant(question.serial)
    }
}

impl<'a> Extensions<'a> {
    /// What is next, if it is extensions.
    fn read(fields: &mut Walk<'a>) -> Option<Self> {
        let list = explicit(fields, TagNumber::N1)?;
        if let Some(list) = list {
            let mut all = Extension::all(list)?;
            all.all(|extension| extension.is_some()).then_some(())?;
        }
        Some(Self(list))
    }

    pub(super) fn each(self) -> impl Iterator<Item = Extension<'a>> {
        self.0
            .and_then(Extension::all)
            .into_iter()
            .flatten()
            .flatten()
    }
}

impl Status {
    fn read(element: Element<'_>) -> Option<Self> {
        let is_null = element.value.is_empty();
        match element.context()? {
            (0, false) if is_null => Some(Self::Good),
            (2, false) if is_null => Some(Self::Unknown),
            (1, true) => {
                let mut fields = element.elements()?;
                let at = time(fields.read()?)?;
                let reason = match explicit(&mut fields, TagNumber::N0)? {
                    Some(reason) => match reason.value_of(Tag::Enumerated)? {
                        [code] => Some(RevocationReason::from_code(*code)),
                        _ => return None,
                    },
                    None => None,
                };
                fields.is_over().then_some(Self::Revoked { at, reason })
            }
            _ => None,
        }
    }
}

impl<'a> CertId<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        let mut fields = element.walk(Tag::Sequence)?;
        let mut algorithm = fields.read()?.walk(Tag::Sequence)?;
        let hash = algorithm.read()?.id()?;
        // Some leave the NULL behind the algorithm out (RFC 5754, section 2).
        if let Some(parameters) = algorithm.next() {
            parameters?;
        }
        let name_hash = fields.read()?.value_of(Tag::OctetString)?;
        let key_hash = fields.read()?.value_of(Tag::OctetString)?;
        let serial = fields.read()?.integer()?;
        (algorithm.is_over() && fields.is_over()).then_some(Self {
            hash,
            name_hash,
            key_hash,
            serial,
        })
    }
}

/// A GeneralizedTime; responses have no other.
fn time(element: Element<'_>) -> Option<UnixTime> {
    element.value_of(Tag::GeneralizedTime)?;
    element.time()
}

/// What is in a field with an explicit tag, if that field is there.
fn explicit<'a>(fields: &mut Walk<'a>, number: TagNumber) -> Option<Option<Element<'a>>> {
    match fields.read_tagged(number) {
        Some(field) => Walk::only(field.value).map(Some),
        None => Some(None),
    }
}
