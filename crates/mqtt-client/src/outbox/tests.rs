// SPDX-License-Identifier: Apache-2.0

use std::string::{String, ToString as _};
use std::vec::Vec;

use super::*;

fn outbox(capacity: usize, when_full: WhenFull) -> Outbox<Ram, u16> {
    Outbox::new(Ram::new(capacity).unwrap(), when_full)
}

fn push(outbox: &mut Outbox<Ram, u16>, number: u32) -> Pushed {
    outbox.push("t", number.to_string().as_bytes()).unwrap()
}

/// Sends all that is due, with names counted from `next` on: payload, and whether it was
/// sent again.
fn send_all(outbox: &mut Outbox<Ram, u16>, next: &mut u16) -> Vec<(String, bool)> {
    let mut sent = Vec::new();
    while let Some(done) = outbox
        .send(|topic, payload, again| {
            assert_eq!(topic, "t");
            let text = String::from_utf8(payload.to_vec()).unwrap();
            sent.push((text, again.is_some()));
            Ok::<_, ()>(again.unwrap_or_else(|| {
                *next += 1;
                *next
            }))
        })
        .unwrap()
    {
        done.unwrap();
    }
    sent
}

fn payloads(sent: &[(String, bool)]) -> Vec<&str> {
    sent.iter().map(|(payload, _)| payload.as_str()).collect()
}

#[test]
fn messages_go_out_in_order_and_no_more_than_the_window() {
    let mut outbox = outbox(64, WhenFull::Stop);
    for number in 0..40 {
        assert_eq!(push(&mut outbox, number), Pushed::Queued);
    }
    let mut next = 0;
    let sent = send_all(&mut outbox, &mut next);
    assert_eq!(sent.len(), WINDOW);
    assert_eq!(sent[0].0, "0");
    assert_eq!(sent[WINDOW - 1].0, (WINDOW - 1).to_string());
    outbox.acknowledged(1).unwrap();
    assert_eq!(
        payloads(&send_all(&mut outbox, &mut next)),
        [WINDOW.to_string()]
    );
    assert_eq!(outbox.len(), 39);
    assert_eq!(outbox.counts().delivered, 1);
}

#[test]
fn a_message_stays_until_it_and_all_older_ones_are_answered() {
    let mut outbox = outbox(8, WhenFull::Stop);
    for number in 0..3 {
        push(&mut outbox, number);
    }
    send_all(&mut outbox, &mut 0);
    outbox.acknowledged(2).unwrap();
    outbox.rejected(3).unwrap();
    assert_eq!(outbox.len(), 3);
    outbox.acknowledged(1).unwrap();
    // Again, and for nothing that was sent.
    outbox.acknowledged(1).unwrap();
    outbox.acknowledged(77).unwrap();
    assert!(outbox.is_empty());
    let counts = outbox.counts();
    assert_eq!((counts.delivered, counts.rejected), (2, 1));
}

#[test]
fn a_kept_session_gets_what_was_on_its_way_again_under_its_name() {
    let mut outbox = outbox(8, WhenFull::Stop);
    for number in 0..4 {
        push(&mut outbox, number);
    }
    let mut next = 0;
    send_all(&mut outbox, &mut next);
    outbox.acknowledged(1).unwrap();
    outbox.acknowledged(3).unwrap();
    push(&mut outbox, 4);
    outbox.connected(true).unwrap();
    let sent = send_all(&mut outbox, &mut next);
    let wanted = [("1", true), ("3", true), ("4", false)];
    assert_eq!(
        sent,
        wanted.map(|(payload, again)| (payload.to_string(), again))
    );
    assert_eq!(next, 5, "no new names for what had one");
    assert_eq!(outbox.counts().again, 2);
    // Nothing is sent twice on one connection.
    assert_eq!(send_all(&mut outbox, &mut next), []);
}

#[test]
fn a_lost_session_gets_it_anew() {
    let mut outbox = outbox(8, WhenFull::Stop);
    for number in 0..4 {
        push(&mut outbox, number);
    }
    let mut next = 0;
    send_all(&mut outbox, &mut next);
    outbox.acknowledged(2).unwrap();
    outbox.connected(false).unwrap();
    let sent = send_all(&mut outbox, &mut next);
    assert_eq!(payloads(&sent), ["0", "2", "3"]);
    assert!(sent.iter().all(|(_, again)| !again));
    assert_eq!(outbox.counts().anew, 3);
    // Names of the session that is gone mean nothing.
    outbox.acknowledged(1).unwrap();
    assert_eq!(outbox.len(), 3);
}

#[test]
fn what_could_not_be_sent_is_still_due() {
    let mut outbox = outbox(8, WhenFull::Stop);
    push(&mut outbox, 0);
    let failed = outbox.send(|_, _, _| Err::<u16, _>("no"));
    assert_eq!(failed, Ok(Some(Err("no"))));
    assert_eq!(payloads(&send_all(&mut outbox, &mut 0)), ["0"]);
}

#[test]
fn what_cannot_be_sent_is_given_up_and_the_rest_is_not() {
    let mut outbox = outbox(8, WhenFull::Stop);
    for number in 0..3 {
        push(&mut outbox, number);
    }
    let mut next = 0;
    let _ = outbox.send(|_, _, _| Ok::<_, ()>(77));
    outbox.discard().unwrap();
    assert_eq!(payloads(&send_all(&mut outbox, &mut next)), ["2"]);
    // All that is left is on its way.
    outbox.discard().unwrap();
    assert_eq!((outbox.len(), outbox.counts().rejected), (2, 1));
}

/// What was not sent yet was thrown away, one after the other, for one that was in the way.
#[test]
fn of_what_is_to_be_sent_again_that_is_given_up_which_cannot_be() {
    let mut outbox = outbox(8, WhenFull::Stop);
    let mut next = 0;
    for number in 0..2 {
        push(&mut outbox, number);
    }
    send_all(&mut outbox, &mut next);
    for number in 2..4 {
        push(&mut outbox, number);
    }
    outbox.connected(true).unwrap();
    let failed = outbox.send(|_, payload, again| {
        assert_eq!((payload, again), (&b"0"[..], Some(1)));
        Err::<u16, _>("too large")
    });
    assert_eq!(failed, Ok(Some(Err("too large"))));
    outbox.discard().unwrap();
    assert_eq!((outbox.len(), outbox.counts().rejected), (3, 1));
    let sent = send_all(&mut outbox, &mut next);
    assert_eq!(payloads(&sent), ["1", "2", "3"]);
    // Its name means nothing any more.
    outbox.acknowledged(1).unwrap();
    assert_eq!((outbox.len(), outbox.counts().delivered), (3, 0));
}

#[test]
fn a_full_queue_does_as_it_was_told() {
    let fill = |when_full| {
        let mut outbox = outbox(4, when_full);
        for number in 0..4 {
            push(&mut outbox, number);
        }
        outbox
    };
    let mut outbox = fill(WhenFull::Stop);
    assert_eq!(outbox.push("t", b"4"), Err(OutboxError::Full));
    assert_eq!(outbox.counts().dropped, 0);
    let mut outbox = fill(WhenFull::DropNewest);
    assert_eq!(push(&mut outbox, 4), Pushed::Dropped);
    assert_eq!(outbox.counts().dropped, 1);
    assert_eq!(payloads(&send_all(&mut outbox, &mut 0)), ["0", "1", "2"]);
    let mut outbox = fill(WhenFull::DropOldest);
    assert_eq!(push(&mut outbox, 4), Pushed::OldestDropped);
    assert_eq!(payloads(&send_all(&mut outbox, &mut 0)), ["1", "2", "3"]);
    assert_eq!(outbox.len(), 4);
}

#[test]
fn what_is_on_its_way_does_not_give_way() {
    let mut outbox = outbox(4, WhenFull::DropOldest);
    for number in 0..3 {
        push(&mut outbox, number);
    }
    let mut next = 0;
    send_all(&mut outbox, &mut next);
    for number in 3..10 {
        push(&mut outbox, number);
    }
    assert_eq!(outbox.counts().dropped, 6);
    outbox.connected(true).unwrap();
    assert_eq!(payloads(&send_all(&mut outbox, &mut next)), ["0", "1", "2"]);
    for id in 1..=3 {
        outbox.acknowledged(id).unwrap();
    }
    assert_eq!(payloads(&send_all(&mut outbox, &mut next)), ["9"]);
}

#[test]
fn a_message_that_fits_no_place_is_refused_by_name() {
    let mut outbox = outbox(4, WhenFull::DropOldest);
    let payload = [b'x'; MAX_RECORD - 3];
    assert_eq!(outbox.push("t", &payload), Ok(Pushed::Queued));
    assert_eq!(
        outbox.push("to", &payload),
        Err(OutboxError::TooLong(MAX_RECORD - 1))
    );
    assert_eq!(outbox.len(), 1);
}

/// Every order of events leaves the messages in order, and loses none.
#[test]
fn whatever_happens_they_arrive_in_order() {
    let mut random = 1_u32;
    let mut below = |limit: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % limit
    };
    for round in 0..200 {
        let mut outbox = outbox(20, WhenFull::Stop);
        let (mut made, mut next) = (0_u32, 0_u16);
        // The broker: what it took in, by name, and what it has yet to answer.
        let mut arrived: Vec<(u16, String)> = Vec::new();
        let mut unanswered: Vec<u16> = Vec::new();
        for _ in 0..400 {
            match below(8) {
                0..4 if made < 100 => {
                    made += u32::from(outbox.push("t", made.to_string().as_bytes()).is_ok());
                }
                4 | 5 => {
                    let lost = below(10) == 0;
                    let _ = outbox.send(|_, payload, again| {
                        let id = again.unwrap_or_else(|| {
                            next += 1;
                            next
                        });
                        if !lost {
                            let text = String::from_utf8(payload.to_vec()).unwrap();
                            arrived.push((id, text));
                            unanswered.push(id);
                        }
                        Ok::<_, ()>(id)
                    });
                    // What is lost is lost with the connection.
                    if lost {
                        unanswered.clear();
                        outbox.connected(true).unwrap();
                    }
                }
                6 if !unanswered.is_empty() => {
                    let id = unanswered.remove(0);
                    outbox.acknowledged(id).unwrap();
                }
                7 if below(6) == 0 => {
                    unanswered.clear();
                    outbox.connected(below(2) == 0).unwrap();
                }
                _ => {}
            }
        }
        outbox.connected(true).unwrap();
        while !outbox.is_empty() {
            let mut ids = Vec::new();
            while let Some(Ok(())) = outbox
                .send(|_, payload, again| {
                    let id = again.unwrap_or_else(|| {
                        next += 1;
                        next
                    });
                    let text = String::from_utf8(payload.to_vec()).unwrap();
                    arrived.push((id, text));
                    ids.push(id);
                    Ok::<_, ()>(id)
                })
                .unwrap()
            {}
            for id in ids {
                outbox.acknowledged(id).unwrap();
            }
        }
        let mut first: Vec<u32> = Vec::new();
        for (_, text) in &arrived {
            let number = text.parse().unwrap();
            if !first.contains(&number) {
                first.push(number);
            }
        }
        assert_eq!(first, (0..made).collect::<Vec<_>>(), "round {round}");
    }
}
