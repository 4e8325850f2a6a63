//! The proxy as a process, between servers and clients on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A proxy, which ends with the test.
struct Running {
    process: Child,
    address: SocketAddr,
    policy: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().expect("the proxy can be ended");
        self.process.wait().expect("the proxy has ended");
    }
}

/// Starts a server that answers every connection with its name.
fn start_upstream(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.extend(byte);
            }
            let length = name.len();
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}");
            let _ = stream.write_all(response.as_bytes());
        }
    });
    address
}

fn start_proxy(policy: &str) -> Running {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy.yaml");
    std::fs::write(&path, policy).unwrap();
    // The port is free again when the listener is gone.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstreams = ["stable", "canary"].map(|name| format!("--upstream={}", start_upstream(name)));
    let process = Command::new(env!("CARGO_BIN_EXE_canary-pingora"))
        .arg(&path)
        .args(upstreams)
        .arg(format!("--listen={address}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running { process, address, policy: path };
    for _ in 0..200 {
        if TcpStream::connect(address).is_ok() {
            return running;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the proxy does not listen");
}

/// The response to a request with this header.
fn get(address: SocketAddr, header: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n{header}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    response
}

#[test]
fn the_policy_decides_and_can_be_changed() {
    let policy = "canaries: [{ header: { name: x-canary } }]\naffinity: { cookie: { name: route } }\n";
    let proxy = start_proxy(policy);
    for (header, variant, cookie) in [
        ("Accept: */*", "stable", Some("route=stable; Path=/; HttpOnly")),
        ("X-Canary: always", "canary", Some("route=canary; Path=/; HttpOnly")),
        ("Cookie: route=canary", "canary", None),
    ] {
        let response = get(proxy.address, header).to_lowercase();
        assert!(response.ends_with(&format!("\r\n\r\n{variant}")), "{header}: {response}");
        let set_cookie = response.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        assert_eq!(set_cookie, cookie.map(str::to_lowercase).as_deref(), "{header}");
    }

    // A policy with a problem is refused; the next one comes into force.
    std::fs::write(&proxy.policy, "canaries: [{ weight: 101 }]\n").unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(get(proxy.address, "X-Canary: always").ends_with("canary"));
    std::fs::write(&proxy.policy, "canaries: [{ weight: 100 }]\n").unwrap();
    let changed = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        get(proxy.address, "Accept: */*").ends_with("canary")
    });
    assert!(changed, "the new policy comes into force");
}
