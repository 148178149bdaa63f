// SPDX-License-Identifier: Apache-2.0

//! The role of a server: sends back what it gets, to several clients at once.

use core::fmt;

use secure_socket::Incoming;
use secure_socket::diagnosis::Peer;
use secure_sockets::echo;
use zephyr::printkln;
use zephyr_backend::{Zephyr, heap, workers};

use crate::error::StartError;
use crate::settings::Settings;

/// Serves clients while `meanwhile` runs, and on.
// Apart: what it has on the stack is not to be there for a client alone.
#[inline(never)]
pub(crate) fn run(
    settings: &Settings,
    meanwhile: impl FnOnce() -> Result<(), StartError>,
) -> Result<(), StartError> {
    let job = &settings.job;
    let backend = Zephyr::new(settings.tag(Peer::Server)?).with_earliest(secure_sockets::BUILT);
    let credentials = settings
        .credentials
        .load(settings, Peer::Server, &backend)?;
    let server = secure_sockets::server(&backend, job, credentials, settings.listen)?;
    let address = server
        .local_address()
        .map_err(secure_sockets::RunError::from)?;
    printkln!(
        "listening on {address}, mode {} ({}), {}; {} places; {}",
        job.mode.number(),
        job.mode,
        job.versions,
        workers::places(),
        Heap,
    );
    let mut result = Ok(());
    workers::serve(&server, settings.clients, &serve_one, || {
        result = meanwhile();
        if let Err(error) = &result {
            // It is not the end of the server.
            printkln!("error: {error}");
        }
    })
    .map_err(|error| StartError::Setting(alloc::string::ToString::to_string(&error)))?;
    result.map_err(|_| StartError::Setting("the client's part failed, as said above".into()))
}

fn serve_one(incoming: Incoming<'_, '_, Zephyr>) {
    let peer = incoming.peer();
    let served = incoming.handshake().and_then(|stream| {
        let session = stream.session();
        printkln!(
            "{peer}: {}, {}{}, it is {}",
            session.version,
            session.suite_text(),
            if session.resumed { ", resumed" } else { "" },
            session.peer
        );
        echo(stream)
    });
    match served {
        Ok(bytes) => printkln!("{peer}: closed in order after {bytes} bytes; {Heap}"),
        Err(error) => printkln!("{peer}: {error}; {Heap}"),
    }
    #[cfg(CONFIG_SECURE_SOCKETS_MEASURE_MEMORY)]
    zephyr_backend::measure::print();
}

/// What Mbed TLS's heap holds by now.
struct Heap;

impl fmt::Display for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match heap() {
            Some(heap) => write!(f, "TLS heap {} bytes in {} blocks", heap.used, heap.blocks),
            None => f.write_str("TLS heap not measured"),
        }
    }
}
