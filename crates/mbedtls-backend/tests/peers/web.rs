// SPDX-License-Identifier: Apache-2.0

//! A web server of somebody else's, and a clock that can be moved.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mbedtls_backend::MbedTls;
use secure_socket::revocation::HttpUrl;
use secure_socket::{Clock, UnixTime};

use crate::ours::backend;
use crate::peer::{PATIENCE, Peer};
use crate::pki;

/// Python's, over a directory of its own.
pub(crate) struct Web {
    peer: Peer,
    dir: PathBuf,
}

impl Web {
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = pki::dir().join(format!("web-{count}"));
        fs::create_dir(&dir).unwrap();
        let directory = dir.to_str().unwrap();
        let args = ["-u", "-m", "http.server", "--bind", "127.0.0.1"];
        let more = ["--directory", directory, "0"];
        let mut peer = Peer::spawn("python3", &[&args[..], &more].concat(), 0);
        peer.wait_for("Serving HTTP on 127.0.0.1 port ");
        peer.wait_for(" ...");
        let output = peer.output();
        let port = output.split("port ").nth(1).unwrap();
        peer.port = port.split(' ').next().unwrap().parse().unwrap();
        Self { peer, dir }
    }

    /// Puts a file there, in the place of another.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let (new, place) = (self.dir.join("new"), self.dir.join(name));
        fs::write(&new, content).unwrap();
        fs::rename(new, place).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn url(&self, name: &str) -> HttpUrl {
        HttpUrl::new(&format!("http://127.0.0.1:{}/{name}", self.peer.port)).unwrap()
    }

    /// Sees that a file was asked for so often.
    #[track_caller]
    pub(crate) fn was_asked(&self, name: &str, times: usize) {
        let line = format!("\"GET /{name} HTTP/1.0\"");
        let count = || self.peer.output().matches(&line).count();
        let end = Instant::now() + PATIENCE;
        // What it says takes a moment to get here.
        while count() < times && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(count(), times, "requests for {name}");
    }

    /// Takes no connection from now on.
    pub(crate) fn stop(&mut self) {
        self.peer.kill();
    }
}

/// The system's, and so many seconds more.
pub(crate) struct Ahead(AtomicU64);

impl Ahead {
    /// A clock, and a backend that goes by it.
    pub(crate) fn new() -> (&'static Self, &'static MbedTls) {
        let clock: &'static Self = Box::leak(Box::new(Self(AtomicU64::new(0))));
        (clock, Box::leak(Box::new(backend().with_clock(clock))))
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Option<UnixTime> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(UnixTime::from_seconds(now + self.0.load(Ordering::SeqCst)))
    }
}
