#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fleet of devices on one mosquitto in mode 3: how long until all are connected, and what
that costs the broker, with full handshakes and with resumed ones. docs/scale.md.

    scripts/fleet.py build/zephyr/zephyr.exe credentials/ec --devices 100 --chart fleet.svg
    scripts/fleet.py target/release/secure-sockets credentials/ec --host

Nothing but loopback is connected to, and all that it starts it ends.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "twister-tests" / "pytest"))
from broker import Broker as Mosquitto  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Broker(Mosquitto):
    """One with a listener in mode 3, and one that anybody may use."""

    def __init__(self, directory, pki):
        self.pki = pki
        super().__init__(directory, "plain", "mutual")

    def configuration(self):
        pki = self.pki
        return f"""\
log_type notice
listener {self.ports["plain"]} 127.0.0.1
allow_anonymous true
listener {self.ports["mutual"]} 127.0.0.1
cafile {pki}/ca.pem
certfile {pki}/server.pem
keyfile {pki}/server-key.pem
require_certificate true
use_identity_as_username true
"""

    def connected(self):
        """How often a device has connected so far."""
        return len(re.findall(r"as fleet-\d+ \(.*u'", self.log))

    def cpu(self):
        """Seconds of processor time so far, of user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def take_over(self, name):
        """Connects in its name, which ends the device's connection, and leaves."""
        text = name.encode()
        # MQTT 5 CONNECT: no clean start, a session of an hour (property 0x11).
        body = b"\x00\x04MQTT\x05\x00\x00\x0a\x05\x11\x00\x00\x0e\x10"
        body += bytes([0, len(text)]) + text
        with socket.create_connection(("127.0.0.1", self.ports["plain"]), 5) as connection:
            connection.sendall(bytes([0x10, len(body)]) + body)
            connection.recv(64)
            connection.sendall(b"\xe0\x00")


def command(args, broker, number, resume):
    name = f"fleet-{number}"
    if args.host:
        return [
            args.program, "mqtt", "device", f"127.0.0.1:{broker.ports['mutual']}", "--mode", "mutual",
            "--credentials", str(args.credentials), "--server-name", "device.test",
            "--name", name, "--interval", "600000", "--first-wait", str(args.first_wait),
            "--longest-wait", str(args.longest_wait), "--tls", args.tls,
            *(["--resume"] if resume else []),
        ]
    return [
        args.program, "--job=mqtt", "--role=client", f"--peer=127.0.0.1:{broker.ports['mutual']}",
        "--mode=mutual", f"--credentials={args.credentials}", "--server-name=device.test",
        f"--name={name}", "--interval=600000", f"--first-wait={args.first_wait}",
        f"--longest-wait={args.longest_wait}", f"--tls={args.tls}", f"--resume={int(resume)}",
    ]


def measure(args, broker, what, begin):
    """What it takes until all devices have connected once more after `begin()`."""
    before, cpu = broker.connected(), broker.cpu()
    at = time.monotonic()
    restarted = begin()
    if restarted:
        cpu = 0
    deadline = at + args.limit
    while broker.connected() < before + args.devices:
        if time.monotonic() > deadline:
            sys.exit(f"{what}: {broker.connected() - before} of {args.devices} after "
                     f"{args.limit} s: {broker.log[-2000:]}")
        time.sleep(0.01)
    seconds = time.monotonic() - at
    # The last handshakes' tickets, and the first messages.
    time.sleep(1)
    return {
        "what": what,
        "seconds": round(seconds, 2),
        "per_second": round(args.devices / seconds, 1),
        "broker_cpu_ms_each": round(1000 * (broker.cpu() - cpu) / args.devices, 2),
    }


def run(args, resume):
    """The three ways of a fleet to a broker."""
    results = []
    with tempfile.TemporaryDirectory() as place:
        broker = Broker(Path(place), args.credentials)
        devices, logs = [], []
        try:
            def start():
                for number in range(args.devices):
                    log = open(Path(place) / f"device-{number}", "wb")
                    logs.append(log)
                    devices.append(subprocess.Popen(
                        command(args, broker, number, resume),
                        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    ))

            def cut_off():
                for number in range(args.devices):
                    broker.take_over(f"fleet-{number}")

            def restart():
                broker.kill()
                time.sleep(1)
                broker.start()
                return True

            kind = "sessions resumed" if resume else "full handshakes"
            results.append(measure(args, broker, f"all at once, new ({kind})", start))
            broker.save()
            for _ in range(args.rounds):
                results.append(measure(args, broker, f"cut off, {kind}", cut_off))
            results.append(measure(args, broker, f"broker restarted ({kind})", restart))
        finally:
            for device in devices:
                device.kill()
            for device in devices:
                device.wait()
            for log in logs:
                log.close()
            broker.kill()
        said = "".join(
            (Path(place) / f"device-{number}").read_text(errors="replace")
            for number in range(args.devices)
        )
        full, again = said.count("full TLS handshake"), said.count("TLS session resumed")
        kept = said.count("MQTT session kept")
        print(f"{full} full handshakes, {again} resumed; {kept} times the broker had kept the "
              "session of MQTT", file=sys.stderr)
    return results


def best(results, what):
    return min((result for result in results if result["what"] == what),
               key=lambda result: result["broker_cpu_ms_each"])


def chart(args, rows):
    """Two bars for each way: seconds until all are there, and the broker's time for each."""
    width, left, bar, gap = 760, 250, 16, 14
    height = 70 + len(rows) * (2 * bar + gap + 6)
    most = max(row["seconds"] for row in rows)
    dearest = max(row["broker_cpu_ms_each"] for row in rows)
    room = width - left - 110
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        "<!-- SPDX-License-Identifier: Apache-2.0. Made by scripts/fleet.py. -->",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="24" font-size="15">{args.devices} devices on one mosquitto, mode 3, '
        f"TLS {args.tls}</text>",
        '<rect x="16" y="36" width="12" height="12" fill="#4878a8"/>'
        '<text x="34" y="47">seconds until all are connected</text>',
        '<rect x="270" y="36" width="12" height="12" fill="#d08a3c"/>'
        '<text x="288" y="47">broker, ms of processor time for each</text>',
    ]
    y = 64
    for row in rows:
        lines.append(f'<text x="16" y="{y + bar + 5}">{row["what"]}</text>')
        for value, largest, unit, color in (
            (row["seconds"], most, "s", "#4878a8"),
            (row["broker_cpu_ms_each"], dearest, "ms", "#d08a3c"),
        ):
            length = round(room * value / largest, 1)
            lines.append(f'<rect x="{left}" y="{y}" width="{length}" height="{bar}" '
                         f'fill="{color}"/><text x="{left + length + 6}" y="{y + 13}">'
                         f"{value} {unit}</text>")
            y += bar + 3
        y += gap
    args.chart.write_text("\n".join([*lines, "</svg>", ""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", help="zephyr.exe of native_sim with every mode")
    parser.add_argument("credentials", type=lambda path: Path(path).resolve())
    parser.add_argument("--host", action="store_true", help="the program is the host program")
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3, help="how often all are cut off")
    parser.add_argument("--tls", default="1.3", choices=["1.2", "1.3"])
    parser.add_argument("--first-wait", type=int, default=500)
    parser.add_argument("--longest-wait", type=int, default=4000)
    parser.add_argument("--limit", type=int, default=120, help="seconds for each step")
    parser.add_argument("--chart", type=Path, help="an SVG to write")
    args = parser.parse_args()
    if not 1 <= args.devices <= 1000:
        parser.error("--devices takes 1 to 1000")
    results = run(args, False) + run(args, True)
    rows = [best(results, what) for what in dict.fromkeys(r["what"] for r in results)]
    for row in rows:
        print(json.dumps(row))
    if args.chart:
        chart(args, rows)


main()
