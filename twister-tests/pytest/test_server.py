# SPDX-License-Identifier: Apache-2.0
"""A device as a server: every mode with a device as its client, other clients, several
at once, clients that stall, and clients that are refused."""

import shutil
import statistics
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from peer import free_port
from server import Stalled, TlsClient
from test_handshakes import VERSIONS

MODES = ["psk", "unauthenticated", "server-auth", "mutual"]


def visit(device, server, pki, mode, *arguments):
    return device.run(
        server.peer, f"--mode={mode}", f"--credentials={pki}/ec",
        *([] if mode in ("psk", "unauthenticated") else ["--server-name=device.test"]),
        *arguments,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", MODES)
def test_two_devices(device, serve, pki, mode, version):
    server = serve(f"--mode={mode}", f"--credentials={pki}/ec", f"--tls={version}")
    output = visit(device, server, pki, mode, f"--tls={version}").succeeded()
    assert f"({mode}), TLS {version}" in output, output
    assert "5 messages sent, 5 came back" in output, output
    who = {"mutual": "CN=client-1", "psk": "holder of the pre-shared key"}.get(mode, "nobody")
    server.wait_for(rf": TLS {version}, \w+, it is .*{who}")
    server.wait_for("closed in order after 180 bytes")


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_kinds_of_keys(device, serve, pki, kind):
    server = serve("--mode=mutual", f"--credentials={pki}/{kind}")
    run = device.run(
        server.peer, "--mode=mutual", f"--credentials={pki}/{kind}",
        "--server-name=device.test",
    )
    assert "5 messages sent, 5 came back" in run.succeeded()


def test_ipv6(device, serve, pki):
    server = serve("--mode=mutual", f"--credentials={pki}/ec", host="[::1]")
    assert server.address.startswith("[::1]:")
    assert "5 came back" in visit(device, server, pki, "mutual").succeeded()
    server.wait_for(r"\[::1\]:\d+: closed in order")


def test_a_device_that_serves_and_calls(device, serve, pki):
    other = serve("--mode=mutual", f"--credentials={pki}/ec")
    both = serve(
        "--mode=mutual", f"--credentials={pki}/ec", other.peer, "--server-name=device.test",
        "--messages=300", role="both",
    )
    # Called while it calls.
    assert "5 came back" in visit(device, both, pki, "mutual").succeeded()
    both.wait_for("300 messages sent, 300 came back")
    other.wait_for("closed in order after")
    # It serves on.
    assert "5 came back" in visit(device, both, pki, "mutual").succeeded()


def openssl_client(server, pki, text):
    command = [
        "openssl", "s_client", "-connect", server.address, "-quiet", "-no_ign_eof",
        "-cert", f"{pki}/ec/client.pem", "-cert_chain", f"{pki}/ec/client.pem",
        "-key", f"{pki}/ec/client-key.pem",
        "-CAfile", f"{pki}/ec/ca.pem", "-verify_return_error", "-verify_hostname", "device.test",
    ]
    return echo_through(command, text)


def gnutls_client(server, pki, text):
    command = [
        "gnutls-cli", "--port", str(server.port), "--verify-hostname=device.test",
        f"--x509certfile={pki}/ec/client.pem", f"--x509keyfile={pki}/ec/client-key.pem",
        f"--x509cafile={pki}/ec/ca.pem", "--logfile=/dev/stderr", server.host,
    ]
    return echo_through(command, text)


def echo_through(command, text):
    """Types a line, reads it back, and then ends the program's input."""
    client = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(30, client.kill)
    timer.start()
    try:
        client.stdin.write(text + "\n")
        client.stdin.flush()
        line = client.stdout.readline().rstrip("\n")
        _, errors = client.communicate()
    finally:
        timer.cancel()
    assert line == text, f"{command}: {line!r}\n{errors}"
    return line


@pytest.mark.parametrize("client", [openssl_client, gnutls_client])
def test_other_clients_eight_at_once(serve, pki, client):
    server = serve("--mode=mutual", f"--credentials={pki}/ec")
    with ThreadPoolExecutor(8) as pool:
        texts = [f"line {number} of a test" for number in range(8)]
        assert list(pool.map(lambda text: client(server, pki, text), texts)) == texts


def test_the_host_program_eight_at_once(serve, pki, host_program):
    server = serve("--mode=mutual", f"--credentials={pki}/ec")

    def connect(_):
        return subprocess.run(
            [
                str(host_program), "connect", server.address, "--mode", "mutual",
                "--credentials", f"{pki}/ec", "--server-name", "device.test",
            ],
            capture_output=True, text=True, timeout=60, check=False,
        )

    with ThreadPoolExecutor(8) as pool:
        for done in pool.map(connect, range(8)):
            assert done.returncode == 0, done.stdout + done.stderr
            assert "5 messages sent, 5 came back" in done.stdout, done.stdout


def test_clients_that_stall_delay_nobody(serve, pki):
    limit = 3
    server = serve(
        "--mode=mutual", f"--credentials={pki}/ec", f"--handshake-timeout={limit * 1000}",
    )
    client = TlsClient(server, f"{pki}/ec")
    client.exchange()

    def handshakes():
        # What else the computer does can only make them longer: the best of three rounds.
        return min(statistics.median(client.exchange() for _ in range(9)) for _ in range(3))

    undisturbed = handshakes()
    stalled = [Stalled(server, kind, f"{pki}/ec") for kind in Stalled.KINDS]
    try:
        disturbed = handshakes()
        print(
            f"handshake of the fifth client: {disturbed * 1000:.1f} ms with "
            f"{len(stalled)} that stall, {undisturbed * 1000:.1f} ms without"
        )
        assert disturbed < 2 * undisturbed
        for one in stalled:
            after = one.dropped_after(limit + 5)
            print(f"the {one.kind} one was dropped after {after:.1f} s")
            # The last part is the time that a peer is given to read an alert.
            assert limit - 0.2 < after < limit + 2
    finally:
        for one in stalled:
            one.close()
    server.wait_for_so_many(len(stalled), "took longer than allowed")
    first, last = server.heap()
    assert last == first


def test_at_the_limit_the_next_client_waits(serve, pki, kconfig):
    places = int(kconfig["SECURE_SOCKETS_SERVER_CLIENTS"])
    limit = 3
    server = serve(
        "--mode=mutual", f"--credentials={pki}/ec", f"--handshake-timeout={limit * 1000}",
    )
    client = TlsClient(server, f"{pki}/ec")
    served, _ = client.connect()
    stalled = [Stalled(server, "silent", f"{pki}/ec") for _ in range(places - 1)]
    try:
        server.wait_for(f"all {places} places are taken: the next client waits")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.exchange)
            # One that has its place goes on meanwhile.
            for _ in range(20):
                served.sendall(b"still here")
                assert served.recv(4096) == b"still here"
            assert not waiting.done()
            # Its turn comes when the first place is given back.
            assert waiting.result(timeout=limit + 10) > 1
        served.unwrap()
    finally:
        served.close()
        for one in stalled:
            one.close()


def nothing_is_left_behind(server, client, places, visits):
    """Runs `visits`, so many at once as there are lists, and compares the heap."""
    # What is made once, on first use, is there afterwards.
    client.exchange()
    server.wait_for("closed in order")
    _, before = server.heap()
    with ThreadPoolExecutor(len(visits)) as pool:
        list(pool.map(lambda count: [client.exchange() for _ in range(count)], visits))
    clients = 1 + sum(visits)
    server.wait_for_so_many(clients, "closed in order")
    _, after = server.heap()
    print(f"TLS heap: {before} (bytes, blocks) after the first of {clients} clients, "
          f"{after} after the last")
    assert after == before
    # Every place is free: as many clients as there are get one at once.
    for connection in [client.connect()[0] for _ in range(places)]:
        connection.unwrap()
        connection.close()


def test_a_thousand_clients_one_after_another(serve, pki, kconfig):
    # The mode and version that cost the least: there are many of them.
    server = serve("--mode=server-auth", f"--credentials={pki}/ec", "--tls=1.2")
    client = TlsClient(server, f"{pki}/ec", leaf=None)
    nothing_is_left_behind(server, client, int(kconfig["SECURE_SOCKETS_SERVER_CLIENTS"]), [999])


def test_eight_hundred_clients_eight_at_once(serve, pki, kconfig):
    server = serve("--mode=mutual", f"--credentials={pki}/ec")
    client = TlsClient(server, f"{pki}/ec")
    places = int(kconfig["SECURE_SOCKETS_SERVER_CLIENTS"])
    nothing_is_left_behind(server, client, places, [100] * 8)


REFUSED = {
    # What the server says, and the alert that the client gets, in TLS 1.2 and 1.3.
    "client-other-ca": ("Other Root CA", "unknown_ca (48)"),
    "client-expired": ("expired 2025-06-01, clock says 20", "certificate_expired (45)"),
    "no-client-auth": ("does not allow", "unsupported_certificate (43)"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("leaf", REFUSED)
def test_refused(device, serve, pki, tmp_path, leaf, version):
    why, alert = REFUSED[leaf]
    shutil.copy(pki / "ec" / "ca.pem", tmp_path / "ca.pem")
    shutil.copy(pki / "ec" / f"{leaf}.pem", tmp_path / "client.pem")
    shutil.copy(pki / "ec" / f"{leaf}-key.pem", tmp_path / "client-key.pem")
    server = serve("--mode=mutual", f"--credentials={pki}/ec", f"--tls={version}")
    run = device.run(
        server.peer, "--mode=mutual", f"--credentials={tmp_path}",
        f"--tls={version}", "--server-name=device.test",
    )
    assert alert in run.refused()
    said = server.wait_for(r"refused the client's certificate: .*")[0]
    assert why in said, said


@pytest.mark.parametrize("version", VERSIONS)
def test_no_client_certificate(device, serve, pki, version):
    server = serve("--mode=mutual", f"--credentials={pki}/ec", f"--tls={version}")
    sentence = visit(device, server, pki, "server-auth", f"--tls={version}").refused()
    alert = {"1.2": "handshake_failure (40)", "1.3": "no_certificate (41)"}[version]
    assert alert in sentence, sentence
    server.wait_for("the client sent no certificate, and mode mutual requires one")


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_let_in(device, serve, pki, version):
    common = ["--mode=mutual", f"--credentials={pki}/ec", f"--tls={version}"]
    closed = serve(*common, "--admit=client-2.test;client-3.test")
    sentence = visit(device, closed, pki, "mutual", f"--tls={version}").refused()
    assert "access_denied (49)" in sentence, sentence
    said = closed.wait_for("CN=client-1.* was not admitted: it is not on the list")[0]
    assert said
    opened = serve(*common, "--admit=client-2.test; client-1.test")
    assert "5 came back" in visit(device, opened, pki, "mutual", f"--tls={version}").succeeded()


@pytest.mark.parametrize("version", VERSIONS)
def test_another_pre_shared_key(device, serve, pki, tmp_path, version):
    (tmp_path / "psk.hex").write_text((pki / "ec" / "psk.hex").read_text()[::-1])
    shutil.copy(pki / "ec" / "psk-identity.txt", tmp_path / "psk-identity.txt")
    server = serve("--mode=psk", f"--credentials={pki}/ec", f"--tls={version}")
    run = device.run(
        server.peer, "--mode=psk", f"--credentials={tmp_path}", f"--tls={version}",
    )
    assert "does not accept our pre-shared key" in run.refused()
    server.wait_for("the peer's pre-shared key is another one than ours")


def test_clock_that_is_not_set(serve, device, pki):
    server = serve("--mode=mutual", f"--credentials={pki}/ec", "--clock=unset")
    visit(device, server, pki, "mutual").refused()
    server.wait_for("the clock is not set")


@pytest.mark.parametrize(
    "argument, named",
    {
        "--role=nobody": "client, server or both",
        "--listen=nowhere:4433": "nowhere",
        "--listen=127.0.0.1": "--listen",
        "--listen=127.0.0.1:0": "port 0 is not supported here",
        "--clients=some": "--clients",
        # TEST-NET-1 (RFC 5737) is nobody's.
        "--listen=192.0.2.1:4433": "not one of ours",
    }.items(),
)
def test_argument(device, pki, argument, named):
    arguments = {
        "--role": "--role=server",
        "--listen": f"--listen=127.0.0.1:{free_port()}",
        "--mode": "--mode=psk",
        "--credentials": f"--credentials={pki}/ec",
    }
    arguments[argument.split("=")[0]] = argument
    assert named in device.run(*arguments.values(), timeout=10).refused()
