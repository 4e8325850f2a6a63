//! A real Envoy in front of real backends, on free ports of loopback.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::thread;

use canary_policy::Variant;
use serde_json::{Value, json};

use super::STABLE;
use super::envoy::variant;
use super::oracle::{folder, oracle, say};
use super::server::{Server, connect, free_ports};

/// The number of canaries that have a backend.
const CANARIES: usize = 4;

/// The path of the Envoy binary, from the variable `ENVOY`.
#[track_caller]
pub fn binary() -> Option<PathBuf> {
    oracle("a real Envoy", "ENVOY").map(PathBuf::from)
}

/// A process of Envoy, which ends when this value is dropped.
pub struct Proxy {
    name: String,
    /// The process, which is kept until the end.
    _server: Server,
    /// The number of requests that were answered.
    answered: Rc<Cell<u32>>,
    /// The port of each configuration.
    pub ports: Vec<u16>,
}

impl Proxy {
    /// Starts Envoy with each of these RouteConfigurations on a port of its own. `None` if there is no binary.
    pub fn start(name: &str, configurations: &[Value]) -> Option<Proxy> {
        let binary = binary()?;
        let backends = backends();
        // Another program may take a free port before Envoy does.
        for _ in 0..3 {
            if let Some(proxy) = Proxy::serve(&binary, name, configurations, &backends) {
                return Some(proxy);
            }
        }
        panic!("Envoy did not start three times: {}", log(name));
    }

    fn serve(binary: &PathBuf, name: &str, configurations: &[Value], backends: &[(String, u16)]) -> Option<Proxy> {
        let ports = free_ports(configurations.len());
        let file = folder("envoy").join(format!("{name}.json"));
        std::fs::write(&file, bootstrap(configurations, &ports, backends).to_string()).unwrap();
        let mut command = Command::new(binary);
        command.args(["--mode", "serve", "--concurrency", "1", "-l", "warn", "--disable-hot-restart", "-c"]).arg(&file);
        let server = Server::start(&mut command, folder("envoy").join(format!("{name}.log")), &ports)?;
        Some(Proxy { name: name.to_owned(), _server: server, answered: Rc::default(), ports })
    }

    /// A connection to the port of a configuration.
    pub fn client(&self, configuration: usize) -> Client {
        Client { stream: BufReader::new(connect(self.ports[configuration])), answered: self.answered.clone() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if !thread::panicking() {
            say(&format!("Envoy: {} requests of `{}` are routed as expected", self.answered.get(), self.name));
        }
    }
}

/// Has Envoy validate these configurations. The error is what Envoy prints.
pub fn validate(name: &str, configurations: &[Value]) -> Result<(), String> {
    let Some(binary) = binary() else { return Ok(()) };
    let file = folder("envoy").join(format!("{name}.json"));
    let ports: Vec<u16> = (0..configurations.len()).map(|_| 0).collect();
    let backends: Vec<(String, u16)> = names().map(|name| (name, 1)).collect();
    std::fs::write(&file, bootstrap(configurations, &ports, &backends).to_string()).unwrap();
    let output = Command::new(binary).args(["--mode", "validate", "-l", "warn", "-c"]).arg(&file).output().unwrap();
    let result =
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) };
    let verdict = if result.is_ok() { "accepted" } else { "refused" };
    say(&format!("Envoy: {} configurations of `{name}` are {verdict} as expected", configurations.len()));
    result
}

/// The log of a process.
fn log(name: &str) -> String {
    std::fs::read_to_string(folder("envoy").join(format!("{name}.log"))).unwrap_or_default()
}

/// The whole configuration of a process: a listener for each RouteConfiguration, and a cluster for each backend.
fn bootstrap(configurations: &[Value], ports: &[u16], backends: &[(String, u16)]) -> Value {
    let at = |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let typed = |kind: &str| format!("type.googleapis.com/envoy.extensions.filters.{kind}");
    let listeners = configurations.iter().zip(ports).map(|(configuration, port)| {
        let manager = json!({
            "@type": typed("network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": "http",
            // As a gateway for strangers does: it overwrites or removes headers that they could forge.
            "use_remote_address": true,
            "route_config": configuration,
            "http_filters": [{"name": "router", "typed_config": {"@type": typed("http.router.v3.Router")}}],
        });
        json!({"address": at(*port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]})
    });
    let clusters = backends.iter().map(|(name, port)| {
        let endpoints = json!([{"lb_endpoints": [{"endpoint": {"address": at(*port)}}]}]);
        json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "5s",
            "load_assignment": {"cluster_name": name, "endpoints": endpoints},
        })
    });
    json!({"static_resources": {"listeners": listeners.collect::<Vec<_>>(), "clusters": clusters.collect::<Vec<_>>()}})
}

/// The names of the backends, as in [`route`](super::route::route).
fn names() -> impl Iterator<Item = String> {
    std::iter::once("web:80".to_owned()).chain((0..CANARIES).map(|index| format!("c{index}:80")))
}

/// Starts a server for each backend, which answers with the name of the backend. The servers run until the tests end.
fn backends() -> Vec<(String, u16)> {
    let serve = |name: String| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let body = name.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let body = body.clone();
                thread::spawn(move || answer(stream, &body));
            }
        });
        (name, port)
    };
    names().map(serve).collect()
}

/// Answers every request of a connection. Each response sets a cookie of the backend's own.
fn answer(stream: TcpStream, body: &str) {
    let mut reader = BufReader::new(stream);
    while head(&mut reader).is_some_and(|lines| !lines.is_empty()) {
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nset-cookie: own={body}\r\n\r\n{body}", body.len());
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The lines up to the next empty one. `None` if the connection has ended.
fn head(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        match String::from_utf8_lossy(&line).trim_end() {
            "" => return Some(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

/// A connection that is kept open.
pub struct Client {
    stream: BufReader<TcpStream>,
    answered: Rc<Cell<u32>>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The variant whose backend answered, if one did.
    pub variant: Option<Variant>,
    /// The cookies that the response sets, without the backend's own.
    pub cookies: Vec<String>,
}

impl Client {
    /// Sends a GET request with these lines.
    pub fn get<'l>(&mut self, host: &str, path: &str, lines: impl IntoIterator<Item = (&'l str, &'l str)>) -> Answer {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
        for (name, value) in lines {
            request.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        request.extend(b"\r\n");
        self.send(&request)
    }

    /// Sends the bytes of a request that has no body.
    pub fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.get_mut().write_all(request).unwrap();
        let lines = head(&mut self.stream).expect("an answer");
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let named = |searched: &str| -> Vec<String> {
            let lines = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
            lines.filter(|(name, _)| *name == searched).map(|(_, value)| value.to_owned()).collect()
        };
        let mut body = vec![0; named("content-length").first().map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let variant = (status == 200).then(|| variant(&body));
        let mut cookies = named("set-cookie");
        if variant.is_some() {
            let own = cookies.iter().position(|cookie| *cookie == format!("own={body}"));
            cookies.remove(own.expect("the backend's own cookie"));
        }
        assert!(variant != Some(STABLE) || body == "web:80");
        self.answered.set(self.answered.get() + 1);
        Answer { status, variant, cookies }
    }
}
