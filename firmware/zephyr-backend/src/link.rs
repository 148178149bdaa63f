// SPDX-License-Identifier: Apache-2.0

//! The link: Wi-Fi, LTE or Ethernet, brought up and watched by Zephyr's connection manager
//! (`CONFIG_SECURE_SOCKETS_LINK`). Without that the network is taken to be there.

use core::time::Duration;

#[cfg(CONFIG_SECURE_SOCKETS_LINK)]
mod sys {
    // `safe`: whatever the arguments, and from any thread.
    unsafe extern "C" {
        pub(super) safe fn ss_link_start();
        pub(super) safe fn ss_link_wait(timeout_ms: u32) -> bool;
        pub(super) safe fn ss_link_connect();
        pub(super) safe fn ss_link_lacks() -> i32;
        #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
        pub(super) safe fn ss_link_cut(after_ms: u32, for_ms: u32);
    }
}

/// Has every interface brought up and connected, and watched from then on. Call it once,
/// before the other functions.
pub fn start() {
    #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
    sys::ss_link_start();
}

/// Waits until an interface is up and has an address, for so long at most; whether one is.
/// An interface whose driver does not tell that its link went away stays up here.
#[must_use]
pub fn wait(time: Duration) -> bool {
    #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
    {
        sys::ss_link_wait(u32::try_from(time.as_millis()).unwrap_or(u32::MAX))
    }
    #[cfg(not(CONFIG_SECURE_SOCKETS_LINK))]
    {
        let _ = time;
        true
    }
}

/// Brings up, and connects, what was taken down since it gave up.
pub fn connect() {
    #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
    sys::ss_link_connect();
}

/// What the interface still lacks that is furthest on its way.
#[must_use]
pub fn lacks() -> &'static str {
    #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
    let lacks = sys::ss_link_lacks();
    #[cfg(not(CONFIG_SECURE_SOCKETS_LINK))]
    let lacks = i32::MAX;
    // In the order of enum ss_link_lacks.
    match lacks {
        0 => "this image has no network interface",
        1 => "the interface is down",
        2 => "no carrier (is there a cable, an access point, a cell?)",
        3 => "the network has not let it in yet (Wi-Fi, LTE)",
        4 => "it has no address yet",
        _ => "it is about to be there",
    }
}

/// Takes the carrier away from all interfaces after so long, and gives it back so long after
/// that; never for zero. To see what comes of it.
#[cfg(all(CONFIG_SECURE_SOCKETS_LINK, CONFIG_SECURE_SOCKETS_HOSTED))]
pub fn cut(after: Duration, time: Duration) {
    let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    sys::ss_link_cut(ms(after), ms(time));
}
