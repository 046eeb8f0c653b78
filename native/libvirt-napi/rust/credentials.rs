//! What a daemon asks of who connects: passed to JavaScript as an event, answered by a call.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use libvirt_core::{Auth, CredentialRequest, Event, Field};
use napi_derive::napi;

use crate::bridge::Bridge;

type Answers = Option<Vec<Option<String>>>;

#[derive(Default)]
struct Pending {
    last: u32,
    waiting: HashMap<u32, mpsc::Sender<Answers>>,
}

fn pending() -> MutexGuard<'static, Pending> {
    static PENDING: OnceLock<Mutex<Pending>> = OnceLock::new();
    PENDING.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of a `credentials` event, in their order; nothing gives up.
#[napi]
pub fn answer_credentials(id: u32, answers: Option<Vec<Option<String>>>) {
    if let Some(waiting) = pending().waiting.remove(&id) {
        // Who asked may have given up.
        let _ = waiting.send(answers);
    }
}

/// Asks JavaScript and waits for its answer, at most so long.
pub(crate) fn ask_javascript(bridge: &Bridge, patience: Duration) -> Auth {
    let bridge = bridge.clone();
    Auth::new(move |requests| {
        let (tell, told) = mpsc::channel();
        let id = {
            let mut pending = pending();
            pending.last = pending.last.wrapping_add(1);
            let id = pending.last;
            pending.waiting.insert(id, tell);
            id
        };
        let requests = Field::List(requests.into_iter().map(fields).collect());
        let fields = vec![("id", Field::Size(u64::from(id))), ("requests", requests)];
        bridge.tell(Event::Other { kind: "credentials", uuid: None, name: None, fields });
        let answers = told.recv_timeout(patience).unwrap_or_default();
        pending().waiting.remove(&id);
        answers
    })
}

fn fields(request: CredentialRequest) -> Vec<(&'static str, Field)> {
    vec![
        ("type", Field::Word(request.kind)),
        ("prompt", Field::Text(request.prompt)),
        ("challenge", Field::Text(request.challenge)),
        ("defaultAnswer", Field::Text(request.default)),
    ]
}
