// SPDX-License-Identifier: Apache-2.0

//! What the extensions of a list and of its entries make of it.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::error::{CrlError, OidText};
use super::list::Unfit;
use crate::revocation::RevocationReason;
use crate::x509::extension::Extension;
use crate::x509::walk::{Element, Walk};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RFC 5280, section 5.2.4.
const DELTA_CRL_INDICATOR: ObjectIdentifier = oid("2.5.29.27");
/// RFC 5280, section 5.2.5.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = oid("2.5.29.28");
/// RFC 5280, section 5.2.3.
const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
/// issuerAltName, cRLNumber, authorityKeyIdentifier (RFC 5280, sections 5.2.2, 5.2.3 and
/// 5.2.1): what they say changes nothing about who is on the list, critical or not.
const OF_NO_CONSEQUENCE: [ObjectIdentifier; 3] = [oid("2.5.29.18"), CRL_NUMBER, oid("2.5.29.35")];
/// RFC 5280, section 5.3.1.
const REASON_CODE: ObjectIdentifier = oid("2.5.29.21");
/// RFC 5280, section 5.3.2. The certificate is revoked all the same.
const INVALIDITY_DATE: ObjectIdentifier = oid("2.5.29.24");
/// RFC 5280, section 5.3.3.
const CERTIFICATE_ISSUER: ObjectIdentifier = oid("2.5.29.29");

/// Shows every extension to `look`; `extensions` is the sequence of them, whole.
fn each<'a>(
    extensions: Element<'a>,
    mut look: impl FnMut(Extension<'a>) -> Result<(), Unfit>,
) -> Result<(), Unfit> {
    let mut all = Extension::all(extensions).ok_or(Unfit::Malformed)?;
    all.try_for_each(|extension| look(extension.ok_or(Unfit::Malformed)?))
}

/// Refuses what makes a list another than the complete one of one issuer.
pub(super) fn check_list(extensions: Element<'_>) -> Result<(), Unfit> {
    each(extensions, |extension| match extension.id {
        DELTA_CRL_INDICATOR => Err(CrlError::Delta.into()),
        ISSUING_DISTRIBUTION_POINT => check_distribution_point(extension.value),
        id if extension.critical && !OF_NO_CONSEQUENCE.contains(&id) => {
            Err(CrlError::Extension(OidText::new(id)).into())
        }
        _ => Ok(()),
    })
}

/// The number of a list, if it has one that can be read.
pub(super) fn number(extensions: Element<'_>) -> Option<&[u8]> {
    let mut readable = Extension::all(extensions)?.map_while(|extension| extension);
    let number = readable.find(|extension| extension.id == CRL_NUMBER)?;
    Walk::only(number.value)?.value_of(Tag::Integer)
}

/// RFC 5280, section 5.2.5. One that sets nothing leaves out nothing.
fn check_distribution_point(value: &[u8]) -> Result<(), Unfit> {
    let mut fields = Walk::only(value)
        .and_then(|point| point.walk(Tag::Sequence))
        .ok_or(Unfit::Malformed)?;
    let mut unfit = None;
    while !fields.is_over() {
        let field = fields.read().ok_or(Unfit::Malformed)?;
        let Tag::ContextSpecific { number, .. } = field.tag else {
            return Err(Unfit::Malformed);
        };
        // FALSE, said in so many words, is what DER leaves out.
        let is_set = field.value != [0];
        let found = match number.value() {
            0 => Some(CrlError::Partitioned("distributionPoint")),
            1 if is_set => Some(CrlError::Partitioned("onlyContainsUserCerts")),
            2 if is_set => Some(CrlError::Partitioned("onlyContainsCACerts")),
            3 => Some(CrlError::SomeReasons),
            4 if is_set => Some(CrlError::Indirect),
            5 if is_set => Some(CrlError::Partitioned("onlyContainsAttributeCerts")),
            1 | 2 | 4 | 5 => None,
            _ => return Err(Unfit::Malformed),
        };
        // What says most of the list: that it is of others' certificates.
        if unfit.is_none() || found == Some(CrlError::Indirect) {
            unfit = found.or(unfit);
        }
    }
    unfit.map_or(Ok(()), |error| Err(error.into()))
}

/// Why an entry's certificate was revoked, if the entry says so. Refuses what makes it
/// another entry than that of a certificate that the list's issuer revoked.
pub(super) fn check_entry(extensions: Element<'_>) -> Result<Option<RevocationReason>, Unfit> {
    let mut reason = None;
    each(extensions, |extension| match extension.id {
        CERTIFICATE_ISSUER => Err(CrlError::Indirect.into()),
        REASON_CODE => {
            let code = Walk::only(extension.value)
                .and_then(|code| code.value_of(Tag::Enumerated))
                .ok_or(Unfit::Malformed)?;
            let [code] = code else {
                return Err(Unfit::Malformed);
            };
            match RevocationReason::from_code(*code) {
                RevocationReason::RemoveFromCrl => Err(CrlError::RemoveFromCrl.into()),
                code => {
                    reason.get_or_insert(code);
                    Ok(())
                }
            }
        }
        id if extension.critical && id != INVALIDITY_DATE => {
            Err(CrlError::EntryExtension(OidText::new(id)).into())
        }
        _ => Ok(()),
    })?;
    Ok(reason)
}
