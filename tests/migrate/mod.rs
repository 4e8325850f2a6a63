//! **Moving**: the proof that requests are answered as before.

mod replay;
mod run_on;
mod verify;
