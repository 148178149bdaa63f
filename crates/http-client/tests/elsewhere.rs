// SPDX-License-Identifier: Apache-2.0

//! URLs, and where redirects lead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use http_client::{
    Authority, Elsewhere, InvalidUrl, MAX_URL, RedirectError, Redirects, Scheme, Url,
};

#[test]
fn what_is_asked_for_where() {
    for (text, host, port, target, shown) in [
        ("https://a.test", "a.test", 443, "/", "https://a.test/"),
        ("HTTP://a.test", "a.test", 80, "/", "http://a.test/"),
        (
            "https://A.test:8443/a%20b?x=1&y",
            "A.test",
            8443,
            "/a%20b?x=1&y",
            "https://A.test:8443/a%20b?x=1&y",
        ),
        ("https://[::1]:1/", "::1", 1, "/", "https://[::1]:1/"),
        (
            "https://a.test?q",
            "a.test",
            443,
            "/?q",
            "https://a.test/?q",
        ),
        (
            "http://a.test:443/",
            "a.test",
            443,
            "/",
            "http://a.test:443/",
        ),
    ] {
        let url = Url::new(text).unwrap();
        assert_eq!((url.host(), url.port()), (host, port), "{text}");
        assert_eq!(url.target().to_string(), target, "{text}");
        assert_eq!(url.to_string(), shown, "{text}");
        assert_eq!(Url::new(shown).unwrap().to_string(), shown);
    }
}

#[test]
fn what_the_host_field_has() {
    for (scheme, host, port, shown) in [
        (Scheme::Https, "a.test", 443, "a.test"),
        (Scheme::Https, "a.test", 80, "a.test:80"),
        (Scheme::Http, "a.test", 80, "a.test"),
        (Scheme::Http, "127.0.0.1", 443, "127.0.0.1:443"),
        (Scheme::Https, "::1", 443, "[::1]"),
        (Scheme::Https, "2001:db8::1", 8443, "[2001:db8::1]:8443"),
    ] {
        let authority = Authority::new(scheme, host, port);
        assert_eq!(authority.to_string(), shown);
        let url = format!("{}://{authority}/", scheme.name());
        assert_eq!(Url::new(&url).unwrap().authority(), authority);
    }
}

#[test]
fn what_is_no_url() {
    use InvalidUrl as Bad;
    let long = "https://a.test/".to_owned() + &"x".repeat(MAX_URL);
    for (text, reason) in [
        ("", Bad::Scheme),
        ("a.test", Bad::Scheme),
        ("//a.test", Bad::Scheme),
        ("ftp://a.test/", Bad::Scheme),
        ("https://", Bad::Host),
        ("https:///path", Bad::Host),
        ("https://:443/", Bad::Host),
        ("https://::1/", Bad::Port),
        ("https://[::1", Bad::Port),
        ("https://[a.test]/", Bad::Host),
        ("https://[::1]x/", Bad::Host),
        ("https://user:pass@a.test/", Bad::UserInfo),
        ("https://a.test:/", Bad::Port),
        ("https://a.test:0/", Bad::Port),
        ("https://a.test:+80/", Bad::Port),
        ("https://a.test:65536/", Bad::Port),
        ("https://a.test/#top", Bad::Fragment),
        ("https://a.test/ HTTP/1.1\r\nX: y", Bad::Byte(b' ')),
        ("https://a.test/\r\nX: y", Bad::Byte(b'\r')),
        ("https://a.test\n/", Bad::Byte(b'\n')),
        ("https://a.test/é", Bad::Byte(0xC3)),
        ("https://a.test/<x>", Bad::Byte(b'<')),
        ("https://a.test/\0", Bad::Byte(0)),
        (&long, Bad::TooLong),
    ] {
        assert_eq!(Url::new(text), Err(reason), "{text:?}");
        assert!(reason.to_string().contains("URL"));
    }
}

#[test]
fn where_redirects_lead() {
    let from = Url::new("https://a.test/x").unwrap();
    let url = |text| Url::new(text).unwrap();
    let same = || Redirects::same_host(1);
    let mut any = Redirects::any_host(1);
    let at = |mut redirects: Redirects, location: &'static str| {
        redirects.next(&from, Some(location.as_bytes()))
    };
    assert_eq!(at(same(), "/y?z"), Ok(Elsewhere::Path("/y?z")));
    assert_eq!(at(same(), "/y#part"), Ok(Elsewhere::Path("/y")));
    for here in ["https://a.test/y", "https://A.TEST:443/y"] {
        assert_eq!(at(same(), here), Ok(Elsewhere::Url(url(here))), "{here}");
    }
    for elsewhere in [
        "https://b.test/",
        "https://a.test:444/",
        "https://a.test.b.test/",
    ] {
        let error = RedirectError::OtherHost(url(elsewhere));
        assert_eq!(at(same(), elsewhere), Err(error), "{elsewhere}");
        assert_eq!(at(any, elsewhere), Ok(Elsewhere::Url(url(elsewhere))));
    }
    let plain = "http://a.test/y";
    for redirects in [same(), any] {
        assert_eq!(at(redirects, plain), Err(RedirectError::Plain(url(plain))));
        for odd in ["y", "", "?y", "//b.test/y", "mailto:x"] {
            assert_eq!(at(redirects, odd), Err(RedirectError::Location), "{odd:?}");
        }
        for (no_url, why) in [
            ("https://u@a.test/", InvalidUrl::UserInfo),
            // What would steer a terminal that shows it.
            ("/\u{9b}31m", InvalidUrl::Byte(0xC2)),
            ("/y z", InvalidUrl::Byte(b' ')),
        ] {
            assert_eq!(at(redirects, no_url), Err(RedirectError::Url(why)));
        }
    }
    let none = Redirects::same_host(0);
    for (text, next) in [
        ("/y", Elsewhere::Path("/y")),
        ("https://a.test/y", Elsewhere::Url(url("https://a.test/y"))),
    ] {
        let error = RedirectError::TooMany(next);
        assert_eq!(at(none, text), Err(error));
        let sentence = error.to_string();
        assert!(sentence.contains(&format!("to {text},")), "{sentence}");
    }
    assert!(any.next(&from, Some(b"/y")).is_ok());
    let error = RedirectError::TooMany(Elsewhere::Path("/z"));
    assert_eq!(any.next(&from, Some(b"/z")), Err(error));
    assert_eq!(any.next(&from, None), Err(RedirectError::NoLocation));
    assert!(Redirects::is_redirect(308) && !Redirects::is_redirect(304));
}

#[test]
fn where_redirects_lead_without_tls() {
    use RedirectError::{OtherHost, Plain};
    let from = Url::new("http://a.test/x").unwrap();
    let at = |mut redirects: Redirects, location: &'static str| {
        redirects.next(&from, Some(location.as_bytes()))
    };
    let url = |text| Url::new(text).unwrap();
    let (here, plain, other) = ("http://a.test/y", "http://b.test/y", "https://b.test/y");
    let same = Redirects::same_host(1);
    assert_eq!(at(same, here), Ok(Elsewhere::Url(url(here))));
    assert_eq!(at(same, plain), Err(OtherHost(url(plain))));
    assert_eq!(at(same, other), Err(OtherHost(url(other))));
    let any = Redirects::any_host(1);
    assert_eq!(at(any, here), Ok(Elsewhere::Url(url(here))));
    assert_eq!(at(any, plain), Err(Plain(url(plain))));
    assert_eq!(at(any, other), Ok(Elsewhere::Url(url(other))));
}
