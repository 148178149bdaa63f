# SPDX-License-Identifier: Apache-2.0
"""Arguments and credentials that are wrong: one sentence, and no connection."""

import pytest


@pytest.mark.parametrize(
    "argument, named",
    {
        "--mode=strong": "strong",
        "--tls=1.1": "1.1",
        "--peer=nowhere": "nowhere",
        "--peer=host:0": "port",
        "--messages=0": "messages",
        "--clock=noon": "noon",
        "--server-name=*.test": "server name",
        "--credentials=/nowhere": "/nowhere",
    }.items(),
)
def test_argument(device, pki, argument, named):
    arguments = {
        "--peer": "--peer=127.0.0.1:4433",
        "--mode": "--mode=server-auth",
        "--credentials": f"--credentials={pki}/ec",
    }
    arguments[argument.split("=")[0]] = argument
    assert named in device.run(*arguments.values()).refused()


def test_no_such_option(device):
    assert "colour=red" in device.run("--mode=psk", "--colour=red").output


@pytest.mark.parametrize("mode", ["psk", "server-auth", "mutual"])
def test_no_credentials(device, tmp_path, mode):
    run = device.run("--peer=127.0.0.1:4433", f"--mode={mode}", f"--credentials={tmp_path}")
    run.refused()


def test_key_of_another_certificate(device, pki, tmp_path):
    for file in ["ca.pem", "client.pem"]:
        (tmp_path / file).write_bytes((pki / "ec" / file).read_bytes())
    (tmp_path / "client-key.pem").write_bytes((pki / "ec" / "server-key.pem").read_bytes())
    run = device.run(
        "--peer=127.0.0.1:4433", "--mode=mutual", f"--credentials={tmp_path}",
    )
    assert "does not belong to the certificate" in run.refused()


def test_no_certificate_where_one_is_said_to_be(device, pki, tmp_path):
    (tmp_path / "ca.pem").write_text("this is no PEM")
    run = device.run(
        "--peer=127.0.0.1:4433", "--mode=server-auth", f"--credentials={tmp_path}",
    )
    assert "CA certificate" in run.refused()
