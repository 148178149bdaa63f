# SPDX-License-Identifier: Apache-2.0
"""The link comes late, or goes away while a device does its job again and again: it says
what it waits for, and comes back by itself."""

import re
import time

import pytest

from peer import Gate, free_port
from running import Cable
from server import TlsClient
from test_handshakes import certificate

DONE = "closed in order"
# Limits of a test's patience, and not a device's.
LIMITS = ["--handshake-timeout=4000", "--io-timeout=4000"]


@pytest.fixture
def job(openssl, pki):
    """A server, and what a device is told to have a job with it."""

    def arguments(port=None, peer=None, **options):
        server = openssl(*certificate(pki, "ec"), port=port, **options)
        return server, [
            peer or server.peer, "--mode=server-auth", f"--credentials={pki}/ec",
            "--server-name=device.test", *LIMITS,
        ]

    return arguments


def without_server(pki, port):
    return [
        f"--peer=127.0.0.1:{port}", "--mode=server-auth", f"--credentials={pki}/ec",
        "--server-name=device.test", *LIMITS,
    ]


def test_a_link_that_comes_late(device, job):
    _, arguments = job()
    output = device.run(*arguments, "--link-cut=0:3000").succeeded()
    waiting, there, done = map(
        output.index, ["waiting for the link, 1 s: no carrier", "the link is there", DONE]
    )
    assert waiting < there < done
    assert "waiting for the link, 5 s" not in output


def test_no_link(device, job):
    _, arguments = job()
    run = device.run(*arguments, "--link-cut=0:0", "--link-limit=3")
    assert run.refused().startswith("no link after 3 s: no carrier")
    assert "waiting for the link, 1 s of 3 s" in run.output


def test_a_server_waits_for_the_link_too(serve, pki):
    server = serve("--mode=server-auth", f"--credentials={pki}/ec", "--link-cut=0:2000")
    assert "waiting for the link, 1 s: no carrier" in server.output
    TlsClient(server, f"{pki}/ec", leaf=None).exchange()


def test_the_job_is_done_again_and_again(start, job):
    _, arguments = job()
    running = start(*arguments, "--repeat=1")
    running.wait_for_so_many(3, DONE)
    assert "again in 1.0 s" in running.output


def test_a_link_that_goes_away_and_comes_back(start, job):
    _, arguments = job()
    running = start(*arguments, "--repeat=1", "--link-cut=5000:8000")
    running.wait_for(DONE)
    running.wait_for("waiting for the link", within=40)
    before = running.output
    running.wait_for("the link is there", within=40)
    # Nothing is tried without one.
    waited = running.output[len(before) :].split("the link is there")[0]
    assert DONE not in waited and "again in" not in waited, waited
    running.wait_for_more(DONE)


def test_a_link_that_stays_away_is_not_the_end(start, job):
    _, arguments = job()
    running = start(*arguments, "--repeat=1", "--link-cut=4000:12000", "--link-limit=3")
    running.wait_for(DONE)
    running.wait_for("no link after 3 s: no carrier.*; again in", within=40)
    running.wait_for_more(DONE, within=60)


def test_pauses_grow_until_the_server_is_there(start, job, pki):
    port = free_port()
    running = start(*without_server(pki, port), "--repeat=1")
    running.wait_for_so_many(4, "again in", within=60)
    told = [float(pause) for pause in re.findall(r"again in ([0-9.]+) s", running.output)]
    for number, pause in enumerate(told[:4]):
        assert 2**number / 2 <= pause <= 2**number + 0.1, told
    job(port=port)
    running.wait_for(DONE, within=60)
    running.wait_for("again in 1.0 s")


def test_a_certificate_that_was_refused_is_tried_seldom(start, job):
    _, arguments = job()
    running = start(*arguments, "--server-name=other.test", "--repeat=1")
    pause = running.wait_for(r"it is not for other.test .*; again in (\d+) s, since")
    # CONFIG_SECURE_SOCKETS_RETRY_LONGEST_MS, of which the second half is left to chance.
    assert 150 <= int(pause[1]) <= 300


def test_what_no_other_try_could_mend_is_the_end(start, pki):
    running = start(*without_server(pki, 4433), "--repeat=1", "--messages=0")
    assert running.ended() != 0
    assert "error: 0 messages cannot be sent" in running.output
    assert "again in" not in running.output


# How many bytes a device has sent in a connection when its link goes away: some of the
# handshake's, or some of its messages' too.
STATES = {"in the handshake": 1, "in the transfer": 4000}


@pytest.mark.parametrize("state", STATES)
def test_peers_that_fall_silent(start, job, state):
    """As a link that is away without anybody being told."""
    server, arguments = job()
    with Gate(server.port, shut_after=STATES[state]) as gate:
        arguments[0] = gate.peer
        running = start(*arguments, "--messages=200", "--repeat=1")
        assert gate.shut.wait(20), running.output
        running.wait_for_more("again in", within=30)
        gate.open()
        running.wait_for_more(DONE, within=60)


@pytest.fixture
def cable(kconfig, tmp_path):
    if kconfig.get("QEMU_TARGET") != "y":
        pytest.skip("only QEMU has a cable to pull")
    return Cable(tmp_path / "monitor")


@pytest.mark.parametrize("state", [None, *STATES])
def test_the_cable_is_pulled(start, job, cable, state):
    """The driver does not tell: timeouts have to find it."""
    server, arguments = job()
    with Gate(server.port, shut_after=STATES.get(state)) as gate:
        arguments[0] = gate.peer
        running = start(*arguments, "--messages=200", "--repeat=1", cable=cable)
        if state:
            assert gate.shut.wait(20), running.output
        cable.pull()
        gate.open()
        # A whole try without it.
        running.wait_for_more("again in", within=60)
        running.wait_for_more("again in", within=60)
        assert DONE not in running.output
        cable.plug()
        running.wait_for_more(DONE, within=90)


def test_the_cable_of_a_server_is_pulled(serve, pki, cable):
    server = serve("--mode=server-auth", f"--credentials={pki}/ec", *LIMITS, cable=cable)
    client = TlsClient(server, f"{pki}/ec", leaf=None, timeout=5)
    client.exchange()
    held, _ = client.connect()
    cable.pull()
    with pytest.raises(OSError):
        client.exchange()
    # The one that was connected is given up.
    server.wait_for("no data could be moved in the time allowed", within=30)
    cable.plug()
    deadline = time.monotonic() + 60
    while True:
        try:
            client.exchange()
            break
        except OSError:
            assert time.monotonic() < deadline, server.output
    held.close()
