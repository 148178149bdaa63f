// SPDX-License-Identifier: Apache-2.0

use crate::leaf::{Leaf, Role};
use crate::{Error, psk};
use pem_rfc7468::LineEnding;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use std::fmt;
use std::thread;
use zeroize::Zeroizing;

const ORGANIZATION: &str = "Secure Sockets test PKI";
const OTHER_ORGANIZATION: &str = "Not the Secure Sockets test PKI";

/// The kind of key all certificates of a family have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// EC P-256, signatures ECDSA with SHA-256.
    Ec,
    /// RSA with 2048 bits, signatures PKCS#1 v1.5 with SHA-256.
    Rsa,
}

impl KeyKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Ec, Self::Rsa];

    /// The directory of the family on disk: `ec` or `rsa`.
    #[must_use]
    pub const fn dir_name(self) -> &'static str {
        match self {
            Self::Ec => "ec",
            Self::Rsa => "rsa",
        }
    }

    fn generate(self) -> Result<Key, Error> {
        let algorithm = match self {
            Self::Ec => &rcgen::PKCS_ECDSA_P256_SHA256,
            // `generate_for` makes 2048 bits with this.
            Self::Rsa => &rcgen::PKCS_RSA_SHA256,
        };
        Ok(Zeroizing::new(KeyPair::generate_for(algorithm)?))
    }
}

/// The kind as it stands in subject names: `EC` or `RSA`.
impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ec => "EC",
            Self::Rsa => "RSA",
        })
    }
}

type Key = Zeroizing<KeyPair>;

/// A CA certificate, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate in DER.
    pub der: Vec<u8>,
    /// The same in PEM.
    pub pem: String,
}

impl Certificate {
    fn new(certificate: &rcgen::Certificate) -> Result<Self, Error> {
        let der = certificate.der().to_vec();
        let pem = pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, &der)?;
        Ok(Self { der, pem })
    }
}

/// A leaf certificate with its chain and its private key.
#[derive(Clone)]
pub struct Credential {
    /// The certificates as the peer must send them, in DER: the leaf first,
    /// then the intermediate unless the [`Leaf`] goes without. Never empty.
    pub chain_der: Vec<Vec<u8>>,
    /// The same certificates in one PEM text.
    pub chain_pem: String,
    /// The private key as PKCS#8 DER.
    pub key_der: Zeroizing<Vec<u8>>,
    /// The private key as PKCS#8 PEM.
    pub key_pem: Zeroizing<String>,
}

/// One family: the roots, the intermediate and every [`Leaf`], all with keys
/// of one [`KeyKind`].
pub struct Pki {
    kind: KeyKind,
    root: Certificate,
    root_key_pem: Zeroizing<String>,
    other_root: Certificate,
    intermediate: Certificate,
    intermediate_key_pem: Zeroizing<String>,
    /// In the order of `Leaf::ALL`.
    leaves: Vec<Credential>,
}

impl Pki {
    /// Makes a whole family. There is one key for all server leaves and one
    /// for all client leaves: the fault of a bad leaf is never in its key.
    ///
    /// # Errors
    ///
    /// An [`Error`] of the crypto library or the system.
    pub fn generate(kind: KeyKind) -> Result<Self, Error> {
        let keys = Keys::generate(kind)?;

        let root_params = ca_params(kind, "Secure Sockets Test Root", ORGANIZATION, None)?;
        let root = Certificate::new(&root_params.self_signed(&*keys.root)?)?;
        let root_issuer = Issuer::new(root_params, &*keys.root);

        let other_params = ca_params(kind, "Other Root CA", OTHER_ORGANIZATION, None)?;
        let other_root = Certificate::new(&other_params.self_signed(&*keys.other_root)?)?;
        let other_issuer = Issuer::new(other_params, &*keys.other_root);

        let params = ca_params(
            kind,
            "Secure Sockets Test Intermediate",
            ORGANIZATION,
            Some(0),
        )?;
        let intermediate = Certificate::new(&params.signed_by(&*keys.intermediate, &root_issuer)?)?;
        let intermediate_issuer = Issuer::new(params, &*keys.intermediate);

        let leaves = Leaf::ALL
            .into_iter()
            .map(|leaf| {
                let key = keys.leaf(leaf);
                let params = leaf_params(kind, leaf)?;
                let (certificate, rest) = match leaf {
                    Leaf::SelfSigned => (params.self_signed(&**key)?, None),
                    Leaf::OtherCa | Leaf::ClientOtherCa => {
                        (params.signed_by(&**key, &other_issuer)?, None)
                    }
                    Leaf::MissingIntermediate => {
                        (params.signed_by(&**key, &intermediate_issuer)?, None)
                    }
                    _ => (
                        params.signed_by(&**key, &intermediate_issuer)?,
                        Some(&intermediate),
                    ),
                };
                let certificate = Certificate::new(&certificate)?;
                let chain = || std::iter::once(&certificate).chain(rest);
                Ok(Credential {
                    chain_der: chain().map(|c| c.der.clone()).collect(),
                    chain_pem: chain().map(|c| c.pem.as_str()).collect(),
                    key_der: Zeroizing::new(key.serialize_der()),
                    key_pem: key_pem(key)?,
                })
            })
            .collect::<Result<_, Error>>()?;

        Ok(Self {
            kind,
            root,
            root_key_pem: key_pem(&keys.root)?,
            other_root,
            intermediate,
            intermediate_key_pem: key_pem(&keys.intermediate)?,
            leaves,
        })
    }

    /// The kind of all keys.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The root to trust.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The root that issued [`Leaf::OtherCa`] and [`Leaf::ClientOtherCa`]:
    /// whoever trusts only this one must refuse the good leaves.
    #[must_use]
    pub fn other_root(&self) -> &Certificate {
        &self.other_root
    }

    /// The intermediate, issued by the root.
    #[must_use]
    pub fn intermediate(&self) -> &Certificate {
        &self.intermediate
    }

    /// What a peer needs to play `leaf`.
    #[must_use]
    pub fn leaf(&self, leaf: Leaf) -> &Credential {
        &self.leaves[leaf as usize]
    }

    pub(crate) fn root_key_pem(&self) -> &str {
        &self.root_key_pem
    }

    pub(crate) fn intermediate_key_pem(&self) -> &str {
        &self.intermediate_key_pem
    }
}

struct Keys {
    root: Key,
    intermediate: Key,
    other_root: Key,
    server: Key,
    client: Key,
}

impl Keys {
    /// One thread per key: finding RSA primes is nearly all of the work.
    fn generate(kind: KeyKind) -> Result<Self, Error> {
        thread::scope(|scope| {
            let [root, intermediate, other_root, server, client] = [(); 5]
                .map(|()| thread::Builder::new().spawn_scoped(scope, || kind.generate()))
                .map(|thread| {
                    thread
                        .map_err(|_| Error::Thread)?
                        .join()
                        .map_err(|_| Error::Thread)?
                });
            Ok(Self {
                root: root?,
                intermediate: intermediate?,
                other_root: other_root?,
                server: server?,
                client: client?,
            })
        })
    }

    fn leaf(&self, leaf: Leaf) -> &Key {
        match leaf.role() {
            Role::Server => &self.server,
            Role::Client => &self.client,
        }
    }
}

fn key_pem(key: &Key) -> Result<Zeroizing<String>, Error> {
    let pem = pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, key.serialized_der())?;
    Ok(Zeroizing::new(pem))
}

/// What all certificates have in common.
fn params(
    common_name: &str,
    organization: &str,
    names: &[&str],
    [from, to]: [(i32, u8, u8); 2],
) -> Result<CertificateParams, Error> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, organization);
    params.not_before = date_time_ymd(from.0, from.1, from.2);
    params.not_after = date_time_ymd(to.0, to.1, to.2);
    params.use_authority_key_identifier_extension = true;

    let mut serial = [0; 16];
    psk::random(&mut serial)?;
    // Positive, and of the same length always.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from(serial.to_vec()));
    Ok(params)
}

fn ca_params(
    kind: KeyKind,
    name: &str,
    organization: &str,
    path_len: Option<u8>,
) -> Result<CertificateParams, Error> {
    let name = format!("{name} ({kind})");
    let mut params = params(&name, organization, &[], [(2020, 1, 1), (2049, 12, 31)])?;
    params.is_ca = IsCa::Ca(path_len.map_or(
        BasicConstraints::Unconstrained,
        BasicConstraints::Constrained,
    ));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params(kind: KeyKind, leaf: Leaf) -> Result<CertificateParams, Error> {
    let name = match leaf.role() {
        Role::Server => format!("{} ({kind})", leaf.common_name()),
        Role::Client => leaf.common_name().to_owned(),
    };
    let mut params = params(&name, ORGANIZATION, leaf.names(), leaf.validity())?;
    // Says "not a CA" in so many words, and brings the subject key identifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if kind == KeyKind::Rsa && leaf.role() == Role::Server {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![match leaf.allowed_role() {
        Role::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Role::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    Ok(params)
}
