# SPDX-License-Identifier: Apache-2.0
"""The firmware under test, its credentials, and its peers."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from cases import Written
from device import Device
from peer import OpensslServer
from qemu import Qemu
from revocation import OcspResponder
from running import Running
from server import DeviceServer
from web import Nginx

APPLICATION = Path(__file__).resolve().parents[2]

# Settings for Zephyr's build of core, which would break a build for this computer, and for its
# bindgen, with which Mbed TLS would be bound and built anew.
ZEPHYR_RUST = (
    "RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP", "CARGO_UNSTABLE_BUILD_STD", "BINDGEN_EXTRA_CLANG_ARGS",
)


@pytest.fixture(scope="session")
def build_dir(twister_harness_config):
    return Path(twister_harness_config.devices[0].build_dir)


@pytest.fixture(scope="session")
def kconfig(build_dir):
    """The symbols that the image was built with."""
    symbols = {}
    for line in (build_dir / "zephyr" / ".config").read_text().splitlines():
        if line.startswith("CONFIG_"):
            name, value = line.split("=", 1)
            symbols[name.removeprefix("CONFIG_")] = value.strip('"')
    return symbols


@pytest.fixture(scope="session")
def device(build_dir, kconfig):
    if kconfig.get("QEMU_TARGET") == "y":
        return Qemu(build_dir, kconfig["BOARD_TARGET"])
    return Device(build_dir / "zephyr" / "zephyr.exe")


def cargo(*arguments, **options):
    """Cargo, for this computer."""
    environment = {name: value for name, value in os.environ.items() if name not in ZEPHYR_RUST}
    return subprocess.run(
        ["cargo", *arguments],
        cwd=APPLICATION,
        env=environment,
        check=True,
        timeout=1200,
        **options,
    )


def built(*target):
    """A program for this computer, built."""
    done = cargo(
        "build", "--quiet", "--locked", "--message-format=json", *target,
        stdout=subprocess.PIPE, text=True,
    )
    messages = map(json.loads, done.stdout.splitlines())
    (program,) = [message["executable"] for message in messages if message.get("executable")]
    return Path(program)


@pytest.fixture(scope="session")
def host_program():
    """The host program."""
    return built("--bin=secure-sockets")


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The cases of tests/trust-cases on disk, made by test-pki."""
    program = built("--package=test-pki", "--bin=trust-cases")
    written = Written(program, tmp_path_factory.mktemp("cases") / "cases")
    yield written
    written.close()


@pytest.fixture(scope="session")
def pki(build_dir, tmp_path_factory):
    """The test PKI, made by the host program: ec/ and rsa/."""
    compiled_in = build_dir / "credentials"
    if compiled_in.is_dir():
        return compiled_in
    directory = tmp_path_factory.mktemp("credentials") / "pki"
    cargo("run", "--quiet", "--locked", "--", "pki", str(directory))
    return directory


@pytest.fixture
def openssl():
    """Starts `openssl s_server`; what was started ends with the test."""
    started = []

    def start(*arguments, **options):
        server = OpensslServer(*arguments, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def ocsp(pki, tmp_path):
    """Starts OCSP responders; what was started ends with the test."""
    started = []

    def start(leaf, status, kind="ec"):
        responder = OcspResponder(tmp_path, pki, leaf, status, kind)
        started.append(responder)
        return responder

    yield start
    for responder in started:
        responder.stop()


@pytest.fixture
def start(device):
    """Starts the firmware as a client; what was started ends with the test."""
    started = []

    def begin(*arguments, **options):
        running = Running(device, device.command("--role=client", *arguments, **options))
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
def serve(device):
    """Starts the firmware as a server; what was started ends with the test."""
    started = []

    def start(*arguments, **options):
        server = DeviceServer(device, *arguments, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def nginx(pki, tmp_path):
    """Starts nginx; what was started ends with the test."""
    started = []

    def start(more=""):
        server = Nginx(tmp_path, pki, more)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
