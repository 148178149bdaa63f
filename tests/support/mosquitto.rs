// SPDX-License-Identifier: Apache-2.0

//! A mosquitto on loopback: a plain listener for its own clients, and one for each mode.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{directory, free_port};

/// Who may do what. The first lines are for clients with no name, such as mosquitto's own.
const RIGHTS: &str = "\
topic readwrite #

user client-1
topic readwrite devices/client-1/#

user device-1
topic readwrite #

user keeper
topic readwrite #
";

pub(crate) struct Mosquitto {
    directory: PathBuf,
    child: Option<Child>,
    pub(crate) plain: u16,
    pub(crate) psk: u16,
    pub(crate) server_auth: u16,
    pub(crate) mutual: u16,
    /// Asks for a password: that of `keeper` is `secret`.
    pub(crate) password: u16,
}

impl Mosquitto {
    pub(crate) fn start(name: &str) -> Self {
        let place = directory().join(name);
        fs::create_dir_all(&place).unwrap();
        let pki = directory().join("pki");
        let read = |name: &str| fs::read_to_string(pki.join("ec").join(name)).unwrap();
        let identity = read("psk-identity.txt");
        fs::write(
            place.join("psk"),
            format!("{}:{}", identity.trim(), read("psk.hex").trim()),
        )
        .unwrap();
        fs::write(place.join("rights"), RIGHTS).unwrap();
        let made = Command::new("mosquitto_passwd")
            .args(["-c", "-b", "passwords", "keeper", "secret"])
            .current_dir(&place)
            .status()
            .unwrap();
        assert!(made.success());
        let mut mosquitto = Self {
            child: None,
            plain: free_port(),
            psk: free_port(),
            server_auth: free_port(),
            mutual: free_port(),
            password: free_port(),
            directory: place,
        };
        let Self {
            plain,
            psk,
            server_auth,
            mutual,
            password,
            directory: place,
            ..
        } = &mosquitto;
        let (here, pki) = (place.display(), pki.join("ec").display().to_string());
        let server = format!("certfile {pki}/server.pem\nkeyfile {pki}/server-key.pem");
        let configuration = format!(
            "per_listener_settings true
user root
persistence true
persistence_location {here}/
autosave_interval 0
max_inflight_messages 0
max_queued_messages 0
queue_qos0_messages true

listener {plain} 127.0.0.1
allow_anonymous true

listener {psk} 127.0.0.1
allow_anonymous true
psk_hint mosquitto
psk_file {here}/psk

listener {server_auth} 127.0.0.1
allow_anonymous true
{server}

listener {mutual} 127.0.0.1
{server}
cafile {pki}/ca.pem
require_certificate true
use_identity_as_username true
acl_file {here}/rights

listener {password} 127.0.0.1
{server}
password_file {here}/passwords
"
        );
        fs::write(place.join("mosquitto.conf"), configuration).unwrap();
        mosquitto.run();
        mosquitto
    }

    /// Starts it, again.
    pub(crate) fn run(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("log"))
            .unwrap();
        // Debian puts it where not every user looks.
        let debian = Path::new("/usr/sbin/mosquitto");
        let program = if debian.exists() {
            debian
        } else {
            Path::new("mosquitto")
        };
        let child = Command::new(program)
            .args(["-v", "-c", "mosquitto.conf"])
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.password)).is_err() {
            assert!(Instant::now() < deadline, "{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        send(signal, self.child.as_ref().unwrap());
    }

    /// Has it write down what it knows.
    pub(crate) fn save(&self) {
        self.signal("-USR1");
        thread::sleep(Duration::from_millis(300));
    }

    /// Has it hold still, or go on.
    pub(crate) fn freeze(&self, still: bool) {
        self.signal(if still { "-STOP" } else { "-CONT" });
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap()
    }

    /// Waits until it has logged `words` so many times.
    pub(crate) fn wait_for(&self, words: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.log().matches(words).count() < count {
            assert!(Instant::now() < deadline, "no {words:?} in {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Publishes with mosquitto's own client.
    pub(crate) fn publish(&self, topic: &str, message: &str) {
        let done = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.plain.to_string()])
            .args(["-q", "1", "-t", topic, "-m", message])
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Mosquitto's own client, with the arguments in `line`; waits until it has subscribed.
    pub(crate) fn subscriber(&self, line: &str) -> Subscriber {
        let before = self.log().matches("Sending SUBACK").count();
        let child = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &self.plain.to_string(), "-q", "1"])
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let subscriber = Subscriber(Some(child));
        self.wait_for("Sending SUBACK", before + 1);
        subscriber
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Mosquitto's own client, which does not outlive the test.
pub(crate) struct Subscriber(Option<Child>);

impl Subscriber {
    /// What it has printed when it has ended by itself.
    pub(crate) fn output(mut self) -> String {
        let done = self.0.take().unwrap().wait_with_output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    /// What it has printed so far; ends it.
    pub(crate) fn end(self) -> String {
        send("-TERM", self.0.as_ref().unwrap());
        self.output()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a process a signal, such as `-TERM`.
fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}
