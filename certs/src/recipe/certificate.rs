// SPDX-License-Identifier: Apache-2.0

use crate::date::Date;
use crate::key::{Hash, KeyType};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// One certificate, as a recipe describes it. What is left out takes a default
/// that makes a good certificate.
///
/// A certificate that another one names as its `issuer`, or that has
/// `ca = true`, gets the defaults of a CA; every other one those of a leaf.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRecipe {
    /// What the recipe calls it. Unique.
    pub id: String,
    /// The `id` of the certificate that issues it. Absent: self-signed.
    pub issuer: Option<String>,
    /// Absent: P-256, or the key of `same_key_as`.
    pub key: Option<KeyType>,
    /// The hash in the signature on this certificate. Absent: the usual one
    /// of the key that signs (SHA-384 with P-384, SHA-512 with P-521, else
    /// SHA-256).
    pub hash: Option<Hash>,
    /// Signed with RSASSA-PSS. Needs an RSA key that signs.
    #[serde(default)]
    pub pss: bool,
    /// The subject's common name. Absent: the `id`. Empty: none.
    pub cn: Option<String>,
    /// More of the subject, in front of the common name: `O=Example`, `C=DE`
    /// (RFC 4514).
    #[serde(default)]
    pub subject: Vec<String>,
    /// Subject alternative names: `DNS:`, `IP:`, `email:`, `URI:`, `dirName:`.
    /// Absent: `DNS:device.test` for a leaf, none for a CA.
    pub san: Option<Vec<String>>,
    /// Absent: 2025-01-01.
    pub not_before: Option<Date>,
    /// Absent: 2035-01-01.
    pub not_after: Option<Date>,
    /// Basic constraints. Absent: true for a CA, false for a leaf.
    pub ca: Option<Ca>,
    /// How many CAs may stand below this one.
    pub path_len: Option<u8>,
    /// Names of RFC 5280, section 4.2.1.3. Absent: `keyCertSign` and `cRLSign`
    /// for a CA, `digitalSignature` for a leaf. Empty: no such extension.
    pub key_usage: Option<Vec<String>>,
    /// `serverAuth`, `clientAuth`, `codeSigning`, `emailProtection`,
    /// `timeStamping`, `OCSPSigning`, `any`, or an OID. Absent: the first two
    /// for a leaf, none for a CA. Empty: no such extension.
    pub ext_key_usage: Option<Vec<String>>,
    /// Absent: none.
    pub name_constraints: Option<NameConstraintsRecipe>,
    /// URLs of CRLs; `{responder}` stands for the responder of the test.
    #[serde(default)]
    pub crl_points: Vec<String>,
    /// URLs of OCSP responders (AIA); `{responder}` as above.
    #[serde(default)]
    pub ocsp: Vec<String>,
    /// URLs of the issuer's certificate (AIA); `{responder}` as above.
    #[serde(default)]
    pub ca_issuers: Vec<String>,
    /// Absent: 16 random bytes.
    pub serial: Option<Serial>,
    /// Extensions of any kind, after the others.
    #[serde(default)]
    pub extensions: Vec<ExtensionRecipe>,
    /// `id-pkix-ocsp-nocheck`, for a delegated OCSP responder.
    #[serde(default)]
    pub ocsp_no_check: bool,
    /// Has the key of that certificate: issued again, or by another CA.
    pub same_key_as: Option<String>,
    /// Has the subject of that certificate.
    pub same_subject_as: Option<String>,
    /// A forgery: names its issuer, but the key of this one signed it.
    pub signed_by: Option<String>,
    /// Spoils it after it is made.
    pub corrupt: Option<Corrupt>,
    /// Without subject and authority key identifiers.
    #[serde(default)]
    pub no_key_ids: bool,
    /// X.509 version 1: no extensions whatsoever.
    #[serde(default)]
    pub v1: bool,
}

impl CertificateRecipe {
    /// A self-signed leaf.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// A leaf, or a CA when it issues something itself.
    #[must_use]
    pub fn issued_by(id: &str, issuer: &str) -> Self {
        Self {
            issuer: Some(issuer.to_owned()),
            ..Self::new(id)
        }
    }
}

/// Basic constraints: `true`, `false` or `"absent"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ca {
    /// The extension is there and says so.
    True,
    /// The extension is there, without the CA flag.
    False,
    /// There is no such extension.
    Absent,
}

impl<'de> Deserialize<'de> for Ca {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(true) => Ok(Self::True),
            toml::Value::Boolean(false) => Ok(Self::False),
            toml::Value::String(text) if text == "absent" => Ok(Self::Absent),
            other => Err(D::Error::custom(format_args!(
                "`ca` is true, false or \"absent\", not {other}"
            ))),
        }
    }
}

/// What to spoil in a signed thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Corrupt {
    /// The last bit of the signature.
    Signature,
}

/// Name constraints, RFC 5280, section 4.2.1.10.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameConstraintsRecipe {
    /// `DNS:a.test`, `IP:10.0.0.0/8`, `email:`, `URI:`, `dirName:`.
    #[serde(default)]
    pub permitted: Vec<String>,
    /// The same.
    #[serde(default)]
    pub excluded: Vec<String>,
    /// Absent: true.
    pub critical: Option<bool>,
}

/// An extension of any kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRecipe {
    /// Its OID: `1.2.3.4`.
    pub oid: String,
    /// Whether who does not know it must refuse.
    #[serde(default)]
    pub critical: bool,
    /// Its value as hexadecimal DER. Absent: `0500`, that is NULL.
    pub value: Option<String>,
}

/// A serial number: an integer, or hexadecimal digits (`"01:ff"`, `"0x1ff"`).
/// At most 20 bytes, not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial(pub Vec<u8>);

impl<'de> Deserialize<'de> for Serial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let serial = match &value {
            toml::Value::Integer(number) => u64::try_from(*number)
                .ok()
                .map(|number| number.to_be_bytes().to_vec()),
            toml::Value::String(text) => hex(text.strip_prefix("0x").unwrap_or(text)),
            _ => None,
        };
        serial.map(Self).ok_or_else(|| {
            D::Error::custom(format_args!(
                "serial {value}: not an integer from 0, nor hexadecimal digits in quotes"
            ))
        })
    }
}

/// Bytes from hexadecimal digits, with colons or without.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let mut digits: Vec<u8> = Vec::new();
    for c in text.chars().filter(|c| *c != ':') {
        digits.push(u8::try_from(c.to_digit(16)?).ok()?);
    }
    if digits.is_empty() {
        return None;
    }
    if digits.len() % 2 == 1 {
        digits.insert(0, 0);
    }
    Some(
        digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn hex_digits() {
        assert_eq!(hex("1ff"), Some(vec![1, 0xff]));
        assert_eq!(hex("01:FF"), Some(vec![1, 0xff]));
        assert_eq!(hex(""), None);
        assert_eq!(hex("0g"), None);
    }
}
