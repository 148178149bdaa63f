# SPDX-License-Identifier: Apache-2.0
"""A device that posts its readings to a web server."""

import json

import pytest

from test_handshakes import certificate
from web import Answers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def mutual(clients):
    """The configuration of mode 3: nginx lets in whom these CAs vouch for."""
    return f"ssl_verify_client on; ssl_verify_depth 4; ssl_client_certificate {clients};"


def post(device, server, pki, *arguments, mode="server-auth"):
    return device.run(
        server.peer, f"--mode={mode}", f"--credentials={pki}/ec", "--server-name=device.test",
        "--job=https", "--interval=0", *arguments,
    )


def readings(server, posts):
    """The readings that a server has got in so many posts: in order, each once."""
    records = [record for post in server.posts(posts) for record in json.loads(post["body"])]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    return records


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("mode", ["server-auth", "mutual"])
def test_readings_are_posted(device, nginx, pki, mode, version):
    server = nginx(mutual(pki / "ec" / "ca.pem") if mode == "mutual" else "")
    output = post(
        device, server, pki, f"--tls={version}", "--path=/echo", "--messages=5", mode=mode
    ).succeeded()
    assert "5 messages posted and taken, on 1 connections" in output, output
    assert output.count("status 200, taken") == 5, output
    assert len(readings(server, 5)) == 10
    for one in server.posts(5):
        assert one["type"] == "application/senml+json" and one["alpn"] == "http/1.1", one
        assert one["host"] == f"device.test:{server.port}", one
        assert one["client"] == ("O=Secure Sockets test PKI,CN=client-1" if mode == "mutual" else "")


@pytest.mark.parametrize("path", ["/closed", "/none"])
def test_answers_of_other_forms(device, nginx, pki, path):
    server = nginx()
    output = post(device, server, pki, f"--path={path}", "--messages=3").succeeded()
    # An answer that ends with its connection takes a new one for the next.
    connections = {"/closed": 3, "/none": 1}[path]
    assert f"3 messages posted and taken, on {connections} connections" in output, output
    assert len(readings(server, 3)) == 6


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_later_connections_resume_the_session(device, nginx, pki, version):
    server = nginx()
    output = post(
        device, server, pki, f"--tls={version}", "--path=/echo", "--messages=2",
        "--connections=3", "--resume=1",
    ).succeeded()
    assert "on 3 connections, of which 2 resumed a session" in output, output
    assert [one["reused"] for one in server.posts(6)] == [".", ".", "r", "r", "r", "r"]
    assert len(readings(server, 6)) == 12


def test_a_server_that_closes_after_two(device, nginx, pki):
    server = nginx("keepalive_requests 2;")
    output = post(
        device, server, pki, "--path=/echo", "--messages=5", "--resume=1"
    ).succeeded()
    assert "5 messages posted and taken, on 3 connections, of which 2 resumed" in output, output
    assert len(readings(server, 5)) == 10


def test_a_server_that_closes_while_nobody_asks(device, nginx, pki):
    server = nginx("keepalive_timeout 1s;")
    output = post(
        device, server, pki, "--path=/echo", "--messages=3", "--interval=2500"
    ).succeeded()
    assert output.count("the server had closed the connection: message") == 2, output
    assert "3 messages posted and taken, on 3 connections" in output, output
    assert len(readings(server, 3)) == 6


def test_readings_are_numbered_from_one_round_to_the_next(start, nginx, pki):
    server = nginx()
    start(
        server.peer, "--mode=server-auth", f"--credentials={pki}/ec", "--server-name=device.test",
        "--job=https", "--path=/none", "--interval=0", "--messages=2", "--repeat=1",
    )
    assert len(readings(server, 6)) >= 12


def test_a_server_that_does_not_take_them(device, nginx, pki):
    server = nginx()
    run = post(device, server, pki, "--path=/busy", "--messages=3")
    sentence = run.refused()
    assert "did not take 3 of 3 messages: status 503" in sentence, sentence
    assert run.output.count("status 503, NOT taken") == 3, run.output


def test_a_server_that_wants_to_know_who_asks(device, nginx, pki):
    """nginx says so only when it is asked for something."""
    server = nginx(mutual(pki / "ec" / "ca.pem"))
    sentence = post(device, server, pki, "--path=/echo", "--messages=1").refused()
    assert "did not take 1 of 1 messages: status 400" in sentence, sentence


@pytest.mark.parametrize(
    "answer, named",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "length twice"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
            "could be read in two ways",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "size of a chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "last chunk"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "after 2 of 3 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 4000, "head of the answer is longer"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "changes to another protocol"),
        (b"220 mail.test ESMTP\r\n", "no HTTP/1.1"),
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\n", "within the head"),
    ],
)
def test_what_is_no_answer(device, pki, answer, named):
    with Answers(pki, answer) as server:
        sentence = post(device, server, pki, "--messages=1").refused()
    assert named in sentence, sentence


def test_a_server_that_does_not_answer_is_given_up(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"), echo=False)
    sentence = post(device, server, pki, "--messages=1", "--io-timeout=500").refused()
    assert "no data could be moved in the time allowed" in sentence, sentence


def test_a_cut_is_no_end(device, pki):
    to_the_end = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"
    with Answers(pki, to_the_end) as server:
        post(device, server, pki, "--messages=1").succeeded()
    with Answers(pki, to_the_end, cut=True) as server:
        sentence = post(device, server, pki, "--messages=1").refused()
    assert "without close_notify" in sentence, sentence


def test_an_answer_that_is_cut_is_no_connection_that_was_closed(device, pki):
    """The server has the message: it is not sent again."""
    to_the_end = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"
    for second in (to_the_end, b"HTTP/1.1 200 O", b"HTTP/1.1 103 Early Hints\r\n\r\n"):
        with Answers(pki, OK, second, OK, each=2, cut=True) as server:
            sentence = post(device, server, pki, "--messages=2").refused()
        assert "without close_notify" in sentence, sentence
        assert len(server.requests) == 2, second


@pytest.mark.parametrize("status, taken", [("404 Not Found", False), ("200 OK", True)])
def test_an_answer_that_is_too_long_to_read_has_its_status(device, pki, status, taken):
    head = f"HTTP/1.1 {status}\r\n"
    by_length = f"{head}Content-Length: 3000\r\n\r\n{3000 * 'x'}".encode()
    in_chunks = f"{head}Transfer-Encoding: chunked\r\n\r\n401\r\n{0x401 * 'x'}\r\n".encode()
    with Answers(pki, by_length, in_chunks, OK) as server:
        run = post(device, server, pki, "--messages=3")
    if taken:
        assert "3 messages posted and taken, on 3 connections" in run.succeeded(), run.output
    else:
        sentence = run.refused()
        assert f"did not take 2 of 3 messages: status {status[:3]}" in sentence, sentence


def test_an_answer_that_nobody_asked_for(device, pki):
    with Answers(pki, OK + OK, OK, each=2) as server:
        sentence = post(device, server, pki, "--messages=2").refused()
    assert "more than its answer" in sentence, sentence
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "argument, named",
    [("--path=readings", "start with a slash"), ("--path=/a b", "%XX"), ("--interval=x", "number")],
)
def test_arguments(device, pki, argument, named):
    run = device.run("--peer=127.0.0.1:4433", "--mode=psk", f"--credentials={pki}/ec", argument)
    assert named in run.refused()
