// SPDX-License-Identifier: Apache-2.0

//! nginx (Debian: nginx-light), with TLS.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{directory, free_port};

/// A web server on this computer.
pub(crate) struct Nginx {
    child: Child,
    home: PathBuf,
    pub(crate) port: u16,
}

impl Nginx {
    /// One that shows the certificate of `pki/ec/server.pem`, with `more` in its
    /// configuration. `/file` is a document, of `file`; `/echo` answers in chunks with what
    /// was posted, `/closed` until the connection ends.
    pub(crate) fn start(file: &[u8], more: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let home = directory().join(format!("nginx-{number}"));
        fs::create_dir_all(home.join("html")).unwrap();
        fs::write(home.join("html/file"), file).unwrap();
        let port = free_port();
        let configuration = configuration(&home.display().to_string(), port, more);
        fs::write(home.join("nginx.conf"), configuration).unwrap();
        let child = Command::new("nginx")
            .arg("-p")
            .arg(&home)
            .arg("-e")
            .arg(home.join("error.log"))
            .arg("-c")
            .arg(home.join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed (Debian: nginx-light)");
        let mut server = Self { child, home, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let is_over = server.child.try_wait().unwrap().is_some();
            assert!(
                !is_over && Instant::now() < deadline,
                "nginx does not start: {:?}",
                fs::read_to_string(server.home.join("error.log"))
            );
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// The URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// A line for each request, of which there have to be so many at least: method, path,
    /// status, Host, ALPN, version, client, body. nginx writes it after it has answered.
    pub(crate) fn requests(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = fs::read_to_string(self.home.join("requests.log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().map(str::to_owned).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "{count} requests: {lines:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(home: &str, port: u16, more: &str) -> String {
    let pki = directory().join("pki/ec").display().to_string();
    let echo = "echo_read_request_body; echo -n $request_body;";
    format!(
        "daemon off;
master_process off;
pid {home}/nginx.pid;
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
events {{ worker_connections 64; }}
http {{
  log_format requests escape=none '$request_method $uri $status $http_host $ssl_alpn_protocol $ssl_protocol '
    '[$ssl_client_s_dn] $request_body$http_x_key';
  access_log {home}/requests.log requests;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  client_body_in_single_buffer on;
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {pki}/server.pem;
    ssl_certificate_key {pki}/server-key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    root {home}/html;
    {more}
    location /echo {{ {echo} }}
    location /closed {{ chunked_transfer_encoding off; {echo} }}
    location /none {{ return 204; }}
    location /here {{ absolute_redirect off; return 302 /file; }}
    location /odd {{ absolute_redirect off; return 302 '/\u{9b}31m'; }}
    location /whole {{ return 301 https://localhost:{port}/file; }}
    location /round {{ return 302 /round; }}
    location /other {{ return 302 https://other.test/file; }}
    location /numbered {{ return 302 https://127.0.0.1:{port}/file; }}
    location /plain {{ return 302 http://localhost:{port}/file; }}
    location /kept {{ return 307 /echo; }}
    location /busy {{ return 503 'try \u{1b}[31m later'; }}
  }}
}}
"
    )
}
