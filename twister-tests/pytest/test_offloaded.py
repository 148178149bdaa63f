# SPDX-License-Identifier: Apache-2.0
"""TLS that is the platform's own, as a modem's: no more is used of Zephyr's TLS sockets than a
modem's have too. What cannot be asked for there is refused by its name, before anything is sent."""

import shutil
import ssl

import pytest

from peer import CuttingProxy, SmallEcho, TcpServer, free_port
from revocation import crl
from test_handshakes import certificate

PSK_SUITE = "--suites=TLS_PSK_WITH_AES_128_CCM_8"
# What the platform's TLS says where it gives no reason, and the errno that it has for it here
# (Linux's ECONNABORTED).
UNTOLD = "the platform's TLS gave up in the handshake and does not say why"


def psk_server(openssl, pki, key=None):
    key = key or (pki / "ec" / "psk.hex").read_text()
    identity = (pki / "ec" / "psk-identity.txt").read_text()
    # OpenSSL counts its tag of 8 bytes as weak.
    return openssl(
        "-tls1_2", "-nocert", "-psk", key, "-psk_identity", identity,
        "-cipher", "PSK-AES128-CCM8:@SECLEVEL=0",
    )


def demanding(pki, kind):
    return ["-Verify", "4", "-verify_return_error", "-CAfile", f"{pki}/{kind}/ca.pem"]


def unseen(device, peer, pki, *arguments, mode="server-auth", kind="ec", name="device.test"):
    return device.run(
        peer, f"--mode={mode}", "--tls=1.2", "--unexamined", f"--credentials={pki}/{kind}",
        f"--server-name={name}", *arguments,
    )


def finished(run):
    output = run.succeeded()
    assert "5 messages sent, 5 came back" in output, output
    return output


def test_psk(device, openssl, pki):
    server = psk_server(openssl, pki)
    run = device.run(
        server.peer, "--mode=psk", "--tls=1.2", f"--credentials={pki}/ec", PSK_SUITE,
    )
    assert "mode 1 (psk), TLS 1.2, TLS_PSK_WITH_AES_128_CCM_8" in finished(run)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_server_auth(device, openssl, pki, kind):
    server = openssl("-tls1_2", *certificate(pki, kind))
    output = finished(unseen(device, server.peer, pki, kind=kind))
    exchange = {"ec": "ECDSA", "rsa": "RSA"}[kind]
    assert f"TLS 1.2, TLS_ECDHE_{exchange}_WITH_AES_" in output, output
    assert "whom the platform's TLS took for device.test" in output, output
    assert "by a certificate that nobody here saw" in output, output


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_mutual(device, openssl, pki, kind):
    server = openssl("-tls1_2", *certificate(pki, kind), *demanding(pki, kind))
    assert "CN=client-1" in finished(unseen(device, server.peer, pki, mode="mutual", kind=kind))
    # With its intermediate: the server has the root alone.
    assert server.said("CN = client-1"), server.errors


def test_no_session_is_resumed(device, openssl, pki):
    server = openssl("-tls1_2", *certificate(pki, "ec"), *demanding(pki, "ec"))
    run = unseen(device, server.peer, pki, "--connections=3", mode="mutual")
    assert run.succeeded().count("5 came back") == 3
    # A resumed handshake shows no certificate.
    assert server.said("CN = client-1")
    assert server.errors.count(b"CN = client-1") == 3, server.errors


@pytest.mark.parametrize(
    "leaf, name, alert",
    [
        ("other-ca", "device.test", "unknown ca"),
        ("missing-intermediate", "device.test", "unknown ca"),
        ("self-signed", "device.test", "unknown ca"),
        ("server", "other.test", "bad certificate"),
        ("wrong-name", "device.test", "bad certificate"),
        # Of dates Zephyr's TLS goes by the clock that is set. A modem's is not known to.
        ("expired", "device.test", "certificate expired"),
    ],
)
def test_certificate_that_is_refused(device, openssl, pki, leaf, name, alert):
    server = openssl("-tls1_2", *certificate(pki, "ec", leaf))
    sentence = unseen(device, server.peer, pki, name=name).refused()
    assert sentence.startswith(UNTOLD) and "(error 103)" in sentence, sentence
    # The peer knows more than we do.
    assert server.said(f"alert {alert}"), server.errors


def test_pre_shared_key_that_is_refused(device, openssl, pki):
    key = (pki / "ec" / "psk.hex").read_text()
    server = psk_server(openssl, pki, key[::-1])
    run = device.run(
        server.peer, "--mode=psk", "--tls=1.2", f"--credentials={pki}/ec", PSK_SUITE,
    )
    assert run.refused().startswith(UNTOLD)


def test_client_that_is_refused(device, openssl, pki, tmp_path):
    credentials = tmp_path / "credentials"
    shutil.copytree(pki / "ec", credentials / "ec")
    shutil.copy(pki / "ec" / "client-other-ca.pem", credentials / "ec" / "client.pem")
    shutil.copy(pki / "ec" / "client-other-ca-key.pem", credentials / "ec" / "client-key.pem")
    server = openssl("-tls1_2", *certificate(pki, "ec"), *demanding(pki, "ec"))
    run = unseen(device, server.peer, credentials, mode="mutual")
    assert run.refused().startswith(UNTOLD)


def test_nothing_in_common(device, openssl, pki):
    # The modem has it for none of its keys; Mbed TLS would, if it were asked.
    server = openssl("-tls1_2", *certificate(pki, "ec"), "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")
    assert unseen(device, server.peer, pki).refused().startswith(UNTOLD)


def test_key_of_another_certificate(device, pki, tmp_path):
    credentials = tmp_path / "credentials"
    shutil.copytree(pki / "ec", credentials / "ec")
    shutil.copy(pki / "ec" / "server-key.pem", credentials / "ec" / "client-key.pem")
    run = unseen(device, f"--peer=127.0.0.1:{free_port()}", credentials, mode="mutual")
    assert "the private key does not belong to the certificate" in run.refused()


def pin():
    return "--pin=" + "ab" * 32


# Whoever gives one of these relies on it. What it takes of arguments, and what is refused.
UNSUPPORTED = {
    "unauthenticated": (["--mode=unauthenticated", "--tls=1.2"], "a server that nobody"),
    "tls-1.3": (["--mode=server-auth", "--unexamined", "--tls=1.3"], "TLS 1.3"),
    "tls-1.3-too": (["--mode=server-auth", "--unexamined", "--tls=both"], "TLS 1.3"),
    "examined": (["--mode=server-auth", "--tls=1.2"], "examining the server's certificate"),
    "examined-mutual": (["--mode=mutual", "--tls=1.2"], "examining the server's certificate"),
    "pin": (["--mode=server-auth", "--unexamined", "--tls=1.2", pin()], "pinned keys"),
    "pin-examined": (["--mode=server-auth", "--tls=1.2", pin()], "pinned keys"),
    "pinned-only": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", pin(), "--pinned-only"],
        "trusting pinned keys in place of a CA",
    ),
    "max-rsa-bits": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--max-rsa-bits=4096"],
        "limits on keys in certificates",
    ),
    "curves": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--curves=P-256"],
        "limits on keys in certificates",
    ),
    "common-name": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--legacy-common-name"],
        "taking a certificate by its commonName",
    ),
    "ocsp": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--ocsp=required"],
        "asking an OCSP responder",
    ),
    "ocsp-soft-fail": (
        ["--mode=mutual", "--unexamined", "--tls=1.2", "--ocsp=soft-fail"],
        "asking an OCSP responder",
    ),
    "crl-url": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--crl-url=http://127.0.0.1:9/l"],
        "looking up revocation lists (CRL)",
    ),
    "alpn": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--alpn=mqtt"],
        "an application protocol (ALPN)",
    ),
    "resume": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--resume=1"],
        "resuming sessions",
    ),
    "handshake-timeout": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--handshake-timeout=1000"],
        "a limit on the time of a handshake",
    ),
    "address": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2", "--server-name=127.0.0.1"],
        "an IP address as the server's name",
    ),
    "psk": (["--mode=psk", "--tls=1.2"], "a pre-shared key with forward secrecy"),
    "psk-suite": (
        ["--mode=psk", "--tls=1.2", "--suites=TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"],
        "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
    ),
    "suite": (
        ["--mode=server-auth", "--unexamined", "--tls=1.2",
         "--suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,"
         "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
}


@pytest.mark.parametrize("option", UNSUPPORTED)
def test_what_cannot_be_had_is_refused_by_name(device, pki, option):
    arguments, name = UNSUPPORTED[option]
    heard = []

    # Nothing may be sent, and nobody be connected to.
    with TcpServer(lambda connection: heard.append(connection.recv(1))) as peer:
        if not any(argument.startswith("--server-name") for argument in arguments):
            if "--mode=psk" not in arguments:
                arguments = [*arguments, "--server-name=device.test"]
        run = device.run(peer.peer, f"--credentials={pki}/ec", *arguments)
        sentence = run.refused()
    assert sentence.startswith(name) and "is not supported here: " in sentence, sentence
    assert "connecting to" not in run.output, run.output
    assert heard == []


def test_a_list_that_is_given_is_refused_too(device, pki, tmp_path):
    given = f"--crl={crl(tmp_path, pki, 'intermediate')}"
    run = unseen(device, f"--peer=127.0.0.1:{free_port()}", pki, given)
    assert run.refused().startswith("looking up revocation lists (CRL) is not supported here")


def test_a_server_is_not_there(device):
    run = device.run("--role=server", "--mode=psk")
    assert "--role cannot be" in run.refused()


def test_what_the_store_holds(device, openssl, pki):
    server = openssl("-tls1_2", *certificate(pki, "ec"), *demanding(pki, "ec"))
    arguments = ["--mode=mutual", "--tls=1.2", "--unexamined", "--server-name=device.test"]
    run = device.run(server.peer, *arguments, f"--provision={pki}/ec")
    assert "we are the certificate under security tag 4000" in finished(run)
    assert server.said("CN = client-1"), server.errors


def test_what_the_store_lacks(device, pki, tmp_path):
    shutil.copy(pki / "ec" / "ca.pem", tmp_path)
    arguments = ["--mode=mutual", "--tls=1.2", "--unexamined", "--server-name=device.test"]
    peer = f"--peer=127.0.0.1:{free_port()}"
    run = device.run(peer, *arguments, f"--provision={tmp_path}")
    assert "the credential store has no certificate under security tag 4000" in run.refused()
    (tmp_path / "ca.pem").unlink()
    shutil.copy(pki / "ec" / "ca.der", tmp_path)
    run = device.run(peer, *arguments, f"--provision={tmp_path}")
    assert "ca.der: the CA certificate is broken PEM" in run.refused()


def test_a_key_that_the_store_holds(device, openssl, pki):
    server = psk_server(openssl, pki)
    run = device.run(
        server.peer, "--mode=psk", "--tls=1.2", f"--provision={pki}/ec", PSK_SUITE,
    )
    finished(run)


def test_nobody_listens(device, pki):
    sentence = unseen(device, f"--peer=127.0.0.1:{free_port()}", pki).refused()
    assert "cannot connect to 127.0.0.1" in sentence and "connection refused" in sentence


def test_peer_that_hangs_up(device, pki):
    with TcpServer(lambda connection: connection.recv(1)) as server:
        sentence = unseen(device, server.peer, pki).refused()
    assert sentence.startswith(UNTOLD), sentence


def test_an_end_is_not_told_from_a_cut(device, openssl, pki):
    server = openssl("-tls1_2", *certificate(pki, "ec"), echo=False)
    with CuttingProxy(server.port, after=1200) as proxy:
        run = unseen(device, proxy.peer, pki, f"--text={'x' * 900}")
    sentence = run.refused()
    assert "does not tell an orderly end from a cut: data may be missing" in sentence, sentence


def test_a_peer_that_never_answers_is_given_up(device, openssl, pki):
    server = openssl("-tls1_2", *certificate(pki, "ec"), echo=False)
    run = unseen(device, server.peer, pki, "--io-timeout=500")
    assert "no data could be moved in the time allowed" in run.refused()


def test_many_long_messages(device, pki):
    with SmallEcho(f"{pki}/ec", ssl.TLSVersion.TLSv1_2) as peer:
        run = unseen(device, peer.peer, pki, "--messages=200", f"--text={'x' * 1000}")
    assert "200 messages sent, 200 came back" in run.succeeded()


def test_the_link_comes_after_the_credentials(device, openssl, pki, tmp_path):
    """A modem takes credentials only while it is offline."""
    run = device.run(
        "--mode=server-auth", "--tls=1.2", "--unexamined", f"--credentials={tmp_path}",
        "--link-cut=1:0", "--link-limit=1", "--server-name=device.test",
    )
    assert "ca.pem" in run.refused()
