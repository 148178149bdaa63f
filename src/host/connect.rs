// SPDX-License-Identifier: Apache-2.0

//! `connect`: what a device does, on this computer.

use secure_socket::backend::HandshakeMessage;
use secure_socket::diagnosis::Peer;
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
        ..Job::new(args.common.mode, &*args.peer.name, args.peer.port)
    };
    let credentials = files::load(&args.common, Peer::Client, &backend)?;
    let client = client(&backend, &job, credentials)?;
    let mut ladder = Ladder::new(Peer::Client, job.mode);
    let mut trace = |message: &HandshakeMessage| ladder.add(message);
    let result = if args.handshake_only {
        client
            .connect_traced(&job.host, job.port, &mut trace)
            .and_then(|stream| {
                let session = stream.session().clone();
                stream.close()?;
                Ok(Summary {
                    session,
                    messages: 0,
                    bytes: 0,
                })
            })
            .map_err(HostError::from)
    } else {
        run(&client, &job, Some(&mut trace)).map_err(HostError::from)
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
