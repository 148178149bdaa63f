// SPDX-License-Identifier: Apache-2.0

//! When this program was built.

use secure_socket::UnixTime;

/// The day on which this program was built, at midnight UTC, or what
/// `SOURCE_DATE_EPOCH` said it was: no clock that shows less was set.
pub const BUILT: UnixTime = match u64::from_str_radix(env!("SECURE_SOCKETS_BUILT"), 10) {
    Ok(seconds) => UnixTime::from_seconds(seconds),
    Err(_) => panic!("build.rs gives a number"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_past() {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        assert!(BUILT.seconds() <= since.unwrap().as_secs(), "{BUILT}");
    }
}
