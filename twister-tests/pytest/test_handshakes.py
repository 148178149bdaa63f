# SPDX-License-Identifier: Apache-2.0
"""Every mode, version and kind of key against OpenSSL, with messages there and back."""

import pytest

VERSIONS = {"1.2": "-tls1_2", "1.3": "-tls1_3"}


def certificate(pki, kind, leaf="server"):
    directory = pki / kind
    return [
        "-cert", f"{directory}/{leaf}.pem",
        "-cert_chain", f"{directory}/{leaf}.pem",
        "-key", f"{directory}/{leaf}-key.pem",
    ]


def finished(run, mode, version):
    output = run.succeeded()
    assert f"({mode}), TLS {version}" in output, output
    assert "5 messages sent, 5 came back" in output, output
    return output


@pytest.mark.parametrize("version", VERSIONS)
def test_psk(device, openssl, pki, version):
    key = (pki / "ec" / "psk.hex").read_text()
    identity = (pki / "ec" / "psk-identity.txt").read_text()
    server = openssl(
        VERSIONS[version], "-nocert", "-psk", key, "-psk_identity", identity,
    )
    run = device.run(server.peer, "--mode=psk", f"--tls={version}", f"--credentials={pki}/ec")
    output = finished(run, "psk", version)
    assert f"the peer is holder of the pre-shared key {identity}" in output


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("version", VERSIONS)
def test_server_auth(device, openssl, pki, version, kind):
    server = openssl(VERSIONS[version], *certificate(pki, kind))
    run = device.run(
        server.peer, "--mode=server-auth", f"--tls={version}",
        f"--credentials={pki}/{kind}", "--server-name=device.test",
    )
    output = finished(run, "server-auth", version)
    assert "the peer is " in output and "CN=Test server" in output
    assert "we are nobody" in output


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("version", VERSIONS)
def test_mutual(device, openssl, pki, version, kind):
    server = openssl(
        VERSIONS[version], *certificate(pki, kind),
        # -Verify: a client without a certificate is refused.
        "-Verify", "4", "-verify_return_error", "-CAfile", f"{pki}/{kind}/ca.pem",
    )
    run = device.run(
        server.peer, "--mode=mutual", f"--tls={version}",
        f"--credentials={pki}/{kind}", "--server-name=device.test",
    )
    output = finished(run, "mutual", version)
    assert "CN=client-1" in output
    assert server.said("CN = client-1"), server.errors


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("version", VERSIONS)
def test_unauthenticated(device, openssl, pki, version, kind):
    server = openssl(VERSIONS[version], *certificate(pki, kind, "self-signed"))
    run = device.run(
        server.peer, "--mode=unauthenticated", f"--tls={version}", f"--credentials={pki}/{kind}",
    )
    output = finished(run, "unauthenticated", version)
    assert "DANGEROUS" in output
    assert "the peer is nobody" in output


def test_credentials_that_are_compiled_in(device, openssl, pki, kconfig):
    assert kconfig["SECURE_SOCKETS_CREDENTIALS_DIR"] == f"{pki}/ec"
    server = openssl(
        *certificate(pki, "ec"),
        "-Verify", "4", "-verify_return_error", "-CAfile", f"{pki}/ec/ca.pem",
    )
    run = device.run(server.peer, "--mode=mutual", "--server-name=device.test")
    assert "CN=client-1" in finished(run, "mutual", "1.3")


def test_an_ip_address_is_a_name_too(device, openssl, pki, kconfig):
    if kconfig.get("QEMU_TARGET") == "y":
        pytest.skip("the certificate is not for the address in QEMU's network")
    server = openssl(*certificate(pki, "ec"))
    run = device.run(server.peer, "--mode=server-auth", f"--credentials={pki}/ec")
    finished(run, "server-auth", "1.3")


def test_alpn(device, openssl, pki):
    server = openssl(*certificate(pki, "ec"), "-alpn", "mqtt")
    run = device.run(
        server.peer, "--mode=server-auth", f"--credentials={pki}/ec",
        "--server-name=device.test", "--alpn=http/1.1,mqtt",
    )
    assert "application protocol mqtt" in finished(run, "server-auth", "1.3")
