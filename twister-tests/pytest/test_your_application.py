# SPDX-License-Identifier: Apache-2.0
"""examples/zephyr: an application of somebody's own, which has this repository as a module. It
takes no arguments, and does not end: whom it asks is in its Kconfig, and what it says is the
test."""

import time

import pytest

from conftest import APPLICATION
from device import Device
from peer import OpensslServer, listens
from running import Running
from sntp import SntpServer
from test_handshakes import certificate

# Where the default of CONFIG_EXAMPLE_CA_FILE has them.
CREDENTIALS = APPLICATION / "credentials"


@pytest.fixture(scope="session")
def program(build_dir):
    return Device(build_dir / "zephyr" / "zephyr.exe")


def when_free(start):
    """Starts a server, whose port another run of these tests may have on this computer."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return start()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


@pytest.fixture
def clock(kconfig):
    host, port = kconfig["EXAMPLE_SNTP_SERVERS"].split(":")
    assert host == "127.0.0.1"
    server = when_free(lambda: SntpServer(port=int(port)))
    yield server
    server.stop()


@pytest.fixture
def said(program, kconfig, clock):
    """What the application says to a server that shows this certificate, up to `pattern`."""
    started = []

    def run(leaf, pattern):
        certificates = certificate(CREDENTIALS, "ec", leaf)
        port = int(kconfig["EXAMPLE_PORT"])

        def server():
            if listens(port):
                raise OSError(f"port {port} is taken")
            return OpensslServer(*certificates, port=port)

        started.append(when_free(server))
        started.append(Running(program, program.command()))
        started[-1].wait_for(pattern)
        return started[-1].output

    yield run
    for one in reversed(started):
        one.stop()


def test_a_line_there_and_back(said):
    output = said("server", r"came back: \w+\n")
    assert "TLS 1.3 with O=Secure Sockets test PKI,CN=Test server (EC)" in output, output
    assert output.endswith("came back: true\n") and "error" not in output, output


def test_a_server_of_another_name(said):
    output = said("wrong-name", "error: .*\n")
    assert "error: refused the server's certificate: " in output, output
    assert "it is not for device.test but for elsewhere.test" in output, output
    assert "came back" not in output, output


def test_nobody_listens(program, kconfig, clock):
    running = Running(program, program.command())
    running.wait_for("error: .*\n")
    running.stop()
    words = f"cannot connect to 127.0.0.1:{kconfig['EXAMPLE_PORT']}: connection refused"
    assert words in running.output, running.output


def test_it_has_nothing_of_the_application_of_this_repository(kconfig, program):
    assert kconfig["SECURE_SOCKETS"] == "y"
    for symbol in ("APPLICATION", "HOSTED", "LINK", "JOB_ECHO", "WITH_SERVER"):
        assert kconfig.get(f"SECURE_SOCKETS_{symbol}") != "y", symbol
    # Of those it would take the command line.
    assert "credentials" not in program.options()
