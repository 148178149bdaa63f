# SPDX-License-Identifier: Apache-2.0
"""What comes after the handshake: both directions at once, and the end, be it an orderly one
or one that somebody cut."""

import ssl

import pytest

from peer import CuttingProxy, SmallEcho
from test_handshakes import certificate


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_one_thread_sends_and_another_receives(device, kconfig, pki, version):
    # Far more than there is room for on the way: whoever sends has to wait for whoever
    # receives. What is emulated has less room, and is slower.
    count = 800 if kconfig.get("QEMU_TARGET") == "y" else 6000
    with SmallEcho(f"{pki}/ec", getattr(ssl.TLSVersion, f"TLSv{version.replace('.', '_')}")) as peer:
        run = device.run(
            peer.peer, "--mode=server-auth", f"--credentials={pki}/ec",
            "--server-name=device.test", "--job=duplex", f"--messages={count}", f"--text={'x' * 1000}",
        )
    assert f"{count} messages sent, {count} came back" in run.succeeded()


def test_a_peer_that_takes_nothing_is_given_up(device, pki):
    with SmallEcho(f"{pki}/ec", ssl.TLSVersion.TLSv1_3, takes=False) as peer:
        run = device.run(
            peer.peer, "--mode=server-auth", f"--credentials={pki}/ec",
            "--server-name=device.test", "--job=duplex", "--messages=10000", f"--text={'x' * 1000}",
            "--io-timeout=500",
        )
    assert "no data could be moved in the time allowed" in run.refused()


def test_a_cut_is_no_end(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"), echo=False)
    # The handshake of a client in mode 2 is far shorter than this; the messages are
    # sent and never answered, and then the line is dead.
    with CuttingProxy(server.port, after=1200) as proxy:
        run = device.run(
            proxy.peer, "--mode=server-auth", f"--credentials={pki}/ec",
            "--server-name=device.test", f"--text={'x' * 900}",
        )
    sentence = run.refused()
    assert "without close_notify" in sentence, sentence


def test_many_messages(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"))
    run = device.run(
        server.peer, "--mode=server-auth", f"--credentials={pki}/ec", "--messages=200",
    )
    assert "200 messages sent, 200 came back" in run.succeeded()


def test_a_peer_that_is_no_echo_server(device, openssl, pki):
    # -rev sends each line back in reverse.
    server = openssl(*certificate(pki, "ec"), "-rev", echo=False)
    run = device.run(server.peer, "--mode=server-auth", f"--credentials={pki}/ec")
    assert "message 1 came back as another" in run.refused()


def test_a_peer_that_never_answers_is_given_up(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"), echo=False)
    run = device.run(
        server.peer, "--mode=server-auth", f"--credentials={pki}/ec", "--io-timeout=500",
    )
    assert "no data could be moved in the time allowed" in run.refused()
