# SPDX-License-Identifier: Apache-2.0
"""Mbed TLS's heap runs out: it is said as that, and not as a fault of the peer's."""

import ssl

import pytest

from server import TlsClient
from test_handshakes import VERSIONS, certificate


@pytest.mark.parametrize("version", VERSIONS)
def test_client(device, openssl, pki, version):
    server = openssl(VERSIONS[version], *certificate(pki, "ec"))
    arguments = [
        server.peer, "--mode=server-auth", f"--tls={version}", f"--credentials={pki}/ec",
        "--server-name=device.test",
    ]
    assert "5 came back" in device.run(*arguments, "--tls-heap=100000").succeeded()
    # Before the handshake, and in the midst of it.
    for left in (2000, 8000, 36000, 38000, 40000):
        sentence = device.run(*arguments, f"--tls-heap={left}").refused()
        assert "out of memory" in sentence, sentence
        assert "MBEDTLS_HEAP_SIZE" in sentence, sentence


def test_more_than_there_is(device):
    run = device.run("--mode=psk", "--tls-heap=100000000")
    assert "CONFIG_MBEDTLS_HEAP_SIZE" in run.refused()


def test_server(serve, pki):
    server = serve("--mode=mutual", f"--credentials={pki}/ec", "--tls-heap=120000")
    # In TLS 1.3 a client is done before the server is, and hears of its lack later.
    client = TlsClient(server, f"{pki}/ec", version=ssl.TLSVersion.TLSv1_2)
    client.exchange()
    held = []
    # Connections that stay open, until there is no room for another.
    for _ in range(12):
        try:
            held.append(client.connect()[0])
        except OSError:
            break
    assert 0 < len(held) < 12, len(held)
    server.wait_for("out of memory")
    # Those that have theirs go on...
    for connection in held:
        connection.sendall(b"still here")
        assert connection.recv(4096) == b"still here"
    # ...and once they are gone there is room again.
    for connection in held:
        connection.unwrap()
        connection.close()
    server.wait_for_so_many(1 + len(held), "closed in order")
    client.exchange()
