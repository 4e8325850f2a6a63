//! **Moving**: the proof that requests are answered as before.

mod changes_on;
mod replay;
mod verify;
