// SPDX-License-Identifier: Apache-2.0

//! `get` and `post`: one request to a web server, over a connection as a device makes it.

mod args;
mod sink;
mod status;

use std::fs;

use http_client::{Connection, Elsewhere, RedirectError, Redirects, Request, Response, Url};
use mbedtls_backend::MbedTls;
use secure_socket::backend::Backend;
use secure_socket::config::AlpnProtocol;
use secure_socket::diagnosis::Peer;
use secure_socket::{Mode, Session, Stream};
use secure_sockets::{Job, client};
use serde_json::json;

pub(crate) use args::{GetArgs, PostArgs, WebArgs, with_defaults};
pub(crate) use status::Status;

use super::error::HostError;
use super::output::print;
use super::{files, json as for_machines};
use sink::Sink;

/// For the heads of request and answer.
const BUFFER: usize = 16 * 1024;
/// How much of an answer that is a failure is shown, in bytes.
const EXCERPT: usize = 200;

type Secured = Stream<<MbedTls as Backend>::Connection>;
type Answer<'c, 'b> = Response<'c, 'b, Secured>;

/// What is sent, apart from where to.
enum What<'a> {
    Get {
        redirects: Redirects,
    },
    Post {
        content_type: &'a str,
        body: &'a [u8],
    },
}

pub(crate) fn get(args: &GetArgs, as_json: bool) -> Result<(), HostError> {
    let redirects = match args.any_host {
        true if shows_who_we_are(args.web.common.mode) => {
            return Err(HostError::Usage(
                "--any-host would show who you are, by certificate or pre-shared key, to whatever \
                 server an answer names: ask for that URL itself in this mode"
                    .into(),
            ));
        }
        true => Redirects::any_host(args.follow),
        false => Redirects::same_host(args.follow),
    };
    ask(&args.web, What::Get { redirects }, as_json)
}

pub(crate) fn post(args: &PostArgs, as_json: bool) -> Result<(), HostError> {
    let body = match (&args.data, &args.data_file) {
        (_, Some(path)) => fs::read(path).map_err(HostError::file(path))?,
        (data, None) => data.clone().unwrap_or_default().into_bytes(),
    };
    let what = What::Post {
        content_type: &args.content_type,
        body: &body,
    };
    ask(&args.web, what, as_json)
}

fn ask(args: &WebArgs, mut what: What<'_>, as_json: bool) -> Result<(), HostError> {
    if as_json && args.output.is_none() {
        return Err(HostError::Usage(
            "with --json the answer goes to a file: name one with --output".into(),
        ));
    }
    let sink = Sink::new(args.output.as_deref())?;
    let backend = args.common.policy.backend()?;
    let mut followed = Vec::new();
    let mut at = args.url.clone();
    loop {
        let url = Url::new(&at).map_err(|error| HostError::Usage(format!("{at}: {error}")))?;
        let stream = connect(args, &backend, &url)?;
        let session = stream.session().clone();
        log::info!("{at}: {}, {}", session.version, session.peer);
        let (authority, target) = (url.authority().to_string(), url.target().to_string());
        let mut buffer = vec![0; BUFFER];
        let mut connection = Connection::new(stream, &authority, &mut buffer);
        // They may say who asks, which is for the server that was named alone.
        let fields: Vec<_> = args
            .fields
            .iter()
            .filter(|_| is_named(args, &url))
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let request = match &what {
            What::Get { .. } => Request::get(&target),
            What::Post { content_type, body } => Request::post(&target, content_type, body),
        };
        let request = request.with_fields(&fields).closing();
        let answer = connection.send(&request).map_err(HostError::http(&at))?;
        if let Some(next) = elsewhere(&mut what, &url, &answer)? {
            followed.push(std::mem::replace(&mut at, next));
            continue;
        }
        let (status, bytes) = (answer.status(), take(answer, &at, args.max_bytes, sink)?);
        // The answer is whole: what the server makes of our word does not matter any more.
        let _ = connection.into_stream().close();
        return match as_json {
            false => Ok(()),
            true => print(told(&at, &followed, status, bytes, &session)),
        };
    }
}

fn connect(args: &WebArgs, backend: &MbedTls, url: &Url<'_>) -> Result<Secured, HostError> {
    let alpn = match args.common.alpn.is_empty() {
        true => AlpnProtocol::new("http/1.1").into_iter().collect(),
        false => args.common.alpn.clone(),
    };
    let job = Job {
        // The name that was given is that server's, too.
        server_name: args.server_name.clone().filter(|_| is_named(args, url)),
        versions: args.common.tls,
        suites: args.common.suites.clone(),
        alpn,
        timeouts: args.common.timeouts(),
        ..Job::new(args.common.mode, url.host(), url.port())
    };
    let credentials = files::load(&args.common, Peer::Client, backend)?;
    let client = client(backend, &job, credentials)?;
    Ok(client.connect(&job.host, job.port)?)
}

/// Whether a server that we connect to gets to know us, and lets us in for it.
const fn shows_who_we_are(mode: Mode) -> bool {
    matches!(mode, Mode::Psk | Mode::Mutual)
}

/// Whether it is the server that the command line names, and none that it led to.
fn is_named(args: &WebArgs, url: &Url<'_>) -> bool {
    Url::new(&args.url).is_ok_and(|named| named.is_same_origin(url))
}

/// Where to ask next, if the answer says so and that is followed.
fn elsewhere(
    what: &mut What<'_>,
    from: &Url<'_>,
    answer: &Answer<'_, '_>,
) -> Result<Option<String>, HostError> {
    if !Redirects::is_redirect(answer.status()) {
        return Ok(None);
    }
    let failed = |why: String| HostError::Redirect {
        url: from.to_string(),
        status: answer.status(),
        why,
    };
    let mut none = Redirects::same_host(0);
    let (redirects, why) = match what {
        What::Get { redirects } => (redirects, "more often than --follow says"),
        What::Post { .. } => (&mut none, "and what was posted is not sent again"),
    };
    match redirects.next(from, answer.field("Location")) {
        Ok(Elsewhere::Path(path)) => {
            let next = format!("https://{}{path}", from.authority());
            // Together they can be too long.
            match Url::new(&next) {
                Ok(_) => Ok(Some(next)),
                Err(error) => Err(failed(RedirectError::Url(error).to_string())),
            }
        }
        Ok(Elsewhere::Url(url)) => Ok(Some(url.to_string())),
        Err(RedirectError::TooMany(next)) => Err(failed(format!("it redirects to {next}, {why}"))),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Puts the body where it belongs; how many bytes it has.
fn take(
    mut answer: Answer<'_, '_>,
    url: &str,
    max_bytes: u64,
    mut sink: Sink,
) -> Result<u64, HostError> {
    let too_long = || HostError::TooLong {
        url: url.to_owned(),
        limit: max_bytes,
    };
    if !answer.is_success() {
        let status = answer.status();
        return Err(HostError::Status {
            url: url.to_owned(),
            status: Status(status),
            excerpt: excerpt(&mut answer),
        });
    }
    if answer.length().is_some_and(|length| length > max_bytes) {
        return Err(too_long());
    }
    let mut had = 0;
    let mut room = vec![0; BUFFER];
    loop {
        let length = answer.read(&mut room).map_err(HostError::http(url))?;
        if length == 0 {
            break;
        }
        had += length as u64;
        if had > max_bytes {
            return Err(too_long());
        }
        sink.put(room.get(..length).unwrap_or_default())?;
    }
    sink.finish()?;
    Ok(had)
}

/// How the body of a failure begins, on one line, without what could steer a terminal.
fn excerpt(answer: &mut Answer<'_, '_>) -> String {
    let mut room = [0; EXCERPT];
    let mut had = 0;
    while let Some(rest) = room.get_mut(had..).filter(|rest| !rest.is_empty()) {
        match answer.read(rest) {
            Ok(length) if length > 0 => had += length,
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(room.get(..had).unwrap_or_default()).into_owned();
    let words = text.split(|one: char| one.is_whitespace() || one.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn told(
    url: &str,
    followed: &[String],
    status: u16,
    bytes: u64,
    session: &Session,
) -> serde_json::Value {
    json!({
        "url": url,
        "followed": followed,
        "status": status,
        "bytes": bytes,
        "session": for_machines::session(session),
    })
}
