//! A thread with its own libvirt connection, opened at its first call and again after each reconnect.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::schedule::Waiting;
use super::spin::Spin;
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
    let mut spin = Spin::new();
    while let Some(Assignment { call, begun, epoch }) = next(shared, &mut spin) {
        let Waiting { id, subject, call, job, .. } = call;
        let session = session_of(shared, &mut own, epoch);
        let answered = job(session);
        let mut state = shared.lock();
        state.settle(id);
        state.schedule.ended(subject, begun);
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

struct Assignment {
    call: Waiting<Job>,
    begun: Instant,
    /// Of the connection that it is to be made on.
    epoch: u64,
}

/// Waits for a call. None when this worker is to end.
fn next(shared: &Shared, spin: &mut Spin) -> Option<Assignment> {
    let mut state = shared.lock();
    loop {
        if state.link == Link::Closed {
            return None;
        }
        let begun = Instant::now();
        if let Some(call) = state.schedule.next(begun) {
            return Some(Assignment { call, begun, epoch: state.epoch });
        }
        // Only after the one call that there was: what runs elsewhere needs the processor.
        if state.schedule.is_at_rest() && !state.spinning && spin.is_worth_it() {
            state.spinning = true;
            let called = shared.called.load(Ordering::Acquire);
            drop(state);
            spin.until(|| shared.called.load(Ordering::Acquire) != called);
            state = shared.lock();
            if shared.called.load(Ordering::Acquire) == called {
                state.spinning = false;
            }
            continue;
        }
        let spare = state.workers > shared.options.workers;
        state.idle += 1;
        let (woken, waited) = shared.work.wait_timeout(state, SPARE_IDLE).unwrap_or_else(PoisonError::into_inner);
        state = woken;
        state.idle -= 1;
        spin.begin_anew();
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
