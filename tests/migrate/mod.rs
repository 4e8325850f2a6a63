//! **Moving**: the proof that requests are answered as before.

mod verify;
