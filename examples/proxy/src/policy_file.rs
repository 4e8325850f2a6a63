//! The policy in a file, which is read again while the proxy runs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use canary_policy::{Policy, Selector};
use tokio::sync::watch;

use crate::{InvalidUpstream, Metrics, Upstreams};

/// How often the file is read. A file is compared by its content, because a mounted `ConfigMap` is a symbolic link whose target
/// changes.
const INTERVAL: Duration = Duration::from_millis(200);

/// Why a policy cannot come into force.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file has no valid policy. The message lists every problem with its field.
    #[error("{}: {why}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problems.
        why: String,
    },
    /// A variant of the policy has no upstream.
    #[error("{}: {source}", path.display())]
    Upstream {
        /// The file.
        path: PathBuf,
        /// The variant.
        source: InvalidUpstream,
    },
}

/// A file with a policy, and the policy of it that is in force.
///
/// A request is decided by the policy that is in force when it arrives. A change replaces the selector whole, and requests that are
/// being answered keep theirs, so a change drops no request.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    upstreams: Upstreams,
    /// The text that was read last, valid or not.
    text: String,
    in_force: watch::Sender<Selector>,
}

impl PolicyFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    ///
    /// The file has no policy whose variants all have an upstream.
    pub async fn open(path: PathBuf, upstreams: Upstreams) -> Result<Self, PolicyFileError> {
        let text = read(&path).await?;
        let in_force = watch::Sender::new(selector(&path, &text, &upstreams)?);
        Ok(PolicyFile { path, upstreams, text, in_force })
    }

    /// The policy in force, now and after each change.
    #[must_use]
    pub fn in_force(&self) -> watch::Receiver<Selector> {
        self.in_force.subscribe()
    }

    /// Reads the file again and again, and puts each new policy into force. A policy that cannot come into force is an error on
    /// standard error and in the metrics, and the policy before it stays.
    pub async fn follow(mut self, metrics: Metrics) {
        let mut ticks = tokio::time::interval(INTERVAL);
        let mut last_error = String::new();
        loop {
            ticks.tick().await;
            match self.reload().await {
                Ok(false) => {}
                Ok(true) => {
                    last_error.clear();
                    metrics.count_reload(true);
                }
                // A file that is missing is missing at each tick, and reported once.
                Err(why) if why.to_string() == last_error => {}
                Err(why) => {
                    last_error = why.to_string();
                    metrics.count_reload(false);
                    eprintln!("error: {why}; the policy before it stays in force");
                }
            }
        }
    }

    /// Reads the file, and says whether another policy came into force. The same text is tried once.
    async fn reload(&mut self) -> Result<bool, PolicyFileError> {
        let text = read(&self.path).await?;
        if text == self.text {
            return Ok(false);
        }
        self.text = text;
        let selector = selector(&self.path, &self.text, &self.upstreams)?;
        self.in_force.send_replace(selector);
        Ok(true)
    }
}

async fn read(path: &Path) -> Result<String, PolicyFileError> {
    tokio::fs::read_to_string(path).await.map_err(|source| PolicyFileError::Read { path: path.to_owned(), source })
}

/// The policy of a text, compiled.
fn selector(path: &Path, text: &str, upstreams: &Upstreams) -> Result<Selector, PolicyFileError> {
    let policy: Policy = serde_saphyr::from_str(text)
        .map_err(|why| PolicyFileError::Invalid { path: path.to_owned(), why: why.to_string() })?;
    upstreams.check(&policy).map_err(|source| PolicyFileError::Upstream { path: path.to_owned(), source })?;
    Ok(Selector::new(&policy))
}
