# SPDX-License-Identifier: Apache-2.0
"""The examples of examples/, on a device and on this computer."""

import subprocess

import pytest

from broker import Mosquitto
from conftest import APPLICATION, built
from peer import OpensslServer
from web import Nginx

EXAMPLES = sorted((APPLICATION / "examples").glob("*.rs"))


@pytest.fixture
def nginx(pki, tmp_path):
    server = Nginx(tmp_path, pki)
    yield server
    server.stop()


@pytest.fixture
def broker(pki, tmp_path):
    broker = Mosquitto(tmp_path, pki / "ec")
    yield broker
    broker.stop()


@pytest.fixture
def echo(pki):
    directory = pki / "ec"
    server = OpensslServer(
        "-nocert", "-psk", (directory / "psk.hex").read_text(),
        "-psk_identity", (directory / "psk-identity.txt").read_text(),
    )
    yield server
    server.stop()


def computed(name, *arguments):
    """What one printed on this computer."""
    program = built(f"--example={name}")
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_they_are_short(path):
    assert len(path.read_text().splitlines()) < 60


def test_https_get(device, nginx, pki):
    output = device.run(
        nginx.peer, "--mode=server-auth", f"--credentials={pki}/ec", "--path=/text",
        "--job=example-https-get",
    ).succeeded()
    assert "12 bytes: what is here" in output, output
    ca = pki / "ec" / "ca.pem"
    assert "what is here" in computed("https_get", ca, "localhost", nginx.port, "/text")
    hosts = [one["host"] for one in nginx.posts(2)]
    assert hosts == [f"127.0.0.1:{nginx.port}", f"localhost:{nginx.port}"]


def test_https_get_of_what_is_not_there(device, nginx, pki):
    run = device.run(
        nginx.peer, "--mode=server-auth", f"--credentials={pki}/ec", "--path=/missing",
        "--job=example-https-get",
    )
    assert "status 404" in run.refused()


def test_raw_echo(device, echo, pki):
    output = device.run(
        echo.peer, "--mode=psk", f"--credentials={pki}/ec", "--job=example-raw-echo",
    ).succeeded()
    assert "came back: true" in output, output
    key = pki / "ec" / "psk.hex"
    identity = (pki / "ec" / "psk-identity.txt").read_text()
    assert "came back: true" in computed("raw_echo", key, identity, "localhost", echo.port, "hello")


def test_mqtt_publish(device, broker, pki):
    # Of the certificate of client-1, under whose topics alone it may publish.
    topic = "devices/client-1/example"
    watcher = broker.subscriber("watcher", topic)
    output = device.run(
        broker.peer("mutual"), "--mode=mutual", f"--credentials={pki}/ec", "--name=client-1",
        "--text=hello", "--job=example-mqtt-publish",
    ).succeeded()
    assert "the broker has it" in output, output
    port = broker.ports["mutual"]
    computed("mqtt_publish", pki / "ec", "localhost", port, topic, "good day")
    assert watcher.end(count=2) == [[topic, "hello"], [topic, "good day"]]


def test_mqtt_publish_without_the_right_to(device, broker, pki):
    run = device.run(
        broker.peer("mutual"), "--mode=mutual", f"--credentials={pki}/ec", "--name=client-3",
        "--job=example-mqtt-publish",
    )
    assert "not authorized" in run.refused()
