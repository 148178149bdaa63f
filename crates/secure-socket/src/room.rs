// SPDX-License-Identifier: Apache-2.0

//! Memory for what a peer sends.
//!
//! A device panics where there is no memory and nobody asked first, so that a peer whom
//! nobody trusts yet could end its program with one certificate. What such a peer has a hand
//! in the size of is therefore asked for here, or after [`is_there`] said that there is room.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

/// How often what a certificate says is said again while it is judged: whom it is about, in
/// one or two refusals, and in what is told of them.
const COPIES: usize = 3;
/// What else it takes to say what is wrong with one, in bytes.
const SMALL: usize = 512;

/// The bytes that it takes to judge a certificate of so many bytes of text, and to say what is
/// wrong with it.
pub(crate) const fn to_judge(told: usize) -> usize {
    SMALL + COPIES * told
}

/// Whether so many bytes could be had in one piece, now. Another thread may take them.
pub(crate) fn is_there(bytes: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}

/// So many bytes, to be given back when they are needed; fewer where there are not so many.
pub(crate) fn reserve(bytes: usize) -> Vec<u8> {
    let mut reserve = Vec::new();
    let _ = reserve.try_reserve_exact(bytes);
    reserve
}

/// A copy; `None` if there is no memory for it.
pub(crate) fn text(text: &str) -> Option<String> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).ok()?;
    copy.push_str(text);
    Some(copy)
}

/// What it is shown as; `None` if there is no memory for it.
pub(crate) fn shown(value: impl fmt::Display) -> Option<String> {
    let mut shown = Shown(String::new());
    write!(shown, "{value}").ok()?;
    Some(shown.0)
}

/// A text that grows as far as there is memory.
struct Shown(String);

impl fmt::Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
        self.0.push_str(text);
        Ok(())
    }
}

/// A copy; `None` if there is no memory for it.
pub(crate) fn bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).ok()?;
    copy.extend_from_slice(bytes);
    Some(copy)
}

/// All of these; `None` if one of them is, or if there is no memory for them.
pub(crate) fn list<T>(items: impl Iterator<Item = Option<T>> + Clone) -> Option<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(items.clone().count()).ok()?;
    for item in items {
        list.push(item?);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_pki::small_heap;

    #[global_allocator]
    static HEAP: small_heap::SmallHeap = small_heap::SmallHeap;

    #[test]
    fn what_is_asked_for_is_not_there() {
        let long = "x".repeat(2000);
        small_heap::with(1000, || {
            assert!(is_there(900));
            assert!(!is_there(1000));
            assert_eq!(reserve(2000).capacity(), 0);
            assert!(text("short").is_some());
            assert_eq!(text(&long), None);
            assert_eq!(shown(12).as_deref(), Some("12"));
            assert_eq!(shown(&long), None);
            assert_eq!(bytes(long.as_bytes()), None);
            assert_eq!(list(core::iter::repeat_n(Some(0_u64), 1000)), None);
        });
        assert!(text(&long).is_some());
    }
}
