# SPDX-License-Identifier: Apache-2.0
"""How much of each stack and heap is used: in every mode and role, and under the longest
chain that Mbed TLS takes. With MEMORY_TABLE in the environment the figures of docs/memory.md
are written to that file."""

import os
import re
import subprocess
from collections import defaultdict

import pytest

from conftest import cargo
from peer import Gate
from revocation import GOOD
from test_handshakes import VERSIONS, certificate

# What is to be left of a stack: zephyr/Kconfig.defaults and docs/memory.md say so.
SPARE = 1024

USED = re.compile(r"^memory: (?:stack of )?(.+?) (\d+) of (\d+) bytes$", re.MULTILINE)
# What an image of one mode with certificates has by default, whatever this one has.
DEFAULTS = {"main": 20480, "serve": 12288}
EVERY = [(kind, version) for kind in ("ec", "rsa") for version in VERSIONS]


@pytest.fixture(scope="session")
def chains(tmp_path_factory):
    """Chains of a leaf and eight intermediates, with their revocation lists: ec/ and rsa/."""
    directory = tmp_path_factory.mktemp("chains")
    for kind, key in [("ec", "p256"), ("rsa", "rsa2048")]:
        cargo(
            "run", "--quiet", "--locked", "--package=test-pki", "--example=long-chain", "--",
            str(directory / kind), key,
        )
    return directory


@pytest.fixture(scope="session")
def figures(kconfig):
    """What each case came to; written down at the end if that is asked for."""
    found = defaultdict(dict)
    yield found
    path = os.environ.get("MEMORY_TABLE")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            for case, used in found.items():
                file.write(f"{case}\t{used}\n")


@pytest.fixture
def measured(figures, kconfig, request):
    """Checks what a device has said of its memory."""

    def check(output, *threads):
        used = {}
        for name, most, size in USED.findall(output):
            used[name] = max(used.get(name, (0,))[0], int(most)), int(size)
        figures[request.node.name] = used
        for name in threads:
            most, _ = used[name]
            size = DEFAULTS[name]
            used[name] = most, size
            print(f"{name}: {most} of {size}")
            assert size - most >= SPARE, f"{name} used {most} of {size}"

    return check


def client(device, server, mode, version, credentials, *arguments):
    return device.run(
        server.peer, f"--mode={mode}", f"--tls={version}", f"--credentials={credentials}",
        *([] if mode == "psk" else ["--server-name=device.test"]), *arguments,
    ).succeeded()


def verifies(directory, kind):
    return ["-Verify", "10", "-verify_return_error", "-CAfile", f"{directory}/{kind}/ca.pem"]


@pytest.mark.parametrize("version", VERSIONS)
def test_client_psk(device, openssl, pki, version, measured):
    key = (pki / "ec" / "psk.hex").read_text()
    identity = (pki / "ec" / "psk-identity.txt").read_text()
    server = openssl(VERSIONS[version], "-nocert", "-psk", key, "-psk_identity", identity)
    measured(client(device, server, "psk", version, pki / "ec"), "main")


@pytest.mark.parametrize("kind, version", EVERY)
def test_client_server_auth(device, openssl, pki, kind, version, measured):
    server = openssl(VERSIONS[version], *certificate(pki, kind))
    measured(client(device, server, "server-auth", version, pki / kind), "main")


@pytest.mark.parametrize("kind, version", EVERY)
def test_client_mutual(device, openssl, pki, kind, version, measured):
    server = openssl(VERSIONS[version], *certificate(pki, kind), *verifies(pki, kind))
    measured(client(device, server, "mutual", version, pki / kind), "main")


@pytest.mark.parametrize("kind, version", EVERY)
def test_client_longest_chain(device, openssl, chains, kind, version, measured):
    server = openssl(VERSIONS[version], *certificate(chains, kind), *verifies(chains, kind))
    measured(client(device, server, "mutual", version, chains / kind / "short"), "main")


@pytest.mark.parametrize("kind, version", EVERY)
def test_client_longest_chain_crl(device, openssl, chains, kind, version, measured):
    server = openssl(VERSIONS[version], *certificate(chains, kind), *verifies(chains, kind))
    lists = f"--crl={chains}/{kind}/crl.pem"
    measured(client(device, server, "mutual", version, chains / kind / "short", lists), "main")


@pytest.mark.parametrize("kind, version", EVERY)
def test_client_ocsp(device, openssl, ocsp, pki, kind, version, measured):
    server = openssl(VERSIONS[version], *certificate(pki, kind), *verifies(pki, kind))
    responder = ocsp("server", GOOD, kind)
    output = client(
        device, server, "mutual", version, pki / kind, "--ocsp=required",
        f"--ocsp-responder={responder.url}",
    )
    measured(output, "main")


@pytest.fixture
def visit(host_program):
    """The host program as a client of a device."""

    def connect(server, mode, version, credentials):
        # In one go, more than a segment of a client's does not get to a server through the
        # Ethernet of QEMU's mps2 boards. A computer that builds images as well is slow to take one.
        with Gate(server.port, piece=1000, pause=0.1) as gate:
            command = [
                str(host_program), "connect", f"127.0.0.1:{gate.port}", "--mode", mode,
                "--tls", version, "--credentials", str(credentials),
                "--handshake-timeout", "50",
            ]
            if mode != "psk":
                command += ["--server-name", "device.test"]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stderr + server.output
        server.wait_for("memory: TLS heap")
        return server.output

    return connect


@pytest.mark.parametrize("version", VERSIONS)
def test_server_psk(serve, visit, pki, version, measured):
    server = serve("--mode=psk", f"--tls={version}", f"--credentials={pki}/ec")
    measured(visit(server, "psk", version, pki / "ec"), "main", "serve")


@pytest.mark.parametrize("kind, version", EVERY)
def test_server_server_auth(serve, visit, pki, kind, version, measured):
    server = serve("--mode=server-auth", f"--tls={version}", f"--credentials={pki}/{kind}")
    measured(visit(server, "server-auth", version, pki / kind), "main", "serve")


@pytest.mark.parametrize("kind, version", EVERY)
def test_server_mutual(serve, visit, pki, kind, version, measured):
    server = serve("--mode=mutual", f"--tls={version}", f"--credentials={pki}/{kind}")
    measured(visit(server, "mutual", version, pki / kind), "main", "serve")


@pytest.mark.parametrize("kind, version", EVERY)
def test_server_longest_chain(serve, visit, chains, kind, version, measured):
    server = serve("--mode=mutual", f"--tls={version}", f"--credentials={chains}/{kind}/short")
    measured(visit(server, "mutual", version, chains / kind), "main", "serve")


@pytest.mark.parametrize("kind, version", EVERY)
def test_server_longest_chain_crl(serve, visit, chains, kind, version, measured):
    server = serve(
        "--mode=mutual", f"--tls={version}", f"--credentials={chains}/{kind}/short",
        f"--crl={chains}/{kind}/crl.pem",
    )
    measured(visit(server, "mutual", version, chains / kind), "main", "serve")


@pytest.mark.parametrize("kind, version", EVERY)
def test_server_ocsp(serve, visit, ocsp, pki, kind, version, measured):
    responder = ocsp("client", GOOD, kind)
    server = serve(
        "--mode=mutual", f"--tls={version}", f"--credentials={pki}/{kind}", "--ocsp=required",
        f"--ocsp-responder={responder.url}",
    )
    measured(visit(server, "mutual", version, pki / kind), "main", "serve")
