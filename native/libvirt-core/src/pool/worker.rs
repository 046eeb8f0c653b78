//! A thread with its own libvirt connection, opened at its first call and again after each reconnect.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::batch::{self, Pace};
use super::parker::Parker;
use super::schedule::{PATIENCE, Waiting};
use super::spin::Spin;
use super::{Job, Link, Shared, State, watcher};
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
    let mut assignee = Assignee { parker: Parker::new(), spin: Spin::new(), pace: Pace::default() };
    if shared.flush.get().is_some() {
        batch::hold_answers();
    }
    while let Some(Assignment { call, begun, epoch }) =
        assignee.next(shared, own.as_ref().is_some_and(|(_, session)| session.holds_guests()))
    {
        let Waiting { id, subject, call, job, .. } = call;
        let session = session_of(shared, &mut own, epoch);
        let answered = job(session);
        let ended = Instant::now();
        assignee.pace.took(call, ended.duration_since(begun));
        let mut state = shared.lock();
        state.held.add(ended);
        state.settle(id);
        state.schedule.ended(subject, begun);
        if let Some(subject) = subject {
            let change = state.quarantine.ended(id, subject, call, answered);
            state.changes.extend(change);
        }
        let changed = !state.changes.is_empty();
        // What takes long to free doesn't keep an answer.
        let leaves = own.as_ref().is_some_and(|(_, session)| session.has_leftovers());
        let flush = leaves && state.held.take();
        drop(state);
        if flush {
            shared.flush();
        }
        if changed {
            shared.tell_changes();
        }
        if let Some((_, session)) = &mut own {
            session.free_leftovers();
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

/// What a worker knows of the past.
struct Assignee {
    parker: Arc<Parker>,
    spin: Spin,
    pace: Pace,
}

impl Assignee {
    /// Waits for a call. None when this worker is to end, which one that `stays` does with the connection only.
    fn next(&mut self, shared: &Shared, stays: bool) -> Option<Assignment> {
        let mut state = shared.lock();
        loop {
            let begun = Instant::now();
            let open = state.link != Link::Closed;
            let next = if open { state.schedule.next(begun) } else { None };
            let quick = next.as_ref().is_some_and(|call| self.pace.is_quick(call.call));
            let waiting = state.schedule.waiting();
            let flush = !state.held.may_wait(quick, waiting, begun) && state.held.take();
            // Answers that are held, and calls that were put aside just now: who took them in could not know.
            if watcher::is_tense(shared, &state) && state.looks_again.is_none_or(|at| at > begun + PATIENCE) {
                shared.watch.notify_one();
            }
            if let Some(call) = next {
                let assignment = Assignment { call, begun, epoch: state.epoch };
                drop(state);
                if flush {
                    shared.flush();
                }
                return Some(assignment);
            }
            if flush {
                drop(state);
                shared.flush();
                state = shared.lock();
                continue;
            }
            if !open {
                return None;
            }
            // Only after the one call that there was: what runs elsewhere needs the processor.
            if state.schedule.is_at_rest() && !state.spinning && self.spin.is_worth_it() {
                state.spinning = true;
                let before = shared.called.load(Ordering::Acquire);
                drop(state);
                state = self.spin(shared, before);
                continue;
            }
            let spare = state.workers > shared.options.workers && !stays;
            state.idle.push(Arc::clone(&self.parker));
            drop(state);
            let woken = self.parker.sleep(SPARE_IDLE);
            state = shared.lock();
            self.spin.begin_anew();
            // Woken or not: a wake-up that came late may have ended a later sleep.
            let before = state.idle.len();
            state.idle.retain(|parker| !Arc::ptr_eq(parker, &self.parker));
            // Who was taken off meanwhile has a call to make.
            if !woken && spare && state.idle.len() < before {
                return None;
            }
        }
    }

    /// Looks for a call for a little while.
    fn spin<'a>(&mut self, shared: &'a Shared, before: u32) -> MutexGuard<'a, State> {
        let called = &shared.called;
        self.spin.until(|| called.load(Ordering::Acquire) != before);
        let mut state = shared.lock();
        if called.load(Ordering::Acquire) == before {
            state.spinning = false;
        }
        state
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
