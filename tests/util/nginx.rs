//! A real nginx, which answers with the headers and cookies that it read, on free ports of loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Command;

use super::oracle::folder;
use super::server::{Server, connect, free_ports};

/// The status of an answer with values. No filter of nginx looks at it.
const READ: &str = "210";

/// A process of nginx, which ends when this value is dropped.
pub struct Nginx {
    /// The process, which is kept until the end.
    _server: Server,
    /// The port for HTTP/1.1, and the port for HTTP/2.
    ports: [u16; 2],
    /// The version, such as `[1, 27, 1]`.
    pub version: Vec<u32>,
}

impl Nginx {
    /// Starts a binary that answers with these variables of its own, one on each line.
    pub fn start(binary: &Path, variables: &[&str]) -> Nginx {
        // Another program may take a free port before nginx does.
        (0..3).find_map(|_| Nginx::serve(binary, variables)).unwrap_or_else(|| panic!("{}: no start", binary.display()))
    }

    fn serve(binary: &Path, variables: &[&str]) -> Option<Nginx> {
        let ports: [u16; 2] = free_ports(2).try_into().unwrap();
        let folder = folder(&format!("nginx-{}-{}", std::process::id(), ports[0]));
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration(ports, &folder, variables)).unwrap();
        let mut command = Command::new(binary);
        command.args(["-e", "stderr", "-p"]).arg(&folder).arg("-c").arg(&file);
        let server = Server::start(&mut command, folder.join("error.log"), &ports)?;
        Some(Nginx { _server: server, ports, version: version(binary) })
    }

    /// The values of the variables for a request with these lines by HTTP/1.1, as bytes after `NAME: `. `None` if nginx refuses the
    /// request with the status 400.
    pub fn http1(&self, lines: &[(String, Vec<u8>)]) -> Option<Vec<Vec<u8>>> {
        let mut request = b"GET / HTTP/1.1\r\n".to_vec();
        for (name, value) in lines {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        let mut stream = BufReader::new(connect(self.ports[0]));
        stream.get_mut().write_all(&request).unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        match line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")) {
            "400" => return None,
            status => assert_eq!(status, READ),
        }
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
            length = line.strip_prefix("Content-Length: ").map_or(length, |text| text.trim().parse().unwrap());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        Some(values(&body))
    }

    /// The values of the variables for a request with these lines by HTTP/2, without TLS.
    pub fn http2(&self, lines: &[(String, Vec<u8>)]) -> Vec<Vec<u8>> {
        let mut block = Vec::new();
        for (name, value) in [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")] {
            literal(&mut block, name, value.as_bytes());
        }
        for (name, value) in lines {
            literal(&mut block, name, value);
        }
        let mut stream = connect(self.ports[1]);
        // The connection preface, no settings, and one stream, which ends with its headers.
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        stream.write_all(&[frame(SETTINGS, 0, 0, &[]), frame(HEADERS, 0x5, 1, &block)].concat()).unwrap();
        let mut body = Vec::new();
        for _ in 0..100 {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length.try_into().unwrap()];
            stream.read_exact(&mut payload).unwrap();
            match head[3] {
                DATA => body.extend(payload),
                // nginx does not compress a status that HPACK has no number for.
                HEADERS => assert!(payload.windows(3).any(|part| part == READ.as_bytes()), "{payload:?}"),
                RST_STREAM | GOAWAY => panic!("{head:?} {payload:?}"),
                _ => {}
            }
            if matches!(head[3], DATA | HEADERS) && head[4] & 1 > 0 {
                return values(&body);
            }
        }
        panic!("no end of the stream");
    }
}

/// The types of frames (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Adds a header to a block: not indexed, with a new name, not compressed (RFC 7541, 6.2.2).
fn literal(block: &mut Vec<u8>, name: &str, value: &[u8]) {
    block.push(0);
    for text in [name.as_bytes(), value] {
        // A length that does not fit into 7 bits goes on in groups of 7 bits.
        let mut rest = text.len();
        if rest < 127 {
            block.push(rest.try_into().unwrap());
        } else {
            block.push(127);
            rest -= 127;
            while rest >= 128 {
                block.push(0x80 | u8::try_from(rest % 128).unwrap());
                rest /= 128;
            }
            block.push(rest.try_into().unwrap());
        }
        block.extend(text);
    }
}

/// The lines of a body. No value has a line end.
fn values(body: &[u8]) -> Vec<Vec<u8>> {
    body.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// One process, which stays in the foreground and has the settings of the controller.
fn configuration([http1, http2]: [u16; 2], folder: &Path, variables: &[&str]) -> String {
    let body: Vec<String> = variables.iter().map(|variable| format!("${variable}")).collect();
    let (body, folder) = (body.join("\\n"), folder.display());
    // Otherwise nginx makes them where its package would have installed them.
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|of| format!("{of}_temp_path {folder}/{of};"));
    let temporary = temporary.join("\n    ");
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 64; }}
http {{
    access_log off;
    {temporary}
    large_client_header_buffers 4 8k;
    server {{
        listen 127.0.0.1:{http1};
        listen 127.0.0.1:{http2} http2;
        location / {{ return {READ} \"{body}\"; }}
    }}
}}
"
    )
}

/// The version that a binary prints, as in `nginx version: nginx/1.27.1`.
fn version(binary: &Path) -> Vec<u32> {
    let output = Command::new(binary).arg("-v").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let version = text.split('/').nth(1).unwrap_or_else(|| panic!("{text}"));
    version.split_whitespace().next().unwrap().split('.').map(|number| number.parse().unwrap()).collect()
}
