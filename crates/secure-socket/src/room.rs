// SPDX-License-Identifier: Apache-2.0

//! Memory for what a peer sends.
//!
//! A device panics where there is no memory and nobody asked first, so that a peer whom
//! nobody trusts yet could end its program with one certificate. What such a peer has a hand
//! in the size of is therefore asked for here, or after [`is_there`] said that there is room.

use alloc::string::String;
use alloc::vec::Vec;

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
            assert_eq!(bytes(long.as_bytes()), None);
            assert_eq!(list(core::iter::repeat_n(Some(0_u64), 1000)), None);
        });
        assert!(text(&long).is_some());
    }
}
