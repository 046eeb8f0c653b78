//! libvirt from many threads without stalls: one connection per worker, deadlines, reconnect, typed errors.
//! No Node in here; `libvirt-napi` is the thin layer above.

mod access;
mod duplex;
mod error;
mod error_code;
mod event_loop;
mod events;
mod ffi;
mod long_text;
pub mod ops;
pub mod params;
mod pool;
mod session;
mod uuid;
pub mod vocabulary;
mod xml;

pub use access::{Auth, CredentialRequest, KeepAlive};
pub use duplex::{Duplex, DuplexTarget};
pub use error::{Code, Error, Level, Result};
pub use events::{Event, Field, Fields, Sink};
pub use long_text::LongText;
pub use pool::{CallId, Connection, EVERY_DOMAIN, MAX_WORKERS, Options, Request, answers_are_held};
pub use session::Session;
pub use uuid::Uuid;
