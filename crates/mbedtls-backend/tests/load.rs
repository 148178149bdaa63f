// SPDX-License-Identifier: Apache-2.0

//! Many clients of one server, and clients that stall.
//!
//! A binary of its own: the heap is the whole process's, and so is the time it takes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mbedtls_backend::MbedTls;
use secure_socket::builder::Builder;
use secure_socket::client::ClientReady;
use secure_socket::config::Timeouts;
use secure_socket::credential::{CaCertificate, Identity, Psk, PskIdentity};
use secure_socket::server::ServerReady;
use secure_socket::{Client, Server, ServerName, client, server};
use test_pki::{KeyKind, Leaf, Pki};

/// One test at a time: they measure.
static ALONE: Mutex<()> = Mutex::new(());

const TIMEOUTS: Timeouts = Timeouts {
    connect: Some(Duration::from_secs(10)),
    handshake: Some(Duration::from_secs(3)),
    io: Some(Duration::from_secs(30)),
};

struct Lab {
    client: Client<'static, MbedTls>,
    address: SocketAddr,
    backend: &'static MbedTls,
}

/// How many clients are being served.
static SERVED: AtomicUsize = AtomicUsize::new(0);

impl Lab {
    /// A server in mode 1 that echoes to each client on a thread of its own.
    fn of_mode_1() -> Self {
        let key = || Psk::new(vec![7; 32]).unwrap();
        let name = || PskIdentity::new("device-1").unwrap();
        Self::start(
            server::builder().psk(name(), key()),
            client::builder().psk(name(), key()),
        )
    }

    /// The same in mode 3.
    fn of_mode_3() -> Self {
        let backend = MbedTls::new().unwrap();
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let identity = |leaf| {
            let leaf = pki.leaf(leaf);
            let chain = leaf.chain_der.iter().cloned();
            Identity::from_der(chain, leaf.key_der.to_vec(), &backend).unwrap()
        };
        let ca = || CaCertificate::from_der(pki.root().der.clone()).unwrap();
        Self::start(
            server::builder()
                .identity(identity(Leaf::Server))
                .clients_trusted_by(ca()),
            client::builder()
                .trust(ca())
                .identity(identity(Leaf::Client))
                .server_name(ServerName::new("localhost").unwrap()),
        )
    }

    fn start(server: Builder<ServerReady>, client: Builder<ClientReady>) -> Self {
        let backend: &MbedTls = Box::leak(Box::new(MbedTls::new().unwrap()));
        let address = "127.0.0.1:0".parse().unwrap();
        let server = server.timeouts(TIMEOUTS).bind(backend, address).unwrap();
        let address = server.local_address().unwrap();
        let server: &Server<'_, _> = Box::leak(Box::new(server));
        thread::spawn(move || {
            loop {
                let incoming = server.accept().unwrap();
                SERVED.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    if let Ok(stream) = incoming.handshake() {
                        let mut buffer = [0; 256];
                        while let Ok(length @ 1..) = stream.receive(&mut buffer) {
                            stream.send_all(&buffer[..length]).unwrap();
                        }
                        let _ = stream.close();
                    }
                    SERVED.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        let client = client.timeouts(TIMEOUTS).build(backend).unwrap();
        Self {
            client,
            address,
            backend,
        }
    }

    /// A message there and back, and an orderly end; how long the handshake took.
    fn visit(&self) -> Duration {
        let stream = self
            .client
            .connect("127.0.0.1", self.address.port())
            .unwrap();
        let took = stream.session().duration;
        stream.send_all(b"here").unwrap();
        let mut echoed = [0; 4];
        let mut filled = 0;
        while filled < echoed.len() {
            filled += match stream.receive(&mut echoed[filled..]).unwrap() {
                0 => panic!("the server closed"),
                length => length,
            };
        }
        assert_eq!(&echoed, b"here");
        stream.finish().unwrap();
        assert_eq!(stream.receive(&mut echoed).unwrap(), 0);
        took
    }

    /// The best of three medians: what else the computer does can only make them longer.
    fn median(&self) -> Duration {
        let round = || {
            let mut times: Vec<_> = (0..9).map(|_| self.visit()).collect();
            times.sort();
            times[4]
        };
        (0..3).map(|_| round()).min().unwrap()
    }

    fn wait_until_nobody_is_served(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while SERVED.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < end, "some are served for ever");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What a client of TLS 1.2 says first, as far as it goes before anybody answers.
fn client_hello(lab: &Lab) -> Vec<u8> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::scope(|scope| {
        let said = scope.spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = vec![0; 4096];
            let length = stream.read(&mut hello).unwrap();
            hello.truncate(length);
            hello
        });
        assert!(lab.client.connect("127.0.0.1", port).is_err());
        said.join().unwrap()
    })
}

#[test]
fn clients_that_stall_delay_nobody() {
    let _alone = ALONE.lock().unwrap_or_else(|error| error.into_inner());
    let lab = Lab::of_mode_3();
    lab.visit();
    let hello = client_hello(&lab);
    let undisturbed = lab.median();

    let started = Instant::now();
    let dripped = hello.clone();
    let stalled: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(lab.address).unwrap())
        .collect();
    // The first says nothing.
    let mut slow = stalled[1].try_clone().unwrap();
    thread::spawn(move || {
        for byte in dripped {
            if slow.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_secs(1));
        }
    });
    (&stalled[2]).write_all(&hello[..hello.len() / 2]).unwrap();
    (&stalled[3]).write_all(&hello).unwrap();

    let disturbed = lab.median();
    println!(
        "handshake of the fifth client: {disturbed:?} with four that stall, {undisturbed:?} without"
    );
    assert!(disturbed < 2 * undisturbed);
    for mut stream in stalled {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut rest);
        let after = started.elapsed();
        assert!(after > Duration::from_millis(2900), "{after:?}");
        assert!(after < Duration::from_secs(6), "{after:?}");
    }
    lab.wait_until_nobody_is_served();
}

#[test]
fn a_thousand_clients_and_eight_hundred_leave_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(|error| error.into_inner());
    let (one, three) = (Lab::of_mode_1(), Lab::of_mode_3());
    one.visit();
    three.visit();
    three.wait_until_nobody_is_served();
    let before = three.backend.heap_in_use();
    for _ in 0..1000 {
        one.visit();
    }
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    three.visit();
                }
            });
        }
    });
    three.wait_until_nobody_is_served();
    let after = three.backend.heap_in_use();
    println!("heap in use: {before} bytes before 1,800 clients, {after} after; 0 are being served");
    assert_eq!(after, before);
}
