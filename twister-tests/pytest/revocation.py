# SPDX-License-Identifier: Apache-2.0
"""What CAs say of certificates they revoked: lists made by `openssl ca`, and OpenSSL's
OCSP responder."""

import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

A_WEEK = ["-crldays", "7"]
# Of January 2026.
LONG_PAST = ["-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20260108000000Z"]

# What a CA's database says of a certificate.
GOOD = "V\t450101000000Z\t"
REVOKED = "R\t450101000000Z\t250601120000Z,keyCompromise"


def crl(directory, pki, issuer, revoked=(), dates=A_WEEK, name=None):
    """A list of `issuer` with the certificates `revoked`, in PEM."""
    name = name or issuer
    database = directory / f"{name}.index"
    database.write_text("")
    config = directory / f"{name}.conf"
    config.write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\ndefault_md=sha256\n")
    ca = [
        "openssl", "ca", "-config", str(config), "-cert", f"{pki}/ec/{issuer}.pem",
        "-keyfile", f"{pki}/ec/{issuer}-key.pem",
    ]
    for leaf in revoked:
        certificate = f"{pki}/ec/{leaf}.pem"
        command = [*ca, "-revoke", certificate, "-crl_reason", "keyCompromise"]
        subprocess.run(command, check=True, capture_output=True)
    path = directory / f"{name}.crl.pem"
    subprocess.run([*ca, "-gencrl", "-out", str(path), *dates], check=True, capture_output=True)
    return path


class ListServer:
    """Gives out one file by plain HTTP, and counts how often."""

    def __init__(self, path):
        served = self
        self.path = path
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                served.asked += 1
                body = served.path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/crl"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class OcspResponder:
    """`openssl ocsp`, by which the intermediate answers about one certificate."""

    def __init__(self, directory, pki, leaf, status, kind="ec"):
        shown = subprocess.run(
            ["openssl", "x509", "-noout", "-serial", "-in", f"{pki}/{kind}/{leaf}.pem"],
            check=True, capture_output=True, text=True,
        )
        serial = shown.stdout.strip().removeprefix("serial=")
        index = directory / f"ocsp-{leaf}.index"
        index.write_text(f"{status}\t{serial}\tunknown\t/CN={leaf}\n")
        issuer = f"{pki}/{kind}/intermediate.pem"
        self.process = subprocess.Popen(
            [
                "openssl", "ocsp", "-port", "0", "-nmin", "5", "-index", str(index),
                "-CA", issuer, "-rsigner", issuer, "-rkey", f"{pki}/{kind}/intermediate-key.pem",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        # "ACCEPT [::]:12345 PID=6789"
        said = self.process.stdout.readline()
        if "ACCEPT" not in said:
            self.stop()
            raise RuntimeError(f"openssl ocsp said {said!r}: {self.process.stderr.read()}")
        port = said.split()[1].rsplit(":", 1)[1]
        self.url = f"http://127.0.0.1:{port}/"
        self._errors = []
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self):
        for line in self.process.stderr:
            self._errors.append(line)

    def asked(self):
        """How many requests it got, as far as it has told."""
        return "".join(self._errors).count("Received request")

    def was_asked(self, times, within=5):
        """Whether it got so many requests; what it writes of one comes after its answer."""
        deadline = time.monotonic() + within
        while self.asked() < times and time.monotonic() <= deadline:
            time.sleep(0.05)
        return self.asked() == times

    def stop(self):
        self.process.kill()
        self.process.wait()
