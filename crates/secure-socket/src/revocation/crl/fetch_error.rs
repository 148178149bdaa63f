// SPDX-License-Identifier: Apache-2.0

//! Revocation lists that could not be had from where they are.

use alloc::string::String;
use core::fmt;

use crate::credential::CredentialError;
use crate::revocation::FetchError;
use crate::time::UnixTime;

/// Why there is no revocation list to be had from a URL. Whatever it is, a list that was
/// had from there before stays in use until its nextUpdate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlFetchError {
    /// Nothing could be fetched.
    Fetch(FetchError),
    /// What was fetched is no revocation list, one of a kind that is refused, or not
    /// signed by its issuer.
    Unfit(CredentialError),
    /// What was fetched are several lists in one PEM text.
    Several,
    /// It is the list of this issuer: of another CA than the one held, or of one that
    /// nobody has seen a certificate of.
    OtherIssuer {
        /// The issuer.
        issuer: String,
    },
    /// It is past its nextUpdate.
    Stale {
        /// When the next one was due.
        next_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// It is from a time that our clock has yet to come to.
    NotYetValid {
        /// When it was issued.
        this_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// It was issued before one that was had from there: whoever sent it may want
    /// somebody forgotten who was revoked since.
    Older {
        /// When it was issued (thisUpdate).
        this_update: UnixTime,
        /// When the newest was issued that was had before.
        held: UnixTime,
    },
    /// It has a lower number (cRLNumber; RFC 5280, section 5.2.3) than the one held,
    /// which is still in date.
    LowerNumber {
        /// Its number, in hexadecimal digits.
        number: String,
        /// That of the one held.
        held: String,
    },
    /// Another thread is fetching it, and is not done.
    Underway,
}

impl fmt::Display for CrlFetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => error.fmt(f),
            Self::Unfit(error) => error.fmt(f),
            Self::Several => f.write_str("there are several lists in one PEM text"),
            Self::OtherIssuer { issuer } => write!(f, "the list there is that of {issuer}"),
            Self::Stale { next_update, clock } => write!(
                f,
                "the list there ran out at {}, clock says {}",
                next_update.to_second(),
                clock.to_second()
            ),
            Self::NotYetValid { this_update, clock } => write!(
                f,
                "the list there is from {}, clock says {}",
                this_update.to_second(),
                clock.to_second()
            ),
            Self::Older { this_update, held } => write!(
                f,
                "the list there is from {}, older than the one that was there before, from {}",
                this_update.to_second(),
                held.to_second()
            ),
            Self::LowerNumber { number, held } => write!(
                f,
                "the list there has the number {number} (cRLNumber), lower than {held} of the \
                 one held"
            ),
            Self::Underway => f.write_str("it is being fetched, and has not come yet"),
        }
    }
}

impl core::error::Error for CrlFetchError {}
