# SPDX-License-Identifier: Apache-2.0
"""The cases of tests/trust-cases, and the sentences of docs/refusals.md."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

APPLICATION = Path(__file__).resolve().parents[2]
FILES = APPLICATION / "tests" / "trust-cases"


def names():
    """The names of all cases, by which they are found in what `written` returns."""
    for path in sorted(FILES.glob("*.toml")):
        for case in tomllib.loads(path.read_text())["case"]:
            yield case["name"]


class Written:
    """The cases as files, with responders that answer until it is closed."""

    def __init__(self, program, directory):
        self._process = subprocess.Popen(
            [str(program), str(FILES), str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert "cases" in self._process.stdout.readline(), "it did not write the cases"
        cases = json.loads((directory / "cases.json").read_text())
        self.by_name = {case["name"]: case for case in cases}

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)


def arguments(case):
    """The command line of a device for a case."""
    directory, policy = case["dir"], case["policy"]
    mode = {"client": "server-auth", "server": "mutual"}[case["by"]]
    yield f"--mode={mode}"
    yield f"--credentials={directory}"
    yield f"--clock={case['clock']}"
    if case["only_tls"]:
        yield f"--tls={case['only_tls']}"
    if case["ask"] is not None:
        yield f"--server-name={case['ask']}"
    if policy["max_rsa_bits"] is not None:
        yield f"--max-rsa-bits={policy['max_rsa_bits']}"
    if policy["curves"] is not None:
        yield f"--curves={','.join(policy['curves'])}"
    if policy["legacy_common_name"]:
        yield "--legacy-common-name"
    if policy["pins"]:
        yield f"--pin={';'.join(policy['pins'])}"
    if policy["pinned_only"]:
        yield "--pinned-only"
    if policy["crls"] is not None:
        yield f"--crl={';'.join(f'{directory}/crl-{name}.pem' for name in policy['crls'])}"
    if policy["crls_of_leaf"]:
        yield "--crl-scope=leaf"
    if policy["ocsp"] is not None:
        yield f"--ocsp={'soft-fail' if policy['ocsp']['soft_fail'] else 'required'}"
        if policy["ocsp"]["chain"]:
            yield "--ocsp-scope=chain"
        if policy["ocsp"]["nonce"]:
            yield "--ocsp-nonce"


def shows(case):
    """How OpenSSL shows the certificates of a case, whatever it thinks of them."""
    directory = case["dir"]
    yield from ("-cipher", "DEFAULT@SECLEVEL=0")
    yield from ("-cert", f"{directory}/peer.pem", "-key", f"{directory}/peer-key.pem")
    above = Path(directory, "above.pem")
    if above.stat().st_size > 0:
        yield from ("-cert_chain", str(above))


# What stands for other facts in the example sentences of docs/refusals.md, and what may
# stand there, in this order.
FACTS = [
    (r"[0-9a-f]{64}", r"[0-9a-f]{64}"),
    (r"\d{4}-\d\d-\d\d(T[0-9:]+Z)?", r"[0-9-]{10}(T[0-9:]+Z)?"),
    (r", only the commonName device\.test, which is not looked at", r"(, only the .*)?"),
    (r" \(keyCompromise\)", r"( \(\w+\))?"),
    (r"CN=(Example CA|Another CA|OCSP responder)", r".+"),
    (r"(device|elsewhere)\.test", r".+"),
    (r"does not allow use by a TLS server \(serverAuth\)", r"does not allow .+"),
    (r"may not speak for its issuer: .*", r"may not speak for its issuer: .+"),
    (r"responder says tryLater: .*", r"responder says \w+.*"),
    (r"alert handshake_failure \(40\): .*", r"alert \w+ \(\d+\): .+"),
    (r"onlyContainsUserCerts", r"\w+"),
    (r"mode server-auth", r"mode [a-z-]+"),
    (r"\w+ with SHA-\d+", r"[\w-]+ with [\w-]+"),
    (r"EC P-521", r".+"),
    (r"\b\d+(\.\d+)+\b", r"[0-9.]+"),
    (r"\b\d+\b", r"\d+"),
]

# What is no name is refused where it is read, before there is an `Error`.
NO_NAMES = {
    "InvalidServerName::Byte": r"has the byte 0x[0-9A-F]{2}, which a DNS name cannot have",
    "InvalidServerName::Label": r"a label of the server name is empty, longer than 63 bytes",
    "InvalidServerName::TooLong": r"the server name is longer than 253 bytes",
}


def pattern(example):
    """An expression for sentences like the example, with other facts."""
    places = "|".join(f"(?P<f{number}>{fact})" for number, (fact, _) in enumerate(FACTS))
    result, end = "", 0
    for match in re.finditer(places, example):
        number = next(n for n in range(len(FACTS)) if match.group(f"f{n}") is not None)
        result += re.escape(example[end:match.start()]) + FACTS[number][1]
        end = match.end()
    return result + re.escape(example[end:])


def sentences():
    """The sentences of each variant in docs/refusals.md, as expressions."""
    found = dict(NO_NAMES)
    row = re.compile(r"\| (.*) \| `(\w+::\w+)` \| .* \|")
    for line in (APPLICATION / "docs" / "refusals.md").read_text().splitlines():
        if match := row.fullmatch(line):
            example = match[1].replace(r"\|", "|")
            before = found.get(match[2])
            found[match[2]] = f"{before}|{pattern(example)}" if before else pattern(example)
    return found


def expression(case, known):
    """What a device must say that refuses the case: this, and no reason after it."""
    parts = "; ".join(f"({known[variant]})" for variant in case["refused"])
    if case["refused"][0] in NO_NAMES:
        return parts
    # A server says how much memory it uses.
    code = r"( \(Mbed TLS -0x[0-9A-F]+\))?(; TLS heap .*)?$"
    if case["depth"] is None:
        return parts + code
    peer = {"client": "server", "server": "client"}[case["by"]]
    return rf"refused the {peer}'s certificate: .*\(depth {case['depth']}\): {parts}{code}"
