// SPDX-License-Identifier: Apache-2.0

//! A device against a broker that does as it is told. Real brokers: `tests/mqtt.rs`.

use core::cell::Cell;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::vec::Vec;

use mbedtls_backend::{MbedTls, uptime};
use secure_socket::backend::ServerBackend;
use secure_socket::credential::{Psk, PskIdentity, PskSource};
use secure_socket::{Mode, Stream, server};

use super::*;
use crate::{Credentials, Job, RunError, client};
use alloc::string::String;
use core::time::Duration;
use mqtt_client::outbox::WhenFull;

const CONNECT: u8 = 0x10;
const PUBLISH_QOS_1: u8 = 0x32;
const SUBSCRIBE: u8 = 0x82;
const CONNACK: &[u8] = &[0x20, 3, 0, 0, 0];
const CONNACK_PRESENT: &[u8] = &[0x20, 3, 1, 0, 0];
/// Maximum packet size, property 0x27: 64.
const CONNACK_PRESENT_SMALL: &[u8] = &[0x20, 8, 1, 0, 5, 0x27, 0, 0, 0, 64];
const MS: Duration = Duration::from_millis(1);

fn psk() -> (PskIdentity, Psk) {
    (
        PskIdentity::new("device").unwrap(),
        Psk::new(alloc::vec![7; 32]).unwrap(),
    )
}

/// A connection, as the broker has it.
struct Peer(Stream<<MbedTls as ServerBackend>::Served>);

impl Peer {
    /// The next packet: its first byte, and what is in it. `None`: the device has gone.
    fn hears(&self) -> Option<(u8, Vec<u8>)> {
        let byte = || {
            let mut byte = [0];
            (self.0.receive(&mut byte).ok()? == 1).then_some(byte[0])
        };
        let kind = byte()?;
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let digit = byte()?;
            length |= usize::from(digit & 0x7f) << shift;
            if digit & 0x80 == 0 {
                break;
            }
        }
        let body = (0..length).map(|_| byte()).collect::<Option<_>>()?;
        Some((kind, body))
    }

    /// The next packet of this kind.
    fn hears_of(&self, kind: u8) -> Option<Vec<u8>> {
        while let Some((heard, body)) = self.hears() {
            if heard == kind {
                return Some(body);
            }
        }
        None
    }

    fn says(&self, packet: &[u8]) {
        self.0.send_all(packet).unwrap();
    }

    /// Takes the device in, and says whether it asked for a new session.
    fn welcomes(&self, connack: &[u8]) -> bool {
        let connect = self.hears_of(CONNECT).unwrap();
        self.says(connack);
        connect[7] & 2 != 0
    }

    fn grants(&self) {
        let asked = self.hears_of(SUBSCRIBE).unwrap();
        self.says(&[0x90, 4, asked[0], asked[1], 0, 1]);
    }

    /// Acknowledges the next reading, and says which it was.
    fn takes(&self) -> Option<String> {
        let message = self.hears_of(PUBLISH_QOS_1)?;
        let topic = 2 + usize::from(message[1]);
        self.says(&[0x40, 2, message[topic], message[topic + 1]]);
        Some(String::from_utf8(message[topic + 3..].to_vec()).unwrap())
    }
}

/// A job whose tests end, whatever happens.
fn job() -> MqttJob {
    MqttJob {
        prefix: "d".into(),
        interval: Duration::ZERO,
        readings: Some(1),
        queue: 4,
        when_full: WhenFull::Stop,
        first_wait: MS,
        longest_wait: Duration::from_secs(5),
        attempts: Some(3),
        ..MqttJob::new("d")
    }
}

/// Publishes the readings `1`, `2`, ... to a broker that is `broker`, which takes one
/// connection after the other: how it ended, and what the broker says of it.
fn with_broker<T: Send + 'static>(
    mqtt: MqttJob,
    broker: impl FnOnce(&dyn Fn() -> Peer) -> T + Send + 'static,
) -> (Result<MqttSummary, RunError>, mpsc::Receiver<T>) {
    let (tell, port) = mpsc::channel();
    let (report, said) = mpsc::channel();
    // If the device gives up before, it stays behind.
    thread::spawn(move || {
        let backend = MbedTls::new().unwrap();
        let (identity, key) = psk();
        let server = server::builder().psk(identity, key);
        let server = server
            .bind(&backend, "127.0.0.1:0".parse().unwrap())
            .unwrap();
        tell.send(server.local_address().unwrap().port()).unwrap();
        let accept = || Peer(server.accept().unwrap().handshake().unwrap());
        let _ = report.send(broker(&accept));
    });
    (run_at(port.recv().unwrap(), mqtt, &Cell::new(0)), said)
}

fn run_at(port: u16, mqtt: MqttJob, taken: &Cell<u32>) -> Result<MqttSummary, RunError> {
    let backend = MbedTls::new().unwrap();
    let (identity, key) = psk();
    let credentials = Credentials {
        psk: Some(PskSource::Given { identity, key }),
        ..Credentials::default()
    };
    let job = Job::new(Mode::Psk, "127.0.0.1", port);
    let client = client(&backend, &job, credentials).unwrap();
    let mut reading = || {
        taken.set(taken.get() + 1);
        Ok(match taken.get() {
            1 => "1".repeat(100),
            number => alloc::format!("{number}"),
        })
    };
    let mut notes = 0;
    let mut note = |note: &Note<'_>| {
        notes += 1;
        assert!(notes < 50, "it goes on and on: {note}");
    };
    let device = Device {
        uptime,
        reading: &mut reading,
        note: &mut note,
    };
    run(&backend, &client, &job, mqtt, device)
}

/// It was tried again and again, and each time another message was thrown away for it.
#[test]
fn a_message_that_cannot_be_sent_again_is_given_up_and_no_other() {
    let mqtt = MqttJob {
        readings: Some(6),
        ..job()
    };
    let (done, said) = with_broker(mqtt, |accept| {
        let peer = accept();
        assert!(!peer.welcomes(CONNACK));
        peer.hears_of(PUBLISH_QOS_1).unwrap();
        drop(peer);
        let peer = accept();
        assert!(!peer.welcomes(CONNACK_PRESENT_SMALL));
        while let Some((kind, _)) = peer.hears() {
            assert_ne!(kind & !8, PUBLISH_QOS_1, "the session is to end");
        }
        let peer = accept();
        assert!(peer.welcomes(CONNACK), "the old session is of no use");
        core::iter::from_fn(|| peer.takes()).collect::<Vec<_>>()
    });
    let counts = done.unwrap().counts;
    assert_eq!((counts.rejected, counts.delivered), (1, 5));
    let wait = Duration::from_secs(10);
    assert_eq!(said.recv_timeout(wait).unwrap(), ["2", "3", "4", "5", "6"]);
}

/// It was deaf for as long as the broker kept the session.
#[test]
fn a_session_without_a_subscription_gets_one() {
    let (done, said) = with_broker(job(), |accept| {
        accept().welcomes(CONNACK);
        let peer = accept();
        peer.welcomes(CONNACK_PRESENT);
        peer.grants();
        // Later than the answer, and so the device has it.
        thread::sleep(100 * MS);
        drop(peer);
        let peer = accept();
        peer.welcomes(CONNACK_PRESENT);
        let mut again = false;
        while let Some((kind, body)) = peer.hears() {
            again |= kind == SUBSCRIBE;
            if kind & !8 == PUBLISH_QOS_1 {
                let id = 2 + usize::from(body[1]);
                peer.says(&[0x40, 2, body[id], body[id + 1]]);
            }
        }
        again
    });
    assert_eq!(done.unwrap().connections, 3);
    let again = said.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(!again, "one that was granted holds");
}

#[test]
fn a_connection_that_lasted_is_no_failure_in_a_row() {
    let mqtt = MqttJob {
        longest_wait: 20 * MS,
        ..job()
    };
    let (done, _said) = with_broker(mqtt, |accept| {
        let peer = accept();
        peer.welcomes(CONNACK);
        peer.grants();
        thread::sleep(100 * MS);
        drop(peer);
        for _ in 0..4 {
            let peer = accept();
            peer.welcomes(CONNACK_PRESENT);
            thread::sleep(100 * MS);
        }
        let peer = accept();
        peer.welcomes(CONNACK);
        while peer.takes().is_some() {}
    });
    assert_eq!(done.unwrap().connections, 6);
}

#[test]
fn nor_is_one_over_which_a_reading_was_delivered() {
    let mqtt = MqttJob {
        readings: Some(5),
        ..job()
    };
    let (done, _said) = with_broker(mqtt, |accept| {
        for _ in 0..5 {
            let peer = accept();
            peer.welcomes(CONNACK);
            peer.takes().unwrap();
            thread::sleep(100 * MS);
        }
    });
    assert_eq!(done.unwrap().counts.delivered, 5);
}

/// Two devices with one name ended each other's connections twice a second, and each took its
/// own for a success.
#[test]
fn one_that_ends_as_soon_as_it_is_there_is_a_failure() {
    let (done, _said) = with_broker(job(), |accept| {
        loop {
            let peer = accept();
            peer.welcomes(CONNACK);
            peer.grants();
            thread::sleep(20 * MS);
        }
    });
    let broke = matches!(done, Err(RunError::Mqtt(_) | RunError::Connection(_)));
    assert!(broke, "{done:?}");
}

/// It took them without a pause, and dropped each for the next.
#[test]
fn who_measures_without_a_pause_waits_for_room() {
    // Bound, and dropped: nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let mqtt = MqttJob {
        readings: None,
        when_full: WhenFull::DropOldest,
        first_wait: 50 * MS,
        ..job()
    };
    let taken = Cell::new(0);
    let queue = u32::from(mqtt.queue);
    run_at(nobody.unwrap().port(), mqtt, &taken).unwrap_err();
    assert_eq!(taken.get(), queue);
}
