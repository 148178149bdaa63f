# SPDX-License-Identifier: Apache-2.0
"""A device as a client of mosquitto, whose own clients watch and command it."""

import json
import re
import time

import pytest

from broker import Mosquitto

NAME = "client-1"
TOPIC = f"devices/{NAME}"


@pytest.fixture
def broker(pki, tmp_path):
    broker = Mosquitto(tmp_path, pki / "ec")
    yield broker
    broker.stop()


def arguments(broker, pki, mode, *more, name=NAME):
    return [
        broker.peer(mode), f"--mode={mode}", f"--credentials={pki}/ec", "--job=mqtt",
        "--server-name=device.test", f"--name={name}", "--first-wait=50",
        "--longest-wait=200", *more,
    ]


def records(messages):
    """What the readings among these messages say."""
    packs = [json.loads(payload) for topic, payload in messages if topic == f"{TOPIC}/readings"]
    return [record for pack in packs for record in pack]


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("mode", ["psk", "server-auth", "mutual"])
def test_publishes_and_obeys(device, broker, pki, mode, tls):
    watcher = broker.subscriber("watcher", f"{TOPIC}/#")
    # At one a minute the readings would take two.
    broker.publish(f"{TOPIC}/commands", "interval 20", "-r")
    output = device.run(
        *arguments(broker, pki, mode, f"--tls={tls}", "--interval=60000", "--readings=3"),
    ).succeeded()
    assert f"TLS {tls}, full TLS handshake" in output and "MQTT session new" in output, output
    assert "3 readings: 3 delivered, 0 dropped, 0 refused" in output, output
    messages = watcher.end()
    numbers = [record["seq"] for record in records(messages)]
    assert numbers == list(range(1, 7)), messages
    assert [f"{TOPIC}/replies", "ok: a reading every 20 ms"] in messages
    status = [payload for topic, payload in messages if topic == f"{TOPIC}/status"]
    # A board that is switched off at once may not have sent its DISCONNECT: then its last will
    # says it once more.
    assert status in (["online", "offline"], ["online", "offline", "offline"])


def test_refuses_what_it_cannot_do(device, broker, pki):
    watcher = broker.subscriber("watcher", f"{TOPIC}/replies")
    broker.publish(f"{TOPIC}/commands", "reboot", "-r")
    output = device.run(
        *arguments(broker, pki, "server-auth", "--interval=300", "--readings=2"),
    ).succeeded()
    assert "command refused: no such command" in output, output
    ((_, reply),) = watcher.end()
    assert reply.startswith("error: no such command; there are: interval"), reply


def test_has_the_rights_of_its_certificate(device, broker, pki):
    output = device.run(
        *arguments(broker, pki, "mutual", "--interval=20", "--readings=2", name="client-2"),
    ).succeeded()
    # Mosquitto 2.0.11 hangs up after it has said so.
    assert "the broker refused a message: not authorized (reason 0x87)" in output, output
    assert "2 readings: 0 delivered, 0 dropped, 2 refused" in output, output


def test_gives_up_when_it_is_told_to(device, broker, pki):
    began = time.monotonic()
    refusal = device.run(
        broker.peer("server-auth"), "--mode=server-auth", f"--credentials={pki}/ec",
        "--job=mqtt", "--server-name=other.test", "--attempts=2", "--first-wait=1",
        "--longest-wait=500",
    ).refused()
    assert "it is not for other.test" in refusal, refusal
    # What somebody has to mend is not tried again soon.
    assert time.monotonic() - began > 0.25


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_comes_back_with_both_sessions(start, broker, pki, tls):
    """A client with its name takes the session over, and leaves."""
    running = start(
        *arguments(broker, pki, "mutual", f"--tls={tls}", "--interval=50", "--readings=40",
                   "--resume=1"),
    )
    broker.wait_for(f"Received PUBLISH from {NAME}", 3)
    broker.publish("elsewhere", "x", "-i", NAME, "-V", "5", "-c", "-x", "60")
    status, output = running.ended(60), running.output
    assert status == 0, output
    assert output.count("no connection to the broker: ") == 1, output
    assert "TLS session resumed" in output and "MQTT session kept" in output, output
    assert "40 readings: 40 delivered" in output, output
    assert "2 connections, 1 with a TLS session resumed, 1 with an MQTT session kept" in output


def test_notices_a_broker_that_dies_while_nothing_is_said(start, broker, pki):
    """Zephyr's poll() did not return where a stream was cut, and took all of the processor."""
    running = start(*arguments(broker, pki, "mutual", "--interval=600000", "--readings=2"))
    broker.wait_for(f"Sending SUBACK to {NAME}")
    broker.save()
    broker.kill()
    time.sleep(1)
    broker.start()
    broker.wait_for(f"as {NAME}", 2, within=10)
    broker.publish(f"{TOPIC}/commands", "interval 20")
    status, output = running.ended(60), running.output
    assert status == 0, output
    assert "somebody may have cut it" in output and "2 readings: 2 delivered" in output, output


def growth(output):
    """By how many bytes Mbed TLS's heap grew, and the C library's, which Rust's allocations
    are in, and on native_sim those of this computer's libraries too."""
    at = {
        when: (int(tls), int(c))
        for when, tls, c in re.findall(
            r"memory at the (start|end): TLS heap (\d+) bytes, C heap (\d+) bytes", output
        )
    }
    return tuple(end - start for start, end in zip(at["start"], at["end"]))


class Watcher:
    """A subscriber for each run of the broker, one after the other, with one session.

    It answers nothing: mosquitto_sub drops what it has yet to read when an answer can no
    longer be sent.
    """

    def __init__(self, broker):
        self.broker = broker
        self.got = []
        self.follow()

    def follow(self):
        self.subscriber = self.broker.subscriber("watcher", f"{TOPIC}/readings", qos=0)

    def collect(self):
        self.got += self.subscriber.end()


def test_loses_nothing_to_a_broker_that_is_killed_twenty_times(
    device, start, broker, pki, monkeypatch,
):
    """The broker is killed with no warning while the device publishes 2,000 readings.

    Mosquitto passes a message on to a watcher that is there before it acknowledges it,
    and knows after a restart what it had saved: whose sessions it keeps.
    """
    # What this computer's libc keeps in hand for each thread counts as in use.
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")

    def command(*more):
        return arguments(broker, pki, "mutual", "--keep-session=3600", *more)

    watcher = Watcher(broker)
    once = growth(device.run(*command("--readings=1")).succeeded())
    broker.save()
    watcher.collect()
    watcher.got.clear()
    watcher.follow()
    running = start(
        *command("--readings=2000", "--interval=10", "--queue=500", "--when-full=stop"),
    )
    for times in range(1, 21):
        published = broker.log.count(f"Received PUBLISH from {NAME}")
        broker.wait_for(f"Received PUBLISH from {NAME}", published + 30)
        broker.kill()
        watcher.collect()
        assert running.process.poll() is None, f"it ended after {times} restarts"
        broker.start()
        watcher.follow()
    status, output = running.ended(120), running.output
    assert status == 0, output
    watcher.collect()

    summary = re.search(r"2000 readings: .*", output)[0]
    print(summary)
    assert "2000 delivered, 0 dropped, 0 refused" in summary
    assert "21 connections" in summary and "21 with an MQTT session kept" in summary
    packs = [json.loads(payload)[0]["seq"] for _, payload in watcher.got]
    first = list(dict.fromkeys(packs))
    assert first == list(range(1, 4000, 2)), "all of them, in order"
    again, anew = map(int, re.search(r"(\d+) sent again, (\d+) sent anew", summary).groups())
    assert anew == 0, "the broker kept the session"
    twice = len(packs) - len(first)
    assert twice <= again, f"{twice} came twice, and {again} were sent again"
    print(f"{twice} came twice; heaps (TLS, C) grew by {growth(output)} bytes, with one "
          f"connection and one reading by {once}")
    assert growth(output)[0] == once[0] == 0, "Mbed TLS's heap ends where it began"
    # What a first connection leaves behind, once.
    assert growth(output)[1] <= once[1], "and so does the C library's"
