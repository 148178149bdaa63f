// SPDX-License-Identifier: Apache-2.0

//! Options of a device that publishes to a broker.

use mqtt_client::outbox::WhenFull;
use zephyr_backend::hosted::Argument;

use super::{argument, number};
use crate::error::StartError;
use crate::task::Mqtt;

/// Puts the command line over `mqtt`.
pub(super) fn apply(mqtt: &mut Mqtt) -> Result<(), StartError> {
    if let Some(name) = argument(Argument::Name)? {
        mqtt.name = name.into();
    }
    for (option, which, value) in [
        ("--interval", Argument::Interval, &mut mqtt.interval),
        ("--readings", Argument::Readings, &mut mqtt.readings),
        ("--keep-session", Argument::KeepSession, &mut mqtt.session),
        ("--first-wait", Argument::FirstWait, &mut mqtt.first_wait),
        (
            "--longest-wait",
            Argument::LongestWait,
            &mut mqtt.longest_wait,
        ),
        ("--attempts", Argument::Attempts, &mut mqtt.attempts),
    ] {
        if let Some(text) = argument(which)? {
            *value = number(option, text)?;
        }
    }
    if let Some(text) = argument(Argument::KeepAlive)? {
        mqtt.keep_alive = number("--keep-alive", text)?;
    }
    if let Some(text) = argument(Argument::Queue)? {
        mqtt.queue = number("--queue", text)?;
    }
    if let Some(text) = argument(Argument::WhenFull)? {
        mqtt.when_full = match text {
            "drop-oldest" => WhenFull::DropOldest,
            "drop-newest" => WhenFull::DropNewest,
            "stop" => WhenFull::Stop,
            _ => {
                return Err(StartError::value(
                    "--when-full",
                    text,
                    "use drop-oldest, drop-newest or stop",
                ));
            }
        };
    }
    Ok(())
}
