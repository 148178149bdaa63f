// SPDX-License-Identifier: Apache-2.0

//! Names from text: subjects, alternative names, URLs.

use crate::Error;
use der::Tag;
use der::asn1::{Any, Ia5String, OctetString, SetOfVec};
use std::net::IpAddr;
use std::str::FromStr;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

/// What stands for the responder's address in a URL of a recipe.
const PLACEHOLDER: &str = "{responder}";

/// A subject: the RDNs in `more` (RFC 4514), then the common name, if any.
pub(crate) fn subject(common_name: &str, more: &[String]) -> Result<Name, Error> {
    let mut rdns = Vec::new();
    for text in more {
        let rdn = RelativeDistinguishedName::from_str(text).map_err(|_| {
            Error::recipe(
                format_args!("`{text}` in the subject"),
                "not a name; write it like O=Example",
            )
        })?;
        rdns.push(rdn);
    }
    if !common_name.is_empty() {
        // Not from text: a name may have any character in it.
        let attribute = AttributeTypeAndValue {
            oid: der::oid::ObjectIdentifier::new_unwrap("2.5.4.3"),
            value: Any::new(Tag::Utf8String, common_name.as_bytes())?,
        };
        rdns.push(RelativeDistinguishedName(SetOfVec::try_from(vec![
            attribute,
        ])?));
    }
    Ok(RdnSequence(rdns))
}

/// `DNS:a.test`, `IP:::1`, `email:a@b.test`, `URI:urn:x`, `dirName:CN=x`.
pub(crate) fn general_name(text: &str) -> Result<GeneralName, Error> {
    general_name_with(text, |ip| {
        let ip: IpAddr = ip.parse().ok()?;
        Some(match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        })
    })
}

/// The same with `IP:10.0.0.0/8`: address and mask.
pub(crate) fn subtree(text: &str) -> Result<GeneralSubtree, Error> {
    let base = general_name_with(text, |network| {
        let (ip, prefix) = network.split_once('/')?;
        let mut bytes = match ip.parse().ok()? {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let prefix: usize = prefix.parse().ok()?;
        let len = bytes.len();
        if prefix > 8 * len {
            return None;
        }
        for at in 0..len {
            let ones = prefix.saturating_sub(8 * at).min(8);
            bytes.push(!(0xff_u8.checked_shr(u32::try_from(ones).ok()?).unwrap_or(0)));
        }
        Some(bytes)
    })?;
    Ok(GeneralSubtree {
        base,
        minimum: 0,
        maximum: None,
    })
}

fn general_name_with(
    text: &str,
    ip: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<GeneralName, Error> {
    let bad = |why: &str| Error::recipe(format_args!("name `{text}`"), why);
    let ia5 = |s: &str| Ia5String::new(s).map_err(|_| bad("has characters that are not ASCII"));
    let (kind, value) = text.split_once(':').unwrap_or(("", text));
    Ok(match kind {
        "DNS" => GeneralName::DnsName(ia5(value)?),
        "email" => GeneralName::Rfc822Name(ia5(value)?),
        "URI" => GeneralName::UniformResourceIdentifier(ia5(value)?),
        "IP" => {
            let bytes = ip(value).ok_or_else(|| bad("not an IP address, or not as wanted here"))?;
            GeneralName::IpAddress(OctetString::new(bytes)?)
        }
        "dirName" => {
            let name = RdnSequence::from_str(value).map_err(|_| bad("not a directory name"))?;
            GeneralName::DirectoryName(name)
        }
        _ => {
            return Err(bad(
                "starts with none of DNS:, IP:, email:, URI: and dirName:",
            ));
        }
    })
}

/// `text` with the responder's address in it.
pub(crate) fn url(text: &str, responder: Option<&str>) -> Result<String, Error> {
    match responder {
        Some(responder) => Ok(text.replace(PLACEHOLDER, responder)),
        None if text.contains(PLACEHOLDER) => Err(Error::recipe(
            format_args!("URL `{text}`"),
            "needs a responder; make the recipe with `serve` or `make_at`",
        )),
        None => Ok(text.to_owned()),
    }
}

pub(crate) fn url_name(text: &str, responder: Option<&str>) -> Result<GeneralName, Error> {
    general_name(&format!("URI:{}", url(text, responder)?))
}

pub(crate) fn full_name(
    text: &str,
    responder: Option<&str>,
) -> Result<DistributionPointName, Error> {
    Ok(DistributionPointName::FullName(vec![url_name(
        text, responder,
    )?]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::{GeneralName, general_name, subtree, url};

    #[test]
    fn networks_have_a_mask() {
        let bytes = |text: &str| match subtree(text).unwrap().base {
            GeneralName::IpAddress(bytes) => bytes.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(bytes("IP:10.0.0.0/8"), [10, 0, 0, 0, 255, 0, 0, 0]);
        assert_eq!(bytes("IP:10.1.16.0/20"), [10, 1, 16, 0, 255, 255, 240, 0]);
        assert_eq!(bytes("IP:::/0"), [0; 32]);
        for bad in ["IP:10.0.0.0/33", "IP:10.0.0.0", "IP:x/8"] {
            assert!(subtree(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bad_names_are_named() {
        for bad in ["a.test", "dns:a.test", "IP:1.2.3", "DNS:\u{e4}.test"] {
            let said = general_name(bad).unwrap_err().to_string();
            assert!(said.contains(bad), "{said}");
        }
    }

    #[test]
    fn a_placeholder_needs_a_responder() {
        assert_eq!(
            url("{responder}/x", Some("http://h")).unwrap(),
            "http://h/x"
        );
        assert!(url("{responder}/x", None).is_err());
        assert_eq!(url("http://h/y", None).unwrap(), "http://h/y");
    }
}
