// SPDX-License-Identifier: Apache-2.0

//! The client.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::num::NonZero;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use rust_mqtt::Bytes;
use rust_mqtt::client::MqttError;
use rust_mqtt::client::event::{Event as LibraryEvent, Publish};
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
    WillOptions,
};
use rust_mqtt::config::{KeepAlive, SessionExpiryInterval};
use rust_mqtt::types::{MqttBinary, MqttString, PacketIdentifier, TopicFilter, TopicName};

use crate::error::{Error, Silence};
use crate::link::{Link, Offence, Transport, Uptime};
use crate::memory::Heap;
use crate::reason::Reason;
use crate::settings::{InvalidSettings, Session, Settings, topic};

/// How many messages of QoS 1 may be on their way at once.
pub const WINDOW: usize = 16;
/// How many subscriptions may wait for an answer at once.
const SUBSCRIBING: usize = 4;
/// How many messages of the broker's may wait for ours (its "receive maximum"): each is
/// answered before the next is read.
const RECEIVING: usize = 8;

type Library<S> = rust_mqtt::client::Client<
    'static,
    'static,
    Link<S>,
    Heap,
    SUBSCRIBING,
    RECEIVING,
    WINDOW,
    0,
    0,
    0,
    0,
>;

/// Quality of service: how sure a message is to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qos {
    /// 0: sent once, and lost with the connection.
    AtMostOnce,
    /// 1: sent until it is acknowledged, and so perhaps twice.
    AtLeastOnce,
}

/// Names a message or a subscription until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketId(PacketIdentifier);

/// What CONNACK says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The broker has our session: subscriptions that it
    /// [answered](Event::Subscribed) hold, and messages that were on their way are to be sent
    /// [again](Client::publish_again). Else all of that is gone. It may have the session
    /// without a subscription: that of a connection that broke before it had SUBSCRIBE.
    pub session_present: bool,
    /// The keep-alive, in seconds, which the broker may have changed; 0 is none.
    pub keep_alive: u16,
    /// Our name, which the broker chooses if we have none.
    pub client_id: String,
}

/// A message to publish.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Where.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
}

impl<'a> Outgoing<'a> {
    /// One that the broker does not keep.
    #[must_use]
    pub const fn new(topic: &'a str, payload: &'a [u8]) -> Self {
        Self {
            topic,
            payload,
            retain: false,
        }
    }
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// What was.
    pub payload: Vec<u8>,
    /// The broker had kept it: it is not new.
    pub retained: bool,
    /// The broker has sent it before (DUP), and we may have seen it.
    pub duplicate: bool,
}

/// What came from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message.
    Message(Message),
    /// The broker has taken over a message of ours.
    Acknowledged(PacketId),
    /// The broker will not take it, now or later.
    Rejected(PacketId, Reason),
    /// The answer to a subscription.
    Subscribed(PacketId, Result<Qos, Reason>),
}

/// A client of a broker, over one connection after another.
///
/// Nothing happens but within its methods: call [`poll`](Client::poll) often enough for
/// the keep-alive. Dropped, or after an error that is not
/// [harmless](Error::is_harmless), the stream is dropped too, and the broker publishes the
/// last will.
pub struct Client<S: Transport> {
    settings: Settings,
    uptime: Uptime,
    library: Library<S>,
    link: Option<Link<S>>,
    /// The longest silence of ours.
    keep_alive: Option<Duration>,
    /// When a PINGREQ went out that was not answered yet.
    pinged: Option<Duration>,
    /// How many messages of QoS 1 the broker has yet to answer on this connection.
    unanswered: u16,
    /// The next connection starts a new session, whatever the settings say.
    start_clean: bool,
}

impl<S: Transport> Client<S> {
    /// A client that is not connected.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`].
    pub fn new(settings: Settings, uptime: Uptime) -> Result<Self, InvalidSettings> {
        settings.check()?;
        Ok(Self {
            settings,
            uptime,
            library: Library::new(Heap::forever()),
            link: None,
            keep_alive: None,
            pinged: None,
            unanswered: 0,
            start_clean: false,
        })
    }

    /// Whether there is a connection, as far as we know.
    pub const fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// Says CONNECT over a fresh stream, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`Error`]; the stream is dropped.
    pub fn connect(&mut self, stream: S) -> Result<Connected, Error<S::Error>> {
        if self.link.is_some() {
            return Err(Error::Connected);
        }
        // A session outlives a connection; half a header and the limits of a broker that may
        // name none the next time do not.
        self.library = Library::with_session(self.library.session().clone(), Heap::forever());
        let link = Link::new(stream, self.uptime);
        link.inner_mut().longest = usize::try_from(self.settings.max_packet).ok();
        self.link = Some(link.clone());
        self.pinged = None;
        self.unanswered = 0;
        let Self {
            settings,
            library,
            uptime,
            start_clean,
            ..
        } = self;
        let mut options = options(settings);
        if *start_clean {
            options = options.clean_start();
        }
        let connected = block(
            &link,
            *uptime,
            settings.patience,
            library.connect(
                link.clone(),
                &options,
                MqttString::from_str(&settings.client_id).ok(),
            ),
        );
        // Ours again, so that the borrow of the settings ends.
        let connected = connected.map(|outcome| {
            outcome.map(|connected| {
                let client_id = connected.client_identifier.as_str().to_owned();
                (connected.session_present, client_id)
            })
        });
        let (session_present, client_id) = match connected {
            Some(Ok(connected)) => connected,
            Some(Err(MqttError::Disconnect {
                reason,
                reason_string,
                ..
            })) => {
                self.close();
                let text = reason_string.map(|text| text.as_str().to_owned());
                return Err(Error::Refused(reason.into(), text));
            }
            Some(Err(error)) => return Err(self.failed(error)),
            None => return Err(self.silent(Silence::Connect)),
        };
        link.inner_mut().longest = None;
        self.start_clean = false;
        let keep_alive = match self.library.shared_config().keep_alive {
            KeepAlive::Infinite => 0,
            KeepAlive::Seconds(seconds) => seconds.get(),
        };
        self.keep_alive = (keep_alive > 0).then(|| Duration::from_secs(keep_alive.into()));
        Ok(Connected {
            session_present,
            keep_alive,
            client_id,
        })
    }

    /// Publishes a message. One of QoS 1 has a name, by which it is acknowledged.
    ///
    /// # Errors
    ///
    /// [`Error`]. That the stream broke is said by the next [`poll`](Self::poll), so that a
    /// message of QoS 1 has a name under which it can be sent again.
    pub fn publish(
        &mut self,
        message: Outgoing<'_>,
        qos: Qos,
    ) -> Result<Option<PacketId>, Error<S::Error>> {
        let mut options = publication(message).ok_or(Error::Topic)?;
        if qos == Qos::AtLeastOnce {
            options = options.at_least_once();
        }
        let link = self.room(qos)?;
        // The library subtracts the one from the other.
        if qos == Qos::AtLeastOnce
            && self.library.session().active_outbound_publishes()
                >= self.library.server_config().receive_maximum.get()
        {
            return Err(Error::WindowFull);
        }
        let payload = Bytes::Borrowed(message.payload);
        let sent = self.library.publish(&options, payload);
        let sent = block(&link, self.uptime, Duration::ZERO, sent);
        let id = self.done(sent)?;
        self.unanswered += u16::from(id.is_some());
        Ok(id.map(PacketId))
    }

    /// Publishes a message of QoS 1 once more, with the name that it had and marked as a
    /// duplicate: after the broker said that it has our session, and not before, in the
    /// order in which they were published (MQTT 5, section 4.4).
    ///
    /// # Errors
    ///
    /// [`Error`]. After [`Error::TooLarge`] and [`Error::Unsupported`] the message is still
    /// one of [`WINDOW`] in the session, which nothing but its end changes: the next
    /// connection starts a new one. Make it soon.
    pub fn publish_again(
        &mut self,
        id: PacketId,
        message: Outgoing<'_>,
    ) -> Result<(), Error<S::Error>> {
        let options = publication(message).ok_or(Error::Topic)?.at_least_once();
        let link = self.room(Qos::AtLeastOnce)?;
        let payload = Bytes::Borrowed(message.payload);
        let sent = self.library.republish(id.0, &options, payload);
        let sent = block(&link, self.uptime, Duration::ZERO, sent);
        let sent = self.done(sent);
        self.start_clean |= matches!(sent, Err(Error::TooLarge | Error::Unsupported(_)));
        sent?;
        self.unanswered += 1;
        Ok(())
    }

    /// Subscribes to the topics that a filter names, with `qos` at most. The answer is an
    /// [`Event::Subscribed`].
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn subscribe(&mut self, filter: &str, qos: Qos) -> Result<PacketId, Error<S::Error>> {
        let filter = MqttString::from_str(filter).ok().and_then(TopicFilter::new);
        let filter = filter.ok_or(Error::Topic)?;
        let mut options = SubscriptionOptions::new();
        if qos == Qos::AtLeastOnce {
            options = options.at_least_once();
        }
        let link = self.room(Qos::AtMostOnce)?;
        let sent = self.library.subscribe(filter, &options);
        let sent = block(&link, self.uptime, Duration::ZERO, sent);
        self.done(sent).map(PacketId)
    }

    /// Waits for something from the broker, for `limit` at most; keeps the connection
    /// alive meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error`]; the connection is gone.
    pub fn poll(&mut self, limit: Duration) -> Result<Option<Event>, Error<S::Error>> {
        let end = (self.uptime)().saturating_add(limit);
        loop {
            let link = self.link.clone().ok_or(Error::NotConnected)?;
            let wake = self.stay_alive(&link)?.map_or(end, |due| due.min(end));
            let wait = wake.saturating_sub((self.uptime)());
            link.inner_mut().expect_packet();
            match block(&link, self.uptime, wait, self.library.poll_header()) {
                // Nor is there an answer that nobody looked for in time.
                None if self
                    .pong_due(&link)
                    .is_some_and(|due| (self.uptime)() >= due) =>
                {
                    return Err(self.silent(Silence::Ping));
                }
                None => {}
                Some(Err(error)) => return Err(self.failed(error)),
                Some(Ok(header)) => {
                    let body = self.library.poll_body(header);
                    let event = match block(&link, self.uptime, self.settings.patience, body) {
                        None => return Err(self.silent(Silence::Packet)),
                        Some(Err(error)) => return Err(self.failed(error)),
                        Some(Ok(event)) => event,
                    };
                    if let Some(event) = self.translate(event) {
                        return Ok(Some(event));
                    }
                }
            }
            if (self.uptime)() >= end {
                return Ok(None);
            }
        }
    }

    /// Says DISCONNECT, so that the last will is not published, and gives the stream back
    /// to be closed.
    ///
    /// # Errors
    ///
    /// [`Error`]; the stream is dropped.
    pub fn disconnect(&mut self) -> Result<Option<S>, Error<S::Error>> {
        let link = self.room(Qos::AtMostOnce)?;
        let options = DisconnectOptions::new();
        let said = self.library.disconnect(&options);
        let said = block(&link, self.uptime, Duration::ZERO, said);
        self.done(said)?;
        self.link = None;
        let broken = link.inner_mut().broken.take();
        match broken {
            Some(error) => Err(Error::Stream(error)),
            None => Ok(link.take()),
        }
    }

    /// Drops the connection without a word, as if it had broken.
    pub fn abandon(&mut self) {
        self.close();
    }

    /// The outcome of what needs nothing from the broker.
    fn done<T>(
        &mut self,
        outcome: Option<Result<T, MqttError<'static, 0>>>,
    ) -> Result<T, Error<S::Error>> {
        match outcome {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(self.failed(error)),
            // It reads nothing, so there is nothing to wait for.
            None => Err(self.silent(Silence::Packet)),
        }
    }

    /// The connection, if the broker takes one more message of QoS 1 on it (its "receive
    /// maximum", which counts those sent again too: MQTT 5, section 4.9).
    fn room(&self, qos: Qos) -> Result<Link<S>, Error<S::Error>> {
        let link = self.link.clone().ok_or(Error::NotConnected)?;
        let limit = self.library.server_config().receive_maximum.get();
        match qos == Qos::AtLeastOnce && self.unanswered >= limit {
            true => Err(Error::WindowFull),
            false => Ok(link),
        }
    }

    /// Sends a PINGREQ if it is time for one, and says when it is time for something.
    fn stay_alive(&mut self, link: &Link<S>) -> Result<Option<Duration>, Error<S::Error>> {
        let Some(keep_alive) = self.keep_alive else {
            return Ok(None);
        };
        if let Some(due) = self.pong_due(link) {
            return Ok(Some(due));
        }
        let now = (self.uptime)();
        let (sent, received) = {
            let inner = link.inner();
            (inner.last_sent, inner.last_received)
        };
        // A quarter of the time is for the way there. A broker that we hear nothing of is
        // asked as well.
        let due = sent.min(received).saturating_add(keep_alive / 4 * 3);
        if now < due {
            return Ok(Some(due));
        }
        match block(link, self.uptime, Duration::ZERO, self.library.ping()) {
            Some(Ok(())) => {
                self.pinged = Some(now);
                Ok(Some(now.saturating_add(self.settings.patience)))
            }
            Some(Err(error)) => Err(self.failed(error)),
            None => Err(self.silent(Silence::Ping)),
        }
    }

    /// Until when the broker may answer the PINGREQ that went out, if one did.
    fn pong_due(&self, link: &Link<S>) -> Option<Duration> {
        let pinged = self.pinged?;
        let heard = pinged.max(link.inner().last_received);
        Some(heard.saturating_add(self.settings.patience))
    }

    fn translate(&mut self, event: LibraryEvent<'static, 0, 0>) -> Option<Event> {
        match event {
            LibraryEvent::Pingresp => {
                self.pinged = None;
                None
            }
            LibraryEvent::Publish(publish) | LibraryEvent::Duplicate(publish) => {
                message(publish).map(Event::Message)
            }
            LibraryEvent::Suback(answer) => {
                let granted = match answer.reason_code.value() {
                    0 => Ok(Qos::AtMostOnce),
                    // We ask for no more than 1.
                    1 | 2 => Ok(Qos::AtLeastOnce),
                    _ => Err(answer.reason_code.into()),
                };
                Some(Event::Subscribed(
                    PacketId(answer.packet_identifier),
                    granted,
                ))
            }
            LibraryEvent::PublishAcknowledged(answer) => {
                self.unanswered = self.unanswered.saturating_sub(1);
                Some(Event::Acknowledged(PacketId(answer.packet_identifier)))
            }
            LibraryEvent::PublishRejected(answer) => {
                self.unanswered = self.unanswered.saturating_sub(1);
                let id = PacketId(answer.packet_identifier);
                Some(Event::Rejected(id, answer.reason_code.into()))
            }
            _ => None,
        }
    }

    /// Gives the connection up, and says why.
    fn failed<const N: usize>(&mut self, error: MqttError<'static, N>) -> Error<S::Error> {
        use MqttError as Library;
        match error {
            Library::SessionBuffer
            | Library::SendQuotaExceeded
            | Library::AllPacketIdentifiersUsed => Error::WindowFull,
            Library::PacketMaximumLengthExceeded | Library::ServerMaximumPacketSizeExceeded => {
                Error::TooLarge
            }
            Library::UnsupportedByServer => {
                Error::Unsupported("this QoS, retained messages, or such subscriptions")
            }
            Library::PacketIdentifierNotInFlight
            | Library::QoSMismatched
            | Library::HandshakeStateMismatched => Error::NotInFlight,
            Library::Disconnect {
                reason,
                reason_string,
                ..
            } => {
                self.close();
                let text = reason_string.map(|text| text.as_str().to_owned());
                Error::Disconnected(reason.into(), text)
            }
            error => {
                let was_open = self.link.is_some();
                let closed = self.close();
                match (closed.broken, error) {
                    (Some(error), _) => Error::Stream(error),
                    _ if closed.offence == Some(Offence::Bounds) => {
                        Error::Violation(Reason::MALFORMED_PACKET)
                    }
                    _ if closed.offence == Some(Offence::Length) => {
                        Error::Violation(Reason::PACKET_TOO_LARGE)
                    }
                    _ if closed.ended => Error::Ended,
                    (None, Library::Alloc) => Error::OutOfMemory,
                    _ if !was_open => Error::NotConnected,
                    _ => Error::Violation(closed.farewell.unwrap_or(Reason::PROTOCOL_ERROR)),
                }
            }
        }
    }

    /// Gives up on a broker that does nothing.
    fn silent(&mut self, silence: Silence) -> Error<S::Error> {
        match self.close().broken {
            Some(error) => Error::Stream(error),
            None => Error::Silent(silence),
        }
    }

    /// Takes the connection out of the library, tells the broker if something is to be
    /// told, and drops the stream.
    fn close(&mut self) -> Closed<S::Error> {
        self.pinged = None;
        self.keep_alive = None;
        let mut closed = Closed {
            broken: None,
            ended: false,
            offence: None,
            farewell: None,
        };
        let Some(link) = self.link.take() else {
            return closed;
        };
        let stream = link.take();
        link.inner_mut().forget_input();
        // Without a stream this fails at once, and the library knows it for broken, which
        // it may not yet: an `abort` of what is whole would be a mistake of ours.
        let gone = block(
            &link,
            self.uptime,
            Duration::ZERO,
            self.library.poll_header(),
        );
        if !matches!(gone, Some(Ok(_)) | None) {
            // What is to be told waits in the link.
            let _ = block(&link, self.uptime, Duration::ZERO, self.library.abort());
        }
        let mut inner = link.inner_mut();
        closed.farewell = inner.farewell().map(Reason::new);
        closed.ended = inner.ended;
        closed.offence = inner.offence;
        closed.broken = inner.broken.take();
        if let Some(mut stream) = stream
            && closed.broken.is_none()
            && !closed.ended
        {
            inner.last_words(&mut stream);
        }
        closed
    }
}

/// What was learnt from closing.
struct Closed<E> {
    broken: Option<E>,
    ended: bool,
    offence: Option<Offence>,
    farewell: Option<Reason>,
}

/// Polls a future until it is ready, and waits for the stream between, for `limit` at most.
/// Sends what it has written.
fn block<S: Transport, F: Future>(
    link: &Link<S>,
    uptime: Uptime,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    let end = uptime().saturating_add(limit);
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let polled = future.as_mut().poll(&mut context);
        link.inner_mut().flush();
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        let left = end.saturating_sub(uptime());
        if left.is_zero() {
            return None;
        }
        link.inner_mut().wait(left);
    }
}

fn options(settings: &Settings) -> ConnectOptions<'_> {
    let mut options = ConnectOptions::new().keep_alive(
        NonZero::new(settings.keep_alive).map_or(KeepAlive::Infinite, KeepAlive::Seconds),
    );
    if let Some(size) = NonZero::new(settings.max_packet) {
        options = options.maximum_packet_size(size);
    }
    options = match settings.session {
        Session::Clean => options.clean_start(),
        Session::Kept(time) => options.session_expiry_interval(expiry(time)),
    };
    if let Some(user) = settings.user.as_deref()
        && let Ok(user) = MqttString::from_str(user)
    {
        options = options.user_name(user);
    }
    if let Some(password) = &settings.password
        && let Ok(password) = MqttBinary::from_slice(password.bytes())
    {
        options = options.password(password);
    }
    if let Some(will) = &settings.will
        && let (Some(topic), Ok(message)) =
            (topic(&will.topic), MqttBinary::from_slice(&will.message))
    {
        let mut options_of_will = WillOptions::new(topic, message).at_least_once();
        if will.retain {
            options_of_will = options_of_will.retain();
        }
        options = options.will(options_of_will);
    }
    options
}

fn expiry(time: Duration) -> SessionExpiryInterval {
    match u32::try_from(time.as_secs()).ok().map(NonZero::new) {
        Some(Some(seconds)) => SessionExpiryInterval::Seconds(seconds),
        Some(None) => SessionExpiryInterval::EndOnDisconnect,
        None => SessionExpiryInterval::NeverEnd,
    }
}

fn publication(message: Outgoing<'_>) -> Option<PublicationOptions<'_>> {
    let options = PublicationOptions::new(TopicReference::Name(topic(message.topic)?));
    Some(match message.retain {
        true => options.retain(),
        false => options,
    })
}

fn message(publish: Publish<'static, 0, 0>) -> Option<Message> {
    let topic: &TopicName<'_> = publish.topic.name()?;
    Some(Message {
        topic: topic.as_ref().as_str().to_owned(),
        retained: publish.retain,
        duplicate: publish.dup,
        payload: Box::<[u8]>::from(publish.message).into_vec(),
    })
}
