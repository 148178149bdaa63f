# SPDX-License-Identifier: Apache-2.0
"""The firmware under test, its credentials, and its peers."""

import os
import subprocess
from pathlib import Path

import pytest

from device import Device
from peer import OpensslServer

APPLICATION = Path(__file__).resolve().parents[2]

# Settings for Zephyr's build of core, which would break a build for this computer.
ZEPHYR_RUST = ("RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP", "CARGO_UNSTABLE_BUILD_STD")


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
def device(build_dir):
    return Device(build_dir / "zephyr" / "zephyr.exe")


@pytest.fixture(scope="session")
def pki(build_dir, tmp_path_factory):
    """The test PKI, made by the host program: ec/ and rsa/."""
    compiled_in = build_dir / "credentials"
    if compiled_in.is_dir():
        return compiled_in
    directory = tmp_path_factory.mktemp("credentials") / "pki"
    environment = {name: value for name, value in os.environ.items() if name not in ZEPHYR_RUST}
    subprocess.run(
        ["cargo", "run", "--quiet", "--locked", "--", "pki", str(directory)],
        cwd=APPLICATION,
        env=environment,
        check=True,
        timeout=1200,
    )
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
