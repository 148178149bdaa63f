// SPDX-License-Identifier: Apache-2.0

//! Revocation lists that are fetched.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::time::Duration;

use portable_atomic_util::Arc;

use super::check::{Fetched, Source, Turn};
use super::held::{Held, Key};
use super::slot::{Next, Slot, State};
use super::{Crl, CrlFetchError, Crls};
use crate::credential::{CaCertificate, CredentialError, CredentialKind};
use crate::revocation::http::{self, Method};
use crate::revocation::{HttpUrl, Limits};
use crate::time::UnixTime;
use crate::verify::{Crypto, Means};
use crate::x509::significant;

/// How often somebody looks who waits for another to be done.
const STEP: Duration = Duration::from_millis(50);

/// The lists by the URLs of [`Crls`].
struct Urls {
    slots: Vec<Slot>,
    limits: Limits,
    refresh_after: Option<Duration>,
}

/// What [`Crls`] holds on to once it was given a URL, so that a program without any
/// has nothing of this linked.
pub(super) fn fetched(crls: &Crls) -> Box<dyn Fetched> {
    Box::new(Urls {
        slots: crls.urls.iter().cloned().map(Slot::new).collect(),
        limits: crls.limits,
        refresh_after: crls.refresh_after,
    })
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slots.fmt(f)
    }
}

impl Fetched for Urls {
    fn refresh(&self, certificates: &[&CaCertificate], turn: Turn, means: &dyn Means) {
        for slot in &self.slots {
            let Some(clock) = means.now() else { return };
            match slot.next(turn, clock) {
                Next::Rest => {}
                Next::Wait => self.wait(slot, means),
                Next::Fetch(fetching, mut state) => {
                    state.note_newest();
                    let result = self.fetch(&slot.url, &state, certificates, means);
                    // It may have taken a while.
                    let clock = means.now().unwrap_or(clock);
                    take(&slot.url, &mut state, result, clock);
                    fetching.finish(state, clock, self.refresh_after);
                }
            }
        }
    }

    fn now(&self) -> Vec<Source<'_>> {
        self.slots.iter().map(source).collect()
    }
}

fn source(slot: &Slot) -> Source<'_> {
    let State { held, failure, .. } = slot.now();
    // Somebody is at it for the first time.
    let is_first = held.is_none() && failure.is_none();
    Source {
        url: &slot.url,
        held,
        failure: match is_first {
            true => Some(Arc::new(CrlFetchError::Underway)),
            false => failure,
        },
    }
}

impl Urls {
    /// Waits for another thread to be done, no longer than it may take itself.
    fn wait(&self, slot: &Slot, means: &dyn Means) {
        let mut waited = Duration::ZERO;
        while slot.is_fetching() && waited < self.limits.timeout {
            means.pause(STEP);
            waited += STEP;
        }
    }

    /// A list that is to replace the one held; `None` if it is that one.
    fn fetch(
        &self,
        url: &HttpUrl,
        state: &State,
        certificates: &[&CaCertificate],
        means: &dyn Means,
    ) -> Result<Option<Held>, CrlFetchError> {
        let body = http::request(means, url, Method::Get, self.limits);
        let crl = read(body.map_err(CrlFetchError::Fetch)?)?;
        let clock = means.now().unwrap_or(UnixTime::from_seconds(0));
        in_date(&crl, clock)?;
        if let Some(held) = state.newer(&crl) {
            let this_update = crl.this_update();
            return Err(CrlFetchError::Older { this_update, held });
        }
        if state
            .good(clock)
            .is_some_and(|held| held.crl.as_der() == crl.as_der())
        {
            return Ok(None);
        }
        let unfit = CrlFetchError::Unfit;
        let new = Held::new(crl);
        new.prepare(certificates.iter().copied(), means)
            .map_err(unfit)?;
        if let Some(held) = state.good(clock)
            && let Some(signer) = held.signer()
        {
            succeeds(&new, held, &signer, means)?;
        }
        Ok(Some(new))
    }
}

/// Whether a list may take the place of another one that was signed by `signer` and has
/// not run out: nobody on the way is to put anything else there.
fn succeeds(
    new: &Held,
    held: &Held,
    signer: &Key,
    crypto: &dyn Crypto,
) -> Result<(), CrlFetchError> {
    let malformed = || CrlFetchError::Unfit(CredentialError::Der(CredentialKind::Crl));
    let list = new.crl.list().ok_or_else(malformed)?;
    if !held.is_of(list.issuer) {
        let issuer = new.crl.issuer();
        return Err(CrlFetchError::OtherIssuer { issuer });
    }
    let held = held.crl.list().ok_or_else(malformed)?;
    if let (Some(number), Some(held)) = (list.number(), held.number())
        && is_less(number, held)
    {
        return Err(CrlFetchError::LowerNumber {
            number: hex(number),
            held: hex(held),
        });
    }
    if new.signer().is_none() {
        let signed = new.signed_by(signer, crypto);
        signed.map_err(|fault| CrlFetchError::Unfit(fault.into()))?;
    }
    Ok(())
}

/// Puts what came of an attempt into the state.
fn take(
    url: &HttpUrl,
    state: &mut State,
    result: Result<Option<Held>, CrlFetchError>,
    clock: UnixTime,
) {
    state.failure = match result {
        Ok(None) => {
            log::debug!("{url} has no newer revocation list");
            None
        }
        Ok(Some(new)) => {
            let until = new.crl.next_update().to_second();
            log::info!("the revocation list from {url} is good until {until}");
            state.held = Some(Arc::new(new));
            None
        }
        Err(error) => {
            match state.good(clock) {
                Some(held) => {
                    let until = held.crl.next_update().to_second();
                    log::warn!(
                        "no newer revocation list from {url}, going on with the one held until \
                         {until}: {error}"
                    );
                }
                None => log::warn!("no revocation list from {url}: {error}"),
            }
            Some(Arc::new(error))
        }
    };
}

/// A list in DER, or one in PEM.
fn read(mut body: Vec<u8>) -> Result<Crl, CrlFetchError> {
    let unfit = CrlFetchError::Unfit;
    let text = core::str::from_utf8(&body).ok();
    let Some(text) = text.filter(|text| text.contains("-----BEGIN ")) else {
        // It grew as it came in; it is held for long. Where there is no memory for a copy
        // it stays as it is.
        let mut exact = Vec::new();
        if body.capacity() > body.len() && exact.try_reserve_exact(body.len()).is_ok() {
            exact.extend_from_slice(&body);
            body = exact;
        }
        return Crl::from_der(body).map_err(unfit);
    };
    let mut lists = Crl::from_pem(text).map_err(unfit)?.into_iter();
    match (lists.next(), lists.next()) {
        (Some(list), None) => Ok(list),
        _ => Err(CrlFetchError::Several),
    }
}

fn in_date(crl: &Crl, clock: UnixTime) -> Result<(), CrlFetchError> {
    let (this_update, next_update) = (crl.this_update(), crl.next_update());
    if clock < this_update {
        return Err(CrlFetchError::NotYetValid { this_update, clock });
    }
    if crl.is_stale(clock) {
        return Err(CrlFetchError::Stale { next_update, clock });
    }
    Ok(())
}

/// Whether one number is less than another, by their digits, however many those are.
fn is_less(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (significant(one), significant(other));
    (one.len(), one) < (other.len(), other)
}

fn hex(number: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in number {
        let _ = write!(text, "{byte:02X}");
    }
    text
}
