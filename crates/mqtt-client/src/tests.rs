// SPDX-License-Identifier: Apache-2.0

//! The client against a broker of bytes. Real brokers: `tests/mqtt.rs` of the workspace.

use core::time::Duration;
use std::string::ToString as _;
use std::vec::Vec;
use std::{eprintln, panic, vec};

use embedded_io::ErrorKind;

use crate::fuzzing::{Wire, pass, settings, uptime};
use crate::{
    Client, Error, Event, InvalidSettings, Outgoing, Qos, Reason, Session, Settings, Silence, Will,
};

const CONNACK: [u8; 5] = [0x20, 3, 0, 0, 0];
const CONNACK_PRESENT: [u8; 5] = [0x20, 3, 1, 0, 0];
const PINGREQ: [u8; 2] = [0xc0, 0];
const PINGRESP: [u8; 2] = [0xd0, 0];
const SECOND: Duration = Duration::from_secs(1);

fn client(settings: Settings) -> Client<Wire> {
    Client::new(settings, uptime).unwrap()
}

fn connected() -> (Client<Wire>, Wire) {
    connected_as(settings(), &CONNACK)
}

fn connected_as(settings: Settings, connack: &[u8]) -> (Client<Wire>, Wire) {
    let mut client = client(settings);
    let wire = Wire::default();
    wire.say(connack);
    client.connect(wire.clone()).unwrap();
    wire.heard();
    (client, wire)
}

const MESSAGE: Outgoing<'_> = Outgoing::new("t", b"hello");

#[test]
fn connect_says_all_that_is_set_in_one_piece() {
    let mut client = client(settings());
    let wire = Wire::default();
    wire.say(&CONNACK);
    let answer = client.connect(wire.clone()).unwrap();
    assert!(!answer.session_present);
    assert_eq!((answer.keep_alive, answer.client_id.as_str()), (60, "one"));
    let said = wire.heard();
    assert_eq!(said[0], 0x10);
    assert_eq!(said[2..9], *b"\x00\x04MQTT\x05");
    // User name, password, will retained and of QoS 1, no clean start (section 3.1.2.3).
    assert_eq!(said[9], 0b1110_1100);
    assert_eq!(said[10..12], [0, 60]);
    for text in ["one", "user", "secret", "devices/one/status", "offline"] {
        let text = text.as_bytes();
        assert!(
            said.windows(text.len()).any(|part| part == text),
            "{text:?}"
        );
    }
    assert_eq!(client.connect(Wire::default()), Err(Error::Connected));
}

#[test]
fn a_clean_session_is_asked_for_as_such() {
    let mut client = client(Settings {
        session: Session::Clean,
        keep_alive: 0,
        ..Settings::new("")
    });
    let wire = Wire::default();
    // The broker chooses a name: property 0x12.
    wire.say(&[0x20, 8, 0, 0, 5, 0x12, 0, 2, b'a', b'b']);
    let answer = client.connect(wire.clone()).unwrap();
    assert_eq!((answer.keep_alive, answer.client_id.as_str()), (0, "ab"));
    assert_eq!(wire.heard()[9], 0b0000_0010);
}

#[test]
fn a_refusal_is_named() {
    for (code, name) in [
        (0x84, "unsupported protocol version"),
        (0x85, "client identifier not valid"),
        (0x86, "bad user name or password"),
        (0x87, "not authorized"),
        (0x88, "server unavailable"),
        (0x89, "server busy"),
        (0x8a, "banned"),
        (0x9f, "connection rate exceeded"),
    ] {
        let mut client = client(settings());
        let wire = Wire::default();
        wire.say(&[0x20, 3, 0, code, 0]);
        let error = client.connect(wire.clone()).unwrap_err();
        assert_eq!(error, Error::Refused(Reason::new(code), None));
        let said = error.to_string();
        assert!(said.contains(name), "{said}");
        assert!(wire.is_dropped());
        // And once more.
        let wire = Wire::default();
        wire.say(&CONNACK);
        assert!(client.connect(wire).is_ok());
    }
}

#[test]
fn what_a_broker_says_is_printed_with_care() {
    let mut client = client(settings());
    let wire = Wire::default();
    wire.say(b"\x20\x0b\x00\x87\x08\x1f\x00\x05no\x1b[m");
    let said = client.connect(wire).unwrap_err().to_string();
    assert!(
        said.ends_with("not authorized (reason 0x87): no\\u{1b}[m"),
        "{said}"
    );
}

#[test]
fn a_broker_of_mqtt_3_is_told_from_one_of_mqtt_5() {
    let mut client = client(settings());
    let wire = Wire::default();
    // Unacceptable protocol version (MQTT 3.1.1, section 3.2.2.3): no properties.
    wire.say(&[0x20, 2, 0, 1]);
    let error = client.connect(wire).unwrap_err();
    assert!(matches!(error, Error::Violation(_)), "{error}");
}

#[test]
fn a_broker_that_says_nothing_is_given_up() {
    let mut client = client(settings());
    let wire = Wire::default();
    let before = uptime();
    let error = client.connect(wire.clone()).unwrap_err();
    assert_eq!(error, Error::Silent(Silence::Connect));
    assert_eq!(uptime() - before, settings().patience);
    assert!(wire.is_dropped() && !client.is_connected());
}

#[test]
fn a_broker_that_hangs_up_is_told() {
    let mut client = client(settings());
    let wire = Wire::default();
    wire.end();
    assert_eq!(client.connect(wire).unwrap_err(), Error::Ended);
    let (mut client, wire) = connected();
    wire.end();
    assert_eq!(client.poll(SECOND), Err(Error::Ended));
    assert_eq!(client.poll(SECOND), Err(Error::NotConnected));
    assert_eq!(
        client.publish(MESSAGE, Qos::AtMostOnce),
        Err(Error::NotConnected)
    );
}

#[test]
fn a_broker_that_says_why_it_hangs_up_is_quoted() {
    let (mut client, wire) = connected();
    wire.say(&[0xe0, 2, 0x8e, 0]);
    let error = client.poll(SECOND).unwrap_err();
    assert_eq!(error, Error::Disconnected(Reason::new(0x8e), None));
    assert!(error.to_string().contains("session taken over"));
}

#[test]
fn messages_of_both_qualities_are_received_and_answered() {
    let (mut client, wire) = connected();
    wire.say(b"\x31\x06\x00\x01a\x00hi");
    let Some(Event::Message(message)) = client.poll(SECOND).unwrap() else {
        panic!("no message");
    };
    assert_eq!(
        (message.topic.as_str(), &*message.payload),
        ("a", &b"hi"[..])
    );
    assert!(message.retained && !message.duplicate);
    assert_eq!(wire.heard(), []);
    // QoS 1, packet 7, sent before.
    wire.say(b"\x3a\x08\x00\x01a\x00\x07\x00hi");
    let Some(Event::Message(message)) = client.poll(SECOND).unwrap() else {
        panic!("no message");
    };
    assert!(message.duplicate);
    let answer = wire.heard();
    assert_eq!((answer[0], &answer[2..4]), (0x40, &[0, 7][..]));
}

#[test]
fn a_packet_that_is_too_large_is_refused_before_it_is_read() {
    let (mut client, wire) = connected();
    // 513 bytes and more are announced, and do not come.
    wire.say(&[0x30, 0xff, 0x7f]);
    let error = client.poll(SECOND).unwrap_err();
    assert_eq!(error, Error::Violation(Reason::PACKET_TOO_LARGE));
    assert!(error.to_string().contains("larger than was allowed"));
    assert_eq!(wire.heard()[..3], [0xe0, 2, 0x95], "DISCONNECT says why");
}

#[test]
fn a_connack_that_is_too_large_is_refused_too() {
    let mut client = client(settings());
    let wire = Wire::default();
    wire.say(&[0x20, 0xff, 0x7f]);
    let error = client.connect(wire.clone()).unwrap_err();
    assert_eq!(error, Error::Violation(Reason::PACKET_TOO_LARGE));
    assert!(wire.is_dropped());
}

/// rust-mqtt 0.6.0 believes the length of a property that it skips: it counted on below
/// zero, and read on in the next packets.
#[test]
fn a_user_property_ends_within_its_packet() {
    let beyond = |mut packet: Vec<u8>| {
        // 256 bytes more, which are there.
        packet.extend([0; 300]);
        packet
    };
    let connack = beyond(vec![0x20, 8, 0, 0, 5, 0x26, 1, 0, b'a', b'b']);
    let mut client = client(settings());
    let wire = Wire::default();
    wire.say(&connack);
    let malformed = Error::Violation(Reason::MALFORMED_PACKET);
    assert_eq!(client.connect(wire).unwrap_err(), malformed);
    let (mut client, wire) = connected();
    wire.say(&beyond(b"\x30\x09\x00\x01a\x05\x26\x01\x00ab".to_vec()));
    assert_eq!(client.poll(SECOND), Err(malformed));
}

#[test]
fn a_packet_that_does_not_end_is_given_up() {
    let (mut client, wire) = connected();
    wire.say(b"\x30\x20\x00\x01a\x00");
    assert_eq!(client.poll(SECOND), Err(Error::Silent(Silence::Packet)));
    assert!(wire.is_dropped());
}

#[test]
fn a_packet_may_come_byte_by_byte() {
    let (mut client, wire) = connected();
    let packet = b"\x30\x06\x00\x01a\x00hi";
    for byte in &packet[..2] {
        assert_eq!(client.poll(SECOND), Ok(None));
        wire.say(&[*byte]);
    }
    wire.say(&packet[2..]);
    assert!(matches!(client.poll(SECOND), Ok(Some(Event::Message(_)))));
}

#[test]
fn what_no_broker_may_send_ends_the_connection() {
    for said in [
        &[0x00, 0][..],
        &[0xf0, 0],
        // CONNECT, SUBSCRIBE, PINGREQ, CONNACK: none of them to a connected client.
        &[0x10, 0],
        &[0x82, 0],
        &[0xc0, 0],
        &CONNACK,
        // A length of five bytes.
        &[0x30, 0xff, 0xff, 0xff, 0xff, 0x7f],
        // PUBACK without and with a name that means nothing.
        &[0x40, 0],
        &[0x40, 2, 0, 0],
        // A topic longer than its packet, one that is no UTF-8, one with a wildcard.
        &[0x30, 4, 0, 9, b'a', 0],
        &[0x30, 4, 0, 1, 0xff, 0],
        &[0x30, 4, 0, 1, b'#', 0],
    ] {
        let (mut client, wire) = connected();
        wire.say(said);
        match client.poll(SECOND) {
            Err(Error::Violation(_)) => assert!(wire.is_dropped(), "{said:x?}"),
            other => panic!("{said:x?}: {other:?}"),
        }
    }
}

#[test]
fn pings_keep_the_connection_alive() {
    let (mut client, wire) = connected();
    assert_eq!(client.poll(44 * SECOND), Ok(None));
    assert_eq!(wire.heard(), []);
    assert_eq!(client.poll(2 * SECOND), Ok(None));
    assert_eq!(wire.heard(), PINGREQ);
    wire.say(&PINGRESP);
    assert_eq!(client.poll(40 * SECOND), Ok(None));
    assert_eq!(wire.heard(), []);
    assert_eq!(client.poll(10 * SECOND), Ok(None));
    assert_eq!(wire.heard(), PINGREQ);
    assert!(client.is_connected());
}

#[test]
fn a_broker_that_answers_no_ping_is_gone() {
    let (mut client, wire) = connected();
    let before = uptime();
    assert_eq!(client.poll(500 * SECOND), Err(Error::Silent(Silence::Ping)));
    assert_eq!(uptime() - before, 45 * SECOND + settings().patience);
    assert!(wire.is_dropped());
}

/// Who has other things to do for long finds the answer when it looks.
#[test]
fn an_answer_that_nobody_looked_for_in_time_counts() {
    let (mut client, wire) = connected();
    assert_eq!(client.poll(46 * SECOND), Ok(None));
    assert_eq!(wire.heard(), PINGREQ);
    wire.say(&PINGRESP);
    pass(30 * SECOND);
    assert_eq!(client.poll(Duration::ZERO), Ok(None));
    // And this time there is none.
    assert_eq!(client.poll(20 * SECOND), Ok(None));
    assert_eq!(wire.heard(), PINGREQ);
    pass(30 * SECOND);
    let gone = Err(Error::Silent(Silence::Ping));
    assert_eq!(client.poll(Duration::ZERO), gone);
}

#[test]
fn one_that_we_only_talk_to_is_asked_too() {
    let (mut client, wire) = connected();
    for _ in 0..5 {
        client.publish(MESSAGE, Qos::AtMostOnce).unwrap();
        wire.heard();
        assert_eq!(client.poll(10 * SECOND), Ok(None));
    }
    assert!(wire.heard().ends_with(&PINGREQ));
}

#[test]
fn a_broker_may_set_the_keep_alive() {
    // Server keep alive, property 0x13.
    let (mut client, wire) = connected_as(settings(), &[0x20, 6, 0, 0, 3, 0x13, 0, 4]);
    assert_eq!(client.poll(4 * SECOND), Ok(None));
    assert_eq!(wire.heard(), PINGREQ);
}

#[test]
fn a_kept_session_takes_a_message_again_under_its_name() {
    let (mut client, wire) = connected();
    let id = client.publish(MESSAGE, Qos::AtLeastOnce).unwrap().unwrap();
    let first = wire.heard();
    assert_eq!(first[0], 0x32);
    // Not on the connection on which it was published.
    assert_eq!(client.publish_again(id, MESSAGE), Err(Error::NotInFlight));
    wire.end();
    assert_eq!(client.poll(SECOND), Err(Error::Ended));
    let wire = Wire::default();
    wire.say(&CONNACK_PRESENT);
    assert!(client.connect(wire.clone()).unwrap().session_present);
    wire.heard();
    client.publish_again(id, MESSAGE).unwrap();
    let again = wire.heard();
    assert_eq!(again[0], 0x3a, "DUP");
    assert_eq!(again[1..], first[1..]);
    wire.say(&[0x40, 2, 0, 1]);
    assert_eq!(client.poll(SECOND), Ok(Some(Event::Acknowledged(id))));
}

#[test]
fn a_message_with_which_the_stream_broke_has_a_name_too() {
    let (mut client, wire) = connected();
    wire.snap();
    let id = client.publish(MESSAGE, Qos::AtLeastOnce).unwrap().unwrap();
    assert_eq!(
        client.poll(SECOND),
        Err(Error::Stream(ErrorKind::BrokenPipe))
    );
    let wire = Wire::default();
    wire.say(&CONNACK_PRESENT);
    client.connect(wire.clone()).unwrap();
    client.publish_again(id, MESSAGE).unwrap();
}

/// A socket of Zephyr's says once that it is readable when it broke: asked again it says
/// that it is not, and the client waited for ever, without a pause.
#[test]
fn a_stream_that_says_once_that_it_broke_is_believed() {
    let (mut client, wire) = connected();
    wire.snap_quietly();
    assert_eq!(
        client.poll(SECOND),
        Err(Error::Stream(ErrorKind::ConnectionReset))
    );
}

#[test]
fn a_session_that_is_gone_takes_names_along() {
    let (mut client, wire) = connected();
    let id = client.publish(MESSAGE, Qos::AtLeastOnce).unwrap().unwrap();
    wire.end();
    client.poll(SECOND).unwrap_err();
    let wire = Wire::default();
    wire.say(&CONNACK);
    client.connect(wire).unwrap();
    assert_eq!(client.publish_again(id, MESSAGE), Err(Error::NotInFlight));
}

#[test]
fn no_more_is_in_flight_than_either_side_takes() {
    let (mut client, _) = connected();
    for _ in 0..crate::WINDOW {
        client.publish(MESSAGE, Qos::AtLeastOnce).unwrap();
    }
    assert_eq!(
        client.publish(MESSAGE, Qos::AtLeastOnce),
        Err(Error::WindowFull)
    );
    client.publish(MESSAGE, Qos::AtMostOnce).unwrap();
    assert!(client.is_connected());
    // The broker takes two: receive maximum, property 0x21.
    let few = [0x20, 6, 0, 0, 3, 0x21, 0, 2];
    let (mut client, wire) = connected_as(settings(), &few);
    client.publish(MESSAGE, Qos::AtLeastOnce).unwrap();
    client.publish(MESSAGE, Qos::AtLeastOnce).unwrap();
    assert_eq!(
        client.publish(MESSAGE, Qos::AtLeastOnce),
        Err(Error::WindowFull)
    );
    wire.say(&[0x40, 2, 0, 1]);
    assert!(matches!(
        client.poll(SECOND),
        Ok(Some(Event::Acknowledged(_)))
    ));
    client.publish(MESSAGE, Qos::AtLeastOnce).unwrap();
}

/// The library subtracts what is in flight from what a broker takes.
#[test]
fn a_broker_may_come_back_with_less_room() {
    let (mut client, wire) = connected();
    let ids: Vec<_> = (0..4)
        .map(|_| client.publish(MESSAGE, Qos::AtLeastOnce).unwrap().unwrap())
        .collect();
    wire.end();
    client.poll(SECOND).unwrap_err();
    let wire = Wire::default();
    wire.say(&[0x20, 6, 1, 0, 3, 0x21, 0, 2]);
    client.connect(wire.clone()).unwrap();
    assert_eq!(
        client.publish(MESSAGE, Qos::AtLeastOnce),
        Err(Error::WindowFull)
    );
    client.publish_again(ids[0], MESSAGE).unwrap();
    client.publish_again(ids[1], MESSAGE).unwrap();
    assert_eq!(
        client.publish_again(ids[2], MESSAGE),
        Err(Error::WindowFull)
    );
    wire.say(&[0x40, 2, 0, 1]);
    assert_eq!(client.poll(SECOND), Ok(Some(Event::Acknowledged(ids[0]))));
    client.publish_again(ids[2], MESSAGE).unwrap();
}

#[test]
fn a_message_that_is_refused_is_named() {
    let (mut client, wire) = connected();
    let id = client.publish(MESSAGE, Qos::AtLeastOnce).unwrap().unwrap();
    wire.say(&[0x40, 4, 0, 1, 0x87, 0]);
    let refused = Event::Rejected(id, Reason::new(0x87));
    assert_eq!(client.poll(SECOND), Ok(Some(refused)));
}

#[test]
fn a_message_larger_than_the_broker_takes_is_not_sent() {
    // Maximum packet size, property 0x27.
    let small = [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 64];
    let (mut client, wire) = connected_as(settings(), &small);
    let payload = [0; 64];
    let large = Outgoing {
        payload: &payload,
        ..MESSAGE
    };
    assert_eq!(
        client.publish(large, Qos::AtLeastOnce),
        Err(Error::TooLarge)
    );
    assert_eq!(wire.heard(), []);
    assert!(client.publish(MESSAGE, Qos::AtLeastOnce).is_ok());
}

/// The library had kept what the next CONNACK does not say otherwise.
#[test]
fn limits_of_a_broker_end_with_the_connection() {
    // Maximum packet size, maximum QoS, retain available, receive maximum.
    let limits = b"\x20\x0f\x00\x00\x0c\x27\x00\x00\x00\x40\x24\x00\x25\x00\x21\x00\x01";
    let (mut client, wire) = connected_as(settings(), limits);
    let payload = [0; 64];
    let large = Outgoing {
        payload: &payload,
        retain: true,
        ..MESSAGE
    };
    assert!(client.publish(large, Qos::AtLeastOnce).is_err());
    wire.end();
    client.poll(SECOND).unwrap_err();
    let wire = Wire::default();
    wire.say(&CONNACK);
    client.connect(wire).unwrap();
    for _ in 0..2 {
        client.publish(large, Qos::AtLeastOnce).unwrap();
    }
}

/// The library had kept it, and took the next CONNACK for the rest of it.
#[test]
fn half_a_header_ends_with_the_connection() {
    let (mut client, wire) = connected();
    wire.say(&[0x30]);
    assert_eq!(client.poll(SECOND), Ok(None));
    wire.end();
    assert_eq!(client.poll(SECOND), Err(Error::Ended));
    let wire = Wire::default();
    wire.say(&CONNACK);
    client.connect(wire).unwrap();
    // A CONNACK that was too large leaves its header too.
    let mut client = self::client(settings());
    let wire = Wire::default();
    wire.say(&[0x20, 0xff, 0x7f]);
    client.connect(wire).unwrap_err();
    let wire = Wire::default();
    wire.say(&CONNACK);
    client.connect(wire).unwrap();
}

/// Nothing takes it out of the session, where it would be in the way.
#[test]
fn a_session_with_a_message_that_cannot_be_sent_again_is_not_kept() {
    let (mut client, wire) = connected();
    let payload = [0; 64];
    let large = Outgoing {
        payload: &payload,
        ..MESSAGE
    };
    let id = client.publish(large, Qos::AtLeastOnce).unwrap().unwrap();
    wire.end();
    client.poll(SECOND).unwrap_err();
    let wire = Wire::default();
    // Maximum packet size, property 0x27.
    wire.say(&[0x20, 8, 1, 0, 5, 0x27, 0, 0, 0, 64]);
    client.connect(wire.clone()).unwrap();
    assert_eq!(wire.heard()[9] & 2, 0, "no clean start");
    assert_eq!(client.publish_again(id, large), Err(Error::TooLarge));
    client.abandon();
    for clean in [2, 0] {
        let wire = Wire::default();
        wire.say(&CONNACK);
        client.connect(wire.clone()).unwrap();
        assert_eq!(wire.heard()[9] & 2, clean);
        client.abandon();
    }
}

#[test]
fn a_packet_may_be_as_large_as_was_allowed() {
    let (mut client, wire) = connected_as(
        Settings {
            max_packet: 4_000_000,
            ..settings()
        },
        &CONNACK,
    );
    const LENGTH: usize = 2_000_000;
    // 4 bytes of topic and properties before it.
    wire.say(&[0x30, 0x84, 0x89, 0x7a, 0, 1, b'a', 0]);
    wire.say(&vec![7; LENGTH]);
    let Ok(Some(Event::Message(message))) = client.poll(SECOND) else {
        panic!("no message");
    };
    assert_eq!(message.payload.len(), LENGTH);
}

#[test]
fn subscriptions_are_answered() {
    let (mut client, wire) = connected();
    let id = client.subscribe("a/+/#", Qos::AtLeastOnce).unwrap();
    assert_eq!(wire.heard()[0], 0x82);
    wire.say(&[0x90, 4, 0, 1, 0, 1]);
    let granted = Event::Subscribed(id, Ok(Qos::AtLeastOnce));
    assert_eq!(client.poll(SECOND), Ok(Some(granted)));
    let id = client.subscribe("b", Qos::AtMostOnce).unwrap();
    // The name is free again.
    wire.say(&[0x90, 4, 0, 1, 0, 0x87]);
    let refused = Event::Subscribed(id, Err(Reason::new(0x87)));
    assert_eq!(client.poll(SECOND), Ok(Some(refused)));
}

#[test]
fn topics_that_cannot_be_are_refused_here() {
    let (mut client, wire) = connected();
    for topic in ["", "a/#", "+", "a\0b"] {
        let message = Outgoing { topic, ..MESSAGE };
        assert_eq!(client.publish(message, Qos::AtMostOnce), Err(Error::Topic));
    }
    for filter in ["", "a#", "a/#/b", "a\0b"] {
        assert_eq!(client.subscribe(filter, Qos::AtMostOnce), Err(Error::Topic));
    }
    assert_eq!(wire.heard(), []);
}

#[test]
fn disconnect_is_said_and_the_stream_given_back() {
    let (mut client, wire) = connected();
    assert!(client.disconnect().unwrap().is_some());
    assert_eq!(wire.heard()[0], 0xe0);
    assert!(!client.is_connected());
    assert_eq!(client.disconnect().err(), Some(Error::NotConnected));
}

#[test]
fn a_client_that_is_dropped_says_nothing() {
    let (client, wire) = connected();
    drop(client);
    assert_eq!(wire.heard(), []);
    assert!(wire.is_dropped());
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let refused = |settings: Settings| Client::<Wire>::new(settings, uptime).err().unwrap();
    let name = refused(Settings::new(""));
    assert_eq!(name, InvalidSettings::NoClientId);
    let nul = refused(Settings::new("a\0b"));
    assert_eq!(nul, InvalidSettings::Text("client identifier"));
    let small = refused(Settings {
        max_packet: 1,
        ..settings()
    });
    assert_eq!(small, InvalidSettings::MaxPacket(1));
    let will = |topic: &str, message| {
        refused(Settings {
            will: Some(Will {
                topic: topic.into(),
                message,
                retain: false,
            }),
            ..settings()
        })
    };
    assert_eq!(will("a/#", vec![]), InvalidSettings::WillTopic);
    let long = InvalidSettings::TooLong("message of the last will");
    assert_eq!(will("a", vec![0; 65_536]), long);
}

/// What a broker says, for mutations.
const SEEDS: [&[u8]; 6] = [
    &CONNACK,
    b"\x20\x0b\x00\x87\x08\x1f\x00\x05no\x1b[m",
    b"\x20\x06\x00\x00\x03\x21\x00\x02\x90\x04\x00\x01\x00\x01\x40\x02\x00\x01\xd0\x00\xff\x00\
      \x20\x03\x01\x00\x00\x40\x02\x00\x02\xff\x00\x20\x06\x01\x00\x03\x21\x00\x01",
    b"\x20\x03\x00\x00\x00\x30\x06\x00\x01a\x00hi\x3a\x08\x00\x01a\x00\x07\x00hi\x40\x04\x00\x01\x87\x00",
    b"\x20\x03\x00\x00\x00\x34\x08\x00\x01a\x00\x07\x00hi\x62\x02\x00\x07\x50\x02\x00\x01\x70\x02\x00\x01",
    b"\x20\x11\x00\x00\x0e\x27\x00\x00\x00\x40\x13\x00\x04\x26\x00\x01a\x00\x01b\xe0\x02\x8e\x00",
];

/// Each seed, cut, with bytes changed and mixed with others: minutes of fuzzing find more.
#[test]
fn a_broker_may_send_anything() {
    let mut random = 0x5EED_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % limit as u64).unwrap()
    };
    for round in 0..20_000 {
        let mut said = SEEDS[round % SEEDS.len()].to_vec();
        for _ in 0..below(4) {
            match below(5) {
                0 if !said.is_empty() => {
                    let index = below(said.len());
                    said[index] = u8::try_from(below(256)).unwrap();
                }
                1 if !said.is_empty() => {
                    let index = below(said.len());
                    said[index] ^= 1 << below(8);
                }
                2 => said.truncate(below(said.len() + 1)),
                3 => {
                    let index = below(said.len() + 1);
                    said.insert(index, u8::try_from(below(256)).unwrap());
                }
                _ => {
                    let other = SEEDS[below(SEEDS.len())];
                    said.extend_from_slice(&other[below(other.len())..]);
                }
            }
        }
        let outcome = panic::catch_unwind(|| crate::fuzzing::mqtt(&said));
        if outcome.is_err() {
            eprintln!("round {round}: {said:02x?}");
        }
        assert!(outcome.is_ok());
    }
}
