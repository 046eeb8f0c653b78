//! libvirt from many threads without stalls: one connection per worker, deadlines, reconnect, typed errors.
//! No Node in here; `libvirt-napi` is the thin layer above.

mod credentials;
mod error;
mod error_code;
mod event_loop;
mod events;
mod ffi;
mod long_text;
pub mod ops;
pub mod parameters;
mod pool;
mod session;
mod stream;
mod uuid;
pub mod vocabulary;
mod xml;

pub use credentials::{Auth, CredentialRequest, KeepAlive};
pub use error::{Code, Error, Level, Result};
pub use events::{Event, Field, Fields, Sink};
pub use long_text::LongText;
pub use pool::{CallId, Connection, EVERY_DOMAIN, MAX_WORKERS, Options, Request, answers_are_held};
pub use session::Session;
pub use stream::{Stream, StreamTarget};
pub use uuid::Uuid;
