// SPDX-License-Identifier: Apache-2.0

//! The one list of files: [`inventory`] shows it, `write` works it off.

use crate::{KeyKind, Leaf, Pki, Psk, write::MARKER};
use zeroize::Zeroizing;

/// One file that [`write()`](crate::write()) makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is, relative to the directory written to, with `/` between.
    pub path: String,
    /// What it is, in a few words or a sentence.
    pub what: String,
    /// Whether it is secret (a private key or the pre-shared key).
    pub private: bool,
}

/// Every file that [`write()`](crate::write()) makes, in the order it makes
/// them.
pub fn inventory() -> impl Iterator<Item = Item> {
    File::all().map(File::item)
}

#[derive(Clone, Copy)]
pub(crate) enum File {
    Marker,
    PskKey(KeyKind),
    PskIdentity(KeyKind),
    Family(KeyKind, FamilyFile),
}

#[derive(Clone, Copy)]
pub(crate) enum FamilyFile {
    RootPem,
    RootDer,
    RootKey,
    IntermediatePem,
    IntermediateDer,
    IntermediateKey,
    OtherRootPem,
    OtherRootDer,
    ChainPem(Leaf),
    LeafDer(Leaf),
    LeafKeyPem(Leaf),
    LeafKeyDer(Leaf),
}

/// What the files are filled from.
pub(crate) struct Material {
    ec: Pki,
    rsa: Pki,
    psk: Psk,
}

impl Material {
    pub(crate) fn generate() -> Result<Self, crate::Error> {
        Ok(Self {
            ec: Pki::generate(KeyKind::Ec)?,
            rsa: Pki::generate(KeyKind::Rsa)?,
            psk: Psk::generate()?,
        })
    }
}

impl File {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let families = KeyKind::ALL
            .into_iter()
            .flat_map(|kind| FamilyFile::all().map(move |file| Self::Family(kind, file)));
        // Each family's directory is all that a device of any mode needs.
        let psk = KeyKind::ALL
            .into_iter()
            .flat_map(|kind| [Self::PskKey(kind), Self::PskIdentity(kind)]);
        [Self::Marker].into_iter().chain(psk).chain(families)
    }

    pub(crate) fn item(self) -> Item {
        let (path, what, private) = match self {
            Self::Marker => (
                MARKER.to_owned(),
                "Marks the directory as made by test-pki.".to_owned(),
                false,
            ),
            Self::PskKey(kind) => (
                format!("{}/psk.hex", kind.dir_name()),
                "The pre-shared key, 64 hexadecimal digits.".to_owned(),
                true,
            ),
            Self::PskIdentity(kind) => (
                format!("{}/psk-identity.txt", kind.dir_name()),
                "The identity that goes with the pre-shared key.".to_owned(),
                false,
            ),
            Self::Family(kind, file) => (
                format!("{}/{}", kind.dir_name(), file.name()),
                file.what(kind),
                file.is_private(),
            ),
        };
        Item {
            path,
            what,
            private,
        }
    }

    /// What goes into the file. A copy, wiped after use, as it may be secret.
    pub(crate) fn contents(self, from: &Material) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Marker => {
                b"Made by test-pki. Everything in this directory may be replaced.\n".to_vec()
            }
            Self::PskKey(_) => from.psk.key_hex().as_bytes().to_vec(),
            Self::PskIdentity(_) => from.psk.identity.clone().into_bytes(),
            Self::Family(KeyKind::Ec, file) => file.contents(&from.ec).to_vec(),
            Self::Family(KeyKind::Rsa, file) => file.contents(&from.rsa).to_vec(),
        })
    }
}

impl FamilyFile {
    fn all() -> impl Iterator<Item = Self> {
        let authorities = [
            Self::RootPem,
            Self::RootDer,
            Self::RootKey,
            Self::IntermediatePem,
            Self::IntermediateDer,
            Self::IntermediateKey,
            Self::OtherRootPem,
            Self::OtherRootDer,
        ];
        let leaves = Leaf::ALL.into_iter().flat_map(|leaf| {
            [
                Self::ChainPem(leaf),
                Self::LeafDer(leaf),
                Self::LeafKeyPem(leaf),
                Self::LeafKeyDer(leaf),
            ]
        });
        authorities.into_iter().chain(leaves)
    }

    fn name(self) -> String {
        match self {
            Self::RootPem => "ca.pem".to_owned(),
            Self::RootDer => "ca.der".to_owned(),
            Self::RootKey => "ca-key.pem".to_owned(),
            Self::IntermediatePem => "intermediate.pem".to_owned(),
            Self::IntermediateDer => "intermediate.der".to_owned(),
            Self::IntermediateKey => "intermediate-key.pem".to_owned(),
            Self::OtherRootPem => "other-ca-root.pem".to_owned(),
            Self::OtherRootDer => "other-ca-root.der".to_owned(),
            Self::ChainPem(leaf) => format!("{leaf}.pem"),
            Self::LeafDer(leaf) => format!("{leaf}.der"),
            Self::LeafKeyPem(leaf) => format!("{leaf}-key.pem"),
            Self::LeafKeyDer(leaf) => format!("{leaf}-key.der"),
        }
    }

    fn what(self, kind: KeyKind) -> String {
        match self {
            Self::RootPem => format!("The {kind} root to trust."),
            Self::RootDer => format!("The {kind} root to trust, as DER."),
            Self::RootKey => format!("The private key of the {kind} root."),
            Self::IntermediatePem => format!("The {kind} intermediate."),
            Self::IntermediateDer => format!("The {kind} intermediate, as DER."),
            Self::IntermediateKey => format!("The private key of the {kind} intermediate."),
            Self::OtherRootPem => format!("Another {kind} root, the wrong one to trust."),
            Self::OtherRootDer => format!("Another {kind} root, the wrong one to trust, as DER."),
            Self::ChainPem(leaf) => format!("The chain as sent. {}", leaf.describe()),
            Self::LeafDer(leaf) => format!("The certificate of {leaf} alone, as DER."),
            Self::LeafKeyPem(leaf) => format!("The private key of {leaf}."),
            Self::LeafKeyDer(leaf) => format!("The private key of {leaf}, as PKCS#8 DER."),
        }
    }

    const fn is_private(self) -> bool {
        matches!(
            self,
            Self::RootKey | Self::IntermediateKey | Self::LeafKeyPem(_) | Self::LeafKeyDer(_)
        )
    }

    fn contents(self, pki: &Pki) -> &[u8] {
        match self {
            Self::RootPem => pki.root().pem.as_bytes(),
            Self::RootDer => &pki.root().der,
            Self::RootKey => pki.root_key_pem().as_bytes(),
            Self::IntermediatePem => pki.intermediate().pem.as_bytes(),
            Self::IntermediateDer => &pki.intermediate().der,
            Self::IntermediateKey => pki.intermediate_key_pem().as_bytes(),
            Self::OtherRootPem => pki.other_root().pem.as_bytes(),
            Self::OtherRootDer => &pki.other_root().der,
            Self::ChainPem(leaf) => pki.leaf(leaf).chain_pem.as_bytes(),
            Self::LeafDer(leaf) => &pki.leaf(leaf).chain_der[0],
            Self::LeafKeyPem(leaf) => pki.leaf(leaf).key_pem.as_bytes(),
            Self::LeafKeyDer(leaf) => &pki.leaf(leaf).key_der,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::inventory;
    use std::collections::HashSet;

    #[test]
    fn no_path_twice() {
        let paths: HashSet<_> = inventory().map(|item| item.path).collect();
        assert_eq!(paths.len(), inventory().count());
        assert!(paths.contains("ec/ca.pem") && paths.contains("rsa/server-key.der"));
    }

    #[test]
    fn keys_are_private() {
        for item in inventory() {
            let key = item.path.contains("-key.") || item.path.ends_with("/psk.hex");
            assert_eq!(item.private, key, "{}", item.path);
        }
    }
}
