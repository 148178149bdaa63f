# SPDX-License-Identifier: Apache-2.0
"""An image of one mode: it does that mode, and has nothing in it that it does not need."""

import shutil
import subprocess

import pytest

from broker import Mosquitto
from revocation import crl
from test_handshakes import VERSIONS, certificate, finished
from test_https import mutual, readings
from test_stored import demanding, provisions


@pytest.fixture(scope="session")
def mode(kconfig):
    (chosen,) = [
        name
        for name in ("psk", "server-auth", "mutual")
        if kconfig.get(f"SECURE_SOCKETS_MODE_{name.upper().replace('-', '_')}") == "y"
    ]
    return chosen


@pytest.fixture(scope="session")
def symbols(build_dir):
    # The linked program: zephyr.elf is an object yet to be linked on native_sim.
    listing = subprocess.run(
        ["nm", str(build_dir / "zephyr" / "zephyr.exe")], check=True, capture_output=True, text=True
    )
    return {line.split()[-1] for line in listing.stdout.splitlines() if line}


@pytest.fixture(scope="session")
def credentials(kconfig, pki, tmp_path_factory):
    """The directory for --credentials; with a revocation list, if the image wants one."""
    if kconfig.get("SECURE_SOCKETS_CRL") != "y":
        return pki / "ec"
    directory = tmp_path_factory.mktemp("with-list")
    shutil.copytree(pki / "ec", directory, dirs_exist_ok=True)
    crl(directory, pki, "intermediate", ["client"]).rename(directory / "crl.pem")
    return directory


@pytest.fixture(scope="session")
def job(kconfig):
    (chosen,) = [
        name
        for name in ("echo", "https", "mqtt")
        if kconfig.get(f"SECURE_SOCKETS_JOB_{name.upper()}") == "y"
    ]
    return chosen


@pytest.fixture
def do_job(job, mode, device, openssl, nginx, pki, tmp_path):
    """Does the image's job with a server for it; `clients` is whom that lets in, in mode 3."""

    def echo(version, clients, *arguments):
        server = {
            "psk": [
                "-nocert",
                "-psk", (pki / "ec" / "psk.hex").read_text(),
                "-psk_identity", (pki / "ec" / "psk-identity.txt").read_text(),
            ],
            "server-auth": certificate(pki, "ec"),
            "mutual": [
                *certificate(pki, "ec"),
                "-Verify", "4", "-verify_return_error", "-CAfile", str(clients),
            ],
        }[mode]
        run = device.run(openssl(VERSIONS[version], *server).peer, *arguments)
        return finished(run, mode, version)

    def https(version, clients, *arguments):
        server = nginx(mutual(clients) if mode == "mutual" else "")
        output = device.run(
            server.peer, f"--tls={version}", "--server-name=device.test", "--path=/echo",
            "--interval=0", "--messages=2", "--connections=2", "--resume=1", *arguments,
        ).succeeded()
        assert "on 2 connections, of which 1 resumed a session" in output, output
        assert len(readings(server, 4)) == 8
        if mode == "mutual":
            assert all("CN=client-1" in post["client"] for post in server.posts(4))
        return output

    def mqtt(version, _, *arguments):
        broker = Mosquitto(tmp_path, pki / "ec")
        try:
            output = device.run(
                broker.peer(mode), f"--tls={version}", "--server-name=device.test",
                "--name=client-1", "--interval=20", "--readings=3", *arguments,
            ).succeeded()
        finally:
            broker.stop()
        assert "3 readings: 3 delivered, 0 dropped, 0 refused" in output, output
        return output

    return {"echo": echo, "https": https, "mqtt": mqtt}[job]


@pytest.mark.parametrize("version", VERSIONS)
def test_job(kconfig, do_job, pki, credentials, version):
    output = do_job(version, pki / "ec" / "ca.pem", f"--credentials={credentials}")
    asks = kconfig.get("SECURE_SOCKETS_OCSP_SOFT_FAIL") == "y"
    assert ("going on without an OCSP response" in output) == asks, output


# Parts of mangled names, and what they are the code of.
REVOCATION = {"WITH_CRL": "10revocation3crl4list", "WITH_OCSP": "10revocation4ocsp8response"}


@pytest.mark.parametrize("symbol", REVOCATION)
def test_only_what_is_asked_for_is_linked(kconfig, symbols, symbol):
    found = {name for name in symbols if REVOCATION[symbol] in name}
    assert bool(found) == (kconfig.get(f"SECURE_SOCKETS_{symbol}") == "y"), found


def test_revocation_by_kconfig(kconfig, device, openssl, job, pki, credentials, tmp_path):
    server = openssl(*certificate(pki, "ec"))
    arguments = [server.peer, "--server-name=device.test"]
    if job == "mqtt":
        arguments.append("--attempts=1")
    if kconfig.get("SECURE_SOCKETS_WITH_CRL") != "y":
        for argument, named in [
            ("--crl=any.pem", "SECURE_SOCKETS_CRL=y"),
            ("--ocsp=required", "SECURE_SOCKETS_OCSP_REQUIRED=y"),
        ]:
            sentence = device.run(*arguments, f"--credentials={credentials}", argument).refused()
            no_certificates = "none is checked in this mode"
            assert named in sentence or no_certificates in sentence, sentence
        return
    run = device.run(*arguments, f"--credentials={credentials}", "--ocsp=required")
    sentence = run.refused()
    assert "http://127.0.0.1:9/ could not be fetched" in sentence, sentence
    # Another list, in the directory this time.
    shutil.copytree(credentials, tmp_path, dirs_exist_ok=True)
    crl(tmp_path, pki, "intermediate", ["server"], name="bad").rename(tmp_path / "crl.pem")
    sentence = device.run(*arguments, f"--credentials={tmp_path}").refused()
    assert "its issuer revoked it" in sentence, sentence
    (tmp_path / "crl.pem").unlink()
    sentence = device.run(*arguments, f"--credentials={tmp_path}").refused()
    assert "there is no crl.pem or crl.der" in sentence, sentence


def test_credentials_in_the_store(kconfig, device, do_job, pki, mode, tmp_path):
    if kconfig.get("SECURE_SOCKETS_WITH_STORED") != "y":
        run = device.run(f"--provision={pki}/ec", f"--credentials={pki}/ec")
        assert "SECURE_SOCKETS_CREDENTIALS_STORED=y" in run.refused()
        return
    assert mode == "mutual" and kconfig.get("SECURE_SOCKETS_CREDENTIALS_PEM") != "y"
    # Without --credentials, as Kconfig says: the store is empty.
    run = device.run("--server-name=device.test")
    assert "has no CA certificate under security tag 4000" in run.refused()
    run = device.run("--server-name=device.test", f"--provision={pki}/ec")
    sentence = run.refused()
    assert "under security tag 4000 is PEM, which this image cannot read" in sentence, sentence
    clients = demanding(pki, tmp_path)[-1]
    directory = provisions(tmp_path, pki, "der", "client")
    # The server lets nobody in without the certificate.
    do_job("1.3", clients, "--server-name=device.test", f"--provision={directory}")


def test_only_a_server_has_a_server_in_it(kconfig, symbols):
    server = {
        symbol
        for symbol in symbols
        if symbol.startswith(("mbedtls_ssl_handshake_server", "mbedtls_ssl_tls13_handshake_server"))
        or symbol.startswith(("ss_server_", "ss_workers_"))
    }
    assert bool(server) == (kconfig.get("SECURE_SOCKETS_WITH_SERVER") == "y"), server


def test_only_the_job_that_was_chosen_is_linked(device, job, symbols, pki):
    parts = {
        "sensor": ("sensor",),
        "https": ("14secure_sockets7posting", "11http_client7request", "11http_client8response"),
        # How its errors are told is among those of every image.
        "mqtt": ("11mqtt_client6client", "14secure_sockets4mqtt"),
    }
    linked = {
        name
        for name, those in parts.items()
        if any(part in symbol for symbol in symbols for part in those)
    }
    # Readings are posted, or published.
    assert linked == {"echo": set()}.get(job, {"sensor", job})
    run = device.run("--peer=127.0.0.1:4433", f"--credentials={pki}/ec", "--job=readings")
    assert "if the image has it (SECURE_SOCKETS_JOB)" in run.refused()


def test_nothing_is_resumed_unless_it_is_asked_for(kconfig, device, symbols, pki):
    sessions = {
        symbol
        for symbol in symbols
        if symbol.startswith(("ss_session_", "ss_take_session", "mbedtls_ssl_ticket_"))
        or "judge_again" in symbol
    }
    if kconfig.get("SECURE_SOCKETS_RESUMPTION") == "y":
        assert sessions
        return
    assert not sessions
    run = device.run("--peer=127.0.0.1:4433", f"--credentials={pki}/ec", "--resume=1")
    assert "CONFIG_SECURE_SOCKETS_RESUMPTION=y" in run.refused()


@pytest.mark.parametrize("version", VERSIONS)
def test_it_serves(kconfig, device, serve, pki, mode, version):
    if kconfig.get("SECURE_SOCKETS_WITH_SERVER") != "y":
        run = device.run("--role=server", f"--credentials={pki}/ec")
        assert "if the image has it" in run.refused()
        return
    server = serve(f"--tls={version}", f"--credentials={pki}/ec")
    run = device.run(server.peer, f"--tls={version}", f"--credentials={pki}/ec")
    finished(run, mode, version)
    server.wait_for("closed in order after 180 bytes")


# What comes to nothing in some images: what those have not, and what to build with.
CLIENT = ("WITH_CLIENT", "ROLE_CLIENT")
SERVER = ("WITH_SERVER", "ROLE_SERVER")
MQTT = ("WITH_MQTT", "JOB_MQTT")
NEEDS = {
    "--peer=127.0.0.1:4433": CLIENT,
    "--server-name=device.test": CLIENT,
    "--messages=2": CLIENT,
    "--text=hello": CLIENT,
    "--connections=2": CLIENT,
    "--sec-tag=7": CLIENT,
    "--listen=127.0.0.1:4433": SERVER,
    "--clients=1": SERVER,
    "--admit=client-1.test": SERVER,
    "--server-sec-tag=7": SERVER,
    "--name=a": MQTT,
    "--readings=1": MQTT,
    "--keep-alive=60": MQTT,
    "--keep-session=60": MQTT,
    "--queue=8": MQTT,
    "--when-full=stop": MQTT,
    "--first-wait=50": MQTT,
    "--longest-wait=50": MQTT,
    "--attempts=1": MQTT,
    "--link-limit=1": ("LINK", "LINK"),
    "--link-cut=0:1": ("LINK", "LINK"),
    "--repeat=1": ("REPEAT", "REPEAT"),
}


def test_an_option_that_would_come_to_nothing(kconfig, device, pki):
    for argument, (needed, symbol) in NEEDS.items():
        if kconfig.get(f"SECURE_SOCKETS_{needed}") != "y":
            sentence = device.run(f"--credentials={pki}/ec", argument).refused()
            assert sentence.startswith(argument.split("=")[0] + ": this image "), sentence
            assert f"CONFIG_SECURE_SOCKETS_{symbol}=y" in sentence, sentence


def test_only_mode_1_does_without_x509(mode, symbols):
    assert "mbedtls_ssl_handshake" in symbols
    x509 = {symbol for symbol in symbols if symbol.startswith("mbedtls_x509_crt_parse")}
    assert bool(x509) == (mode != "psk"), x509


def test_nobody_is_let_in_unauthenticated(kconfig, device, mode, pki):
    assert kconfig.get("SECURE_SOCKETS_DANGEROUS_UNAUTHENTICATED") != "y"
    run = device.run("--mode=unauthenticated", f"--credentials={pki}/ec")
    assert run.status != 0, run.output
