# SPDX-License-Identifier: Apache-2.0
"""The cases of tests/trust-cases: whom a device accepts, whom it refuses, and what it says."""

import re
import subprocess

import pytest

from cases import arguments, expression, names, sentences, shows
from test_server import echo_through


@pytest.fixture(scope="session")
def known():
    return sentences()


@pytest.fixture(scope="session")
def options(device):
    """The options that the image has."""
    return device.options()


@pytest.mark.parametrize("name", list(names()))
def test_case(device, openssl, serve, written, known, options, name):
    case = written.by_name[name]
    if case["dir"] is None:
        pytest.skip("a device cannot be put to it")
    command = list(arguments(case))
    for argument in command:
        option = argument.removeprefix("--").split("=")[0]
        if option not in options:
            pytest.skip(f"the image has no --{option}")
    run = {"client": as_client, "server": as_server}[case["by"]]
    accepted, said = run(case, command, device, openssl, serve)
    wanted = expression(case, known) if case["refused"] else None
    assert accepted == (wanted is None), f"{case['rule']}: {said}"
    if wanted:
        assert re.search(wanted, said, re.MULTILINE), f"{wanted}\n{case['rule']}: {said}"


def as_client(case, command, device, openssl, _):
    run = device.run(openssl(*shows(case)).peer, *command)
    if run.status == 0:
        return True, run.succeeded()
    return False, run.refused()


def as_server(case, command, _, __, serve):
    server = serve(*command, "--clients=1")
    client = [
        "openssl", "s_client", "-connect", server.address, "-quiet", "-no_ign_eof", *shows(case),
    ]
    if not case["refused"]:
        echo_through(client, "a case")
        return True, server.output
    subprocess.run(client, input="a case\n", text=True, capture_output=True, timeout=20, check=False)
    server.ended()
    return "closed in order" in server.output, server.output
