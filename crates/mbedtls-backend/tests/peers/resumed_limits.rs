// SPDX-License-Identifier: Apache-2.0

//! More sessions than fit, several at once, and servers that forgot.

use std::thread;

use mbedtls_backend::MbedTls;
use secure_socket::Client;
use secure_socket::TlsVersion::{Tls12, Tls13};
use secure_socket::resumption::{ClientSessions, ServerSessions};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::ours::{
    Echoes, build, client_with, resuming_client_for, resuming_server_for, server_with,
};
use crate::peer::Kind::{GnuTls, OpenSsl};
use crate::peer::{self, Auth};
use crate::resumed::{talk, visit};

const AUTH: Auth = Auth::Server(Ec, Leaf::Server);
const MUTUAL: Auth = Auth::Mutual(Ec, Leaf::Server);

#[test]
fn a_server_that_restarted_makes_a_full_handshake() {
    for version in [Tls12, Tls13] {
        let mut first = peer::server(OpenSsl, AUTH, version, &[]);
        let client = build(resuming_client_for(AUTH).versions(version));
        assert!(!visit(&client, OpenSsl, first.port).resumed);
        assert!(visit(&client, OpenSsl, first.port).resumed);
        first.kill();
        // Nobody is there: the session stays for when somebody is.
        assert!(client.connect("127.0.0.1", first.port).is_err());
        let second = peer::server_again(AUTH, version, first.port);
        assert!(!visit(&client, OpenSsl, second.port).resumed);
        assert!(visit(&client, OpenSsl, second.port).resumed);
    }
}

#[test]
fn a_server_forgets_the_oldest_session_first() {
    for version in [Tls12, Tls13] {
        let server = server_with(MUTUAL, |builder| builder.resumption(ServerSessions::new(2)));
        let ours = Echoes::start(server.versions(version));
        let clients = [(); 3].map(|()| build(resuming_client_for(MUTUAL)));
        let resumed = |client: &Client<'_, MbedTls>| visit(client, GnuTls, ours.port).resumed;
        for client in &clients {
            assert!(!resumed(client));
        }
        assert!(resumed(&clients[2]) && resumed(&clients[1]));
        assert!(!resumed(&clients[0]));
        // Which pushed out whoever was there first.
        assert!(resumed(&clients[0]));
    }
    // There is room for none.
    let server = server_with(MUTUAL, |builder| builder.resumption(ServerSessions::new(0)));
    let ours = Echoes::start(server);
    for version in [Tls12, Tls13] {
        let client = build(resuming_client_for(MUTUAL).versions(version));
        for _ in 0..2 {
            assert!(!visit(&client, GnuTls, ours.port).resumed);
        }
    }
}

#[test]
fn a_client_forgets_the_oldest_session_first() {
    for version in [Tls12, Tls13] {
        let servers = [(); 3].map(|()| Echoes::start(resuming_server_for(AUTH).versions(version)));
        let client = client_with(AUTH, |builder| {
            builder.resumption(ClientSessions::new().with_peers(2))
        });
        let client = build(client);
        let resumed = |server: &Echoes| visit(&client, GnuTls, server.port).resumed;
        for server in &servers {
            assert!(!resumed(server));
        }
        assert!(resumed(&servers[2]) && resumed(&servers[1]));
        assert!(!resumed(&servers[0]));
    }
    let none = [
        ClientSessions::new().with_peers(0),
        ClientSessions::new().with_each(0),
    ];
    for sessions in none {
        let ours = Echoes::start(resuming_server_for(AUTH));
        let client = build(client_with(AUTH, |builder| builder.resumption(sessions)));
        for _ in 0..2 {
            assert!(!visit(&client, GnuTls, ours.port).resumed);
        }
    }
}

/// A host by another name is another peer.
#[test]
fn a_session_is_offered_where_it_was_made() {
    let peer = peer::server(OpenSsl, AUTH, Tls13, &[]);
    let client = build(resuming_client_for(AUTH));
    for resumed in [false, true] {
        for host in ["127.0.0.1", "localhost"] {
            let stream = client.connect(host, peer.port).unwrap();
            talk(&stream, OpenSsl);
            assert_eq!(stream.session().resumed, resumed, "{host}");
        }
    }
}

/// OpenSSL issues two tickets for each connection in TLS 1.3: enough for two at once.
#[test]
fn several_sessions_for_several_connections_at_once() {
    let peer = peer::server(GnuTls, AUTH, Tls13, &[]);
    let client = build(client_with(AUTH, |builder| {
        builder.resumption(ClientSessions::new().with_each(4))
    }));
    let before: Vec<_> = (0..3)
        .map(|_| client.connect("127.0.0.1", peer.port).unwrap())
        .collect();
    for stream in &before {
        assert!(!stream.session().resumed);
        talk(stream, GnuTls);
    }
    let after: Vec<_> = (0..3)
        .map(|_| client.connect("127.0.0.1", peer.port).unwrap())
        .collect();
    assert!(after.iter().all(|stream| stream.session().resumed));
}

#[test]
fn threads_share_a_client() {
    const THREADS: usize = 6;
    const TIMES: usize = 20;
    for version in [Tls12, Tls13] {
        // A server for each would do; GnuTLS serves several at once.
        let peer = peer::server(GnuTls, MUTUAL, version, &[]);
        let client = build(
            client_with(MUTUAL, |builder| {
                builder.resumption(ClientSessions::new().with_each(3))
            })
            .versions(version),
        );
        let resumed: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        (0..TIMES)
                            .filter(|_| visit(&client, GnuTls, peer.port).resumed)
                            .count()
                    })
                })
                .collect();
            threads.into_iter().map(|one| one.join().unwrap()).sum()
        });
        let all = THREADS * TIMES;
        assert!(
            (all / 4..all).contains(&resumed),
            "{version}: {resumed} of {all}"
        );
    }
}
