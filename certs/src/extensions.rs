// SPDX-License-Identifier: Apache-2.0

//! The extensions of certificates, CRLs and CRL entries.

use crate::Error;
use crate::name::{full_name, general_name, subtree, url_name};
use crate::recipe::{Ca, CertificateRecipe, ExtensionRecipe, hex};
use der::Encode;
use der::asn1::{Null, OctetString};
use der::flagset::FlagSet;
use der::oid::ObjectIdentifier;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, CrlReason, ExtendedKeyUsage,
    KeyUsage, KeyUsages, NameConstraints,
};

/// One extension.
pub(crate) fn extension(
    oid: &str,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, Error> {
    Ok(Extension {
        extn_id: parse_oid(oid)?,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

/// The extensions that a recipe gives in full.
pub(crate) fn raw(recipes: &[ExtensionRecipe]) -> Result<Vec<Extension>, Error> {
    recipes
        .iter()
        .map(|recipe| {
            let value = recipe.value.as_deref().unwrap_or("0500");
            let value = hex(value).ok_or_else(|| {
                Error::recipe(
                    format_args!("extension {}", recipe.oid),
                    "its value is not hexadecimal digits",
                )
            })?;
            Ok(Extension {
                extn_id: parse_oid(&recipe.oid)?,
                critical: recipe.critical,
                extn_value: OctetString::new(value)?,
            })
        })
        .collect()
}

pub(crate) fn authority_key_id(id: Vec<u8>) -> Result<Extension, Error> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(id)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension("2.5.29.35", false, &value)
}

/// All extensions of a certificate, in the order that most CAs have them.
pub(crate) fn of_certificate(
    recipe: &CertificateRecipe,
    is_ca: bool,
    subject_key_id: Vec<u8>,
    issuer_key_id: Vec<u8>,
    responder: Option<&str>,
) -> Result<Vec<Extension>, Error> {
    let mut all = Vec::new();
    if !recipe.no_key_ids {
        all.push(extension(
            "2.5.29.14",
            false,
            &OctetString::new(subject_key_id)?,
        )?);
        all.push(authority_key_id(issuer_key_id)?);
    }
    let default_ca = if is_ca { Ca::True } else { Ca::False };
    let ca = recipe.ca.unwrap_or(default_ca);
    if ca != Ca::Absent {
        let value = BasicConstraints {
            ca: ca == Ca::True,
            path_len_constraint: recipe.path_len,
        };
        all.push(extension("2.5.29.19", true, &value)?);
    } else if recipe.path_len.is_some() {
        return Err(Error::recipe(
            "`path_len`",
            "needs basic constraints, which `ca = \"absent\"` leaves out",
        ));
    }
    all.extend(usages(recipe, is_ca)?);
    let san = recipe.san.clone().unwrap_or_else(|| {
        let default = (!is_ca).then(|| "DNS:device.test".to_owned());
        default.into_iter().collect()
    });
    if !san.is_empty() {
        let names: Vec<_> = san
            .iter()
            .map(|n| general_name(n))
            .collect::<Result<_, _>>()?;
        // Critical when there is no other name (RFC 5280, section 4.2.1.6).
        let critical = recipe.cn.as_deref() == Some("") && recipe.subject.is_empty();
        all.push(extension("2.5.29.17", critical, &names)?);
    }
    if let Some(recipe) = &recipe.name_constraints {
        let trees = |names: &[String]| -> Result<_, Error> {
            let trees: Vec<_> = names.iter().map(|n| subtree(n)).collect::<Result<_, _>>()?;
            Ok((!trees.is_empty()).then_some(trees))
        };
        let value = NameConstraints {
            permitted_subtrees: trees(&recipe.permitted)?,
            excluded_subtrees: trees(&recipe.excluded)?,
        };
        all.push(extension(
            "2.5.29.30",
            recipe.critical.unwrap_or(true),
            &value,
        )?);
    }
    if !recipe.crl_points.is_empty() {
        let points: Vec<_> = recipe
            .crl_points
            .iter()
            .map(|url| {
                Ok(DistributionPoint {
                    distribution_point: Some(full_name(url, responder)?),
                    reasons: None,
                    crl_issuer: None,
                })
            })
            .collect::<Result<_, Error>>()?;
        all.push(extension("2.5.29.31", false, &points)?);
    }
    let ocsp = recipe.ocsp.iter().map(|url| ("1.3.6.1.5.5.7.48.1", url));
    let issuers = recipe.ca_issuers.iter();
    let issuers = issuers.map(|url| ("1.3.6.1.5.5.7.48.2", url));
    let access: Vec<_> = ocsp
        .chain(issuers)
        .map(|(method, url)| {
            Ok(AccessDescription {
                access_method: parse_oid(method)?,
                access_location: url_name(url, responder)?,
            })
        })
        .collect::<Result<_, Error>>()?;
    if !access.is_empty() {
        all.push(extension("1.3.6.1.5.5.7.1.1", false, &access)?);
    }
    if recipe.ocsp_no_check {
        all.push(extension("1.3.6.1.5.5.7.48.1.5", false, &Null)?);
    }
    all.extend(raw(&recipe.extensions)?);
    Ok(all)
}

/// Key usage and extended key usage.
fn usages(recipe: &CertificateRecipe, is_ca: bool) -> Result<Vec<Extension>, Error> {
    let or = |given: &Option<Vec<String>>, default: &[&str]| {
        given
            .clone()
            .unwrap_or_else(|| default.iter().map(|&s| s.to_owned()).collect())
    };
    let mut all = Vec::new();
    let default: &[_] = if is_ca {
        &["keyCertSign", "cRLSign"]
    } else {
        &["digitalSignature"]
    };
    let usage = or(&recipe.key_usage, default);
    if !usage.is_empty() {
        let mut flags = FlagSet::<KeyUsages>::default();
        for name in &usage {
            flags |= key_usage(name)?;
        }
        all.push(extension("2.5.29.15", true, &KeyUsage(flags))?);
    }
    let default: &[_] = if is_ca {
        &[]
    } else {
        &["serverAuth", "clientAuth"]
    };
    let usage = or(&recipe.ext_key_usage, default);
    if !usage.is_empty() {
        let oids: Vec<_> = usage
            .iter()
            .map(|name| ext_key_usage(name))
            .collect::<Result<_, _>>()?;
        all.push(extension("2.5.29.37", false, &ExtendedKeyUsage(oids))?);
    }
    Ok(all)
}

/// A name out of a table, or an error that shows the table.
fn look_up<T: Copy>(what: &str, name: &str, table: &[(&str, T)]) -> Result<T, Error> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = table.iter().map(|(known, _)| *known).collect();
        Error::recipe(
            format_args!("{what} `{name}`"),
            format_args!("not known; there are {}", known.join(", ")),
        )
    })
}

fn key_usage(name: &str) -> Result<KeyUsages, Error> {
    let table = [
        ("digitalSignature", KeyUsages::DigitalSignature),
        ("nonRepudiation", KeyUsages::NonRepudiation),
        ("keyEncipherment", KeyUsages::KeyEncipherment),
        ("dataEncipherment", KeyUsages::DataEncipherment),
        ("keyAgreement", KeyUsages::KeyAgreement),
        ("keyCertSign", KeyUsages::KeyCertSign),
        ("cRLSign", KeyUsages::CRLSign),
        ("encipherOnly", KeyUsages::EncipherOnly),
        ("decipherOnly", KeyUsages::DecipherOnly),
    ];
    look_up("key usage", name, &table)
}

fn ext_key_usage(name: &str) -> Result<ObjectIdentifier, Error> {
    let table = [
        ("serverAuth", "1.3.6.1.5.5.7.3.1"),
        ("clientAuth", "1.3.6.1.5.5.7.3.2"),
        ("codeSigning", "1.3.6.1.5.5.7.3.3"),
        ("emailProtection", "1.3.6.1.5.5.7.3.4"),
        ("timeStamping", "1.3.6.1.5.5.7.3.8"),
        ("OCSPSigning", "1.3.6.1.5.5.7.3.9"),
        ("any", "2.5.29.37.0"),
    ];
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return parse_oid(name);
    }
    parse_oid(look_up("extended key usage", name, &table)?)
}

/// A reason of RFC 5280, section 5.3.1.
pub(crate) fn crl_reason(name: &str) -> Result<CrlReason, Error> {
    let table = [
        ("unspecified", CrlReason::Unspecified),
        ("keyCompromise", CrlReason::KeyCompromise),
        ("cACompromise", CrlReason::CaCompromise),
        ("affiliationChanged", CrlReason::AffiliationChanged),
        ("superseded", CrlReason::Superseded),
        ("cessationOfOperation", CrlReason::CessationOfOperation),
        ("certificateHold", CrlReason::CertificateHold),
        ("removeFromCRL", CrlReason::RemoveFromCRL),
        ("privilegeWithdrawn", CrlReason::PrivilegeWithdrawn),
        ("aACompromise", CrlReason::AaCompromise),
    ];
    look_up("reason", name, &table)
}

pub(crate) fn parse_oid(text: &str) -> Result<ObjectIdentifier, Error> {
    ObjectIdentifier::new(text)
        .map_err(|_| Error::recipe(format_args!("OID `{text}`"), "not an object identifier"))
}
