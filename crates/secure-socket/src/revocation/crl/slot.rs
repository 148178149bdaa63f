// SPDX-License-Identifier: Apache-2.0

//! What is held from one URL, and whose turn it is to look for something newer.

use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::time::Duration;

use critical_section::Mutex;
use portable_atomic_util::Arc;

use super::check::Turn;
use super::held::Held;
use super::{Crl, CrlFetchError};
use crate::revocation::HttpUrl;
use crate::time::UnixTime;

/// After an attempt that left no good list, this many seconds go by before the next one:
/// clients that come in the meantime are refused for what that one came to.
pub(super) const RETRY: u64 = 5;
/// While there is a good list, nobody is asked for a newer one sooner than this many
/// seconds after the last attempt.
pub(super) const MIN_REST: u64 = 60;

/// One URL, and the list that was had from there.
///
/// The lock is held to copy a few words, never while anything is fetched or computed,
/// and nothing is allocated or freed meanwhile.
pub(super) struct Slot {
    pub(super) url: HttpUrl,
    state: Mutex<RefCell<State>>,
}

/// What is known of one URL.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) held: Option<Arc<Held>>,
    /// Whose list is to be had there, as far as is known (a Name in DER), and when the newest
    /// of them was issued that was signed well.
    newest: Option<(Arc<Vec<u8>>, UnixTime)>,
    /// Why the last attempt came to nothing.
    pub(super) failure: Option<Arc<CrlFetchError>>,
    /// When that was.
    last: Option<UnixTime>,
    /// For how many seconds from then on a list that is held is good enough.
    rest: u64,
    is_fetching: bool,
}

impl State {
    /// The list held, if somebody could be let in by it.
    pub(super) fn good(&self, clock: UnixTime) -> Option<&Held> {
        let held = self.held.as_deref();
        held.filter(|held| held.is_in_date(clock) && !held.is_of_no_use())
    }

    /// Remembers how new the list held is, once it is known who signed it.
    pub(super) fn note_newest(&mut self) {
        let Some(held) = self.held.as_deref().filter(|held| held.signer().is_some()) else {
            return;
        };
        let this_update = held.crl.this_update();
        match &mut self.newest {
            Some((issuer, newest)) if held.is_of(issuer) => *newest = this_update.max(*newest),
            // Somebody may have put it there to have the right one's forgotten.
            Some(_) if !held.has_helped() => {}
            newest => {
                let issuer = held.crl.list().map(|list| list.issuer.to_vec());
                *newest = issuer.map(|issuer| (Arc::new(issuer), this_update));
            }
        }
    }

    /// When a newer list of the same issuer was issued that was had before, if there was
    /// one.
    pub(super) fn newer(&self, crl: &Crl) -> Option<UnixTime> {
        let (issuer, newest) = self.newest.as_ref()?;
        let is_same = crl.list()?.issuer == issuer.as_slice();
        (is_same && crl.this_update() < *newest).then_some(*newest)
    }

    /// Whether it is time for another attempt.
    fn is_due(&self, clock: UnixTime) -> bool {
        let rest = match self.good(clock) {
            Some(_) => self.rest,
            None => RETRY,
        };
        match self.last {
            // A clock that was set back says nothing of how long ago that was.
            Some(last) if last <= clock => clock.seconds() - last.seconds() >= rest,
            _ => true,
        }
    }
}

/// What is to be done about a URL.
pub(super) enum Next<'a> {
    /// Nothing.
    Rest,
    /// Wait until somebody else is done.
    Wait,
    /// Fetch.
    Fetch(Fetching<'a>, State),
}

impl Slot {
    pub(super) fn new(url: HttpUrl) -> Self {
        Self {
            url,
            state: Mutex::new(RefCell::default()),
        }
    }

    /// What is known at this moment.
    pub(super) fn now(&self) -> State {
        critical_section::with(|section| self.state.borrow_ref(section).clone())
    }

    pub(super) fn is_fetching(&self) -> bool {
        critical_section::with(|section| self.state.borrow_ref(section).is_fetching)
    }

    /// Whose turn it is. One at a time fetches from one URL.
    pub(super) fn next(&self, turn: Turn, clock: UnixTime) -> Next<'_> {
        let state = self.now();
        let is_good = state.good(clock).is_some();
        if (is_good && turn == Turn::Missing) || !state.is_due(clock) {
            return Next::Rest;
        }
        // Somebody may be at it, or have been quicker since, and be done.
        let (is_ours, is_fetching) = critical_section::with(|section| {
            let mut now = self.state.borrow_ref_mut(section);
            let is_fetching = now.is_fetching;
            let is_ours = !is_fetching && now.last == state.last;
            now.is_fetching |= is_ours;
            (is_ours, is_fetching)
        });
        match is_ours {
            true => Next::Fetch(Fetching(self), state),
            false if is_fetching && !is_good && turn != Turn::AtLeisure => Next::Wait,
            false => Next::Rest,
        }
    }
}

/// The right to fetch from a URL; given back when it is dropped.
pub(super) struct Fetching<'a>(&'a Slot);

impl Fetching<'_> {
    /// Puts in place what came of it. `most` is the longest that a good list is not
    /// looked for anew.
    pub(super) fn finish(self, mut state: State, clock: UnixTime, most: Option<Duration>) {
        // Half of the time that is left: a newer list is as a rule there long before the
        // one held runs out, and as that comes near, attempts get closer.
        let left = |held: &Held| held.crl.next_update().seconds() - clock.seconds();
        let half = state.good(clock).map_or(0, left) / 2;
        let most = most.map_or(u64::MAX, |most| most.as_secs());
        state.rest = half.min(most).max(MIN_REST);
        state.last = Some(clock);
        state.is_fetching = false;
        // What was there before is freed outside.
        critical_section::with(|section| {
            let mut place = self.0.state.borrow_ref_mut(section);
            core::mem::swap(&mut *place, &mut state);
        });
        // It is given back: the next one may have it by now.
        core::mem::forget(self);
    }
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        critical_section::with(|section| {
            self.0.state.borrow_ref_mut(section).is_fetching = false;
        });
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.now();
        f.debug_struct("CrlUrl")
            .field("url", &self.url)
            .field("held", &state.held.as_ref().map(|held| &held.crl))
            .field("failure", &state.failure)
            .finish()
    }
}
