# SPDX-License-Identifier: Apache-2.0
"""Web servers: nginx, and one that answers what it should not."""

import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from peer import Listening, free_port, listens

# /echo answers in chunks with what was posted, /counted with its length.
CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
events {{ worker_connections 256; }}
http {{
  log_format posts escape=json '{{"body":"$request_body","status":$status,'
    '"host":"$http_host","alpn":"$ssl_alpn_protocol","reused":"$ssl_session_reused",'
    '"client":"$ssl_client_s_dn","connection":$connection,"type":"$content_type"}}';
  access_log {directory}/posts.log posts;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  client_body_buffer_size 64k;
  client_body_in_single_buffer on;
  {more}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {pki}/server.pem;
    ssl_certificate_key {pki}/server-key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location /echo {{ echo_read_request_body; echo -n $request_body; }}
    location /closed {{ chunked_transfer_encoding off; echo_read_request_body; echo -n $request_body; }}
    location /none {{ echo_read_request_body; echo_status 204; echo -n ''; }}
    location /text {{ return 200 "what is here"; }}
    location /busy {{ return 503 "try later"; }}
  }}
}}
"""


class Nginx:
    """nginx with TLS, in mode 2, or 3 with `more` of its configuration."""

    def __init__(self, directory: Path, pki: Path, more=""):
        self.port = free_port()
        self.log = directory / "posts.log"
        configuration = directory / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(directory=directory, port=self.port, pki=pki / "ec", more=more)
        )
        errors = directory / "error.log"
        self.process = subprocess.Popen(
            ["nginx", "-p", str(directory), "-e", str(errors), "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(errors.read_text())
            time.sleep(0.02)

    @property
    def peer(self):
        return f"--peer=127.0.0.1:{self.port}"

    def posts(self, count):
        """What was posted, so many times at least: nginx writes it down after it has answered."""
        deadline = time.monotonic() + 20
        while len(lines := self.log.read_text().splitlines()) < count:
            assert time.monotonic() < deadline, lines
            time.sleep(0.02)
        return [json.loads(line) for line in lines]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Answers(Listening):
    """A server of mode 2 that gives each request an answer, whatever it asks for. It ends
    each connection after `each` of them, with close_notify or without."""

    def __init__(self, pki: Path, *answers, each=1, cut=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pki / "ec" / "server.pem", pki / "ec" / "server-key.pem")
        self.answers, self.each, self.cut = list(answers), each, cut
        self.requests = []
        super().__init__()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while self.answers:
            try:
                plain, _ = self.listener.accept()
                with plain, self.context.wrap_socket(plain, server_side=True) as client:
                    self._answer(client)
            except OSError:
                pass

    def _answer(self, client):
        for _ in range(self.each):
            if not self.answers or not self._read_request(client):
                return
            client.sendall(self.answers.pop(0))
        if self.cut:
            # The socket alone: nothing of TLS.
            socket.socket(fileno=client.detach()).close()
        else:
            client.unwrap()

    def _read_request(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(4096)
            if not more:
                return False
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n")
             if line.lower().startswith(b"content-length:")), 0,
        )
        while len(body) < length:
            more = client.recv(4096)
            if not more:
                return False
            body += more
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def __exit__(self, *how):
        self.answers.clear()
        super().__exit__(*how)
