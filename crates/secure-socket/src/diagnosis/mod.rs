// SPDX-License-Identifier: Apache-2.0

//! What went wrong, in the words of the field: alerts by name, codes with their
//! meaning, certificates with the check that each one failed.

mod advice;
mod alert;
mod flags;
mod refusal;
#[cfg(test)]
mod table;
mod tls_code;

pub use alert::Alert;
pub use flags::CheckFlags;
pub use refusal::{CertificateRefusal, Check, Peer, Refusal};
pub use tls_code::TlsCode;
