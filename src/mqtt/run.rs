// SPDX-License-Identifier: Apache-2.0

//! The loop of a device that publishes.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use mqtt_client::outbox::{Outbox, OutboxError, Pushed, Ram, WhenFull};
use mqtt_client::{Event, Message, Outgoing, PacketId, Qos, Uptime};
use secure_socket::Client;
use secure_socket::backend::Backend;

use crate::backoff::Backoff;
use crate::error::RunError;
use crate::job::Job;
use crate::mqtt::{Command, MqttJob, MqttJobError, MqttSummary, Note, Tls};
use crate::outlook::Outlook;

/// How long to wait for the broker at most, before it is seen what else there is to do.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// What a device brings.
pub struct Device<'a> {
    /// A clock that never goes back.
    pub uptime: Uptime,
    /// Takes a reading.
    pub reading: &'a mut dyn FnMut() -> Result<String, RunError>,
    /// Is told what happens.
    pub note: &'a mut dyn FnMut(&Note<'_>),
}

/// Publishes readings, and takes commands, over one connection after another, until all
/// that were asked for are with the broker.
///
/// # Errors
///
/// [`RunError`]: what the job lacks, or what the last of so many attempts in a row failed
/// with as were asked for. A connection that breaks is no error.
pub fn run<'r, B: Backend>(
    backend: &'r B,
    client: &'r Client<'r, B>,
    job: &'r Job,
    mqtt: MqttJob,
    device: Device<'r>,
) -> Result<MqttSummary, RunError> {
    job.check()?;
    mqtt.check()?;
    let mut run = Run::new(backend, client, job, mqtt, device)?;
    while !run.is_done() {
        run.take_reading()?;
        if run.broker.is_connected() {
            if let Err(error) = run.exchange() {
                run.lost(error)?;
            }
        } else if (run.device.uptime)() >= run.retry_at {
            if let Err(error) = run.connect() {
                run.lost(error)?;
            }
        } else {
            run.pause();
        }
    }
    run.finish()
}

struct Run<'r, B: Backend> {
    backend: &'r B,
    client: &'r Client<'r, B>,
    job: &'r Job,
    mqtt: MqttJob,
    device: Device<'r>,
    broker: mqtt_client::Client<Tls<B::Connection>>,
    outbox: Outbox<Ram, PacketId>,
    backoff: Backoff,
    /// Failures in a row.
    failures: u32,
    /// Since when there is a connection, and how many messages had been delivered by then.
    connected: Option<(Duration, u32)>,
    /// The broker said that it takes commands for us, in the session that it has.
    subscribed: bool,
    retry_at: Duration,
    next_reading: Duration,
    /// The last reading was dropped.
    full: bool,
    summary: MqttSummary,
}

impl<'r, B: Backend> Run<'r, B> {
    fn new(
        backend: &'r B,
        client: &'r Client<'r, B>,
        job: &'r Job,
        mut mqtt: MqttJob,
        device: Device<'r>,
    ) -> Result<Self, RunError> {
        let storage = Ram::new(mqtt.queue.into()).ok_or(MqttJobError::Memory(mqtt.queue))?;
        let mut settings = core::mem::replace(&mut mqtt.settings, mqtt_client::Settings::new(""));
        settings.will = Some(mqtt.will());
        let now = (device.uptime)();
        Ok(Self {
            backend,
            client,
            job,
            broker: mqtt_client::Client::new(settings, device.uptime)
                .map_err(MqttJobError::from)?,
            outbox: Outbox::new(storage, mqtt.when_full),
            backoff: Backoff::new(mqtt.first_wait, mqtt.longest_wait),
            failures: 0,
            connected: None,
            subscribed: false,
            retry_at: now,
            next_reading: now,
            full: false,
            summary: MqttSummary::default(),
            mqtt,
            device,
        })
    }

    /// Whether there are readings to take.
    fn wants_readings(&self) -> bool {
        self.mqtt
            .readings
            .is_none_or(|count| self.summary.readings < count)
    }

    fn is_done(&self) -> bool {
        !self.wants_readings() && self.outbox.is_empty()
    }

    /// When the next reading is due; `None` while there is none to take, or no room.
    fn reading_due(&self) -> Option<Duration> {
        let stops = self.mqtt.when_full == WhenFull::Stop || self.mqtt.interval.is_zero();
        let waits = stops && self.outbox.is_full();
        (self.wants_readings() && !waits).then_some(self.next_reading)
    }

    /// Takes a reading if it is time for one. Those for which there was no time are not
    /// made up for: nobody can measure in the past.
    fn take_reading(&mut self) -> Result<(), RunError> {
        let now = (self.device.uptime)();
        if self.reading_due().is_none_or(|due| now < due) {
            return Ok(());
        }
        self.next_reading = self
            .next_reading
            .saturating_add(self.mqtt.interval)
            .max(now);
        let reading = (self.device.reading)()?;
        self.summary.readings += 1;
        let topic = self.mqtt.topic("readings");
        let pushed = self.outbox.push(&topic, reading.as_bytes());
        let full = match pushed {
            Ok(Pushed::Queued) => false,
            Ok(Pushed::OldestDropped | Pushed::Dropped) => true,
            Err(OutboxError::TooLong(length)) => return Err(RunError::ReadingLength(length)),
            // It was asked before whether there is room, and RAM does not fail.
            Err(_) => true,
        };
        if full && !self.full {
            (self.device.note)(&Note::Full);
        }
        self.full = full;
        Ok(())
    }

    /// Waits for the next attempt, or the next reading.
    fn pause(&self) {
        let next = self
            .reading_due()
            .map_or(self.retry_at, |due| due.min(self.retry_at));
        self.backend
            .pause(next.saturating_sub((self.device.uptime)()));
    }

    /// Makes a connection, and says who we are.
    fn connect(&mut self) -> Result<(), RunError> {
        let stream = self.client.connect(&self.job.host, self.job.port)?;
        let session = stream.session().clone();
        let connected = self.broker.connect(Tls(stream))?;
        self.connected = Some(((self.device.uptime)(), self.outbox.counts().delivered));
        // RAM does not fail.
        let _ = self.outbox.connected(connected.session_present);
        // A session may be that of a connection that broke before it had SUBSCRIBE.
        self.subscribed &= connected.session_present;
        self.summary.connections += 1;
        self.summary.resumed += u32::from(session.resumed);
        self.summary.kept += u32::from(connected.session_present);
        (self.device.note)(&Note::Connected {
            session: &session,
            kept: connected.session_present,
            waiting: self.outbox.len(),
        });
        self.publish_now("status", b"online", true)?;
        if !self.subscribed {
            self.broker
                .subscribe(&self.mqtt.topic("commands"), Qos::AtLeastOnce)?;
        }
        Ok(())
    }

    /// Sends what is due, and takes what comes, until something else is to be done.
    fn exchange(&mut self) -> Result<(), RunError> {
        self.send_due()?;
        let now = (self.device.uptime)();
        let limit = self.reading_due().map_or(LONGEST_POLL, |due| {
            due.saturating_sub(now).min(LONGEST_POLL)
        });
        let Some(event) = self.broker.poll(limit)? else {
            return Ok(());
        };
        match event {
            Event::Acknowledged(id) => drop(self.outbox.acknowledged(id)),
            Event::Rejected(id, reason) => {
                (self.device.note)(&Note::Rejected(reason));
                let _ = self.outbox.rejected(id);
            }
            Event::Subscribed(_, Ok(_)) => self.subscribed = true,
            Event::Subscribed(_, Err(reason)) => {
                (self.device.note)(&Note::NoCommands(reason));
            }
            Event::Message(message) => self.command(&message)?,
            _ => {}
        }
        Ok(())
    }

    fn send_due(&mut self) -> Result<(), RunError> {
        let broker = &mut self.broker;
        loop {
            let mut again = false;
            let sent = self.outbox.send(|topic, payload, id| {
                again = id.is_some();
                let message = Outgoing::new(topic, payload);
                match id {
                    Some(id) => broker.publish_again(id, message).map(|()| id),
                    None => broker
                        .publish(message, Qos::AtLeastOnce)?
                        .ok_or(mqtt_client::Error::NotInFlight),
                }
            });
            match sent {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(mqtt_client::Error::WindowFull))) | Ok(None) => return Ok(()),
                // As it is, it would be in the way for ever.
                Ok(Some(Err(
                    error @ (mqtt_client::Error::TooLarge | mqtt_client::Error::Unsupported(_)),
                ))) => {
                    (self.device.note)(&Note::Impossible(&error));
                    let _ = self.outbox.discard();
                    if again {
                        // Its place in the session is not free before the next connection.
                        return Err(error.into());
                    }
                }
                Ok(Some(Err(error))) => return Err(error.into()),
                Err(never) => match never {},
            }
        }
    }

    /// Does what was asked for, and says what became of it.
    fn command(&mut self, message: &Message) -> Result<(), RunError> {
        let command = Command::parse(&message.payload);
        (self.device.note)(&Note::Command(command));
        let reply = match command {
            Ok(Command::Interval(interval)) => {
                self.mqtt.interval = interval;
                self.next_reading = (self.device.uptime)().saturating_add(interval);
                format!("ok: a reading every {} ms", interval.as_millis())
            }
            Ok(Command::Report) => {
                let mut summary = self.summary;
                summary.counts = self.outbox.counts();
                format!("ok: {summary}")
            }
            Err(error) => format!("error: {error}"),
        };
        self.summary.commands += u32::from(command.is_ok());
        self.publish_now("replies", reply.as_bytes(), false)
    }

    /// Publishes what need not arrive.
    fn publish_now(&mut self, name: &str, payload: &[u8], retain: bool) -> Result<(), RunError> {
        let topic = self.mqtt.topic(name);
        let message = Outgoing {
            topic: &topic,
            payload,
            retain,
        };
        match self.broker.publish(message, Qos::AtMostOnce) {
            Err(error) if !error.is_harmless() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// There is no connection: says when there is another attempt.
    ///
    /// # Errors
    ///
    /// Why, if there is none.
    fn lost(&mut self, error: RunError) -> Result<(), RunError> {
        self.broker.abandon();
        if self.went_well() {
            self.failures = 0;
            self.backoff.reset();
        }
        self.failures = self.failures.saturating_add(1);
        let outlook = error.outlook();
        let enough = self.mqtt.attempts.is_some_and(|most| self.failures >= most);
        if enough || outlook == Outlook::Never {
            return Err(error);
        }
        let mut random = [0; 4];
        // Chance that fails is half of the wait.
        let _ = self.backend.random(&mut random);
        let random = u32::from_le_bytes(random);
        let wait = match outlook {
            Outlook::Later => self.backoff.longest_wait(random),
            _ => self.backoff.wait(random),
        };
        (self.device.note)(&Note::Lost {
            error: &error,
            wait,
        });
        self.retry_at = (self.device.uptime)().saturating_add(wait);
        Ok(())
    }

    /// Whether the connection that is lost had been of use. One that the broker ends each time
    /// as soon as it is there has not.
    fn went_well(&mut self) -> bool {
        let now = (self.device.uptime)();
        self.connected.take().is_some_and(|(since, delivered)| {
            now.saturating_sub(since) >= self.mqtt.longest_wait
                || self.outbox.counts().delivered > delivered
        })
    }

    /// Leaves in order.
    fn finish(mut self) -> Result<MqttSummary, RunError> {
        self.summary.counts = self.outbox.counts();
        if self.broker.is_connected()
            && let Err(error) = self.leave()
        {
            // All is with the broker, which need not listen any more.
            log::info!("the broker did not hear that we left: {error}");
        }
        Ok(self.summary)
    }

    fn leave(&mut self) -> Result<(), RunError> {
        self.publish_now("status", b"offline", true)?;
        if let Some(Tls(stream)) = self.broker.disconnect()? {
            stream.close()?;
        }
        Ok(())
    }
}
