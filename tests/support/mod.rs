// SPDX-License-Identifier: Apache-2.0

//! What the tests of the host program have in common: they run the program itself, in a
//! directory of their own, by command lines as a person types them.

// Each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub(crate) mod mosquitto;
pub(crate) mod nginx;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
pub(crate) use test_pki::port::free as free_port;

/// Where the program runs: a directory of this test binary alone, with test
/// credentials in `pki/ec` and `pki/rsa`, made once.
pub(crate) fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME"));
        if directory.exists() {
            std::fs::remove_dir_all(&directory).unwrap();
        }
        std::fs::create_dir_all(&directory).unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_secure-sockets"))
            .args(["pki", "pki"])
            .current_dir(&directory)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        directory
    })
}

/// A file in that directory.
pub(crate) fn file(name: &str) -> PathBuf {
    directory().join(name)
}

/// The program with the arguments in `line`, apart by spaces.
pub(crate) fn program(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secure-sockets"));
    command
        .args(line.split_whitespace())
        .current_dir(directory())
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(line: &str) -> Output {
    program(line).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What `openssl` printed, with the arguments in `line`.
#[track_caller]
pub(crate) fn openssl(line: &str) -> String {
    let output = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(directory())
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a run printed that went well.
#[track_caller]
pub(crate) fn shown(line: &str) -> String {
    let output = run(line);
    assert!(output.status.success(), "{line}: {output:?}");
    stdout(&output)
}

/// What a run printed for machines, well or not.
#[track_caller]
pub(crate) fn json(line: &str) -> Value {
    let output = run(&format!("{line} --json"));
    let text = stdout(&output);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {line}: {output:?}"))
}

/// The one sentence on standard error of a run that failed.
#[track_caller]
pub(crate) fn refused(line: &str) -> String {
    refusal_of(&run(line))
}

/// The same of one that is over.
#[track_caller]
pub(crate) fn refusal_of(output: &Output) -> String {
    let errors = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let mut sentences = errors
        .lines()
        .filter_map(|line| line.strip_prefix("error: "));
    let sentence = sentences
        .next()
        .unwrap_or_else(|| panic!("no error in {errors}"));
    assert_eq!(sentences.next(), None, "{errors}");
    sentence.to_owned()
}

/// What is said of a command line that is wrong.
#[track_caller]
pub(crate) fn usage(line: &str) -> String {
    let output = run(line);
    assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
    stderr(&output)
}

/// `serve`, on a port that was free.
pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    /// With the arguments in `line`.
    pub(crate) fn start(line: &str) -> Self {
        let mut child = program(&format!("serve --listen 127.0.0.1:0 --json {line}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            lines,
            address: String::new(),
        };
        let listening = server.says();
        server.address = listening["listening"].as_str().unwrap().to_owned();
        server
    }

    /// The next thing that it says.
    pub(crate) fn says(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that is not ours.
pub(crate) struct OtherServer {
    child: Child,
    prints: Receiver<String>,
    pub(crate) address: String,
}

impl OtherServer {
    /// `openssl s_server` with the arguments in `line`.
    pub(crate) fn openssl(line: &str) -> Self {
        let port = free_port();
        Self::start(
            "openssl",
            &format!("s_server -accept {port} -quiet {line}"),
            port,
        )
    }

    /// `gnutls-serv` with the arguments in `line`.
    pub(crate) fn gnutls(line: &str) -> Self {
        let port = free_port();
        Self::start("gnutls-serv", &format!("--echo --port {port} {line}"), port)
    }

    /// Python's web server, over the directory where the program runs.
    pub(crate) fn web() -> Self {
        let port = free_port();
        let line = format!("-m http.server --bind 127.0.0.1 {port}");
        Self::start("python3", &line, port)
    }

    /// Puts it on its standard input, which `openssl s_server` sends to its client.
    pub(crate) fn say(&mut self, words: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(words).unwrap();
    }

    /// Waits until it has printed this line: `openssl s_server` prints what it gets.
    #[track_caller]
    pub(crate) fn wait_for(&self, line: &str) {
        let printed = |_| self.prints.recv_timeout(Duration::from_secs(20)).ok();
        let mut lines = (0..).map_while(printed);
        assert!(lines.any(|printed| printed == line), "no {line:?}");
    }

    fn start(program: &str, line: &str, port: u16) -> Self {
        let mut child = Command::new(program)
            .args(line.split_whitespace())
            .current_dir(directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let prints = lines(child.stdout.take().unwrap());
        let server = Self {
            child,
            prints,
            address: format!("127.0.0.1:{port}"),
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&server.address).is_err() {
            assert!(
                Instant::now() < deadline,
                "{program} does not start: {line}"
            );
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for OtherServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes in, line by line, whether anybody looks at it or not.
fn lines(from: ChildStdout) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let _ = tell.send(line.trim_end_matches('\r').to_owned());
        }
    });
    told
}
