# SPDX-License-Identifier: Apache-2.0
"""What the build refuses: symbols that contradict each other, and credentials that will not do.
The very programs that the build ran are run again, with another .config: firmware/build.rs, and
that of zephyr-backend, which is in the image of any application."""

import os
import subprocess

import pytest

from conftest import APPLICATION
from revocation import LONG_PAST, crl

PIN = "0123456789abcdef" * 4


@pytest.fixture
def build(build_dir, tmp_path):
    """Runs the build script of the application; see `script`."""
    return script("rustapp", build_dir, tmp_path)


@pytest.fixture
def build_backend(build_dir, tmp_path):
    """Runs that of zephyr-backend."""
    return script("zephyr-backend", build_dir, tmp_path)


def script(package, build_dir, tmp_path):
    """A build script, to be run with symbols of SECURE_SOCKETS_ changed, `None` for unset, and
    with other lines."""
    programs = (build_dir / "firmware" / "rust" / "target").glob(
        f"release/build/{package}-*/build-script-build"
    )
    # Of a directory that was built in before, the last.
    program = max(programs, key=lambda path: path.stat().st_mtime)
    config = (build_dir / "zephyr" / ".config").read_text().splitlines()

    def run(*more, **symbols):
        names = tuple(f"CONFIG_SECURE_SOCKETS_{name}=" for name in symbols)
        names += tuple(line.split("=")[0] + "=" for line in more)
        lines = [line for line in config if not line.startswith(names)]
        lines += [
            f"CONFIG_SECURE_SOCKETS_{name}={value}"
            for name, value in symbols.items()
            if value is not None
        ]
        lines += more
        dotconfig = tmp_path / ".config"
        dotconfig.write_text("\n".join(lines))
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        return subprocess.run(
            [str(program)], capture_output=True, text=True, check=False,
            env={
                **os.environ, "DOTCONFIG": str(dotconfig), "OUT_DIR": str(out),
                "CARGO_MANIFEST_DIR": str(APPLICATION / "firmware"),
            },
        )

    return run


def refused(done):
    assert done.returncode != 0, done.stdout
    (sentence,) = [
        line.removeprefix("cargo::error=")
        for line in done.stdout.splitlines()
        if line.startswith("cargo::error=")
    ]
    return sentence


def test_the_image_that_was_built(build):
    done = build()
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "symbols, named",
    [
        ({"PINS": '"abc"'}, ["SECURE_SOCKETS_PINS", '"abc"', "64 hexadecimal digits"]),
        ({"PINNED_ONLY": "y"}, ["SECURE_SOCKETS_PINS is empty"]),
        (
            {"PINNED_ONLY": "y", "PINS": f'"{PIN}"', "CRL": "y"},
            ["SECURE_SOCKETS_CRL=y", "no issuer who could revoke"],
        ),
        (
            {"PINNED_ONLY": "y", "PINS": f'"{PIN}"', "OCSP_SOFT_FAIL": "y"},
            ["SECURE_SOCKETS_OCSP_SOFT_FAIL=y", "no issuer who could revoke"],
        ),
        (
            {"OCSP_RESPONDER": '"https://ocsp.test/"'},
            ["SECURE_SOCKETS_OCSP_RESPONDER", "one of https"],
        ),
        (
            {"CRL": "y", "CRL_URLS": '"http://a.test/;ldap://a.test/"'},
            ["SECURE_SOCKETS_CRL_URLS has", "ldap://a.test/", "does not start with http://"],
        ),
        (
            {"CREDENTIALS_STORED": "y", "CRL": "y", "CREDENTIALS_DIR": '"/nowhere"'},
            ["SECURE_SOCKETS_CREDENTIALS_DIR is /nowhere"],
        ),
        (
            {"CRL": "y", "ALL_MODES": None},
            ["needs a revocation list", "no crl.pem or crl.der"],
        ),
    ],
)
def test_symbols(build, symbols, named):
    sentence = refused(build(**symbols))
    for part in named:
        assert part in sentence, sentence


def with_lists(pki, directory, contents):
    for name in ["ca.pem", "client.pem", "client-key.pem", "server.pem", "server-key.pem"]:
        (directory / name).write_bytes((pki / "ec" / name).read_bytes())
    for name in ["psk.hex", "psk-identity.txt"]:
        (directory / name).write_bytes((pki / "ec" / name).read_bytes())
    (directory / "crl.pem").write_text(contents)
    return {"CRL": "y", "ALL_MODES": None, "CREDENTIALS_DIR": f'"{directory}"'}


def test_lists_that_are_compiled_in(build, pki, tmp_path):
    lists = [crl(tmp_path, pki, issuer).read_text() for issuer in ("ca", "intermediate")]
    done = build(**with_lists(pki, tmp_path, "".join(lists)))
    assert done.returncode == 0, done.stdout
    assert "cargo::warning" not in done.stdout
    for index in (0, 1):
        assert (tmp_path / "out" / f"crl-{index}.der").is_file()


def test_a_list_that_ran_out(build, pki, tmp_path):
    old = crl(tmp_path, pki, "intermediate", dates=LONG_PAST)
    done = build(**with_lists(pki, tmp_path, old.read_text()))
    assert done.returncode == 0, done.stdout
    assert "ran out 2026-01-08" in done.stdout, done.stdout


def test_a_file_that_is_no_list(build, pki, tmp_path):
    no_list = (pki / "ec" / "ca.pem").read_text()
    sentence = refused(build(**with_lists(pki, tmp_path, no_list)))
    assert "crl.pem" in sentence and "no revocation list" in sentence, sentence


def test_the_library_that_was_built(build_backend):
    done = build_backend()
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "lines, symbols, named",
    [
        (
            [], {"MODE_UNAUTHENTICATED": "y", "DANGEROUS_UNAUTHENTICATED": None},
            ["authenticates nobody", "CONFIG_SECURE_SOCKETS_DANGEROUS_UNAUTHENTICATED=y"],
        ),
        (
            [], {"KEY_ECC": None, "KEY_RSA": None},
            ["CONFIG_SECURE_SOCKETS_KEY_ECC=y", "no key of any kind"],
        ),
        (
            ["CONFIG_MBEDTLS_HAVE_TIME_DATE=n"], {},
            ["CONFIG_MBEDTLS_HAVE_TIME_DATE=y", "an expired certificate passes"],
        ),
        (
            ["CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK=n"], {},
            ["CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK=y"],
        ),
        (
            ["CONFIG_MBEDTLS_PEM_CERTIFICATE_FORMAT=n"], {"CREDENTIALS_PEM": "y"},
            ["CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM=y", "CONFIG_MBEDTLS_PEM_CERTIFICATE_FORMAT=y"],
        ),
        (
            [], {"TLS_OFFLOADED": "y", "HOSTED": None},
            ["the modem shows no certificate", "CONFIG_SECURE_SOCKETS_UNEXAMINED=y"],
        ),
        (
            [], {"TLS_OFFLOADED": "y", "HOSTED": None, "UNEXAMINED": "y"},
            ["CONFIG_SECURE_SOCKETS_PSK_NO_FORWARD_SECRECY=y"],
        ),
    ],
)
def test_what_no_application_may_be_built_with(build_backend, lines, symbols, named):
    sentence = refused(build_backend(*lines, **symbols))
    for part in named:
        assert part in sentence, sentence


@pytest.mark.parametrize("package", ["zephyr-backend", "zephyr-mbedtls-sys"])
def test_the_library_is_not_in_the_image(package, build_dir, tmp_path):
    sentence = refused(script(package, build_dir, tmp_path)("CONFIG_SECURE_SOCKETS=n"))
    assert "CONFIG_SECURE_SOCKETS is off" in sentence and "prj.conf" in sentence, sentence


def test_random_numbers_that_can_be_guessed(build_backend, kconfig):
    assert kconfig["ENTROPY_HAS_DRIVER"] == "y"
    sentence = refused(build_backend("CONFIG_TEST_RANDOM_GENERATOR=y"))
    assert "this board has a source of entropy" in sentence, sentence


@pytest.mark.parametrize("symbol", ["TIMER_RANDOM_GENERATOR", "TEST_CSPRNG_GENERATOR"])
def test_a_board_without_entropy(build_backend, symbol):
    line = f"CONFIG_{symbol}=y"
    sentence = refused(build_backend(line))
    assert "no source of entropy" in sentence and line in sentence, sentence
    done = build_backend(line, DANGEROUS_RANDOM="y")
    assert done.returncode == 0, done.stdout


# What zephyr/needs.cmake looks at, and what each is there for.
NEEDED = {
    "SECURE_SOCKETS_DEFAULTS": "zephyr/Kconfig.defaults",
    "RUST": "written in Rust",
    "RUST_ALLOC": "it allocates",
    "NET_SOCKETS": "Zephyr's sockets",
    "NET_SOCKETS_SOCKOPT_TLS": "that of Zephyr's sockets",
    "MBEDTLS_BUILTIN": "its Mbed TLS",
    "MBEDTLS_ENABLE_HEAP": "reserved for TLS",
    "MBEDTLS_USER_CONFIG_FILE": "secure-sockets-mbedtls.h",
}


def configured(symbols):
    """What CMake says of these symbols; empty if they will do."""
    done = subprocess.run(
        [
            "cmake", *(f"-DCONFIG_{symbol}={value}" for symbol, value in symbols.items()),
            "-P", str(APPLICATION / "zephyr" / "needs.cmake"),
        ],
        capture_output=True, text=True, check=False,
    )
    assert (done.returncode == 0) == (not done.stderr), done.stderr
    return " ".join(done.stderr.split())


def test_an_application_has_what_is_needed(kconfig):
    assert configured({symbol: kconfig[symbol] for symbol in NEEDED}) == ""


@pytest.mark.parametrize("missing", NEEDED)
def test_an_application_without_something_that_is_needed(kconfig, missing):
    symbols = {symbol: kconfig[symbol] for symbol in NEEDED if symbol != missing}
    said = configured(symbols)
    assert f"CONFIG_{missing}" in said or missing == "SECURE_SOCKETS_DEFAULTS", said
    assert NEEDED[missing] in said and "docs/your-application.md" in said, said
