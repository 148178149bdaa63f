// SPDX-License-Identifier: Apache-2.0

//! `connect`: what a device does, on this computer.

use mbedtls_backend::MbedTls;
use secure_socket::Client;
use secure_socket::backend::HandshakeMessage;
use secure_socket::diagnosis::Peer;
use secure_socket::resumption::ClientSessions;
use secure_sockets::{Job, Summary, client, run};

use super::cli::ConnectArgs;
use super::error::HostError;
use super::ladder::Ladder;
use super::output::print;
use super::{files, json};

pub(crate) fn connect(args: &ConnectArgs, as_json: bool) -> Result<(), HostError> {
    let backend = args.common.policy.backend()?;
    let job = Job {
        server_name: args.server_name.clone(),
        versions: args.common.tls,
        suites: args.common.suites.clone(),
        alpn: args.common.alpn.clone(),
        timeouts: args.common.timeouts(),
        messages: args.messages,
        text: args.text.clone(),
        connections: args.connections,
        resumption: args.resume.then(ClientSessions::new),
        ..Job::new(args.common.mode, &*args.peer.name, args.peer.port)
    };
    let credentials = files::load(&args.common, Peer::Client, &backend)?;
    let client = client(&backend, &job, credentials)?;
    (0..job.connections).try_for_each(|_| connect_once(&client, &job, args, as_json))
}

fn connect_once(
    client: &Client<'_, MbedTls>,
    job: &Job,
    args: &ConnectArgs,
    as_json: bool,
) -> Result<(), HostError> {
    let mut ladder = Ladder::new(Peer::Client, job.mode);
    let mut trace = |message: &HandshakeMessage| ladder.add(message);
    let result = if args.handshake_only {
        client
            .connect_traced(&job.host, job.port, &mut trace)
            .and_then(|stream| {
                let session = stream.session().clone();
                stream.finish()?;
                if args.resume {
                    // What TLS 1.3 resumes by comes along with the data. There may be none,
                    // and the handshake is what was asked for.
                    let _ = stream.receive(&mut [0]);
                }
                Ok(Summary {
                    session,
                    messages: 0,
                    bytes: 0,
                })
            })
            .map_err(HostError::from)
    } else {
        run(client, job, Some(&mut trace)).map_err(HostError::from)
    };
    // The ladder of a handshake that failed is the one that people want to see.
    if args.ladder && !as_json {
        print(&ladder)?;
    }
    let summary = result?;
    if as_json {
        print(json::summary(&summary, &ladder))
    } else {
        print(&summary)
    }
}
