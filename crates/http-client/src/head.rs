// SPDX-License-Identifier: Apache-2.0

//! The head of an answer: what it says, and how long the body is by it.

use core::fmt;

/// The most fields in the head of an answer.
pub const MAX_FIELDS: usize = 48;

/// What the head of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where the body begins.
    pub length: usize,
    /// The status.
    pub status: u16,
    /// How the end of the body can be told, as far as the fields say. What the status
    /// and the method say comes before (RFC 9112, section 6.3).
    pub framing: Result<Framing, FramingError>,
    /// Whether the server takes another request on the connection (RFC 9112, section
    /// 9.3). One of HTTP/1.0 never does, for us.
    pub keeps_alive: bool,
    /// Whether the body is compressed or otherwise encoded (Content-Encoding).
    pub is_encoded: bool,
}

/// How the end of a body can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// It has so many bytes.
    Length(u64),
    /// It comes in chunks.
    Chunked,
    /// It ends where the connection does.
    UntilClose,
}

/// Why the end of a body cannot be told. Two readers could see two ends in it, and what
/// is between them would be an answer to one and part of a body to the other (RFC 9112,
/// section 11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramingError {
    /// Content-Length is no number.
    Length,
    /// There is more than one Content-Length.
    TwoLengths,
    /// There are both Content-Length and Transfer-Encoding.
    LengthAndChunks,
    /// Transfer-Encoding is something else than `chunked`, or more.
    Transfer,
    /// An answer in chunks by HTTP/1.0, which has none.
    ChunksInHttp10,
}

/// Why the head cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// It is not that of an answer by HTTP/1.0 or HTTP/1.1.
    NotHttp,
    /// It has more than [`MAX_FIELDS`] fields.
    TooManyFields,
}

impl Head {
    /// Reads the head that `received` begins with; `None` if it is not over yet.
    ///
    /// # Errors
    ///
    /// [`HeadError`].
    pub fn read(received: &[u8]) -> Result<Option<Self>, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let length = match response.parse(received) {
            Ok(httparse::Status::Partial) => return Ok(None),
            Ok(httparse::Status::Complete(length)) => length,
            Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields),
            Err(_) => return Err(HeadError::NotHttp),
        };
        let (Some(status), Some(version)) = (response.code, response.version) else {
            return Err(HeadError::NotHttp);
        };
        let is_1_1 = version == 1;
        Ok(Some(Self {
            length,
            status,
            framing: framing(response.headers, is_1_1),
            keeps_alive: is_1_1 && !closes(response.headers),
            is_encoded: values(response.headers, "Content-Encoding")
                .any(|value| !value.eq_ignore_ascii_case(b"identity")),
        }))
    }
}

/// The value of the first field of this name in the `head` that [`Head::read`] has read.
#[must_use]
pub fn field<'h>(head: &'h [u8], name: &str) -> Option<&'h [u8]> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    response.parse(head).ok()?;
    values(response.headers, name).next()
}

fn values<'f, 'h>(
    fields: &'f [httparse::Header<'h>],
    name: &'f str,
) -> impl Iterator<Item = &'h [u8]> + 'f {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.value)
}

/// RFC 9112, section 6.3, with every doubt refused.
fn framing(fields: &[httparse::Header<'_>], is_1_1: bool) -> Result<Framing, FramingError> {
    let mut lengths = values(fields, "Content-Length");
    let mut transfers = values(fields, "Transfer-Encoding");
    match (lengths.next(), transfers.next()) {
        (None, None) => Ok(Framing::UntilClose),
        (Some(_), Some(_)) => Err(FramingError::LengthAndChunks),
        (Some(_), None) if lengths.next().is_some() => Err(FramingError::TwoLengths),
        (Some(length), None) => number(length).map(Framing::Length),
        (None, Some(transfer)) => {
            if transfers.next().is_some() || !transfer.eq_ignore_ascii_case(b"chunked") {
                Err(FramingError::Transfer)
            } else if is_1_1 {
                Ok(Framing::Chunked)
            } else {
                Err(FramingError::ChunksInHttp10)
            }
        }
    }
}

/// Digits and nothing else (RFC 9110, section 8.6).
fn number(value: &[u8]) -> Result<u64, FramingError> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        // Several numbers with commas between them, as some join them from several fields.
        let is_list = value.contains(&b',');
        return Err(match is_list {
            true => FramingError::TwoLengths,
            false => FramingError::Length,
        });
    }
    core::str::from_utf8(value)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(FramingError::Length)
}

/// Whether `close` is one of the options in Connection.
fn closes(fields: &[httparse::Header<'_>]) -> bool {
    values(fields, "Connection").any(|value| {
        value
            .split(|byte| *byte == b',')
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    })
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the answer gives its length as no number (Content-Length)",
            Self::TwoLengths => "the answer gives its length twice (Content-Length)",
            Self::LengthAndChunks => {
                "the answer gives its length (Content-Length) and comes in chunks \
                 (Transfer-Encoding): where it ends could be read in two ways"
            }
            Self::Transfer => {
                "the answer comes in another form than in chunks (Transfer-Encoding), which \
                 nobody asked for"
            }
            Self::ChunksInHttp10 => "the answer comes in chunks by HTTP/1.0, which has none",
        })
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp => f.write_str("what the server answered is no HTTP/1.1"),
            Self::TooManyFields => {
                write!(
                    f,
                    "the head of the answer has more than {MAX_FIELDS} fields"
                )
            }
        }
    }
}

impl core::error::Error for FramingError {}
impl core::error::Error for HeadError {}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::*;

    fn head(fields: &str) -> Head {
        let text = format!("HTTP/1.1 200 OK\r\n{fields}\r\nbody");
        let head = Head::read(text.as_bytes()).unwrap().unwrap();
        assert_eq!(&text[head.length..], "body");
        head
    }

    #[test]
    fn where_a_body_ends() {
        for (fields, framing) in [
            ("", Ok(Framing::UntilClose)),
            ("Content-Length: 4\r\n", Ok(Framing::Length(4))),
            ("content-LENGTH:   004  \r\n", Ok(Framing::Length(4))),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            (
                "Content-Length: 18446744073709551615\r\n",
                Ok(Framing::Length(u64::MAX)),
            ),
            (
                "Content-Length: 18446744073709551616\r\n",
                Err(FramingError::Length),
            ),
            ("Content-Length: \r\n", Err(FramingError::Length)),
            ("Content-Length: +4\r\n", Err(FramingError::Length)),
            ("Content-Length: -4\r\n", Err(FramingError::Length)),
            ("Content-Length: 0x4\r\n", Err(FramingError::Length)),
            ("Content-Length: 4 4\r\n", Err(FramingError::Length)),
            ("Content-Length: 4, 4\r\n", Err(FramingError::TwoLengths)),
            (
                "Content-Length: 4\r\nContent-Length: 4\r\n",
                Err(FramingError::TwoLengths),
            ),
            (
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                Err(FramingError::LengthAndChunks),
            ),
            (
                "Transfer-Encoding: identity\r\nContent-Length: 4\r\n",
                Err(FramingError::LengthAndChunks),
            ),
            (
                "Transfer-Encoding: gzip, chunked\r\n",
                Err(FramingError::Transfer),
            ),
            (
                "Transfer-Encoding: xchunked\r\n",
                Err(FramingError::Transfer),
            ),
            (
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                Err(FramingError::Transfer),
            ),
        ] {
            assert_eq!(head(fields).framing, framing, "{fields:?}");
        }
        let old = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let head = Head::read(old).unwrap().unwrap();
        assert_eq!(head.framing, Err(FramingError::ChunksInHttp10));
        assert!(!head.keeps_alive);
    }

    #[test]
    fn whether_it_goes_on() {
        for (fields, keeps_alive) in [
            ("", true),
            ("Connection: keep-alive\r\n", true),
            ("Connection: x, Close\r\n", false),
            ("Connection: x\r\nconnection:close\r\n", false),
            ("Connection: closed\r\n", true),
        ] {
            assert_eq!(head(fields).keeps_alive, keeps_alive, "{fields:?}");
        }
        assert!(head("Content-Encoding: gzip\r\n").is_encoded);
        assert!(!head("Content-Encoding: identity\r\n").is_encoded);
    }

    #[test]
    fn what_is_no_head() {
        for text in [
            "SSH-2.0-x\r\n",
            "HTTP/2.0 200 OK\r\n",
            "HTTP/1.1 2x0 OK\r\n",
        ] {
            assert_eq!(
                Head::read(text.as_bytes()),
                Err(HeadError::NotHttp),
                "{text:?}"
            );
        }
        // A field that goes on on the next line (RFC 9112, section 5.2).
        let folded = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n";
        assert_eq!(Head::read(folded), Err(HeadError::NotHttp));
        let spaced = b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n";
        assert_eq!(Head::read(spaced), Err(HeadError::NotHttp));
        let fields: String = (0..=MAX_FIELDS).map(|n| format!("X-{n}: y\r\n")).collect();
        let many = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        assert_eq!(Head::read(many.as_bytes()), Err(HeadError::TooManyFields));
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\nX: y\r\n"), Ok(None));
        assert_eq!(Head::read(b""), Ok(None));
    }

    #[test]
    fn fields_by_name() {
        let text = b"HTTP/1.1 200 OK\r\nA: 1\r\nlocation: /x\r\nLocation: /y\r\n\r\n";
        assert_eq!(field(text, "Location"), Some(&b"/x"[..]));
        assert_eq!(field(text, "B"), None);
    }
}
