//! Software of others that listens on free ports of loopback.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The longest time that a request or a response may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A process that listens, which ends when this value is dropped.
pub struct Server {
    child: Child,
    /// What the process writes to standard error.
    log: PathBuf,
}

impl Server {
    /// Starts a process, and waits until it listens on all of these ports. `None` if it ends before that, or takes more than ten
    /// seconds: another program may have taken a port, so a second attempt on other ports can succeed.
    pub fn start(command: &mut Command, log: PathBuf, ports: &[u16]) -> Option<Server> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let mut server = Server { child, log };
        for _ in 0..400 {
            thread::sleep(Duration::from_millis(25));
            if server.child.try_wait().unwrap().is_some() {
                eprintln!("{}", server.log());
                return None;
            }
            if ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
                return Some(server);
            }
        }
        None
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The handle ends this process only, and waits until it is gone.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Different ports that nothing listens on.
pub fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|held| held.local_addr().unwrap().port()).collect()
}

/// A connection to a port of loopback.
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    stream
}
