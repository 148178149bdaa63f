// SPDX-License-Identifier: Apache-2.0

//! A bounded queue of messages that the broker is to have, whether it is there or not.
//!
//! It knows no network. A message stays in it until it was answered; they are sent in
//! order, several at a time. After a connection was lost, those that were on their way are
//! sent first: under the name that they had where the broker kept the session, so that it
//! can tell a duplicate, and anew where it did not.

mod ram;
#[cfg(test)]
mod tests;

pub use ram::{MAX_RECORD, Ram};

use alloc::vec::Vec;
use core::fmt;

use crate::client::WINDOW;

/// Where the messages are kept: [`Ram`], or a flash of the platform's.
///
/// Records in order, the oldest first. One that is in flash survives a reset, if the
/// storage finds again what it holds.
pub trait Storage {
    /// What can go wrong with it.
    type Error: fmt::Debug + fmt::Display;

    /// How many records it has room for: 2 at least.
    fn capacity(&self) -> usize;

    /// How many bytes a record may have.
    fn max_record(&self) -> usize;

    /// How many records there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a record after all others. It is called while there is room for it.
    ///
    /// # Errors
    ///
    /// Nothing was added.
    fn push(&mut self, record: &[u8]) -> Result<(), Self::Error>;

    /// Shows record `index`, counted from the oldest, which is 0.
    ///
    /// # Errors
    ///
    /// It cannot be read. One that is not there is `None`.
    fn read<T>(
        &mut self,
        index: usize,
        show: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, Self::Error>;

    /// Removes record `index`.
    ///
    /// # Errors
    ///
    /// It is still there.
    fn remove(&mut self, index: usize) -> Result<(), Self::Error>;
}

/// What to do with a message for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The oldest message that is not on its way gives way: the latest readings count.
    DropOldest,
    /// The new message is dropped: the first readings count.
    DropNewest,
    /// The new message is refused: who makes them waits.
    Stop,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is in the queue.
    Queued,
    /// It is, and the oldest that was not on its way was dropped for it.
    OldestDropped,
    /// It was dropped.
    Dropped,
}

/// Why a message is not in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxError<E> {
    /// There is no room ([`WhenFull::Stop`]).
    Full,
    /// Topic and payload have this many bytes, more than a record may have.
    TooLong(usize),
    /// The storage failed.
    Storage(E),
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages dropped for want of room.
    pub dropped: u32,
    /// Messages that the broker would not take.
    pub rejected: u32,
    /// Messages that the broker took.
    pub delivered: u32,
    /// How often one was sent again, under the name that it had.
    pub again: u32,
    /// How often one that had been sent was to be sent anew, since the session was gone.
    pub anew: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits for an answer.
    Sent,
    /// Is to be sent again, under its name.
    Again,
    /// Was answered, and waits for older ones to be.
    Answered,
}

struct Flight<I> {
    id: I,
    state: State,
}

/// The queue. `I` names a message that is on its way.
///
/// The first messages in the storage are those on their way, in the order of `flights`.
pub struct Outbox<S: Storage, I> {
    storage: S,
    when_full: WhenFull,
    flights: heapless::Deque<Flight<I>, WINDOW>,
    record: Vec<u8>,
    counts: Counts,
}

/// Bytes before the topic: its length.
const HEADER: usize = 2;

impl<S: Storage, I: Copy + PartialEq> Outbox<S, I> {
    /// A queue of what `storage` holds, none of it on its way.
    pub fn new(storage: S, when_full: WhenFull) -> Self {
        Self {
            record: Vec::with_capacity(storage.max_record()),
            storage,
            when_full,
            flights: heapless::Deque::new(),
            counts: Counts::default(),
        }
    }

    /// How many messages there are, those on their way included.
    pub fn len(&self) -> usize {
        self.storage.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.storage.is_empty()
    }

    /// Whether there is no room for one more.
    pub fn is_full(&self) -> bool {
        self.storage.len() >= self.storage.capacity()
    }

    /// What happened so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How many may be on their way: one less than there is room for, so that there is
    /// always one to drop.
    fn window(&self) -> usize {
        WINDOW.min(self.storage.capacity().saturating_sub(1)).max(1)
    }

    /// Adds a message.
    ///
    /// # Errors
    ///
    /// [`OutboxError`]; the queue is as it was.
    pub fn push(&mut self, topic: &str, payload: &[u8]) -> Result<Pushed, OutboxError<S::Error>> {
        let length = HEADER + topic.len() + payload.len();
        let Some(header) = u16::try_from(topic.len())
            .ok()
            .filter(|_| length <= self.storage.max_record())
        else {
            return Err(OutboxError::TooLong(topic.len() + payload.len()));
        };
        let mut pushed = Pushed::Queued;
        if self.is_full() {
            match self.when_full {
                WhenFull::Stop => return Err(OutboxError::Full),
                WhenFull::DropOldest if self.flights.len() < self.storage.len() => {
                    self.storage
                        .remove(self.flights.len())
                        .map_err(OutboxError::Storage)?;
                    pushed = Pushed::OldestDropped;
                }
                _ => pushed = Pushed::Dropped,
            }
            self.counts.dropped += 1;
        }
        if pushed != Pushed::Dropped {
            self.record.clear();
            self.record.extend_from_slice(&header.to_be_bytes());
            self.record.extend_from_slice(topic.as_bytes());
            self.record.extend_from_slice(payload);
            self.storage
                .push(&self.record)
                .map_err(OutboxError::Storage)?;
        }
        Ok(pushed)
    }

    /// Has `send` send the next message that is due: topic, payload, and the name under
    /// which it was sent before, if it is to be sent again under it. `send` returns its
    /// name. `None`: nothing is due.
    ///
    /// # Errors
    ///
    /// The storage failed. What `send` failed with is in the inner result, and the message
    /// is still due.
    #[allow(clippy::type_complexity, reason = "two errors of two origins")]
    pub fn send<E>(
        &mut self,
        send: impl FnOnce(&str, &[u8], Option<I>) -> Result<I, E>,
    ) -> Result<Option<Result<(), E>>, S::Error> {
        let again = self
            .flights
            .iter()
            .position(|flight| flight.state == State::Again);
        let (index, id) = match again {
            Some(index) => (
                index,
                self.flights.iter().nth(index).map(|flight| flight.id),
            ),
            None if self.flights.len() < self.window() => (self.flights.len(), None),
            None => return Ok(None),
        };
        let sent = self.storage.read(index, |record| {
            let (topic, payload) = parts(record);
            send(topic, payload, id)
        })?;
        let id = match sent {
            None => return Ok(None),
            Some(Err(error)) => return Ok(Some(Err(error))),
            Some(Ok(id)) => id,
        };
        let state = State::Sent;
        match self.flights.iter_mut().nth(index) {
            Some(flight) => {
                *flight = Flight { id, state };
                self.counts.again += 1;
            }
            // There is room: it was asked for.
            None => drop(self.flights.push_back(Flight { id, state })),
        }
        Ok(Some(Ok(())))
    }

    /// Gives up the message that [`send`](Self::send) would show next: the broker cannot take
    /// it.
    ///
    /// # Errors
    ///
    /// The storage failed.
    pub fn discard(&mut self) -> Result<(), S::Error> {
        let again = |flight: &&mut Flight<I>| flight.state == State::Again;
        if let Some(flight) = self.flights.iter_mut().find(again) {
            flight.state = State::Answered;
            self.counts.rejected += 1;
            return self.tidy();
        }
        if self.flights.len() < self.storage.len() {
            self.storage.remove(self.flights.len())?;
            self.counts.rejected += 1;
        }
        Ok(())
    }

    /// The broker took the message with this name.
    ///
    /// # Errors
    ///
    /// The storage failed.
    pub fn acknowledged(&mut self, id: I) -> Result<(), S::Error> {
        if self.answer(id) {
            self.counts.delivered += 1;
        }
        self.tidy()
    }

    /// The broker will not take it, however often it is sent.
    ///
    /// # Errors
    ///
    /// The storage failed.
    pub fn rejected(&mut self, id: I) -> Result<(), S::Error> {
        if self.answer(id) {
            self.counts.rejected += 1;
        }
        self.tidy()
    }

    /// There is a new connection: what was on its way is to be sent again, under the names
    /// that it had if the broker kept the session.
    ///
    /// # Errors
    ///
    /// The storage failed.
    pub fn connected(&mut self, session_present: bool) -> Result<(), S::Error> {
        if session_present {
            for flight in &mut self.flights {
                if flight.state == State::Sent {
                    flight.state = State::Again;
                }
            }
            return Ok(());
        }
        while let Some(flight) = self.flights.pop_back() {
            match flight.state {
                State::Answered => self.storage.remove(self.flights.len())?,
                State::Sent | State::Again => self.counts.anew += 1,
            }
        }
        Ok(())
    }

    /// Notes an answer. One to nothing, or a second one, is nothing to us.
    fn answer(&mut self, id: I) -> bool {
        let waits = |flight: &&mut Flight<I>| flight.id == id && flight.state != State::Answered;
        match self.flights.iter_mut().find(waits) {
            Some(flight) => {
                flight.state = State::Answered;
                true
            }
            None => false,
        }
    }

    /// Removes what was answered, from the oldest on.
    fn tidy(&mut self) -> Result<(), S::Error> {
        while self
            .flights
            .front()
            .is_some_and(|flight| flight.state == State::Answered)
        {
            self.storage.remove(0)?;
            self.flights.pop_front();
        }
        Ok(())
    }
}

/// Topic and payload of a record; one that makes no sense has an empty topic, which no
/// broker takes.
fn parts(record: &[u8]) -> (&str, &[u8]) {
    let whole = || {
        let (header, rest) = record.split_first_chunk::<HEADER>()?;
        let (topic, payload) = rest.split_at_checked(u16::from_be_bytes(*header).into())?;
        Some((core::str::from_utf8(topic).ok()?, payload))
    };
    whole().unwrap_or_default()
}

impl<E: fmt::Display> fmt::Display for OutboxError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the queue of messages is full"),
            Self::TooLong(length) => write!(
                f,
                "topic and payload have {length} bytes, more than a place in the queue"
            ),
            Self::Storage(error) => write!(f, "the queue's storage failed: {error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for OutboxError<E> {}
