// SPDX-License-Identifier: Apache-2.0

//! Kconfig's values and the credentials of `CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR`,
//! checked and put into the image.

use std::collections::HashMap;
use std::env;
use std::fmt::{Display, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use http_client::Request;
use secure_socket::credential::{CaCertificate, Psk, PskIdentity};
use secure_socket::time::TimeServer;

#[path = "build/policy.rs"]
mod policy;

/// The symbols that the code asks with `cfg`.
const SYMBOLS: &[&str] = &[
    "CONFIG_MBEDTLS_SSL_ALPN",
    "CONFIG_SECURE_SOCKETS_ALL_MODES",
    "CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES",
    "CONFIG_SECURE_SOCKETS_CLOCK_HOST",
    "CONFIG_SECURE_SOCKETS_CLOCK_SNTP",
    "CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED",
    "CONFIG_SECURE_SOCKETS_CRL",
    "CONFIG_SECURE_SOCKETS_CRL_SCOPE_LEAF",
    EXAMPLES,
    "CONFIG_SECURE_SOCKETS_HOSTED",
    "CONFIG_SECURE_SOCKETS_JOB_ECHO",
    "CONFIG_SECURE_SOCKETS_JOB_HTTPS",
    "CONFIG_SECURE_SOCKETS_JOB_MQTT",
    "CONFIG_SECURE_SOCKETS_JOB_READINGS",
    "CONFIG_SECURE_SOCKETS_KEY_ECC",
    "CONFIG_SECURE_SOCKETS_KEY_ECC_P384",
    "CONFIG_SECURE_SOCKETS_LEGACY_COMMON_NAME",
    "CONFIG_SECURE_SOCKETS_LINK",
    "CONFIG_SECURE_SOCKETS_MEASURE_MEMORY",
    "CONFIG_SECURE_SOCKETS_MODE_MUTUAL",
    "CONFIG_SECURE_SOCKETS_MODE_PSK",
    "CONFIG_SECURE_SOCKETS_MODE_SERVER_AUTH",
    "CONFIG_SECURE_SOCKETS_MODE_UNAUTHENTICATED",
    "CONFIG_SECURE_SOCKETS_MQTT_DROP_NEWEST",
    "CONFIG_SECURE_SOCKETS_MQTT_STOP",
    "CONFIG_SECURE_SOCKETS_OCSP_CERT_ID_SHA256",
    "CONFIG_SECURE_SOCKETS_OCSP_NONCE",
    "CONFIG_SECURE_SOCKETS_OCSP_REQUIRED",
    "CONFIG_SECURE_SOCKETS_OCSP_SCOPE_CHAIN",
    "CONFIG_SECURE_SOCKETS_OCSP_SOFT_FAIL",
    "CONFIG_SECURE_SOCKETS_PINNED_ONLY",
    "CONFIG_SECURE_SOCKETS_PSK_NO_FORWARD_SECRECY",
    "CONFIG_SECURE_SOCKETS_REPEAT",
    "CONFIG_SECURE_SOCKETS_RESUMPTION",
    "CONFIG_SECURE_SOCKETS_ROLE_BOTH",
    "CONFIG_SECURE_SOCKETS_ROLE_CLIENT",
    "CONFIG_SECURE_SOCKETS_ROLE_SERVER",
    "CONFIG_SECURE_SOCKETS_SNTP_AGAIN",
    "CONFIG_SECURE_SOCKETS_TLS_1_2",
    "CONFIG_SECURE_SOCKETS_TLS_1_3",
    "CONFIG_SECURE_SOCKETS_TLS_1_2_OR_1_3",
    "CONFIG_SECURE_SOCKETS_TLS_OFFLOADED",
    "CONFIG_SECURE_SOCKETS_UNEXAMINED",
    "CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES",
    "CONFIG_SECURE_SOCKETS_WITH_CLIENT",
    "CONFIG_SECURE_SOCKETS_WITH_CRL",
    "CONFIG_SECURE_SOCKETS_WITH_CRL_URL",
    "CONFIG_SECURE_SOCKETS_WITH_IDENTITY",
    "CONFIG_SECURE_SOCKETS_WITH_OCSP",
    "CONFIG_SECURE_SOCKETS_WITH_ECHO",
    "CONFIG_SECURE_SOCKETS_WITH_HTTPS",
    "CONFIG_SECURE_SOCKETS_WITH_MQTT",
    "CONFIG_SECURE_SOCKETS_WITH_READINGS",
    "CONFIG_SECURE_SOCKETS_WITH_SENSOR",
    "CONFIG_SECURE_SOCKETS_WITH_PSK",
    "CONFIG_SECURE_SOCKETS_WITH_SERVER",
    "CONFIG_SECURE_SOCKETS_WITH_SNTP",
    "CONFIG_SECURE_SOCKETS_WITH_STORED",
    "CONFIG_FAKE_ENTROPY_NATIVE_SIM",
    "CONFIG_TEST_CSPRNG_GENERATOR",
    "CONFIG_TIMER_RANDOM_GENERATOR",
];

const EXAMPLES: &str = "CONFIG_SECURE_SOCKETS_EXAMPLES";
/// The numbers of a device that publishes to a broker.
const MQTT: [&str; 8] = [
    "MQTT_READINGS",
    "MQTT_KEEP_ALIVE_S",
    "MQTT_SESSION_S",
    "MQTT_MAX_PACKET",
    "MQTT_QUEUE",
    "MQTT_FIRST_WAIT_MS",
    "MQTT_LONGEST_WAIT_MS",
    "MQTT_ATTEMPTS",
];

type Result<T> = std::result::Result<T, String>;

fn main() {
    if let Err(sentence) = run() {
        println!("cargo::error={sentence}");
        // Nothing after this could be understood.
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let config = Config::read()?;
    // Where there is an operating system the examples are programs of their own: so it is
    // where the firmware is linted for a computer.
    let is_firmware = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    for symbol in SYMBOLS {
        println!("cargo::rustc-check-cfg=cfg({symbol})");
        if config.is_set(symbol) && (is_firmware || *symbol != EXAMPLES) {
            println!("cargo::rustc-cfg={symbol}");
        }
    }
    refuse_nonsense(&config)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut source = values(&config)?;
    source.push_str(&policy::values(&config)?);
    source.push_str(&credentials(&config, &out)?);
    fs::write(out.join("config.rs"), source).map_err(|error| format!("config.rs: {error}"))
}

/// The `.config` of the build.
struct Config(HashMap<String, String>);

impl Config {
    fn read() -> Result<Self> {
        println!("cargo::rerun-if-env-changed=DOTCONFIG");
        let path = env::var("DOTCONFIG").map_err(|_| {
            "DOTCONFIG is not set: the firmware is built by Zephyr, with `west build`".to_owned()
        })?;
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let lines = text.lines().filter(|line| line.starts_with("CONFIG_"));
        Ok(Self(
            lines
                .filter_map(|line| line.split_once('='))
                .map(|(symbol, value)| (symbol.to_owned(), value.to_owned()))
                .collect(),
        ))
    }

    fn is_set(&self, symbol: &str) -> bool {
        self.0.get(symbol).is_some_and(|value| value == "y")
    }

    fn ours(&self, symbol: &str) -> bool {
        self.is_set(&format!("CONFIG_SECURE_SOCKETS_{symbol}"))
    }

    /// A string, without its quotes; empty if it is not there.
    fn text(&self, symbol: &str) -> String {
        let value = self.0.get(&format!("CONFIG_SECURE_SOCKETS_{symbol}"));
        let value = value.map_or("", |value| value.trim_matches('"'));
        value.replace("\\\"", "\"").replace("\\\\", "\\")
    }

    fn number(&self, symbol: &str) -> Result<u32> {
        let text = self.text(symbol);
        text.parse()
            .map_err(|_| format!("CONFIG_SECURE_SOCKETS_{symbol} is {text:?}, no number"))
    }
}

/// Combinations that Kconfig cannot express. Those that are wrong in any application the build
/// script of zephyr-backend refuses.
fn refuse_nonsense(config: &Config) -> Result<()> {
    if config.is_set("CONFIG_TLS_CREDENTIALS_BACKEND_PROTECTED_STORAGE")
        && !config.ours("CREDENTIALS_STORED")
    {
        return Err(
            "CONFIG_TLS_CREDENTIALS_BACKEND_PROTECTED_STORAGE=y keeps credentials over a reset, \
             and those that are compiled in would then find their tags in use: store them once \
             and set CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED=y"
                .to_owned(),
        );
    }
    if config.ours("WITH_CLIENT") && config.text("PEER_HOST").is_empty() && !config.ours("HOSTED") {
        return Err(
            "CONFIG_SECURE_SOCKETS_PEER_HOST is empty: name the host to connect to".to_owned(),
        );
    }
    if config.ours("WITH_SNTP") {
        TimeServer::list(&config.text("SNTP_SERVERS"))
            .map_err(|error| format!("CONFIG_SECURE_SOCKETS_SNTP_SERVERS: {error}"))?;
    }
    if config.ours("WITH_HTTPS") {
        let path = config.text("HTTP_PATH");
        Request::get(&path)
            .check()
            .map_err(|error| format!("CONFIG_SECURE_SOCKETS_HTTP_PATH is {path:?}: {error}"))?;
    }
    let handshake = config.number("HANDSHAKE_TIMEOUT_MS")?;
    if config.ours("TLS_OFFLOADED") {
        // The backend refuses any limit.
        return Ok(());
    }
    let connect = config.0.get("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT");
    let connect: u32 = connect
        .and_then(|value| value.parse().ok())
        .unwrap_or_default();
    if handshake > connect {
        return Err(format!(
            "CONFIG_SECURE_SOCKETS_HANDSHAKE_TIMEOUT_MS is {handshake}, but Zephyr gives up after \
             CONFIG_NET_SOCKETS_CONNECT_TIMEOUT, which is {connect}"
        ));
    }
    Ok(())
}

fn values(config: &Config) -> Result<String> {
    let mut source = String::new();
    let resumes = |side: &str| config.ours("RESUMPTION") && config.ours(side);
    for symbol in [
        "PEER_HOST",
        "SERVER_NAME",
        "ALPN",
        "MESSAGE_TEXT",
        "SERVER_ADMIT",
    ]
    .into_iter()
    .chain(config.ours("WITH_SNTP").then_some("SNTP_SERVERS"))
    .chain(config.ours("WITH_SERVER").then_some("LISTEN_ADDRESS"))
    .chain(config.ours("WITH_HTTPS").then_some("HTTP_PATH"))
    .chain(config.ours("WITH_MQTT").then_some("MQTT_NAME"))
    {
        let value = config.text(symbol);
        let _ = writeln!(source, "pub(crate) const {symbol}: &str = {value:?};");
    }
    for symbol in [
        "PEER_PORT",
        "SEC_TAG",
        "MESSAGE_COUNT",
        "HANDSHAKE_TIMEOUT_MS",
        "IO_TIMEOUT_MS",
    ]
    .into_iter()
    .chain(config.ours("WITH_SNTP").then_some("SNTP_TIMEOUT_MS"))
    .chain(config.ours("WITH_SNTP").then_some("SNTP_LIMIT_S"))
    .chain(config.ours("SNTP_AGAIN").then_some("SNTP_INTERVAL_S"))
    .chain(config.ours("LINK").then_some("LINK_LIMIT_S"))
    .chain(
        ["REPEAT_S", "RETRY_FIRST_MS", "RETRY_LONGEST_MS"]
            .into_iter()
            .filter(|_| config.ours("REPEAT")),
    )
    .chain(config.ours("WITH_CLIENT").then_some("CONNECTIONS"))
    .chain(resumes("WITH_CLIENT").then_some("CLIENT_SESSIONS"))
    .chain(resumes("WITH_SERVER").then_some("SERVER_SESSIONS"))
    .chain(config.ours("WITH_SERVER").then_some("LISTEN_PORT"))
    .chain((config.ours("WITH_HTTPS") || config.ours("WITH_MQTT")).then_some("INTERVAL_MS"))
    .chain(config.ours("WITH_SERVER").then_some("SERVER_SEC_TAG"))
    .chain(MQTT.into_iter().filter(|_| config.ours("WITH_MQTT")))
    {
        let value = config.number(symbol)?;
        let _ = writeln!(source, "pub(crate) const {symbol}: u32 = {value};");
    }
    Ok(source)
}

/// The credentials directory.
struct Directory(PathBuf);

impl Directory {
    fn of(config: &Config) -> Result<Option<Self>> {
        let text = config.text("CREDENTIALS_DIR");
        if text.is_empty() {
            let lists = config.ours("CRL") && config.text("CRL_URLS").is_empty();
            let stored = config.ours("CREDENTIALS_STORED") && !lists;
            let none = config.ours("MODE_UNAUTHENTICATED");
            if config.ours("HOSTED") || stored || none {
                return Ok(None);
            }
            return Err(
                "CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR is empty: name the directory whose \
                 credentials to compile in (only native_sim and QEMU can do without)"
                    .to_owned(),
            );
        }
        let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?;
        // join() takes an absolute path as it is.
        let path = Path::new(&manifest).join("..").join(text);
        println!("cargo::rerun-if-changed={}", path.display());
        if !path.is_dir() {
            return Err(format!(
                "CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR is {}, which is no directory",
                path.display()
            ));
        }
        Ok(Some(Self(path)))
    }

    /// The first of the files that there is.
    fn find(&self, names: &[&str]) -> Option<PathBuf> {
        let path = names
            .iter()
            .map(|name| self.0.join(name))
            .find(|path| path.is_file())?;
        println!("cargo::rerun-if-changed={}", path.display());
        Some(path)
    }

    fn certificates(&self, name: &str) -> Result<Option<Vec<Vec<u8>>>> {
        let Some(path) = self.find(&[&format!("{name}.pem"), &format!("{name}.der")]) else {
            return Ok(None);
        };
        let contents = contents(&path)?;
        let certificates = if is_pem(&path) {
            CaCertificate::from_pem(&text(&path, contents)?)
        } else {
            CaCertificate::from_der(contents).map(|certificate| vec![certificate])
        };
        let certificates = certificates.map_err(in_file(&path))?;
        Ok(Some(
            certificates
                .iter()
                .map(|certificate| certificate.as_der().to_vec())
                .collect(),
        ))
    }

    fn key(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(path) = self.find(&[&format!("{name}.pem"), &format!("{name}.der")]) else {
            return Ok(None);
        };
        let contents = contents(&path)?;
        if !is_pem(&path) {
            return Ok(Some(contents));
        }
        let (label, der) = pem_rfc7468::decode_vec(&contents).map_err(in_file(&path))?;
        match label {
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => Ok(Some(der)),
            label => Err(format!(
                "{}: it holds a {label}, and no private key in the clear",
                path.display()
            )),
        }
    }

    /// Key and identity.
    fn psk(&self) -> Result<Option<(Vec<u8>, String)>> {
        let Some(path) = self.find(&["psk.hex", "../psk.hex"]) else {
            return Ok(None);
        };
        let digits = text(&path, contents(&path)?)?;
        let key = Psk::from_hex(&digits).map_err(in_file(&path))?;
        let path = self
            .find(&["psk-identity.txt", "../psk-identity.txt"])
            .ok_or_else(|| format!("{}: there is no psk-identity.txt by it", path.display()))?;
        let identity = text(&path, contents(&path)?)?;
        let identity = PskIdentity::new(identity.trim()).map_err(in_file(&path))?;
        Ok(Some((key.expose().to_vec(), identity.as_str().to_owned())))
    }
}

fn in_file<E: Display>(path: &Path) -> impl Fn(E) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

fn contents(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(in_file(path))
}

fn text(path: &Path, contents: Vec<u8>) -> Result<String> {
    String::from_utf8(contents).map_err(in_file(path))
}

fn is_pem(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pem")
}

/// Refuses a chain that does not fit into a record: Mbed TLS sends none in two.
fn check_length(config: &Config, whose: &str, chain: &Option<Vec<Vec<u8>>>) -> Result<()> {
    /// The head of the message with its request context, and of each certificate with its
    /// extensions (RFC 8446, section 4.4.2); then the content type and the tag.
    const MESSAGE: usize = 8 + 17;
    const CERTIFICATE: usize = 5;
    let longest = config.number("OUT_CONTENT_LEN")? as usize;
    let length: usize = chain
        .iter()
        .flatten()
        .map(|der| der.len() + CERTIFICATE)
        .sum();
    if MESSAGE + length > longest {
        return Err(format!(
            "the {whose}'s certificate chain takes {} bytes, but \
             CONFIG_SECURE_SOCKETS_OUT_CONTENT_LEN is {longest}: raise it, or leave out the root",
            MESSAGE + length
        ));
    }
    Ok(())
}

/// The constants with the credentials that the modes compiled in need.
fn credentials(config: &Config, out: &Path) -> Result<String> {
    let directory = Directory::of(config)?;
    // The image with every mode takes what it finds.
    let must = directory.is_some() && !config.ours("ALL_MODES");
    let need = |what: &str, there: bool, files: &str| match there || !must {
        true => Ok(()),
        false => Err(format!(
            "the mode needs {what}, but {} has no {files}",
            config.text("CREDENTIALS_DIR")
        )),
    };
    let mut anchors = None;
    let mut lists = None;
    let mut list_issuers = None;
    let mut client = (None, None);
    let mut server = (None, None);
    let mut psk = None;
    if let Some(directory) = &directory
        && config.ours("CRL")
    {
        lists = policy::lists(directory)?;
        list_issuers = directory.certificates("crl-issuers")?;
        let there = lists.is_some() || !config.text("CRL_URLS").is_empty();
        need("a revocation list", there, "crl.pem or crl.der")?;
    }
    let stored = config.ours("CREDENTIALS_STORED");
    if let Some(directory) = directory.as_ref().filter(|_| !stored) {
        // A server of mode 2 verifies nobody, and pins stand in for a CA.
        if config.ours("CHECKS_CERTIFICATES") && !config.ours("PINNED_ONLY") {
            anchors = directory.certificates("ca")?;
            need("a CA certificate", anchors.is_some(), "ca.pem or ca.der")?;
        }
        let identity = |stem: &str| {
            let pair = (
                directory.certificates(stem)?,
                directory.key(&format!("{stem}-key"))?,
            );
            let files = format!("{stem}.pem or {stem}.der");
            need("a certificate", pair.0.is_some(), &files)?;
            let files = format!("{stem}-key.pem or {stem}-key.der");
            need("a private key", pair.1.is_some(), &files)?;
            Ok::<_, String>(pair)
        };
        if config.ours("WITH_IDENTITY") && config.ours("WITH_CLIENT") {
            client = identity("client")?;
            check_length(config, "client", &client.0)?;
        }
        if config.ours("WITH_CERTIFICATES") && config.ours("WITH_SERVER") {
            server = identity("server")?;
            check_length(config, "server", &server.0)?;
        }
        if config.ours("WITH_PSK") {
            psk = directory.psk()?;
            need("a pre-shared key", psk.is_some(), "psk.hex")?;
        }
    }
    let include = |name: &str, bytes: &[u8]| -> Result<String> {
        let path = out.join(name);
        fs::write(&path, bytes).map_err(in_file(&path))?;
        Ok(format!("include_bytes!({:?})", path.display().to_string()))
    };
    let list = |name: &str, certificates: &Option<Vec<Vec<u8>>>| -> Result<String> {
        let certificates = certificates.as_deref().unwrap_or_default();
        let includes: Vec<_> = certificates
            .iter()
            .enumerate()
            .map(|(index, der)| include(&format!("{name}-{index}.der"), der))
            .collect::<Result<_>>()?;
        Ok(format!("&[{}]", includes.join(", ")))
    };
    let option = |some: Option<String>| match some {
        Some(text) => format!("Some({text})"),
        None => "None".to_owned(),
    };
    let key = |name: &str, key: &Option<Vec<u8>>| -> Result<String> {
        let included = key.as_deref().map(|key| include(name, key)).transpose()?;
        Ok(option(included))
    };
    let psk = match psk {
        Some((key, identity)) => Some(format!("({}, {identity:?})", include("psk", &key)?)),
        None => None,
    };
    let mut source = String::new();
    for (name, file, used, certificates) in [
        ("ANCHORS", "ca", "CHECKS_CERTIFICATES", &anchors),
        ("CRLS", "crl", "WITH_CRL", &lists),
        ("CRL_ISSUERS", "crl-issuer", "WITH_CRL", &list_issuers),
    ] {
        if config.ours(used) {
            let list = list(file, certificates)?;
            let _ = writeln!(source, "pub(crate) const {name}: &[&[u8]] = {list};");
        }
    }
    let _ = write!(
        source,
        "pub(crate) const CLIENT_CHAIN: &[&[u8]] = {};\n\
         pub(crate) const CLIENT_KEY: Option<&[u8]> = {};\n\
         pub(crate) const SERVER_CHAIN: &[&[u8]] = {};\n\
         pub(crate) const SERVER_KEY: Option<&[u8]> = {};\n\
         pub(crate) const PSK: Option<(&[u8], &str)> = {};\n",
        list("client", &client.0)?,
        key("client-key.der", &client.1)?,
        list("server", &server.0)?,
        key("server-key.der", &server.1)?,
        option(psk),
    );
    Ok(source)
}
