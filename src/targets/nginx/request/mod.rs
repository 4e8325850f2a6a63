//! Requests as nginx sees them.

mod request_view;

pub use request_view::RequestView;
