// SPDX-License-Identifier: Apache-2.0

//! What is asked for.

use core::fmt::{self, Write as _};

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// What is there.
    Get,
    /// The head of what GET would give.
    Head,
    /// Takes the body for a new thing, or does something with it.
    Post,
    /// Puts the body there.
    Put,
}

impl Method {
    /// As the request line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// One request. Host, Content-Length, Content-Type and Accept-Encoding are added to it
/// where they belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'r> {
    method: Method,
    target: &'r str,
    fields: &'r [(&'r str, &'r str)],
    body: Option<(&'r str, &'r [u8])>,
    closes: bool,
}

/// Why a request cannot be sent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// The target does not start with a slash, or has a byte in it that no URL has as it
    /// is, such as a space or the end of a line.
    Target,
    /// The host is empty, or has a byte in it that no host has.
    Host,
    /// The name of a field is none (RFC 9110, section 5.6.2).
    FieldName,
    /// The value of a field, or the content type, has a byte in it that would end the
    /// line, or is no ASCII.
    FieldValue,
    /// A field that is for this library to set.
    OurField,
}

impl<'r> Request<'r> {
    /// One of `method` without a body. `target` is a path and what may follow, such as
    /// `/readings?of=today`.
    #[must_use]
    pub const fn new(method: Method, target: &'r str) -> Self {
        Self {
            method,
            target,
            fields: &[],
            body: None,
            closes: false,
        }
    }

    /// What is at `target`.
    #[must_use]
    pub const fn get(target: &'r str) -> Self {
        Self::new(Method::Get, target)
    }

    /// Posts `body` to `target`.
    #[must_use]
    pub const fn post(target: &'r str, content_type: &'r str, body: &'r [u8]) -> Self {
        Self::new(Method::Post, target).with_body(content_type, body)
    }

    /// With a body of this media type.
    #[must_use]
    pub const fn with_body(mut self, content_type: &'r str, body: &'r [u8]) -> Self {
        self.body = Some((content_type, body));
        self
    }

    /// With further fields: names and values.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'r [(&'r str, &'r str)]) -> Self {
        self.fields = fields;
        self
    }

    /// The last one on its connection: the server is told to close it.
    #[must_use]
    pub const fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) const fn method(&self) -> Method {
        self.method
    }

    pub(crate) const fn closes(&self) -> bool {
        self.closes
    }

    pub(crate) fn body(&self) -> &'r [u8] {
        self.body.map_or(&[], |(_, body)| body)
    }

    pub(crate) fn check_host(host: &str) -> Result<(), InvalidRequest> {
        let is_one = !host.is_empty()
            && host.bytes().all(may_stand_in_url)
            && !host.contains(['/', '?', '@']);
        is_one.then_some(()).ok_or(InvalidRequest::Host)
    }

    /// Whether nothing in it ends a line or a field, or contradicts what is added. So does
    /// [`Connection::send`](crate::Connection::send) before it sends anything.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`].
    pub fn check(&self) -> Result<(), InvalidRequest> {
        if !self.target.starts_with('/') || !self.target.bytes().all(may_stand_in_url) {
            return Err(InvalidRequest::Target);
        }
        let content_type = self.body.iter().map(|(content_type, _)| *content_type);
        for (name, value) in self.fields {
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(InvalidRequest::FieldName);
            }
            if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                return Err(InvalidRequest::OurField);
            }
            if !value.bytes().all(may_stand_in_field) {
                return Err(InvalidRequest::FieldValue);
            }
        }
        for content_type in content_type {
            if content_type.is_empty() || !content_type.bytes().all(may_stand_in_field) {
                return Err(InvalidRequest::FieldValue);
            }
        }
        Ok(())
    }

    /// Writes the head into `room` and returns how long it is; `None` if it does not fit.
    pub(crate) fn write_head(&self, host: &str, room: &mut [u8]) -> Option<usize> {
        let mut out = Out { room, length: 0 };
        self.format_head(host, &mut out).ok()?;
        Some(out.length)
    }

    fn format_head(&self, host: &str, out: &mut Out<'_>) -> fmt::Result {
        write!(
            out,
            "{} {} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n",
            self.method.name(),
            self.target,
        )?;
        for (name, value) in self.fields {
            write!(out, "{name}: {value}\r\n")?;
        }
        if self.closes {
            out.write_str("Connection: close\r\n")?;
        }
        if let Some((content_type, body)) = self.body {
            let length = body.len();
            write!(
                out,
                "Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
            )?;
        }
        out.write_str("\r\n")
    }
}

/// What is added, or would change where a message ends.
const OURS: [&str; 8] = [
    "Host",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Accept-Encoding",
    "Connection",
    "Expect",
    "Upgrade",
];

/// Whether RFC 3986 has this character in a URL, reserved or not.
pub(crate) const fn may_stand_in_url(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#'
        )
}

/// RFC 9110, section 5.5, without what is obsolete.
const fn may_stand_in_field(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t')
}

/// RFC 9110, section 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Text into bytes, as far as they go.
struct Out<'b> {
    room: &'b mut [u8],
    length: usize,
}

impl fmt::Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        let room = self.room.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => {
                "the path to ask for has to start with a slash, and other characters than those \
                 of a URL have to be written as %XX"
            }
            Self::Host => "the name of the host has a character in it that no host has",
            Self::FieldName => "the name of a header field has a character in it that none has",
            Self::FieldValue => {
                "the value of a header field is no ASCII, or has the end of a line in it"
            }
            Self::OurField => {
                "a header field was given that is set by the library itself (Host, Connection, \
                 Expect, Upgrade, Accept-Encoding, Transfer-Encoding, Content-Type or \
                 Content-Length)"
            }
        })
    }
}

impl core::error::Error for InvalidRequest {}
