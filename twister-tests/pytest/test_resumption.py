# SPDX-License-Identifier: Apache-2.0
"""Sessions that are resumed, by a device and by its clients; and those that must not be."""

import subprocess
import threading
import time

import pytest

from peer import WithoutExtendedMasterSecret, free_port, listens
from test_handshakes import VERSIONS, certificate

RESUMED = "resumed a session: no certificate was shown"
MODES = ["server-auth", "mutual"]


def demanding(pki):
    """What has OpenSSL demand a client certificate."""
    return ["-Verify", "4", "-verify_return_error", "-CAfile", f"{pki}/ec/ca.pem"]


def come_back(device, server, pki, mode, version, *arguments):
    return device.run(
        server.peer, f"--mode={mode}", f"--credentials={pki}/ec", f"--tls={version}",
        "--server-name=device.test", "--connections=3", *arguments,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", MODES)
def test_a_device_resumes(device, openssl, pki, mode, version):
    more = demanding(pki) if mode == "mutual" else []
    server = openssl(VERSIONS[version], *certificate(pki, "ec"), *more)
    output = come_back(device, server, pki, mode, version, "--resume=1").succeeded()
    assert output.count("5 messages sent, 5 came back") == 3, output
    assert output.count(RESUMED) == 2, output
    # Who the peer is is said each time.
    assert output.count("the peer is O=Secure Sockets test PKI,CN=Test server (EC)") == 3, output


@pytest.mark.parametrize("version", VERSIONS)
def test_a_device_resumes_by_session_id(device, openssl, pki, version):
    """In TLS 1.3 -no_ticket stands for tickets whose session OpenSSL keeps."""
    server = openssl(VERSIONS[version], *certificate(pki, "ec"), "-no_ticket")
    output = come_back(device, server, pki, "server-auth", version, "--resume=1").succeeded()
    assert output.count(RESUMED) == 2, output


def test_a_session_that_is_resumed_without_extended_master_secret(device, openssl, pki):
    """RFC 7627, section 5.3: whoever came between could have made it."""
    server = openssl("-tls1_2", *certificate(pki, "ec"))
    with WithoutExtendedMasterSecret(server.port) as proxy:
        run = come_back(device, proxy, pki, "server-auth", "1.2", "--resume=1")
    assert run.output.count("5 messages sent, 5 came back") == 1, run.output
    sentence = run.refused()
    assert "without extended master secret" in sentence, sentence


def test_a_session_that_was_made_without_extended_master_secret(device, pki):
    port = free_port()
    server = subprocess.Popen(
        [
            "gnutls-serv", "--echo", "--quiet", f"--port={port}",
            f"--x509certfile={pki}/ec/server.pem", f"--x509keyfile={pki}/ec/server-key.pem",
            "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while not listens(port):
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        run = device.run(
            f"--peer=127.0.0.1:{port}", "--mode=server-auth", f"--credentials={pki}/ec",
            "--tls=1.2", "--server-name=device.test", "--connections=3", "--resume=1",
        )
    finally:
        server.kill()
        server.wait()
    output = run.succeeded()
    assert output.count("5 messages sent, 5 came back") == 3, output
    assert RESUMED not in output, output


@pytest.mark.parametrize("version", VERSIONS)
def test_off_unless_asked_for(device, openssl, pki, version):
    server = openssl(VERSIONS[version], *certificate(pki, "ec"))
    for arguments in [(), ("--resume=0",)]:
        run = come_back(device, server, pki, "server-auth", version, *arguments)
        assert RESUMED not in run.succeeded()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_forgets(device, openssl, pki, version):
    server = openssl(VERSIONS[version], *certificate(pki, "ec"), "-no_ticket", "-no_cache")
    output = come_back(device, server, pki, "server-auth", version, "--resume=1").succeeded()
    assert output.count("5 messages sent, 5 came back") == 3, output
    assert RESUMED not in output, output


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", MODES)
def test_two_devices(device, serve, pki, mode, version):
    server = serve(f"--mode={mode}", f"--credentials={pki}/ec", "--sessions=2")
    for _ in range(2):
        output = come_back(device, server, pki, mode, version, "--resume=1").succeeded()
        assert output.count(RESUMED) == 2, output
    server.wait_for_so_many(6, "closed in order after 180 bytes")
    who = "CN=client-1" if mode == "mutual" else "nobody"
    resumed = [line for line in server.output.splitlines() if ", resumed, it is " in line]
    assert len(resumed) == 4, server.output
    assert all(who in line for line in resumed), resumed
    # Sessions are kept on another heap, and handshakes leave nothing behind.
    first, last = server.heap()
    assert first == last


def openssl_client(server, pki, version, *arguments, leaf="client"):
    """Types a line; what it reads back, and what OpenSSL complains of."""
    command = [
        "openssl", "s_client", "-connect", server.address, "-quiet", "-no_ign_eof",
        VERSIONS[version], "-CAfile", f"{pki}/ec/ca.pem", "-verify_return_error",
        "-verify_hostname", "device.test", *arguments,
    ]
    if leaf:
        command += [
            "-cert", f"{pki}/ec/{leaf}.pem", "-cert_chain", f"{pki}/ec/{leaf}.pem",
            "-key", f"{pki}/ec/{leaf}-key.pem",
        ]
    client = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(30, client.kill)
    timer.start()
    try:
        client.stdin.write("come back\n")
        client.stdin.flush()
        line = client.stdout.readline().rstrip("\n")
        try:
            _, errors = client.communicate()
        except BrokenPipeError:
            errors = client.stderr.read()
    finally:
        timer.cancel()
    return line, errors


@pytest.mark.parametrize("version", VERSIONS)
def test_openssl_is_resumed(serve, pki, tmp_path, version):
    server = serve("--mode=mutual", f"--credentials={pki}/ec", "--sessions=2")
    session = str(tmp_path / "session")
    for arguments in [("-sess_out", session), ("-sess_in", session)]:
        line, errors = openssl_client(server, pki, version, *arguments)
        assert line == "come back", errors
    server.wait_for(rf"TLS {version}, \w+, it is .*CN=client-1")
    server.wait_for(rf"TLS {version}, \w+, resumed, it is .*CN=client-1")
    server.wait_for_so_many(2, "closed in order after 10 bytes")
    first, last = server.heap()
    assert first == last


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_without_a_certificate_opens_no_listener_that_demands_one(
    serve, pki, tmp_path, version
):
    common = [f"--credentials={pki}/ec", "--sessions=2"]
    anybody = serve("--mode=server-auth", *common)
    members = serve("--mode=mutual", *common)
    session = str(tmp_path / "session")
    line, errors = openssl_client(anybody, pki, version, "-sess_out", session, leaf=None)
    assert line == "come back", errors
    line, _ = openssl_client(members, pki, version, "-sess_in", session, leaf=None)
    assert line == ""
    members.wait_for("the client sent no certificate, and mode mutual requires one")
    assert "resumed" not in members.output
    # It is good where it was made.
    line, errors = openssl_client(anybody, pki, version, "-sess_in", session, leaf=None)
    assert line == "come back", errors
    anybody.wait_for(rf"TLS {version}, \w+, resumed, it is nobody")


@pytest.mark.parametrize(
    "argument, named",
    {
        "--resume=some": "--resume",
        "--sessions=-1": "--sessions",
        "--connections=0": "0 connections cannot be made",
    }.items(),
)
def test_argument(device, pki, argument, named):
    run = device.run(
        "--peer=127.0.0.1:4433", "--mode=server-auth", f"--credentials={pki}/ec", argument,
    )
    assert named in run.refused()


def test_mode_1_has_no_sessions(device, pki):
    common = ["--mode=psk", f"--credentials={pki}/ec"]
    for arguments in [
        ("--peer=127.0.0.1:4433", "--resume=1"),
        ("--role=server", "--sessions=1"),
    ]:
        assert "mode psk has no session to resume" in device.run(*common, *arguments).refused()
