# SPDX-License-Identifier: Apache-2.0
"""A device that does at once all that it can: it has its address by DHCP, and a DNS server from
there; it publishes, asks an OCSP responder at each connection, and asks for the time meanwhile.

How many sockets there are is a board's default here; the image of all modes has more.
"""

import re
import time

import pytest

from broker import Mosquitto
from revocation import GOOD
from sntp import SntpServer, answer

RESTARTS = 5
# What Rust's heap has by default on a board (kconfig/Kconfig.defaults); here, with
# CONFIG_SECURE_SOCKETS_HOSTED, it has more.
HEAP = 36864


@pytest.fixture
def broker(pki, tmp_path):
    broker = Mosquitto(tmp_path, pki / "rsa")
    yield broker
    broker.stop()


@pytest.fixture
def clock():
    """Right once, and silent from then on: whoever asks has a socket open while it waits."""
    server = SntpServer(lambda request, count: answer(request, time.time()) if count == 1 else None)
    yield server
    server.stop()


def test_everything_at_once(start, broker, clock, ocsp, pki):
    responder = ocsp("server", GOOD, "rsa")
    running = start(
        broker.peer("mutual"), f"--credentials={pki}/rsa", "--server-name=device.test",
        "--name=client-1", f"--ocsp-responder={responder.url}", f"--sntp={clock.address}",
        "--sntp-interval=1", "--interval=100", f"--readings={20 * (RESTARTS + 1)}",
        "--first-wait=100", "--longest-wait=500",
    )
    for _ in range(RESTARTS):
        published = broker.log.count("Received PUBLISH from client-1")
        broker.wait_for("Received PUBLISH from client-1", published + 20, within=60)
        broker.kill()
        broker.start()
    status, output = running.ended(120), running.output
    assert status == 0, output
    assert re.search(r"Received: 10\.0\.2\.\d+", output), "its address by DHCP"
    assert len(clock.requests) > 1, "asked again, with no answer"
    assert "could not be fetched" not in output and "out of memory" not in output, output
    assert f"{20 * (RESTARTS + 1)} delivered, 0 dropped, 0 refused" in output, output
    (used,) = re.findall(r"^memory: malloc heap (\d+) of", output, re.MULTILINE)
    assert int(used) < HEAP, output
    # A nonce is demanded, so that no answer is kept. It was asked, too, where the broker was
    # killed before there was an MQTT session.
    assert output.count("connected to the broker") == RESTARTS + 1, output
    assert responder.asked() >= RESTARTS + 1, output
