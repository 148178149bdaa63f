// SPDX-License-Identifier: Apache-2.0

//! The link, and whether the job is done again.

#[cfg(CONFIG_SECURE_SOCKETS_LINK)]
use core::time::Duration;

use zephyr_backend::hosted::Argument;

use super::{argument, number};
use crate::error::StartError;
use crate::settings::{Settings, seconds};

pub(super) fn apply(settings: &mut Settings) -> Result<(), StartError> {
    if let Some(value) = argument(Argument::LinkLimit)? {
        settings.link_limit = seconds(number("--link-limit", value)?);
    }
    if let Some(value) = argument(Argument::LinkCut)? {
        #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
        {
            let (after, time) = value
                .split_once(':')
                .ok_or_else(|| StartError::value("--link-cut", value, "use after:for"))?;
            let ms = |value| number("--link-cut", value).map(Duration::from_millis);
            settings.link_cut = Some((ms(after)?, ms(time)?));
        }
        #[cfg(not(CONFIG_SECURE_SOCKETS_LINK))]
        return Err(StartError::value(
            "--link-cut",
            value,
            "this image watches no link; build with CONFIG_SECURE_SOCKETS_LINK=y",
        ));
    }
    if let Some(value) = argument(Argument::Repeat)? {
        #[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
        {
            settings.repeat = crate::settings::repeat(seconds(number("--repeat", value)?));
        }
        #[cfg(not(CONFIG_SECURE_SOCKETS_REPEAT))]
        return Err(StartError::value(
            "--repeat",
            value,
            "this image does its job once; build with CONFIG_SECURE_SOCKETS_REPEAT=y",
        ));
    }
    Ok(())
}
