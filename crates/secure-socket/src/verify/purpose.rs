// SPDX-License-Identifier: Apache-2.0

//! Whether the peer's certificate may be used as it is being used.
//!
//! Mbed TLS looks at this only after it has asked us, and then fails without saying
//! why.

use crate::diagnosis::{CheckFlags, Peer, Refusal};
use crate::x509::CertificateFacts;

/// What the TLS library calls it.
pub(super) const FLAGS: CheckFlags = CheckFlags::from_bits(
    CheckFlags::KEY_USAGE.bits()
        | CheckFlags::EXT_KEY_USAGE.bits()
        | CheckFlags::NS_CERT_TYPE.bits(),
);

pub(super) fn judge(facts: &CertificateFacts, peer: Peer) -> Option<(CheckFlags, Refusal)> {
    let allowed = match peer {
        Peer::Server => facts.server_auth,
        Peer::Client => facts.client_auth,
    };
    let flags = match (facts.may_sign, allowed) {
        (true, true) => return None,
        (false, true) => CheckFlags::KEY_USAGE,
        (true, false) => CheckFlags::EXT_KEY_USAGE,
        (false, false) => CheckFlags::KEY_USAGE | CheckFlags::EXT_KEY_USAGE,
    };
    Some((flags, refusal(0, peer)))
}

/// A CA that says what for may issue certificates for nothing else (RFC 5280, section
/// 4.2.1.12): one for mail vouches for no server.
pub(super) const fn judge_issuer(
    facts: &CertificateFacts,
    peer: Peer,
) -> Option<(CheckFlags, Refusal)> {
    let (allowed, wanted) = match peer {
        Peer::Server => (facts.server_auth, "issuing for TLS servers (serverAuth)"),
        Peer::Client => (facts.client_auth, "issuing for TLS clients (clientAuth)"),
    };
    if allowed {
        return None;
    }
    Some((CheckFlags::EXT_KEY_USAGE, Refusal::Purpose { wanted }))
}

pub(super) const fn refusal(depth: u8, peer: Peer) -> Refusal {
    Refusal::Purpose {
        wanted: match (depth, peer) {
            (0, Peer::Server) => "use by a TLS server (serverAuth)",
            (0, Peer::Client) => "use by a TLS client (clientAuth)",
            _ => "signing certificates (keyCertSign)",
        },
    }
}
