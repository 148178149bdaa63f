# SPDX-License-Identifier: Apache-2.0
"""What must not work, and the sentence in which the device says why."""

import re
import time
from datetime import datetime, timezone

import pytest

from peer import TcpServer, free_port
from test_handshakes import VERSIONS, certificate


def connect(device, server, pki, *arguments, mode="server-auth", name="device.test"):
    return device.run(
        server.peer, f"--mode={mode}", f"--credentials={pki}/ec", f"--server-name={name}",
        *arguments,
    )


CERTIFICATES = {
    "self-signed": "it is self-signed and not one of our trust anchors",
    "expired": "expired 2025-06-01, clock says 20",
    "not-yet-valid": "not valid before 2040-01-01, clock says 20",
    "wrong-name": "it is not for device.test but for elsewhere.test",
    "other-ca": "which is not among our trust anchors",
    "missing-intermediate": "no intermediate that leads to one came with it",
    "no-server-auth": "its key usage does not allow use by a TLS server",
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("leaf", CERTIFICATES)
def test_certificate(device, openssl, pki, leaf, version):
    server = openssl(VERSIONS[version], *certificate(pki, "ec", leaf))
    sentence = connect(device, server, pki, f"--tls={version}").refused()
    assert sentence.startswith("refused the server's certificate: "), sentence
    assert CERTIFICATES[leaf] in sentence, sentence


def test_the_four_faults_have_four_sentences(device, openssl, pki):
    sentences = set()
    for leaf in ["other-ca", "wrong-name", "expired", "self-signed"]:
        server = openssl(*certificate(pki, "ec", leaf))
        sentence = connect(device, server, pki).refused()
        # Without the subject, which differs anyway.
        sentences.add(sentence.split("(depth 0): ")[1])
    assert len(sentences) == 4, sentences


def test_name_that_was_not_asked_for(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"))
    sentence = connect(device, server, pki, name="other.test").refused()
    assert "it is not for other.test but for localhost, device.test, 127.0.0.1, ::1" in sentence


# OpenSSL 3.0 takes any identity in TLS 1.2.
@pytest.mark.parametrize("version, fault", [("1.2", "key"), ("1.3", "key"), ("1.3", "identity")])
def test_psk(device, openssl, pki, version, fault):
    key = (pki / "ec" / "psk.hex").read_text()
    identity = (pki / "ec" / "psk-identity.txt").read_text()
    if fault == "key":
        key = key[::-1]
    else:
        identity = "somebody-else"
    server = openssl(VERSIONS[version], "-nocert", "-psk", key, "-psk_identity", identity)
    run = device.run(server.peer, "--mode=psk", f"--tls={version}", f"--credentials={pki}/ec")
    sentence = run.refused()
    assert "does not accept our pre-shared key" in sentence, sentence


@pytest.mark.parametrize("version", VERSIONS)
def test_client_certificate_that_is_missing(device, openssl, pki, version):
    server = openssl(
        VERSIONS[version], *certificate(pki, "ec"),
        "-Verify", "4", "-verify_return_error", "-CAfile", f"{pki}/ec/ca.pem",
    )
    sentence = connect(device, server, pki, f"--tls={version}").refused()
    # In TLS 1.3 the refusal comes after the client's side of the handshake.
    alert = {"1.2": "handshake_failure (40)", "1.3": "certificate_required (116)"}[version]
    assert alert in sentence, sentence


@pytest.mark.parametrize("asked, offered", [("1.2", "1.3"), ("1.3", "1.2")])
def test_version(device, openssl, pki, asked, offered):
    server = openssl(VERSIONS[offered], *certificate(pki, "ec"))
    sentence = connect(device, server, pki, f"--tls={asked}").refused()
    assert "protocol_version (70)" in sentence or "does not offer" in sentence, sentence


@pytest.mark.parametrize("mode", ["server-auth", "mutual"])
@pytest.mark.parametrize("clock, shows", [("unset", ""), ("0", ": it shows 1970-01-01")])
def test_clock_that_is_not_set(device, pki, mode, clock, shows):
    # Nobody listens on that port: the network must not be touched.
    run = device.run(
        f"--peer=127.0.0.1:{free_port()}", f"--mode={mode}", f"--credentials={pki}/ec",
        f"--clock={clock}",
    )
    sentence = run.refused()
    assert f"the clock is not set{shows}" in sentence, sentence


def test_clock_from_before_the_image_was_built(device, pki):
    def seconds(date):
        return int(date.replace(tzinfo=timezone.utc).timestamp())

    def connect(clock):
        return device.run(
            f"--peer=127.0.0.1:{free_port()}", "--mode=server-auth",
            f"--credentials={pki}/ec", f"--clock={clock}",
        ).refused()

    # Any later than the library itself.
    sentence = connect(seconds(datetime(2025, 1, 2)))
    (built,) = re.findall(
        r"it shows 2025-01-02, which is before this program was built \((.*?)\)", sentence
    )
    built = datetime.strptime(built, "%Y-%m-%d")
    linked = datetime.fromtimestamp(device.program.stat().st_mtime, timezone.utc)
    assert datetime(2026, 1, 1) < built <= linked.replace(tzinfo=None), built
    assert "the clock is not set" in connect(seconds(built) - 1)
    # That clock may be right: on to the network.
    assert "cannot connect to 127.0.0.1" in connect(seconds(built))


def test_clock_is_the_one_that_dates_are_checked_against(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"))
    # 2050-01-01
    sentence = connect(device, server, pki, "--clock=2524608000").refused()
    assert "clock says 2050-01-01" in sentence, sentence


def test_nobody_listens(device, pki):
    run = device.run(
        f"--peer=127.0.0.1:{free_port()}", "--mode=psk", f"--credentials={pki}/ec",
    )
    sentence = run.refused()
    assert sentence.startswith("cannot connect to ") and "nobody listens there" in sentence


def test_no_such_host(device, pki):
    run = device.run("--peer=no-such-host.invalid:4433", "--mode=psk", f"--credentials={pki}/ec")
    assert "cannot resolve no-such-host.invalid" in run.refused()


def test_peer_that_speaks_something_else(device, pki):
    def http(connection):
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with TcpServer(http) as server:
        sentence = connect(device, server, pki).refused()
    assert "does not speak TLS" in sentence, sentence


def test_peer_that_hangs_up(device, pki):
    with TcpServer(lambda connection: connection.recv(1024)) as server:
        sentence = connect(device, server, pki).refused()
    assert "closed the connection during the handshake" in sentence, sentence


@pytest.mark.parametrize("mode", ["psk", "server-auth"])
def test_peer_that_says_nothing(device, pki, mode):
    with TcpServer(lambda connection: time.sleep(20)) as server:
        started = time.monotonic()
        sentence = connect(
            device, server, pki, "--handshake-timeout=700", mode=mode
        ).refused()
    assert "the handshake took longer than allowed" in sentence, sentence
    assert time.monotonic() - started < 10


def test_peer_that_says_a_byte_at_a_time(device, pki):
    def drip(connection):
        # The beginning of a record that never ends; each byte comes in time.
        for byte in b"\x16\x03\x03\x20\x00" + bytes(200):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with TcpServer(drip) as server:
        started = time.monotonic()
        sentence = connect(device, server, pki, "--handshake-timeout=1000").refused()
    assert "the handshake took longer than allowed" in sentence, sentence
    assert time.monotonic() - started < 10


def test_suite_that_the_peer_has_not(device, openssl, pki):
    server = openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", *certificate(pki, "ec"))
    sentence = connect(
        device, server, pki, "--tls=1.2", "--suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    ).refused()
    assert "handshake_failure (40)" in sentence, sentence


def test_suite_that_the_image_has_not(device, pki):
    run = device.run(
        f"--peer=127.0.0.1:{free_port()}", "--mode=psk", f"--credentials={pki}/ec", "--tls=1.2",
        "--suites=TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,"
        "TLS_PSK_WITH_AES_128_CCM_8",
    )
    assert "is not supported here" in run.refused()
