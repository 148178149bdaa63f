// SPDX-License-Identifier: Apache-2.0

//! Answers that say that a thing is elsewhere (RFC 9110, section 15.4).

use core::fmt;

use crate::url::{InvalidUrl, Scheme, Url, check_bytes};

/// How far to follow: what [`Redirects::next`] allows. A POST is for nobody to send twice;
/// this is for GET and HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirects {
    left: u8,
    other_hosts: bool,
}

/// Where a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere<'t> {
    /// On the same server, by this path, in which each byte is one that a URL has.
    Path(&'t str),
    /// By this URL.
    Url(Url<'t>),
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError<'t> {
    /// As many were followed as may be, which may be none. This would be the next.
    TooMany(Elsewhere<'t>),
    /// The answer does not say where.
    NoLocation,
    /// It says where in a form that is not taken: neither a whole URL nor a path that
    /// starts with a slash.
    Location,
    /// The URL cannot be read, or the path could stand in none.
    Url(InvalidUrl),
    /// It leads to another server, which nobody allowed.
    OtherHost(Url<'t>),
    /// It leads out of TLS, or to another server without it.
    Plain(Url<'t>),
}

impl Redirects {
    /// Up to `most` of them, on the same server.
    #[must_use]
    pub const fn same_host(most: u8) -> Self {
        Self {
            left: most,
            other_hosts: false,
        }
    }

    /// Up to `most` of them, wherever they lead by `https`. Who may say where a device
    /// connects to is then any server on the way.
    #[must_use]
    pub const fn any_host(most: u8) -> Self {
        Self {
            left: most,
            other_hosts: true,
        }
    }

    /// Whether a `status` is one of a redirect that GET follows (RFC 9110, section 15.4).
    #[must_use]
    pub const fn is_redirect(status: u16) -> bool {
        matches!(status, 301 | 302 | 303 | 307 | 308)
    }

    /// Where an answer leads that came from `from` with this Location.
    ///
    /// # Errors
    ///
    /// [`RedirectError`]: it is not followed.
    pub fn next<'t>(
        &mut self,
        from: &Url<'_>,
        location: Option<&'t [u8]>,
    ) -> Result<Elsewhere<'t>, RedirectError<'t>> {
        let location = location.ok_or(RedirectError::NoLocation)?;
        let location = core::str::from_utf8(location).map_err(|_| RedirectError::Location)?;
        // A fragment is for whoever shows the thing.
        let location = location.split_once('#').map_or(location, |(url, _)| url);
        // `//host/path` is another server's URL.
        let elsewhere = if location.starts_with('/') && !location.starts_with("//") {
            check_bytes(location).map_err(RedirectError::Url)?;
            Elsewhere::Path(location)
        } else if location.contains("://") {
            let url = Url::new(location).map_err(RedirectError::Url)?;
            let is_plain = url.scheme() == Scheme::Http;
            if is_plain && from.scheme() == Scheme::Https {
                return Err(RedirectError::Plain(url));
            }
            if !url.is_same_origin(from) {
                match self.other_hosts {
                    false => return Err(RedirectError::OtherHost(url)),
                    true if is_plain => return Err(RedirectError::Plain(url)),
                    true => {}
                }
            }
            Elsewhere::Url(url)
        } else {
            return Err(RedirectError::Location);
        };
        let left = self.left.checked_sub(1);
        self.left = left.ok_or(RedirectError::TooMany(elsewhere))?;
        Ok(elsewhere)
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for RedirectError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(next) => {
                write!(f, "it redirects to {next}, more often than may be followed")
            }
            Self::NoLocation => f.write_str("it redirects, and does not say where (Location)"),
            Self::Location => f.write_str(
                "it redirects to what is neither a URL nor a path that starts with a slash",
            ),
            Self::Url(error) => write!(f, "it redirects to what is no URL: {error}"),
            Self::OtherHost(url) => write!(
                f,
                "it redirects to another server, which is not followed: if that is right, ask \
                 for {url}"
            ),
            Self::Plain(url) => write!(f, "it redirects to {url}, without TLS"),
        }
    }
}

impl core::error::Error for RedirectError<'_> {}
