# SPDX-License-Identifier: Apache-2.0
"""Credentials that are in Zephyr's store already, and are named by their tags alone."""

import shutil

import pytest

from test_handshakes import certificate, finished
from test_server import visit


def provisions(directory, pki, form, *leaves):
    """A directory with these and the CA in DER or PEM alone."""
    target = directory / form
    target.mkdir()
    shutil.copy(pki / "ec" / f"ca.{form}", target)
    for leaf in leaves:
        shutil.copy(pki / "ec" / f"{leaf}.{form}", target)
        shutil.copy(pki / "ec" / f"{leaf}-key.{form}", target)
    return target


def demanding(pki, directory):
    """What makes `openssl s_server` demand a certificate. DER has no room for the
    intermediate, so that the server has it."""
    bundle = directory / "clients.pem"
    parts = [(pki / "ec" / name).read_text() for name in ("ca.pem", "intermediate.pem")]
    bundle.write_text("".join(parts))
    return ["-Verify", "4", "-verify_return_error", "-CAfile", str(bundle)]


@pytest.mark.parametrize("form", ["der", "pem"])
def test_client(device, openssl, pki, tmp_path, form):
    server = openssl(*certificate(pki, "ec"), *demanding(pki, tmp_path))
    directory = provisions(tmp_path, pki, form, "client")
    run = device.run(
        server.peer, "--mode=mutual", f"--provision={directory}", "--server-name=device.test",
    )
    output = finished(run, "mutual", "1.3")
    assert "we are the certificate under security tag 4000" in output, output
    assert server.said("CN = client-1"), server.errors
    # It is trust in that CA and no other.
    other = openssl(*certificate(pki, "ec", "other-ca"), *demanding(pki, tmp_path))
    run = device.run(
        other.peer, "--mode=mutual", f"--provision={directory}", "--server-name=device.test",
    )
    assert "which is not trusted here" in run.refused()


@pytest.mark.parametrize("form", ["der", "pem"])
def test_server(device, serve, pki, tmp_path, form):
    directory = provisions(tmp_path, pki, form, "server")
    server = serve("--mode=mutual", f"--provision={directory}")
    visitor = tmp_path / "visitor"
    shutil.copytree(pki / "ec", visitor)
    # The server has no intermediate to send, in DER.
    if form == "der":
        shutil.copy(pki / "ec" / "intermediate.pem", visitor / "ca.pem")
    run = device.run(
        server.peer, "--mode=mutual", f"--credentials={visitor}", "--server-name=device.test",
    )
    assert "5 came back" in run.succeeded()
    server.wait_for("it is .*CN=client-1")
    shutil.copy(pki / "ec" / "client-other-ca.pem", visitor / "client.pem")
    shutil.copy(pki / "ec" / "client-other-ca-key.pem", visitor / "client-key.pem")
    run = device.run(
        server.peer, "--mode=mutual", f"--credentials={visitor}", "--server-name=device.test",
    )
    assert "unknown_ca (48)" in run.refused()


def test_pre_shared_key(device, serve, pki):
    server = serve("--mode=psk", f"--provision={pki}/ec")
    run = device.run(server.peer, "--mode=psk", f"--provision={pki}/ec")
    assert "5 came back" in run.succeeded()
    # What is in the store is what the program has elsewhere.
    assert "5 came back" in visit(device, server, pki, "psk").succeeded()


def test_two_on_one_tag(serve, pki):
    tags = ["--sec-tag=4100", "--server-sec-tag=4100"]
    other = serve("--mode=psk", f"--credentials={pki}/ec")
    # Each brings its own: the second is refused, and the first goes on.
    both = serve("--mode=psk", f"--credentials={pki}/ec", other.peer, *tags, role="both")
    both.wait_for("error: .*already has another pre-shared key under security tag 4100")
    # Both find it there.
    both = serve("--mode=psk", f"--provision={pki}/ec", other.peer, *tags, role="both")
    both.wait_for("5 messages sent, 5 came back")


def test_what_is_in_the_store_will_not_do(device, pki, tmp_path):
    def sentence(*arguments):
        return device.run("--mode=mutual", "--server-name=device.test", *arguments).refused()

    directory = provisions(tmp_path, pki, "pem", "client")
    (directory / "client-key.pem").unlink()
    said = sentence(f"--provision={directory}")
    assert "no private key under security tag 4000" in said, said
    said = sentence(f"--provision={directory}", "--sec-tag=77")
    assert "no private key under security tag 77" in said, said
    shutil.copy(pki / "ec" / "server-key.pem", directory / "client-key.pem")
    said = sentence(f"--provision={directory}")
    assert "does not belong to the certificate" in said, said
    shutil.copy(pki / "ec" / "client-key.pem", directory)
    (directory / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nof none\n")
    said = sentence(f"--provision={directory}")
    assert "the CA certificate is broken PEM" in said, said
    # As a file that is said to be DER, it gets no NUL.
    (directory / "ca.pem").unlink()
    shutil.copy(pki / "ec" / "ca.pem", directory / "ca.der")
    said = sentence(f"--provision={directory}")
    assert "CA certificate under security tag 4000 is PEM without a NUL at its end" in said, said
    # So do its own.
    (directory / "ca.der").unlink()
    shutil.copy(pki / "ec" / "ca.pem", directory)
    for stem, kind in [("client", "certificate"), ("client-key", "private key")]:
        (directory / f"{stem}.pem").rename(directory / f"{stem}.der")
        said = sentence(f"--provision={directory}")
        assert f"{kind} under security tag 4000 is PEM without a NUL at its end" in said, said
        (directory / f"{stem}.der").rename(directory / f"{stem}.pem")
