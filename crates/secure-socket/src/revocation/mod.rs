// SPDX-License-Identifier: Apache-2.0

//! Whether a certificate was revoked by those who issued it.

mod http;
mod url;

pub use http::{FetchError, MAX_FIELDS, MAX_HEAD};
pub use url::{HttpUrl, InvalidUrl, MAX_URL};
