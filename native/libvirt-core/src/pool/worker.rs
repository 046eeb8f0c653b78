//! A thread with its own libvirt connection, opened at its first call and again after each reconnect.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::schedule::Waiting;
use super::{Job, Link, Shared, State};
use crate::error::{Code, Error, Result};
use crate::session::Session;

/// A worker beyond the configured number ends after this long without a call.
const SPARE_IDLE: Duration = Duration::from_secs(30);

/// Starts a worker. Where no thread can be had the calls wait for the workers that are there.
pub(super) fn spawn(shared: &Arc<Shared>, state: &mut State) {
    let worker = Arc::clone(shared);
    let name = format!("libvirt-call-{}", state.workers);
    if thread::Builder::new().name(name).spawn(move || run(&worker)).is_ok() {
        state.workers += 1;
    }
}

fn run(shared: &Arc<Shared>) {
    let mut own: Option<(u64, Session)> = None;
    while let Some((call, epoch)) = next(shared) {
        let Waiting { id, subject, call, job, .. } = call;
        let session = session_of(shared, &mut own, epoch);
        let answered = job(session);
        let mut state = shared.lock();
        state.settle(id);
        state.schedule.ended(subject);
        if let Some(subject) = subject {
            let change = state.quarantine.ended(id, subject, call, answered);
            state.changes.extend(change);
        }
        if !state.changes.is_empty() {
            drop(state);
            shared.tell_changes();
        }
    }
    drop(own);
    let mut state = shared.lock();
    // The end doesn't wait for ever: it may have stopped counting a stuck worker.
    state.workers = state.workers.saturating_sub(1);
    drop(state);
    shared.watch.notify_all();
}

/// Waits for a call. None when this worker is to end.
fn next(shared: &Shared) -> Option<(Waiting<Job>, u64)> {
    let mut state = shared.lock();
    loop {
        if state.link == Link::Closed {
            return None;
        }
        if let Some(call) = state.schedule.next() {
            let epoch = state.epoch;
            return Some((call, epoch));
        }
        let spare = state.workers > shared.options.workers;
        state.idle += 1;
        let (woken, waited) =
            shared.work.wait_timeout(state, SPARE_IDLE).unwrap_or_else(std::sync::PoisonError::into_inner);
        state = woken;
        state.idle -= 1;
        if spare && waited.timed_out() {
            return None;
        }
    }
}

fn session_of<'a>(shared: &Shared, own: &'a mut Option<(u64, Session)>, epoch: u64) -> Result<&'a mut Session> {
    let usable = own.as_ref().is_some_and(|(made, session)| *made == epoch && session.alive());
    if !usable {
        *own = None;
        let session = shared.open_session().map_err(|error| Error { code: Code::Disconnected, ..error })?;
        *own = Some((epoch, session));
    }
    own.as_mut()
        .map(|(_, session)| session)
        .ok_or_else(|| Error::own(Code::Disconnected, "openSession", "no connection"))
}
