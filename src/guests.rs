// SPDX-License-Identifier: Apache-2.0

//! Which clients a server lets in, of those that proved who they are.

use alloc::string::String;
use alloc::vec::Vec;

use secure_socket::{Admission, AuthenticatedAs, Session};

/// What [`Builder::admit`](secure_socket::builder::Builder::admit) asks where the server
/// has a list of `guests`.
///
/// A client is on it by a name in its certificate's subjectAltName, by the certificate's
/// whole subject as RFC 4514 writes it, or by its SHA-256 in hexadecimal digits; in mode
/// 1 by the identity of its pre-shared key.
pub(crate) fn admit(guests: Vec<String>) -> impl Fn(&Session) -> Admission + Send + Sync {
    move |session| {
        if guests.iter().any(|guest| is(guest, &session.peer)) {
            Admission::Admitted
        } else {
            Admission::Refused("it is not on the list of clients to let in".into())
        }
    }
}

fn is(guest: &str, peer: &AuthenticatedAs) -> bool {
    match peer {
        AuthenticatedAs::Certificate(identity) => {
            identity
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(guest))
                || identity.subject == guest
                || is_hex(guest, &identity.sha256)
        }
        AuthenticatedAs::Psk(identity) => identity.as_deref() == Some(guest),
        _ => false,
    }
}

fn is_hex(digits: &str, bytes: &[u8]) -> bool {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && pairs.len() == bytes.len()
        && pairs.iter().zip(bytes).all(|(pair, byte)| {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            digit(pair[0])
                .zip(digit(pair[1]))
                .map(|(high, low)| high * 16 + low)
                == Some((*byte).into())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    #[test]
    fn hexadecimal_digits_are_compared_whole() {
        assert!(is_hex("00fF", &[0, 255]));
        for other in ["00", "00ff00", "00f", "00fe", "+0ff", ""] {
            assert!(!is_hex(other, &[0, 255]), "{other}");
        }
    }

    #[test]
    fn nobody_is_on_no_list() {
        assert!(!is("nobody", &AuthenticatedAs::Nobody));
        assert!(!is("", &AuthenticatedAs::Psk(None)));
        assert!(is("door", &AuthenticatedAs::Psk(Some("door".to_owned()))));
    }
}
