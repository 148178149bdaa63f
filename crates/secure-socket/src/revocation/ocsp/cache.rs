// SPDX-License-Identifier: Apache-2.0

//! What a responder said before.

use alloc::vec::Vec;
use core::cell::RefCell;

use critical_section::Mutex;

use super::response::{Good, not_yet};
use crate::time::UnixTime;

/// The most answers that are kept. Looking one up keeps interrupts waiting on a device.
pub const MAX_CACHE: usize = 32;

/// Certificates that were good, until there is something newer to be had.
///
/// Held for a look-up only, never while anything is asked or computed.
#[derive(Debug)]
pub(super) struct Cache {
    /// How many entries there may be.
    most: usize,
    /// Oldest first.
    entries: Mutex<RefCell<Vec<Entry>>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u8; 32],
    this_update: UnixTime,
    next_update: UnixTime,
}

impl Cache {
    pub(super) fn new(entries: usize) -> Self {
        let most = entries.min(MAX_CACHE);
        Self {
            most,
            // All that is ever needed: nothing is allocated while it is held.
            entries: Mutex::new(RefCell::new(Vec::with_capacity(most))),
        }
    }

    /// Whether the certificate by this key was good, and what said so still counts.
    pub(super) fn holds(&self, key: &[u8; 32], clock: UnixTime) -> bool {
        critical_section::with(|section| {
            let entries = self.entries.borrow_ref(section);
            entries.iter().any(|entry| {
                entry.key == *key
                    && clock <= entry.next_update
                    // A clock that was set back knows less than we did.
                    && !not_yet(entry.this_update, clock)
            })
        })
    }

    pub(super) fn keep(&self, key: [u8; 32], good: &Good) {
        let Some(next_update) = good.next_update else {
            return;
        };
        let entry = Entry {
            key,
            this_update: good.this_update,
            next_update,
        };
        critical_section::with(|section| {
            let mut entries = self.entries.borrow_ref_mut(section);
            entries.retain(|entry| entry.key != key);
            if self.most == 0 {
                return;
            }
            if entries.len() >= self.most {
                entries.remove(0);
            }
            entries.push(entry);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(1_800_000_000 + seconds)
    }

    const fn good(until: Option<u64>) -> Good {
        Good {
            this_update: at(0),
            next_update: match until {
                Some(until) => Some(at(until)),
                None => None,
            },
        }
    }

    #[test]
    fn an_answer_counts_until_its_next_update() {
        let cache = Cache::new(1);
        cache.keep([1; 32], &good(Some(100)));
        assert!(cache.holds(&[1; 32], at(0)));
        assert!(cache.holds(&[1; 32], at(100)));
        assert!(!cache.holds(&[1; 32], at(101)));
        assert!(!cache.holds(&[2; 32], at(0)));
        // The clock was set back by a day.
        let before = UnixTime::from_seconds(at(0).seconds() - 86_400);
        assert!(!cache.holds(&[1; 32], before));
    }

    #[test]
    fn there_is_room_for_so_many_and_the_oldest_gives_way() {
        let cache = Cache::new(2);
        for key in [1, 2, 1, 3] {
            cache.keep([key; 32], &good(Some(100)));
        }
        assert!(!cache.holds(&[2; 32], at(0)), "1 was renewed");
        assert!(cache.holds(&[1; 32], at(0)) && cache.holds(&[3; 32], at(0)));
        cache.keep([4; 32], &good(None));
        assert!(!cache.holds(&[4; 32], at(0)), "there may be news any time");
        let none = Cache::new(0);
        none.keep([1; 32], &good(Some(100)));
        assert!(!none.holds(&[1; 32], at(0)));
        assert_eq!(Cache::new(usize::MAX).most, MAX_CACHE);
    }
}
