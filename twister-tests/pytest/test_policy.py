# SPDX-License-Identifier: Apache-2.0
"""How carefully to look at certificates, in either role: keys, pins, revocation lists and
OCSP. OpenSSL makes the lists and answers as the responder."""

import hashlib
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from peer import free_port
from revocation import GOOD, LONG_PAST, REVOKED, ListServer, crl
from sntp import SntpServer, answer
from test_handshakes import VERSIONS, certificate
from test_server import visit

REVOKED_IT = "its issuer revoked it 20"


def connect(device, server, pki, *arguments):
    return device.run(
        server.peer, "--mode=server-auth", f"--credentials={pki}/ec",
        "--server-name=device.test", *arguments,
    )


def asking(responder, demand="required"):
    return f"--ocsp={demand}", f"--ocsp-responder={responder.url}"


def pin(path):
    """The SHA-256 of a certificate's public key, by OpenSSL."""
    key = subprocess.run(
        f"openssl x509 -pubkey -noout -in '{path}' | openssl pkey -pubin -outform DER",
        shell=True, check=True, capture_output=True,
    )
    return hashlib.sha256(key.stdout).hexdigest()


def self_signed(directory, key, *extra):
    """A certificate of OpenSSL's, trusted as a CA by the directory that it is in."""
    subprocess.run(
        [
            "openssl", "req", "-x509", "-nodes", "-days", "30", "-newkey", key,
            "-keyout", str(directory / "key.pem"), "-out", str(directory / "ca.pem"), *extra,
        ],
        check=True, capture_output=True,
    )
    return ["-cert", f"{directory}/ca.pem", "-key", f"{directory}/key.pem"]


# Revocation lists, and a client.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_revoked_server_by_list(device, openssl, pki, tmp_path, version):
    root = crl(tmp_path, pki, "ca")
    good = crl(tmp_path, pki, "intermediate", ["client"], name="good")
    bad = crl(tmp_path, pki, "intermediate", ["server"], name="bad")
    server = openssl(VERSIONS[version], *certificate(pki, "ec"))
    run = connect(device, server, pki, f"--tls={version}", f"--crl={root};{good}")
    assert "5 came back" in run.succeeded()
    sentence = connect(device, server, pki, f"--tls={version}", f"--crl={root};{bad}").refused()
    assert "(depth 0)" in sentence and REVOKED_IT in sentence, sentence
    assert "(keyCompromise)" in sentence, sentence
    assert server.said("alert certificate revoked"), server.errors


def test_lists_that_will_not_do(device, openssl, pki, tmp_path):
    root = crl(tmp_path, pki, "ca")
    good = crl(tmp_path, pki, "intermediate")
    cut_off = crl(tmp_path, pki, "ca", ["intermediate"], name="cut-off")
    old = crl(tmp_path, pki, "intermediate", dates=LONG_PAST, name="old")
    # Of the CA's name, but not by its key.
    forged = bytearray(subprocess.run(
        ["openssl", "crl", "-in", str(good), "-outform", "DER"], check=True, capture_output=True,
    ).stdout)
    forged[-1] ^= 1
    (tmp_path / "forged.der").write_bytes(forged)
    server = openssl(*certificate(pki, "ec"))
    for lists, named in [
        (f"{good}", "there is no revocation list of its issuer"),
        (f"{cut_off};{good}", "(depth 1): its issuer revoked it"),
        (f"{root};{old}", "ran out at 2026-01-08"),
        (f"{root};{tmp_path}/forged.der", "was not signed by its key"),
    ]:
        sentence = connect(device, server, pki, f"--crl={lists}").refused()
        assert named in sentence, sentence
    for lists in [good, f"{cut_off};{good}"]:
        connect(device, server, pki, f"--crl={lists}", "--crl-scope=leaf").succeeded()


def test_a_list_that_is_fetched(device, openssl, pki, tmp_path):
    good = crl(tmp_path, pki, "intermediate", ["client"])
    bad = crl(tmp_path, pki, "intermediate", ["server"], name="bad")
    server = openssl(*certificate(pki, "ec"))
    with ListServer(good) as ca:
        arguments = [f"--crl-url={ca.url}", "--crl-scope=leaf"]
        connect(device, server, pki, *arguments).succeeded()
        assert ca.asked == 1
        ca.path = bad
        sentence = connect(device, server, pki, *arguments).refused()
        assert "(depth 0)" in sentence and REVOKED_IT in sentence, sentence
    # Gone now.
    sentence = connect(device, server, pki, *arguments).refused()
    assert f"no revocation list to be had from {ca.url}" in sentence, sentence


def test_limits_of_what_is_fetched(device, openssl, pki, tmp_path, ocsp):
    good = crl(tmp_path, pki, "intermediate")
    server = openssl(*certificate(pki, "ec"))
    with ListServer(good) as ca:
        arguments = [f"--crl-url={ca.url}", "--crl-scope=leaf"]
        sentence = connect(device, server, pki, *arguments, "--crl-max-bytes=100").refused()
        assert "longer than the 100 bytes" in sentence, sentence
    responder = ocsp("server", GOOD)
    sentence = connect(device, server, pki, *asking(responder), "--ocsp-max-bytes=100").refused()
    assert "longer than the 100 bytes" in sentence, sentence
    # Whoever takes a connection and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for asked in [
            [f"--crl-url={url}", "--crl-scope=leaf", "--crl-timeout=1"],
            ["--ocsp=required", f"--ocsp-responder={url}", "--ocsp-timeout=1"],
        ]:
            started = time.monotonic()
            sentence = connect(device, server, pki, *asked).refused()
            assert url in sentence, sentence
            # The limit is 10 s unless it is set.
            assert 1 <= time.monotonic() - started < 8


def test_the_issuers_of_lists(device, pki, tmp_path):
    forged = bytearray(subprocess.run(
        ["openssl", "crl", "-in", str(crl(tmp_path, pki, "intermediate")), "-outform", "DER"],
        check=True, capture_output=True,
    ).stdout)
    forged[-1] ^= 1
    (tmp_path / "forged.der").write_bytes(forged)
    # Nobody listens: without the issuer it takes a handshake to find out.
    arguments = [
        f"--peer=127.0.0.1:{free_port()}", "--mode=server-auth", f"--credentials={pki}/ec",
        f"--crl={tmp_path}/forged.der", "--crl-scope=leaf",
    ]
    assert "cannot connect" in device.run(*arguments).refused()
    issuer = f"--crl-issuers={pki}/ec/intermediate.pem"
    sentence = device.run(*arguments, issuer).refused()
    assert "revocation list" in sentence and "sign" in sentence, sentence
    # The same by the directory of the credentials.
    (tmp_path / "ca.pem").write_bytes((pki / "ec" / "ca.pem").read_bytes())
    (tmp_path / "crl-issuers.pem").write_bytes((pki / "ec" / "intermediate.pem").read_bytes())
    arguments[2] = f"--credentials={tmp_path}"
    assert device.run(*arguments).refused() == sentence


def test_a_newer_list_is_looked_for(device, serve, pki, tmp_path):
    good = crl(tmp_path, pki, "intermediate")
    start = time.time()
    clock = SntpServer(lambda request, count: answer(request, start))
    arguments = [
        "--mode=mutual", f"--credentials={pki}/ec", "--crl-scope=leaf", f"--sntp={clock.address}",
        "--sntp-interval=1",
    ]
    try:
        for refresh, asked in [([], 1), (["--crl-refresh=60"], 2)]:
            start = time.time()
            with ListServer(good) as ca:
                server = serve(*arguments, f"--crl-url={ca.url}", *refresh)
                visit(device, server, pki, "mutual").succeeded()
                assert ca.asked == 1
                # Two minutes on; half of the list's week is far from over.
                start += 120
                seen = len(clock.requests)
                while len(clock.requests) < seen + 2:
                    time.sleep(0.1)
                visit(device, server, pki, "mutual").succeeded()
                server.wait_for_so_many(2, "closed in order")
                assert ca.asked == asked
    finally:
        clock.stop()


def test_a_list_that_a_server_fetches(device, serve, pki, tmp_path):
    bad = crl(tmp_path, pki, "intermediate", ["client"])
    with ListServer(bad) as ca:
        server = serve(
            "--mode=mutual", f"--credentials={pki}/ec", f"--crl-url={ca.url}", "--crl-scope=leaf"
        )
        for _ in range(2):
            sentence = visit(device, server, pki, "mutual").refused()
            assert "certificate_revoked (44)" in sentence, sentence
        assert ca.asked == 1
    said = server.wait_for(r"refused the client's certificate: .*")[0]
    assert REVOKED_IT in said, said


# OCSP, and a client.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_revoked_server_by_ocsp(device, openssl, pki, ocsp, version):
    server = openssl(VERSIONS[version], *certificate(pki, "ec"))
    good = ocsp("server", GOOD)
    run = connect(device, server, pki, f"--tls={version}", *asking(good))
    assert "5 came back" in run.succeeded()
    assert good.was_asked(1)
    revoked = ocsp("server", REVOKED)
    # What is there is never forgiven.
    for more in [asking(revoked), asking(revoked, "soft-fail"), (*asking(revoked), "--ocsp-nonce")]:
        sentence = connect(device, server, pki, f"--tls={version}", *more).refused()
        assert "(depth 0)" in sentence, sentence
        assert "revoked it 2025-06-01 (keyCompromise)" in sentence, sentence
    assert server.said("alert certificate revoked"), server.errors
    assert revoked.was_asked(3)


def test_a_responder_that_is_down(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"))
    down = f"--ocsp-responder=http://127.0.0.1:{free_port()}/"
    sentence = connect(device, server, pki, "--ocsp=required", down).refused()
    assert "could not be fetched" in sentence, sentence
    assert server.said("alert certificate unknown"), server.errors
    output = connect(device, server, pki, "--ocsp=soft-fail", down).succeeded()
    assert "going on without an OCSP response" in output, output
    assert "5 came back" in output, output


def test_what_else_a_responder_says(device, openssl, pki, ocsp):
    server = openssl(*certificate(pki, "ec"))
    other = ocsp("client", GOOD)
    sentence = connect(device, server, pki, *asking(other)).refused()
    assert "the OCSP responder does not know it" in sentence, sentence
    # The responder speaks for the intermediate, and not for the root above it.
    good = ocsp("server", GOOD)
    connect(device, server, pki, *asking(good), "--ocsp-scope=leaf").succeeded()
    sentence = connect(device, server, pki, *asking(good), "--ocsp-scope=chain").refused()
    assert "(depth 1)" in sentence and "OCSP" in sentence, sentence
    # No responder in the certificate, and none configured.
    sentence = connect(device, server, pki, "--ocsp=soft-fail").refused()
    assert "names no OCSP responder" in sentence, sentence


# Object identifiers in DER (RFC 3279, section 2.2; RFC 8017, appendix A.2.4).
HASHES = {"sha1": "06052b0e03021a", "sha256": "0609608648016503040201"}


@pytest.mark.parametrize("hash", HASHES)
def test_how_a_responder_is_asked(device, openssl, pki, ocsp, hash):
    server = openssl(*certificate(pki, "ec"))
    asked = f"--ocsp-cert-id={hash}"
    connect(device, server, pki, *asking(ocsp("server", GOOD)), asked).succeeded()
    # Whoever only listens.
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor() as beside:
        port = door.getsockname()[1]
        heard = beside.submit(listen, door)
        url = f"--ocsp-responder=http://127.0.0.1:{port}/"
        connect(device, server, pki, "--ocsp=required", url, asked).refused()
        request = heard.result()
    assert request.startswith(b"POST / HTTP/1."), request
    for name, identifier in HASHES.items():
        assert (bytes.fromhex(identifier) in request) == (name == hash), request


def listen(door):
    """What somebody says who is sent no answer."""
    heard = bytearray()
    door.settimeout(20)
    client, _ = door.accept()
    with client:
        client.settimeout(1)
        try:
            while chunk := client.recv(4096):
                heard += chunk
        except TimeoutError:
            pass
    return bytes(heard)


# A server and its clients.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_revoked_client_by_list(device, serve, pki, tmp_path, version):
    root = crl(tmp_path, pki, "ca")
    bad = crl(tmp_path, pki, "intermediate", ["client"])
    arguments = ["--mode=mutual", f"--credentials={pki}/ec", f"--tls={version}"]
    server = serve(*arguments, f"--crl={root};{bad}")
    sentence = visit(device, server, pki, "mutual", f"--tls={version}").refused()
    assert "certificate_revoked (44)" in sentence, sentence
    said = server.wait_for(r"refused the client's certificate: .*")[0]
    assert REVOKED_IT in said and "CN=client-1" in said, said
    # Somebody else is let in.
    good = crl(tmp_path, pki, "intermediate", ["server"], name="good")
    server = serve(*arguments, f"--crl={good}", "--crl-scope=leaf")
    assert "5 came back" in visit(device, server, pki, "mutual").succeeded()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_revoked_client_by_ocsp(device, serve, pki, ocsp, version):
    arguments = ["--mode=mutual", f"--credentials={pki}/ec", f"--tls={version}"]
    server = serve(*arguments, *asking(ocsp("client", REVOKED)))
    sentence = visit(device, server, pki, "mutual", f"--tls={version}").refused()
    assert "certificate_revoked (44)" in sentence, sentence
    said = server.wait_for(r"refused the client's certificate: .*")[0]
    assert "revoked it 2025-06-01 (keyCompromise)" in said and "CN=client-1" in said, said
    good = ocsp("client", GOOD)
    server = serve(*arguments, *asking(good))
    for _ in range(3):
        visit(device, server, pki, "mutual", f"--tls={version}").succeeded()
    # It says for how long, and is not asked again meanwhile.
    assert good.was_asked(1)
    server.wait_for_so_many(3, "closed in order")
    server = serve(*arguments, *asking(good), "--ocsp-cache=0")
    for _ in range(2):
        visit(device, server, pki, "mutual", f"--tls={version}").succeeded()
    assert good.was_asked(3)


def test_a_responder_that_is_down_for_a_server(device, serve, pki):
    arguments = [
        "--mode=mutual", f"--credentials={pki}/ec",
        f"--ocsp-responder=http://127.0.0.1:{free_port()}/",
    ]
    server = serve(*arguments, "--ocsp=required")
    sentence = visit(device, server, pki, "mutual").refused()
    assert "certificate_unknown (46)" in sentence, sentence
    server.wait_for("refused the client's certificate: .* could not be fetched")
    server = serve(*arguments, "--ocsp=soft-fail")
    assert "5 came back" in visit(device, server, pki, "mutual").succeeded()
    server.wait_for("going on without an OCSP response")


# Pins and keys.


def test_pins(device, openssl, serve, pki, tmp_path):
    server = openssl(*certificate(pki, "ec"))
    own, other = pin(f"{pki}/ec/server.pem"), pin(f"{pki}/ec/client.pem")
    for pins in [own, f"{other};{pin(f'{pki}/ec/ca.pem')}"]:
        connect(device, server, pki, f"--pin={pins}").succeeded()
    sentence = connect(device, server, pki, f"--pin={other}").refused()
    assert "none of the pinned keys" in sentence and own in sentence, sentence
    # In place of a CA: the directory has none.
    untrusted = openssl(*certificate(pki, "ec", "self-signed"))
    arguments = [
        untrusted.peer, "--mode=server-auth", f"--credentials={tmp_path}", "--pinned-only",
    ]
    its = pin(f"{pki}/ec/self-signed.pem")
    device.run(*arguments, f"--pin={its}", "--server-name=device.test").succeeded()
    run = device.run(*arguments, f"--pin={other}", "--server-name=device.test")
    assert "none of the pinned keys" in run.refused()
    run = device.run(*arguments, f"--pin={its}", "--server-name=other.test")
    assert "not for other.test" in run.refused()
    # A server pins its clients.
    device_server = serve("--mode=mutual", f"--credentials={pki}/ec", f"--pin={own}")
    assert "alert" in visit(device, device_server, pki, "mutual").refused()
    device_server.wait_for("none of the pinned keys")
    device_server = serve(
        "--mode=mutual", f"--credentials={pki}/ec", f"--pin={other}", "--pinned-only"
    )
    visit(device, device_server, pki, "mutual").succeeded()


def test_keys(device, openssl, pki, tmp_path):
    heavy = self_signed(
        tmp_path, "rsa:4096", "-subj", "/CN=heavy", "-addext", "subjectAltName=DNS:device.test"
    )
    server = openssl(*heavy)
    arguments = [
        server.peer, "--mode=server-auth", f"--credentials={tmp_path}",
        "--server-name=device.test",
    ]
    sentence = device.run(*arguments).refused()
    assert "4096 bits" in sentence and "3072" in sentence, sentence
    device.run(*arguments, "--max-rsa-bits=4096").succeeded()

    server = openssl(*certificate(pki, "ec"))
    connect(device, server, pki, "--curves=P-256").succeeded()
    sentence = connect(device, server, pki, "--curves=P-384").refused()
    assert "P-256" in sentence and "policy" in sentence, sentence


def test_a_common_name(device, openssl, tmp_path):
    server = openssl(*self_signed(tmp_path, "rsa:2048", "-subj", "/CN=device.test"))
    arguments = [
        server.peer, "--mode=server-auth", f"--credentials={tmp_path}",
        "--server-name=device.test",
    ]
    assert "it has no subjectAltName" in device.run(*arguments).refused()
    device.run(*arguments, "--legacy-common-name").succeeded()


PIN = "--pin=" + 64 * "0"


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--pin=abc"], "64 hexadecimal digits"),
        (["--pinned-only"], "no key is pinned"),
        (["--pinned-only", PIN, "--ocsp=required"], "no issuer who could revoke"),
        (["--max-rsa-bits=1024"], "2048 to 8192"),
        (["--curves=P-521"], "P-256 or P-384"),
        (["--crl=/nowhere.pem"], "/nowhere.pem: there is no such file"),
        (["--crl-scope=leaf"], "there is no --crl"),
        (["--crl-issuers=/nowhere.pem"], "there is no --crl"),
        (["--crl-max-bytes=100"], "there is no --crl"),
        (["--crl=/nowhere.pem", "--crl-timeout=1"], "there is no --crl-url"),
        (["--crl-url=http://a.test/", "--crl-issuers=/nowhere.pem"], "/nowhere.pem: there is no"),
        (["--crl-url=http://a.test/", "--crl-refresh=daily"], "takes a number"),
        (["--crl-url=https://a.test/"], "one of https"),
        (["--crl=;"], "lists are required, but there is none"),
        (["--ocsp=maybe"], "off, required or soft-fail"),
        (["--ocsp=off", "--ocsp-nonce"], "--ocsp-nonce is about an OCSP responder"),
        (["--ocsp-responder=http://a.test/"], "none is asked"),
        (["--ocsp=required", "--ocsp-responder=https://a.test/"], "one of https"),
        (["--ocsp=required", "--ocsp-scope=all"], "leaf or chain"),
        (["--ocsp=required", "--ocsp-cert-id=md5"], "sha1 or sha256"),
        (["--ocsp-timeout=1"], "--ocsp-timeout is about an OCSP responder"),
        (["--mode=psk", PIN], "none is checked in this mode"),
        (["--mode=server-auth", "--role=server", "--ocsp=required"], "none is checked in this"),
        (["--mode=mutual", "--role=server", "--legacy-common-name"], "no name in them"),
    ],
)
def test_argument(device, pki, arguments, named):
    mode = [] if any(one.startswith("--mode") for one in arguments) else ["--mode=server-auth"]
    run = device.run(
        f"--peer=127.0.0.1:{free_port()}", f"--credentials={pki}/ec", "--server-name=a.test",
        f"--listen=127.0.0.1:{free_port()}", *mode, *arguments, timeout=10,
    )
    sentence = run.refused()
    assert named in sentence, sentence


def test_a_file_that_is_no_list(device, pki):
    run = device.run(
        "--mode=server-auth", f"--credentials={pki}/ec", f"--crl={pki}/ec/ca.pem",
    )
    sentence = run.refused()
    assert "ca.pem" in sentence and "no revocation list" in sentence, sentence
