// SPDX-License-Identifier: Apache-2.0

//! Which options were given, and those that this image has no use for. Whoever gives one
//! relies on it.

use zephyr_backend::hosted::Argument;

use super::argument;
use crate::error::StartError;

/// Options, as they are typed.
pub(super) type Options = &'static [(Argument, &'static str)];

const CLIENT: Options = &[
    (Argument::Peer, "--peer"),
    (Argument::ServerName, "--server-name"),
    (Argument::Messages, "--messages"),
    (Argument::Text, "--text"),
    (Argument::Connections, "--connections"),
    (Argument::SecTag, "--sec-tag"),
];

const SERVER: Options = &[
    (Argument::Listen, "--listen"),
    (Argument::Clients, "--clients"),
    (Argument::Admit, "--admit"),
    (Argument::ServerSecTag, "--server-sec-tag"),
];

// One that posts has an interval too: that is seen to where it is taken.
const MQTT: Options = &[
    (Argument::Name, "--name"),
    (Argument::Readings, "--readings"),
    (Argument::KeepAlive, "--keep-alive"),
    (Argument::KeepSession, "--keep-session"),
    (Argument::Queue, "--queue"),
    (Argument::WhenFull, "--when-full"),
    (Argument::FirstWait, "--first-wait"),
    (Argument::LongestWait, "--longest-wait"),
    (Argument::Attempts, "--attempts"),
];

const LINK: Options = &[
    (Argument::LinkLimit, "--link-limit"),
    (Argument::LinkCut, "--link-cut"),
];

const REPEAT: Options = &[(Argument::Repeat, "--repeat")];

/// Whether the image has what the options are for, and what to build if not.
const NEEDS: [(bool, Options, &str); 5] = [
    (
        cfg!(CONFIG_SECURE_SOCKETS_WITH_CLIENT),
        CLIENT,
        "this image is no client; build with CONFIG_SECURE_SOCKETS_ROLE_CLIENT=y or \
         CONFIG_SECURE_SOCKETS_ROLE_BOTH=y",
    ),
    (
        cfg!(CONFIG_SECURE_SOCKETS_WITH_SERVER),
        SERVER,
        "this image is no server; build with CONFIG_SECURE_SOCKETS_ROLE_SERVER=y or \
         CONFIG_SECURE_SOCKETS_ROLE_BOTH=y",
    ),
    (
        cfg!(CONFIG_SECURE_SOCKETS_WITH_MQTT),
        MQTT,
        "this image does not publish by MQTT; build with CONFIG_SECURE_SOCKETS_JOB_MQTT=y",
    ),
    (
        cfg!(CONFIG_SECURE_SOCKETS_LINK),
        LINK,
        "this image watches no link; build with CONFIG_SECURE_SOCKETS_LINK=y",
    ),
    (
        cfg!(CONFIG_SECURE_SOCKETS_REPEAT),
        REPEAT,
        "this image does its job once; build with CONFIG_SECURE_SOCKETS_REPEAT=y",
    ),
];

/// The first option of these that was given.
pub(super) fn given(options: &[Options]) -> Result<Option<&'static str>, StartError> {
    for (which, name) in options.iter().copied().flatten() {
        if argument(*which)?.is_some() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Refuses an option that would come to nothing.
pub(super) fn refuse_useless() -> Result<(), StartError> {
    for (is_there, options, why) in NEEDS {
        if let Some(name) = given(&[options])?.filter(|_| !is_there) {
            return Err(StartError::Setting(alloc::format!("{name}: {why}")));
        }
    }
    Ok(())
}
