# SPDX-License-Identifier: Apache-2.0
"""What a client does on its connection."""

import json
import time

from peer import OpensslServer
from test_handshakes import certificate


class Overheard(OpensslServer):
    """An echo server that keeps what it got."""

    def __init__(self, *arguments):
        self.got = bytearray()
        super().__init__(*arguments)

    def _echo(self):
        while data := self.process.stdout.read1(4096):
            self.got += data
            self.process.stdin.write(data)
            self.process.stdin.flush()


def test_readings_of_the_sensor(device, pki):
    server = Overheard(*certificate(pki, "ec"))
    began = int(time.time())
    try:
        run = device.run(
            server.peer, "--mode=server-auth", f"--credentials={pki}/ec",
            "--server-name=device.test", "--job=readings", "--messages=50",
        )
    finally:
        server.stop()
    assert "50 messages sent, 50 came back" in run.succeeded()
    packs = [json.loads(line) for line in server.got.decode().splitlines()]
    assert len(packs) == 50
    records = [record for pack in packs for record in pack]
    assert [record["seq"] for record in records] == list(range(1, 101))
    assert {(record["n"], record["u"]) for record in records} == {
        ("temperature", "Cel"), ("humidity", "%RH"),
    }
    assert all(began - 2 <= record["t"] <= time.time() + 2 for record in records)
    temperatures = [record["v"] for record in records if record["n"] == "temperature"]
    # The simulated sensor's steps, down as well, and from below zero.
    assert temperatures[:4] == [-0.375, 0.25, 0.875, 1.5], temperatures
    assert max(temperatures) == 24 and temperatures[-1] == 17.75, temperatures


def test_without_a_clock_no_time_is_made_up(device, pki):
    server = Overheard(
        "-nocert", "-psk", (pki / "ec" / "psk.hex").read_text(),
        "-psk_identity", (pki / "ec" / "psk-identity.txt").read_text(),
    )
    try:
        device.run(
            server.peer, "--mode=psk", f"--credentials={pki}/ec", "--job=readings",
            "--clock=unset", "--messages=1",
        ).succeeded()
    finally:
        server.stop()
    for record in json.loads(server.got):
        assert set(record) == {"n", "u", "v", "seq"}, record


def test_no_such_job(device, pki):
    run = device.run("--mode=psk", f"--credentials={pki}/ec", "--job=dishes")
    sentence = run.refused()
    assert "--job cannot be \"dishes\"" in sentence and "readings" in sentence, sentence
