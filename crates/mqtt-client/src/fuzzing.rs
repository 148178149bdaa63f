// SPDX-License-Identifier: Apache-2.0

//! A broker that may send anything.
//!
//! What must hold, besides that nothing panics: what we are given is no larger than was
//! allowed, a client that failed has dropped its stream, and the queue keeps its messages
//! in order until they were answered. `fuzz/` drives it with libFuzzer (feature `fuzzing`),
//! the tests of this crate with mutations of what a broker says.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "to panic is how a target speaks"
)]

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::ToString as _;
use std::vec::Vec;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::outbox::{Outbox, Ram, WhenFull};
use crate::{Client, Event, Outgoing, Password, Qos, Settings, Transport, Will};

std::thread_local! {
    static CLOCK: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A clock that goes on while somebody waits.
#[must_use]
pub fn uptime() -> Duration {
    CLOCK.get()
}

/// Nobody does anything for so long.
pub fn pass(time: Duration) {
    CLOCK.set(CLOCK.get() + time);
}

/// Both ends of a stream in memory.
#[derive(Clone, Default)]
pub struct Wire(Rc<RefCell<Ends>>);

#[derive(Default)]
struct Ends {
    to_client: VecDeque<u8>,
    from_client: Vec<u8>,
    /// After what there is to read comes the end.
    ended: bool,
    /// Nothing can be sent any more.
    broken: bool,
    /// The stream broke, which it says once to who waits for it.
    snapped: Option<bool>,
}

impl Wire {
    /// The broker sends this.
    pub fn say(&self, bytes: &[u8]) {
        self.0.borrow_mut().to_client.extend(bytes);
    }

    /// The broker closes the connection.
    pub fn end(&self) {
        self.0.borrow_mut().ended = true;
    }

    /// What is sent from now on fails.
    pub fn snap(&self) {
        self.0.borrow_mut().broken = true;
    }

    /// The stream breaks, and tells who waits so once, as sockets of Zephyr's do.
    pub fn snap_quietly(&self) {
        self.0.borrow_mut().snapped = Some(false);
    }

    /// What the client has sent since this was last asked.
    #[allow(clippy::must_use_candidate, reason = "to forget it is a use")]
    pub fn heard(&self) -> Vec<u8> {
        core::mem::take(&mut self.0.borrow_mut().from_client)
    }

    /// Whether the client has dropped its end.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }
}

impl ErrorType for Wire {
    type Error = ErrorKind;
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut ends = self.0.borrow_mut();
        if ends.snapped.is_some() {
            return Err(ErrorKind::ConnectionReset);
        }
        if ends.to_client.is_empty() && !ends.ended {
            return Err(ErrorKind::TimedOut);
        }
        let length = buffer.len().min(ends.to_client.len());
        for (place, byte) in buffer.iter_mut().zip(ends.to_client.drain(..length)) {
            *place = byte;
        }
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> Result<usize, ErrorKind> {
        let mut ends = self.0.borrow_mut();
        if ends.broken {
            return Err(ErrorKind::BrokenPipe);
        }
        ends.from_client.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Transport for Wire {
    fn wait_readable(&mut self, limit: Duration) -> Result<bool, ErrorKind> {
        let mut ends = self.0.borrow_mut();
        // Without waiting it is not found out.
        let broke = !limit.is_zero() && ends.snapped == Some(false);
        if broke {
            ends.snapped = Some(true);
        }
        let ready = !ends.to_client.is_empty() || ends.ended || broke;
        if !ready {
            pass(limit);
        }
        Ok(ready)
    }
}

/// The largest packet that the client takes.
const MAX_PACKET: u32 = 512;

/// The client with all that settings can have.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        user: Some("user".into()),
        password: Some(Password::new(b"secret".to_vec().into())),
        will: Some(Will {
            topic: "devices/one/status".into(),
            message: b"offline".to_vec(),
            retain: true,
        }),
        max_packet: MAX_PACKET,
        ..Settings::new("one")
    }
}

/// Takes what a broker sends on three connections: `data` cut at each `0xff 0x00`.
pub fn mqtt(data: &[u8]) {
    let mut client = Client::new(settings(), uptime).expect("settings that are in order");
    let storage = Ram::new(4).expect("memory");
    let mut outbox = Outbox::new(storage, WhenFull::DropOldest);
    let mut rest = data;
    for _ in 0..3 {
        let cut = rest.windows(2).position(|pair| pair == [0xff, 0x00]);
        let (said, after) = match cut {
            Some(cut) => (&rest[..cut], &rest[cut + 2..]),
            None => (rest, &[][..]),
        };
        rest = after;
        let wire = Wire::default();
        wire.say(said);
        if cut.is_some() {
            wire.end();
        }
        connection(&mut client, &mut outbox, &wire);
        client.abandon();
        assert!(wire.is_dropped(), "a stream outlives its connection");
    }
}

fn connection(client: &mut Client<Wire>, outbox: &mut Outbox<Ram, crate::PacketId>, wire: &Wire) {
    let connected = match client.connect(wire.clone()) {
        Ok(connected) => connected,
        Err(error) => {
            let _ = error.to_string();
            assert!(!client.is_connected() && wire.is_dropped());
            return;
        }
    };
    let _ = outbox.connected(connected.session_present);
    let _ = client.subscribe("devices/one/commands", Qos::AtLeastOnce);
    for number in 0..6_u8 {
        let _ = outbox.push("devices/one/readings", &[number]);
        let held = outbox.len();
        let _ = outbox.send(|topic, payload, again| {
            let message = Outgoing::new(topic, payload);
            match again {
                Some(id) => client.publish_again(id, message).map(|()| id),
                None => client
                    .publish(message, Qos::AtLeastOnce)
                    .map(|id| id.expect("QoS 1 has a name")),
            }
        });
        assert_eq!(
            outbox.len(),
            held,
            "a message is gone before it was answered"
        );
        match client.poll(Duration::from_secs(1)) {
            Ok(None) => {}
            Ok(Some(event)) => {
                let _ = match event {
                    Event::Acknowledged(id) => outbox.acknowledged(id),
                    Event::Rejected(id, _) => outbox.rejected(id),
                    Event::Message(message) => {
                        let length = message.topic.len() + message.payload.len();
                        assert!(length <= MAX_PACKET as usize, "{length} bytes");
                        Ok(())
                    }
                    _ => Ok(()),
                };
            }
            Err(error) => {
                let _ = error.to_string();
                assert!(!client.is_connected() && wire.is_dropped(), "{error}");
                return;
            }
        }
    }
    let _ = client.disconnect();
}
