//! Standard output.

use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;

/// Writes a text to standard output. `Break` means that nobody reads the output any more, as after `| head -1`: the reader has
/// what it wanted, so this is not an error.
pub(crate) fn print(text: &str) -> Result<ControlFlow<()>, String> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(format!("standard output: {error}")),
    }
}
