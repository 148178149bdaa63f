// SPDX-License-Identifier: Apache-2.0

//! The link, and whether the job is done again.

#[cfg(CONFIG_SECURE_SOCKETS_LINK)]
use core::time::Duration;

use zephyr_backend::hosted::Argument;

use super::{argument, number};
use crate::error::StartError;
use crate::settings::{Settings, seconds};

pub(super) fn apply(settings: &mut Settings) -> Result<(), StartError> {
    #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
    {
        if let Some(value) = argument(Argument::LinkLimit)? {
            settings.link_limit = seconds(number("--link-limit", value)?);
        }
        if let Some(value) = argument(Argument::LinkCut)? {
            let (after, time) = value
                .split_once(':')
                .ok_or_else(|| StartError::value("--link-cut", value, "use after:for"))?;
            let ms = |value| number("--link-cut", value).map(Duration::from_millis);
            settings.link_cut = Some((ms(after)?, ms(time)?));
        }
    }
    #[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
    if let Some(value) = argument(Argument::Repeat)? {
        settings.repeat = crate::settings::repeat(seconds(number("--repeat", value)?));
    }
    Ok(())
}
