// SPDX-License-Identifier: Apache-2.0

use std::fmt;

/// Who presents a certificate in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The TLS server.
    Server,
    /// The TLS client.
    Client,
}

/// The end-entity certificates of a family: two good ones, and bad ones with
/// one fault each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A good server: `localhost`, `device.test`, 127.0.0.1 and ::1.
    Server,
    /// A good client: `client-1`, `client-1.test`.
    Client,
    /// A server whose certificate has run out.
    Expired,
    /// A server whose certificate is not valid yet.
    NotYetValid,
    /// A server certificate for another name.
    WrongName,
    /// A server that issued its own certificate.
    SelfSigned,
    /// A server whose certificate comes from the other root.
    OtherCa,
    /// A good server certificate sent without the intermediate.
    MissingIntermediate,
    /// A server certificate that may be used only by clients.
    NoServerAuth,
    /// A client certificate that may be used only by servers.
    NoClientAuth,
    /// A client whose certificate has run out.
    ClientExpired,
    /// A client whose certificate comes from the other root.
    ClientOtherCa,
}

impl Leaf {
    /// Every leaf, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::Server,
        Self::Client,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::SelfSigned,
        Self::OtherCa,
        Self::MissingIntermediate,
        Self::NoServerAuth,
        Self::NoClientAuth,
        Self::ClientExpired,
        Self::ClientOtherCa,
    ];

    /// The first part of this leaf's file names.
    #[must_use]
    pub const fn file_stem(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::WrongName => "wrong-name",
            Self::SelfSigned => "self-signed",
            Self::OtherCa => "other-ca",
            Self::MissingIntermediate => "missing-intermediate",
            Self::NoServerAuth => "no-server-auth",
            Self::NoClientAuth => "no-client-auth",
            Self::ClientExpired => "client-expired",
            Self::ClientOtherCa => "client-other-ca",
        }
    }

    /// One sentence: what is wrong with this leaf.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Server => "Nothing is wrong with this server certificate.",
            Self::Client => "Nothing is wrong with this client certificate.",
            Self::Expired => "This server certificate ran out on 2025-06-01.",
            Self::NotYetValid => "This server certificate is valid only from 2040-01-01 on.",
            Self::WrongName => "This server certificate is for elsewhere.test only.",
            Self::SelfSigned => "The server issued this certificate itself.",
            Self::OtherCa => "This server certificate comes from another root CA.",
            Self::MissingIntermediate => {
                "The server certificate is good, but the intermediate is not sent with it."
            }
            Self::NoServerAuth => "This server certificate is meant for TLS clients only.",
            Self::NoClientAuth => "This client certificate is meant for TLS servers only.",
            Self::ClientExpired => "This client certificate ran out on 2025-06-01.",
            Self::ClientOtherCa => "This client certificate comes from another root CA.",
        }
    }

    /// Who presents this leaf.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Client | Self::NoClientAuth | Self::ClientExpired | Self::ClientOtherCa => {
                Role::Client
            }
            _ => Role::Server,
        }
    }

    /// Whether a peer that trusts the root must accept this leaf.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Server | Self::Client)
    }

    /// The common name of the subject.
    pub(crate) const fn common_name(self) -> &'static str {
        match self {
            Self::Server => "Test server",
            // The name itself is what a server gets to see, so no decoration.
            Self::Client => "client-1",
            Self::Expired => "Test server, expired",
            Self::NotYetValid => "Test server, not yet valid",
            Self::WrongName => "Test server, elsewhere",
            Self::SelfSigned => "Test server, self-signed",
            Self::OtherCa => "Test server, other CA",
            Self::MissingIntermediate => "Test server, intermediate not sent",
            Self::NoServerAuth => "Test server, no server use",
            Self::NoClientAuth => "client-1, no client use",
            Self::ClientExpired => "client-1, expired",
            Self::ClientOtherCa => "client-1, other CA",
        }
    }

    /// The subject alternative names.
    pub(crate) const fn names(self) -> &'static [&'static str] {
        match (self, self.role()) {
            (Self::WrongName, _) => &["elsewhere.test"],
            (_, Role::Server) => &["localhost", "device.test", "127.0.0.1", "::1"],
            (_, Role::Client) => &["client-1.test"],
        }
    }

    /// What the extended key usage allows: the other role in the two leaves
    /// where that is the fault.
    pub(crate) const fn allowed_role(self) -> Role {
        match self {
            Self::NoServerAuth => Role::Client,
            Self::NoClientAuth => Role::Server,
            _ => self.role(),
        }
    }

    /// First and last day (year, month, day).
    pub(crate) const fn validity(self) -> [(i32, u8, u8); 2] {
        match self {
            Self::Expired | Self::ClientExpired => [(2024, 1, 1), (2025, 6, 1)],
            Self::NotYetValid => [(2040, 1, 1), (2045, 1, 1)],
            _ => [(2024, 1, 1), (2045, 1, 1)],
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.file_stem())
    }
}

#[cfg(test)]
mod tests {
    use super::Leaf;
    use std::collections::HashSet;

    #[test]
    fn all_is_in_order_and_complete() {
        // `Pki::leaf` indexes by discriminant.
        for (i, leaf) in Leaf::ALL.into_iter().enumerate() {
            assert_eq!(leaf as usize, i);
        }
        assert_eq!(Leaf::ALL.len(), Leaf::ClientOtherCa as usize + 1);
    }

    #[test]
    fn stems_names_and_sentences_are_distinct() {
        let distinct = |f: fn(Leaf) -> &'static str| {
            Leaf::ALL.into_iter().map(f).collect::<HashSet<_>>().len() == Leaf::ALL.len()
        };
        assert!(distinct(Leaf::file_stem));
        assert!(distinct(Leaf::common_name));
        assert!(distinct(Leaf::describe));
        for leaf in Leaf::ALL {
            let text = leaf.describe();
            assert!(text.ends_with('.') && text.matches(". ").count() == 0);
        }
    }
}
