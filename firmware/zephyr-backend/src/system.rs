// SPDX-License-Identifier: Apache-2.0

//! What is the system's and not TLS's: time, names, random numbers, errors.

use alloc::ffi::CString;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
use core::net::{SocketAddrV4, SocketAddrV6};
use core::time::Duration;

use secure_socket::UnixTime;
use secure_socket::backend::{Addresses, MAX_ADDRESSES, OsError, OsErrorKind};

use crate::sys;

/// The clock cannot be set: the image has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoClock;

impl fmt::Display for NoClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this image has no clock that could be set")
    }
}

impl core::error::Error for NoClock {}

/// Sets the calendar clock, the one that certificates are checked against, to the time
/// since 1970-01-01 00:00:00 UTC. From then on it runs by the kernel's uptime.
///
/// # Errors
///
/// [`NoClock`].
pub fn set_clock(since_1970: Duration) -> Result<(), NoClock> {
    match i64::try_from(since_1970.as_millis()) {
        Ok(ms) if sys::ss_clock_set(ms) => Ok(()),
        _ => Err(NoClock),
    }
}

/// What the calendar clock shows; `None` if there is none or it was never set.
pub(crate) fn clock() -> Option<UnixTime> {
    u64::try_from(sys::ss_clock())
        .ok()
        .map(UnixTime::from_seconds)
}

pub(crate) fn random(bytes: &mut [u8]) -> Result<(), OsError> {
    // SAFETY: the shim writes at most `bytes.len()` bytes.
    match unsafe { sys::ss_random(bytes.as_mut_ptr(), bytes.len()) } {
        0 => Ok(()),
        negative => Err(OsError {
            kind: OsErrorKind::OutOfResources,
            number: negative.saturating_neg(),
        }),
    }
}

/// A number that other devices do not have, to spread them in time; 0 where there is no
/// randomness.
#[must_use]
pub fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    random(&mut bytes).map_or(0, |()| u32::from_ne_bytes(bytes))
}

/// Lets time pass: in pieces, since Zephyr's own durations may have 32 bits of ticks, and
/// each to the next tick, since to sleep for less than one is not to sleep.
pub fn sleep(duration: Duration) {
    const MOST_MS: u16 = 60_000;
    let mut left = duration.as_millis();
    while left > 0 {
        let piece = u16::try_from(left).map_or(MOST_MS, |left| left.min(MOST_MS));
        zephyr::time::sleep(zephyr::time::Duration::millis_at_least(piece.into()));
        left -= u128::from(piece);
    }
}

/// The addresses of a host name, or the address that it is.
pub(crate) fn resolve(host: &str, port: u16) -> Result<Addresses, OsError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let mut addresses = Addresses::new();
        let _ = addresses.push(SocketAddr::new(address, port));
        return Ok(addresses);
    }
    let not_found = OsError {
        kind: OsErrorKind::NotFound,
        number: 0,
    };
    let host = CString::new(host).map_err(|_| not_found)?;
    let mut found = [sys::Address::default(); MAX_ADDRESSES];
    let mut error = sys::OsError::default();
    // SAFETY: `host` is NUL-terminated; the shim writes at most `found.len()`
    // addresses, and `error`.
    let count =
        unsafe { sys::ss_resolve(host.as_ptr(), found.as_mut_ptr(), found.len(), &mut error) };
    let count = usize::try_from(count).map_err(|_| os_error(error))?;
    let addresses: Addresses = found
        .iter()
        .take(count)
        .map(|address| SocketAddr::new(ip(address), port))
        .collect();
    if addresses.is_empty() {
        return Err(not_found);
    }
    Ok(addresses)
}

pub(crate) fn os_error(error: sys::OsError) -> OsError {
    use sys::os_kind as kind;
    OsError {
        kind: match error.kind {
            kind::NOT_FOUND => OsErrorKind::NotFound,
            kind::REFUSED => OsErrorKind::Refused,
            kind::RESET => OsErrorKind::Reset,
            kind::UNREACHABLE => OsErrorKind::Unreachable,
            kind::TIMED_OUT => OsErrorKind::TimedOut,
            kind::ADDRESS_IN_USE => OsErrorKind::AddressInUse,
            kind::DENIED => OsErrorKind::Denied,
            kind::OUT_OF_RESOURCES => OsErrorKind::OutOfResources,
            _ => OsErrorKind::Other,
        },
        number: error.number,
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub(crate) fn from_sys(address: &sys::Address) -> SocketAddr {
    match ip(address) {
        IpAddr::V4(ip) => SocketAddrV4::new(ip, address.port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, address.port, 0, address.scope).into(),
    }
}

fn ip(address: &sys::Address) -> IpAddr {
    let bytes = address.bytes;
    match address.is_v6 {
        0 => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
        _ => Ipv6Addr::from(bytes).into(),
    }
}

pub(crate) fn to_sys(address: SocketAddr) -> sys::Address {
    let mut bytes = [0; 16];
    let (is_v6, scope) = match address {
        SocketAddr::V4(v4) => {
            bytes[..4].copy_from_slice(&v4.ip().octets());
            (0, 0)
        }
        SocketAddr::V6(v6) => {
            bytes = v6.ip().octets();
            (1, v6.scope_id())
        }
    };
    sys::Address {
        is_v6,
        bytes,
        port: address.port(),
        scope,
    }
}
