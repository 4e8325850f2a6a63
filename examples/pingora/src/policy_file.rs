//! The policy in a file, which is read again while the proxy runs.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use canary_policy::{Policy, Selector};
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;

/// A file with a policy, and the policy of it that is in force.
pub struct PolicyFile {
    path: PathBuf,
    upstreams: usize,
    in_force: RwLock<Selector>,
}

impl PolicyFile {
    /// Reads a policy for this number of upstreams.
    pub fn open(path: PathBuf, upstreams: usize) -> Result<Self, Box<dyn Error>> {
        let selector = selector(&path, &fs::read_to_string(&path)?, upstreams)?;
        Ok(PolicyFile { path, upstreams, in_force: RwLock::new(selector) })
    }

    /// The policy in force. The clone shares its memory.
    pub fn in_force(&self) -> Selector {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The policy of a text, compiled, if every variant has an upstream.
fn selector(path: &Path, text: &str, upstreams: usize) -> Result<Selector, String> {
    let policy: Policy = serde_saphyr::from_str(text).map_err(|why| format!("{}: {why}", path.display()))?;
    match policy.canaries().len() + 1 {
        variants if variants == upstreams => Ok(Selector::new(&policy)),
        variants => Err(format!("{}: {variants} variants need as many upstreams, not {upstreams}", path.display())),
    }
}

#[async_trait]
impl BackgroundService for PolicyFile {
    /// Reads the file again and again until the server ends. A policy that is invalid leaves the one before it in force.
    async fn start(&self, shutdown: ShutdownWatch) {
        let (mut last, mut last_error) = (String::new(), String::new());
        while !*shutdown.borrow() {
            match fs::read_to_string(&self.path) {
                Ok(text) if text == last => {}
                Ok(text) => {
                    match selector(&self.path, &text, self.upstreams) {
                        Ok(selector) => *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = selector,
                        Err(why) => eprintln!("error: {why}; the policy before it stays in force"),
                    }
                    last = text;
                }
                // A file that is missing is missing each time, and reported once.
                Err(why) if why.to_string() == last_error => {}
                Err(why) => {
                    last_error = why.to_string();
                    eprintln!("error: {}: {why}", self.path.display());
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
