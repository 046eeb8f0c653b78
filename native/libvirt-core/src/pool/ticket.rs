//! The right to answer a call, which exactly one of worker, watcher, canceller and closer takes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::quarantine::is_answer;
use crate::error::{Code, Error, Result};
use crate::session::Session;
use crate::uuid::Uuid;

type Done<T> = Box<dyn FnOnce(Result<T>) + Send>;

pub(crate) struct Ticket<T> {
    call: &'static str,
    about: Option<Uuid>,
    done: Mutex<Option<Done<T>>>,
}

/// Answers a call without its result.
pub(super) trait Abandon: Send + Sync {
    fn abandon(&self, code: Code, message: &str);
}

impl<T: Send + 'static> Ticket<T> {
    pub(crate) fn new(call: &'static str, about: Option<Uuid>, done: Done<T>) -> Arc<Self> {
        Arc::new(Self { call, about, done: Mutex::new(Some(done)) })
    }

    fn is_answered(&self) -> bool {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Answers, unless somebody else did.
    pub(crate) fn settle(&self, answer: Result<T>) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(done) = done {
            done(answer);
        }
    }

    /// Runs the call on a worker and answers; a panic of `run` is an answer too. Gives whether it came from the domain.
    pub(super) fn run(&self, session: Result<&mut Session>, run: impl FnOnce(&mut Session) -> Result<T>) -> bool {
        // Connecting may have taken longer than anybody waits: what nobody waits for is not done.
        if self.is_answered() {
            return false;
        }
        let answer = session.and_then(|session| {
            let made = catch_unwind(AssertUnwindSafe(|| run(session)));
            made.unwrap_or_else(|panic| Err(self.panicked(panic.as_ref()))).map_err(|error| {
                // What libvirt says about a call whose socket broke differs from version to version.
                if session.alive() { error } else { Error { code: Code::Disconnected, ..error } }
            })
        });
        let answered = is_answer(&answer);
        self.settle(answer.map_err(|error| Error { call: named(error.call, self.call), ..error }));
        answered
    }

    fn panicked(&self, panic: &(dyn std::any::Any + Send)) -> Error {
        let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Error::own(Code::Panic, self.call, said.unwrap_or("the call panicked"))
    }
}

/// Helpers that fail before any libvirt function name themselves in lower camel case; the operation says more.
fn named(inner: &'static str, operation: &'static str) -> &'static str {
    if inner.starts_with("vir") { inner } else { operation }
}

impl<T: Send + 'static> Abandon for Ticket<T> {
    fn abandon(&self, code: Code, message: &str) {
        let error = Error::own(code, self.call, message);
        self.settle(Err(match self.about {
            Some(domain) => error.about(domain.to_string()),
            None => error,
        }));
    }
}
