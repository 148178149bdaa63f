// SPDX-License-Identifier: Apache-2.0

//! `mqtt` against mosquitto, whose own clients are the other side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use support::mosquitto::Mosquitto;
use support::{file, json, program, refused, run, shown, stdout};

/// A run of the program that goes on, line by line.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(line: &str) -> Self {
        let mut child = program(&format!("{line} --json"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn says(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// What it says next that has this in it.
    fn says_of(&mut self, name: &str) -> Value {
        loop {
            let said = self.says();
            if !said[name].is_null() {
                return said;
            }
        }
    }

    fn ends_well(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const MODE_3: &str = "--mode mutual --credentials pki/ec";

fn mode_2(port: u16) -> String {
    format!("127.0.0.1:{port} --mode server-auth --credentials pki/ec")
}

#[test]
fn messages_go_both_ways_in_every_mode() {
    let broker = Mosquitto::start("modes");
    for (mode, port) in [
        ("psk", broker.psk),
        ("server-auth", broker.server_auth),
        ("mutual", broker.mutual),
    ] {
        for tls in ["1.2", "1.3"] {
            let common = format!("127.0.0.1:{port} --mode {mode} --credentials pki/ec --tls {tls}");
            let topic = format!("devices/client-1/{mode}-{tls}");
            let mut subscriber = Running::start(&format!(
                "mqtt subscribe {common} --topic {topic}/+ --count 1"
            ));
            assert!(subscriber.says()["subscribed"].is_array());
            broker.publish(&format!("{topic}/down"), "hello");
            let message = subscriber.says();
            assert_eq!(message["topic"], format!("{topic}/down"));
            assert_eq!(message["payload"], "hello");
            subscriber.ends_well();

            let listener = broker.subscriber(&format!("-t {topic}/up -C 3 -F %q:%p"));
            let said = shown(&format!(
                "mqtt publish {common} --topic {topic}/up --message one --message two --message 3"
            ));
            assert!(said.contains("3 messages published"), "{said}");
            assert_eq!(listener.output(), "1:one\n1:two\n1:3\n");
        }
    }
}

#[test]
fn qos_0_and_retained_messages_are_published_as_such() {
    let broker = Mosquitto::start("qos");
    let common = mode_2(broker.server_auth);
    shown(&format!(
        "mqtt publish {common} --topic a/b --message kept --retain --qos 0"
    ));
    let listener = broker.subscriber("-t a/b -C 1 -F %q:%r:%p");
    assert_eq!(listener.output(), "0:1:kept\n");
}

#[test]
fn the_identity_of_mode_3_has_the_rights_of_its_name() {
    let broker = Mosquitto::start("rights");
    let common = format!("127.0.0.1:{} {MODE_3}", broker.mutual);
    let publish = |topic: &str| format!("mqtt publish {common} --topic {topic} --message x");
    shown(&publish("devices/client-1/x"));
    let error = refused(&publish("devices/client-2/x"));
    assert!(error.contains("not authorized (reason 0x87)"), "{error}");
    // Who shows no certificate does not get in at all.
    let error = refused(&format!(
        "mqtt publish 127.0.0.1:{} --mode server-auth --credentials pki/ec --topic a --message x",
        broker.mutual
    ));
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn a_broker_that_is_not_the_one_is_refused_before_a_word_of_mqtt() {
    let broker = Mosquitto::start("name");
    let common = mode_2(broker.server_auth);
    let error = refused(&format!(
        "mqtt publish {common} --server-name other.test --topic a --message x"
    ));
    assert!(error.contains("it is not for other.test"), "{error}");
    assert!(!broker.log().contains("as auto-"), "{}", broker.log());
}

#[test]
fn passwords_come_from_a_file_or_the_environment() {
    let broker = Mosquitto::start("password");
    let common = mode_2(broker.password);
    let publish = |more: &str| format!("mqtt publish {common} --topic a --message x {more}");
    let error = refused(&publish(""));
    assert!(
        error.contains("the broker refused the connection"),
        "{error}"
    );
    assert!(error.contains("not authorized (reason 0x87)"), "{error}");
    std::fs::write(file("password.txt"), "secret\n").unwrap();
    shown(&publish("--user keeper --password-file password.txt"));
    std::fs::write(file("wrong.txt"), "other").unwrap();
    refused(&publish("--user keeper --password-file wrong.txt"));
    let from_environment = program(&publish("--user keeper"))
        .env("SECURE_SOCKETS_MQTT_PASSWORD", "secret")
        .output()
        .unwrap();
    assert!(from_environment.status.success(), "{from_environment:?}");
    let missing = refused(&publish("--user keeper --password-file nowhere.txt"));
    assert!(missing.contains("nowhere.txt"), "{missing}");
}

#[test]
fn what_the_command_line_lacks_is_named() {
    let here = "127.0.0.1:1 --mode psk --credentials pki/ec";
    let publish = |more: &str| run(&format!("mqtt publish {here} --topic a --message x {more}"));
    for (more, named) in [
        ("--keep-session 60", "--client-id"),
        ("--will-topic a", "--will-message"),
        ("--password-file x", "--user"),
        ("--qos 2", "use 0 or 1"),
    ] {
        let output = publish(more);
        assert_eq!(output.status.code(), Some(2), "{more}");
        let said = support::stderr(&output);
        assert!(said.contains(named), "{more}: {said}");
    }
    for (more, named) in [
        ("--max-packet 1", "128 is the least"),
        ("--will-topic a/# --will-message x", "wildcard"),
    ] {
        let said = refused(&format!("mqtt publish {here} --topic a --message x {more}"));
        assert!(said.contains(named), "{more}: {said}");
    }
    for (more, named) in [
        ("--name a+b", "wildcard"),
        ("--name a --queue 1", "2 to 4096"),
    ] {
        let said = refused(&format!("mqtt device {here} {more}"));
        assert!(said.contains(named), "{more}: {said}");
    }
}

#[test]
fn the_last_will_is_that_of_a_client_that_is_killed() {
    let broker = Mosquitto::start("will");
    let common = mode_2(broker.server_auth);
    let listener = broker.subscriber("-t status -C 1 -F %p");
    let will = "--will-topic status --will-message gone --will-retain";
    let mut client = Running::start(&format!("mqtt subscribe {common} --topic a {will}"));
    client.says_of("subscribed");
    drop(client);
    assert_eq!(listener.output(), "gone\n");
    // One that leaves in order has none: it would come before what is said next.
    let listener = broker.subscriber("-t status -C 1 -R -F %p");
    shown(&format!(
        "mqtt publish {common} --topic a --message x {will}"
    ));
    broker.publish("status", "still here");
    assert_eq!(listener.output(), "still here\n");
}

/// Nothing was said while it waited for a line, and the broker hung up.
#[test]
fn a_slow_standard_input_does_not_cost_the_connection() {
    let broker = Mosquitto::start("slow");
    let common = mode_2(broker.server_auth);
    let mut publishing = program(&format!(
        "mqtt publish {common} --topic lines --keep-alive 2"
    ))
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let listener = broker.subscriber("-t lines -C 2 -F %p");
    let mut lines = publishing.stdin.take().unwrap();
    lines.write_all(b"one\n").unwrap();
    // All that it has to say meanwhile.
    broker.wait_for("Received PINGREQ from", 2);
    lines.write_all(b"two\n").unwrap();
    drop(lines);
    let done = publishing.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(stdout(&done).contains("2 messages published"), "{done:?}");
    assert_eq!(listener.output(), "one\ntwo\n");
}

#[test]
fn a_kept_session_has_what_came_meanwhile() {
    let broker = Mosquitto::start("kept");
    let common = format!(
        "{} --client-id reader --keep-session 600 --topic news",
        mode_2(broker.server_auth)
    );
    let once = |count: u32| format!("mqtt subscribe {common} --count {count}");
    let mut first = Running::start(&once(1));
    first.says_of("subscribed");
    broker.publish("news", "one");
    first.says_of("payload");
    first.ends_well();
    broker.publish("news", "two");
    broker.publish("news", "three");
    let later = run(&format!("{} --json", once(2)));
    assert!(later.status.success(), "{later:?}");
    let said = stdout(&later);
    let (two, three) = (
        said.find("\"two\"").unwrap(),
        said.find("\"three\"").unwrap(),
    );
    assert!(two < three, "{said}");
}

#[test]
fn a_broker_that_holds_still_is_noticed() {
    let broker = Mosquitto::start("still");
    let common = mode_2(broker.server_auth);
    let still = Running::start(&format!(
        "mqtt subscribe {common} --topic a --keep-alive 2 --io-timeout 2"
    ));
    let mut still = still;
    still.says_of("subscribed");
    // Longer than the keep-alive: a ping has been answered.
    thread::sleep(Duration::from_secs(3));
    broker.freeze(true);
    let said = still.says();
    broker.freeze(false);
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("did not answer PINGREQ in time"), "{error}");
    assert!(broker.log().contains("PINGREQ"), "{}", broker.log());
}

fn device(broker: &Mosquitto, more: &str) -> String {
    format!(
        "mqtt device 127.0.0.1:{} {MODE_3} --name client-1 --first-wait 50 --longest-wait 100 {more}",
        broker.mutual
    )
}

#[test]
fn a_device_takes_commands_and_says_what_became_of_them() {
    let broker = Mosquitto::start("commands");
    let replies = broker.subscriber("-t devices/client-1/replies -C 5 -F %p");
    let status = broker.subscriber("-t devices/client-1/status -C 2 -F %p");
    let subscribed = broker.log().matches("Sending SUBACK").count();
    let mut running = Running::start(&device(&broker, "--interval 60000 --readings 4"));
    assert_eq!(running.says()["connected"]["mode"], "mutual");
    broker.wait_for("Sending SUBACK", subscribed + 1);
    for command in [
        "reboot",
        "interval 9",
        "interval 1e3",
        "report",
        "interval 20",
    ] {
        broker.publish("devices/client-1/commands", command);
    }
    let replies = replies.output();
    let replies: Vec<_> = replies.lines().collect();
    assert!(replies[0].contains("error: no such command"), "{replies:?}");
    assert!(
        replies[1].contains("10 to 86400000 milliseconds"),
        "{replies:?}"
    );
    assert!(
        replies[2].contains("10 to 86400000 milliseconds"),
        "{replies:?}"
    );
    assert!(
        replies[3].contains("ok: 1 readings: 1 delivered"),
        "{replies:?}"
    );
    assert_eq!(replies[4], "ok: a reading every 20 ms");
    // At one a minute it would take three.
    let summary = running.says_of("readings");
    assert_eq!(summary["delivered"], 4);
    assert_eq!(summary["commands"], 2);
    running.ends_well();
    assert_eq!(status.output(), "online\noffline\n");
}

/// The watcher, whose session the broker keeps, is told of a message before the device is
/// told that it arrived: what a broker that is killed has acknowledged has been passed on.
/// It answers nothing, since `mosquitto_sub` drops what it has yet to read when an answer can
/// no longer be sent.
#[test]
fn a_device_brings_what_it_measured_while_the_broker_was_away() {
    let mut broker = Mosquitto::start("away");
    let watcher = broker.subscriber("-c -i watcher -q 0 -t devices/client-1/readings -F %p");
    // What it knows after it was killed: who has subscribed, and whose session it keeps.
    shown(&device(&broker, "--readings 1"));
    broker.save();
    let mut running = Running::start(&device(
        &broker,
        "--interval 15 --readings 500 --queue 400 --resume",
    ));
    running.says_of("connected");
    for times in 2..5 {
        broker.kill();
        let lost = running.says_of("lost");
        assert!(lost["lost"].is_string(), "{lost}");
        thread::sleep(Duration::from_millis(300));
        broker.run();
        let connected = running.says_of("connected");
        assert_eq!(connected["mqtt_session_kept"], true, "{connected}");
        broker.wait_for("as watcher", times);
        thread::sleep(Duration::from_millis(100));
    }
    let summary = running.says_of("readings");
    running.ends_well();
    assert_eq!(summary["delivered"], 500, "{summary}");
    assert_eq!(summary["dropped"], 0, "{summary}");
    let seen = watcher.end();
    // The first is that of the run before.
    let numbers: Vec<u64> = seen.lines().skip(1).map(number).collect();
    let mut first = numbers.clone();
    let mut known = std::collections::HashSet::new();
    first.retain(|number| known.insert(*number));
    assert_eq!(first, (1..=500).collect::<Vec<_>>(), "{seen}");
    // No more came twice than the device had to send again.
    let twice = (numbers.len() - first.len()) as u64;
    let again = summary["sent_again"].as_u64().unwrap() + summary["sent_anew"].as_u64().unwrap();
    assert!(twice <= again, "{twice} came twice, {summary}");
}

/// The number of a reading.
fn number(payload: &str) -> u64 {
    let reading: Value = serde_json::from_str(payload).unwrap();
    reading[0]["seq"].as_u64().unwrap()
}

#[test]
fn a_queue_that_is_full_does_as_it_was_told() {
    // Nobody listens: the queue is all there is.
    let nobody = support::free_port();
    let common = format!("mqtt device 127.0.0.1:{nobody} --mode psk --credentials pki/ec --name a");
    let waits = "--first-wait 20 --longest-wait 20 --attempts 10 --interval 1";
    for (full, word) in [
        ("drop-oldest", true),
        ("drop-newest", true),
        ("stop", false),
    ] {
        let line = format!("{common} {waits} --queue 2 --when-full {full} --json");
        let output = run(&line);
        assert_eq!(output.status.code(), Some(1));
        let said = stdout(&output);
        assert_eq!(said.contains("the queue is full"), word, "{full}: {said}");
        assert!(said.contains("connection refused"), "{said}");
    }
    let once = json(&format!("{common} --attempts 1 --readings 1"));
    assert_eq!(once["stage"], "connect");
}
